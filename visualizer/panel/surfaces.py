"""What carries the panel's widgets: pages that scroll, cards, text and buttons."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from visualizer.panel import theme


class Elided(QLabel):
    """One line of text that gives way: shortened in the middle, whole in its tooltip."""

    def __init__(self, text: str = "", name: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._whole = ""
        self.setText(text)

    def setText(self, text: str | None) -> None:
        """Shows as much as fits."""
        if text != self._whole:
            self._whole = text or ""
            self.setToolTip(self._whole)
            self.setAccessibleName(self._whole)
            self.update()

    def text(self) -> str:
        """The whole text."""
        return self._whole

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._whole), metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        with QPainter(self) as painter:
            painter.setFont(self.font())
            painter.setPen(self.palette().windowText().color())
            text = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width())
            painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)


class Scroll(QScrollArea):
    """A page that scrolls up and down, never sideways: it asks for the width that its widget needs."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(widget)

    def minimumSizeHint(self) -> QSize:
        widget = self.widget()
        width = widget.minimumSizeHint().width() if widget is not None else 0
        return QSize(width + theme.SCROLL_PX, 120)

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()


class Card(QFrame):
    """A raised surface with a heading and rows below each other."""

    def __init__(self, heading: str = "") -> None:
        super().__init__()
        self.setObjectName("card")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(theme.EDGE_PX, theme.GAP_PX, theme.EDGE_PX, theme.GAP_PX)
        self.column.setSpacing(8)
        if heading:
            self.column.addWidget(text(heading, "heading"))


def text(words: str, name: str = "", wraps: bool = False) -> QLabel:
    """A label; `name` is its style: heading, big, quiet or warning."""
    label = QLabel(words)
    label.setObjectName(name)
    label.setWordWrap(wraps)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def button(words: str, name: str = "", checkable: bool = False, tip: str = "") -> QPushButton:
    """A button that a click leaves without the keyboard's focus: Space stays the show's."""
    made = QPushButton(words)
    made.setObjectName(name)
    made.setCheckable(checkable)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


class Press(QPushButton):
    """A wide button whose text gives way."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._whole = words
        self.setObjectName("page")
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumWidth(120)

    def nextCheckState(self) -> None:
        """What is chosen is what the show says, not what was pressed."""

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        room = self.width() - 34
        super().setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, room))
