"""A slow wander through styles: what moves the picture when nothing sounds, and which way a beat pushes."""

from __future__ import annotations

import numpy as np

from visualizer.types import Float32


class Drift:
    """A smooth endless path through a shuffled list of styles; a pure function of time and seed."""

    def __init__(self, styles: Float32, rest: Float32, seed: int) -> None:
        """`styles` (N, D) and `rest` (D,) float32; N is at least 4."""
        order = np.random.default_rng(seed).permutation(len(styles))
        self._offsets: Float32 = np.ascontiguousarray(styles[order] - rest, np.float32)

    def at(self, time_s: float, period_s: float) -> Float32:
        """Offset from the resting style (D,) float32: a spline that passes a new style each period."""
        position = time_s / period_s
        index = int(np.floor(position))
        t = np.float32(position - index)
        p0, p1, p2, p3 = (self._offsets[(index + k) % len(self._offsets)] for k in range(-1, 3))
        m1, m2 = (p2 - p0) / 2, (p3 - p1) / 2
        t2, t3 = t * t, t * t * t
        return (2 * t3 - 3 * t2 + 1) * p1 + (t3 - 2 * t2 + t) * m1 + (3 * t2 - 2 * t3) * p2 + (t3 - t2) * m2

    def direction(self, number: int) -> Float32:
        """One of the offsets, (D,) float32, by number: where a beat pushes."""
        return self._offsets[number % len(self._offsets)]
