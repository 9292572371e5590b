"""What a key, a knob or another program may ask of the show; everything goes through the parameter state."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from visualizer import clock
from visualizer.control.cues import CUE_ACTIONS, Act, Cues
from visualizer.control.decks import Decks
from visualizer.control.decks import Processes as DeckProcesses
from visualizer.control.preset_files import SLOTS
from visualizer.control.presets import Presets
from visualizer.control.recalls import Recalls
from visualizer.control.set_files import Sets
from visualizer.control.takes import new_file
from visualizer.ipc.regions import WORKERS
from visualizer.parameters import (
    OUTPUTS,
    PARAMETERS,
    ParameterState,
    Value,
    calm,
    changes_of_shaders,
    declare,
)
from visualizer.types import UserError

PANEL = "panel"
_log = logging.getLogger("visualizer.commands")


class Processes(DeckProcesses, Protocol):
    """What commands need of the supervisor."""

    def send_command(self, name: str, command: Mapping[str, Any]) -> None:
        """Sends a command to one worker."""

    def restart_worker(self, name: str) -> None:
        """Ends a worker's process and starts another; KeyError for an unknown name."""

    def is_running(self, name: str) -> bool:
        """Whether a worker has a process."""


class Lists(Protocol):
    """What there is to choose from; each may take a second and is asked in a thread."""

    def inputs(self) -> Sequence[str]:
        """Names of audio inputs."""

    def contents(self, beside: str) -> Sequence[str]:
        """Contents of era mode: ours, and those in the folder of `beside`."""

    def models(self, kind: str) -> Sequence[str]:
        """Ids of the installed models of a kind."""


