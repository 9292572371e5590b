"""A desk for tests of MIDI: a parent that obeys at once, a clock of the test's, and ports in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from visualizer.control.midi import Midi
from visualizer.control.midi_map import row
from visualizer.control.midi_ports import Heard
from visualizer.parameters import ParameterState


class MemoryPorts:
    """What `Ports` is to `Midi`, without a driver."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.found = self.names
        self.sentence = ""
        self.waiting: list[Heard] = []
        self.sent: list[tuple[str, Sequence[int]]] = []
        self._known: list[str] = []

    def look(self, wanted: Sequence[str], now_s: float) -> list[str]:
        new = [name for name in self.names if name not in self._known]
        self._known = list(self.names)
        return new

    def take(self) -> list[Heard]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def send(self, name: str, data: Sequence[int]) -> bool:
        self.sent.append((name, list(data)))
        return True

    def close(self) -> None:
        self.names.clear()


class MidiDesk:
    """MIDI with a parent that does at once what it is asked."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.now_s = 100.0
        self.file = folder / "midi.json"
        self.commands: list[dict[str, Any]] = []
        self.state = ParameterState({id.replace("__", "."): value for id, value in settings.items()})
        self.settings = self.state.snapshot()
        self.ports = MemoryPorts("Desk")
        self.midi = Midi(
            self.settings, self._obey, file=self.file, ports=self.ports, now_s=lambda: self.now_s
        )
        self.step()

    @property
    def done(self) -> list[dict[str, Any]]:
        """What the parent was asked to do, apart from setting values."""
        return [c for c in self.commands if "set" not in c]

    @property
    def map(self) -> list[dict[str, Any]]:
        return self.midi.health["map"]

    def step(self, after_s: float = 0.06) -> None:
        self.now_s += after_s
        self.midi.step()

    def hear(self, *data: int, port: str = "Desk", time_ns: int = 0) -> None:
        self.ports.waiting.append(Heard(port, time_ns, data))

    def turn(self, number: int, *values: int, channel: int = 1, port: str = "Desk") -> None:
        """A control change and a step for each value."""
        for value in values:
            self.hear(0xB0 + channel - 1, number, value, port=port)
            self.step()

    def press(self, note: int, port: str = "Desk") -> None:
        """A key down and up again."""
        for data in ((0x90, note, 90), (0x80, note, 0)):
            self.hear(*data, port=port)
            self.step()

    def learn(self, target: str, *messages: tuple[int, ...]) -> dict[str, Any]:
        """Learns a target from messages; the row of the binding."""
        self.midi.obey({"learn": target})
        for data in messages:
            self.hear(*data)
            self.step(0.02)
        self.step(0.5)
        binding = self.midi._bindings[-1]
        assert binding.target == target
        return row(binding)

    def edit(self, made: dict[str, Any], **wanted: Any) -> None:
        self.midi.obey({"edit": made, "to": wanted})

    def set(self, id: str, value: Any) -> None:
        """Somebody else changes a value."""
        self.settings.update(self.state.set(id, value, "panel"))

    def _obey(self, command: dict[str, Any]) -> None:
        json.dumps(command, allow_nan=False)  # it goes through a pipe of JSON
        assert command.pop("by") == "midi"
        self.commands.append(command)
        for id, value in command.get("set", {}).items():
            self.set(id, value)
