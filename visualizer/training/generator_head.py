"""Trains the head of the generator: its 128 and 256 px blocks on top of the finished 64 px stem.

The stem stays as it is. The head paints windows of the stem's feature maps, so a step costs little, and is
judged by a discriminator on patches of real paintings; it must shrink back to the stem's picture, and its own
early exit at 128 px must be the shrunken full size.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from visualizer.networks.discriminator import Discriminator
from visualizer.networks.stylegan2 import Block, Generator, GeneratorShape, parameter_groups, upsample_image
from visualizer.training import house, parallel
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
from visualizer.training.pictures import Batches, load_pictures
from visualizer.types import UserError

PATCH_PX = 64
"""Side of what the discriminator sees, in pixels of the full size."""
MARGIN = 4
"""Cells of the stem painted around a patch and cut off: only the picture's own edges end in padding."""
N_PATCHES = 2
"""Patches of each picture that the stem paints."""
JUDGE_CHANNELS = (128, 128, 64, 48, 32)
GAMMA = 0.1
AGREE_STEM = 4.0
AGREE_EXIT = 10.0


class HeadRun(GeneratorRun):
    """All progress of the head's training in one object; the discriminator sees patches and their detail."""

    judge_key = "judge"
    gamma = GAMMA

    def __init__(self, shape: GeneratorShape, settings: Settings, device: torch.device) -> None:
        super().__init__(shape, settings, device)
        judge = Discriminator(JUDGE_CHANNELS, n_in=6)
        for name, parameter in self.generator.named_parameters():
            parameter.requires_grad_(self._is_head(name))
        blocks = list(self.generator.synthesis.blocks)[self.n_stem :]
        self.oppose(judge, parameter_groups(blocks, settings.learning_rate))

    def see(self, images: Tensor) -> Tensor:
        return bring_out_detail(images)

    def steepness(self, real: Tensor) -> Tensor:
        return squared_slope(lambda images: self.judge(self.see(images)), real)

    def _is_head(self, name: str) -> bool:
        return any(name.startswith(f"synthesis.blocks.{i}.") for i in range(self.n_stem, self.shape.n_blocks))

    def take_stem(self, state: dict[str, Any]) -> None:
        """Takes mapping and stem from the average of a stem's run."""
        stem = {name: value for name, value in state["average"].items() if not self._is_head(name)}
        for generator in (self.generator, self.average):
            generator.load_state_dict({**generator.state_dict(), **stem})