class Commands:
    """Judges and carries out commands. Owned by the supervisor's thread; listing has a thread of its own.

    A command is {"set": {id: value}}, {"do": name} with a name of `ACTIONS`, {"preset": {"recall": WHICH}} or
    another deed of `Recalls.obey`, {"sets": DEED} with one of `Cues.obey`, or {"restart": worker}.
    {"midi": deed} goes on to the control process, {"clock": what another machine's clock says} to capture;
    "by" beside a command names the hand.
    """

    def __init__(
        self,
        values: ParameterState,
        decks: Decks,
        lists: Lists,
        presets: Presets | None = None,
        sets: Sets | None = None,
    ) -> None:
        self.wants_end = False
        self._values = values
        self._decks = decks
        self._lists = lists
        self._asking: threading.Thread | None = None
        self._answer: Callable[[], None] | None = None
        self._processes: Processes | None = None
        self.recalls = Recalls(values, presets or Presets(), self.set_all, self._tell)
        self.cues = Cues(values, decks, self.recalls, self._tell_softly, sets)

    def wait_s(self, at_most_s: float) -> float:
        """In how many seconds `look_after` wants to be called again."""
        waits = [wait_s for wait_s in (self.recalls.wait_s, self.cues.wait_s) if wait_s is not None]
        return min([at_most_s, *waits])

    def snapshot(self) -> dict[str, Any]:
        """All that a process is told: values, decks, presets. For one that starts."""
        return self._decks.snapshot() | self.recalls.told() | self.cues.told()

    def begin(self, processes: Processes) -> None:
        """From now on changes reach these processes."""
        self._processes = processes
        self._decks.begin(processes)
        self._follow({id: self._values[id] for id in (*OUTPUTS, "show.set_list")})

    def obey(self, sender: str, command: Mapping[str, Any]) -> None:
        """Carries out one command of a worker; UserError for one that makes no sense."""
        source = _source(sender, command)
        match command:
            case {"set": dict(wanted)}:
                self.set_all({str(id): value for id, value in wanted.items()}, source)
            case {"do": str(name)} if name in ACTIONS:
                ACTIONS[name](self, source)
            case {"preset": {"recall": int() | str() as which}}:
                self.cues.recall(which, source)
            case {"sets": dict(deed)}:
                self.cues.obey(deed, source)
            case {"preset": dict(deed)}:
                self.recalls.obey(deed, source)
            case {"restart": str(name)}:
                self._restart(name)
            case {"midi": dict(deed)}:
                self._send_on("control", {"midi": deed})
            case {"shaders": "changed"}:
                self._redeclare()
            case {"clock": dict(told)}:
                self._send_on("capture", {"clock": told})
            case _:
                raise UserError(f"There is no command {str(command)[:80]!r}.")

    def set(self, id: str, value: object, source: str) -> None:
        """Validates a value, stores it, and tells all processes what changed."""
        self.set_all({id: value}, source)

    def set_all(self, wanted: Mapping[str, Any], source: str) -> None:
        """The same for many values, told in one message; UserError at the first that is none."""
        changed: dict[str, Value] = {}
        try:
            for id, value in wanted.items():
                if not (id.endswith(".seed") and source == "key" and self._values["show.lock"]):
                    changed |= self._values.set(id, value, source)
                if id.startswith("shader.") and PARAMETERS[id].kind == "trigger" and value:
                    self._send_on("display", {"event": id})
        finally:
            if changed and self._processes is not None:
                self._processes.send_settings(changed)
                self._follow(changed)
        if wanted.get("output.panic"):
            self._calm_down(source)

    def _redeclare(self) -> None:
        """A shader's file came, changed or went, and with it parameters: everybody looks again."""
        declare(*changes_of_shaders())
        self._values.redeclare()
        for name in WORKERS:
            self._send_on(name, {"declare": "shaders"})

    def _calm_down(self, source: str) -> None:
        """What panic does beside the values: nothing waits any more, and its preset is there at once."""
        self.cues.panic()
        name = str(self._values["show.panic_preset"])
        if not name:
            return
        try:
            preset = self.recalls.find(name)
        except UserError:
            self.set_all(calm(), source)
            raise
        self.recalls.recall(preset, source, 0.0)
        self.set("show.modulation", False, source)  # whatever the preset says of it

    def look_after(self) -> None:
        """Moves on and finishes what is under way; to be called from the supervisor's loop."""
        self.recalls.look_after()
        self.cues.look_after()
        self._decks.look_after()
        if self._asking is not None and not self._asking.is_alive():
            self._asking = None
            answer, self._answer = self._answer, None
            if answer is not None:
                answer()

    def _follow(self, changed: Mapping[str, Value]) -> None:
        """Outputs have a process of their own, which runs only while there is one; a set list is opened."""
        self.cues.follow(changed)
        if self._processes is None or not any(id in changed for id in OUTPUTS):
            return
        if any(self._values[id] for id in OUTPUTS):
            self._processes.start_worker("output")
        else:
            self._processes.stop_worker("output")

    def _tell(self, told: Mapping[str, Any]) -> None:
        if self._processes is not None:
            self._processes.send_settings(told)

    def _tell_softly(self, told: Mapping[str, Any]) -> None:
        """What mends no worker that has failed."""
        if self._processes is not None:
            self._processes.send_settings(told, mends=False)

    def _send_on(self, worker: str, command: Mapping[str, Any]) -> None:
        if self._processes is not None:
            self._processes.send_command(worker, command)

    def _restart(self, name: str) -> None:
        if self._processes is None:
            return
        try:
            self._processes.restart_worker(name)
        except KeyError:
            raise UserError(f"There is no process {name!r} to restart.") from None

    def _step_through(
        self,
        source: str,
        id: str,
        step: int,
        choices: Callable[[], Sequence[str]],
        present: Callable[[], tuple[str, ...]],
    ) -> None:
        """Sets `id` to what comes `step` places after the `present` one of `choices`, asked in a thread."""
        if self._asking is not None:
            return
        found: list[str] = []

        def ask() -> None:
            try:
                found.extend(choices())
            except (UserError, OSError) as error:
                _log.warning("What there is for %s could not be listed: %s", id, error)

        def choose() -> None:
            if found:
                known = next((name for name in present() if name in found), None)
                place = found.index(known) if known is not None else (-1 if step > 0 else 0)
                self.set(id, found[(place + step) % len(found)], source)

        self._answer = choose
        self._asking = threading.Thread(target=ask, name=f"list for {id}", daemon=True)
        self._asking.start()

    def _quit(self, source: str) -> None:
        self.wants_end = True

    def _next_input(self, source: str) -> None:
        def present() -> tuple[str, str]:
            """What is heard, which was perhaps asked for by a part of its name, and what was asked for."""
            heard = self._processes.look_at("capture")[2] if self._processes is not None else {}
            return str(heard.get("input", "")), str(self._values["audio.input"])

        self._step_through(source, "audio.input", 1, lambda: [*self._lists.inputs(), "demo"], present)

    def _next_content(self, source: str, step: int = 1) -> None:
        now = str(self._values["era.content"])
        self._step_through(source, "era.content", step, lambda: self._lists.contents(now), lambda: (now,))

    def _previous_content(self, source: str) -> None:
        self._next_content(source, -1)

    def _next_model(self, source: str, step: int = 1) -> None:
        id, kind = MODELS[str(self._values["show.mode"])]
        self._step_through(
            source, id, step, lambda: self._lists.models(kind), lambda: (str(self._values[id]),)
        )

    def _previous_model(self, source: str) -> None:
        self._next_model(source, -1)

    def _next_choice(self, id: str, source: str) -> None:
        choices = PARAMETERS[id].choices
        self.set(id, choices[(choices.index(str(self._values[id])) + 1) % len(choices)], source)

    def _next_mode(self, source: str) -> None:
        self._next_choice("show.mode", source)

    def _next_network(self, source: str) -> None:
        self._next_choice("era.network", source)

    def _next_quantise(self, source: str) -> None:
        self._next_choice("show.quantise", source)

    def _seed(self) -> str:
        return f"{self._values['show.mode']}.seed"

    def _random_seed(self, source: str) -> None:
        if self._values["show.lock"]:
            return
        self.set(self._seed(), random.randint(0, int(PARAMETERS[self._seed()].max)), source)

    def _next(self, source: str, step: int = 1) -> None:
        if self._values["show.lock"]:
            return
        id = self._seed()
        self.set(id, (int(self._values[id]) + step) % (int(PARAMETERS[id].max) + 1), source)

    def _previous(self, source: str) -> None:
        self._next(source, -1)

    def _toggle(self, id: str, source: str) -> None:
        self.set(id, not self._values[id], source)

    def _lock(self, source: str) -> None:
        self._toggle("show.lock", source)

    def _blackout(self, source: str) -> None:
        self._toggle("output.blackout", source)

    def _freeze(self, source: str) -> None:
        self._toggle("output.freeze", source)

    def _record(self, source: str) -> None:
        is_on = bool(self._values["output.record"])
        self.set("output.record", "" if is_on else self._new_file(".mp4"), source)

    def _still(self, source: str) -> None:
        self.set("output.still", self._new_file(".png"), source)

    def _new_file(self, suffix: str) -> str:
        return new_file(str(self._values["output.folder"]), suffix)

    def _undo(self, source: str) -> None:
        self.recalls.undo(source)

    def _panic(self, source: str) -> None:
        self.set("output.panic", True, source)

    def _move_beat(self, action: str) -> None:
        """Capture is told what a hand did to the beat, and when."""
        self._send_on("capture", {"tempo": action, "time_ns": clock.now_ns()})
        if action == "resync":
            self.cues.grid.restart_phrase()

    def _panel(self, source: str) -> None:
        if self._processes is None:
            return
        if self._processes.is_running(PANEL):
            self._processes.send_command(PANEL, {"do": "raise"})
        else:
            self._processes.start_worker(PANEL)


