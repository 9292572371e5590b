"""Trains the generator: its 64 px stem against a discriminator, on a folder of paintings.

Non-saturating loss with lazy R1, an average of the weights (EMA) that is what gets shown and shipped, and
bf16 feature maps. On a CPU the number of updates counts for more than the number of pictures, so batches are
small.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from visualizer.networks.discriminator import Discriminator
from visualizer.networks.stylegan2 import Block, Generator, GeneratorShape, parameter_groups
from visualizer.training import house, parallel, provenance
from visualizer.training.augment import adapt, augment
from visualizer.training.generator_run import (
    SHAPE,
    STEM_PX,
    GeneratorRun,
    Settings,
    count_and_follow,
    sample,
    squared_slope,
    train_on,
    update_generator,
    update_judge,
)
from visualizer.training.pictures import DEFAULT_DATA, Batches, load_pictures

QUIET_PX = 32
"""Up to here the noise of a layer is at most NOISE_LIMIT strong."""
NOISE_LIMIT = 0.05
MODELS_DIR = Path("models/generator-paintings")
RUN_DIR = house.RUNS_DIR / "generator"


class Run(GeneratorRun):
    """All progress of the stem's training; the discriminator sees whole pictures, gently augmented."""

    def __init__(self, shape: GeneratorShape, settings: Settings, device: torch.device) -> None:
        super().__init__(shape, settings, device)
        self.gamma = settings.gamma
        g, rate = self.generator, settings.learning_rate
        stem: list[dict[str, Any]] = [{"params": [g.synthesis.const], "lr": rate}]
        stem += parameter_groups([g.mapping, *g.synthesis.blocks[: self.n_stem]], rate)
        self.oppose(Discriminator(shape.channels[: self.n_stem]), stem)

    def see(self, images: Tensor) -> Tensor:
        return augment(images, self.counters.p_augment)

    def steepness(self, real: Tensor) -> Tensor:
        return squared_slope(self.judge, self.see(real))

    def paint(self, n: int, generator: Generator, dtype: torch.dtype) -> Tensor:
        """n pictures of the stem (n, 3, 64, 64)."""
        noises, w = self.stem_noises(n), self.mixed_w(n, generator, 2 * self.n_stem)
        return generator.synthesis(w, noises, exit_px=STEM_PX, dtype=dtype)


def step(run: Run, real: Tensor, dtype: torch.dtype) -> dict[str, float]:
    """One update of D (with R1 every R1_EVERY steps) and one of G; returns the losses."""
    fake = run.paint(len(real), run.generator, dtype)
    figures = update_judge(run, real, fake, dtype)
    figures["loss_g"] = update_generator(run, fake, dtype)
    limit_noise(run.generator)
    count_and_follow(run, len(real))
    run.counters.p_augment = adapt(run.counters.p_augment, run.counters.realness, len(real))
    return figures


@torch.no_grad()
def limit_noise(generator: Generator) -> None:
    """Keeps the noise of the coarse layers low, so that most of a shape comes from w and moves with it."""
    for block in list(generator.synthesis.blocks)[: generator.shape.resolutions_px.index(QUIET_PX) + 1]:
        assert isinstance(block, Block)
        for conv in block.convs():
            conv.noise_strength.clamp_(-NOISE_LIMIT, NOISE_LIMIT)


def save(run: Run, folder: Path) -> None:
    house.save_atomic(folder / "state.pt", run.state())
    images = sample(run.average, 64, seed=1, exit_px=STEM_PX)
    house.save_sheet(images, folder / "sheets" / f"{run.counters.n_images:07d}.jpg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stage",
        choices=("stem", "head", "exit", "publish"),
        default="stem",
        help="64 px; 128 and 256 px; the early exit at 128 px; to models/",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last saved state")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to train (default 60)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default cpu)")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="a folder of pictures")
    parser.add_argument("--out", type=Path, default=RUN_DIR, help="where the run is kept")
    parser.add_argument("--batch", type=int, default=Settings.n_batch, help="pictures an update (default 8)")
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: all)")
    parser.add_argument("--dry-run", action="store_true", help="print the configuration and end")
    parser.add_argument(
        "--models", type=Path, default=MODELS_DIR, help="where --stage publish writes (default: over ours)"
    )
    parser.add_argument("--figure", action="append", default=[], metavar="NAME=VALUE", help="for the card")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="klangbild train generator", description=__doc__)
    add_arguments(parser)
    a = parser.parse_args(argv)
    settings = Settings(n_batch=a.batch, seed=a.seed)
    if a.dry_run:
        asked = {"stage": a.stage, "shape": asdict(SHAPE), "settings": asdict(settings), "data": str(a.data)}
        print(json.dumps(asked, indent=2))
        return 0
    if a.threads:
        torch.set_num_threads(a.threads)
    provenance.check_name(a.models, "--models")
    device = parallel.join("cpu" if a.stage == "publish" else a.device)
    if a.stage == "publish":
        from visualizer.training import generator_publish

        generator_publish.publish_runs(a.out, a.models, a.figure)
    elif a.stage == "head":
        from visualizer.training import generator_head

        generator_head.train(a.data, a.out, settings, a.minutes, a.resume, device)
    elif a.stage == "exit":
        from visualizer.training import generator_exit

        generator_exit.train(a.data, a.out, settings, a.minutes, a.resume, device)
    else:
        train(a.data, a.out, settings, a.minutes, a.resume, device)
    parallel.leave()
    return 0


def train(
    data: Path, folder: Path, settings: Settings, minutes: float, resume: bool, device: torch.device
) -> None:
    """Trains the stem on the pictures of `data`, keeping everything in `folder`."""
    with parallel.first_alone():
        pixels, weights = load_pictures(data, STEM_PX, folder / "cache")
    path = folder / "state.pt"
    run = Run.from_state(house.load_state(path), device) if resume else Run(SHAPE, settings, device)
    batches = Batches(
        pixels, weights, run.settings.n_batch, run.settings.seed + run.counters.n_images + parallel.rank()
    )
    train_on(
        run,
        batches,
        lambda real: step(run, real, torch.bfloat16),
        lambda: save(run, folder),
        house.Stats(folder / "stats.jsonl", resume),
        minutes,
    )


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
