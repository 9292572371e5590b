"""The page of modulation: the matrix of routes, oscillators and walks; and what moves, for all sliders."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from visualizer import clock
from visualizer.modulation import Moving
from visualizer.panel import theme
from visualizer.panel.controls import Control, Controls
from visualizer.panel.lfos import Cards
from visualizer.panel.model import Model
from visualizer.panel.routes import Matrix, Route
from visualizer.panel.surfaces import Card, button, text
from visualizer.panel.widgets import Slider
from visualizer.parameters.modulating import N_ROUTES, is_target
from visualizer.types import Features

_NONE = "Nothing moves by itself. Add a route, or right-click any slider and choose “Modulate”."
_FULL = f"All {N_ROUTES} routes are in use: remove one first."


class ModulationPage(QWidget):
    """What moves the knobs. It computes what display and decks compute, from what they hear, to show it."""

    def __init__(self, model: Model, controls: Controls, show_page: Callable[[], None]) -> None:
        """`show_page` turns to this page."""
        super().__init__()
        self._model, self._controls, self._show_page = model, controls, show_page
        self._moving = Moving()
        self._marked: set[str] = set()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_PX)
        column.addWidget(self._build_matrix())
        self.lfos = Cards(model, controls)
        column.addWidget(self.lfos)
        column.addStretch(1)
        controls.offers.append(self._offer)

    def _build_matrix(self) -> Card:
        card, head = Card(), QHBoxLayout()
        head.addWidget(text("Routes", "heading"))
        head.addStretch(1)
        master = self._controls.make("show.modulation")
        head.addWidget(master.label)
        head.addWidget(master.widget)
        card.column.addLayout(head)
        self.said = text(_NONE, "quiet", wraps=True)
        self.add = button("Add a route")
        self.add.clicked.connect(lambda: self.matrix.add())
        self.matrix = Matrix(self._model, self._controls, self._say)
        card.column.addWidget(self.matrix)
        foot = QHBoxLayout()
        foot.addWidget(self.said, 1)
        foot.addWidget(self.add)
        card.column.addLayout(foot)
        self.matrix.follow()
        return card

    def _say(self) -> None:
        n = self.matrix.n_used
        self.said.setText(_FULL if n == N_ROUTES else "" if n else _NONE)
        self.add.setEnabled(n < N_ROUTES)

    def _offer(self, control: Control) -> list[tuple[str, Callable[[], object]]]:
        """What the menu of a control offers; see `Controls.offers`."""
        id = control.parameter.id
        return [("Modulate…", lambda: self.modulate(id))] if is_target(control.parameter) else []

    def modulate(self, target: str) -> Route | None:
        """Opens a free route to a parameter, and this page."""
        row = self.matrix.add(target)
        self._show_page()
        if row is not None:
            row.source.setFocus()
        return row

    def follow(self, changed: set[str]) -> None:
        """Values changed, here or elsewhere."""
        if any(id.startswith("modulation.") for id in changed):
            self.matrix.follow()
        if any(id.startswith("lfo.") for id in changed):
            self.lfos.follow()

    def refresh(self, features: Features | None) -> None:
        """What moves now: marks on sliders everywhere, meters and plots where they are seen."""
        signals = self._model.painting.get("signals")
        told = signals if isinstance(signals, dict) else {}
        self._moving.settings(clock.seconds(clock.now_ns()), features, self._model.snapshot(), told)
        moved = self._moving.values
        for id in self._marked | set(moved):
            for control in self._controls.by_id.get(id, ()):
                if isinstance(control.widget, Slider):
                    control.widget.show_moved(float(moved[id]) if id in moved else None)
        self._marked = set(moved)
        if not self.isVisible():
            return
        for n, row in self.matrix.rows.items():
            if row.isVisible():
                row.meter.show_share(self._moving.signals[str(self._model[f"modulation.{n}.source"])])
        self.lfos.refresh(self._moving.signals)
