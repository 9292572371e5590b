"""How one cue of a set list is left and faded in, under the hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PyQt6.QtWidgets import QGridLayout, QHBoxLayout

from visualizer.control.set_files import MAX_BARS, MAX_FADE_S, MAX_OFFSET_BEATS, MAX_S
from visualizer.panel.surfaces import Card, Elided, button, text
from visualizer.panel.tiles import Flow
from visualizer.panel.widgets import NumberBox, Segments, Switch

Change = Callable[[int, str, dict[str, Any]], None]
"""Called with the row, what is asked, and the cue as it should be."""

_DEEDS = (
    ("play", "Play this", "Begins this cue (a double click in the list does too)"),
    ("up", "Up", "One place earlier"),
    ("down", "Down", "One place later"),
    ("copy", "Copy", "The same once more, after it"),
    ("remove", "Remove", "Takes it out of the set list"),
)


def describe(cue: Mapping[str, Any]) -> str:
    """How a cue is left and faded in, in a few words."""
    after = cue.get("after", 0)
    left = {
        "key": "until GO",
        "bars": f"{after:g} bar" + "s" * (after != 1),
        "seconds": f"{after:g} s",
    }[str(cue.get("leave", "key"))]
    fade, offset = cue.get("fade_s"), float(cue.get("offset_beats") or 0.0)
    faded = "" if fade is None else f", fade {fade:g} s"
    moved = (
        ""
        if not offset
        else f", {abs(offset):g} beat{'s' * (abs(offset) != 1)} " + ("late" if offset > 0 else "early")
    )
    return left + faded + moved


class CueEditor(Card):
    """The chosen cue; each change is told at once."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change, self._row, self._cue = change, -1, dict[str, Any]()
        self.name = Elided("No cue is chosen", "heading")
        self.column.addWidget(self.name)
        deeds = Flow(8)
        self.deeds = {}
        for deed, words, tip in _DEEDS:
            self.deeds[deed] = button(words, tip=tip)
            self.deeds[deed].clicked.connect(lambda _, deed=deed: self._change(self._row, deed, self._cue))
            deeds.addWidget(self.deeds[deed])
        self.column.addLayout(deeds)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        self.leave = Segments([("key", "by key"), ("bars", "bars"), ("seconds", "seconds")])
        self.leave.picked.connect(self._leave)
        self.after = NumberBox(0.1, MAX_S, 1, "")
        self.after.setAccessibleName("How many bars or seconds")
        self.after.entered.connect(lambda value: self._set(after=value))
        self.has_fade, self.fade_s = Switch(), NumberBox(0.0, MAX_FADE_S, 1, " s")
        self.has_fade.setAccessibleName("Fade of its own")
        self.fade_s.setAccessibleName("Length of its own fade")
        self.has_fade.clicked.connect(lambda on: self._set(fade_s=self.fade_s.value() if on else None))
        self.fade_s.entered.connect(lambda value: self._set(fade_s=value))
        self.offset = NumberBox(-MAX_OFFSET_BEATS, MAX_OFFSET_BEATS, 2, " beats")
        self.offset.setAccessibleName("Begins so many beats after its boundary")
        self.offset.setToolTip("Begins so many beats after its boundary; before it where negative")
        self.offset.entered.connect(lambda value: self._set(offset_beats=value))
        fade = QHBoxLayout()
        fade.addWidget(self.has_fade)
        fade.addWidget(self.fade_s)
        fade.addStretch(1)
        left = QHBoxLayout()
        left.addWidget(self.leave)
        left.addWidget(self.after)
        left.addStretch(1)
        for row, (words, part) in enumerate((("Left", left), ("Own fade", fade))):
            grid.addWidget(text(words), row, 0)
            grid.addLayout(part, row, 1)
        grid.addWidget(text("Offset"), 2, 0)
        moved = QHBoxLayout()
        moved.addWidget(self.offset)
        moved.addStretch(1)
        grid.addLayout(moved, 2, 1)
        self.column.addLayout(grid)

    def show_cue(self, row: int, cue: Mapping[str, Any] | None, n_cues: int) -> None:
        """The cue of that row, from 0; None where none is chosen."""
        self._row, self._cue = row, dict(cue or {})
        self.name.setText(f"Cue {row + 1}: {cue['preset']}" if cue else "No cue is chosen")
        leave, fade = str(self._cue.get("leave", "key")), self._cue.get("fade_s")
        self.leave.show_value(leave)
        most = MAX_BARS if leave == "bars" else MAX_S
        self.after.setVisible(leave != "key")
        self.after.blockSignals(True)
        self.after.setDecimals(0 if leave == "bars" else 1)
        self.after.setRange(1.0 if leave == "bars" else 0.1, most)
        self.after.blockSignals(False)
        self.after.show_value(float(self._cue.get("after", 16)))
        self.has_fade.setChecked(fade is not None)
        self.fade_s.setEnabled(fade is not None)
        self.fade_s.show_value(2.0 if fade is None else float(fade))
        self.offset.show_value(float(self._cue.get("offset_beats") or 0.0))
        for widget in (*self.deeds.values(), self.leave, self.after, self.has_fade, self.offset):
            widget.setEnabled(cue is not None)
        self.deeds["up"].setEnabled(cue is not None and row > 0)
        self.deeds["down"].setEnabled(cue is not None and row < n_cues - 1)

    def _leave(self, leave: str) -> None:
        self._set(leave=leave)

    def _set(self, **changed: Any) -> None:
        if self._cue:
            self._change(self._row, "change", {**self._cue, **changed})
