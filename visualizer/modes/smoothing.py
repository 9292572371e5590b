"""Causal averaging of styles over time, with an exact weight for styles that come at uneven times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from visualizer.types import Float32

Kernel = Literal["box", "triangle", "exponential"]

_LONGEST_S = 40.0
_FIRST_ROOM = 256
"""Styles that a history holds before it makes more room."""
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
        # Room for more than is kept: it moves to the front every so often, and a window of it is a view.
        self._times_s = np.zeros(_FIRST_ROOM, np.float64)
        self._styles: Float32 = np.zeros((_FIRST_ROOM, len(rest)), np.float32)
        self._first = self._end = 0
        self._start_s = 0.0

    def reset(self) -> None:
        """Forgets all; the next style starts anew."""
        self._first = self._end = 0

    def push(self, time_s: float, step_s: float, style: Float32) -> None:
        """`style` (D,) float32 heard at `time_s`; `step_s`: the time it stands for if it is the first."""
        if self._first == self._end:
            self._start_s = time_s - step_s
        if self._end == len(self._times_s):
            self._make_room()
        self._times_s[self._end], self._styles[self._end] = time_s, style
        self._end += 1
        while self._first < self._end - 1 and self._times_s[self._first] < time_s - _LONGEST_S:
            self._start_s = float(self._times_s[self._first])
            self._first += 1

    def _make_room(self) -> None:
        """Moves what is kept to the front; of more room, where it takes more than three quarters of it."""
        n_kept, n_room = self._end - self._first, len(self._times_s)
        if 4 * n_kept > 3 * n_room:
            n_room += n_room // 2
            times_s, styles = np.zeros(n_room, np.float64), np.zeros((n_room, len(self.rest)), np.float32)
        else:
            times_s, styles = self._times_s, self._styles
        times_s[:n_kept] = self._times_s[self._first : self._end]
        styles[:n_kept] = self._styles[self._first : self._end]
        self._times_s, self._styles, self._first, self._end = times_s, styles, 0, n_kept

    def average(self, window_s: float, kernel: Kernel = "box") -> tuple[Float32, float]:
        """The weighted mean (D,) float32 up to the newest style, and the centre of mass of its ages in s."""
        if self._first == self._end:
            return self.rest, 0.0
        kept_s = self._times_s[self._first : self._end]
        first = int(np.searchsorted(kept_s, kept_s[-1] - _REACH * window_s))
        ends = kept_s[first:]
        before_s = kept_s[first - 1] if first else self._start_s
        starts = np.concatenate(([before_s], ends[:-1]))
        now = ends[-1]
        share = _CUMULATIVE[kernel]
        weights = share((now - starts) / window_s) - share((now - ends) / window_s)
        styles = self._styles[self._first + first : self._end]
        unheard = max(0.0, 1.0 - float(weights.sum()))
        mean = weights.astype(np.float32) @ styles + np.float32(unheard) * self.rest
        middles = now - (starts + ends) / 2.0
        heard = float(weights.sum())
        age_s = float(weights @ middles) / heard if heard > 0.0 else 0.0
        return mean.astype(np.float32), age_s
