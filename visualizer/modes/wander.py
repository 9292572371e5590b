"""The painter's own hand: z of a seed, drawn once, and how it may wander by itself."""

from __future__ import annotations

import numpy as np

from visualizer.modes.drift import Drift
from visualizer.types import Float32

PERIOD_S = 45.0
"""How long it takes from one direction to the next."""
_N_DIRECTIONS = 8


class Wander:
    """z on the sphere where random z lie; a pure function of seed, time and how far it may go."""

    def __init__(self, n_z: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        self._start: Float32 = random.standard_normal(n_z, dtype=np.float32)
        directions = random.standard_normal((_N_DIRECTIONS, n_z), dtype=np.float32)
        self._drift = Drift(directions, np.zeros(n_z, np.float32), seed)
        self._length = float(np.linalg.norm(self._start))

    def at(self, time_s: float, reach: float) -> Float32:
        """(n_z,) float32 of the same length as the seed's z; `reach` 0 is that z, 1 goes half-way from it."""
        if reach == 0.0:
            return self._start
        z = self._start + np.float32(reach) * self._drift.at(time_s, PERIOD_S)
        return z * np.float32(self._length / float(np.linalg.norm(z)))
