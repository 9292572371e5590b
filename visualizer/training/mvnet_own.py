"""A person's own music for MVNet: audio and MIDI files with the years that training/dated.py finds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from visualizer.training import house, mvnet_music, own_music
from visualizer.training.dated import dated_music
from visualizer.training.midi import Note, read_notes
from visualizer.training.music import room
from visualizer.training.mvnet_eras import Eras
from visualizer.training.mvnet_music import CLIP, RATE_HZ, Clip, Library, Piece
from visualizer.types import UserError

SOURCE = "music-source.json"
MOST_SEGMENTS = 24
"""Clips of one piece at most; more of them would only be the same again."""
N_SHARD = 400
"""Clips in a shard, about 50 MB."""


class OwnLibrary(Library):
    """The dated files of one split of a folder; a piece's `file` is its path."""

    def __init__(self, data: Path, split: str) -> None:
        self.pieces = [
            Piece(str(one.path), one.year, one.path.parent.name, one.path.stem)
            for one in dated_music(data, split)
        ]

    def notes(self, piece: Piece) -> list[Note]:
        """See `Library`."""
        try:
            return read_notes(Path(piece.file).read_bytes())
        except (OSError, ValueError) as error:
            print(f"left out {piece.title}: {error}", flush=True)
            return []


def open_library(data: Path, split: str) -> Library:
    """The scores of a split that have a year: those of the tables in `data`/midi, or a person's own files."""
    is_own = not (data / "midi" / "midi.csv").is_file()
    return OwnLibrary(data, split) if is_own else Library(data, split)


def clips(chosen: Sequence[tuple[Piece, int]], library: Library, rng: np.random.Generator) -> Iterator[Clip]:
    """Clips of chosen (piece, segment); files that cannot be read are named and left out.

    The first segment of a piece begins at a third of it, as in the paper, the others anywhere.
    """
    scores = [one for one in chosen if Path(one[0].file).suffix.lower() in own_music.MIDI_SUFFIXES]
    recorded = sorted((one for one in chosen if one not in scores), key=lambda one: (one[0].file, one[1]))
    if scores:
        yield from mvnet_music.render(library, scores, rng)
    for piece, segments in groupby(recorded, key=lambda one: one[0]):
        try:
            sound = own_music.read_mono(Path(piece.file), RATE_HZ)
        except UserError as error:
            print(f"left out: {error}", flush=True)
            continue
        if len(sound) < own_music.LEAST_S * RATE_HZ:
            print(f"left out {piece.title}: shorter than {own_music.LEAST_S:g} s", flush=True)
            continue
        whole = np.tile(sound, -(-CLIP // len(sound))) if len(sound) < CLIP else sound
        last = len(whole) - CLIP
        for _, segment in segments:
            start = min(len(sound) // 3, last) if segment == 0 else int(rng.integers(0, last + 1))
            yield Clip(room(whole[start : start + CLIP], rng, RATE_HZ), piece, segment)


def make(data: Path, folder: Path, eras: Eras, n_per_era: int) -> None:
    """Makes the shards of a person's own music in `folder`, unless they are there already."""
    source, told = folder / SOURCE, {"data": str(data.resolve())}
    if mvnet_music.shard_paths(folder, "train"):
        known = json.loads(source.read_text("utf-8")) if source.is_file() else {}
        if known != told:
            raise UserError(f"{folder} holds the music of another folder; name another one with --music")
        if mvnet_music.shard_paths(folder, "val"):
            return
    with house.writing(source) as part:
        part.write_text(json.dumps(told), "utf-8")
    for split, n, most in (
        ("train", n_per_era, MOST_SEGMENTS),
        ("val", mvnet_music.N_VAL_PER_ERA, mvnet_music.MAX_VAL_SEGMENTS),
    ):
        library, rng = OwnLibrary(data, split), np.random.default_rng(split == "val")
        chosen = [one for one in mvnet_music.choose(library.pieces, eras, n, seed=1) if one[1] < most]
        made = list(clips(chosen, library, rng))
        if not made and split == "train":
            raise UserError(f"no music in {data} could be read; name another folder with --data")
        for i in range(0, max(len(made), 1), N_SHARD):
            if made:
                mvnet_music.write_shard(folder / f"music-{split}-{i // N_SHARD}.npz", made[i : i + N_SHARD])
        print(f"{split}: {len(made)} clips of {len({c.piece.file for c in made})} pieces", flush=True)
