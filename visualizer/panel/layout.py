"""How the panel was left: its place, its size and its page, in `panel.json` beside the settings."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from PyQt6.QtCore import QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QScreen
from PyQt6.QtWidgets import QMainWindow

from visualizer.control import preset_files
from visualizer.types import UserError

VERSION = 1
MOST_PX = 100_000
"""No desktop is larger; a number beyond is no place."""
_log = logging.getLogger("visualizer.panel")


@dataclass(frozen=True, slots=True)
class Layout:
    """The window's upper left corner with its frame, and its size without, in points of the desktop."""

    page: str
    x: int
    y: int
    width: int
    height: int
    is_maximized: bool = False

    @property
    def area(self) -> QRect:
        """Its place on the desktop."""
        return QRect(self.x, self.y, self.width, self.height)


def of(window: QMainWindow, page: str) -> Layout:
    """The layout now; of a maximized window the size to which it would go back."""
    usual = window.normalGeometry() if window.isMaximized() else QRect(window.pos(), window.size())
    return Layout(page, usual.x(), usual.y(), usual.width(), usual.height(), window.isMaximized())


def put(window: QMainWindow, layout: Layout, screens: Sequence[QScreen]) -> bool:
    """Puts the window where it was, if one of `screens` shows its middle; no larger than that screen."""
    middle = layout.area.center()
    screen = next((s for s in screens if s.availableGeometry().contains(middle)), None)
    if screen is None:
        return False
    room = screen.availableGeometry()
    window.resize(QSize(layout.width, layout.height).boundedTo(room.size()))
    most = room.bottomRight() - QPoint(window.width() - 1, window.height() - 1)
    x, y = min(layout.x, most.x()), min(layout.y, most.y())
    window.move(max(x, room.left()), max(y, room.top()))
    if layout.is_maximized:
        window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)
    return True


class Memory:
    """The file. What it cannot read counts as nothing; what it cannot write is said once in the log."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: Layout | None = None
        self.kept: Layout | None = self._read()
        self._is_writable = True

    def look(self, now: Layout) -> None:
        """Keeps a layout that was the same at the last look too: not each step of a drag."""
        if now == self._seen and now != self.kept:
            self.keep(now)
        self._seen = now

    def keep(self, now: Layout) -> None:
        """Writes it, if it is new."""
        if now == self.kept or not self._is_writable:
            return
        self.kept = now
        document = {"klangbild": "panel", "version": VERSION, **asdict(now)}
        try:
            preset_files.write(self._file, preset_files.encode(document))
        except UserError as error:
            self._is_writable = False
            _log.warning("The panel's layout is not remembered: %s", error)

    def _read(self) -> Layout | None:
        try:
            document = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(document, dict) or document.get("version") != VERSION:
            return None
        numbers = [document.get(name) for name in ("x", "y", "width", "height")]
        match numbers:
            case [int() as x, int() as y, int() as width, int() as height]:
                if max(abs(x), abs(y), abs(width), abs(height)) <= MOST_PX:
                    is_maximized = document.get("is_maximized") is True
                    return Layout(str(document.get("page")), x, y, width, height, is_maximized)
        return None
