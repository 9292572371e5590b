"""A region of three slots in shared memory: one writer, any number of readers, the newest wins.

Layout, in native 64-bit words: the header (magic, bytes a slot holds, counter to begin after), then three
slots of (counter, n bytes, checksum) and the payload. Counter 0 means "empty, or being written". The writer
takes the slot that is empty or oldest, sets its counter to 0, fills it, and sets the new counter last; so a
writer killed half-way leaves the two others whole. Python has no memory fences: a reader copies first and
then compares counter and checksum with what it copied. Nobody ever waits.
"""

from __future__ import annotations

import zlib
from typing import Generic, TypeVar

import numpy as np

from visualizer.ipc.memory import Memory
from visualizer.types import UInt8

T = TypeVar("T")

WRAP = 1 << 64
N_SLOTS = 3
N_ROUNDS = 3
"""How often a reader looks again when every slot changed under its hands."""

_MAGIC = 0x4B42_534C_4F54_0001
_HEADER_BYTES = 64
_SLOT_HEADER_BYTES = 64
_CRC_BELOW_BYTES = 1 << 16


def checksum(head: bytes, body: UInt8) -> int:
    """A checksum of `head` and `body`, (n,) uint8, that costs about as much as copying them.

    CRC-32 for what is small. From 64 KiB on the sum of the body's 64-bit words: 0.06 ms for 1280×720×4,
    where CRC-32 takes 0.5 ms and Adler-32 0.9 ms; it has to find torn copies, not forgeries.
    """
    total = zlib.crc32(head)
    n_summed = len(body) & ~7 if len(body) >= _CRC_BELOW_BYTES else 0
    if n_summed:
        total += int(np.add.reduce(body[:n_summed].view(np.uint64))) << 1
    return (total + (zlib.crc32(body[n_summed:].data) << 7)) % WRAP


def ahead(a: int, b: int) -> int:
    """How many counts `a` is newer than `b`, negative if older, across the wrap (which skips 0)."""
    distance = (a - b) % WRAP
    if distance >= WRAP // 2:
        return -ahead(b, a)
    return distance - (a < b)


class TripleSlot(Generic[T]):
    """What all slots share. One process writes; each reader object belongs to one thread."""

    def __init__(self, memory: Memory) -> None:
        """Looks at memory that `_create` laid out; raises ValueError for anything else."""
        self._memory = memory
        self._words = memory.view.cast("Q")
        self.capacity = self._words[1]
        """Bytes that one value may have."""
        stride = _SLOT_HEADER_BYTES + _rounded(self.capacity)
        if self._words[0] != _MAGIC or memory.size < _HEADER_BYTES + N_SLOTS * stride:
            self.close()
            raise ValueError(f"{memory.name} holds no slot")
        starts = [_HEADER_BYTES + i * stride for i in range(N_SLOTS)]
        self._at = [start // 8 for start in starts]
        self._payloads: list[UInt8] = [
            np.frombuffer(memory.view, np.uint8, self.capacity, start + _SLOT_HEADER_BYTES)
            for start in starts
        ]
        self._written: int | None = None
        self.n_dropped = 0
        """Values that this reader's `read_newer` skipped because newer ones had come."""
        self.n_torn = 0
        """Copies that this reader threw away because the writer had been at them."""

    @classmethod
    def _lay_out(cls, name: str, capacity: int, counter: int) -> Memory:
        memory = Memory(name, _HEADER_BYTES + N_SLOTS * (_SLOT_HEADER_BYTES + _rounded(capacity)))
        with memory.view.cast("Q") as words:
            words[0], words[1], words[2] = _MAGIC, capacity, counter
        return memory

    @property
    def name(self) -> str:
        """The name of the shared memory."""
        return self._memory.name

    @property
    def counter(self) -> int:
        """The newest counter in the region, 0 while nothing was written."""
        counters = self._counters()
        return counters[0][0] if counters else 0

    def read(self) -> T | None:
        """The newest whole value, or None while there is none."""
        taken = self._take(None)
        return taken[1] if taken else None

    def read_newer(self, counter: int) -> tuple[int, T] | None:
        """The newest whole value and its counter if it is newer than `counter` (0 = whatever there is).

        What came and went in between is added to `n_dropped`.
        """
        return self._newer(counter)

    def close(self) -> None:
        """Lets go of the mapping; the object is of no use afterwards."""
        self._payloads = []
        self._words.release()
        self._memory.close()

    def unlink(self) -> None:
        """Removes the name; for the maker."""
        self._memory.unlink()

    def _load(self, payload: UInt8, out: UInt8 | None) -> tuple[T, int] | None:
        """Copies a value out of the shared (n,) uint8 payload and gives it with the checksum of the copy.

        None where what lies there makes no sense. `out` may be filled instead of a new array.
        """
        raise TypeError(f"{type(self).__name__} does not say how its values are copied")

    def _write(self, head: bytes, body: UInt8) -> int:
        """Publishes `head` followed by `body`, (n,) uint8, as the newest value; gives its counter."""
        n_head, n = len(head), len(head) + len(body)
        if n > self.capacity:
            raise ValueError(f"{n} bytes do not fit into {self.name}, which holds {self.capacity}")
        counters = self._counters()
        if self._written is None:  # a fresh writer goes on where the last one ended
            self._written = counters[0][0] if counters else self._words[2]
        counter = (self._written + 1) % WRAP or 1
        used = {i for _, i in counters}
        i = next((i for i in range(N_SLOTS) if i not in used), counters[-1][1] if counters else 0)
        at, payload = self._at[i], self._payloads[i]
        self._words[at] = 0
        payload[:n_head] = np.frombuffer(head, np.uint8)
        payload[n_head:n] = body
        self._words[at + 1] = n
        self._words[at + 2] = (checksum(head, payload[n_head:n]) + counter) % WRAP
        self._words[at] = self._written = counter
        return counter

    def _newer(self, counter: int, out: UInt8 | None = None) -> tuple[int, T] | None:
        taken = self._take(counter or None, out)
        if taken and counter:
            self.n_dropped += ahead(taken[0], counter) - 1
        return taken

    def _take(self, after: int | None, out: UInt8 | None = None) -> tuple[int, T] | None:
        for _ in range(N_ROUNDS):
            wanted = [(c, i) for c, i in self._counters() if after is None or ahead(c, after) > 0]
            for counter, i in wanted:
                at = self._at[i]
                n, expected = self._words[at + 1], self._words[at + 2]
                loaded = self._load(self._payloads[i][:n], out) if n <= self.capacity else None
                whole = loaded and (loaded[1] + counter) % WRAP == expected
                if loaded and whole and self._words[at] == counter:
                    return counter, loaded[0]
                self.n_torn += 1
            if not wanted:
                return None
        return None

    def _counters(self) -> list[tuple[int, int]]:
        """(counter, slot) of the slots that hold something, newest first."""
        held = [(counter, i) for i, at in enumerate(self._at) if (counter := self._words[at])]
        if len(held) > 1:
            newest = held[0][0]
            held.sort(key=lambda pair: ahead(pair[0], newest), reverse=True)
        return held


def _rounded(n_bytes: int) -> int:
    return -(-n_bytes // 64) * 64
