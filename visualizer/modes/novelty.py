"""Whether other music has begun: the spectrum of the last second against what the piece was like before."""

from __future__ import annotations

from collections import deque

import numpy as np

from visualizer.types import Float32

N_BANDS = 32
RECENT_S = 1.5
MEMORY_S = 12.0
"""Time constant of what the piece was like."""
LEAST_BEFORE_S = 3.0
"""So much of a piece is heard, before the newest stretch, until anything can be new against it."""
THRESHOLD = 2.0
"""Distance in deviations of the piece itself, quadratic mean over bands, above which music is other music.

On 30 minutes of recordings it is passed 1.7 times a minute, mostly where the piece itself turns; of 80 hard
cuts between recordings of other kinds 5 in 6 are found, 1.5 s after the cut."""
SEARCH_S = 2.2
"""How far back the beginning of other music is looked for."""
LEAST_SIDE = 3
"""Ticks on either side of a beginning."""
SPREAD_DB = 5.0
"""How much one stretch of a piece differs from another, before that is measured in the piece."""
SPREAD_COUNT_S = 2.0
"""How long that guess counts."""
FLOOR = 1e-5
"""Bands 50 dB below the sum are silent."""


class Novelty:
    """Finds changes of music in a stream of mel columns. Owned by one thread; a pure function of its input.

    The log spectrum of the newest stretch, without its loudness, is compared with mean and deviation of those
    heard since the piece began (with forgetting): a piece that varies much must vary more to be another. A
    change is told when the whole stretch is new; where it began is where the last ticks fall best in two.
    """

    def __init__(self, tick_s: float) -> None:
        """`tick_s`: the time between two calls of `push`."""
        self._n_recent = round(RECENT_S / tick_s)
        self._n_memory = round(MEMORY_S / tick_s)
        self._n_least = round(LEAST_BEFORE_S / tick_s)
        self._n_guess = round(SPREAD_COUNT_S / tick_s)
        self._n_search = round(SEARCH_S / tick_s)
        self.reset()

    def reset(self) -> None:
        """A piece begins."""
        self.distance = 0.0
        """The newest distance; 0 while too little is heard."""
        self._ticks: deque[Float32] = deque(maxlen=self._n_search)
        self._begin()

    def _begin(self) -> None:
        self._late: deque[Float32] = deque()
        self._n_before = 0
        self._mean: Float32 = np.zeros(N_BANDS, np.float32)
        self._variance: Float32 = np.zeros(N_BANDS, np.float32)

    def push(self, power: Float32) -> int:
        """Mel power (n_mels,) of a tick; how many ticks ago other music began if it is told now, else 0."""
        self._ticks.append(power.reshape(N_BANDS, -1).sum(axis=1))
        if len(self._ticks) < self._n_recent:
            return 0
        bands = np.mean(list(self._ticks)[-self._n_recent :], axis=0)
        spectrum = (10.0 * np.log10(bands / max(float(bands.sum()), 1e-20) + FLOOR)).astype(np.float32)
        self.distance = self._measure(spectrum)
        since = self._search() if self.distance >= THRESHOLD else 0
        is_other = since >= self._n_recent
        if is_other:
            self._begin()
        self._late.append(spectrum)
        if len(self._late) > self._n_recent:
            self._remember(self._late.popleft())
        return since if is_other else 0

    def _remember(self, spectrum: Float32) -> None:
        self._n_before += 1
        share = np.float32(1.0 / min(self._n_before, self._n_memory))
        step = spectrum - self._mean
        self._mean += share * step
        self._variance += share * (step * (spectrum - self._mean) - self._variance)

    def _measure(self, spectrum: Float32) -> float:
        if self._n_before < self._n_least:
            return 0.0
        n = min(self._n_before, self._n_memory)
        variance = (self._n_guess * SPREAD_DB**2 + n * self._variance) / (self._n_guess + n)
        return float(np.sqrt(np.mean(np.square(spectrum - self._mean) / variance)))

    def _search(self) -> int:
        """How many ticks ago it began: the cut that leaves the least variance in both parts."""
        ticks = np.array(self._ticks)
        spectra = 10.0 * np.log10(ticks / max(float(ticks.sum(axis=1).mean()), 1e-20) + 10.0 * FLOOR)
        n = len(spectra)
        before = np.cumsum(spectra, axis=0)[LEAST_SIDE - 1 : n - LEAST_SIDE]
        n_before = np.arange(LEAST_SIDE, n - LEAST_SIDE + 1)[:, None]
        apart = before / n_before - (spectra.sum(axis=0) - before) / (n - n_before)
        gains = (n_before * (n - n_before))[:, 0] * np.square(apart).sum(axis=1)
        return n - LEAST_SIDE - int(np.argmax(gains))
