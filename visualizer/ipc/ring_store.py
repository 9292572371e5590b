"""The memory of the audio ring and the writer's side of it; use it through `ring.AudioRing`.

Layout: a header of 64-bit words; records, one a written block, of (first sample, n samples, time of the
newest, epoch, rate, checksum of all that and of the samples); float32 stereo samples. Counters of samples
and records run for ever, modulo 2^64; capacities are powers of two, so places follow from them across the
wrap too.

The writer reserves (readers then know what it may be overwriting), copies, fills the record, and publishes
by one store to the count of records. Killed anywhere in between it leaves nothing that a reader would see,
and the next writer goes on from the last published record.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from visualizer.clock import NS_PER_S
from visualizer.ipc.memory import Memory
from visualizer.types import Float32

N_CHANNELS = 2
WRAP = 1 << 64
MAX_RECORDS = 1 << 14
"""Enough for 16 s in blocks of 64 at 48 kHz; smaller blocks shorten how far back a reader can begin."""

_MAGIC = 0x4B42_5249_4E47_0001
_N_HEADER_WORDS = 8
_RATE, _CAPACITY, _N_RECORDS, _EPOCH, _RESERVED, _PUBLISHED = range(1, 7)
_N_RECORD_WORDS = 8
_PART_OF_CAPACITY = 16
"""A longer block is written in parts, so that readers keep their distance from the writer."""


class Record(NamedTuple):
    """What the ring says about one written block."""

    first: int
    """Index of the first sample, modulo 2^64."""
    n: int
    """Samples."""
    time_ns: int
    """Time of the newest sample."""
    epoch: int
    rate_hz: int
    checksum: int

    @property
    def end(self) -> int:
        """Index one past the newest sample, modulo 2^64."""
        return (self.first + self.n) % WRAP


class RingStore:
    """Stereo float32 sound in shared memory; one process writes, at any one time from one thread."""

    def __init__(self, memory: Memory) -> None:
        """Looks at memory that `create` laid out; raises ValueError for anything else."""
        self._memory = memory
        self._words = memory.view.cast("Q")
        if self._words[0] != _MAGIC:
            self.close()
            raise ValueError(f"{memory.name} holds no audio ring")
        self.capacity = self._words[_CAPACITY]
        """Samples that the ring holds."""
        self.n_records = self._words[_N_RECORDS]
        """Blocks that the ring remembers."""
        at = 8 * _N_HEADER_WORDS
        records = np.frombuffer(memory.view, np.uint64, self.n_records * _N_RECORD_WORDS, at)
        self._firsts: NDArray[np.uint64] = records[::_N_RECORD_WORDS]
        samples = np.frombuffer(memory.view, np.float32, self.capacity * N_CHANNELS, at + records.nbytes)
        self._samples: Float32 = samples.reshape(-1, N_CHANNELS)

    @classmethod
    def create(cls, name: str, rate_hz: int = 48000, seconds: float = 16, first: int = 0) -> Self:
        """A ring that keeps at least `seconds` for its readers; it counts samples and blocks from `first`."""
        capacity = 1 << (max(256, round(rate_hz * seconds * 8 / 7)) - 1).bit_length()
        n_records = min(MAX_RECORDS, capacity)
        n_bytes = 8 * _N_HEADER_WORDS + 8 * _N_RECORD_WORDS * n_records + 4 * N_CHANNELS * capacity
        memory = Memory(name, n_bytes)
        with memory.view.cast("Q") as words:
            words[_RATE], words[_CAPACITY], words[_N_RECORDS] = rate_hz, capacity, n_records
            words[_RESERVED] = words[_PUBLISHED] = first
            words[0] = _MAGIC
        ring = cls(memory)
        ring._firsts[:] = first  # all records are empty ones at `first`: no special case for the beginning
        return ring

    @classmethod
    def attach(cls, name: str) -> Self:
        """The ring that another process made; raises FileNotFoundError or ValueError."""
        return cls(Memory(name))

    @property
    def name(self) -> str:
        """The name of the shared memory."""
        return self._memory.name

    @property
    def rate_hz(self) -> int:
        """Samples a second of the present stream."""
        return self._words[_RATE]

    @property
    def epoch(self) -> int:
        """Counts the streams; 0 before the first `restart`."""
        return self._words[_EPOCH]

    @property
    def n_written(self) -> int:
        """Index one past the newest published sample, modulo 2^64."""
        return self.record(self.n_published - 1).end

    @property
    def n_reserved(self) -> int:
        """Index one past the newest sample that the writer may be writing now, modulo 2^64."""
        return self._words[_RESERVED]

    @property
    def n_published(self) -> int:
        """Blocks written, modulo 2^64 (counted from the ring's first)."""
        return self._words[_PUBLISHED]

    def restart(self, rate_hz: int | None = None) -> int:
        """Begins a new stream and gives its epoch: for a writer that starts or opens its device anew."""
        self._words[_EPOCH] = (self._words[_EPOCH] + 1) % WRAP
        self._words[_RATE] = rate_hz or self.rate_hz
        return self.epoch

    def write(self, block: Float32, time_ns: int) -> None:
        """Appends `block`, (n, 2) float32 (or (n, 1), doubled), whose newest sample is of `time_ns`.

        For the writer's audio callback: it copies, advances, counts; no locks, no logs, no waiting.
        """
        n, n_part = len(block), self.capacity // _PART_OF_CAPACITY
        if n <= n_part:
            if n:
                self._append(block, time_ns)
            return
        for at in range(0, n, n_part):
            n_after = max(0, n - at - n_part)
            self._append(block[at : at + n_part], time_ns - n_after * NS_PER_S // self.rate_hz)

    def record(self, count: int) -> Record:
        """What is known about block `count`, which must be one of the last `n_records`."""
        at = _N_HEADER_WORDS + _N_RECORD_WORDS * (count % self.n_records)
        first, n, time_ns, epoch, rate_hz, checksum = self._words[at : at + 6]
        return Record(first, n, signed(time_ns), epoch, rate_hz, checksum)

    def verify(self, record: Record) -> bool:
        """Whether the samples in the ring are the ones that this record was written for."""
        return self._checksum(record) == record.checksum

    def find(self, sample: int, n_records: int) -> int:
        """The count of the block with `sample` among the last `n_records`, or the oldest of them."""
        published = self.n_published
        end = self.record(published - 1).end
        start = (published - n_records) % self.n_records
        firsts = np.roll(self._firsts, -start)[:n_records]
        ages = (np.uint64(end) - firsts)[::-1]  # ascending: how long before the end each block begins
        age = min((end - sample) % WRAP, int(ages[-1]))
        return (published - 1 - int(np.searchsorted(ages, np.uint64(age)))) % WRAP

    def copy(self, first: int, n: int) -> Float32:
        """`n` samples from index `first` on, (n, 2) float32, whatever lies there."""
        at = first % self.capacity
        if at + n <= self.capacity:
            return self._samples[at : at + n].copy()
        return np.concatenate((self._samples[at:], self._samples[: at + n - self.capacity]))

    def close(self) -> None:
        """Lets go of the mapping; the object is of no use afterwards."""
        self._firsts = np.empty(0, np.uint64)
        self._samples = np.empty((0, N_CHANNELS), np.float32)
        self._words.release()
        self._memory.close()

    def unlink(self) -> None:
        """Removes the name; for the maker."""
        self._memory.unlink()

    def _append(self, block: Float32, time_ns: int) -> None:
        words, n = self._words, len(block)
        published = words[_PUBLISHED]
        first = self.record(published - 1).end
        words[_RESERVED] = (first + n) % WRAP
        at = first % self.capacity
        n_tail = min(n, self.capacity - at)
        self._samples[at : at + n_tail] = block[:n_tail]
        if n_tail < n:
            self._samples[: n - n_tail] = block[n_tail:]
        record = Record(first, n, time_ns, words[_EPOCH], words[_RATE], 0)
        at = _N_HEADER_WORDS + _N_RECORD_WORDS * (published % self.n_records)
        words[at], words[at + 1], words[at + 2] = first, n, time_ns % WRAP
        words[at + 3], words[at + 4], words[at + 5] = record.epoch, record.rate_hz, self._checksum(record)
        words[_PUBLISHED] = (published + 1) % WRAP

    def _checksum(self, record: Record) -> int:
        at = record.first % self.capacity
        n_tail = min(record.n, self.capacity - at)
        seed = record.first ^ (record.n << 8) ^ (record.time_ns << 1) ^ (record.epoch << 5) ^ record.rate_hz
        total = zlib.crc32(self._samples[at : at + n_tail].data, seed & 0xFFFFFFFF)
        return zlib.crc32(self._samples[: record.n - n_tail].data, total) if n_tail < record.n else total


def signed(distance: int) -> int:
    """A distance between two counters modulo 2^64, positive or negative."""
    distance %= WRAP
    return distance - WRAP if distance >= WRAP // 2 else distance
