"""What moves: level meters, pictures, spectrum, mel, words; painted by hand, which costs least."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from visualizer.panel import theme
from visualizer.types import Float32, UInt8

FLOOR_DB, LOUD_DB = -60.0, -3.0
_FALL_DB = 1.5
"""How far a meter falls between two refreshes."""


class Level(QWidget):
    """A level in dBFS as a bar that falls slowly."""

    def __init__(self, height_px: int = 10) -> None:
        super().__init__()
        self.setMinimumSize(80, height_px)
        self.setFixedHeight(height_px)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.level_db = FLOOR_DB

    def show_level(self, level_db: float | None) -> None:
        """None where nothing is known."""
        wanted = FLOOR_DB if level_db is None else min(max(level_db, FLOOR_DB), 6.0)
        shown = max(wanted, self.level_db - _FALL_DB)
        if shown != self.level_db:
            self.level_db = shown
            self.setAccessibleDescription(f"{shown:.0f} dBFS")
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        share = min(1.0 - self.level_db / FLOOR_DB, 1.0)
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.RAISED))
            colour = theme.ORANGE if self.level_db > LOUD_DB else theme.ACCENT
            painter.fillRect(QRectF(0, 0, self.width() * share, self.height()), QColor(colour))
            for mark_db in (-48, -36, -24, -12):
                x = self.width() * (1 - mark_db / FLOOR_DB)
                painter.fillRect(QRectF(x, 0, 1, self.height()), QColor(theme.GROUND))


class Picture(QWidget):
    """An image as large as fits, on black with round corners; words where there is none."""

    def __init__(self, words: str = "") -> None:
        super().__init__()
        self._words, self._image, self._data = words, QImage(), b""
        self.border = ""
        self.setMinimumSize(120, 100)

    @property
    def has_image(self) -> bool:
        """Whether it shows one."""
        return not self._image.isNull()

    def show_words(self, words: str) -> None:
        """Shows words instead of an image."""
        if self.has_image or words != self._words:
            self._words, self._image = words, QImage()
            self.update()

    def show_image(self, image: QImage) -> None:
        """Shows an image."""
        self._image = image
        self.update()

    def show_pixels(self, pixels: UInt8) -> None:
        """Shows (H, W, 4) RGBA uint8."""
        height_px, width_px, _ = pixels.shape
        self._data = pixels.tobytes()  # an image does not keep its memory
        self.show_image(QImage(self._data, width_px, height_px, 4 * width_px, QImage.Format.Format_RGBX8888))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        with QPainter(self) as painter:
            painter.setRenderHints(
                QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
            )
            outline = QPainterPath()
            outline.addRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
            painter.fillPath(outline, QColor("#000000"))
            if self.has_image:
                painter.setClipPath(outline)
                painter.drawImage(self._place(), self._image)
                painter.setClipping(False)
            else:
                painter.setPen(QColor(theme.QUIET))
                flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(self.rect().adjusted(10, 6, -10, -6), int(flags), self._words)
            if self.border:
                painter.strokePath(outline, QColor(self.border))

    def _place(self) -> QRectF:
        width, height = self._image.width(), self._image.height()
        scale = min(self.width() / width, self.height() / height)
        x, y = (self.width() - width * scale) / 2, (self.height() - height * scale) / 2
        return QRectF(x, y, width * scale, height * scale)


class Spectrum(QWidget):
    """Log-spaced bands, 40 Hz to 16 kHz."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(160, 64)
        self._bands: Float32 = np.zeros(64, np.float32)

    def show_bands(self, bands: Float32) -> None:
        """(64,) float32, [0, 1]."""
        if not np.array_equal(bands, self._bands):
            self._bands = bands
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        step, height = self.width() / len(self._bands), self.height()
        with QPainter(self) as painter:
            painter.fillRect(QRectF(0, height - 1, self.width(), 1), QColor(theme.LINE))
            accent = QColor(theme.ACCENT)
            for place, share in enumerate(self._bands.tolist()):
                bar = min(max(share, 0.0), 1.0) * height
                painter.fillRect(QRectF(place * step, height - bar, max(step - 1.5, 1.0), bar), accent)


