"""Trains MVNet ("Crossing You in Style"): music of an era to style images that look like its paintings.

Encoder, generator, discriminator and era classifier learn together with the paper's four losses, weighted as
in its equation 6. Stages: `music` renders the corpus, `hear` teaches the ears, `train` learns, `judge`
measures, `publish` ships and `sheet` draws pieces of four centuries.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from visualizer.networks.mvnet import Z_SHAPE, MVNet
from visualizer.paths import MODELS
from visualizer.training import house, mvnet_hearing, mvnet_music, mvnet_own, parallel, provenance
from visualizer.training.corpus import DEFAULT_DATA
from visualizer.training.dated import dated_pictures
from visualizer.training.mvnet_data import Paintings, Pairs, read_paintings, windows
from visualizer.training.mvnet_eras import Eras, find_eras
from visualizer.training.mvnet_losses import StyleVGG
from visualizer.training.mvnet_music import Music, read_music
from visualizer.training.mvnet_run import ALPHA, BETA, GAMMA, Run, Settings, step, teach, tune

ID = "mvnet-house"
RUN_DIR = house.RUNS_DIR / "mvnet"
DEFAULT_VGG = Path("../shared/weights/vgg")
N_CLASSIFIED = 64
"""Paintings that C learns from in a step: it costs little, and leads the way for G."""
N_LESSONS = 800
"""Updates of C before the others begin, so that it has something to say."""
N_SHEET_MUSIC = 8
N_SHEET_Z = 8


@torch.no_grad()
def sample_sheet(mvnet: MVNet, mel: Tensor, n_z: int = N_SHEET_Z) -> Tensor:
    """Style images (n · n_z, 3, 64, 64): a row a piece, a column a z, the same z in all rows."""
    z = torch.randn(n_z, *Z_SHAPE, generator=torch.Generator().manual_seed(1)).to(mel.device)
    rows = [mvnet.generator(v[None].expand(n_z, -1, -1, -1), z) for v in mvnet.encoder(mel)]
    return torch.cat(rows)


def save(run: Run, folder: Path, mel: Tensor) -> None:
    """Keeps the state, the average of this moment (for the judge) and a sheet."""
    house.save_atomic(folder / "state.pt", run.state())
    average = {
        k: v.half() if v.is_floating_point() else v.clone() for k, v in run.average.state_dict().items()
    }
    n = f"{run.counters.n_images:07d}"
    house.save_atomic(
        folder / "snapshots" / f"{n}.pt", {"average": average, "settings": asdict(run.settings)}
    )
    house.save_sheet(sample_sheet(run.average, mel.to(run.device)), folder / "sheets" / f"{n}.jpg", N_SHEET_Z)


def prepare(data: Path, folder: Path, n_per_era: int = mvnet_music.N_TRAIN_PER_ERA) -> tuple[Eras, Paintings]:
    """Paintings and eras of `data`; renders the music that is missing in `folder`."""
    library = mvnet_own.open_library(data, "train")
    years = [one.year for one in dated_pictures(data, "train")]
    eras = find_eras([piece.year for piece in library.pieces], years)
    if isinstance(library, mvnet_own.OwnLibrary):
        mvnet_own.make(data, folder, eras, n_per_era)
    else:
        mvnet_music.make(data, folder, eras, n_per_era)
    return eras, read_paintings(data, "train", folder)


def sheet_mels(music: Music, eras: Eras, n: int = N_SHEET_MUSIC) -> Tensor:
    """Windows (n, 3, 128, 256) of pieces of eras spread evenly, oldest first."""
    order = sorted(range(len(music)), key=lambda i: (int(music.years[i]), music.names[i]))
    order = [i for i in order if eras.of(int(music.years[i])) is not None]
    return windows(music, [order[(2 * k + 1) * len(order) // (2 * n)] for k in range(n)])


def hear(data: Path, folder: Path, settings: Settings, minutes: float, device: torch.device) -> None:
    """The encoder's first lessons, on music alone; kept in `folder` as the music is."""
    eras, paintings = prepare(data, folder)
    pairs = Pairs(read_music(folder, "train"), paintings, eras, 2, 1, settings.seed)
    mvnet_hearing.train(pairs, eras, folder, settings.power, settings.seed, minutes, device)


