"""The newest images of one deck, each becoming the next over the interval at which they come."""

from __future__ import annotations

import moderngl
import numpy as np

from visualizer.display.between import Between, new_way
from visualizer.display.canvas import Canvas
from visualizer.display.isf import Effect
from visualizer.display.motion import approach
from visualizer.types import Image

MAX_INTERVAL_S = 0.5
FIRST_INTERVAL_S = 0.05
INTERVAL_MEMORY_S = 0.5
"""Time constant of the measured image interval."""


class Deck:
    """Two pictures and how far the one has become the other. Owner: the thread of its GL context."""

    def __init__(self, context: moderngl.Context, dissolve: Effect, between: Between) -> None:
        self._context = context
        self._dissolve, self._between = dissolve, between
        self.flows = False
        """Whether things move from picture to picture, rather than being dissolved."""
        self._size = (0, 0)
        self._layers: _Layers | None = None
        self.n_images = 0
        self._came_s = 0.0
        self._interval_s = FIRST_INTERVAL_S
        self._duration_s = 0.0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the newest image, px."""
        return self._size

    def set(self, image: Image, time_s: float, dt_s: float, blend: float) -> None:
        """A new image came at `time_s`: what is shown now becomes the picture to dissolve from."""
        rows, columns = image.pixels.shape[:2]
        shown = self._layers, self.progress(time_s, dt_s)
        if (columns, rows) != self._size:
            self._layers = _Layers(self._context, (columns, rows))
            self._size = (columns, rows)
        layers = self._layers
        assert layers
        if shown[0]:
            self._measure(time_s - self._came_s)
            self._bake(shown[0], shown[1])
        # GL counts rows from the bottom, images from the top.
        np.copyto(layers.upside_down, image.pixels[::-1])
        layers.new.write(layers.upside_down)
        layers.is_way_known = False
        if not shown[0]:
            self._bake(layers, 1.0)
        elif shown[0] is not layers:
            shown[0].release()
        self.n_images += 1
        self._came_s = time_s
        self._duration_s = self._interval_s * blend

    def progress(self, time_s: float, dt_s: float) -> float:
        """[0, 1] at the end of the frame that begins at `time_s`, so that frame-paced images show at once."""
        if self._duration_s <= 0.0:
            return 1.0
        return min(max((time_s - self._came_s + dt_s) / self._duration_s, 0.0), 1.0)

    def draw(self, target: Canvas, time_s: float, dt_s: float) -> None:
        """Draws what is shown now."""
        assert self._layers
        self._draw(target, self._layers, self.progress(time_s, dt_s))

    def _draw(self, target: Canvas, layers: _Layers, progress: float) -> None:
        old, new = layers.old.texture, layers.new
        if not self.flows or not 0.0 < progress < 1.0:
            self._dissolve.draw(
                target.framebuffer, {"startImage": old, "endImage": new}, {"progress": progress}
            )
            return
        if not layers.is_way_known:  # only now: where images come as fast as frames nobody asks for it
            self._between.find(old, new, layers.way)
            layers.is_way_known = True
        self._between.draw(target, old, new, layers.way, progress)

    def _measure(self, gap_s: float) -> None:
        gap_s = min(max(gap_s, 1 / 144), MAX_INTERVAL_S)
        self._interval_s = approach(self._interval_s, gap_s, gap_s, INTERVAL_MEMORY_S)

    def _bake(self, shown: _Layers, progress: float) -> None:
        """What `shown` shows becomes the old picture of the present layers."""
        layers = self._layers
        assert layers
        self._draw(layers.spare, shown, progress)
        layers.old, layers.spare = layers.spare, layers.old

    def release(self) -> None:
        """Frees the textures."""
        if self._layers:
            self._layers.release()


class _Layers:
    """The textures of one image size: the newest image, what it replaces, the way there, and room to mix."""

    def __init__(self, context: moderngl.Context, size: tuple[int, int]) -> None:
        self.new = context.texture(size, 4)
        self.new.repeat_x = self.new.repeat_y = False
        self.upside_down = np.empty((size[1], size[0], 4), np.uint8)
        """Room for the rows of the newest image from the bottom up."""
        self.old = Canvas(context, size)
        self.spare = Canvas(context, size)
        self.way = new_way(context)
        self.is_way_known = False

    def release(self) -> None:
        """Frees the textures."""
        self.new.release()
        self.old.release()
        self.spare.release()
        self.way.release()
