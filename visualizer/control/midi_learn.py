"""Learning by moving: which knob it is, whether it is endless or fine, and whether it is a button."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from visualizer.control.midi_events import N_MSB, Event, Source
from visualizer.control.midi_map import Binding, Counts, usual_way

QUIET_S, MOST_S = 0.35, 1.5
"""A move has ended after so long without a message, and is judged at the latest after so long."""
WAITS_S = 30.0
"""So long a knob is waited for."""
N_SURE = 3
"""So many messages make a knob out of what came after a touch."""
_NEAR, _MIDDLE = 15, 64
_MOST_EVENTS = 512


class Learner:
    """Waits for a knob to move. For one thread."""

    def __init__(self, target: str, now_s: float) -> None:
        self.target = target
        self._began_s = now_s
        self._first_s = self._last_s = 0.0
        self._events: list[Event] = []

    @property
    def has_heard(self) -> bool:
        """Whether something moved already."""
        return bool(self._events)

    def is_over(self, now_s: float) -> bool:
        """Whether it has waited long enough for nothing."""
        return not self._events and now_s - self._began_s > WAITS_S

    def hear(self, event: Event, now_s: float) -> None:
        """Something moved; letting go of a key alone is no move."""
        if not self._events and event.source.kind == "note" and not event.place:
            return
        if not self._events:
            self._first_s = now_s
        self._last_s = now_s
        if len(self._events) < _MOST_EVENTS:
            self._events.append(event)

    def result(self, now_s: float) -> Binding | None:
        """The binding, once the move has ended."""
        if not self._events or (now_s - self._last_s < QUIET_S and now_s - self._first_s < MOST_S):
            return None
        return judge(self.target, self._events)


def judge(target: str, events: Sequence[Event]) -> Binding:
    """The binding that a move means; `events` are in their order, at least one.

    Of several sources it is the one that moved most: a fader that is touched may send a note first.
    """
    by_source: dict[Source, list[int]] = {}
    for event in events:
        by_source.setdefault(event.source, []).append(event.raw)
    moved = [s for s, raws in by_source.items() if s.kind != "note" and len(raws) >= N_SURE]
    source = max(moved or by_source, key=lambda s: len(by_source[s]))
    if not moved:
        source = events[0].source
    raws = by_source[source]
    if source.kind == "cc":
        coarse = source.number % N_MSB
        pair = [Source(source.port, "cc", source.channel, coarse + n) for n in (0, N_MSB)]
        if source.number < 2 * N_MSB and all(len(by_source.get(half, ())) > 1 for half in pair):
            fine = Source(source.port, "cc14", source.channel, coarse)
            return Binding(target, fine, usual_way(target, is_button=False))
    counts = _counts(raws) if source.kind == "cc" else "absolute"
    is_button = source.kind in ("note", "program") or (source.kind == "cc" and _is_button(raws))
    return Binding(target, source, usual_way(target, is_button), counts)


def _is_button(raws: Sequence[int]) -> bool:
    """Whether a control change only ever says on or off."""
    return raws[0] > 0 and set(raws) <= {0, max(raws)} and (len(raws) > 1 or raws[0] == 127)


def _counts(raws: Sequence[int]) -> Counts:
    """Whether the numbers are clicks of an endless knob: small steps that repeat, as places never do."""
    repeats = sum(one == other for one, other in pairwise(raws))
    if len(raws) < N_SURE or repeats * 2 < len(raws) - 1:
        return "absolute"
    if all(0 < raw <= _NEAR or raw >= 128 - _NEAR for raw in raws):
        return "twos"
    if all(0 < abs(raw - _MIDDLE) <= _NEAR for raw in raws):
        return "offset"
    return "absolute"


def clicks(raw: int, counts: Counts) -> int:
    """How many clicks a message of an endless knob means; to the right is more."""
    if counts == "twos":
        return raw if raw < 64 else raw - 128
    return raw - _MIDDLE
