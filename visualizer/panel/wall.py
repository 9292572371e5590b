"""The page of the wall: which monitors, corners, soft edges, a mask; and what leaves the show beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from visualizer.panel import theme
from visualizer.panel.controls import Controls
from visualizer.panel.corners import CORNERS, CornerPin
from visualizer.panel.model import Model
from visualizer.panel.surfaces import Card, Elided, button, text

_PINS = {f"wall.{corner}.{axis}" for corner in CORNERS for axis in "xy"}
_FILES = {
    "wall.mask": ("A picture that masks the wall", "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff)"),
    "logo.file": ("A logo with transparency", "PNG (*.png)"),
    "text.file": ("A text file with the words", "Text (*.txt);;All files (*)"),
}
_FOLDERS = {"output.folder": "Where recordings and stills go", "output.sequence": "A folder for the pictures"}


class Chooser(QWidget):
    """A line of text with a button that asks for a file or a folder."""

    def __init__(self, id: str, model: Model, controls: Controls) -> None:
        super().__init__()
        self._id, self._model = id, model
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(controls.grid([id]), 1)
        self.browse = button("Choose…", tip=_FOLDERS.get(id) or _FILES[id][0])
        self.browse.clicked.connect(self._ask)
        row.addWidget(self.browse)

    def _ask(self) -> None:
        here = str(self._model[self._id] or Path.home())
        if self._id in _FOLDERS:
            chosen = QFileDialog.getExistingDirectory(self, _FOLDERS[self._id], here)
        else:
            title, kinds = _FILES[self._id]
            chosen, _ = QFileDialog.getOpenFileName(self, title, here, kinds)
        if chosen:
            self._model.choose(self._id, chosen)


class WallPage(QWidget):
    """Corners by hand, and the rest as it is declared."""

    def __init__(self, model: Model, controls: Controls) -> None:
        super().__init__()
        self._model = model
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_PX)
        corners = Card("Corners")
        self.pin = CornerPin()
        self.pin.moved.connect(self._move)
        corners.column.addWidget(self.pin)
        row = QHBoxLayout()
        self.straight = button("Straight again", tip="All corners back to where they belong")
        self.straight.clicked.connect(self._straighten)
        row.addWidget(self.straight)
        row.addStretch(1)
        corners.column.addLayout(row)
        corners.column.addLayout(controls.grid(["wall.test_pattern"]))
        column.addWidget(corners)
        column.addWidget(self._projection(controls))
        column.addWidget(controls.card("wall.edge"))
        column.addStretch(1)
        self.follow(_PINS)
        self.refresh()

    def _projection(self, controls: Controls) -> Card:
        card = Card("Projection")
        ids = ["wall.resolution", "wall.rotate", "wall.flip_x", "wall.flip_y", "wall.mirrors"]
        card.column.addLayout(controls.grid(ids))
        self.monitors = Elided("", "quiet")
        card.column.addWidget(self.monitors)
        card.column.addWidget(Chooser("wall.mask", self._model, controls))
        return card

    def follow(self, changed: Iterable[str]) -> None:
        """Values changed, here or elsewhere."""
        if not _PINS.isdisjoint(changed):
            self.pin.show_offsets(
                {c: (float(self._model[f"wall.{c}.x"]), float(self._model[f"wall.{c}.y"])) for c in CORNERS}
            )

    def refresh(self) -> None:
        """What the window says of monitors."""
        self.monitors.setText("Connected: " + (", ".join(self._model.monitors) or "not known yet"))

    def _straighten(self) -> None:
        for id in sorted(_PINS):
            self._model.reset(id)

    def _move(self, corner: str, x: float, y: float) -> None:
        self._model.choose(f"wall.{corner}.x", x)
        self._model.choose(f"wall.{corner}.y", y)


class OutputPage(QWidget):
    """Recording and other programs; words and a logo over the picture."""

    def __init__(self, model: Model, controls: Controls) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_PX)
        files = Card("Files")
        row = QHBoxLayout()
        self.record, self.still = button("Record", tip="Ctrl R"), button("Still", tip="Ctrl S")
        self.record.clicked.connect(lambda: model.do("record"))
        self.still.clicked.connect(lambda: model.do("still"))
        row.addWidget(self.record)
        row.addWidget(self.still)
        row.addStretch(1)
        files.column.addLayout(row)
        files.column.addWidget(Chooser("output.folder", model, controls))
        files.column.addLayout(controls.grid(["output.record", "output.codec"]))
        files.column.addWidget(Chooser("output.sequence", model, controls))
        column.addWidget(files)
        programs = Card("Other programs")
        programs.column.addLayout(
            controls.grid(
                [
                    "output.ndi",
                    "output.ndi_name",
                    "output.ndi_network",
                    "output.virtual_camera",
                    "output.virtual_camera_device",
                    "output.texture",
                ]
            )
        )
        self.told = text("", "quiet", wraps=True)
        programs.column.addWidget(self.told)
        column.addWidget(programs)
        words = Card("Words")
        words.column.addLayout(controls.grid(["text.words"]))
        words.column.addWidget(Chooser("text.file", model, controls))
        rest = ["font", "colour", "size", "x", "y", "opacity", "fade_s"]
        words.column.addLayout(controls.grid([f"text.{name}" for name in rest]))
        column.addWidget(words)
        logo = Card("Logo")
        logo.column.addWidget(Chooser("logo.file", model, controls))
        logo.column.addLayout(
            controls.grid([f"logo.{name}" for name in ("size", "x", "y", "opacity", "fade_s")])
        )
        column.addWidget(logo)
        column.addStretch(1)
        self._model = model

    def refresh(self) -> None:
        """What the output process says."""
        health = self._model.health("output")
        told = []
        ndi, camera = health.get("ndi"), health.get("virtual_camera")
        if isinstance(ndi, dict):
            n = int(ndi.get("n_receivers") or 0)
            told.append(f"NDI: {ndi.get('n_sent')} frames sent, {n} receiver{'s' if n != 1 else ''}.")
        if isinstance(camera, dict):
            told.append(f"Virtual camera {camera.get('device')}: {camera.get('n_sent')} frames sent.")
        process = self._model.processes.get("output")
        if process is not None and process.sentence:
            told.append(process.sentence)
        self.told.setText(" ".join(told))
