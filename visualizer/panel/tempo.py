"""The tempo: how fast, where in the bar, whence it is, and what a hand does to it."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from visualizer.panel import theme
from visualizer.panel.controls import Controls
from visualizer.panel.model import Model
from visualizer.panel.painted import Beat
from visualizer.panel.surfaces import Card, button, text
from visualizer.panel.tiles import Flow
from visualizer.types import Features

SOURCES = {
    "heard": "as it is heard",
    "tapped": "as it was tapped",
    "locked": "locked",
    "midi": "by MIDI clock",
    "link": "by Ableton Link",
}
"""What capture says of whence its tempo is, in words."""
DEEDS = (
    ("Tap", "tap", "On the beat, twice or more (T)"),
    ("Half", "half_tempo", "Half the tempo (J)"),
    ("Double", "double_tempo", "Twice the tempo (Shift J)"),
    ("◂ Earlier", "nudge_earlier", "The beat comes a sixteenth of a beat earlier (Comma)"),
    ("Later ▸", "nudge_later", "The beat comes a sixteenth of a beat later (Dot)"),
    ("Bar now", "resync", "This moment is the first beat of a bar (Shift T)"),
)


class BarLine(QWidget):
    """A cell for each beat of the bar; the present one is lit."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(14)
        self.setMinimumWidth(120)
        self.setToolTip("Where in the bar we are")
        self._n, self._lit = 4, -1

    def show_bar(self, n_beats: int, phase: float | None) -> None:
        """Beats of a bar, and how far in it we are, [0, 1); None while no beat is known."""
        lit = -1 if phase is None else min(n_beats - 1, int(phase * n_beats + 1e-6))
        if (n_beats, lit) != (self._n, self._lit):
            self._n, self._lit = n_beats, lit
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        gap = 4.0
        width = (self.width() - gap * (self._n - 1)) / self._n
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            for place in range(self._n):
                painter.setBrush(QColor(theme.ACCENT if place == self._lit else theme.RAISED))
                painter.drawRoundedRect(QRectF(place * (width + gap), 0, width, self.height()), 4, 4)


class TempoCard(Card):
    """Follows capture; whatever it does goes through actions and parameters."""

    def __init__(self, model: Model, controls: Controls) -> None:
        super().__init__("Tempo")
        self._model = model
        head = QHBoxLayout()
        head.setSpacing(theme.GAP_PX)
        self.beat, self.bpm, self.whence = Beat(), text("", "big"), text("", "quiet")
        head.addWidget(self.beat)
        head.addWidget(self.bpm)
        head.addWidget(self.whence, 1)
        self.column.addLayout(head)
        self.bar = BarLine()
        self.column.addWidget(self.bar)
        row = Flow(8)
        self.deeds = {}
        for words, action, tip in DEEDS:
            self.deeds[action] = button(words, tip=tip)
            self.deeds[action].clicked.connect(lambda _, action=action: model.do(action))
            row.addWidget(self.deeds[action])
        self.column.addLayout(row)
        self.column.addLayout(controls.grid(["tempo.source", "tempo.lock", "tempo.beats_per_bar"]))
        self.follow(None)

    def refresh(self, features: Features | None) -> None:
        """What moves; to be called twenty times a second."""
        is_known = features is not None and features.tempo_bpm > 0.0
        self.bar.show_bar(
            int(self._model["tempo.beats_per_bar"]), features.bar_phase if features and is_known else None
        )
        if features is None:
            self.beat.show_phase(1.0, 0.0)
        else:
            self.beat.show_phase(features.beat_phase, features.beat_confidence)

    def follow(self, features: Features | None) -> None:
        """What is read; a few times a second is enough."""
        bpm = features.tempo_bpm if features is not None else 0.0
        self.bpm.setText(f"{bpm:.1f} BPM" if bpm else "no beat")
        told = str(self._model.health("capture").get("tempo_from", ""))
        self.whence.setText(SOURCES.get(told, "") if bpm else "tap, or wait a little")
