"""The page of contents: what era mode paints over, as thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from visualizer.content import content
from visualizer.panel.background import Background
from visualizer.panel.model import Model
from visualizer.panel.surfaces import Card, Elided, button, text
from visualizer.panel.tiles import PICTURE_PX, Shelf, Tile
from visualizer.paths import path_of
from visualizer.types import UserError

ID = "era.content"
MOST = 200
"""So many of a folder are shown; the folder itself may be chosen whole."""
_OWN = (
    ("camera", "Camera", "live", "What the first camera sees."),
    ("traumer", "Träumer's images", "live", "TräumerAI's own images, painted in the era's style."),
)


class ContentsPage(QWidget):
    """Tiles for our pictures, for what lies beside the chosen file, and for what is live."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model
        self._lists = Background("contents")
        self._thumbnails = Background("thumbnails")
        self._folder: Path | None = None
        self._is_listed = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        card = Card()
        head = QHBoxLayout()
        head.addWidget(Elided("Era's content", "heading"), 1)
        self.present = Elided(name="quiet")
        self.file = button("File…", tip="A picture or a video")
        self.folder = button("Folder…", tip="A folder of pictures, shown one after another")
        self.file.clicked.connect(lambda: self._browse(False))
        self.folder.clicked.connect(lambda: self._browse(True))
        head.addWidget(self.file)
        head.addWidget(self.folder)
        card.column.addLayout(head)
        card.column.addWidget(self.present)
        self.sentence = text("", "warning", wraps=True)
        card.column.addWidget(self.sentence)
        self.shelf = Shelf()
        for value, title, note, tip in _OWN:
            self._put(value, Tile(title, note, tip, tip))
        card.column.addWidget(self.shelf)
        column.addWidget(card)
        column.addStretch(1)
        self.column = column
        self.follow()

    def refresh(self) -> None:
        """Shows what the threads have found; asks once for each folder."""
        folder = _folder_of(str(self._model[ID]))
        if not self._is_listed or (folder is not None and folder != self._folder):
            self._is_listed, self._folder = True, folder or self._folder
            self._lists.forget()
            self._lists.ask("list", partial(_find, self._folder))
        for answer in self._lists.collect():
            if answer.value is not None:
                self._show_files(answer.value)
        for answer in self._thumbnails.collect():
            tile = self.shelf.tiles.get(answer.key)
            if tile is not None and answer.error is None:
                tile.show_image(_to_image(answer.value))
            elif tile is not None:
                tile.note = "cannot be shown"
                tile.setToolTip(str(answer.error))
                tile.update()
        self.follow()

    def follow(self) -> None:
        """Marks what is chosen, and says what is wrong with it."""
        value = str(self._model[ID])
        keys = self.shelf.tiles
        first = next((key for key in keys if key not in [own for own, *_ in _OWN]), None)
        self.shelf.check(value if value in keys else first if not value else None)
        painting = self._model.painting
        self.present.setText(f"on air: {painting['content']}" if painting.get("content") else "")
        self.present.setVisible(bool(painting.get("content")))
        said = str(painting.get("sentence") or "")
        self.sentence.setText(said)
        self.sentence.setVisible(bool(said))

    def close_work(self) -> None:
        """Ends the threads."""
        self._lists.close()
        self._thumbnails.close()

    def _put(self, value: str, tile: Tile) -> None:
        tile.clicked.connect(lambda: self._model.choose(ID, value))
        self.shelf.put(value, tile)

    def _show_files(self, files: Sequence[str]) -> None:
        own = [value for value, *_ in _OWN]
        folders = [str(self._folder)] if self._folder is not None else []
        wanted = [*folders, *files[:MOST]]
        for key in [key for key in self.shelf.tiles if key not in wanted and key not in own]:
            self.shelf.remove(key)
        self._thumbnails.forget()
        for value in wanted:
            if value not in self.shelf.tiles:
                path = Path(value)
                is_folder = value in folders
                note = "all of the folder" if is_folder else path.suffix.lstrip(".").upper()
                self._put(value, Tile(path.name if is_folder else path.stem, note, tip=value))
            if not self.shelf.tiles[value].has_image:
                self._thumbnails.ask(value, partial(content.thumbnail, Path(value), 2 * PICTURE_PX[0]))

    def _browse(self, for_folder: bool) -> None:
        dialog = QFileDialog(self, "What is painted over")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        mode = QFileDialog.FileMode
        dialog.setFileMode(mode.Directory if for_folder else mode.ExistingFile)
        if not for_folder:
            suffixes = sorted(content.PICTURE_SUFFIXES | content.VIDEO_SUFFIXES)
            dialog.setNameFilter(f"Pictures and videos ({' '.join('*' + s for s in suffixes)})")
        if self._folder is not None:
            dialog.setDirectory(str(self._folder))
        dialog.fileSelected.connect(lambda path: self._model.choose(ID, path))
        dialog.open()


def _folder_of(value: str) -> Path | None:
    """The folder that a content lies in or is, judged by its name alone; None where it has none."""
    if not value or value == "traumer" or value.partition(":")[0] == content.CAMERA:
        return None
    try:
        path = path_of(value)
    except UserError:  # being typed
        return None
    if not path.is_absolute():  # one of our pictures, by its bare name
        return None
    is_file = path.suffix.lower() in content.PICTURE_SUFFIXES | content.VIDEO_SUFFIXES
    return path.parent if is_file else path


def _find(folder: Path | None) -> list[str]:
    """For the thread: even to ask whether a folder is there may take long."""
    return content.find_contents(folder if folder is not None and folder.is_dir() else None)


def _to_image(pixels: Any) -> QImage:
    """(H, W, 3) uint8 RGB as an image of its own memory."""
    pixels = np.ascontiguousarray(pixels)
    height_px, width_px, _ = pixels.shape
    return QImage(pixels.data, width_px, height_px, 3 * width_px, QImage.Format.Format_RGB888).copy()
