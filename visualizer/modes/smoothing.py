"""Causal averaging of styles over time, with an exact weight for styles that come at uneven times."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from visualizer.types import Float32

Kernel = Literal["box", "triangle", "exponential"]

_LONGEST_S = 40.0
_REACH = 4.0
"""After so many windows every kernel has spent its weight (the exponential all but 6 parts in a million)."""
_EXPONENTIAL_SHARE = 3.0
"""An exponential of time constant T/3 has let 95 % of its weight pass after T."""


def _box(age: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(age, 0.0, 1.0)


def _triangle(age: NDArray[np.float64]) -> NDArray[np.float64]:
    age = np.clip(age, 0.0, 1.0)
    return age * (2.0 - age)


def _exponential(age: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 - np.exp(-_EXPONENTIAL_SHARE * np.maximum(age, 0.0))


_CUMULATIVE: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "box": _box,
    "triangle": _triangle,
    "exponential": _exponential,
}
"""Share of a kernel's weight up to an age, in units of the window; the newest weighs most in a triangle."""


class StyleHistory:
    """The styles of the last seconds; `average` weighs each by how long it stood.

    A style heard at t_i stands for the time since t_(i-1). What lies before the first style is `rest`, so a
    start glides from the resting style into the music.
    """

    def __init__(self, rest: Float32) -> None:
        """`rest`: (D,) float32, the style of silence."""
        self.rest = rest
        self._styles: deque[tuple[float, Float32]] = deque()
        self._start_s = 0.0

    def reset(self) -> None:
        """Forgets all; the next style starts anew."""
        self._styles.clear()

    def push(self, time_s: float, step_s: float, style: Float32) -> None:
        """`style` (D,) float32 heard at `time_s`; `step_s`: the time it stands for if it is the first."""
        if not self._styles:
            self._start_s = time_s - step_s
        self._styles.append((time_s, style))
        while len(self._styles) > 1 and self._styles[0][0] < time_s - _LONGEST_S:
            self._start_s = self._styles.popleft()[0]

    def average(self, window_s: float, kernel: Kernel = "box") -> tuple[Float32, float]:
        """The weighted mean (D,) float32 up to the newest style, and the centre of mass of its ages in s."""
        if not self._styles:
            return self.rest, 0.0
        ends = np.array([time_s for time_s, _ in self._styles])
        first = int(np.searchsorted(ends, ends[-1] - _REACH * window_s))
        starts = np.concatenate(([self._start_s], ends[:-1]))[first:]
        ends = ends[first:]
        now = ends[-1]
        share = _CUMULATIVE[kernel]
        weights = share((now - starts) / window_s) - share((now - ends) / window_s)
        styles = np.stack([style for _, style in islice(self._styles, first, None)])
        unheard = max(0.0, 1.0 - float(weights.sum()))
        mean = weights.astype(np.float32) @ styles + np.float32(unheard) * self.rest
        middles = now - (starts + ends) / 2.0
        heard = float(weights.sum())
        age_s = float(weights @ middles) / heard if heard > 0.0 else 0.0
        return mean.astype(np.float32), age_s
