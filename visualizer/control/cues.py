"""What comes next in the show: set lists, looks by chance, and everything that waits for a beat."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import psutil

from visualizer.control.beat_grid import BeatGrid
from visualizer.control.decks import Decks
from visualizer.control.preset_files import SLOTS
from visualizer.control.quantiser import Quantiser
from visualizer.control.random_look import random_look
from visualizer.control.recalls import Recalls, Tell
from visualizer.control.set_desk import SetDesk
from visualizer.control.set_files import SetList, Sets, body, parse
from visualizer.control.setlist import Setlist
from visualizer.parameters import PARAMETERS, ParameterState
from visualizer.types import UserError

BEATS_PER_BAR = "tempo.beats_per_bar"
ROOM_BYTES = 1_500_000_000
"""So much memory must be free for a second deck to wait all the time."""


def has_room() -> bool:
    """Whether the memory of this machine holds two decks all the time."""
    return psutil.virtual_memory().available > ROOM_BYTES


class Cues:
    """Owned by the supervisor's thread; `look_after` drives it.

    All workers are told `cue_line`, what comes next in words that count down ("" for nothing), `cue` and
    `next_cue` (names of presets).
    """

    def __init__(
        self,
        values: ParameterState,
        decks: Decks,
        recalls: Recalls,
        tell: Tell,
        sets: Sets | None = None,
        rng: random.Random | None = None,
        room: Callable[[], bool] = has_room,
    ) -> None:
        """`tell` tells all processes values beside the parameters."""
        self.sets = sets or Sets()
        self.grid = BeatGrid(n_beats=self._n_beats)
        self.quantiser = Quantiser(values, self.grid, decks)
        self._rng = rng or random.Random()
        self.setlist = Setlist(values, self.grid, decks, recalls, self.quantiser, room, self._rng)
        self.desk = SetDesk(values, self.sets, self.setlist, recalls, tell)
        self._values, self._decks, self._recalls, self._tell = values, decks, recalls, tell
        self._told: dict[str, Any] = self.told()
        self._drawn: set[str] = set()
        self._was_put_off = False
        decks.may_take = self._may_take

    def _n_beats(self) -> int:
        return int(self._values[BEATS_PER_BAR]) if BEATS_PER_BAR in PARAMETERS else 4

    @property
    def wait_s(self) -> float | None:
        """When `look_after` wants to be called next, in seconds; None when that does not matter."""
        waits = [wait for wait in (self.quantiser.wait_s, self.setlist.wait_s) if wait is not None]
        return min(waits, default=None)

    def look_after(self) -> None:
        """Counts on, begins what is due, and has loaded what comes next."""
        self.grid.update()
        pending = self.quantiser.pending
        if pending is not None and pending.key == "take" and self._decks.stage != "ready":
            self.quantiser.drop()  # it was called off, or its deck died
        self.quantiser.look_after()
        self.setlist.look_after()
        self._look_ahead()
        if self._decks.stage == "ready" and self._values["show.crossfader"] == 1.0:
            self.take_at_once("crossfader")
        told = self.told()
        if told != self._told:
            self._told = told
            self._tell(told)

    def _look_ahead(self) -> None:
        """Has loaded what comes next: a cue that is near before all else, then what waits, then the cue."""
        pending, is_near = self.quantiser.pending, self.setlist.is_near
        waits = pending is not None and pending.values and not is_near
        self._decks.look_ahead(pending.values if pending and waits else self.setlist.foreseen, is_near)
        is_put_off = self._decks.is_put_off
        if is_put_off and not self._was_put_off and self.setlist.next_place is not None:
            place = self.setlist.next_place
            self._recalls.say(f"cue {place + 1} ({self.setlist.set_list.cues[place].preset}) comes first")
        self._was_put_off = is_put_off

    # What is asked ---------------------------------------------------------------------------------------

    def obey(self, deed: Mapping[str, Any], source: str) -> None:
        """Does one of these; UserError, which is also shown, where it cannot be done.

        {"open": NAME}, {"start": NAME or true}, {"stop": true}, {"go": true}, {"back": true},
        {"cue": N from 1}, {"write": {"name": NAME, "cues": [CUE]}}, {"new": NAME}, {"delete": NAME},
        {"rename": NAME, "to": NAME}; a CUE is written as in a file.
        """
        with _Shown(self._recalls):
            match dict(deed):
                case {"open": str() as name}:
                    self.desk.open(self.sets.find(name), source)
                case {"start": str() as name}:
                    self.desk.open(self.sets.find(name), source)
                    self.setlist.start(source)
                case {"start": True}:
                    self.setlist.start(source)
                case {"stop": True}:
                    self.setlist.stop()
                case {"go": True}:
                    self.setlist.go(source)
                case {"back": True}:
                    self.setlist.go_back(source)
                case {"cue": int() as number} if not isinstance(number, bool):
                    self.setlist.go_to(number - 1, source)
                case {"write": dict(written)}:
                    self.desk.write(parse(written, "The set list"), source)
                case {"new": str() as name}:
                    self.desk.write(SetList(self.sets.free_name(name)), source)
                case {"rename": str() as name, "to": str() as to}:
                    self.desk.rename(name, to, source)
                case {"delete": str() as name}:
                    self.desk.delete(name, source)
                case _:
                    raise UserError("A set list is opened, played, written or deleted: see docs/sets.md.")

    def recall(self, which: int | str, source: str) -> None:
        """Recalls a preset on the next boundary; UserError, which is also shown, where there is none."""
        preset = self._recalls.find(which)

        def act() -> None:
            self._recalls.recall(preset, source)
            self._decks.take_now(None, is_urgent=False)

        self.quantiser.ask(f"preset {preset.name}", f"preset {preset.name}", act, preset.values)

    def take(self, source: str) -> None:
        """What is ready in the other deck, on the next boundary; what waits for one already, at once."""
        if self.quantiser.pending is not None:
            self.take_at_once(source)
        elif self._decks.is_ahead:
            with _Shown(self._recalls):
                self.setlist.go(source)
        elif self._decks.stage == "ready":
            self.quantiser.ask("take", "what is ready", self._decks.take)

    def take_at_once(self, source: str) -> None:
        """What waits, or what is ready in the other deck, now."""
        pending = self.quantiser.pending
        if pending is not None:
            self.quantiser.ask(pending.key, pending.title, pending.act)
        elif self._decks.is_ahead:
            with _Shown(self._recalls):
                self.setlist.go(source)
                if self.quantiser.pending is not None:
                    self.take_at_once(source)
        else:
            self._decks.take()

    def random_look(self, source: str) -> None:
        """Other values of what is painted live, by chance; nothing while the look is locked."""
        if self._values["show.lock"]:
            self._recalls.say("the look is locked: L unlocks it")
            return

        def act() -> None:
            look = random_look(str(self._values["show.mode"]), self._rng)
            self._recalls.turn_to(look, source, "a random look")
            self._recalls.say("a random look: Ctrl Z takes it back")

        self.quantiser.ask("random look", "a random look", act)

    def random_preset(self, source: str) -> None:
        """Another preset by chance; none comes twice before all have come."""
        if self._values["show.lock"]:
            self._recalls.say("the look is locked: L unlocks it")
            return
        pending = self.quantiser.pending
        if pending is not None and pending.key.startswith("preset "):
            self.take_at_once(source)
            return
        names = {entry.name for entry in self._recalls.presets.entries() if entry.preset}
        unseen = names - self._drawn - {self._recalls.last}
        if not unseen:
            self._drawn, unseen = set(), names - {self._recalls.last}
        if unseen:
            name = self._rng.choice(sorted(unseen))
            self._drawn.add(name)
            self.recall(name, source)

    def follow(self, changed: Mapping[str, Any]) -> None:
        """Values changed: perhaps another set list is wanted."""
        if "show.set_list" in changed:
            self.desk.follow(str(changed["show.set_list"]))

    def panic(self) -> None:
        """Nothing waits any more."""
        self.quantiser.drop()

    def _may_take(self) -> bool:
        """Whether what was chosen and is ready may fade in now; asks for its boundary."""
        if self.quantiser.unit is None:
            return True
        if self.quantiser.pending is None:
            self.quantiser.ask("take", "what was chosen", self._decks.take)
        return False

    # What is told ----------------------------------------------------------------------------------------

    def told(self) -> dict[str, Any]:
        """What all workers are told beside the values."""
        cue, following = self.setlist.cue, self.setlist.next_place
        cues = self.setlist.set_list.cues
        return {
            "cue_line": self._line(),
            "cue": cue.preset if cue is not None and self.setlist.is_running else "",
            "next_cue": cues[following].preset if following is not None else "",
        }

    def _line(self) -> str:
        pending = self.quantiser.told()
        if pending is not None:
            return f"{pending['what']} {_in(pending['beats'], pending['loads'])}"
        left_s, following = self.setlist.seconds_left, self.setlist.next_place
        if left_s is None or following is None:
            return ""
        name = self.setlist.set_list.cues[following].preset
        if self._values["show.lock"]:
            return f"locked; next {name}"
        beats = max(0.0, left_s * self.grid.bpm / 60.0)
        bars, cue = beats / self._n_beats(), self.setlist.cue
        if cue is not None and cue.leave == "seconds" and left_s > 0.0:
            return f"next {name} in {-(-left_s // 1):.0f} s"
        assumed = f" ({self.grid.assumed})" if self.grid.assumed else ""
        if bars > 1.0:
            return f"next {name} in {-(-bars // 1):.0f} bars{assumed}"
        return f"next {name} {_in(beats, left_s <= 0.0)}{assumed}"

    def state(self) -> dict[str, Any]:
        """For the panel: `sets` (see `Sets.listing`), `set` with its cues, and `pending`."""
        self.desk.reread()
        setlist, left_s = self.setlist, self.setlist.seconds_left
        cues = [
            cue | {"problem": setlist.skipped.get(place, "")}
            for place, cue in enumerate(body(setlist.set_list)["cues"])
        ]
        told_set = {
            "name": setlist.set_list.name,
            "cues": cues,
            "notes": list(setlist.set_list.notes),
            "place": setlist.place,
            "next": setlist.next_place,
            "runs": setlist.is_running,
            "seconds_left": None if left_s is None else round(left_s, 2),
            "late_ms": setlist.late_ms,
            "bpm": round(self.grid.bpm, 1),
            "beats_per_bar": self._n_beats(),
            "assumed": self.grid.assumed,
        }
        pending = self.quantiser.told()
        return {"sets": self.sets.listing(), "set": told_set, "pending": pending, **self.told()}

    def summary(self) -> dict[str, Any]:
        """For the status line."""
        setlist = self.setlist
        n_skipped, begun = len(setlist.skipped), setlist.n_begun
        told: dict[str, Any] = {"set": setlist.set_list.name, "place": setlist.place}
        told["runs"] = setlist.is_running
        told |= {"hears_beat": self.grid.is_known, "bpm": round(self.grid.bpm, 1)}
        return told | {"late_ms": setlist.late_ms, "n_begun": begun, "n_skipped": n_skipped, **self.told()}


def _in(beats: float, loads: bool) -> str:
    """How long it takes, in words."""
    if loads and beats <= 0.0:
        return "as soon as it is loaded"
    n = int(-(-beats // 1))
    return "now" if n < 1 else f"in {n} beat" + "s" * (n > 1)


class _Shown:
    """What goes wrong inside is shown as well as raised."""

    def __init__(self, recalls: Recalls) -> None:
        self._recalls = recalls

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UserError):
            self._recalls.say(str(error))


Act = Callable[["Cues", str], None]


def _deed(**deed: Any) -> Act:
    return lambda cues, source: cues.obey(deed, source)


def _recalling(slot: int) -> Act:
    return lambda cues, source: cues.recall(slot, source)


CUE_ACTIONS: dict[str, Act] = {
    "take": Cues.take,
    "next_cue": _deed(go=True),
    "previous_cue": _deed(back=True),
    "start_set": _deed(start=True),
    "stop_set": _deed(stop=True),
    "random_look": Cues.random_look,
    "random_preset": Cues.random_preset,
    **{f"preset_{slot}": _recalling(slot) for slot in SLOTS},
}
"""What may be asked for by name."""
