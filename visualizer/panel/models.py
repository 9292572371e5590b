"""The page of modes and models: what paints, with preview pictures from the models' cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QImage, QImageReader
from PyQt6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from visualizer import clock
from visualizer.checkpoints import cards
from visualizer.panel import theme, wording
from visualizer.panel.background import Background
from visualizer.panel.model import Model
from visualizer.panel.surfaces import Card, Elided, button
from visualizer.panel.tiles import PICTURE_PX, Shelf, Tile
from visualizer.parameters import PARAMETERS

SCAN_AGAIN_S = 20.0
_FACES = {"traumer": "generator", "era": "mvnet"}
"""The kind of model whose preview stands for a mode."""
_MODES = {
    "traumer": ("dreams images", "Dreams images of what the music is."),
    "era": (
        "paints over pictures",
        "Paints over a picture, a video or a camera, in the style of the years it hears.",
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A parameter that is a model, and the kind of model it takes."""

    id: str
    kind: str
    heading: str


_MODELS = (
    Choice("traumer.generator", "generator", "Träumer: what paints"),
    Choice("traumer.tagger", "tagger", "Träumer: what hears"),
    Choice("traumer.map", "transfer", "Träumer: what turns hearing into style"),
    Choice("era.mvnet", "mvnet", "Era: what sees the music"),
)


class ModelsPage(QWidget):
    """Tiles for mode, models and style-transfer networks. The disk is read in a thread."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model
        self._background = Background("models")
        self._scanned_s = float("-inf")
        self._asked: set[str] = set()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_PX)
        self.modes = self._shelf(column, "What paints")
        for value in PARAMETERS["show.mode"].choices:
            note, words = _MODES.get(value, ("", ""))
            self._put(self.modes, "show.mode", value, Tile(wording.mode(value), note, words, words))
        self.shelves: dict[str, Shelf] = {}
        for choice in _MODELS[:1]:
            self._model_shelf(column, choice)
        self.networks = self._shelf(column, "Era: how the style is carried over")
        network = PARAMETERS["era.network"]
        for value in network.choices:
            name = wording.choice(network, value)
            self._put(self.networks, network.id, value, Tile(name, "", "Style transfer"))
        for choice in (_MODELS[3], *_MODELS[1:3]):
            self._model_shelf(column, choice)
        column.addStretch(1)
        self.follow()

    def _shelf(self, column: QVBoxLayout, heading: str, browses: str = "") -> Shelf:
        card, shelf = Card(), Shelf()
        head = QHBoxLayout()
        head.addWidget(Elided(heading, "heading"), 1)
        if browses:
            browse = button("Other folder…", tip="A model's folder, with its card.json")
            browse.clicked.connect(lambda: self._browse(browses))
            head.addWidget(browse)
        card.column.addLayout(head)
        card.column.addWidget(shelf)
        column.addWidget(card)
        return shelf

    def _model_shelf(self, column: QVBoxLayout, choice: Choice) -> None:
        self.shelves[choice.id] = self._shelf(column, choice.heading, choice.id)

    def _put(self, shelf: Shelf, id: str, value: str, tile: Tile) -> None:
        tile.clicked.connect(lambda: self._model.choose(id, value))
        shelf.put(value, tile)

    def refresh(self) -> None:
        """Scans the folders now and then, while the page is looked at, and shows what came of it."""
        now_s = clock.seconds(clock.now_ns())
        if now_s - self._scanned_s > SCAN_AGAIN_S:
            self._scanned_s = now_s
            self._background.ask("models", cards.find_models)
        for answer in self._background.collect():
            if answer.key == "models" and answer.value is not None:
                self._show_models(answer.value)
            elif isinstance(answer.value, QImage):
                self._show_picture(answer.key, answer.value)
        self.follow()

    def follow(self) -> None:
        """Marks what is chosen."""
        on_air = self._model.painting.get("mode")
        for value, tile in self.modes.tiles.items():
            tile.note = "on air" if value == on_air else _MODES.get(value, ("", ""))[0]
            tile.update()
        self.modes.check(str(self._model["show.mode"]))
        self.networks.check(str(self._model["era.network"]))
        for id, shelf in self.shelves.items():
            shelf.check(str(self._model[id]))

    def close_work(self) -> None:
        """Ends the thread."""
        self._background.close()

    def _show_models(self, models: Sequence[cards.Model]) -> None:
        for choice in _MODELS:
            shelf = self.shelves[choice.id]
            found = {m.card.id: m for m in models if m.card.kind == choice.kind}
            for key in [key for key in shelf.tiles if key not in found and key != self._model[choice.id]]:
                shelf.remove(key)
            for id, model in found.items():
                if id not in shelf.tiles:
                    card = model.card
                    self._put(
                        shelf,
                        choice.id,
                        id,
                        Tile(card.title, id, card.summary, f"{card.title}\n{card.summary}"),
                    )
            if self._model[choice.id] not in shelf.tiles:
                value = str(self._model[choice.id])
                self._put(shelf, choice.id, value, Tile(Path(value).name, "a folder of yours", tip=value))
        for model in models:
            if model.card.preview and model.card.id not in self._asked:
                self._asked.add(model.card.id)
                file = model.folder / model.card.preview
                key = f"{model.card.kind}:{model.card.id}"
                self._background.ask(key, partial(read_picture, file))

    def _show_picture(self, key: str, image: QImage) -> None:
        kind, _, id = key.partition(":")
        for choice in _MODELS:
            if choice.kind == kind and id in self.shelves[choice.id].tiles:
                self.shelves[choice.id].tiles[id].show_image(image)
        for mode, face in _FACES.items():
            chosen = next(str(self._model[c.id]) for c in _MODELS if c.kind == face)
            tile = self.modes.tiles.get(mode)
            if kind == face and tile is not None and (id == chosen or not tile.has_image):
                tile.show_image(image)
        if kind == "style_transfer" and (tile := self.networks.tiles.get(id.removeprefix("style-"))):
            tile.show_image(image)

    def _browse(self, id: str) -> None:
        dialog = QFileDialog(self, "A model's folder")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda folder: self._model.choose(id, folder))
        dialog.open()  # never exec: the panel goes on showing the show


def read_picture(file: Path) -> QImage:
    """A picture reduced to a tile's size, at twice the pixels for sharp screens; null where unreadable."""
    reader = QImageReader(str(file))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid():
        wanted = QSize(2 * PICTURE_PX[0], 2 * PICTURE_PX[0])
        if size.width() > wanted.width():
            reader.setScaledSize(size.scaled(wanted, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    return reader.read()