def _source(sender: str, command: Mapping[str, Any]) -> str:
    """Whose hand it was: keys come from the window, and the control process speaks for several."""
    if sender == "control":
        by = command.get("by")
        return by if by in ("osc", "midi") else sender
    return "key" if sender == "display" else sender


def _on_slot(deed: str, slot: int) -> Callable[[Commands, str], None]:
    return lambda commands, source: commands.recalls.obey({deed: slot}, source)


def _of_cues(act: Act) -> Callable[[Commands, str], None]:
    return lambda commands, source: act(commands.cues, source)


def _on_beat(action: str) -> Callable[[Commands, str], None]:
    return lambda commands, _: commands._move_beat(action)


TEMPO_ACTIONS = ("tap", "half_tempo", "double_tempo", "nudge_earlier", "nudge_later", "resync")
"""What a hand does to the beat; capture knows these names."""

MODELS = {"traumer": ("traumer.generator", "generator"), "era": ("era.mvnet", "mvnet")}
"""By mode: the parameter of the model that gives it its look, and that model's kind."""

ACTIONS: dict[str, Callable[[Commands, str], None]] = {
    "quit": Commands._quit,
    "next_input": Commands._next_input,
    "next": Commands._next,
    "previous": Commands._previous,
    "random_seed": Commands._random_seed,
    "lock": Commands._lock,
    "next_mode": Commands._next_mode,
    "next_model": Commands._next_model,
    "previous_model": Commands._previous_model,
    "next_content": Commands._next_content,
    "previous_content": Commands._previous_content,
    "next_network": Commands._next_network,
    "next_quantise": Commands._next_quantise,
    **{action: _on_beat(action) for action in TEMPO_ACTIONS},
    "panel": Commands._panel,
    "blackout": Commands._blackout,
    "freeze": Commands._freeze,
    "record": Commands._record,
    "still": Commands._still,
    "panic": Commands._panic,
    "undo": Commands._undo,
    **{name: _of_cues(act) for name, act in CUE_ACTIONS.items()},
    **{f"save_preset_{slot}": _on_slot("save", slot) for slot in SLOTS},
}
"""What may be asked for by name."""
