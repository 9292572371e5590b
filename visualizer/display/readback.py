"""Shown frames back from the GPU for the recording, a frame late so that drawing never waits for the copy."""

from __future__ import annotations

import moderngl
import numpy as np

from visualizer import clock
from visualizer.display.canvas import Canvas
from visualizer.display.renderer import Renderer
from visualizer.types import Features, Image

FPS = 30.0
MOST_PX = (1920, 1080)
_EARLY = 0.45
"""Of a period: a frame that an onset hurried is taken, each second one of 60 a second is not."""


class Readback:
    """A ring of two pixel buffers. Owner: the thread of its GL context."""

    def __init__(self, context: moderngl.Context, size: tuple[int, int]) -> None:
        """Frames of `size`, made smaller in proportion where they exceed 1920×1080."""
        scale = min(1.0, MOST_PX[0] / size[0], MOST_PX[1] / size[1])
        self.of = size
        self.size = (max(int(size[0] * scale), 1), max(int(size[1] * scale), 1))
        self._context = context
        self._canvas: Canvas | None = None
        self._shown_ns = self._heard_ns = 0
        self._buffers = [context.buffer(reserve=4 * self.size[0] * self.size[1]) for _ in range(2)]
        self._pending: Image | None = None
        self._next_s: float | None = None
        self._n = 0

    def is_due(self, time_s: float) -> bool:
        """Whether the frame shown now is to be recorded: 30 a second, on a beat that is even in the mean."""
        return self._next_s is None or time_s >= self._next_s - _EARLY / FPS

    def take(
        self, renderer: Renderer, screen: moderngl.Framebuffer, time_s: float, heard: Features
    ) -> Image | None:
        """Begins to copy what `screen` holds, before anything is laid over it; gives the frame before.

        A frame is of the onset that it is the first to show, else of the middle of what was heard since the
        frame before.
        """
        beat_s = time_s if self._next_s is None else self._next_s
        self._next_s = beat_s + 1 / FPS if time_s - beat_s < 1 / FPS else time_s + 1 / FPS
        finished = self._collect()
        source = screen
        if self.size != self.of:
            self._canvas = self._canvas or Canvas(self._context, self.size, dtype="f1")
            source = renderer.draw_again(self._canvas.framebuffer)
        self._n += 1
        box = (0, 0, *self.size)
        source.read_into(self._buffers[self._n % 2], viewport=box, components=4, alignment=1)
        self._pending = Image(np.empty((0, 0, 4), np.uint8), self._n, self._first_shown_ns(heard), 0)
        self._shown_ns = 0
        return finished

    def _first_shown_ns(self, heard: Features) -> int:
        before_ns, self._heard_ns = self._heard_ns, heard.time_ns
        if 0 < before_ns < heard.onset_ns:
            return heard.onset_ns
        first_ns = max(before_ns, heard.time_ns - clock.nanoseconds(1 / FPS))
        return (min(first_ns, heard.time_ns) + heard.time_ns) // 2

    def stamp(self, shown_ns: int) -> None:
        """When the frame of the last `take` was shown."""
        self._shown_ns = self._shown_ns or shown_ns

    def _collect(self) -> Image | None:
        begun, self._pending = self._pending, None
        if begun is None:
            return None
        width, height = self.size
        data = np.frombuffer(self._buffers[begun.number % 2].read(), np.uint8)
        # GL counts rows from the bottom.
        pixels = np.ascontiguousarray(data.reshape(height, width, 4)[::-1])
        return Image(pixels, begun.number, begun.heard_ns, self._shown_ns)

    def release(self) -> None:
        """Frees the buffers."""
        if self._canvas:
            self._canvas.release()
        for buffer in self._buffers:
            buffer.release()
