"""A texture that can be drawn into."""

from __future__ import annotations

import moderngl


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
