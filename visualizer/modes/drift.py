"""A slow wander through styles: what moves the picture when nothing sounds, and which way a beat pushes."""

from __future__ import annotations

import numpy as np

from visualizer.types import Float32


class Drift:
    """A smooth endless path through a shuffled list of styles; a pure function of time and seed."""

    def __init__(self, styles: Float32, rest: Float32, seed: int) -> None:
        """`styles` (N, D) and `rest` (D,) float32; N is at least 4."""
        order = np.random.default_rng(seed).permutation(len(styles))
        self._n = len(styles)
        begins_again = np.concatenate((order, order[:3]))
        self._offsets: Float32 = np.ascontiguousarray(styles[begins_again] - rest, np.float32)

    def at(self, time_s: float, period_s: float) -> Float32:
        """Offset from the resting style (D,) float32: a spline that passes a new style each period."""
        position = time_s / period_s
        index = int(np.floor(position))
        t = position - index
        t2, t3 = t * t, t * t * t
        shares = (2 * t2 - t3 - t, 3 * t3 - 5 * t2 + 2, t + 4 * t2 - 3 * t3, t3 - t2)  # Catmull and Rom
        first = (index - 1) % self._n
        halves: Float32 = np.array(shares, np.float32) * np.float32(0.5)
        return np.asarray(halves @ self._offsets[first : first + 4])

    def direction(self, number: int) -> Float32:
        """One of the offsets, (D,) float32, by number: where a beat pushes."""
        return self._offsets[number % self._n]
