"""The report on the generator: a sheet, an interpolation, scores of a thousand samples, what all share."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visualizer.checkpoints import styles, weights
from visualizer.checkpoints.cards import WEIGHTS, Model, find_model
from visualizer.checkpoints.cli import sample
from visualizer.modes import networks
from visualizer.modes.networks import TraumerNetworks
from visualizer.training import report_drawing as drawing
from visualizer.training.pictures import find_pictures
from visualizer.training.report_pages import (
    Desk,
    Figures,
    Part,
    Target,
    at_least,
    at_most,
    figure,
    picture,
    save_picture,
    table,
    targets_table,
    within,
)
from visualizer.types import UserError

SHEET, STRIP = "generator-samples.jpg", "generator-interpolation.jpg"
SCORED_PX = (64, 128)
N_SHOWN, SHOWN_PX = 64, 112
SEED = 11
WALK_S, WALK_FPS, N_KNOTS = 10.0, 30, 6
"""The interpolation passes N_KNOTS styles, at a constant pace between two of them."""
PATTERN_PX = 128
GPU_COMMAND = (
    "`klangbild train generator --resume --device cuda --minutes 240`, then the same with `--stage head`, "
    "`--stage exit` and `--stage publish`"
)


def measure(desk: Desk) -> Figures:
    """Scores of paint_score.py at two sizes, patterns, an interpolation's pace; draws sheet and strip."""
    model = find_model(str(desk.models / desk.generator))
    folder = desk.runs / f"samples-{'-'.join(desk.sums([desk.generator]).values())}"
    paths = draw_samples(model, folder, desk.n_samples)
    save_picture(
        drawing.grid([Image.open(path) for path in paths[:N_SHOWN]], 8, (SHOWN_PX, SHOWN_PX), 2),
        desk.pictures / SHEET,
    )
    figures: Figures = {"n_samples": len(paths)}
    for size_px in SCORED_PX:
        scored = score(desk, folder, size_px)
        figures |= {f"{name}_{size_px}": value for name, value in scored.items() if name != "n"}
        print(f"  scored at {size_px} px", flush=True)
    figures |= patterns(desk, paths)
    found = networks.load(settings=desk.settings())
    try:
        return figures | walk(desk, found)
    finally:
        found.close()


