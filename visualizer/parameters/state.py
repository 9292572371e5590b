"""The values of all controls, changed in one place."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualizer import clock
from visualizer.parameters.parameter import Value
from visualizer.parameters.registry import PARAMETERS, calm, find
from visualizer.types import UserError


@dataclass(frozen=True, slots=True)
class Change:
    """A value, who set it, and when."""

    value: Value
    source: str
    time_ns: int


def fingerprint(values: Mapping[str, Any]) -> str:
    """A short word, the same for the same values of all parameters but those that are pinned for decks."""
    told = {p.id: values.get(p.id, p.default) for p in PARAMETERS.values() if not p.in_next_deck}
    return f"{zlib.crc32(json.dumps(told, sort_keys=True).encode()):08x}"


class ParameterState:
    """All values. Owned by the supervisor process; every change passes through `set`, the newest wins."""

    def __init__(self, values: Mapping[str, object] | None = None, source: str = "start") -> None:
        self._changes = {p.id: Change(p.default, "default", 0) for p in PARAMETERS.values()}
        for id, value in (values or {}).items():
            self.set(id, value, source)

    def set(self, id: str, value: object, source: str, time_ns: int | None = None) -> dict[str, Value]:
        """Validates and stores; returns what changed ({} when nothing did or a newer change stands)."""
        parameter = find(id)
        valid = parameter.validate(value)
        time_ns = clock.now_ns() if time_ns is None else time_ns
        before = self.change(id)
        if before.time_ns > time_ns:
            return {}
        if parameter.kind == "trigger":
            return self._panic(source, time_ns) if valid and id == "output.panic" else {}
        self._changes[id] = Change(valid, source, time_ns)
        return {id: valid} if valid != before.value else {}

    def _panic(self, source: str, time_ns: int) -> dict[str, Value]:
        changed: dict[str, Value] = {}
        for id, value in calm(is_preset=bool(self["show.panic_preset"])).items():
            changed |= self.set(id, value, source, time_ns)
        return changed

    def __getitem__(self, id: str) -> Value:
        return self.change(id).value

    def change(self, id: str) -> Change:
        """The value with its source and time."""
        parameter = find(id)
        return self._changes.get(id) or Change(parameter.default, "default", 0)

    def redeclare(self) -> None:
        """After parameters came, changed or went: forgets values that are none any more."""
        for id, change in list(self._changes.items()):
            try:
                valid = find(id).validate(change.value)
                if valid != change.value:  # else a morph still knows it for its own
                    self._changes[id] = Change(valid, change.source, change.time_ns)
            except UserError:
                del self._changes[id]

    def snapshot(self) -> dict[str, Any]:
        """All values, for a process that starts."""
        return {id: self.change(id).value for id in PARAMETERS}
