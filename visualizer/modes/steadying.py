"""A follower that is calm in steady music and quick after a change."""

from __future__ import annotations

import numpy as np

from visualizer.types import Float32

QUICK_S = 0.2
"""Time constant of each of the two poles right after a change: 80 % of it within 0.6 s, were it to stay."""
CALMING = 0.15
"""How much longer, per second since the change, each time constant may be."""
_POLES_PER_WINDOW = 0.25
"""Two poles of a quarter of the window each are as old, in the mean, as a box of that window."""


class Steady:
    """Two equal low-pass poles in a row, so that motion has no corners. Owned by one thread.

    Their time constant is a quarter of `smoothing_s`; after `quicken` it starts at QUICK_S and grows back,
    which comes near to averaging all since the change.
    """

    def __init__(self, rest: Float32) -> None:
        """`rest`: (D,) float32, where it begins."""
        self._rest = rest
        self.reset()

    def reset(self) -> None:
        """At rest; the first change is followed quickly."""
        self.value: Float32 = self._rest.copy()
        """(D,) float32: what is followed, steadied."""
        self.age_s = 0.0
        """Mean age of what `value` holds."""
        self._near: Float32 = self._rest.copy()
        self._near_age_s = 0.0
        self._since_s = 0.0

    def quicken(self) -> None:
        """Something changed: follow quickly for a while."""
        self._since_s = 0.0

    def push(self, target: Float32, dt_s: float, smoothing_s: float) -> None:
        """`target` (D,) float32 stood for the last `dt_s`."""
        self._since_s += dt_s
        tau_s = min(smoothing_s * _POLES_PER_WINDOW, QUICK_S + CALMING * self._since_s)
        keep = float(np.exp(-dt_s / tau_s))
        share = np.float32(1.0 - keep)
        self._near = self._near + share * (target - self._near)
        self.value = self.value + share * (self._near - self.value)
        self._near_age_s = keep * (self._near_age_s + dt_s)
        self.age_s = keep * (self.age_s + dt_s) + (1.0 - keep) * self._near_age_s
