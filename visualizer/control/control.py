"""The process through which other programs and devices play the show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visualizer.control.osc import Osc
from visualizer.ipc.worker import Worker


class Control(Worker):
    """Listens, and asks the parent for what was wished. The worker's loop is the only owner.

    While it is dead the show goes on as it is; keys and panel do not pass through here.
    """

    name = "control"

    def setup(self) -> None:
        """Nothing is opened yet: a port that is taken must not keep the process from running."""
        self._osc = Osc(self.settings, self.regions, self.send)

    def step(self) -> float:
        """Does what is due; the seconds until the next step is wanted."""
        wait_s = self._osc.step()
        self.report(self._osc.sentence)
        self.health["osc"] = self._osc.health
        return wait_s

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        """Values changed, whoever changed them."""
        self._osc.on_settings(changed)

    def close(self) -> None:
        """Lets go of all ports."""
        osc: Osc | None = getattr(self, "_osc", None)
        if osc is not None:
            osc.close()
