"""Moments between two pictures: how things moved from the one to the other, and both carried half the way.

Source: Lucas and Kanade, "An iterative image registration technique with an application to stereo vision"
(1981), on a pyramid, seen symmetrically from the moment half-way.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import moderngl

from visualizer.display import isf
from visualizer.display.canvas import Canvas

SIDE_PX = 64
LEVELS_PX = {16: 2, 32: 2, SIDE_PX: 1}
"""Sides of the pyramid's levels, coarsest first, and the iterations at each."""
PRECISION = "f4"


def new_way(context: moderngl.Context) -> Canvas:
    """Room for a way: in red and green how far things move, in UV, in blue how sure that is, [0, 1]."""
    return Canvas(context, (SIDE_PX, SIDE_PX), PRECISION)


class Between:
    """Finds ways and draws moments on them; one for all decks. Owner: the thread of the GL context."""

    def __init__(self, context: moderngl.Context, shaders: Path | None = None) -> None:
        """UserError where a shader is missing or does not compile."""
        self._context = context
        self._light, self._slopes, self._left, self._way, self._moment = (
            isf.Effect(context, isf.load(name, shaders))
            for name in ("between_light", "between_slopes", "between_left", "between_way", "between")
        )
        self._lights = {px: Canvas(context, (px, px), PRECISION) for px in LEVELS_PX}
        self._both = {px: Canvas(context, (2 * px, px), PRECISION) for px in LEVELS_PX}
        self._ways = {px: [Canvas(context, (px, px), PRECISION) for _ in range(2)] for px in LEVELS_PX}
        self._nowhere, self._unexplained = (Canvas(context, (1, 1), PRECISION) for _ in range(2))

    def find(self, start: moderngl.Texture, end: moderngl.Texture, way: Canvas) -> None:
        """Draws into `way` how things move from `start` to `end`: nowhere where that is not sure."""
        images = {"startImage": start, "endImage": end}
        for px in reversed(LEVELS_PX):
            light = self._lights[px]
            self._light.draw(light.framebuffer, images, {"isLight": px != SIDE_PX})
            images = {"startImage": light.texture}
        known = self._nowhere
        for px, n_times in LEVELS_PX.items():
            both = self._both[px]
            self._slopes.draw(both.framebuffer, {"light": self._lights[px].texture}, {})
            for index in range(n_times):
                nearer = self._ways[px][index % 2]
                self._step(nearer, both, known, {"settles": False})
                known = nearer
        images = {"slopes": both.texture, "way": known.texture}
        self._left.draw(self._unexplained.framebuffer, images, {})
        size = (float(start.width), float(start.height))
        self._step(way, both, known, {"settles": True, "size": size})

    def _step(self, target: Canvas, both: Canvas, known: Canvas, values: Mapping[str, isf.Uniform]) -> None:
        images = {"slopes": both.texture, "way": known.texture, "left": self._unexplained.texture}
        self._way.draw(target.framebuffer, images, values)

    def draw(
        self,
        target: Canvas,
        start: moderngl.Texture,
        end: moderngl.Texture,
        way: Canvas,
        progress: float,
    ) -> None:
        """Draws the moment that is `progress`, [0, 1], of the way from `start` to `end`."""
        images = {"startImage": start, "endImage": end, "way": way.texture}
        self._moment.draw(target.framebuffer, images, {"progress": progress})

    @property
    def effects(self) -> Mapping[str, isf.Effect]:
        """All of its shaders by name."""
        each = (self._light, self._slopes, self._left, self._way, self._moment)
        return {effect.shader.name: effect for effect in each}

    def release(self) -> None:
        """Frees everything on the GPU."""
        ways = (canvas for pair in self._ways.values() for canvas in pair)
        for canvas in (*self._lights.values(), *self._both.values(), *ways, self._nowhere, self._unexplained):
            canvas.release()
        for effect in (self._light, self._slopes, self._left, self._way, self._moment):
            effect.release()
