"""The card of what the picture may do to eyes: the flash limit, and how blackout fades."""

from __future__ import annotations

from visualizer.panel.controls import Controls
from visualizer.panel.model import Model
from visualizer.panel.surfaces import Card, text

_OFF = (
    "The picture may strobe now. Flashes more than three times a second can cause seizures: "
    "warn your audience before the show."
)


class SafetyCard(Card):
    """Says plainly what it means when the limit is off."""

    def __init__(self, model: Model, controls: Controls) -> None:
        super().__init__("Light")
        self._model = model
        self.column.addLayout(controls.grid(["output.flash_limit", "output.blackout_s"]))
        self.warning = text(_OFF, "warning", wraps=True)
        self.column.addWidget(self.warning)
        self.follow()

    def follow(self) -> None:
        """The warning stands as long as the limit is off."""
        self.warning.setVisible(not self._model["output.flash_limit"])
