"""Keeps the shown picture from flashing more than three times a second: measures frames, and smooths them."""

from __future__ import annotations

import moderngl
import numpy as np

from visualizer.display.canvas import Canvas
from visualizer.display.flashes import N_CELLS, N_COLUMNS, N_ROWS, FlashBudget
from visualizer.display.isf import Effect
from visualizer.types import Float32

GAMMA = 2.2


class FlashLimiter:
    """The last step before grain and blackout. Owner: the thread of the GL context.

    While little happens frames are measured a frame late, so that nothing waits for the GPU; only where two
    flashes were seen within a second each frame is measured before it is shown.
    """

    def __init__(self, context: moderngl.Context, measure: Effect, hold: Effect) -> None:
        self._context, self._measure, self._hold = context, measure, hold
        self._cells = Canvas(context, (N_COLUMNS, N_ROWS), dtype="f4")
        self._buffer = context.buffer(reserve=N_CELLS * 4 * 4)
        self._held: list[Canvas] = []
        self.forget()

    def forget(self) -> None:
        """As if nothing had been shown yet."""
        self._budget = FlashBudget()
        self._pending: tuple[float, float] | None = None
        self._before: Float32 | None = None
        """What the first of the held canvases shows."""

    @property
    def n_held(self) -> int:
        """Frames that were not shown as they came."""
        return self._budget.n_held

    def is_spent(self, time_s: float) -> bool:
        """Whether one change of brightness more would be too many."""
        return self._budget.is_spent(time_s)

    def limit(self, frame: Canvas, time_s: float, brightness: float) -> Canvas:
        """The frame, or as much of it as may be shown; `brightness` [0, 1] is multiplied to it later."""
        light = brightness**GAMMA
        self._look(frame)
        if self._pending is not None:
            late_s, late_light = self._pending
            self._budget.shown(late_s, _read(self._buffer) * np.float32(late_light), is_wanted=True)
            self._pending = None
        if not self._budget.is_alert(time_s):
            self._cells.framebuffer.read_into(self._buffer, components=4, dtype="f4")
            self._pending = time_s, light
            self._before = None
            return frame
        self._cells.framebuffer.read_into(self._buffer, components=4, dtype="f4")
        return self._limit(frame, time_s, light, _read(self._buffer))

    def warm_up(self, frame: Canvas) -> None:
        """Drivers compile at the first draw, which must not be that of the first flash."""
        self._look(frame)
        spare = Canvas(self._context, frame.size)
        images = {"startImage": frame.texture, "endImage": frame.texture}
        self._hold.draw(spare.framebuffer, images, {"share": 1.0})
        spare.release()

    def _limit(self, frame: Canvas, time_s: float, light: float, wanted: Float32) -> Canvas:
        if not self._held or self._held[0].size != frame.size:
            self._release_held()
            self._held = [Canvas(self._context, frame.size) for _ in range(2)]
            self._before = None
        before = wanted if self._before is None else self._before
        share = self._budget.share(time_s, wanted, before, light)
        share = 1.0 if self._before is None else share
        held = self._held[1]
        images = {"startImage": self._held[0].texture, "endImage": frame.texture}
        self._hold.draw(held.framebuffer, images, {"share": share})
        self._held.reverse()
        if share < 1.0:
            self._look(held)
            self._cells.framebuffer.read_into(self._buffer, components=4, dtype="f4")
            self._before = _read(self._buffer)
        else:
            self._before = wanted
        self._budget.shown(time_s, self._before * np.float32(light), is_wanted=False)
        return held

    def _look(self, frame: Canvas) -> None:
        self._measure.draw(self._cells.framebuffer, {"inputImage": frame.texture}, {})

    def _release_held(self) -> None:
        for canvas in self._held:
            canvas.release()

    def release(self) -> None:
        """Frees everything on the GPU but the effects."""
        self._release_held()
        self._cells.release()
        self._buffer.release()


def _read(buffer: moderngl.Buffer) -> Float32:
    """(2, N_CELLS) float32: luminance and red."""
    return np.frombuffer(buffer.read(), np.float32).reshape(N_CELLS, 4).T[:2].copy()
