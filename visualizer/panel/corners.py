"""The corners of the picture on the wall, to be dragged; or moved by arrow keys."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from visualizer.panel import theme

CORNERS = ("upper_left", "upper_right", "lower_right", "lower_left")
_HOME = {
    "upper_left": (0.0, 0.0),
    "upper_right": (1.0, 0.0),
    "lower_right": (1.0, 1.0),
    "lower_left": (0.0, 1.0),
}
_REACH_PX = 26
_HANDLE_PX = 9
_ROOM = 0.14
"""Free space around the wall, as a share of its width: corners may be dragged out of it."""
_STEP, _LARGE_STEP = 0.001, 0.01
_MOST = 0.5
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_TURNS = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}


class CornerPin(QWidget):
    """A small wall. Corners are dragged; Page Up and Down choose one, arrows move it, with Shift further."""

    moved = pyqtSignal(str, float, float)
    """Corner, and how far it is moved to the right and down, in widths and heights of the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(260, 280)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip("Drag a corner. Page Up and Down choose one, arrows move it, with Shift further.")
        self.setAccessibleName("Corners of the picture")
        self.offsets = dict.fromkeys(CORNERS, (0.0, 0.0))
        self.chosen = CORNERS[0]
        self._is_dragging = False

    def sizeHint(self) -> QSize:
        return QSize(420, 330)

    def show_offsets(self, offsets: dict[str, tuple[float, float]]) -> None:
        """Follows the show, but not while a corner is held."""
        if not self._is_dragging and offsets != self.offsets:
            self.offsets = dict(offsets)
            self.update()

    def _wall(self) -> QRectF:
        """Where the wall is drawn: 16 by 9."""
        room = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        width = min(room.width() / (1 + 2 * _ROOM), room.height() * 16 / 9 / (1 + 2 * _ROOM))
        wall = QRectF(0, 0, width, width * 9 / 16)
        wall.moveCenter(room.center())
        return wall

    def _place(self, corner: str) -> QPointF:
        wall, (x, y), (dx, dy) = self._wall(), _HOME[corner], self.offsets[corner]
        return QPointF(wall.left() + (x + dx) * wall.width(), wall.top() + (y + dy) * wall.height())

    def _move_to(self, corner: str, x: float, y: float) -> None:
        x, y = min(max(x, -_MOST), _MOST), min(max(y, -_MOST), _MOST)
        self.offsets[corner] = (x, y)
        self.update()
        self.moved.emit(corner, x, y)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        away = {c: (self._place(c) - event.position()).manhattanLength() for c in CORNERS}
        nearest = min(CORNERS, key=lambda corner: away[corner])
        if away[nearest] <= _REACH_PX:
            self.chosen, self._is_dragging = nearest, True
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or not self._is_dragging:
            return
        wall, (x, y) = self._wall(), _HOME[self.chosen]
        at = event.position()
        self._move_to(
            self.chosen, (at.x() - wall.left()) / wall.width() - x, (at.y() - wall.top()) / wall.height() - y
        )

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._is_dragging = False

    def event(self, event: QEvent | None) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and Qt.Key(event.key()) in (*_ARROWS, *_TURNS)
        ):
            event.accept()  # here they are not the show's
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        key = Qt.Key(event.key())
        if key in _TURNS:
            self.chosen = CORNERS[(CORNERS.index(self.chosen) + _TURNS[key]) % len(CORNERS)]
            self.update()
        elif key in _ARROWS:
            step_by = _LARGE_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _STEP
            (dx, dy), (x, y) = _ARROWS[key], self.offsets[self.chosen]
            self._move_to(self.chosen, x + dx * step_by, y + dy * step_by)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        wall = self._wall()
        corners = [self._place(corner) for corner in CORNERS]
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.LINE), 1, Qt.PenStyle.DashLine))
            painter.setBrush(QColor(theme.GROUND))
            painter.drawRect(wall)
            painter.setPen(QPen(QColor(theme.ACCENT), 2))
            painter.setBrush(QColor(theme.RAISED))
            painter.drawPolygon(QPolygonF(corners))
            painter.setPen(QPen(QColor(theme.LINE), 1))
            for first, second, third, fourth in ((0, 1, 3, 2), (0, 3, 1, 2)):
                for share in (0.25, 0.5, 0.75):
                    a = corners[first] + (corners[second] - corners[first]) * share
                    b = corners[third] + (corners[fourth] - corners[third]) * share
                    painter.drawLine(a, b)
            for corner, place in zip(CORNERS, corners, strict=True):
                is_chosen = corner == self.chosen and self.hasFocus()
                painter.setPen(QPen(QColor(theme.TEXT if is_chosen else theme.ON_ACCENT), 2))
                painter.setBrush(QColor(theme.ACCENT))
                painter.drawEllipse(place, _HANDLE_PX, _HANDLE_PX)
