"""Tiles to choose from: a picture with its name; and a layout that puts as many in a row as fit."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPaintEvent
from PyQt6.QtWidgets import QAbstractButton, QLayout, QLayoutItem, QSizePolicy, QWidget

from visualizer.panel import theme

TILE_PX = (164, 148)
PICTURE_PX = (156, 96)


class Tile(QAbstractButton):
    """One thing to choose. Without a picture it shows a sign, or what it is in words."""

    def __init__(self, title: str, note: str = "", words: str = "", tip: str = "", sign: str = "") -> None:
        super().__init__()
        self.note, self._words, self._sign = note, words, sign
        self._image = QImage()
        self.setText(title)
        self.setToolTip(tip or title)
        self.setAccessibleName(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(*TILE_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def has_image(self) -> bool:
        """Whether its picture has come."""
        return not self._image.isNull()

    def show_image(self, image: QImage) -> None:
        """Its picture, cut to fill."""
        self._image = image
        self.update()

    def nextCheckState(self) -> None:
        """What is chosen is what the show says, not what was pressed."""

    def paintEvent(self, event: QPaintEvent | None) -> None:
        with QPainter(self) as painter:
            painter.setRenderHints(
                QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
            )
            outline = QPainterPath()
            outline.addRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
            painter.fillPath(outline, QColor(theme.LINE if self.isDown() else theme.RAISED))
            picture = QRectF(4, 4, *PICTURE_PX)
            self._paint_picture(painter, picture)
            self._paint_names(painter, QRectF(10, picture.bottom() + 4, self.width() - 20, 44))
            if self.isChecked() or self.hasFocus() or self.underMouse():
                colour = theme.ACCENT if self.isChecked() else theme.LINE
                pen = painter.pen()
                pen.setColor(QColor(theme.TEXT if self.hasFocus() else colour))
                pen.setWidth(3 if self.isChecked() else 2)
                painter.strokePath(outline, pen)

    def _paint_picture(self, painter: QPainter, area: QRectF) -> None:
        inner = QPainterPath()
        inner.addRoundedRect(area, 6, 6)
        painter.fillPath(inner, QColor(theme.GROUND))
        if not self._image.isNull():
            width, height = self._image.width(), self._image.height()
            scale = max(area.width() / width, area.height() / height)
            w, h = area.width() / scale, area.height() / scale
            painter.save()
            painter.setClipPath(inner)
            painter.drawImage(area, self._image, QRectF((width - w) / 2, (height - h) / 2, w, h))
            painter.restore()
        elif self._sign:
            font = QFont(self.font())
            font.setPixelSize(44)
            painter.setFont(font)
            painter.setPen(QColor(theme.ACCENT if self.isEnabled() else theme.LINE))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), self._sign)
        elif self._words:
            font = QFont(self.font())
            font.setPixelSize(13)
            painter.setFont(font)
            painter.setPen(QColor(theme.QUIET))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(8, 6, -8, -4), int(flags), self._words)

    def _paint_names(self, painter: QPainter, area: QRectF) -> None:
        font = QFont(self.font())
        font.setPixelSize(theme.FONT_PX - 1)
        font.setWeight(QFont.Weight.DemiBold if self.isChecked() else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(theme.ACCENT if self.isChecked() else theme.TEXT))
        self._line(painter, area.adjusted(0, 0, 0, -20), self.text())
        font.setPixelSize(14)
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(theme.QUIET))
        self._line(painter, area.adjusted(0, 22, 0, 0), self.note)

    def _line(self, painter: QPainter, area: QRectF, words: str) -> None:
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, int(area.width()))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), shown)


class Flow(QLayout):
    """Puts widgets in rows, as many as fit each."""

    def __init__(self, gap_px: int = theme.GAP_PX) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._gap_px = gap_px
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem | None) -> None:
        if item is not None:
            self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), moves=False)

    def setGeometry(self, area: QRect) -> None:
        super().setGeometry(area)
        self._place(area, moves=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, area: QRect, moves: bool) -> int:
        x, y, row_px = area.x(), area.y(), 0
        for item in self._items:
            hint = item.sizeHint()
            if x > area.x() and x + hint.width() > area.x() + area.width():
                x, y, row_px = area.x(), y + row_px + self._gap_px, 0
            if moves:
                item.setGeometry(QRect(QPoint(x, y), hint))
            x += hint.width() + self._gap_px
            row_px = max(row_px, hint.height())
        return y + row_px - area.y()


class Shelf(QWidget):
    """Tiles in rows; tiles that stay keep their pictures when the shelf is filled anew."""

    def __init__(self) -> None:
        super().__init__()
        self._flow = Flow()
        self.setLayout(self._flow)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.tiles: dict[str, Tile] = {}

    def sizeHint(self) -> QSize:
        """One tile; how high it really is follows from its width."""
        return QSize(*TILE_PX)

    def put(self, key: str, tile: Tile) -> None:
        """Adds a tile at the end, in the place of one with the same key."""
        self.remove(key)
        self.tiles[key] = tile
        self._flow.addWidget(tile)
        tile.show()

    def remove(self, key: str) -> None:
        """Takes a tile away."""
        tile = self.tiles.pop(key, None)
        if tile is not None:
            self._flow.removeWidget(tile)
            tile.hide()
            tile.deleteLater()

    def check(self, key: str | None) -> None:
        """Marks the chosen one."""
        for name, tile in self.tiles.items():
            tile.setChecked(name == key)