class Mel(QWidget):
    """The tagger's window, scrolling: newest on the right, low at the bottom."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(160, 72)
        self._image = QImage()
        self._data = b""
        ramp = np.linspace(0.0, 1.0, 256)[:, None]
        stops = [0.0, 0.45, 0.8, 1.0]
        colours = np.array([[14, 14, 18], [96, 60, 84], [236, 170, 110], [255, 244, 214]])
        table = np.stack([np.interp(ramp[:, 0], stops, colours[:, c]) for c in range(3)], 1).astype(int)
        self._table = [QColor(*rgb).rgb() for rgb in table.tolist()]

    def show_cells(self, cells: UInt8) -> None:
        """(bins, columns) uint8, low bins first."""
        n_bins, n_columns = cells.shape
        stride = n_columns + -n_columns % 4
        self._data = np.pad(cells[::-1], ((0, 0), (0, stride - n_columns))).tobytes()
        self._image = QImage(self._data, n_columns, n_bins, stride, QImage.Format.Format_Indexed8)
        self._image.setColorTable(self._table)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.GROUND))
            painter.drawImage(self.rect(), self._image)


class Words(QWidget):
    """What the machine hears, with how sure it is."""

    N = 5
    _ROW_PX = 24

    def __init__(self) -> None:
        super().__init__()
        self._words: tuple[tuple[str, float], ...] = ()
        self.setFixedHeight(self.N * self._ROW_PX)

    def sizeHint(self) -> QSize:
        return QSize(240, self.N * self._ROW_PX)

    def show_words(self, words: Sequence[tuple[str, float]]) -> None:
        """Best first, probabilities in [0, 1]."""
        wanted = tuple((str(word), round(float(p), 2)) for word, p in words[: self.N])
        if wanted != self._words:
            self._words = wanted
            self.setAccessibleDescription(", ".join(word for word, _ in wanted))
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        bar_px = self.width() * 0.42
        with QPainter(self) as painter:
            font = QFont(self.font())
            painter.setFont(font)
            if not self._words:
                painter.setPen(QColor(theme.QUIET))
                painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignLeft), "listening")
            for row, (word, probability) in enumerate(self._words):
                line = QRectF(0, row * self._ROW_PX, self.width() - bar_px - 12, self._ROW_PX)
                grey = round(150 + 90 * probability)
                painter.setPen(QColor(grey, grey, grey))
                shown = self.fontMetrics().elidedText(word, Qt.TextElideMode.ElideRight, int(line.width()))
                painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), shown)
                bar = QRectF(self.width() - bar_px, line.center().y() - 3, bar_px, 6)
                painter.fillRect(bar, QColor(theme.RAISED))
                bar.setWidth(bar_px * min(max(probability, 0.0), 1.0))
                painter.fillRect(bar, QColor(theme.ACCENT))


_LAMPS = {
    "running": theme.GREEN,
    "degraded": theme.ORANGE,
    "starting": theme.BLUE,
    "stopping": theme.BLUE,
    "waiting": theme.ORANGE,
    "failed": theme.RED,
}


class Lamp(QWidget):
    """A dot that says how a process is."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(14, 14)
        self._state = ""

    def show_state(self, state: str) -> None:
        """One of the states of `ipc.child`."""
        if state != self._state:
            self._state = state
            self.setToolTip(state)
            self.setAccessibleDescription(state)
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(_LAMPS.get(self._state, theme.LINE)))
            painter.drawEllipse(self.rect().adjusted(1, 1, -1, -1))


class Beat(QWidget):
    """A dot that lights on the beat."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(18, 18)
        self._shade = 0

    def show_phase(self, phase: float, confidence: float) -> None:
        """`phase` is 0 on the beat; both [0, 1]."""
        shade = round(255 * max(0.0, 1.0 - 2.0 * phase) * min(max(confidence, 0.0), 1.0))
        if shade != self._shade:
            self._shade = shade
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        colour = QColor(theme.ACCENT)
        colour.setAlpha(max(self._shade, 30))
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(self.rect().adjusted(1, 1, -1, -1))
