"""The table of what controllers play, and an editor of the chosen row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from visualizer.control.midi_map import Binding, ways
from visualizer.panel import theme, wording
from visualizer.panel.control_menu import ask_edit, ask_forget
from visualizer.panel.controls import Combo
from visualizer.panel.model import Model
from visualizer.panel.surfaces import button, text
from visualizer.panel.widgets import NumberBox, Switch

TABLE_PX = 188
_COLUMNS = ("Plays", "Knob or key", "Controller")
_WAYS = {
    "value": "its place",
    "toggle": "on, off by turns",
    "hold": "on while held",
    "step": "the next choice",
    "press": "press",
}
_COUNTS = {"absolute": "a knob with ends", "twos": "endless (127 is −1)", "offset": "endless (63 is −1)"}
_PICKUP = {None: "as all", True: "picks up", False: "jumps"}


class BindingTable(QWidget):
    """Follows the map that the control process keeps; a change is asked for, and shown when it is told."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model
        self._bindings: tuple[Binding, ...] = ()
        self._is_quiet = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(list(_COLUMNS))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setAccessibleName("What controllers play")
        self.table.setFixedHeight(TABLE_PX)
        rows, heads = self.table.verticalHeader(), self.table.horizontalHeader()
        if rows is not None and heads is not None:
            rows.hide()
            heads.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            heads.setHighlightSections(False)
            heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.itemSelectionChanged.connect(self._show_row)
        column.addWidget(self.table)
        column.addWidget(self._build_editor())
        self._show_row()

    def _build_editor(self) -> QWidget:
        editor = QWidget()
        grid = QGridLayout(editor)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GAP_PX)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.does, self.counts, self.pickup = _choices("Way"), _choices("Kind of knob"), _choices("Pickup")
        self.low, self.high = NumberBox(0.0, 100.0, 0, " %"), NumberBox(0.0, 100.0, 0, " %")
        self.low.setAccessibleName("Least of the range")
        self.high.setAccessibleName("Most of the range")
        self.inverts = Switch()
        self.inverts.setAccessibleName("Invert")
        self.forget = button("Forget", tip="The knob plays this no longer")
        span = QHBoxLayout()
        span.setSpacing(8)
        span.addWidget(self.low)
        span.addWidget(text("to"))
        span.addWidget(self.high)
        span.addStretch(1)
        last = QHBoxLayout()
        last.addWidget(self.inverts)
        last.addStretch(1)
        last.addWidget(self.forget)
        rows: tuple[tuple[str, QWidget | QHBoxLayout], ...] = (
            ("Plays", self.does),
            ("Range", span),
            ("Knob", self.counts),
            ("Pickup", self.pickup),
            ("Invert", last),
        )
        for number, (words, part) in enumerate(rows):
            grid.addWidget(text(words), number, 0)
            if isinstance(part, QHBoxLayout):
                grid.addLayout(part, number, 1)
            else:
                grid.addWidget(part, number, 1)
        self.does.activated.connect(lambda: self._edit(does=self.does.currentData()))
        self.counts.activated.connect(lambda: self._edit(counts=self.counts.currentData()))
        self.pickup.activated.connect(lambda: self._edit(pickup=self.pickup.currentData()))
        self.low.entered.connect(lambda percent: self._edit(low=min(percent / 100, self._high())))
        self.high.entered.connect(lambda percent: self._edit(high=max(percent / 100, self._low())))
        self.inverts.clicked.connect(lambda: self._edit(inverts=self.inverts.isChecked()))
        self.forget.clicked.connect(self._forget)
        self.editor = editor
        return editor

    def follow(self, bindings: Sequence[Binding]) -> None:
        """Shows the map; what was chosen stays chosen."""
        if tuple(bindings) == self._bindings:
            return
        chosen, self._bindings = self._chosen(), tuple(bindings)
        self._is_quiet = True
        self.table.setRowCount(len(self._bindings))
        kept = -1
        for number, binding in enumerate(self._bindings):
            if chosen is not None and _key(binding) == _key(chosen):
                kept = number
            cells = (wording.target(binding.target), binding.source.name, binding.source.port or "any")
            for place, words in enumerate(cells):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                self.table.setItem(number, place, item)
        self.table.clearSelection()
        if kept >= 0:
            self.table.selectRow(kept)
        self._is_quiet = False
        self._show_row()

    def _chosen(self) -> Binding | None:
        row = self.table.currentRow()
        has_row = bool(self.table.selectedItems()) and 0 <= row < len(self._bindings)
        return self._bindings[row] if has_row else None

    def _show_row(self) -> None:
        if self._is_quiet:
            return
        binding = self._chosen()
        self.editor.setVisible(binding is not None)
        if binding is None:
            return
        self.low.show_value(100 * binding.low)
        self.high.show_value(100 * binding.high)
        self.inverts.setChecked(binding.inverts)
        _fill(self.does, {way: _WAYS[way] for way in ways(binding.target)}, binding.does)
        _fill(self.counts, _COUNTS if binding.source.kind == "cc" else {}, binding.counts)
        _fill(self.pickup, _PICKUP if binding.does == "value" else {}, binding.pickup)

    def _low(self) -> float:
        binding = self._chosen()
        return binding.low if binding else 0.0

    def _high(self) -> float:
        binding = self._chosen()
        return binding.high if binding else 1.0

    def _edit(self, **wanted: object) -> None:
        binding = self._chosen()
        if binding is not None:
            ask_edit(self._model, binding, **wanted)

    def _forget(self) -> None:
        binding = self._chosen()
        if binding is not None:
            ask_forget(self._model, binding)


def _choices(name: str) -> Combo:
    combo = Combo()
    combo.setAccessibleName(name)
    return combo


def _fill(combo: Combo, choices: Mapping[Any, str], now: object) -> None:
    """Shows these choices; none where there is nothing to choose."""
    if combo.hasFocus() and combo.currentData() == now:
        return
    combo.clear()
    for value, words in choices.items():
        combo.addItem(words, value)
    combo.setEnabled(len(choices) > 1)
    combo.setCurrentIndex(combo.findData(now))


def _key(binding: Binding) -> tuple[str, str]:
    return binding.target, binding.source.port
