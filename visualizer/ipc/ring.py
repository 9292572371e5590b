"""The audio ring: the last seconds of sound, in which readers get every sample or count it as lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visualizer.clock import NS_PER_S
from visualizer.ipc.ring_store import N_CHANNELS, WRAP, Record, RingStore, signed
from visualizer.types import Float32

_N_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Block:
    """What a reader got: samples in a row, of one epoch."""

    samples: Float32
    """(n, 2) float32; n is 0 when nothing new had come."""
    first: int
    """Index of the first sample, counted since the ring began, modulo 2^64."""
    time_ns: int
    """Time of the newest of these samples; when there are none, of the newest before."""
    n_lost: int
    """Samples between the block before and this one that this reader did not get; 0 in an empty block."""
    epoch: int
    """Counts the streams: another one means that the writer or its device started anew."""
    rate_hz: int
    """Samples a second."""


class AudioRing(RingStore):
    """Stereo float32 sound between processes: one writer, any number of readers, nobody waits."""

    def reader(self, first: int | None = None) -> RingReader:
        """A reader that begins at the newest sample, or at index `first`; what has gone counts as lost."""
        return RingReader(self, first)


class RingReader:
    """One reader of one ring, for one thread. It never waits and never disturbs the writer.

    It stays an eighth of the ring away from what the writer overwrites next. What was overwritten before it
    came, and blocks that do not match their checksum, it skips and counts.
    """

    def __init__(self, ring: AudioRing, first: int | None = None) -> None:
        """Begins at the newest sample, or at `first`; what is no longer there counts as lost."""
        self._ring = ring
        self._n_readable = ring.capacity * 7 // 8
        self._n_records = ring.n_records * 7 // 8
        self._n_pending_lost = 0
        self.n_lost = 0
        """Samples that this reader did not get, so far."""
        self.n_torn = 0
        """Of these, the ones that did not match their checksum."""
        newest = ring.record(ring.n_published - 1)
        self._newest = newest._replace(epoch=ring.epoch, rate_hz=ring.rate_hz)
        self.position = newest.end if first is None or signed(first - newest.end) > 0 else first % WRAP
        """Index of the sample that comes next."""
        self._record = ring.n_published
        if self.position != newest.end:
            self._seek(self.position)

    @property
    def n_waiting(self) -> int:
        """Samples that are there to be read."""
        return max(0, signed(self._ring.n_written - self.position))

    def read(self, max_n: int | None = None) -> Block:
        """The samples that came since the last read, at most `max_n`, up to the end of their epoch.

        Empty when there are none; read again to see whether another epoch follows.
        """
        for _ in range(_N_ROUNDS):
            self._skip_overwritten()
            records = self._gather(max_n)
            if not records:
                break
            block = self._copy(records, max_n)
            if block is not None:
                return block
        samples = np.empty((0, N_CHANNELS), np.float32)
        return Block(
            samples, self.position, self._newest.time_ns, 0, self._newest.epoch, self._newest.rate_hz
        )

    def _skip_overwritten(self) -> None:
        ring = self._ring
        n_behind = (ring.n_published - self._record) % WRAP
        if (ring.n_reserved - self.position) % WRAP > self._n_readable or n_behind > self._n_records:
            # An eighth further than needed, or the next read would be late again.
            oldest = (ring.n_reserved - ring.capacity * 3 // 4) % WRAP
            self._seek(oldest if signed(oldest - self.position) > 0 else self.position)

    def _seek(self, sample: int) -> None:
        """Goes on at `sample` or, where the records no longer reach so far back, at the oldest block."""
        self._record = self._ring.find(sample, self._n_records)
        first = self._ring.record(self._record).first
        self._lose_until(first if signed(first - sample) > 0 else sample)

    def _lose_until(self, sample: int) -> None:
        n_lost = max(0, signed(sample - self.position))
        self.n_lost += n_lost
        self._n_pending_lost += n_lost
        self.position = (self.position + n_lost) % WRAP

    def _gather(self, max_n: int | None) -> list[Record]:
        """Whole records of one epoch from the present one on, enough for `max_n` samples."""
        ring = self._ring
        records: list[Record] = []
        end = self.position if max_n is None else self.position + max_n
        for count in range(self._record, self._record + (ring.n_published - self._record) % WRAP):
            record = ring.record(count)
            if (ring.n_published - count) % WRAP >= ring.n_records:
                break  # the writer has come round to it
            if records and record.epoch != records[0].epoch:
                break
            if ring.verify(record):
                records.append(record)
            elif records:
                break
            else:
                self.n_torn += max(0, signed(record.end - self.position))
                self._lose_until(record.end)
                self._record = (count + 1) % WRAP
            if max_n is not None and records and signed(record.end - end) >= 0:
                break
        return records

    def _copy(self, records: list[Record], max_n: int | None) -> Block | None:
        """The samples of these records; None when the writer came too near meanwhile."""
        ring, newest = self._ring, records[-1]
        n = (newest.end - self.position) % WRAP
        n = n if max_n is None else min(n, max_n)
        samples = ring.copy(self.position, n)
        if (ring.n_reserved - self.position) % WRAP > ring.capacity:
            return None
        end = (self.position + n) % WRAP
        time_ns = newest.time_ns - signed(newest.end - end) * NS_PER_S // newest.rate_hz
        block = Block(samples, self.position, time_ns, self._n_pending_lost, newest.epoch, newest.rate_hz)
        whole = end == newest.end
        self._record = (self._record + len(records) - (not whole)) % WRAP
        self.position, self._n_pending_lost = end, 0
        self._newest = newest._replace(time_ns=time_ns)
        return block
