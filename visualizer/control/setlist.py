"""A set list that is played: which cue is on, which comes next, and when."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from visualizer import clock
from visualizer.control.beat_grid import BeatGrid
from visualizer.control.decks import Decks, what_matters
from visualizer.control.preset_files import Preset
from visualizer.control.quantiser import Quantiser
from visualizer.control.recalls import Recalls
from visualizer.control.set_files import Cue, SetList
from visualizer.parameters import ParameterState
from visualizer.types import UserError

EARLIER_S, LOADING_SHARE = 2.0, 1.5
"""A cue is loaded this much earlier than its loading takes where memory is short, and before all else."""
FOUND_S = 0.5
"""The files of presets are looked through so often."""
_KEYS = ("go", "cue")

_log = logging.getLogger("visualizer.cues")


@dataclass(frozen=True, slots=True)
class _Begun:
    """When the present cue began."""

    bars: int
    """The bar line that it belongs to, by the count of the grid."""
    time_ns: int


class Setlist:
    """Owned by the supervisor's thread; `look_after` drives it.

    A cue whose preset or content is missing is skipped, with its sentence; what is on air stays meanwhile.
    While `show.lock` is on nothing moves on by itself.
    """

    def __init__(
        self,
        values: ParameterState,
        grid: BeatGrid,
        decks: Decks,
        recalls: Recalls,
        quantiser: Quantiser,
        has_room: Callable[[], bool],
        rng: random.Random | None = None,
    ) -> None:
        """`has_room` tells whether the memory holds two decks all the time."""
        self.set_list = SetList("")
        self.place: int | None = None
        """The cue that is on, from 0; None before the first."""
        self.is_running = False
        self.skipped: dict[int, str] = {}
        self.n_begun = 0
        """Cues that began in this show."""
        self.late_ms: float | None = None
        """How late the present cue began, against its boundary; None for one begun by hand."""
        self._values, self._grid, self._decks = values, grid, decks
        self._recalls, self._quantiser, self._has_room = recalls, quantiser, has_room
        self._rng = rng or random.Random()
        self._begun: _Begun | None = None
        self._due_bars: float | None = None
        self._was_locked = self._has_waited = False
        self._history: list[int] = []
        self._seen: set[int] = set()
        self._next: int | None = None
        self._next_of: tuple[Any, ...] = ()
        self._found: tuple[int, Cue, Preset] | None = None
        self._found_until_ns = 0
        self._near: tuple[int, Mapping[str, Any]] | None = None
        """The next cue once it is near, and what it is loaded by, whatever a hand chooses from then on."""

    # What is played --------------------------------------------------------------------------------------

    def open(self, set_list: SetList) -> None:
        """Another set list, or the same one edited: the cue that is on stays the one that is on."""
        old, place = self.set_list, self.place
        self.set_list, self.skipped, self._next_of = set_list, {}, ()
        self._decks.forget_failures()
        self._drop_pending()
        if set_list.name != old.name or place is None:
            self._stand_before_first()
            return
        was, cues = old.cues[place], list(enumerate(set_list.cues))
        same = [n for n, cue in cues if cue == was] or [n for n, cue in cues if cue.preset == was.preset]
        if not same and len(cues) == len(old.cues):
            same = [place]  # it was this one that was edited
        self.place = min(same, key=lambda n: abs(n - place), default=None)
        self._history, self._seen = [], {self.place} if self.place is not None else set()
        self._due_bars = None

    def call(self, name: str) -> None:
        """The set that is open has another name now."""
        self.set_list = replace(self.set_list, name=name)

    def _stand_before_first(self) -> None:
        self.place, self.is_running, self._begun, self.late_ms = None, False, None, None
        self._history, self._seen, self._due_bars = [], set(), None

    # By hand ---------------------------------------------------------------------------------------------

    def start(self, source: str) -> None:
        """Plays from the first cue; UserError where there is none."""
        self._require_cues()
        if self._quantiser.pending is None or self._quantiser.pending.key != "go":
            self.skipped = {}
            self._stand_before_first()
            self._decks.forget_failures()
        self.is_running = True
        self.go(source)

    def stop(self) -> None:
        """The cue that is on stays; nothing moves on."""
        self.is_running = False
        self._drop_pending()
        self._recalls.say("the set list is stopped")

    def go(self, source: str) -> None:
        """The next cue, on the next boundary; UserError at the end."""
        self._require_cues()
        target = self._find_next()
        if target is None:
            raise UserError("That was the last cue: Home starts the set list again.")
        self.is_running = True
        self._ask("go", *target, source)

    def go_back(self, source: str) -> None:
        """The cue that was on before this one; UserError before the first."""
        self._require_cues()
        place = self._history[-1] if self._history else (self.place or 0) - 1
        if place < 0:
            raise UserError("This is the first cue.")
        self.go_to(place, source)

    def go_to(self, place: int, source: str) -> None:
        """A cue by its place, counted from 0; UserError where there is none."""
        self._require_cues()
        if not 0 <= place < len(self.set_list.cues):
            raise UserError(f"The set list has the cues 1 to {len(self.set_list.cues)}.")
        self.skipped.pop(place, None)
        self._decks.forget_failures()
        cue = self.set_list.cues[place]
        preset = self._recalls.find(cue.preset)
        self.is_running = True
        self._ask(f"cue {place}", place, cue, preset, source)

    def _ask(self, key: str, place: int, cue: Cue, preset: Preset, source: str) -> None:
        def fail(sentence: str) -> None:
            self._skip(place, sentence)
            following = self._find_next() if key == "go" else None
            if following is not None:
                self._ask(key, *following, source)

        act = partial(self._begin, place, cue, preset, source, None)
        self._quantiser.ask(key, f"cue {place + 1}: {cue.preset}", act, preset.values, fail)

    def _require_cues(self) -> None:
        if not self.set_list.cues:
            raise UserError("No set list with cues is open: make one on the panel's page Set list.")

    def _drop_pending(self) -> None:
        if self._is_asked:
            self._quantiser.drop()

    # By itself -------------------------------------------------------------------------------------------

    def look_after(self) -> None:
        """Begins the next cue when it is due and loaded."""
        self._look_near()
        self._skip_failed()
        cue = self.cue
        if not self.is_running or cue is None or cue.leave == "key" or self._is_asked:
            return
        if self._values["show.lock"]:
            self._was_locked = True
            return
        if self._was_locked:
            self._was_locked = False
            if self.seconds_left is not None and self.seconds_left < 0.0:
                self._due_bars = self._grid.next_line("bar")
        while self.seconds_left is not None and self.seconds_left <= 0.0:
            target = self._find_next()
            if target is None:
                self.is_running = False
                self._recalls.say(f"the set list {self.set_list.name!r} is over")
                return
            place, cue, preset = target
            match self._decks.place_of(self._values_of(place, preset)):
                case "loading":
                    self._has_waited = True
                    return
                case "failed":
                    self._skip(place, self._decks.problem_of(self._values_of(place, preset)))
                case _:
                    self._begin(place, cue, preset, "cue", -1e3 * self.seconds_left)
                    return

    def _skip_failed(self) -> None:
        """What could not be loaded ahead of its time is known before its time."""
        for _ in self.set_list.cues if self.is_running else ():
            target = self._find_next()
            sentence = ""
            if target is not None:
                sentence = self._decks.problem_of(self._values_of(target[0], target[2]))
            if target is None or not sentence:
                return
            self._skip(target[0], sentence)

    @property
    def cue(self) -> Cue | None:
        """The one that is on."""
        return self.set_list.cues[self.place] if self.place is not None else None

    @property
    def seconds_left(self) -> float | None:
        """Until the next cue begins by itself, negative once it is late; None where it does not."""
        cue, begun = self.cue, self._begun
        if cue is None or begun is None or not self.is_running or cue.leave == "key":
            return None
        offset = 0.0
        if self._due_bars is None:
            target = self._next_cached()
            beats = 0.0 if target is None else self.set_list.cues[target].offset_beats
            offset = beats * 60.0 / self._grid.bpm
        if cue.leave == "seconds" and self._due_bars is None:
            left_s = cue.after - clock.seconds(clock.now_ns() - begun.time_ns) + offset
            if left_s > 0.0 or self._quantiser.unit is None:
                return left_s
            self._due_bars = self._grid.next_line(self._quantiser.unit)
        if self._due_bars is not None:
            return self._grid.seconds_until(self._due_bars)
        line = float(begun.bars + cue.after)
        if self._quantiser.unit == "4 bars":
            line = self._grid.next_line("4 bars", line)
        return self._grid.seconds_until(line) + offset

    @property
    def wait_s(self) -> float | None:
        """In how many seconds the next cue is due; None where none is coming by itself."""
        left_s = self.seconds_left
        return left_s if left_s is not None and left_s > 0.0 else None

    @property
    def foreseen(self) -> Mapping[str, Any] | None:
        """What the next cue needs, once it is time to load it."""
        if not self.is_running or self.place is None:
            return None
        target = self._find_next()
        if target is None:
            return None
        place, _, preset = target
        if self._near is None and self._has_room():
            return preset.values
        left_s, lead_s = self.seconds_left, self._lead_s(preset)
        if self._near is None and (left_s is None or left_s >= lead_s):
            return None
        return self._values_of(place, preset)

    @property
    def is_near(self) -> bool:
        """Whether the next cue comes by itself so soon that it must be loaded before all else."""
        return self._near is not None

    def _lead_s(self, preset: Preset) -> float:
        """How long before its boundary what a preset needs must begin to load."""
        return LOADING_SHARE * self._decks.loading_time_s(preset.values) + EARLIER_S

    def _look_near(self) -> None:
        """Notes when the next cue comes near; a fade by hand, which is under way then, may still end."""
        left_s = None if self._is_asked or self._values["show.lock"] else self.seconds_left
        target = self._find_next() if left_s is not None else None
        if left_s is None or target is None:
            self._near = None
            return
        place, _, preset = target
        if left_s >= self._lead_s(preset) + float(self._values["show.fade_s"]):
            self._near = None
        elif self._near is None or self._near[0] != place:
            values = {**self._values.snapshot(), **preset.values}
            self._near = place, {**what_matters(values), **preset.values}

    def _values_of(self, place: int, preset: Preset) -> Mapping[str, Any]:
        return self._near[1] if self._near is not None and self._near[0] == place else preset.values

    @property
    def _is_asked(self) -> bool:
        """Whether a cue was asked for by hand and waits."""
        pending = self._quantiser.pending
        return pending is not None and pending.key.startswith(_KEYS)

    def _begin(self, place: int, cue: Cue, preset: Preset, source: str, late_ms: float | None) -> None:
        before = self.place, self._begun, list(self._history), set(self._seen)

        def return_to_before() -> None:
            self.place, self._begun, self._history, self._seen = before
            self._due_bars, self._next_of, self.is_running = None, (), False

        offset_bars = self._grid.bars_of(cue.offset_beats * 60.0 / self._grid.bpm)
        values, title = self._values_of(place, preset), f"cue {place + 1}: {cue.preset}"
        self._near = None
        self._decks.look_ahead(None)
        self._recalls.turn_to(values, source, title, cue.fade_s, preset.name, return_to_before)
        self._decks.take_now(cue.fade_s, is_urgent=True)
        if self.place is not None:
            self._history.append(self.place)
        if self._history[-2:-1] == [place]:
            del self._history[-2:]  # a step back
        self._seen.add(place)
        self.place, self.late_ms = place, None if late_ms is None else round(late_ms, 1)
        self._begun = _Begun(round(self._grid.bars - offset_bars), clock.now_ns())
        self._due_bars = None
        self.n_begun += 1
        why = ": it was not loaded in time" if self._has_waited else ""
        late = "" if late_ms is None else f", {late_ms:.0f} ms after its boundary{why}"
        self._has_waited = False
        _log.info("Cue %d of %r: %s%s", place + 1, self.set_list.name, cue.preset, late)
        self._recalls.say(f"cue {place + 1}: {cue.preset}")

    def _skip(self, place: int, sentence: str) -> None:
        self.skipped[place] = sentence
        self._next_of = ()
        cue = self.set_list.cues[place]
        self._recalls.say(f"cue {place + 1} ({cue.preset}) is skipped: {sentence}")

    # What comes next -------------------------------------------------------------------------------------

    def _find_next(self) -> tuple[int, Cue, Preset] | None:
        """The next cue with its preset; those without one are skipped on the way."""
        for _ in self.set_list.cues:
            place = self._next_cached()
            if place is None:
                return None
            cue = self.set_list.cues[place]
            now_ns = clock.now_ns()
            if self._found is not None and self._found[1] is cue and now_ns < self._found_until_ns:
                return self._found
            try:
                self._found = place, cue, self._recalls.presets.find(cue.preset)
                self._found_until_ns = now_ns + clock.nanoseconds(FOUND_S)
                return self._found
            except UserError as error:
                self._skip(place, str(error))
        return None

    def _next_cached(self) -> int | None:
        """The next place; drawn once, so that what was loaded ahead is what comes."""
        of = (self.place, self._values["show.shuffle"], self._values["show.repeat"], len(self.skipped))
        if of != self._next_of:
            self._next_of, self._next = of, self._choose_next()
        return self._next

    def _choose_next(self) -> int | None:
        places = [n for n in range(len(self.set_list.cues)) if n not in self.skipped]
        repeats, now = bool(self._values["show.repeat"]), -1 if self.place is None else self.place
        if self._values["show.shuffle"]:
            unseen = [n for n in places if n not in self._seen]
            if not unseen and repeats:
                self._seen.clear()
                unseen = [n for n in places if n != now] or places
            return self._rng.choice(unseen) if unseen else None
        return next((n for n in places if n > now), places[0] if repeats and places else None)

    @property
    def next_place(self) -> int | None:
        """The cue that comes next, from 0; None at the end."""
        return self._next_cached() if self.set_list.cues else None
