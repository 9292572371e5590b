"""How loud it is: momentary loudness after ITU-R BS.1770, and the gate of silence."""

import math

import numpy as np

from visualizer.features.filters import StreamFilter, k_weighting

FLOOR_DB = -120.0
MOMENTARY_S = 0.4
LOUDNESS_OFFSET_DB = -0.691
# The hop is added up in parts, so that 400 ms is a whole number of parts at 48 kHz (150 of 128 samples).
N_PARTS = 4


def power_db(power: float) -> float:
    """10·log10 of a power, not below FLOOR_DB."""
    return max(FLOOR_DB, 10.0 * math.log10(power)) if power > 0.0 else FLOOR_DB


class MomentaryLoudness:
    """K-weighted loudness of the last 400 ms, channels added as BS.1770 adds left and right.

    A 997 Hz sine of full scale in one channel reads -3.01 LUFS, in both 0.0. Owner: the thread that pushes.
    """

    def __init__(self, rate_hz: float, n_channels: int, hop: int) -> None:
        self._filter = StreamFilter(k_weighting(rate_hz), n_channels, hop, N_PARTS)
        self._n_part = hop // N_PARTS
        self._parts = np.zeros(max(1, round(MOMENTARY_S * rate_hz / self._n_part)))
        self._next = 0

    def push(self, hop: np.ndarray) -> float:
        """Samples (n_channels, hop) → loudness in LUFS, not below FLOOR_DB."""
        weighted = self._filter.push(hop)
        for part in np.square(weighted, out=weighted).sum(axis=(0, 1)):
            self._parts[self._next] = part
            self._next = (self._next + 1) % len(self._parts)
        power = float(self._parts.sum()) / (len(self._parts) * self._n_part)
        return max(FLOOR_DB, LOUDNESS_OFFSET_DB + power_db(power))


class Gate:
    """Opens at once with sound above the gate, closes softly after it. Owner: the thread that pushes."""

    HOLD_S = 0.4
    CLOSE_S = 0.25

    def __init__(self, hop_s: float) -> None:
        self._closing = math.exp(-hop_s / self.CLOSE_S)
        self._n_hold = round(self.HOLD_S / hop_s)
        self._n_quiet = self._n_hold + 1
        self._openness = 0.0

    @property
    def is_open(self) -> bool:
        """Whether sound was heard a moment ago: only then may adaptive references move."""
        return self._n_quiet <= self._n_hold

    def push(self, level_dbfs: float, gate_db: float) -> float:
        """The level of a hop → openness [0, 1], a factor for whatever must fade in silence."""
        self._n_quiet = 0 if level_dbfs > gate_db else self._n_quiet + 1
        if self.is_open:
            self._openness = 1.0
        else:
            self._openness *= self._closing
            if self._openness < 1e-6:
                self._openness = 0.0
        return self._openness
