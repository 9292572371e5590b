"""Input gain, set by hand and automatic, with a gate: quiet and loud rooms move the picture alike."""

from __future__ import annotations

import math

import numpy as np

from visualizer.types import Float32

HOP_S = 0.01
TARGET_DBFS = -18.0
"""RMS that the automatic gain steers toward: mastered music at full level, as networks are trained on."""
LEVEL_TIME_S = 3.0
"""Time constant of the level it follows: longer than a bar, so that dynamics survive."""
DC_TIME_S = 1.0
RISE_DB_PER_S = 2.0
FALL_DB_PER_S = 12.0
MIN_AUTO_DB, MAX_AUTO_DB = -18.0, 30.0
MAX_SAMPLE = 8.0
"""Larger samples are limited to this, 18 dB over full scale; a broken driver must not blind the follower."""


class _Follower:
    """A mean with exponential forgetting whose first values count fully."""

    def __init__(self, time_s: float) -> None:
        self._keep = math.exp(-HOP_S / time_s)
        self.reset()

    def reset(self) -> None:
        self._sum = 0.0
        self._weight = 0.0

    def push(self, value: float) -> None:
        self._sum = self._keep * self._sum + (1 - self._keep) * value
        self._weight = self._keep * self._weight + (1 - self._keep)

    @property
    def mean(self) -> float:
        return self._sum / self._weight if self._weight else 0.0


class InputGain:
    """Multiplies a stereo stream by the manual and the automatic gain. Owned by one thread.

    Gain is decided once a hop of 10 ms from the hops before it and moves along a line inside the hop: no
    latency, no click, and any cut into blocks gives the same samples. Below the gate, which is compared with
    the level after the manual gain and before the automatic one, the automatic gain holds.
    """

    def __init__(
        self, rate_hz: int = 48_000, gain_db: float = 0.0, agc: bool = True, gate_db: float = -60.0
    ) -> None:
        self.rate_hz = rate_hz
        self.manual_db, self.agc, self.gate_db = gain_db, agc, gate_db
        self._n_hop = round(rate_hz * HOP_S)
        self._ramp = (np.arange(1, self._n_hop + 1, dtype=np.float32) / self._n_hop)[:, None]
        self._hop = np.zeros((self._n_hop, 2), np.float32)
        self._level = _Follower(LEVEL_TIME_S)
        self._dc = [_Follower(DC_TIME_S), _Follower(DC_TIME_S)]
        self.reset()

    def reset(self) -> None:
        """As fresh, with the settings as they are."""
        self._n_filled = 0
        self._auto_db = 0.0
        self._from = self._to = _amplitude(self.manual_db)
        self._level.reset()
        for follower in self._dc:
            follower.reset()

    def configure(self, gain_db: float, agc: bool, gate_db: float) -> None:
        """New settings; they take effect over the next hops without a click."""
        self.manual_db, self.agc, self.gate_db = gain_db, agc, gate_db

    @property
    def gain_db(self) -> float:
        """The whole gain now applied, in dB: the gain at the end of the hop that is under way."""
        return 20.0 * math.log10(self._to)

    @property
    def auto_db(self) -> float:
        """The automatic part of it, in dB."""
        return self._auto_db

    def push(self, block: Float32) -> Float32:
        """(n, 2) float32 in, (n, 2) float32 out with the gain applied; NaN and infinity become 0."""
        clean = np.nan_to_num(np.asarray(block, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        np.clip(clean, -MAX_SAMPLE, MAX_SAMPLE, out=clean)
        made = np.empty_like(clean)
        start = 0
        while start < len(clean):
            n = min(len(clean) - start, self._n_hop - self._n_filled)
            piece = clean[start : start + n]
            ramp = self._ramp[self._n_filled : self._n_filled + n]
            made[start : start + n] = piece * (self._from + (self._to - self._from) * ramp)
            self._hop[self._n_filled : self._n_filled + n] = piece
            self._n_filled += n
            start += n
            if self._n_filled == self._n_hop:
                self._decide()
        return made

    def _decide(self) -> None:
        """The hop is complete: follow its level and choose where the gain goes during the next one."""
        self._n_filled = 0
        self._follow()
        gain = _amplitude(self.manual_db + self._auto_db)
        self._from, self._to = self._to, np.float32(gain)

    def _follow(self) -> None:
        power = self._hop_power() * 10 ** (self.manual_db / 10)
        if 10 * math.log10(power + 1e-20) >= self.gate_db:
            self._level.push(power)
            level_db = 10 * math.log10(self._level.mean + 1e-20)
            wanted_db = min(max(TARGET_DBFS - level_db, MIN_AUTO_DB), MAX_AUTO_DB)
        else:
            wanted_db = self._auto_db
        if not self.agc:
            wanted_db = 0.0
        step_db = wanted_db - self._auto_db
        self._auto_db += min(max(step_db, -FALL_DB_PER_S * HOP_S), RISE_DB_PER_S * HOP_S)

    def _hop_power(self) -> float:
        """Mean square of the hop without its DC offset, the larger channel: a mono cable counts fully."""
        means = self._hop.mean(axis=0, dtype=np.float64)
        squares = np.square(self._hop, dtype=np.float64).mean(axis=0)
        powers = []
        for follower, mean, square in zip(self._dc, means, squares, strict=True):
            follower.push(float(mean))
            dc = follower.mean
            powers.append(max(0.0, float(square - 2 * dc * mean + dc * dc)))
        return max(powers)


def _amplitude(gain_db: float) -> np.float32:
    return np.float32(10.0 ** (gain_db / 20.0))
