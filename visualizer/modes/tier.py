"""When to paint fewer pixels: below the performer's floor, and until the machine can do more again."""

from __future__ import annotations

from collections import deque

RATE_SPAN_S = 1.0
DOWN_AFTER_S = 2.5
"""How long images must come too slowly before there are fewer pixels."""
UP_AFTER_S = 8.0
"""How long they must come well before all pixels are tried again; doubled after a try that failed."""
UP_AFTER_MOST_S = 128.0
FAILED_TRY_S = 6.0
WELL = 1.25
"""Images come well at this multiple of the floor, or at nearly all that are wanted."""
NEARLY = 0.9
PAUSE_S = 1.0
"""A longer time without an image is a pause, not slowness."""


class Tier:
    """Told of every image; knows no clock and no network. Owned by one thread."""

    def __init__(self) -> None:
        self.is_light = False
        """Whether fewer pixels should be painted."""
        self._rate = 0.0
        self._times: deque[float] = deque()
        self._since_s: float | None = None
        self._up_after_s = UP_AFTER_S
        self._tried_s: float | None = None

    @property
    def rate(self) -> float:
        """Images a second, over the last RATE_SPAN_S."""
        return self._rate

    def painted(self, now_s: float, floor_fps: float, wanted_fps: float) -> bool:
        """An image was painted; whether `is_light` changed. A floor of 0 is none.

        A deck that is asked for fewer images than the floor is held to nearly those.
        """
        floor = min(floor_fps, NEARLY * wanted_fps)
        self._measure(now_s, wanted_fps)
        if floor_fps <= 0.0:
            was_light, self.is_light, self._since_s = self.is_light, False, None
            return was_light
        well = self._rate >= min(WELL * floor, NEARLY * wanted_fps)
        if not (well if self.is_light else self._rate < floor):
            self._since_s = None
            return False
        if self._since_s is None:
            self._since_s = now_s
        if now_s - self._since_s < (self._up_after_s if self.is_light else DOWN_AFTER_S):
            return False
        self._turn(now_s)
        return True

    def _measure(self, now_s: float, wanted_fps: float) -> None:
        if not self._times or now_s - self._times[-1] > max(PAUSE_S, 2.0 / wanted_fps):
            self._times = deque([now_s])
            self._rate, self._since_s = wanted_fps, None
            return
        while len(self._times) > 1 and now_s - self._times[1] > RATE_SPAN_S:
            self._times.popleft()
        self._rate = len(self._times) / (now_s - self._times[0])
        self._times.append(now_s)

    def _turn(self, now_s: float) -> None:
        if self.is_light:
            self._tried_s = now_s
        elif self._tried_s is not None:
            failed = now_s - self._tried_s < FAILED_TRY_S
            self._up_after_s = min(2.0 * self._up_after_s, UP_AFTER_MOST_S) if failed else UP_AFTER_S
        self.is_light = not self.is_light
        self._since_s = None
