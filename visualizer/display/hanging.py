"""How a picture hangs on a wall of another shape, and how two pictures of different shape are mixed there."""

from __future__ import annotations

from collections.abc import Sequence

import moderngl

from visualizer.display import isf
from visualizer.display.canvas import Canvas

GOES_ON = ("mirror", "crop")
"""Ways to fill a wall with nothing but picture."""
NEARLY = (0.74, 1.06)
"""A wall so many widths of the picture wide is filled by cutting a little off; 4:3 is 0.76 of a wide one."""

Hang = tuple[float, float]
"""How many pictures lie side by side, and above each other, on the wall."""


def hang(picture: tuple[int, int], wall: tuple[int, int], fill: str) -> Hang:
    """For a picture and a wall of this width and height, by `display.fill`."""
    across = (wall[0] / wall[1]) / (picture[0] / picture[1])
    cuts = fill == "crop" or (fill == "mirror" and NEARLY[0] < across < NEARLY[1])
    fits = min(across, 1.0) if cuts else max(across, 1.0)
    return fits, fits / across


def between(start: Hang, end: Hang, mix: float) -> Hang:
    """On the way from one to the other, [0, 1]."""
    turn = mix * mix * (3.0 - 2.0 * mix)
    return start[0] + (end[0] - start[0]) * turn, start[1] + (end[1] - start[1]) * turn


class Reach:
    """Draws a narrower picture as wide as another one. Owner: the thread of the GL context."""

    def __init__(self, context: moderngl.Context, effect: isf.Effect) -> None:
        """`effect`: the stage "reach"."""
        self._context, self._effect = context, effect
        self._canvas = Canvas(context, (1, 1))

    def even(
        self, pictures: Sequence[Canvas], wall: tuple[int, int], fill: str
    ) -> tuple[list[Canvas], list[Hang]]:
        """Two pictures and how they hang, where they fill the wall both of the wider shape.

        Each part of a picture stays where it was on the wall. The canvas is valid until the next call.
        """
        made, hangs = list(pictures), [hang(picture.size, wall, fill) for picture in pictures]
        shapes = [width / height for width, height in (picture.size for picture in pictures)]
        reach = max(shapes) / min(shapes)
        if fill not in GOES_ON or reach < 1.001:
            return made, hangs
        narrow = shapes.index(min(shapes))
        made[narrow] = self.draw(pictures[narrow], reach)
        hangs[narrow] = hangs[narrow][0] / reach, hangs[narrow][1]
        return made, hangs

    def draw(self, picture: Canvas, reach: float) -> Canvas:
        """The picture in the middle of one that is `reach` times as wide, mirrored beside it."""
        size = round(picture.size[0] * reach), picture.size[1]
        if self._canvas.size != size:
            self._canvas.release()
            self._canvas = Canvas(self._context, size)
        self._effect.draw(self._canvas.framebuffer, {"inputImage": picture.texture}, {"reach": reach})
        return self._canvas

    def release(self) -> None:
        """Frees the canvas."""
        self._canvas.release()
