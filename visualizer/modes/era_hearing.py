"""MVNet's hearing: an endless stream of sound becomes 28.7 windows a second, each of one piece of music."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from visualizer.features.mel import EraMel
from visualizer.features.spectrum import clean_samples
from visualizer.modes.era_window import EraWindow
from visualizer.modes.novelty import Novelty
from visualizer.types import Float32

SeeMusic = Callable[[Float32], Float32]
"""(3, 128, 256) float32 linear mel power of mean 1, as EraWindow says → v (n_v,) float32.

The window after the next comes in the same memory."""

LEAST_S = 1.0
"""MVNet was trained on windows that repeat as little as this."""
OVER_S = 2.0
"""So long one piece may go over into the next (an ending, a fill, a tail): left out as soon as may be."""
FIRST_S = 1.5
"""Until so much came after that, the newest of this length is heard."""
_LEVEL_S = 0.2
_FADE_DB = 10.0
_POWER_FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class EraHeard:
    """One tick of the era's ear."""

    sample: int
    """Index one past the newest sample heard, at 22.05 kHz."""
    v: Float32 | None
    """(n_v,) float32; None in silence and in the first second of a piece: too little to tell."""
    presence: float
    """[0, 1]: 0 below the gate, 1 from 10 dB above it."""
    piece: int
    """Counts the pieces of music heard; another number is other music."""
    window_s: float
    """How much of the piece the window holds."""


class EraHearing:
    """Steps an encoder on its hop grid. Owned by one thread.

    The window holds what sounded since the music began or became another, repeated until 8.91 s are full;
    between two fillings it slides, so that an encoder need only hear what is new.
    Laws: any split of the samples gives the same ticks; `reset` equals fresh; below the gate is silence.
    """

    RATE_HZ = 22050

    def __init__(self, see: SeeMusic, gate_db: float = -60.0) -> None:
        """`gate_db`: the level in dBFS below which nothing counts as music."""
        self.gate_db = gate_db
        self._see = see
        self._mel = EraMel()
        self._n_tick = self._mel.hop * self._mel.columns_per_tick
        self.tick_s = self._n_tick / self.RATE_HZ
        self._window = EraWindow(self._mel)
        self._seen = [self._window.view() for _ in range(2)]
        self._n_least = round(LEAST_S / self.tick_s)
        self._n_first = round(FIRST_S / self.tick_s)
        self._n_over = round(OVER_S / self.tick_s)
        self._novelty = Novelty(self.tick_s)
        self.reset()

    def reset(self) -> None:
        """Forgets all it heard."""
        self._mel.reset()
        self._novelty.reset()
        self._window.reset()
        self.n_skipped = 0
        self._n_heard = 0
        self._power = 0.0
        self._n_since = 0
        """Ticks since the piece began."""
        self._piece = 0
        self._follows = False
        """Whether the piece came after another one, not after silence."""
        self._pending: Float32 = np.zeros(0, np.float32)

    def push(self, samples: Float32, n_most: int | None = None) -> list[EraHeard]:
        """Hears samples (n,) float32 at 22.05 kHz, full scale 1; returns the ticks they complete in order.

        With `n_most` only that many of the newest ticks are run through the encoder; the others are counted
        in `n_skipped`. A live deck that fell behind catches up this way.
        """
        samples = np.concatenate((self._pending, clean_samples(samples)))
        n_ticks = len(samples) // self._n_tick
        self._pending = samples[n_ticks * self._n_tick :]
        first = 0 if n_most is None else max(0, n_ticks - n_most)
        self.n_skipped += first
        heard = []
        for tick in range(n_ticks):
            presence = self._listen(samples[tick * self._n_tick : (tick + 1) * self._n_tick])
            if tick >= first:
                heard.append(self._hear(presence))
        return heard

    def _listen(self, block: Float32) -> float:
        """Takes in one tick; how present the music is."""
        self._mel.push(block)
        power = float(np.var(block, dtype=np.float64))
        self._n_heard += 1
        self._power += (1.0 - float(np.exp(-self.tick_s / _LEVEL_S))) * (power - self._power)
        level_db = 10.0 * float(np.log10(max(self._power, _POWER_FLOOR)))
        presence = min(max((level_db - self.gate_db) / _FADE_DB, 0.0), 1.0)
        if presence == 0.0:
            self._n_since = 0
            self._novelty.reset()
            self._window.forget()
            return presence
        if self._n_since == 0:
            self._piece += 1
            self._follows = False
        self._n_since += 1
        n_new = self._novelty.push(self._mel.newest_power())
        if n_new:
            self._n_since = n_new
            self._piece += 1
            self._follows = True
        if self._n_own() >= self._n_least:
            self._window.push(self._n_own())
        else:
            self._window.forget()
        return presence

    def _hear(self, presence: float) -> EraHeard:
        n_ticks = min(self._n_own(), self._window.n_ticks)
        v = None
        if n_ticks >= self._n_least:
            self._seen.reverse()
            v = self._see(self._window.view(self._seen[0]))
        return EraHeard(self._n_heard * self._n_tick, v, presence, self._piece, n_ticks * self.tick_s)

    def _n_own(self) -> int:
        """How many of the newest ticks are surely the piece's own."""
        if not self._follows:
            return self._n_since
        return max(min(self._n_since, self._n_first), self._n_since - self._n_over)
