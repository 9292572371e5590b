"""What remote hands ask of the parent: the newest of each value, and actions, in bounded numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from visualizer.parameters import PARAMETERS, Value

PASSED_ON_S = 1 / 60
"""Values go to the parent so often, the newest of each."""
NEXT_DECK_S = 0.5
"""What makes the other deck load goes so often."""
N_ACTIONS = 20
"""In a second; as many at once after a pause."""
QUICK_S, SLOW_S = 0.05, 0.25
"""The same action is not done again so soon."""

_QUICK = {
    *("tap", "take", "next", "previous", "random_seed", "lock", "blackout", "freeze", "panic", "next_cue"),
    *("half_tempo", "double_tempo", "nudge_earlier", "nudge_later", "resync"),
}


class Allowance:
    """So much in a second, and no more than that at once."""

    def __init__(self, n_a_second: float) -> None:
        self._most = self._left = float(n_a_second)
        self._asked_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Takes one, if one is left."""
        since_s = 0.0 if self._asked_s is None else now_s - self._asked_s
        self._left, self._asked_s = min(self._most, self._left + since_s * self._most), now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Asking:
    """Asks in the name of one kind of hand. Owned by the loop of the control process."""

    def __init__(self, send: Callable[[dict[str, Any]], None], by: str) -> None:
        """`send` reaches the parent; `by` is the source that it notes."""
        self._send, self._by = send, by
        self._done_s: dict[str, float] = {}
        self._actions = Allowance(N_ACTIONS)
        self._passed_on_s = self._next_deck_s = -math.inf
        self.values: dict[str, Value] = {}
        """What is still to be passed on."""

    def act(self, name: str, now_s: float) -> bool:
        """Asks for an action, or presses a trigger of the registry; False where it was too often."""
        if not self.may_act(name, now_s):
            return False
        self.send({"set": {name: True}} if name in PARAMETERS else {"do": name})
        return True

    def recall(self, which: int | str, now_s: float) -> bool:
        """Asks for a preset, by its key or its name; False where it was too often."""
        may = self.may_act("preset", now_s)
        if may:
            self.send({"preset": {"recall": which}})
        return may

    def cue(self, number: int, now_s: float) -> bool:
        """Asks for a cue of the set list, counted from 1; False where it was too often."""
        may = self.may_act("cue", now_s)
        if may:
            self.send({"sets": {"cue": number}})
        return may

    def may_act(self, name: str, now_s: float) -> bool:
        """Whether it may be done now; counts it as done."""
        gap_s = QUICK_S if name.removeprefix("output.") in _QUICK else SLOW_S
        if now_s - self._done_s.get(name, -math.inf) < gap_s or not self._actions.take(now_s):
            return False
        self._done_s[name] = now_s
        return True

    def pass_on(self, now_s: float) -> None:
        """Sends the values that were set to the parent, in one command."""
        if not self.values or now_s - self._passed_on_s < PASSED_ON_S:
            return
        self.values = {id: v for id, v in self.values.items() if id in PARAMETERS}  # a shader may have gone
        may_load = now_s - self._next_deck_s >= NEXT_DECK_S
        ready = {id: v for id, v in self.values.items() if may_load or not PARAMETERS[id].in_next_deck}
        if ready:
            self.values = {id: v for id, v in self.values.items() if id not in ready}
            self._passed_on_s = now_s
            if any(PARAMETERS[id].in_next_deck for id in ready):
                self._next_deck_s = now_s
            self.send({"set": ready})

    def send(self, command: dict[str, Any]) -> None:
        """Sends a command to the parent, in this hand's name."""
        self._send({**command, "by": self._by})
