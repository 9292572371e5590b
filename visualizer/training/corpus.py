"""The tagger's corpus: shards of clips with their true tags and the teachers' opinion of each window."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from visualizer.networks.tagger import N_TAGS
from visualizer.training import music, own_music
from visualizer.training.music import CLIP, N_WINDOWS, WINDOW, Clip
from visualizer.training.teachers import FastEnsemble
from visualizer.types import UserError

DEFAULT_DATA = Path("../shared/data")
DEFAULT_TEACHERS = Path("../shared/weights/tagger")
DEFAULT_FOLDER = Path("runs/tagger")
N_TRAIN_SHARDS = 8


def draw_clips(
    data: Path, scores: music.Scores | None, shard: int, held_out: bool, n_parts: int = N_TRAIN_SHARDS
) -> list[Clip]:
    """The clips of one shard; the same number gives the same clips (with the same soundfonts).

    Without `scores` they are those of a user's own folder of music, whose files `n_parts` shards share.
    """
    rng = np.random.default_rng(1000 + shard + 500 * held_out)
    if scores is None:
        own_part = slice(None) if held_out else slice(shard % n_parts, None, n_parts)
        own = list(own_music.clips(data, held_out, own_part, rng))
        return [*own, *music.noises(12, rng)] if own else []
    n = (90, 35, 12, 25) if held_out else (120, 60, 12, 32)
    clips = [
        *music.rendered(scores, n[0], rng),
        *music.synthesized(scores, n[1], rng),
        *music.noises(n[2], rng),
    ]
    part = slice(None) if held_out else slice(shard % N_TRAIN_SHARDS, None, N_TRAIN_SHARDS)
    clips += music.recordings(data, held_out, 1 if held_out else 2, part, rng)
    pairs = rng.integers(0, len(clips), (n[3], 2))
    return clips + [music.mix(clips[a], clips[b], rng) for a, b in pairs if a != b]


def label(samples: NDArray[np.int16], teachers: FastEnsemble) -> NDArray[np.float16]:
    """The ensemble's probabilities of every window: (n, CLIP) int16 → (n, N_WINDOWS, 50) float16."""
    windows = samples[:, : N_WINDOWS * WINDOW].reshape(-1, WINDOW)
    out = [
        teachers(torch.from_numpy(windows[i : i + teachers.batch].astype(np.float32) / 32768))
        for i in range(0, len(windows), teachers.batch)
    ]
    return torch.cat(out).numpy().astype(np.float16).reshape(-1, N_WINDOWS, N_TAGS)


def write_shard(path: Path, clips: list[Clip], teachers: FastEnsemble) -> None:
    """One npz: samples, truth, teachers, kinds (JSON bytes); never left half written."""
    samples = np.stack([np.round(c.samples.clip(-1, 1) * 32767) for c in clips]).astype(np.int16)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez(
            file,
            samples=samples,
            truth=np.stack([c.truth for c in clips]),
            teachers=label(samples, teachers),
            kinds=np.frombuffer(json.dumps([c.kind for c in clips]).encode(), np.uint8),
        )
    part.replace(path)


class Corpus:
    """All shards in memory: samples (N, CLIP) int16, truth and teachers (N, N_WINDOWS, 50), and the kinds."""

    def __init__(self, paths: list[Path]) -> None:
        if not paths:
            raise UserError("there is no training music yet; name a data folder with --data to make it from")
        shards = [np.load(path, allow_pickle=False) for path in paths]
        self.samples: NDArray[np.int16] = np.concatenate([s["samples"] for s in shards])
        self.truth: NDArray[np.float32] = np.concatenate([s["truth"] for s in shards])
        self.teachers = np.concatenate([s["teachers"] for s in shards]).astype(np.float32)
        self.kinds = [kind for s in shards for kind in json.loads(s["kinds"].tobytes())]
        if self.samples.shape[1:] != (CLIP,):
            raise UserError(
                f"the music in {paths[0].parent} is of another version; delete it to make it anew"
            )

    def __len__(self) -> int:
        return len(self.samples)


def shard_paths(folder: Path, held_out: bool) -> list[Path]:
    return sorted(folder.glob("val-*.npz" if held_out else "train-*.npz"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, default=DEFAULT_DATA, help="folder with midi/ and audio/, or any folder of music"
    )
    parser.add_argument("--teachers", type=Path, default=DEFAULT_TEACHERS, help="folder with mtat-*.pth")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where shards are kept")
    parser.add_argument(
        "--n-shards", type=int, default=N_TRAIN_SHARDS, help="training shards, about 65 minutes each"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


def make(data: Path, teachers_folder: Path, folder: Path, n_shards: int = N_TRAIN_SHARDS) -> None:
    """Make the shards that are missing, the one for validation second, so that training can begin early."""
    jobs = [(i, False) for i in range(n_shards)]
    jobs.insert(1, (0, True))
    paths = {job: folder / f"{'val' if job[1] else 'train'}-{job[0]:02d}.npz" for job in jobs}
    missing = [job for job in jobs if not paths[job].exists()]
    if not missing:
        return
    torch.set_num_threads(1)
    scores: dict[bool, music.Scores | None] = {False: None, True: None}
    if (data / "midi").is_dir() or (data / "audio" / "audio.csv").is_file():
        scores = {held_out: music.Scores(data, "val" if held_out else "train") for held_out in (False, True)}
    else:
        own_music.find_music(data, held_out=True)
    teachers = FastEnsemble(teachers_folder)
    print(f"{len(missing)} of {len(jobs)} shards to make in {folder}", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    for job in missing:
        clips = draw_clips(data, scores[job[1]], *job, n_shards)
        if not clips:
            continue  # fewer files than shards
        write_shard(paths[job], clips, teachers)
        print(paths[job].name, len(clips), dict(Counter(c.kind for c in clips).most_common(12)), flush=True)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m visualizer.training.corpus", description=(__doc__ or "").splitlines()[0]
    )
    add_arguments(parser)
    args = parser.parse_args(argv)
    if args.dry_run:
        print(f"would make {args.n_shards} training shards and one for validation in {args.folder}")
        return 0
    make(args.data, args.teachers, args.folder, args.n_shards)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
