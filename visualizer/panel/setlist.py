"""The page of set lists: what is on, what comes next and when, and the cues to put in order."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QFont
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QInputDialog,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from visualizer.panel import theme
from visualizer.panel.controls import Combo, Controls
from visualizer.panel.cue_editor import CueEditor, describe
from visualizer.panel.model import Model
from visualizer.panel.surfaces import Card, Elided, button, text
from visualizer.panel.tiles import Flow

_OWN_S = 1.2
"""So long what was edited here stands against an older list on its way."""
LIST_PX = 236


class SetListPage(QWidget):
    """The files and the playing are the parent's: this page shows what it tells, and asks."""

    def __init__(self, model: Model, controls: Controls) -> None:
        super().__init__()
        self._model = model
        self._cues: list[dict[str, Any]] = []
        self._shown: tuple[Any, ...] = ()
        self._edited_s = -_OWN_S
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_PX)
        column.addWidget(self._build_play(controls))
        column.addWidget(self._build_list())
        self.editor = CueEditor(self._change)
        column.addWidget(self.editor)
        safety = Card("Blackout and panic")
        safety.column.addLayout(controls.grid(["output.blackout_s", "show.panic_preset"]))
        column.addWidget(safety)
        column.addStretch(1)
        self._select(-1)

    # Building --------------------------------------------------------------------------------------------

    def _build_play(self, controls: Controls) -> Card:
        card = Card()
        self.now, self.coming = Elided("", "big"), Elided("", "accent")
        card.column.addWidget(self.now)
        card.column.addWidget(self.coming)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.go = button("GO", "go", tip="The next cue, on the next boundary; again: at once (Page Down)")
        self.go.clicked.connect(lambda: self._model.do("next_cue"))
        row.addWidget(self.go, 1)
        deeds = (
            ("Back", "previous_cue", "The cue before (Page Up)"),
            ("Start", "start_set", "From the first cue (Home)"),
            ("Stop", "stop_set", "Nothing moves on by itself (End)"),
        )
        self.deeds = {}
        for words, action, tip in deeds:
            self.deeds[action] = button(words, tip=tip)
            self.deeds[action].clicked.connect(lambda _, action=action: self._model.do(action))
            row.addWidget(self.deeds[action])
        card.column.addLayout(row)
        card.column.addLayout(controls.grid(["show.quantise"]))
        switches = Flow()
        for id, words in (("show.lock", "Lock"), ("show.shuffle", "Shuffle"), ("show.repeat", "Repeat")):
            pair = QWidget()
            line = QHBoxLayout(pair)
            line.setContentsMargins(0, 0, theme.GAP_PX, 0)
            control = controls.make(id)
            control.label.setText(words)
            line.addWidget(control.label)
            line.addWidget(control.widget)
            switches.addWidget(pair)
        card.column.addLayout(switches)
        self.sentence = text("", "quiet", wraps=True)
        card.column.addWidget(self.sentence)
        return card

    def _build_list(self) -> Card:
        card, head = Card(), Flow(8)
        self.sets = Combo()
        self.sets.setAccessibleName("Set list")
        self.sets.activated.connect(self._open)
        self.new = button("New", tip="Another set list")
        self.rename = button("Rename")
        self.delete = button("Delete", tip="Deletes this set list; Ctrl Z brings it back")
        self.new.clicked.connect(lambda: self._model.ask({"sets": {"new": "Set list"}}))
        self.rename.clicked.connect(self._rename)
        self.delete.clicked.connect(lambda: self._model.ask({"sets": {"delete": self._name}}))
        for widget in (self.new, self.rename, self.delete):
            head.addWidget(widget)
        card.column.addWidget(self.sets)
        card.column.addLayout(head)
        self.list = QListWidget()
        self.list.setObjectName("cues")
        self.list.setAccessibleName("Cues")
        self.list.setMinimumHeight(LIST_PX)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._select)
        self.list.itemDoubleClicked.connect(lambda item: self._play(self.list.row(item)))
        rows = self.list.model()
        assert rows is not None
        rows.rowsMoved.connect(self._dragged)
        card.column.addWidget(self.list)
        add = QHBoxLayout()
        self.presets = Combo()
        self.presets.setAccessibleName("Preset to add")
        self.add = button("Add", tip="This preset, after the chosen cue")
        self.add_all = button("Add all", tip="All presets, in their order")
        self.add.clicked.connect(lambda: self._add([self.presets.currentText()]))
        self.add_all.clicked.connect(lambda: self._add(self._listed()))
        add.addWidget(self.presets, 1)
        add.addWidget(self.add)
        add.addWidget(self.add_all)
        card.column.addLayout(add)
        return card

    # Showing ---------------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return str(self._model.set_list.get("name") or "")

    def _listed(self) -> list[str]:
        return [str(told["name"]) for told in self._model.presets if not told.get("problem")]

    def follow(self) -> None:
        """Shows what the parent told last."""
        model, told = self._model, self._model.set_list
        self._follow_files()
        presets = self._listed()
        if presets != [self.presets.itemText(n) for n in range(self.presets.count())]:
            self.presets.clear()
            self.presets.addItems(presets)
        if model.now_s() - self._edited_s > _OWN_S:
            self._cues = [dict(cue) for cue in told.get("cues", ())]
        place, following = told.get("place"), told.get("next")
        is_on = isinstance(place, int) and place < len(self._cues)
        cue = self._cues[place] if is_on and isinstance(place, int) else None
        self.now.setText(f"{place + 1}  {cue['preset']}" if cue and isinstance(place, int) else "Not begun")
        self.coming.setText(
            _capital(model.cue_line) or ("Waits for GO" if told.get("runs") else "Stands still")
        )
        self.sentence.setText(self._say(told))
        self.sentence.setVisible(bool(self.sentence.text()))
        shown = (self._cues, place, following)
        if repr(shown) != repr(self._shown):
            self._shown = ([dict(cue) for cue in self._cues], place, following)
            self._fill(place, following)
        has_cues = bool(self._cues)
        for widget in (self.go, *self.deeds.values()):
            widget.setEnabled(has_cues)
        self.rename.setEnabled(bool(self._name))
        self.delete.setEnabled(bool(self._name))
        self.add.setEnabled(bool(presets))
        self.add_all.setEnabled(bool(presets))

    def _say(self, told: dict[str, Any]) -> str:
        assumed, notes = str(told.get("assumed") or ""), told.get("notes") or ()
        broken = [str(entry["problem"]) for entry in self._model.sets if entry.get("problem")]
        sentences = [self._model.preset_sentence, _capital(assumed), *map(str, notes), *broken[:2]]
        return " · ".join(sentence for sentence in sentences if sentence)

    def _follow_files(self) -> None:
        names = [str(entry.get("name")) for entry in self._model.sets if not entry.get("problem")]
        if names != [self.sets.itemText(n) for n in range(self.sets.count())]:
            self.sets.clear()
            self.sets.addItems(names)
        view = self.sets.view()
        if not (view is not None and view.isVisible()):
            self.sets.setCurrentIndex(names.index(self._name) if self._name in names else -1)

    def _fill(self, place: object, following: object) -> None:
        chosen = self.list.currentRow()
        self.list.blockSignals(True)
        self.list.clear()
        for number, cue in enumerate(self._cues):
            mark = "▶" if number == place else "▷" if number == following else "\u2003"
            item = QListWidgetItem(f"{mark} {number + 1}   {cue['preset']}   ·   {describe(cue)}")
            item.setToolTip(str(cue.get("problem") or f"{cue['preset']}: {describe(cue)}"))
            font = QFont(self.list.font())
            font.setBold(number == place)
            item.setFont(font)
            colour = theme.ORANGE if cue.get("problem") else theme.ACCENT if number == place else theme.TEXT
            item.setForeground(QColor(colour))
            item.setData(Qt.ItemDataRole.UserRole, number)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.list.setCurrentRow(min(chosen, len(self._cues) - 1))
        self._select(self.list.currentRow())

    # Asking ----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._edited_s = -_OWN_S
        self._model.ask({"sets": {"open": self.sets.currentText()}})

    def _rename(self) -> None:
        name, is_meant = QInputDialog.getText(self, "Rename", "Name of the set list", text=self._name)
        if is_meant and name.strip() and name.strip() != self._name:
            self._model.ask({"sets": {"rename": self._name, "to": name.strip()}})

    def _select(self, row: int) -> None:
        cue = self._cues[row] if 0 <= row < len(self._cues) else None
        self.editor.show_cue(row, cue, len(self._cues))

    def _play(self, row: int) -> None:
        self._model.ask({"sets": {"cue": row + 1}})

    def _add(self, names: list[str]) -> None:
        place = self.list.currentRow() + 1 or len(self._cues)
        usual = {"leave": "bars", "after": 16, "fade_s": None, "offset_beats": 0.0}
        self._cues[place:place] = [{"preset": name, **usual} for name in names]
        self._write(place + len(names) - 1)

    def _change(self, row: int, deed: str, cue: dict[str, Any]) -> None:
        """What the editor asks: change, up, down, copy, remove or play."""
        match deed:
            case "play":
                self._play(row)
                return
            case "change":
                self._cues[row] = cue
            case "up" | "down":
                goal = row + (1 if deed == "down" else -1)
                self._cues.insert(goal, self._cues.pop(row))
                row = goal
            case "copy":
                self._cues.insert(row + 1, dict(cue))
                row += 1
            case "remove":
                del self._cues[row]
        self._write(min(row, len(self._cues) - 1))

    def _dragged(self) -> None:
        items = [self.list.item(n) for n in range(self.list.count())]
        order = [item.data(Qt.ItemDataRole.UserRole) for item in items if item is not None]
        self._cues = [self._cues[number] for number in order]
        self._write(self.list.currentRow())

    def _write(self, row: int) -> None:
        self._edited_s = self._model.now_s()
        cues = [{key: cue[key] for key in cue if key != "problem"} for cue in self._cues]
        self._model.ask({"sets": {"write": {"name": self._name or "Set list", "cues": cues}}})
        self._shown = ()
        told = self._model.set_list
        self._fill(told.get("place"), told.get("next"))
        self.list.setCurrentRow(row)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
