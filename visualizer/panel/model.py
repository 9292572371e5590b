"""What the panel knows: values, processes and decks. Plain Python without Qt; one thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from visualizer import clock, parameters
from visualizer.panel.midi_state import MidiState
from visualizer.parameters import Parameter, Value
from visualizer.types import UserError

HOLD_S, HOLD_LOOKS = 0.6, 8
"""For so long, and so many looks, a value chosen by hand stands against an older one on its way.

Looks are counted too: a process that a busy machine has let wait for a second has not looked meanwhile.
"""

Stage = Literal["idle", "loading", "ready", "fading"]


@dataclass(frozen=True, slots=True)
class Decks:
    """Where a switch stands."""

    on_air: str = "a"
    next: str | None = None
    """The deck that prepares or holds what comes next."""
    stage: Stage = "idle"
    sentence: str = ""
    is_ahead: bool = False
    """Whether the next cue is loaded there before its time."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the show, as the parent tells of it."""

    name: str
    state: str = "off"
    sentence: str = ""
    n_restarts: int = 0
    rss_mb: float | None = None
    cpu_percent: float | None = None
    health: Mapping[str, Any] = field(default_factory=dict)


class Model:
    """The newest state of the show, and what the user wants of it.

    A value chosen here is shown at once, sent with the next `flush`, and stands until the parent confirms it
    or HOLD_S have passed: an echo of an older value does not move a slider under the hand.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        send: Callable[[dict[str, Any]], None],
        now_s: Callable[[], float] = lambda: clock.seconds(clock.now_ns()),
    ) -> None:
        self._values: dict[str, Any] = {**parameters.defaults(), **settings}
        self._chosen: dict[str, tuple[Value, float, int]] = {}
        self._n_looks = 0
        self._outbox: dict[str, Value] = {}
        self._changed: set[str] = set()
        self._send, self._now_s = send, now_s
        self.decks = Decks()
        self.processes: dict[str, Process] = {}
        self.presets: list[dict[str, Any]] = []
        """By file: slot (or None), name, problem, ours."""
        self.sets: list[dict[str, Any]] = []
        """Set lists by file: name, problem."""
        self.set_list: dict[str, Any] = {}
        """The one that is open, see `Cues.state`: name, cues, place, next, runs, assumed and more."""
        self.cue_line = ""
        """What begins next, and when, in words."""
        self.midi = MidiState()
        """Controllers and what they play; read from the control process."""
        self.preset, self.preset_sentence = "", ""
        """The name of what was recalled or saved last, and what there is to say of it now."""
        self.hear_settings(settings)

    # Values --------------------------------------------------------------------------------------------

    def __getitem__(self, id: str) -> Any:
        return self._chosen[id][0] if id in self._chosen else self._values[id]

    def snapshot(self) -> dict[str, Any]:
        """All values as they are shown."""
        return self._values | {id: chosen for id, (chosen, _, _) in self._chosen.items()}

    def redeclare(self) -> None:
        """Parameters came, changed or went: values that are none any more are forgotten."""
        values = parameters.defaults()
        for id, value in self._values.items():
            try:
                values[id] = parameters.find(id).validate(value)
            except UserError:
                self._chosen.pop(id, None)
                self._outbox.pop(id, None)
        self._values = values

    def choose(self, id: str, value: object) -> None:
        """The user wants this value; UserError where it makes no sense."""
        parameter = parameters.find(id)
        valid = parameter.validate(value)
        if parameter.kind == "trigger":
            self.ask({"set": {id: True}})
            return
        if valid == self[id] and id not in self._outbox:
            return
        self._chosen[id] = (valid, self._now_s(), self._n_looks)
        self._outbox[id] = valid
        self._changed.add(id)

    def reset(self, id: str) -> None:
        """Back to the declared value."""
        self.choose(id, parameters.find(id).default)

    def is_default(self, parameter: Parameter) -> bool:
        """Whether the value now is the declared one."""
        return bool(self[parameter.id] == parameter.default)

    def hear_settings(self, values: Mapping[str, Any]) -> None:
        """The parent's values; `on_air`, `deck_stage` and `deck_sentence` come among them."""
        if "on_air" in values or "deck_stage" in values or "deck_sentence" in values:
            self._hear_decks(values)
        self._hear_presets(values)
        for id, value in values.items():
            if id not in self._values:
                continue  # a newer parent's, or what it tells beside the values
            chosen = self._chosen.get(id)
            if chosen is not None and chosen[0] == value and id not in self._outbox:
                del self._chosen[id]
            if self._values[id] != value:
                self._values[id] = value
                self._changed.add(id)

    def now_s(self) -> float:
        """The model's clock."""
        return self._now_s()

    def take_changed(self) -> set[str]:
        """The ids whose value may have changed since the last call."""
        self._n_looks += 1
        for id, (_, chosen_s, look) in list(self._chosen.items()):
            is_old = self._now_s() - chosen_s > HOLD_S and self._n_looks - look > HOLD_LOOKS
            if id not in self._outbox and is_old:
                del self._chosen[id]
                self._changed.add(id)
        changed, self._changed = self._changed, set()
        return changed

    # Commands ------------------------------------------------------------------------------------------

    def do(self, name: str) -> None:
        """Asks the show for something by name."""
        self.ask({"do": name})

    def restart(self, worker: str) -> None:
        """Asks for a fresh process."""
        self.ask({"restart": worker})

    def ask(self, command: dict[str, Any]) -> None:
        """Sends a command, after the values that were chosen before it."""
        self.flush()
        self._send(command)

    def flush(self) -> None:
        """Sends what was chosen since the last time, the newest value of each, as one command."""
        if self._outbox:
            wanted, self._outbox = self._outbox, {}
            now = (self._now_s(), self._n_looks)
            self._chosen.update({id: (value, *now) for id, value in wanted.items()})
            self._send({"set": wanted})

    # The show ------------------------------------------------------------------------------------------

    def hear(self, command: Mapping[str, Any]) -> None:
        """What the parent tells twice a second; parts that are missing or strange change nothing."""
        if isinstance(values := command.get("values"), dict):
            self.hear_settings(values)
        self._hear_presets(command)
        if isinstance(decks := command.get("decks"), dict):
            self.decks = _read_decks(decks)
        if isinstance(status := command.get("status"), dict):
            self.processes = {
                str(name): _read_process(str(name), told)
                for name, told in status.items()
                if isinstance(told, dict)
            }

    def _hear_presets(self, told: Mapping[str, Any]) -> None:
        self.preset = str(told.get("preset", self.preset))
        self.preset_sentence = str(told.get("preset_sentence", self.preset_sentence))
        if isinstance(listed := told.get("presets"), list):
            self.presets = [entry for entry in listed if isinstance(entry, dict)]
        self.cue_line = str(told.get("cue_line", self.cue_line) or "")
        if isinstance(sets := told.get("sets"), list):
            self.sets = [entry for entry in sets if isinstance(entry, dict)]
        if isinstance(opened := told.get("set"), dict):
            self.set_list = opened

    def _hear_decks(self, values: Mapping[str, Any]) -> None:
        on_air = values.get("on_air", self.decks.on_air)
        stage = values.get("deck_stage", self.decks.stage)
        other = "a" if on_air == "b" else "b"
        self.decks = _read_decks(
            {
                "on_air": on_air,
                "next": None if stage == "idle" else other,
                "stage": stage,
                "sentence": values.get("deck_sentence", self.decks.sentence),
                "is_ahead": self.decks.is_ahead,
            }
        )

    def health(self, worker: str) -> Mapping[str, Any]:
        """A process's own figures."""
        process = self.processes.get(worker)
        return process.health if process else {}

    @property
    def painting(self) -> Mapping[str, Any]:
        """What the deck on air tells of itself."""
        return self.health(f"deck_{self.decks.on_air}")

    @property
    def monitors(self) -> list[str]:
        """The monitors that the window could go to."""
        return [str(name) for name in self.health("display").get("monitors", ())]


def _read_decks(told: Mapping[str, Any]) -> Decks:
    stage: Any = told.get("stage")
    following = told.get("next")
    return Decks(
        on_air="b" if told.get("on_air") == "b" else "a",
        next=following if following in ("a", "b") else None,
        stage=stage if stage in get_args(Stage) else "idle",
        sentence=str(told.get("sentence") or ""),
        is_ahead=bool(told.get("is_ahead")),
    )


def _read_process(name: str, told: Mapping[str, Any]) -> Process:
    health = told.get("health")
    return Process(
        name=name,
        state=str(told.get("state", "off")),
        sentence=str(told.get("sentence") or ""),
        n_restarts=int(told.get("restarts") or 0),
        rss_mb=told.get("rss_mb"),
        cpu_percent=told.get("cpu_percent"),
        health=health if isinstance(health, dict) else {},
    )
