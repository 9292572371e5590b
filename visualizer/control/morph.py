"""Turns many knobs at once, from where they are to where a preset wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from visualizer import clock
from visualizer.parameters import PARAMETERS, Change, ParameterState, Value

TICK_S = 1.0 / 30.0

Apply = Callable[[Mapping[str, Value], str], None]
"""Sets values at once for a source, and tells all processes in one message."""


@dataclass(slots=True)
class _Move:
    """One knob on its way, in shares of its range along its curve."""

    start: float
    end: float
    goal: Value
    start_ns: int
    span_ns: int
    mine: Change
    """What this morph has set last; where something else stands, a hand was there."""

    def value(self, id: str, now_ns: int) -> Value:
        """Where the knob should be now."""
        way = (now_ns - self.start_ns) / self.span_ns
        if way >= 1.0:
            return self.goal
        return PARAMETERS[id].from_share(self.start + (self.end - self.start) * way)


class Morph:
    """The knobs on their way. Owned by the thread that owns the values; `look_after` drives it.

    Whoever else sets a value during the morph wins: that knob is let go, as is one whose shader has gone. A
    newer wish for a knob replaces the older one. What is no continuous value, or needs another deck, is set
    at once.
    """

    def __init__(self, values: ParameterState, apply: Apply) -> None:
        self._values = values
        self._apply = apply
        self._moves: dict[str, _Move] = {}
        self._source = ""
        self._next_ns = 0

    @property
    def wait_s(self) -> float | None:
        """When `look_after` wants to be called next, in seconds; None while nothing moves."""
        return max(0.0, clock.seconds(self._next_ns - clock.now_ns())) if self._moves else None

    def goal(self, id: str) -> Value:
        """Where a value is going, or where it is."""
        move = self._moves.get(id)
        return move.goal if move and self._is_mine(id) else self._values[id]

    def begin(self, wanted: Mapping[str, Value], span_s: float, source: str) -> None:
        """Sets what cannot move, and moves the rest to its goals within `span_s`, 0 at once."""
        now_ns = clock.now_ns()
        self._source = source
        wanted = {id: goal for id, goal in wanted.items() if id in PARAMETERS}  # a shader may have gone
        moving = {id: goal for id, goal in wanted.items() if span_s > 0.0 and self._can_move(id, goal)}
        self._moves = {id: move for id, move in self._moves.items() if id not in wanted}
        self._next_ns = now_ns + clock.nanoseconds(TICK_S)
        self._apply({id: value for id, value in wanted.items() if id not in moving}, source)
        for id, goal in moving.items():
            parameter = PARAMETERS[id]
            start, end = parameter.to_share(float(self._values[id])), parameter.to_share(float(goal))
            span_ns = max(1, clock.nanoseconds(span_s))
            self._moves[id] = _Move(start, end, goal, now_ns, span_ns, self._values.change(id))

    def look_after(self) -> None:
        """Takes the next step when it is due; all knobs in one message."""
        now_ns = clock.now_ns()
        if not self._moves or now_ns < self._next_ns:
            return
        self._next_ns = max(self._next_ns + clock.nanoseconds(TICK_S), now_ns)
        self._moves = {id: m for id, m in self._moves.items() if id in PARAMETERS and self._is_mine(id)}
        self._apply({id: move.value(id, now_ns) for id, move in self._moves.items()}, self._source)
        for id, move in self._moves.items():
            move.mine = self._values.change(id)
        self._moves = {id: move for id, move in self._moves.items() if self._values[id] != move.goal}

    def _is_mine(self, id: str) -> bool:
        return self._values.change(id) is self._moves[id].mine

    def _can_move(self, id: str, goal: Value) -> bool:
        parameter = PARAMETERS[id]
        return parameter.kind == "float" and not parameter.in_next_deck and self._values[id] != goal
