"""The page of processes: how each one is, and a button that starts it afresh."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from visualizer.panel import theme, wording
from visualizer.panel.model import Model, Process
from visualizer.panel.painted import Lamp
from visualizer.panel.surfaces import Card, button, text


class ProcessCard(Card):
    """One process."""

    def __init__(self, model: Model, name: str) -> None:
        super().__init__()
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GAP_PX)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self.lamp = Lamp()
        self.name = text(wording.process(name), "heading")
        self.figures = text("", "quiet", wraps=True)
        self.sentence = text("", "quiet", wraps=True)
        self.restart = button("Restart", tip="Ends this process and starts it afresh; the others go on")
        self.restart.clicked.connect(lambda: model.restart(name))
        grid.addWidget(self.lamp, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self.restart, 0, 2, 2, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.figures, 1, 1)
        grid.addWidget(self.sentence, 2, 1, 1, 2)
        self.column.addLayout(grid)

    def follow(self, process: Process) -> None:
        """Shows its state."""
        self.lamp.show_state(process.state)
        self.figures.setText(describe(process))
        self.sentence.setText(process.sentence)
        self.sentence.setVisible(bool(process.sentence))
        self.restart.setEnabled(process.state not in ("off", "finished"))


class HealthPage(QWidget):
    """All processes, in the parent's order."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model
        self.cards: dict[str, ProcessCard] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GAP_PX)
        self._column.addStretch(1)

    def follow(self) -> None:
        """Shows what the parent told last."""
        for name, process in self._model.processes.items():
            if name not in self.cards:
                self.cards[name] = ProcessCard(self._model, name)
                self._column.insertWidget(self._column.count() - 1, self.cards[name])
            self.cards[name].follow(process)


def describe(process: Process) -> str:
    """State and figures in a line."""
    parts = [process.state]
    if process.cpu_percent is not None:
        parts.append(f"{process.cpu_percent:.0f} % of a core")
    if process.rss_mb is not None:
        parts.append(f"{process.rss_mb:.0f} MB")
    if process.n_restarts:
        parts.append(f"{process.n_restarts} restart{'s' if process.n_restarts > 1 else ''}")
    return ", ".join(parts)
