"""The panel's own small widgets: slider, number box, switch, row of choices."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSlider,
    QWidget,
)

from visualizer.panel import theme
from visualizer.parameters import Curve, from_share, to_share

N_STEPS = 10_000
_LEFT = Qt.MouseButton.LeftButton


def takes_key(event: QEvent | None) -> bool:
    """A field that is written in takes Enter and Escape before the show's keys do: True where it did."""
    keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
    if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and event.key() in keys:
        event.accept()
        return True
    return False


class Slider(QSlider):
    """A range with its curve. A press jumps there, a double click asks for the default, a right one for more.

    A route may move the value around the knob: a thin mark shows where it is.
    """

    moved = pyqtSignal(float)
    """By hand, with the value."""
    reset = pyqtSignal()
    asked = pyqtSignal(QPoint)
    """For a menu, at a place of the screen."""

    def __init__(self, low: float, high: float, curve: Curve, neutral: float, whole: bool = False) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._low, self._high, self._curve, self._whole = low, high, curve, whole
        self._neutral = to_share(neutral, low, high, curve)
        self._begin = to_share(0.0, low, high, curve) if low < 0.0 < high else 0.0
        self._moved: float | None = None
        self.setRange(0, N_STEPS)
        self.setSingleStep(round(high - low) and N_STEPS // min(100, round(high - low)) if whole else 100)
        self.setPageStep(N_STEPS // 10)
        self.setMinimumSize(56, theme.ROW_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(self._tell)
        self._is_quiet = False

    def show_value(self, value: float) -> None:
        """Follows the show, unless a hand is on it."""
        if not self.isSliderDown():
            self._is_quiet = True
            self.setValue(round(N_STEPS * to_share(value, self._low, self._high, self._curve)))
            self._is_quiet = False

    def show_moved(self, value: float | None) -> None:
        """Where routes have moved the value; None where nothing moves it."""
        moved = None if value is None else to_share(value, self._low, self._high, self._curve)
        if moved != self._moved:
            self._moved = moved
            self.update()

    def _tell(self, place: int) -> None:
        if not self._is_quiet:
            value = from_share(place / N_STEPS, self._low, self._high, self._curve)
            self.moved.emit(round(value) if self._whole else value)

    def _groove(self) -> QRectF:
        return QRectF(10, self.height() / 2 - 2.5, self.width() - 20, 5)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == _LEFT:
            self.setSliderDown(True)
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self.isSliderDown():
            self._go(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == _LEFT:
            self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == _LEFT:
            self.setSliderDown(False)
            self.reset.emit()

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is None:
            self.reset.emit()
        else:
            self.asked.emit(event.globalPos())

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None:
            event.ignore()  # the page scrolls; a value never changes in passing

    def _go(self, event: QMouseEvent) -> None:
        groove = self._groove()
        share = min(max((event.position().x() - groove.x()) / groove.width(), 0.0), 1.0)
        self.setValue(round(N_STEPS * share))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        groove, share = self._groove(), self.value() / N_STEPS
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.LINE))
            painter.drawRoundedRect(groove, 2.5, 2.5)
            x, rest, begin = (groove.x() + groove.width() * s for s in (share, self._neutral, self._begin))
            painter.setBrush(QColor(theme.ACCENT if self.isEnabled() else theme.LINE))
            painter.drawRoundedRect(QRectF(min(begin, x), groove.y(), abs(x - begin), 5), 2.5, 2.5)
            painter.setBrush(QColor(theme.QUIET))
            painter.drawRect(QRectF(rest - 1, groove.y() - 5, 2, 4))
            if self.hasFocus():
                painter.setBrush(QColor(theme.TEXT))
                painter.drawEllipse(QRectF(x - 10, self.height() / 2 - 10, 20, 20))
            painter.setBrush(QColor(theme.ACCENT))
            painter.drawEllipse(QRectF(x - 8, self.height() / 2 - 8, 16, 16))
            if self._moved is not None:
                moved = groove.x() + groove.width() * self._moved
                painter.setBrush(QColor(theme.BLUE))
                painter.drawRect(QRectF(min(moved, x), groove.y() + 1.5, abs(moved - x), 2))
                painter.drawRoundedRect(QRectF(moved - 2, self.height() / 2 - 11, 4, 22), 2, 2)


class NumberBox(QDoubleSpinBox):
    """A number with its unit, typed and confirmed with Enter; Escape leaves it as it was."""

    entered = pyqtSignal(float)

    def __init__(self, low: float, high: float, n_decimals: int, suffix: str) -> None:
        super().__init__()
        self.setDecimals(n_decimals)
        self.setRange(low, high)
        self.setSuffix(suffix)
        self.setKeyboardTracking(False)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setSingleStep(1.0 if n_decimals == 0 else (high - low) / 100)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self._is_quiet = False
        self.valueChanged.connect(lambda value: None if self._is_quiet else self.entered.emit(value))

    def sizeHint(self) -> QSize:
        """As wide as its widest number."""
        texts = (self.textFromValue(bound) + self.suffix() for bound in (self.minimum(), self.maximum()))
        width = max(QFontMetricsF(self.font()).horizontalAdvance(text) for text in texts)
        return QSize(round(width) + 30, theme.ROW_PX)

    def minimumSizeHint(self) -> QSize:
        """The same: a number is never cut."""
        return self.sizeHint()

    def show_value(self, value: float) -> None:
        """Follows the show, unless a hand is on it."""
        if not self.hasFocus():
            self._is_quiet = True
            self.setValue(value)
            self._is_quiet = False

    def event(self, event: QEvent | None) -> bool:
        return takes_key(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            line = self.lineEdit()
            if line is not None:
                line.setText(self.prefix() + self.textFromValue(self.value()) + self.suffix())
            self.clearFocus()
            return
        super().keyPressEvent(event)
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clearFocus()  # the show's keys are free again

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None:
            event.ignore()


class Switch(QCheckBox):
    """On or off, painted as a switch."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(56, theme.ROW_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def hitButton(self, pos: object) -> bool:
        return True

    def paintEvent(self, event: QPaintEvent | None) -> None:
        track = QRectF(2, self.height() / 2 - 13, 50, 26)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(theme.TEXT) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.ACCENT if self.isChecked() else theme.LINE))
            painter.drawRoundedRect(track, 13, 13)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.ON_ACCENT if self.isChecked() else theme.TEXT))
            x = track.right() - 23 if self.isChecked() else track.left() + 3
            painter.drawEllipse(QRectF(x, track.top() + 3, 20, 20))


class Segments(QWidget):
    """A few choices in a row, one of them taken."""

    picked = pyqtSignal(str)

    def __init__(self, choices: Sequence[tuple[str, str]]) -> None:
        """(value, text) each."""
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.buttons: dict[str, QPushButton] = {}
        for value, text in choices:
            button = QPushButton(text)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _, value=value: self._pick(value))
            self.buttons[value] = button
            row.addWidget(button)
        row.addStretch(1)

    def show_value(self, value: str) -> None:
        """Follows the show."""
        for name, button in self.buttons.items():
            button.setChecked(name == value)

    def _pick(self, value: str) -> None:
        self.show_value(value)
        self.picked.emit(value)