def draw_samples(model: Model, folder: Path, n: int) -> list[Path]:
    """n pictures at truncation 1 in `folder`, those that are there already kept."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{i:04d}.png" for i in range(n)]
    if not paths[-1].is_file():
        for path, pixels in zip(paths, sample(model, n, SEED), strict=True):
            Image.fromarray(pixels).save(path, compress_level=1)
    return paths


def score(desk: Desk, folder: Path, size_px: int) -> dict[str, float]:
    """What paint_score.py says of a folder of pictures; it is run as the program it is."""
    script = desk.tools / "paint_score.py"
    paintings, vgg = desk.data / "paintings", desk.weights / "vgg"
    command = [sys.executable, str(script), str(folder), "--size", str(size_px)]
    done = subprocess.run(
        [*command, "--data", str(paintings), "--weights", str(vgg)], capture_output=True, text=True
    )
    try:
        found: dict[str, float] = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise UserError(f"{script} failed: {said[-1] if said else 'it said nothing'}") from None
    return found


def patterns(desk: Desk, paths: list[Path]) -> Figures:
    """What all samples share, and what alternates from pixel to pixel, each over the same of paintings."""
    real = find_pictures(desk.data / "paintings", "val")[0][: len(paths)]
    ours, theirs = (np.stack([grey(path) for path in part]) for part in (paths, real))
    return {
        "fixed_motif": round(fixed_motif(ours) / fixed_motif(theirs), 2),
        "checkerboard_1_px": round(checkerboard(ours, 2) / checkerboard(theirs, 2), 2),
        "checkerboard_2_px": round(checkerboard(ours, 4) / checkerboard(theirs, 4), 2),
    }


def grey(path: Path) -> NDArray[np.float32]:
    """(PATTERN_PX, PATTERN_PX) luma in [0, 255] of a picture squashed to that size."""
    with Image.open(path) as image:
        resized = image.convert("L").resize((PATTERN_PX, PATTERN_PX), Image.Resampling.LANCZOS)
        return np.asarray(resized, np.float32)


def fixed_motif(greys: NDArray[np.float32]) -> float:
    """Power of the mean picture's forms over what the mean of as many unlike pictures would have.

    1 for pictures that have nothing in common at the same place; a motif that returns adds to it.
    """
    forms = greys - greys.mean(axis=(1, 2), keepdims=True)
    return float(np.square(forms.mean(axis=0)).mean() / (np.square(forms).mean() / len(forms)))


def checkerboard(greys: NDArray[np.float32], period_px: int) -> float:
    """Power exactly at a period of pixels, across, down and both, over that of the frequencies around it."""
    spectra = np.square(np.abs(np.fft.fft2(greys))).mean(axis=0)
    at, reach = PATTERN_PX // period_px, 3
    found = []
    for row, column in ((at, 0), (0, at), (at, at)):
        rows = [(row + k) % PATTERN_PX for k in range(-reach, reach + 1)]
        columns = [(column + k) % PATTERN_PX for k in range(-reach, reach + 1)]
        around = spectra[np.ix_(rows, columns)]
        found.append(float(spectra[row, column] / np.median(around)))
    return float(np.mean(found))


def walk(desk: Desk, found: TraumerNetworks) -> Figures:
    """Ten seconds between random styles: how evenly the picture changes; draws ten of its frames."""
    n_frames = round(WALK_S * WALK_FPS)
    w = path_of_styles(desk, n_frames)
    one, noises = np.ones(found.n_layers, np.float32), found.draw_noises(0)
    pixels = np.full((found.size_px, found.size_px, 4), 255, np.uint8)
    changes: list[float] = []
    shown: list[Image.Image] = []
    before: NDArray[np.int16] | None = None
    for i, style in enumerate(w):
        found.paint(np.repeat(style[np.newaxis], found.n_layers, axis=0), 1.0, noises, one, one * 0, pixels)
        now = pixels[..., :3].astype(np.int16)
        if before is not None:
            changes.append(float(np.abs(now - before).mean()))
        before = now
        if i % (n_frames // 10) == 0 and len(shown) < 10:
            shown.append(Image.fromarray(pixels[..., :3].copy()))
    save_picture(drawing.grid(shown, 5, (190, 190), 3), desk.pictures / STRIP)
    return evenness(np.array(changes))


def path_of_styles(desk: Desk, n_frames: int) -> NDArray[np.float32]:
    """(n_frames, n_w) float32: from style to style, the same way in w at each frame."""
    stored = weights.load_state(desk.models / desk.generator / WEIGHTS)
    n_w = stored["mapping.layers.0.weight"].shape[1]
    z = np.random.default_rng(SEED).standard_normal((N_KNOTS, n_w)).astype(np.float32)
    knots = styles.map_styles(stored, z)
    lengths = np.linalg.norm(np.diff(knots, axis=0), axis=1)
    at = np.linspace(0, lengths.sum(), n_frames)
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    return np.stack([np.interp(at, ends, knots[:, k]) for k in range(n_w)], axis=1).astype(np.float32)


def evenness(changes: NDArray[np.float64]) -> Figures:
    """The largest change from frame to frame over the median, and over the mean of its neighbours."""
    beside = np.convolve(changes, [0.25, 0.25, 0, 0.25, 0.25], "valid")
    jump = (changes[2:-2] / np.maximum(beside, 1e-6)).max()
    return {
        "walk_median_change": round(float(np.median(changes)), 2),
        "walk_largest_over_median": round(float(changes.max() / max(float(np.median(changes)), 1e-6)), 2),
        "walk_largest_over_neighbours": round(float(jump), 2),
    }


def targets(desk: Desk, figures: Figures) -> list[Target]:
    return [
        at_most("texture distance at 64 px", 25, figure(figures, "mmd_texture_64"), 1),
        at_most("layout distance at 64 px", 12, figure(figures, "mmd_layout_64"), 1),
        at_most("texture, with a GPU", 10, figure(figures, "mmd_texture_64"), 1),
        at_most("layout, with a GPU", 6, figure(figures, "mmd_layout_64"), 1),
        within("sharpness", 0.7, 1.3, figure(figures, "sharpness_64")),
        at_least("diversity", 0.85, figure(figures, "diversity_64")),
    ]


def page(desk: Desk, figures: Figures) -> str:
    card = desk.card(desk.generator)
    counts = card.figures
    text = (
        f"{card.summary} *{card.paper}.* {counts.get('n_parameters', 0) / 1e6:.1f} M parameters, "
        f"{counts.get('gmac', 0):.2f} GMAC a picture.\n\n{targets_table(targets(desk, figures))}\n\n"
    )
    if figures:
        rows: list[list[str]] = [
            [f"{px} px", *(f"{figures[f'{name}_{px}']:g}" for name in SCORES)] for px in SCORED_PX
        ]
        for px in SCORED_PX:
            told = [counts.get(f"exit_{px}_{name}_{px}") for name in SCORES]
            if any(value is not None for value in told):
                shown = ("–" if value is None else f"{value:g}" for value in told)
                rows.append([f"{px} px, early exit (from the card)", *shown])
        text += (
            f"{figures['n_samples']} samples at truncation 1 against the validation paintings, both brought "
            "to the size named (MMD × 1000 of VGG features; training paintings themselves 2.8 / 1.1 at 64 px "
            "and 3.8 / 1.9 at 128 px, paintings of half the resolution 122 / 55 and 131 / 84):\n\n"
            + table(("size", "texture", "layout", "sharpness", "diversity"), rows)
            + "\n\n"
            + picture(desk, SHEET, "64 samples of the generator")
            + "*64 samples as they come.*\n\nPatterns at 128 px, over the same of as many paintings (1 is "
            f"alike): forms that all share {figures['fixed_motif']:.2f}, power at a pitch of two pixels "
            f"{figures['checkerboard_1_px']:.2f} and of four {figures['checkerboard_2_px']:.2f}.\n\n"
            + picture(desk, STRIP, "Ten frames of an interpolation, one a second")
            + f"*Ten seconds past {N_KNOTS} styles, a frame a second.* From frame to frame (30 a second) the "
            f"picture changes by {figures['walk_median_change']:.2f} of 255 in the median; the largest "
            "change "
            f"is {figures['walk_largest_over_median']:.2f} times that, and "
            f"{figures['walk_largest_over_neighbours']:.2f} times its neighbours (a pop would be many times "
            "its neighbours).\n"
        )
    if any(not target.is_met for target in targets(desk, figures)):
        text += (
            "\nWhat is short: the adversarial stem had two hours of one core, where the loss still fell. On "
            f"a GPU, {GPU_COMMAND} go on from the stored state.\n"
        )
    return text


SCORES = ("mmd_texture", "mmd_layout", "sharpness", "diversity")
PART = Part(
    "generator", "Generator", ("generator",), measure, page, targets, needs=("data", "weights", "tools")
)
