"""The process through which other programs and devices play the show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visualizer import clock, parameters
from visualizer.control.midi import Midi
from visualizer.control.osc import Osc
from visualizer.ipc.worker import Worker

TOLD_S = 0.1
"""While somebody watches the monitors, or learns a knob, health is told so often."""


class Control(Worker):
    """Listens, and asks the parent for what was wished. The worker's loop is the only owner.

    While it is dead the show goes on as it is; keys and panel do not pass through here.
    """

    name = "control"

    def setup(self) -> None:
        """Nothing is opened yet: a port that is taken must not keep the process from running."""
        self._osc = Osc(self.settings, self.regions, self.send)
        self._midi = Midi(self.settings, self.send, self.beat)
        parameters.on_declared(self._midi.rebind)
        self._told_s = 0.0

    def step(self) -> float:
        """Does what is due; the seconds until the next step is wanted."""
        wait_s = min(self._osc.step(), self._midi.step())
        self.report(self._osc.sentence)
        now_s = clock.seconds(clock.now_ns())
        if now_s - self._told_s >= TOLD_S:
            self._told_s = now_s
            self.health["osc"] = self._osc.health(is_watched=self._midi.is_watched)
            self.health["midi"] = self._midi.health
            if self._midi.is_watched or self._midi.is_news:
                self._midi.is_news = False
                self.beat()
        return wait_s

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        """Values changed, whoever changed them."""
        self._osc.on_settings(changed)

    def on_command(self, command: dict[str, Any]) -> None:
        """{"midi": deed}; see `Midi.obey`."""
        if isinstance(deed := command.get("midi"), dict):
            self._midi.obey(deed)

    def close(self) -> None:
        """Lets go of all ports."""
        for part in (getattr(self, "_osc", None), getattr(self, "_midi", None)):
            if part is not None:
                part.close()
