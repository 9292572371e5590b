"""Teaches the early exit at 128 px to look like the whole: layers of its own, everything else stays.

The exit's toRGB paints only what the last block leaves to it, so alone it is soft. Two small layers beside it
learn to add the detail, against a discriminator on patches of paintings of 128 px, and not far from what the
full size is when shrunk.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from visualizer.networks.discriminator import Discriminator
from visualizer.networks.stylegan2 import GeneratorShape, parameter_groups
from visualizer.training import house, parallel
from visualizer.training.generator_head import (
    JUDGE_CHANNELS,
    N_PATCHES,
    PATCH_PX,
    cut,
    draw_windows,
    head_stages,
    paint_stem,
    shrink,
)
from visualizer.training.generator_run import (
    STEM_PX,
    GeneratorRun,
    Settings,
    count_and_follow,
    read_shape,
    sample,
    squared_slope,
    train_on,
    update_generator,
    update_judge,
)
from visualizer.training.pictures import Batches, load_pictures

EXIT_PX = 128
GAMMA = 0.1
AGREE = 2.0
"""Weight of the distance to the shrunken full size: forms and colours agree, detail is the judge's affair."""
EXIT_FILE = "exit.pt"


class ExitRun(GeneratorRun):
    """All progress of the exit's training in one object; the discriminator sees patches and their detail."""

    judge_key = "judge"
    gamma = GAMMA

    def __init__(self, shape: GeneratorShape, settings: Settings, device: torch.device) -> None:
        super().__init__(shape, settings, device)
        exits = self.generator.synthesis.exits
        self.generator.requires_grad_(False)
        exits.requires_grad_(True)
        judge = Discriminator(JUDGE_CHANNELS, n_in=6)
        self.oppose(judge, parameter_groups([exits], settings.learning_rate))

    def see(self, images: Tensor) -> Tensor:
        coarse = F.interpolate(F.avg_pool2d(images, 2), scale_factor=2, mode="bilinear")
        return torch.cat([images, 4 * (images - coarse)], 1)

    def steepness(self, real: Tensor) -> Tensor:
        return squared_slope(lambda images: self.judge(self.see(images)), real)

    def take_rest(self, average: dict[str, Any]) -> None:
        """Takes all but the exit from the average of a head's run."""
        for generator in (self.generator, self.average):
            generator.load_state_dict({**generator.state_dict(), **average})


def paint_patches(run: ExitRun, n: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Patches (N, 3, P, P) of n pictures: of the exit, and of the full size shrunk to it."""
    generator, n_stem = run.generator, run.n_stem
    with torch.no_grad():
        features, picture, w = paint_stem(run, n, dtype)
        x, skip, starts, lefts = draw_windows(features, picture, PATCH_PX * STEM_PX // EXIT_PX)
        w = w.repeat(N_PATCHES, 1, 1)
        stages = head_stages(generator, x, skip, w, n_stem)
        (x, small), (_, full) = stages[0], stages[-1]
        full = shrink(full, small.shape[-1])
    small = small + generator.synthesis.exits[str(EXIT_PX)](x, w[:, 2 * n_stem + 1]).float()
    offsets = (starts - lefts) * (EXIT_PX // STEM_PX)
    return cut(small, offsets, PATCH_PX), cut(full, offsets, PATCH_PX)


def step(run: ExitRun, real: Tensor, dtype: torch.dtype) -> dict[str, float]:
    """One update of the judge and one of the exit; `real` (N, 3, PATCH_PX, PATCH_PX)."""
    small, full = paint_patches(run, len(real) // N_PATCHES, dtype)
    figures = update_judge(run, real, small, dtype)
    agree = F.l1_loss(small, full)
    figures["loss_g"] = update_generator(run, small, dtype, AGREE * agree)
    count_and_follow(run, len(real))
    return figures | {"agree": float(agree.detach()), "sharp": float(detail(small) / detail(full))}


@torch.no_grad()
def detail(images: Tensor) -> Tensor:
    """The power of what is finer than 3 px."""
    return (images - F.avg_pool2d(images, 3, 1, 1))[..., 1:-1, 1:-1].square().mean()


def start(folder: Path, settings: Settings, resume: bool, device: torch.device) -> ExitRun:
    """An exit's run on the head that was trained in `folder`: fresh or where it was left."""
    head = house.load_state(folder / "head.pt")
    if resume:
        run = ExitRun.from_state(house.load_state(folder / EXIT_FILE), device)
    else:
        run = ExitRun(replace(read_shape(head), exits_px=(EXIT_PX,)), settings, device)
    run.take_rest(head["average"])
    return run


def save(run: ExitRun, folder: Path) -> None:
    house.save_atomic(folder / EXIT_FILE, run.state())
    own = sample(run.average, 8, seed=1, exit_px=EXIT_PX)
    whole = F.avg_pool2d(sample(run.average, 8, seed=1), run.shape.size_px // EXIT_PX)
    pairs = torch.stack((own, whole), 1).flatten(0, 1)
    house.save_sheet(pairs, folder / "sheets" / f"exit-{run.counters.n_images:07d}.jpg")


def train(
    data: Path, folder: Path, settings: Settings, minutes: float, resume: bool, device: torch.device
) -> None:
    """Trains the exit on patches of the pictures of `data`; the rest is what `folder` holds."""
    run = start(folder, settings, resume, device)
    with parallel.first_alone():
        pixels, weights = load_pictures(data, EXIT_PX, folder / "cache")
    seed = run.settings.seed + run.counters.n_images + parallel.rank()
    batches = Batches(pixels, weights, run.settings.n_batch, seed, crop_px=PATCH_PX)
    train_on(
        run,
        batches,
        lambda real: step(run, real, torch.bfloat16),
        lambda: save(run, folder),
        house.Stats(folder / "exit.jsonl", resume),
        minutes,
    )
