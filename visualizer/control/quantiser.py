"""Lets what is asked for begin on the next beat, bar or phrase, and not before what it needs is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from visualizer.control.beat_grid import BeatGrid, Unit
from visualizer.control.decks import Decks
from visualizer.parameters import ParameterState


@dataclass(slots=True)
class Pending:
    """What waits for its moment; there is one at most, the newest wish."""

    key: str
    """The same key asked for again begins at once."""
    title: str
    act: Callable[[], None]
    values: Mapping[str, Any]
    """What is loaded meanwhile."""
    line: float
    """The bar count at which it begins."""
    unit: Unit | None
    on_failure: Callable[[str], None] | None
    """Called with the sentence instead of `act` when its values cannot be loaded."""


class Quantiser:
    """Owned by the supervisor's thread; `look_after` drives it."""

    def __init__(self, values: ParameterState, grid: BeatGrid, decks: Decks) -> None:
        self.pending: Pending | None = None
        self._values, self._grid, self._decks = values, grid, decks

    @property
    def unit(self) -> Unit | None:
        """What is waited for now; None where nothing is, or where no beat is heard."""
        wanted = str(self._values["show.quantise"])
        return cast(Unit, wanted) if wanted != "off" and self._grid.is_known else None

    @property
    def wait_s(self) -> float | None:
        """In how many seconds the boundary comes; None while nothing waits for one."""
        pending = self.pending
        if pending is None or self._grid.beats_until(pending.line) <= 0.0:
            return None
        return self._grid.seconds_until(pending.line)

    def ask(
        self,
        key: str,
        title: str,
        act: Callable[[], None],
        values: Mapping[str, Any] | None = None,
        on_failure: Callable[[str], None] | None = None,
    ) -> None:
        """Does it on the next boundary; at once where nothing is waited for, or when it is asked again.

        What has an `on_failure` waits for its values to be loaded in any case.
        """
        pending, unit, values = self.pending, self.unit, dict(values or {})
        if pending is not None and pending.key == key:
            self.pending = None
            act()
            return
        loads = on_failure is not None and self._decks.place_of(values) in ("loading", "failed")
        if unit is None and not loads:
            self.pending = None
            act()
            return
        line = self._grid.bars if unit is None else self._grid.next_line(unit)
        self.pending = Pending(key, title, act, values, line, unit, on_failure)
        self.look_after()

    def drop(self) -> None:
        """What waits is called off."""
        self.pending = None

    def look_after(self) -> None:
        """Begins what is due and loaded; what is late waits for the next boundary."""
        pending = self.pending
        if pending is None:
            return
        place = self._decks.place_of(pending.values) if pending.values else "here"
        if place == "failed" and pending.on_failure is not None:
            self.pending = None
            pending.on_failure(self._decks.problem_of(pending.values))
        elif self._grid.bars < pending.line:
            return
        elif place == "loading":
            if pending.unit is not None:
                pending.line = max(self._grid.next_line(pending.unit), pending.line + 1e-3)
        else:
            self.pending = None
            pending.act()

    def told(self) -> dict[str, Any] | None:
        """For the panel: `what`, `beats` until it begins, `loads`; None while nothing waits."""
        pending = self.pending
        if pending is None:
            return None
        loads = bool(pending.values) and self._decks.place_of(pending.values) == "loading"
        beats = max(0.0, self._grid.beats_until(pending.line)) if pending.unit else 0.0
        return {"what": pending.title, "beats": round(beats, 2), "loads": loads}
