"""The cards of oscillators and random walks, each with a small picture of where it is."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from visualizer.modulation import Signals
from visualizer.modulation.oscillators import shape
from visualizer.panel import theme
from visualizer.panel.controls import Controls
from visualizer.panel.model import Model
from visualizer.panel.surfaces import Card, text
from visualizer.parameters.declared_modulation import SHAPES
from visualizer.parameters.modulating import N_LFOS, N_WALKS

_N_POINTS = 97
_CURVES = {
    form: [shape(form, 0.9999 * n / (_N_POINTS - 1)) for n in range(_N_POINTS)]
    for form in SHAPES
    if form != "hold"
}
TWO_COLUMNS_PX = 700
_MOST_PAST = 120
"""Six seconds of a walk, at twenty looks a second."""


class Plot(QWidget):
    """A curve in [0, 1] with a dot where the signal is now."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(96, 44)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._curve: list[float] = []
        self._x, self._y = 0.0, 0.0

    def sizeHint(self) -> QSize:
        return QSize(140, 44)

    def show_curve(self, curve: list[float], x: float, y: float) -> None:
        """Values from left to right, and the dot's place [0, 1]."""
        self._curve, self._x, self._y = curve, x, y
        self.update()

    def _at(self, x: float, y: float) -> QPointF:
        return QPointF(5 + x * (self.width() - 10), 5 + (1.0 - y) * (self.height() - 10))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.GROUND))
            painter.drawRoundedRect(self.rect(), 6, 6)
            last = max(len(self._curve) - 1, 1)
            points = QPolygonF([self._at(n / last, y) for n, y in enumerate(self._curve)])
            painter.setPen(QPen(QColor(theme.QUIET), 1.5))
            painter.drawPolyline(points)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.BLUE))
            painter.drawEllipse(self._at(self._x, self._y), 4.5, 4.5)


class LfoCard(Card):
    """One oscillator."""

    def __init__(self, n: int, model: Model, controls: Controls) -> None:
        super().__init__()
        self.n, self._model = n, model
        self.plot = Plot()
        head = QHBoxLayout()
        head.addWidget(text(f"LFO {n}", "heading"))
        head.addWidget(self.plot, 1)
        self.column.addLayout(head)
        own = f"lfo.{n}."
        self.column.addLayout(controls.grid([own + part for part in ("shape", "period", "phase")]))
        self.free = QWidget()
        seconds = controls.grid([own + "period_s"])
        seconds.setContentsMargins(0, 0, 0, 0)
        self.free.setLayout(seconds)
        self.column.addWidget(self.free)
        self.column.addStretch(1)
        self._past: list[float] = []
        self.follow()

    def follow(self) -> None:
        """Seconds are asked for only where it is free."""
        self.free.setVisible(self._model[f"lfo.{self.n}.period"] == "free")

    def refresh(self, signals: Signals) -> None:
        """The shape with a dot that goes through it; chance has no shape, but a past."""
        form, now = str(self._model[f"lfo.{self.n}.shape"]), signals[f"lfo.{self.n}"]
        self._past = [*self._past[1 - _MOST_PAST :], now]
        if form == "hold":
            self.plot.show_curve(self._past, 1.0, now)
        else:
            self.plot.show_curve(_CURVES[form], signals.oscillators.place(self.n) % 1.0, now)


class WalkCard(Card):
    """One random walk: where it was in the last seconds."""

    def __init__(self, n: int, controls: Controls) -> None:
        super().__init__()
        self.n = n
        self.plot = Plot()
        head = QHBoxLayout()
        head.addWidget(text(f"Walk {n}", "heading"))
        head.addWidget(self.plot, 1)
        self.column.addLayout(head)
        self.column.addLayout(controls.grid([f"walk.{n}.period_s", f"walk.{n}.way"]))
        self._past: list[float] = []

    def refresh(self, signals: Signals) -> None:
        """One look further."""
        now = signals[f"walk.{self.n}"]
        self._past = [*self._past[1 - _MOST_PAST :], now]
        self.plot.show_curve(self._past, 1.0, now)


class Cards(QWidget):
    """All oscillators and walks, in as many columns as there is room for."""

    def __init__(self, model: Model, controls: Controls) -> None:
        super().__init__()
        self.lfos = [LfoCard(n, model, controls) for n in range(1, N_LFOS + 1)]
        self.walks = [WalkCard(n, controls) for n in range(1, N_WALKS + 1)]
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.GAP_PX)
        self._n_columns = 0
        self._arrange()

    def _arrange(self) -> None:
        n_columns = 2 if self.width() >= TWO_COLUMNS_PX else 1
        if n_columns == self._n_columns:
            return
        self._n_columns = n_columns
        for place, card in enumerate((*self.lfos, *self.walks)):
            self._grid.addWidget(card, place // n_columns, place % n_columns)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, n_columns - 1)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """One column: the other gives way."""
        widths = (card.minimumSizeHint().width() for card in (*self.lfos, *self.walks))
        return QSize(max(widths), super().minimumSizeHint().height())

    def follow(self) -> None:
        """Values changed."""
        for card in self.lfos:
            card.follow()

    def refresh(self, signals: Signals) -> None:
        """What moves now."""
        for lfo in self.lfos:
            lfo.refresh(signals)
        for walk in self.walks:
            walk.refresh(signals)
