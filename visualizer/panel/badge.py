"""The small M of a control: press it, move a knob, done."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PyQt6.QtWidgets import QAbstractButton, QWidget

from visualizer.panel import theme
from visualizer.panel.midi_state import MidiState
from visualizer.panel.model import Model

BADGE_PX = 18


class Badge(QAbstractButton):
    """Seen where a knob is bound, under the mouse, and everywhere in learn mode; it blinks while it waits."""

    def __init__(self, target: str, words: str, model: Model) -> None:
        super().__init__()
        self.target, self._words, self._model = target, words, model
        self._is_near = self._is_bound = self._is_waiting = self._is_lit = self._is_learning = False
        self.setFixedSize(BADGE_PX, BADGE_PX)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._press)
        self.follow(MidiState(), is_learning=False, is_lit=False)

    def watch(self, *widgets: QWidget | None) -> None:
        """Shows itself while the mouse is over one of these."""
        for widget in widgets:
            if widget is not None:
                widget.installEventFilter(self)

    def follow(self, state: MidiState, is_learning: bool, is_lit: bool) -> None:
        """Shows what is bound and what is waited for; `is_lit` is the blinking's beat."""
        bound = state.of(self.target)
        seen = (bool(bound), state.learning == self.target, is_lit, is_learning)
        if seen != (self._is_bound, self._is_waiting, self._is_lit, self._is_learning):
            self._is_bound, self._is_waiting, self._is_lit, self._is_learning = seen
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus if is_learning else Qt.FocusPolicy.NoFocus)
            self.update()
        names = ", ".join(binding.source.name for binding in bound)
        tip = "Move a knob, or press a key of the controller" if self._is_waiting else "Learn MIDI"
        tip = f"MIDI: {names}" if names and not self._is_waiting else tip
        if tip != self.toolTip():
            self.setToolTip(tip)
            self.setAccessibleName(f"{self._words}: {tip}")

    def sizeHint(self) -> QSize:
        return QSize(BADGE_PX, BADGE_PX)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Notes where the mouse is; keeps nothing."""
        if event is not None and event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self._is_near = event.type() == QEvent.Type.Enter
            self.update()
        return False

    def paintEvent(self, event: QPaintEvent | None) -> None:
        is_seen = self._is_near or self.underMouse() or self.hasFocus() or self._is_learning
        if not (is_seen or self._is_bound or self._is_waiting):
            return
        is_filled = self._is_waiting and self._is_lit
        colour = theme.ACCENT if self._is_bound or self._is_waiting else theme.QUIET
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(theme.TEXT if self.hasFocus() else colour))
            painter.setBrush(QColor(theme.ACCENT) if is_filled else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 4, 4)
            font = QFont(self.font())
            font.setPixelSize(11)
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
            painter.setPen(QColor(theme.ON_ACCENT if is_filled else colour))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), "M")

    def _press(self) -> None:
        self._model.ask({"midi": {"learn": "" if self._is_waiting else self.target}})
