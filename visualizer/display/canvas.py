"""A texture that can be drawn into."""

from __future__ import annotations

import moderngl
import numpy as np

from visualizer.types import UInt8


class Canvas:
    """A framebuffer with one RGBA texture; half floats unless told otherwise. Owner: the GL thread."""

    def __init__(self, context: moderngl.Context, size: tuple[int, int], dtype: str = "f2") -> None:
        self.size = size
        self.texture = context.texture(size, 4, dtype=dtype)
        self.texture.repeat_x = self.texture.repeat_y = False
        self.framebuffer = context.framebuffer([self.texture])
        self.framebuffer.clear()

    def release(self) -> None:
        """Frees both."""
        self.framebuffer.release()
        self.texture.release()


def scaled(size: tuple[int, int], share: float) -> tuple[int, int]:
    """A share of a size in px, each side at least 1."""
    return max(round(size[0] * share), 1), max(round(size[1] * share), 1)


def padded(pixels: UInt8) -> UInt8:
    """(H, W, 4) with a transparent row or column more where a side is a power of two.

    Software GL compiles a shader again for such sides; what has any size should not have these by chance.
    """
    rows, columns = (int(side & (side - 1) == 0) for side in pixels.shape[:2])
    return np.pad(pixels, ((0, rows), (0, columns), (0, 0))) if rows or columns else pixels
