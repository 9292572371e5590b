"""What a key, a knob or another program may ask of the show; everything goes through the parameter state."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from visualizer.parameters import PARAMETERS, ParameterState, Value
from visualizer.types import UserError

_SEED = "traumer.seed"
_MAX_SEED = int(PARAMETERS[_SEED].max)
_log = logging.getLogger("visualizer.commands")


class Processes(Protocol):
    """What commands need of the supervisor."""

    def send_settings(self, changed: Mapping[str, Any]) -> None:
        """Tells all workers of changed values."""

    def status(self) -> dict[str, dict[str, Any]]:
        """What each worker tells of itself."""

    def start_worker(self, name: str) -> None:
        """Starts one worker and keeps it running."""

    def stop_worker(self, name: str) -> None:
        """Asks one worker to stop."""


class Commands:
    """Judges and carries out commands. Owned by the supervisor's thread; listing devices has one of its own.

    A command is {"set": {id: value}} or {"do": name}; `ACTIONS` has the names.
    """

    def __init__(self, values: ParameterState, list_inputs: Callable[[], list[str]]) -> None:
        """`list_inputs` gives the names of all inputs; it may take a second."""
        self.wants_end = False
        self._values = values
        self._list_inputs = list_inputs
        self._listing: threading.Thread | None = None
        self._inputs: list[str] = []
        self._processes: Processes | None = None

    def begin(self, processes: Processes) -> None:
        """From now on changes reach these processes."""
        self._processes = processes
        self._follow({"output.record": self._values["output.record"]})

    def obey(self, sender: str, command: Mapping[str, Any]) -> None:
        """Carries out one command of a worker; UserError for one that makes no sense."""
        source = "key" if sender == "display" else sender
        match command:
            case {"set": dict(wanted)}:
                for id, value in wanted.items():
                    self.set(str(id), value, source)
            case {"do": str(name)} if name in ACTIONS:
                ACTIONS[name](self, source)
            case _:
                raise UserError(f"There is no command {str(command)[:80]!r}.")

    def set(self, id: str, value: object, source: str) -> None:
        """Validates a value, stores it, and tells all processes what changed."""
        if id == _SEED and source == "key" and self._values["show.lock"]:
            return
        changed = self._values.set(id, value, source)
        if changed and self._processes is not None:
            self._processes.send_settings(changed)
            self._follow(changed)

    def look_after(self) -> None:
        """Finishes what a thread has prepared; to be called from the supervisor's loop."""
        if self._listing is None or self._listing.is_alive():
            return
        self._listing = None
        if self._inputs:
            present = next((name for name in self._present() if name in self._inputs), None)
            place = self._inputs.index(present) if present is not None else -1
            self.set("audio.input", self._inputs[(place + 1) % len(self._inputs)], "key")

    def _present(self) -> tuple[str, str]:
        """What is heard, which was perhaps asked for by a part of its name, and what was asked for."""
        status = self._processes.status() if self._processes is not None else {}
        heard = status.get("capture", {}).get("health", {}).get("input", "")
        return str(heard), str(self._values["audio.input"])

    def _follow(self, changed: Mapping[str, Value]) -> None:
        """A recording has a process of its own, which runs only while there is one."""
        if "output.record" not in changed or self._processes is None:
            return
        if changed["output.record"]:
            self._processes.start_worker("output")
        else:
            self._processes.stop_worker("output")

    def _quit(self, source: str) -> None:
        self.wants_end = True

    def _next_input(self, source: str) -> None:
        if self._listing is None:
            self._listing = threading.Thread(target=self._list, name="input list", daemon=True)
            self._listing.start()

    def _list(self) -> None:
        try:
            self._inputs = [*self._list_inputs(), "demo"]
        except (UserError, OSError) as error:
            _log.warning("The inputs could not be listed: %s", error)

    def _random_seed(self, source: str) -> None:
        self.set(_SEED, random.randint(0, _MAX_SEED), source)

    def _next(self, source: str) -> None:
        self.set(_SEED, (int(self._values[_SEED]) + 1) % _MAX_SEED, source)

    def _previous(self, source: str) -> None:
        self.set(_SEED, (int(self._values[_SEED]) - 1) % _MAX_SEED, source)

    def _lock(self, source: str) -> None:
        self.set("show.lock", not self._values["show.lock"], source)

    def _panic(self, source: str) -> None:
        self.set("output.panic", True, source)


ACTIONS: dict[str, Callable[[Commands, str], None]] = {
    "quit": Commands._quit,
    "next_input": Commands._next_input,
    "next": Commands._next,
    "previous": Commands._previous,
    "random_seed": Commands._random_seed,
    "lock": Commands._lock,
    "panic": Commands._panic,
}
"""What may be asked for by name."""