def train(
    data: Path,
    folder: Path,
    out: Path,
    vgg: Path,
    settings: Settings,
    minutes: float,
    resume: bool,
    device: torch.device,
) -> None:
    """Trains on the music in `folder` and the paintings of `data`, keeping everything in `out`."""
    with parallel.first_alone():
        eras, paintings = prepare(data, folder)
    music = read_music(folder, "train")
    path = out / "state.pt"
    run = Run.from_state(house.load_state(path), device) if resume else Run(eras, settings, device)
    if not resume:
        run.start_from(folder / "hearing.pt")
    pairs = Pairs(music, paintings, run.eras, run.settings.n_clips, run.settings.n_images, run.settings.seed)
    for i in range(0 if resume else N_LESSONS):
        teach(run, pairs.paintings(-i - 1, N_CLASSIFIED))
    if not resume:
        tune(run, music)
    mel = sheet_mels(music, run.eras)
    style = StyleVGG.load(vgg).to(device)

    parallel.copy_from_first(run.mvnet, run.average, run.discriminator, run.classifier)
    parallel.part_ways(run.counters.n_steps)

    def next_step() -> dict[str, float]:
        n = run.counters.n_steps * parallel.n_workers() + parallel.rank()
        return step(run, pairs.batch(n), pairs.paintings(n, N_CLASSIFIED), style, torch.bfloat16)

    house.stop_on_signal()
    house.train_loop(
        next_step,
        run.counters,
        lambda: save(run, out, mel),
        house.Stats(out / "stats.jsonl", resume),
        house.Progress(minutes * 60),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stage",
        choices=("train", "music", "hear", "judge", "publish", "sheet"),
        default="train",
        help="learn (the default); render the music only; measure; to models/; draw pieces of four centuries",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last saved state")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to train (default 60)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default cpu)")
    parser.add_argument(
        "--data",
        type=Path,
        default=DEFAULT_DATA,
        help="a folder with midi/, paintings/ and perhaps audio/, or any folder of music and pictures with "
        "years in their names or in years.csv (docs/training.md)",
    )
    parser.add_argument("--vgg", type=Path, default=DEFAULT_VGG, help="the folder of the normalised VGG")
    parser.add_argument("--music", type=Path, default=RUN_DIR, help="where the rendered music is kept")
    parser.add_argument("--out", type=Path, default=RUN_DIR, help="where the run is kept")
    parser.add_argument("--clips", type=int, default=Settings.n_clips, help="clips a step (default 8)")
    parser.add_argument("--images", type=int, default=Settings.n_images, help="images a clip (default 2)")
    parser.add_argument("--rate", type=float, default=Settings.learning_rate, help="learning rate of G")
    parser.add_argument("--rate-e", type=float, default=Settings.rate_e, help="learning rate of E")
    parser.add_argument("--rate-d", type=float, default=Settings.rate_d, help="learning rate of D")
    parser.add_argument("--power", type=float, default=Settings.power, help="compression of the mel in E")
    parser.add_argument("--gamma", type=float, default=GAMMA, help="weight of the era classification")
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: all)")
    parser.add_argument("--dry-run", action="store_true", help="print the configuration and end")
    parser.add_argument(
        "--models", type=Path, default=MODELS / ID, help="where --stage publish writes (default: over ours)"
    )
    parser.add_argument(
        "--without", type=Path, default=RUN_DIR / "without", help="a run without the classification loss"
    )
    parser.add_argument(
        "--picture", type=Path, default=Path("era-pieces.jpg"), help="what --stage sheet draws"
    )


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="klangbild train mvnet", description=__doc__)
    add_arguments(parser)
    a = parser.parse_args(argv)
    settings = Settings(a.clips, a.images, a.rate, a.rate_e, a.rate_d, a.power, gamma=a.gamma, seed=a.seed)
    if a.dry_run:
        weights = {"alpha": ALPHA, "beta": BETA, "gamma": a.gamma}
        print(
            json.dumps(
                {"stage": a.stage, "settings": asdict(settings), **weights, "data": str(a.data)}, indent=2
            )
        )
        return 0
    provenance.check_name(a.models, "--models")
    if a.threads:
        torch.set_num_threads(a.threads)
    if a.stage == "music":
        prepare(a.data, a.music)
    elif a.stage == "hear":
        hear(a.data, a.music, settings, a.minutes, torch.device(a.device))
    elif a.stage == "train":
        device = parallel.join(a.device)
        train(a.data, a.music, a.out, a.vgg, settings, a.minutes, a.resume, device)
        parallel.leave()
    else:
        from visualizer.training import mvnet_publish

        mvnet_publish.main(a)
    return 0


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
