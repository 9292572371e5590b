"""The page of presets: looks with a name and a key, to recall, save, rename and delete."""

from __future__ import annotations

from typing import Any

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from visualizer.panel import theme
from visualizer.panel.controls import Controls, Line
from visualizer.panel.model import Model
from visualizer.panel.surfaces import Card, Elided, button, text
from visualizer.panel.tiles import Shelf, Tile


class PresetsPage(QWidget):
    """Tiles of what the parent lists; it keeps the files."""

    def __init__(self, model: Model, controls: Controls) -> None:
        super().__init__()
        self._model = model
        self._listed: list[dict[str, Any]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_PX)
        card = Card()
        head = QHBoxLayout()
        head.addWidget(Elided("Looks with a name", "heading"), 1)
        self.undo = button("Undo", tip="Takes the last recall or saving back (Ctrl Z)")
        self.undo.clicked.connect(lambda: model.do("undo"))
        head.addWidget(self.undo)
        card.column.addLayout(head)
        self.shelf = Shelf()
        card.column.addWidget(self.shelf)
        self.sentence = text("", "quiet", wraps=True)
        card.column.addWidget(self.sentence)
        column.addWidget(card)
        column.addWidget(self._build_save(controls))
        column.addStretch(1)

    def _build_save(self, controls: Controls) -> Card:
        card, row = Card("The look of this moment"), QHBoxLayout()
        self.name = Line()
        self.name.setPlaceholderText("a name")
        self.name.setAccessibleName("Name of the preset")
        self.save = button("Save", tip="Under this name; one of yours with the same name is replaced")
        self.rename = button("Rename", tip="Gives the recalled preset this name")
        self.delete = button("Delete", tip="Deletes the recalled preset; Undo brings it back")
        self.save.clicked.connect(self._save)
        self.rename.clicked.connect(self._rename)
        self.delete.clicked.connect(lambda: self._model.ask({"preset": {"delete": self._model.preset}}))
        row.addWidget(self.name, 1)
        for widget in (self.save, self.rename, self.delete):
            row.addWidget(widget)
        card.column.addLayout(row)
        card.column.addLayout(controls.grid(["show.morph_s"]))
        card.column.addWidget(text("Ctrl 1 to Ctrl 9 save on a key, in both windows.", "quiet", wraps=True))
        return card

    def follow(self) -> None:
        """Shows what the parent told last."""
        model = self._model
        if model.presets != self._listed:
            self._listed = model.presets
            self._fill()
        self.shelf.check(model.preset)
        self.sentence.setText(model.preset_sentence)
        self.sentence.setVisible(bool(model.preset_sentence))
        named = bool(self.name.text().strip())
        own = any(told.get("name") == model.preset and not told.get("ours") for told in self._listed)
        self.save.setEnabled(named)
        self.rename.setEnabled(named and own)
        self.delete.setEnabled(own)

    def _fill(self) -> None:
        for key in list(self.shelf.tiles):
            self.shelf.remove(key)
        for told in self._listed:
            name, problem, slot = str(told.get("name")), str(told.get("problem") or ""), told.get("slot")
            tile = Tile(name, _describe(told), tip=problem or name, sign=str(slot or "–"))
            tile.setEnabled(not problem)
            tile.clicked.connect(lambda _, name=name: self._model.ask({"preset": {"recall": name}}))
            self.shelf.put(name, tile)

    def _save(self) -> None:
        self._model.ask({"preset": {"save": self.name.text().strip()}})
        self.name.clear()
        self.name.clearFocus()

    def _rename(self) -> None:
        self._model.ask({"preset": {"rename": self._model.preset, "to": self.name.text().strip()}})
        self.name.clear()
        self.name.clearFocus()


def _describe(told: dict[str, Any]) -> str:
    if told.get("problem"):
        return "cannot be read"
    return "ours" if told.get("ours") else "yours"