@torch.no_grad()
def paint_stem(run: GeneratorRun, n: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """n pictures by the stem: features (n, C, 64, 64), picture (n, 3, 64, 64), w (n, n_layers, n_w)."""
    w = run.mixed_w(n, run.average)
    stages = islice(run.average.synthesis.stages(w, run.stem_noises(n), dtype=dtype), run.n_stem)
    features, picture = list(stages)[-1]
    return features, picture, w


def paint_patches(run: HeadRun, n: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Patches of n pictures at 256, 128 and 64 px of the whole: (N, 3, P, P), half and a quarter of that."""
    features, picture, w = paint_stem(run, n, dtype)
    cells = PATCH_PX // (run.shape.size_px // STEM_PX)
    x, skip, starts, lefts = draw_windows(features, picture, cells)
    pictures = paint_head(run.generator, x, skip, w.repeat(N_PATCHES, 1, 1), run.n_stem)
    offsets = starts - lefts
    parts = [
        cut(image, offsets * scale, cells * scale) for image, scale in zip(pictures, (4, 2, 1), strict=True)
    ]
    return parts[0], parts[1], parts[2]


def draw_windows(features: Tensor, picture: Tensor, cells: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """N_PATCHES windows of the stem's features and of its picture, for each of them.

    Where the patches within begin, (N, 2) in cells, and where the windows do, which are MARGIN wider.
    """
    n, window = len(features), cells + 2 * MARGIN
    starts = torch.randint(0, STEM_PX - cells + 1, (n * N_PATCHES, 2))
    lefts = (starts - MARGIN).clamp(0, STEM_PX - window)
    spans = [(i % n, int(t), int(s)) for i, (t, s) in enumerate(lefts)]
    x = torch.stack([features[i, :, t : t + window, s : s + window] for i, t, s in spans])
    skip = torch.stack([picture[i, :, t : t + window, s : s + window] for i, t, s in spans])
    return x.contiguous(memory_format=torch.channels_last), skip, starts, lefts


def cut(images: Tensor, starts: Tensor, side: int) -> Tensor:
    """The square of `side` px of each picture that begins at `starts` (N, 2)."""
    return torch.stack(
        [
            im[:, int(t) : int(t) + side, int(s) : int(s) + side]
            for im, (t, s) in zip(images, starts, strict=True)
        ]
    )


def paint_head(generator: Generator, x: Tensor, skip: Tensor, w: Tensor, n_stem: int) -> list[Tensor]:
    """The head on windows of the stem's features: pictures of full size, of its exit, and the stem's own."""
    return [*(picture for _, picture in head_stages(generator, x, skip, w, n_stem)[::-1]), skip]


def head_stages(
    generator: Generator, x: Tensor, skip: Tensor, w: Tensor, n_stem: int
) -> list[tuple[Tensor, Tensor]]:
    """Features and picture behind each block of the head, on windows of the stem's features and picture."""
    stages = []
    layer = 2 * n_stem - 1
    for block in list(generator.synthesis.blocks)[n_stem:]:
        assert isinstance(block, Block)
        for conv in block.convs():
            side = x.shape[-1] * (2 if conv.up else 1)
            x = conv(x, w[:, layer], torch.randn(len(x), 1, side, side, device=x.device), None, None)
            layer += 1
        skip = upsample_image(skip) + block.to_rgb(x, w[:, layer]).float()
        stages.append((x, skip))
    return stages


def shrink(images: Tensor, side: int) -> Tensor:
    """Antialiased bicubic, near enough to how the small paintings were made."""
    return F.interpolate(images, (side, side), mode="bicubic", antialias=True)


def bring_out_detail(images: Tensor) -> Tensor:
    """What the judge sees, (B, 6, P, P): pictures, and fourfold what is finer in them than 64 px."""
    coarse = F.interpolate(F.avg_pool2d(images, 4), scale_factor=4, mode="bilinear")
    return torch.cat([images, 4 * (images - coarse)], 1)


def step(run: HeadRun, real: Tensor, dtype: torch.dtype) -> dict[str, float]:
    """One update of the judge and one of the head; `real` (N, 3, PATCH_PX, PATCH_PX)."""
    full, exit_picture, stem = paint_patches(run, len(real) // N_PATCHES, dtype)
    figures = update_judge(run, real, full, dtype)
    agree_stem = F.l1_loss(shrink(full, stem.shape[-1]), stem)
    agree_exit = F.l1_loss(exit_picture, shrink(full.detach(), exit_picture.shape[-1]))
    extra = AGREE_STEM * agree_stem + AGREE_EXIT * agree_exit
    figures["loss_g"] = update_generator(run, full, dtype, extra)
    count_and_follow(run, len(real))
    return figures | {"agree_stem": float(agree_stem.detach()), "agree_exit": float(agree_exit.detach())}


def start(folder: Path, settings: Settings, resume: bool, device: torch.device) -> HeadRun:
    """A head's run on the stem that was trained in `folder`: fresh or where it was left."""
    path = folder / "head.pt"
    run = HeadRun.from_state(house.load_state(path), device) if resume else HeadRun(SHAPE, settings, device)
    if (folder / "state.pt").is_file():
        run.take_stem(house.load_state(folder / "state.pt"))
    elif not resume:
        raise UserError(f"there is no trained stem in {folder}; train it first, without --stage head")
    return run


def save(run: HeadRun, folder: Path) -> None:
    house.save_atomic(folder / "head.pt", run.state())
    images = sample(run.average, 12, seed=1, n_batch=6)
    house.save_sheet(images, folder / "sheets" / f"head-{run.counters.n_images:07d}.jpg", n_columns=4)


def train(
    data: Path, folder: Path, settings: Settings, minutes: float, resume: bool, device: torch.device
) -> None:
    """Trains the head on patches of the pictures of `data`; the stem is what `folder` holds."""
    run = start(folder, settings, resume, device)
    with parallel.first_alone():
        pixels, weights = load_pictures(data, run.shape.size_px, folder / "cache")
    seed = run.settings.seed + run.counters.n_images + parallel.rank()
    batches = Batches(pixels, weights, run.settings.n_batch, seed, crop_px=PATCH_PX)
    train_on(
        run,
        batches,
        lambda real: step(run, real, torch.bfloat16),
        lambda: save(run, folder),
        house.Stats(folder / "head.jsonl", resume),
        minutes,
    )
