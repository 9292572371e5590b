"""The tagger's hearing: an endless stream of sound becomes 31.25 embeddings a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from visualizer.features.mel import TaggerMel
from visualizer.types import Float32

HearTagger = Callable[[Float32], tuple[Float32, Float32]]
"""(128, 231) float32 log-mel → embedding (512,) and tag probabilities (n_tags,), both float32.

The next window comes in the same memory."""

_LEVEL_S = 0.2
_FADE_DB = 10.0
_POWER_FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class Heard:
    """One tick of the tagger."""

    sample: int
    """Index one past the newest sample heard, at 16 kHz."""
    embedding: Float32
    """(512,) float32."""
    tags: Float32
    """(n_tags,) float32 in [0, 1], faded by `presence`."""
    presence: float
    """[0, 1]: 0 below the gate, 1 from 10 dB above it."""


class Hearing:
    """Steps a tagger on its hop grid. Owned by one thread.

    Laws: any split of the samples gives the same ticks; `reset` equals fresh; below the gate tags fade to 0.
    """

    RATE_HZ = 16000

    def __init__(self, tagger: HearTagger, gate_db: float = -60.0) -> None:
        """`gate_db`: the level in dBFS below which nothing counts as music."""
        self.gate_db = gate_db
        self.tick_s = 1.0 / TaggerMel().tick_rate_hz
        self.window_s = TaggerMel().n_window_columns * TaggerMel().hop / self.RATE_HZ
        self.n_skipped = 0
        self._tagger = tagger
        self._mel = TaggerMel()
        self._window = self._mel.window()
        self._power = 0.0
        self._pending: Float32 = np.zeros(0, np.float32)
        self._n_tick = self._mel.hop * self._mel.columns_per_tick

    def reset(self) -> None:
        """Forgets all it heard."""
        self._mel.reset()
        self._power = 0.0
        self.n_skipped = 0
        self._pending = np.zeros(0, np.float32)

    def push(self, samples: Float32, n_most: int | None = None) -> list[Heard]:
        """Hears samples (n,) float32 at 16 kHz, full scale 1, and returns the ticks they complete in order.

        With `n_most` only that many of the newest ticks are run through the tagger; the others are counted
        in `n_skipped`. A live deck that fell behind catches up this way.
        """
        samples = np.concatenate((self._pending, np.nan_to_num(samples, posinf=0.0, neginf=0.0)))
        n_ticks = len(samples) // self._n_tick
        self._pending = samples[n_ticks * self._n_tick :]
        first = 0 if n_most is None else max(0, n_ticks - n_most)
        self.n_skipped += first
        heard = []
        for tick in range(n_ticks):
            block = samples[tick * self._n_tick : (tick + 1) * self._n_tick]
            self._mel.push(block)
            presence = self._follow(block)
            if tick >= first:
                heard.append(self._hear(presence))
        return heard

    def _follow(self, block: Float32) -> float:
        share = 1.0 - float(np.exp(-self.tick_s / _LEVEL_S))
        self._power += share * (float(np.var(block, dtype=np.float64)) - self._power)
        level_db = 10.0 * float(np.log10(max(self._power, _POWER_FLOOR)))
        return min(max((level_db - self.gate_db) / _FADE_DB, 0.0), 1.0)

    def _hear(self, presence: float) -> Heard:
        embedding, tags = self._tagger(self._mel.window(self._window))
        return Heard(self._mel.n_samples_heard, embedding, tags * np.float32(presence), presence)
