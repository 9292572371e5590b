"""How a picture of any size becomes one that networks take: sides in multiples of 16; cut, never squashed."""

from __future__ import annotations

import math

import numpy as np

from visualizer.types import UInt8

STEP_PX = 16
"""The encoder halves a picture four times."""
LONGEST_SHAPE = 4.0
"""A panorama longer than this is cut to it: what is left of its short side would be too thin to paint on."""

Size = tuple[int, int]
"""Width and height."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels of the source."""


def fitted_size(width: float, height: float, size_px: int) -> Size:
    """Width and height for a source of this shape, in multiples of 16.

    The longer side is `size_px` (rounded down to a multiple of 16). The shorter one is the nearest multiple,
    so that at most 8 pixels of the fitted picture, measured across it, are cut; more only beyond 4:1.
    """
    long_px = max(STEP_PX, size_px // STEP_PX * STEP_PX)
    shape = max(min(width, height) / max(width, height), 1 / LONGEST_SHAPE)
    short_px = max(STEP_PX, math.ceil(long_px * shape / STEP_PX - 0.5) * STEP_PX)
    return (long_px, short_px) if width >= height else (short_px, long_px)


def cover_box(width: float, height: float, size: Size) -> Box:
    """The largest part of a source, from its middle, that has the shape of `size`."""
    scale = min(width / size[0], height / size[1])
    cut_x, cut_y = (width - size[0] * scale) / 2, (height - size[1] * scale) / 2
    return cut_x, cut_y, width - cut_x, height - cut_y


def cover_size(width: float, height: float, size: Size) -> Size:
    """The size to scale a source to, so that it covers `size` and a cut from its middle is left."""
    scale = max(size[0] / width, size[1] / height)
    return max(size[0], round(width * scale)), max(size[1], round(height * scale))


def cut_middle(pixels: UInt8, size: Size) -> UInt8:
    """The middle of (H, W, 3), of this width and height, as an array of its own that nobody can change."""
    top, left = (pixels.shape[0] - size[1]) // 2, (pixels.shape[1] - size[0]) // 2
    return frozen(pixels[top : top + size[1], left : left + size[0]])


def frozen(pixels: UInt8) -> UInt8:
    """A contiguous copy that is read-only, so that threads may share it."""
    copy = np.array(pixels, np.uint8, order="C")
    copy.flags.writeable = False
    return copy
