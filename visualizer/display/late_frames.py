"""What late frames spent their time on, for whoever looks for the cause of a gap."""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

try:
    import resource
except ImportError:  # Windows: no faults and no switches are told
    resource = None  # type: ignore[assignment]

from visualizer import clock

LATE_S = 0.08
"""A gap that is told of: before it can be seen as one."""
N_KEPT = 8
MAX_EVENTS = 12
EVENTS_S = 3.0
"""What happened so long before a gap is told with it."""


class LateFrames:
    """The parts of each frame, kept of those after a gap. Owner: the thread that draws.

    Call `begin` when a frame begins, `mark` when a part of it is done, `shown` when it is seen; `note` what
    happens between.
    """

    def __init__(self) -> None:
        self.kept: deque[dict[str, Any]] = deque(maxlen=N_KEPT)
        """JSON: `number`, `time_s` on the clock, `gap_ms`, `late_ms` (begun later than due), `parts_ms` by
        name, `cpu_ms` of the process, `own_ms` of its drawing thread, `gc_ms`, `faults` that read the disk,
        `evicted` (how often the system gave the core away), `events`."""
        self._parts: dict[str, float] = {}
        self._events: deque[tuple[float, str]] = deque(maxlen=MAX_EVENTS)
        self._n = 0
        self._shown_s: float | None = None
        self._begun_s = self._marked_s = self._due_s = 0.0
        self._gc_s = self._gc_begun_s = 0.0
        self._before = _usage()
        gc.callbacks.append(self._collected)

    def note(self, *events: str) -> None:
        """Things that happened now, in words or by id."""
        now_s = clock.seconds(clock.now_ns())
        self._events.extend((now_s, event) for event in events)

    def begin(self, due_s: float) -> None:
        """A frame begins that was due at this time, in s of the clock."""
        self._due_s = due_s
        self._begun_s = self._marked_s = clock.seconds(clock.now_ns())
        self._parts = {}

    def mark(self, part: str) -> None:
        """The part of that name is done."""
        now_s = clock.seconds(clock.now_ns())
        self._parts[part] = self._parts.get(part, 0.0) + now_s - self._marked_s
        self._marked_s = now_s

    def shown(self, shown_s: float) -> None:
        """The frame is seen."""
        usage = _usage()
        if self._shown_s is not None and shown_s - self._shown_s > LATE_S:
            self._keep(shown_s, [now - before for now, before in zip(usage, self._before, strict=True)])
        self._shown_s, self._before, self._gc_s = shown_s, usage, 0.0

    def _keep(self, shown_s: float, used: Iterable[float]) -> None:
        self._n += 1
        cpu_s, own_s, faults, evicted = used
        assert self._shown_s is not None
        events = [event for time_s, event in self._events if shown_s - time_s < EVENTS_S]
        self.kept.append(
            {
                "number": self._n,
                "time_s": round(shown_s, 3),
                "gap_ms": _ms(shown_s - self._shown_s),
                "late_ms": _ms(max(self._begun_s - self._due_s, 0.0)),
                "parts_ms": {name: _ms(part_s) for name, part_s in self._parts.items()},
                "cpu_ms": _ms(cpu_s),
                "own_ms": _ms(own_s),
                "gc_ms": _ms(self._gc_s),
                "faults": int(faults),
                "evicted": int(evicted),
                "events": [event[:60] for event in events],
            }
        )

    def _collected(self, phase: str, _: dict[str, int]) -> None:
        now_s = time.perf_counter()
        if phase == "start":
            self._gc_begun_s = now_s
        else:
            self._gc_s += now_s - self._gc_begun_s

    def close(self) -> None:
        """Garbage is collected unwatched again."""
        if self._collected in gc.callbacks:
            gc.callbacks.remove(self._collected)


def _usage() -> tuple[float, float, float, float]:
    """CPU seconds of the process and of this thread, faults that read the disk, cores given away."""
    told = resource.getrusage(resource.RUSAGE_SELF) if resource is not None else None
    faults, evicted = (told.ru_majflt, told.ru_nivcsw) if told is not None else (0, 0)
    return time.process_time(), time.thread_time(), float(faults), float(evicted)


def _ms(seconds: float) -> float:
    return round(1e3 * seconds, 1)
