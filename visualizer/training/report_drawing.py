"""Drawings of the report: points in two dimensions by section, rows of pictures with their names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from visualizer.training.mvnet_sheet import BACKGROUND, INK, QUIET, RULE, font

COLOURS = ((242, 178, 76), (98, 160, 234), (126, 200, 120), (232, 104, 116), (178, 140, 232), (220, 220, 214))
PANEL_PX, PAD_PX, TILE_PX, MARGIN_PX, GAP_PX = 440, 34, 168, 24, 12

Colour = tuple[int, int, int]


def principal(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The first two principal components of rows (n, d), (n, 2), and the share of variance they hold."""
    centred = rows - rows.mean(axis=0)
    u, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    whole = float((sizes**2).sum())
    return u[:, :2] * sizes[:2], float((sizes[:2] ** 2).sum() / whole) if whole else 0.0


def draw_points(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], points: NDArray[np.float64], sections: NDArray[np.intp]
) -> None:
    """A square panel of points (n, 2), joined in order of time within each section."""
    left, top = at
    draw.rectangle((left, top, left + PANEL_PX, top + PANEL_PX), outline=RULE)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    reach = max(float(np.ptp(points, axis=0).max()) / 2, 1e-9)
    scale = (PANEL_PX / 2 - PAD_PX) / reach
    placed = (points - middle) * scale * (1, -1) + (left + PANEL_PX / 2, top + PANEL_PX / 2)
    for section in np.unique(sections):
        colour = COLOURS[int(section) % len(COLOURS)]
        path = [(float(x), float(y)) for x, y in placed[sections == section]]
        faint = tuple(c // 3 + b // 2 for c, b in zip(colour, BACKGROUND, strict=True))
        draw.line(path, faint, 1)
        for x, y in path:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)


def draw_trajectories(
    embeddings: NDArray[np.float64],
    styles: NDArray[np.float64],
    sections: NDArray[np.intp],
    names: Sequence[str],
    pictures: Sequence[Image.Image],
) -> Image.Image:
    """The paper's figure 4: two panels side by side, and below them each section's picture in its colour."""
    n = len(names)
    width = 2 * (PANEL_PX + MARGIN_PX) + MARGIN_PX
    tile = min(TILE_PX, (width - 2 * MARGIN_PX - (n - 1) * GAP_PX) // n)
    top = 58
    sheet = Image.new("RGB", (width, top + PANEL_PX + MARGIN_PX + tile + 40), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for i, (title, rows) in enumerate((("what the tagger hears", embeddings), ("styles w", styles))):
        points, share = principal(rows)
        left = MARGIN_PX + i * (PANEL_PX + MARGIN_PX)
        draw.text((left, 20), title, INK, font(18))
        draw.text((left + PANEL_PX, 22), f"{share:.0%} of variance", QUIET, font(15), anchor="ra")
        draw_points(draw, (left, top), points, sections)
    for i, (name, picture) in enumerate(zip(names, pictures, strict=True)):
        left, above = MARGIN_PX + i * (tile + GAP_PX), top + PANEL_PX + MARGIN_PX
        sheet.paste(picture.resize((tile, tile), Image.Resampling.LANCZOS), (left, above))
        colour = COLOURS[i % len(COLOURS)]
        draw.rectangle((left, above + tile + 2, left + tile, above + tile + 5), fill=colour)
        draw.text((left, above + tile + 10), clipped(draw, name, tile), colour, font(15))
    return sheet


def clipped(draw: ImageDraw.ImageDraw, text: str, width_px: int, size_px: int = 15) -> str:
    """As much of a text as fits."""
    while text and draw.textlength(text, font(size_px)) > width_px:
        text = text[:-2].rstrip() + "…" if len(text) > 2 else ""
    return text


def grid(
    pictures: Sequence[Image.Image], n_columns: int, tile_px: tuple[int, int], gap_px: int
) -> Image.Image:
    """Pictures in rows, each `tile_px` wide and high."""
    width, height = tile_px
    n_rows = -(-len(pictures) // n_columns)
    size = n_columns * (width + gap_px) - gap_px, n_rows * (height + gap_px) - gap_px
    sheet = Image.new("RGB", size, BACKGROUND)
    for i, picture in enumerate(pictures):
        tile = picture.convert("RGB").resize(tile_px, Image.Resampling.LANCZOS)
        sheet.paste(tile, ((i % n_columns) * (width + gap_px), (i // n_columns) * (height + gap_px)))
    return sheet


def captioned(
    pictures: Sequence[Image.Image], captions: Sequence[str], n_columns: int, tile_px: int
) -> Image.Image:
    """Square pictures in rows, each with a line of text below."""
    n_rows = -(-len(pictures) // n_columns)
    step_x, step_y = tile_px + GAP_PX, tile_px + 34
    sheet = Image.new(
        "RGB",
        (n_columns * step_x - GAP_PX + 2 * MARGIN_PX, n_rows * step_y + 2 * MARGIN_PX - 8),
        BACKGROUND,
    )
    draw = ImageDraw.Draw(sheet)
    for i, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left, top = MARGIN_PX + (i % n_columns) * step_x, MARGIN_PX + (i // n_columns) * step_y
        sheet.paste(picture.resize((tile_px, tile_px), Image.Resampling.LANCZOS), (left, top))
        draw.text((left, top + tile_px + 6), clipped(draw, caption, tile_px), INK, font(15))
    return sheet
