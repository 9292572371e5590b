"""Drawings of what MVNet learned: pieces of four centuries with nine z each, and how accuracy grew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from visualizer.networks.mvnet import Z_SHAPE, MVNet
from visualizer.training.house import to_uint8
from visualizer.training.mvnet_data import windows
from visualizer.training.mvnet_eras import Eras
from visualizer.training.mvnet_music import Music, unpack
from visualizer.types import UserError

BACKGROUND, INK, QUIET, RULE = (14, 15, 18), (232, 232, 228), (150, 152, 158), (44, 46, 52)
WITH, WITHOUT = (242, 178, 76), (98, 160, 234)
N_Z = 9
PICTURE_PX, MEL_PX, GAP_PX, MARGIN_PX, TEXT_PX = 112, 250, 10, 28, 190
PIECES = (
    ("Titelouze", 1606, "Jean Titelouze", "organ verset"),
    ("HaydnFJ", 1757, "Joseph Haydn", "string quartet op. 1"),
    ("Ferrari", 1894, "Gabrielle Ferrari", "song"),
    ("Webern", 1921, "Anton Webern", "song"),
)
"""Composer in the index, year, and what the sheet says: held-out pieces of four centuries."""


def font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


def find_piece(music: Music, composer: str, year: int) -> int | None:
    """The first clip (the one a third into its piece before others) of a composer's year."""
    found = [
        (int(music.segments[i]), i)
        for i, (_, name, _) in enumerate(music.names)
        if name.startswith(composer) and int(music.years[i]) == year
    ]
    return min(found)[1] if found else None


def pick_pieces(music: Music, eras: Eras) -> list[tuple[int, str, str]]:
    """(clip, composer, what) of PIECES, or of pieces spread over the years where those are not there."""
    named = [(find_piece(music, key, year), who, what) for key, year, who, what in PIECES]
    found = [(clip, who, what) for clip, who, what in named if clip is not None]
    if len(found) == len(PIECES):
        return found
    order = sorted(
        (i for i in range(len(music)) if eras.of(int(music.years[i])) is not None),
        key=lambda i: int(music.years[i]),
    )
    if not order:
        raise UserError("no held-out music is of an era that this MVNet knows; make it with --stage music")
    picks = [order[(2 * k + 1) * len(order) // (2 * len(PIECES))] for k in range(len(PIECES))]
    return [(i, music.names[i][1], music.names[i][2][:24]) for i in picks]


def mel_picture(mel: NDArray[np.float32], width_px: int, height_px: int) -> Image.Image:
    """Power (128, T) as a picture, low pitch below, 60 dB from black to warm white."""
    level = np.clip(1 + 10 * np.log10(mel / max(float(mel.max()), 1e-12) + 1e-9) / 60, 0, 1)[::-1]
    stops = np.array([[14, 15, 18], [44, 40, 92], [160, 60, 110], [246, 150, 80], [255, 246, 214]], float)
    at = level * (len(stops) - 1)
    low = np.minimum(at.astype(int), len(stops) - 2)
    colours = stops[low] + (at - low)[..., None] * (stops[low + 1] - stops[low])
    picture = Image.fromarray(colours.round().astype(np.uint8))
    return picture.resize((width_px, height_px), Image.Resampling.BILINEAR)


@torch.no_grad()
def draw_pieces(mvnet: MVNet, music: Music, eras: Eras, path: Path) -> None:
    """Four pieces of different centuries × nine z (the paper's figure 3), a row a piece, a column a z."""
    z = torch.randn(N_Z, *Z_SHAPE, generator=torch.Generator().manual_seed(3))
    pieces = pick_pieces(music, eras)
    width = 2 * MARGIN_PX + TEXT_PX + MEL_PX + N_Z * (PICTURE_PX + GAP_PX) + GAP_PX
    head = 64
    height = head + len(pieces) * (PICTURE_PX + 2 * GAP_PX) + MARGIN_PX - GAP_PX
    sheet = Image.new("RGB", (width, height), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN_PX, 22), "held-out music", QUIET, font(16))
    draw.text((MARGIN_PX + TEXT_PX, 22), "mel spectrogram, 8.91 s", QUIET, font(16))
    draw.text(
        (MARGIN_PX + TEXT_PX + MEL_PX + 2 * GAP_PX, 22), "nine z, the same in each row", QUIET, font(16)
    )
    for row, (clip, who, what) in enumerate(pieces):
        top = head + row * (PICTURE_PX + 2 * GAP_PX)
        draw.line((MARGIN_PX, top - GAP_PX, width - MARGIN_PX, top - GAP_PX), RULE)
        draw.text((MARGIN_PX, top + 6), str(int(music.years[clip])), INK, font(32))
        draw.text((MARGIN_PX, top + 50), who, INK, font(17))
        draw.text((MARGIN_PX, top + 74), what, QUIET, font(16))
        mel = unpack(music.mels[clip, :, 128:-128], 1.0)
        sheet.paste(mel_picture(mel, MEL_PX, PICTURE_PX), (MARGIN_PX + TEXT_PX, top))
        v = mvnet.encoder(windows(music, [clip]))
        for column, pixels in enumerate(to_uint8(mvnet.generator(v.expand(N_Z, -1, -1, -1), z))):
            left = MARGIN_PX + TEXT_PX + MEL_PX + 2 * GAP_PX + column * (PICTURE_PX + GAP_PX)
            picture = Image.fromarray(pixels).resize((PICTURE_PX, PICTURE_PX), Image.Resampling.BICUBIC)
            sheet.paste(picture, (left, top))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, quality=78)


def draw_curves(curves: Mapping[str, Sequence[tuple[int, float]]], chance: float, path: Path) -> None:
    """Era accuracy of generated images over the images learned from (the paper's figure 5)."""
    width, height, left, right, top, bottom = 960, 480, 84, 210, 56, 72
    points = [point for curve in curves.values() for point in curve]
    if not points:
        return
    first, last = min(n for n, _ in points), max(n for n, _ in points)
    peak = max(0.1, *(share for _, share in points)) * 1.15
    picture = Image.new("RGB", (width, height), BACKGROUND)
    draw = ImageDraw.Draw(picture)

    def place(n: float, share: float) -> tuple[float, float]:
        x = left + (n - first) / max(last - first, 1) * (width - left - right)
        return x, height - bottom - share / peak * (height - top - bottom)

    draw.text((left, 18), "Era accuracy of generated images, judged by a second classifier", INK, font(18))
    for share in np.arange(0, peak, 0.1 if peak > 0.35 else 0.05):
        x, y = place(first, float(share))
        draw.line((x, y, width - right, y), RULE)
        draw.text((x - 12, y), f"{share:.0%}", QUIET, font(15), anchor="rm")
    x, y = place(first, chance)
    for dash in range(int(x), width - right, 12):
        draw.line((dash, y, dash + 6, y), QUIET, 2)
    draw.text((width - right + 10, y), "chance", QUIET, font(15), anchor="lm")
    for name, colour, label in (("with", WITH, "with era loss"), ("without", WITHOUT, "without")):
        line = [place(n, share) for n, share in curves.get(name, ())]
        if line:
            draw.line(line, colour, 3, joint="curve")
            draw.text((line[-1][0] + 10, line[-1][1]), label, colour, font(16), anchor="lm")
    for n in np.linspace(first, last, 5):
        x, y = place(float(n), 0)
        draw.text((x, y + 12), f"{int(n):,}", QUIET, font(15), anchor="mt")
    draw.text((left, height - 28), "style images learned from", QUIET, font(15))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=92)
