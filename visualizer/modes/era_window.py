"""What MVNet sees of the music: a window that slides, filled anew and levelled anew as seldom as may be.

A network that hears only what is new needs a window of which the rest stays as it was. So neither its level
nor its filling follows every tick: both hold until they would be off by more than HELD_DB and REFILL_SHARE.
"""

from __future__ import annotations

import numpy as np

from visualizer.features.mel import EraMel
from visualizer.types import Float32

HELD_DB = 1.5
"""So far the mean power may go from where the window was brought to, until it is brought there again.

At its ends v is off by a sixth of its spread over music, and eras are told as often rightly (decision 0021).
"""
REFILL_SHARE = 0.5
"""A young piece fills the window anew when it has grown by this share since, or left as much of it behind."""
LEAST_POWER = 1e-7
"""Mean mel power below which gain stops rising, about -80 dBFS."""


class EraWindow:
    """The newest columns of a piece, repeated where there are too few. Owned by one thread.

    Told of every tick, it is the same whether it is looked at or not.
    """

    def __init__(self, mel: EraMel) -> None:
        """`mel`: the stream whose newest tick each call of `push` takes in."""
        self._mel = mel
        self._n_columns = mel.n_window_columns
        self._n_tick = mel.columns_per_tick
        self.n_ticks = self._n_columns // self._n_tick
        """Of a full window."""
        # Room for a second window: what is kept moves to the front once a window, not with each tick.
        self._columns: Float32 = np.zeros((2 * self._n_columns, mel.n_mels), np.float32)
        self._sums: Float32 = np.zeros(2 * self._n_columns, np.float32)
        self.reset()

    def reset(self) -> None:
        """As fresh."""
        self._n_filled = 0
        """Ticks of music that it was last filled with."""
        self._n_since = 0
        """Ticks since then."""
        self._end = self._n_columns
        self._gain = 0.0
        self.n_fillings = 0
        """How often it was filled so far."""
        self.n_levels = 0
        """How often it was brought to another level since it was filled, all in all."""

    def push(self, n_own: int) -> None:
        """A tick has been heard, and this many of the newest, 1 or more, are the piece's own."""
        self._n_since += 1
        n_own = min(n_own, self.n_ticks)
        if self._is_stale(n_own):
            self._fill(n_own)
        else:
            self._slide()
        mean = max(float(self._sums[self._end - self._n_columns : self._end].mean()), LEAST_POWER)
        if self._n_since == 0 or abs(10.0 * np.log10(mean * self._gain)) > HELD_DB:
            self.n_levels += self._n_since > 0
            self._gain = 1.0 / mean

    def forget(self) -> None:
        """Nothing was heard: the next tick fills it."""
        self._n_filled = 0

    def view(self, out: Float32 | None = None) -> Float32:
        """(3, 128, 256) float32 power, oldest third first, its mean within HELD_DB of 1; a copy.

        Its memory is column after column, so that what slides lies together. `out`, one from before, is
        filled instead of a new one.
        """
        newest = self._columns[self._end - self._n_columns : self._end]
        thirds = newest.reshape(EraMel.N_CHANNELS, -1, newest.shape[1])
        copy = None if out is None else out.transpose(0, 2, 1)
        return np.multiply(thirds, np.float32(self._gain), out=copy).transpose(0, 2, 1)

    def _is_stale(self, n_own: int) -> bool:
        if self._n_filled == self.n_ticks:
            return n_own < self.n_ticks
        n_left_behind = self._n_filled + self._n_since - n_own
        much = REFILL_SHARE * self._n_filled
        return n_own == self.n_ticks or n_own - self._n_filled >= much or n_left_behind >= max(much, 1)

    def _fill(self, n_own: int) -> None:
        newest = self._mel.newest(min(n_own * self._n_tick, self._mel.n_columns))
        n_times = -(-self._n_columns // newest.shape[1])
        filled = np.tile(newest, (1, n_times))[:, : self._n_columns]
        self._end = self._n_columns
        self._columns[: self._end] = filled.T
        self._sums[: self._end] = filled.mean(axis=0)
        self._n_filled, self._n_since = n_own, 0
        self.n_fillings += 1

    def _slide(self) -> None:
        n = self._n_tick
        if self._end + n > len(self._columns):
            self._columns[: self._n_columns] = self._columns[self._end - self._n_columns : self._end]
            self._sums[: self._n_columns] = self._sums[self._end - self._n_columns : self._end]
            self._end = self._n_columns
        newest = self._mel.newest(n)
        self._columns[self._end : self._end + n] = newest.T
        self._sums[self._end : self._end + n] = newest.mean(axis=0)
        self._end += n
