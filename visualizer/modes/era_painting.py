"""A style image from v and z, carried onto a content; what has not changed is not computed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from visualizer.content.content import Frame
from visualizer.modes.style_transfer import StyleTransfer
from visualizer.types import Float32, UInt8

PaintStyle = Callable[[Float32, Float32], Float32]
"""v (n_v,) and z (n_z,) → style image (64, 64, 3) float32 in [0, 1]."""

FADE_S = 1.0
"""How long one still picture takes to become the next."""


class Painter:
    """Owned by one thread; times never decide what is computed, only how far a fade is."""

    def __init__(self, paint_style: PaintStyle, transfer: StyleTransfer) -> None:
        self._paint_style = paint_style
        self._transfer = transfer
        self.reset()

    def reset(self) -> None:
        """Forgets content and style."""
        self._content: Any = None
        self._style: Any = None
        self._number = -1
        self._shape: tuple[int, ...] = ()
        self._hand: tuple[Float32, Float32] | None = None
        self._strength = -1.0
        self._painted: Float32 | None = None
        """The newest picture, (H, W, 3) float32 in [0, 1], without a fade."""
        self._leaving: Float32 | None = None
        """The picture that fades out."""
        self._left_s = 0.0
        self._pixels: UInt8 = np.zeros((0, 0, 4), np.uint8)
        self._shown: Float32 = np.zeros((0, 0, 3), np.float32)
        self.n_transfers = 0
        """How often the style-transfer network painted."""

    @property
    def size_px(self) -> int:
        """The longer side of the newest picture; 0 before the first."""
        return max(self._pixels.shape[:2])

    def paint(
        self, frame: Frame, v: Float32, z: Float32, strength: float, time_s: float, fades: bool
    ) -> UInt8:
        """(H, W, 4) uint8 RGBA, H and W those of the frame; valid until the next call.

        With `fades` another frame number is another picture, which replaces the one before within FADE_S.
        """
        is_new = self._read(frame, time_s, fades) | self._look(v, z) | (strength != self._strength)
        self._strength = strength
        if is_new or self._painted is None:
            self._painted = self._transfer.paint(self._content, self._style, strength, self._painted)
            self.n_transfers += 1
        elif self._leaving is None:
            return self._pixels
        self._show(self._painted, time_s)
        return self._pixels

    def _read(self, frame: Frame, time_s: float, fades: bool) -> bool:
        """Takes the frame in; whether it is another."""
        shape = frame.pixels.shape
        if frame.number == self._number and shape == self._shape:
            return False
        if fades and self._painted is not None and frame.number != self._number:
            shown = self._pixels[..., :3].astype(np.float32) / np.float32(255.0)
            self._leaving, self._left_s = _cover(shown, shape[0], shape[1]), time_s
        self._content = self._transfer.read_content(frame.pixels)
        self._number, self._shape = frame.number, shape
        return True

    def _look(self, v: Float32, z: Float32) -> bool:
        """Makes the style image and reads it; whether it is another."""
        if self._hand is not None and all(map(np.array_equal, self._hand, (v, z))):
            return False
        self._hand = v.copy(), z.copy()
        self._style = self._transfer.read_style(self._paint_style(v, z))
        return True

    def _show(self, painted: Float32, time_s: float) -> None:
        height, width, _ = painted.shape
        if self._pixels.shape[:2] != (height, width):
            self._pixels = np.full((height, width, 4), 255, np.uint8)
            self._shown = np.empty(painted.shape, np.float32)
        shown, share = self._shown, min(max((time_s - self._left_s) / FADE_S, 0.0), 1.0)
        if self._leaving is not None and self._leaving.shape == painted.shape and share < 1.0:
            np.subtract(painted, self._leaving, out=shown)
            shown *= np.float32(share * share * (3.0 - 2.0 * share))
            shown += self._leaving
            painted = shown
        else:
            self._leaving = None
        np.multiply(painted, np.float32(255.0), out=shown)
        shown += np.float32(0.5)
        self._pixels[..., :3] = shown


def _cover(picture: Float32, height: int, width: int) -> Float32:
    """The middle of a picture, as large as covers (height, width), by the nearest pixels: it is leaving."""
    scale = min(picture.shape[0] / height, picture.shape[1] / width)
    rows = (picture.shape[0] + scale * (2 * np.arange(height) + 1 - height)) / 2
    columns = (picture.shape[1] + scale * (2 * np.arange(width) + 1 - width)) / 2
    return picture[rows.astype(int)][:, columns.astype(int)]
