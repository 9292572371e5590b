"""When the next frame is due: an even pace, halved with hysteresis where the machine cannot keep it."""

from __future__ import annotations

from visualizer.display.motion import approach

COST_MEMORY_S = 0.4
DOWN_AFTER_S = 0.6
"""How long frames must be too dear before the pace is halved."""
UP_AFTER_S = 4.0
"""How long they must be cheap before the full pace is tried again; doubled after a try that failed."""
UP_AFTER_MOST_S = 64.0
FAILED_TRY_S = 5.0
CHEAP = 0.7
"""A frame is cheap at this share of what is too dear."""
LEAST_FPS = 24.0
HURRY_PERIODS = 0.5
"""A frame comes at most so much before it is due."""


class Pacer:
    """Gives the times of frames. Knows no clock: every call is told the time in seconds."""

    def __init__(self, fps: float, dear_share: float = 0.85) -> None:
        """`dear_share`: the share of the frame period that drawing may take."""
        self._wanted_fps = fps
        self._dear_share = dear_share
        self._halved = False
        self._cost_s = 0.0
        self._since_s: float | None = None
        self._up_after_s = UP_AFTER_S
        self._tried_s: float | None = None
        self._due_s: float | None = None

    @property
    def fps(self) -> float:
        """The pace now."""
        return self._wanted_fps / 2 if self._halved else self._wanted_fps

    @property
    def cost_s(self) -> float:
        """What drawing a frame takes, smoothed."""
        return self._cost_s

    @property
    def due_s(self) -> float:
        """When the next frame is due; before the first one long ago."""
        return self._due_s or 0.0

    def want(self, fps: float) -> None:
        """Another wanted pace; the machine is trusted anew."""
        if fps != self._wanted_fps:
            self._wanted_fps = fps
            self._halved, self._since_s, self._up_after_s = False, None, UP_AFTER_S

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next frame is due; 0 when it is."""
        return 0.0 if self._due_s is None else max(self._due_s - now_s, 0.0)

    def hurry(self, now_s: float) -> None:
        """What happened now should be seen at once: a frame is due, if the last began half a period ago."""
        if self._due_s is not None and self._due_s - now_s <= HURRY_PERIODS / self.fps:
            self._due_s = min(self._due_s, now_s)

    def drawn(self, start_s: float, end_s: float) -> None:
        """A frame was begun and finished at these times."""
        period_s = 1.0 / self.fps
        due_s = start_s if self._due_s is None else self._due_s
        # A late frame moves the beat instead of being chased by a burst.
        self._due_s = due_s + period_s if start_s - due_s < period_s else start_s + period_s
        self._cost_s = approach(self._cost_s, end_s - start_s, period_s, COST_MEMORY_S)
        self._adapt(end_s)

    def _adapt(self, now_s: float) -> None:
        dear_s = self._dear_share / self._wanted_fps
        if self._halved:
            ready = self._cost_s < CHEAP * dear_s
        else:
            ready = self._cost_s > dear_s and self._wanted_fps / 2 >= LEAST_FPS
        if not ready:
            self._since_s = None
            return
        if self._since_s is None:
            self._since_s = now_s
        if now_s - self._since_s < (self._up_after_s if self._halved else DOWN_AFTER_S):
            return
        if self._halved:
            self._tried_s = now_s
        elif self._tried_s is not None:
            failed = now_s - self._tried_s < FAILED_TRY_S
            self._up_after_s = min(self._up_after_s * 2, UP_AFTER_MOST_S) if failed else UP_AFTER_S
        self._halved = not self._halved
        self._since_s = None
