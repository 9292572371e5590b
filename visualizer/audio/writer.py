"""What capture puts into the shared ring: sound from a callback or a file, and silence by the clock."""

from __future__ import annotations

import threading
from typing import Protocol

import numpy as np

from visualizer.audio.sources import RATE_HZ, PullSource
from visualizer.clock import NS_PER_S
from visualizer.types import Float32

N_PULLED = 256
"""Samples a block of a file: 5.3 ms."""
LONGEST_DEBT_S = 5.0
"""A machine that slept longer than this goes on where the file was, instead of racing through it."""
FILL_AFTER_S = 0.01


class Ring(Protocol):
    """What is needed of the shared ring."""

    def write(self, block: Float32, time_ns: int) -> None:
        """Appends (n, 2) float32 whose newest sample is of `time_ns`."""


class RingWriter:
    """Writes raw sound, before any gain, and keeps the ring's time going when none comes.

    Two threads call it: PortAudio's callback calls `write_device`, the worker's loop everything else. The
    lock is never waited for in the callback: a stream that was given up writes nothing any more, and the one
    block that could meet the loop's silence in that instant is counted in `n_refused`.
    """

    def __init__(self, ring: Ring, time_ns: int) -> None:
        """`time_ns` is now: the ring's silence begins here."""
        self.n_device = 0
        """Samples of devices in the ring; with `n_pulled` and `n_silence`, all that was ever written."""
        self.n_pulled = 0
        self.n_silence = 0
        self.n_refused = 0
        self._ring = ring
        self._time_ns = time_ns
        self._busy = threading.Lock()
        self._accepts_device = False
        self._zeros = np.zeros((4096, 2), np.float32)

    def accept_device(self, accepted: bool) -> None:
        """Whether the callback may write now."""
        self._accepts_device = accepted

    def write_device(self, block: Float32, time_ns: int) -> None:
        """From the callback: copies, counts, never waits."""
        if not self._accepts_device:
            return
        if not self._busy.acquire(blocking=False):
            self.n_refused += len(block)
            return
        try:
            self._ring.write(block, time_ns)
            self._time_ns = time_ns
            self.n_device += len(block)
        finally:
            self._busy.release()

    def write_pulled(self, block: Float32, time_ns: int) -> None:
        """A block of a file."""
        with self._busy:
            self._ring.write(block, time_ns)
            self._time_ns = time_ns
            self.n_pulled += len(block)

    def fill(self, now_ns: int) -> int:
        """Silence from the newest sample up to now, at the ring's rate; returns how many samples.

        Of a longer gap (the machine slept) only the last seconds are filled.
        """
        self._time_ns = max(self._time_ns, now_ns - round(LONGEST_DEBT_S * NS_PER_S))
        n = (now_ns - self._time_ns) * RATE_HZ // NS_PER_S
        if n < FILL_AFTER_S * RATE_HZ:
            return 0
        n = min(n, len(self._zeros))
        with self._busy:
            self._time_ns += n * NS_PER_S // RATE_HZ
            self._ring.write(self._zeros[:n], self._time_ns)
            self.n_silence += n
        return int(n)


class Pacer:
    """Reads a source as fast as the clock goes: no drift, and no sample is left out. Owned by one thread."""

    def __init__(self, source: PullSource, writer: RingWriter, now_ns: int) -> None:
        self.source = source
        self.n_read = 0
        self.ended = False
        self._writer = writer
        self._start_ns = now_ns

    def feed(self, now_ns: int) -> None:
        """Writes all whole blocks that are due by now; afterwards `ended` says whether the source is over."""
        if self._due(now_ns) > LONGEST_DEBT_S * RATE_HZ:
            self._start_ns = now_ns - self.n_read * NS_PER_S // RATE_HZ
        while not self.ended and self._due(now_ns) >= N_PULLED:
            block = self.source.read(N_PULLED)
            self.n_read += len(block)
            self.ended = len(block) < N_PULLED
            if len(block):
                self._writer.write_pulled(block, self._start_ns + self.n_read * NS_PER_S // RATE_HZ)

    def _due(self, now_ns: int) -> int:
        return (now_ns - self._start_ns) * RATE_HZ // NS_PER_S - self.n_read
