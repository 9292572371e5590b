"""Figures of the shown frames: rate, gaps, and the time from sound to light."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

SPAN_S = 1.5
"""Rates and the present longest gap look back so far: a status line a second misses no gap."""
LATENCY_S = 10.0
LONG_GAP_S = 0.1


class Shown:
    """Told of every shown frame; knows no clock."""

    def __init__(self) -> None:
        self.n = 0
        self.n_long_gaps = 0
        self.longest_gap_s = 0.0
        """Of all."""
        self.firsts_s: dict[str, float] = {}
        """When the first `frame` was shown, when the second (pixels are `moving`), and the first `image`."""
        self._times: deque[float] = deque()
        self._gaps: deque[tuple[float, float]] = deque()
        self._latencies: deque[tuple[float, float | None, float | None]] = deque()

    def add(
        self, time_s: float, light_s: float | None, image_s: float | None, has_image: bool = False
    ) -> None:
        """A frame was shown at `time_s`; how old the sound was that moved its shaders and its image."""
        if "image" not in self.firsts_s:
            self.firsts_s.setdefault("moving" if self.n else "frame", time_s)
            if has_image:
                self.firsts_s["image"] = time_s
        if self._times:
            gap_s = time_s - self._times[-1]
            self.longest_gap_s = max(self.longest_gap_s, gap_s)
            self.n_long_gaps += gap_s > LONG_GAP_S
            self._gaps.append((time_s, gap_s))
        self.n += 1
        self._times.append(time_s)
        self._latencies.append((time_s, light_s, image_s))
        while len(self._times) > 2 and time_s - self._times[0] > SPAN_S:
            self._times.popleft()
        while self._gaps and time_s - self._gaps[0][0] > SPAN_S:
            self._gaps.popleft()
        while time_s - self._latencies[0][0] > LATENCY_S:
            self._latencies.popleft()

    @property
    def fps(self) -> float:
        """Frames a second over the last moments."""
        if len(self._times) < 2:
            return 0.0
        return (len(self._times) - 1) / max(self._times[-1] - self._times[0], 1e-6)

    @property
    def latency_s(self) -> tuple[float | None, float | None]:
        """Median ages of sound in shaders and image."""
        return self._percentile(1, 50), self._percentile(2, 50)

    def _percentile(self, column: int, percent: float) -> float | None:
        values = [entry[column] for entry in self._latencies if entry[column] is not None]
        return float(np.percentile(np.array(values, np.float64), percent)) if values else None

    def figures(self) -> dict[str, Any]:
        """For health: JSON-able."""
        latency = {
            f"{name}_p{percent}": _ms(self._percentile(column, percent))
            for column, name in ((1, "light"), (2, "image"))
            for percent in (50, 95)
        }
        return {
            "n_shown": self.n,
            "firsts_s": self.firsts_s,
            "shown_fps": round(self.fps, 1),
            "longest_gap_ms": _ms(max((gap for _, gap in self._gaps), default=None)),
            "longest_gap_ever_ms": _ms(self.longest_gap_s),
            "n_gaps_over_100_ms": self.n_long_gaps,
            "latency_ms": latency,
        }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1e3 * seconds, 1)
