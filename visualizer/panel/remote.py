"""The page of MIDI and OSC: controllers, what they play, and what comes in."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtWidgets import QCompleter, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from visualizer.control.commands import ACTIONS
from visualizer.control.midi_map import DO, is_target
from visualizer.panel import theme, wording
from visualizer.panel.bindings import BindingTable
from visualizer.panel.controls import Combo, Controls
from visualizer.panel.midi_state import MidiState
from visualizer.panel.model import Model
from visualizer.panel.surfaces import Card, Elided, button, text
from visualizer.panel.widgets import takes_key
from visualizer.parameters import PARAMETERS

WATCH_S = 1.0
"""So often the control process is asked to tell the last messages, while the page is seen."""
MONITOR_PX = 170
_MIDI_IDS = ("on", "inputs", "pickup", "feedback", "program_change", "clock")


class RemotePage(QWidget):
    """What is told by the control process; it keeps the map."""

    def __init__(self, model: Model, controls: Controls) -> None:
        super().__init__()
        self._model = model
        self._watched_s = -WATCH_S
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_PX)
        column.addWidget(self._build_map())
        column.addWidget(self._build_monitors())
        column.addWidget(self._build_settings(controls))
        column.addWidget(controls.card("control"))
        column.addStretch(1)

    def _build_settings(self, controls: Controls) -> Card:
        card = Card("MIDI")
        card.column.addLayout(controls.grid([*(f"midi.{name}" for name in _MIDI_IDS), "link.on"]))
        return card

    def _build_map(self) -> Card:
        card, row = Card(), QHBoxLayout()
        row.addWidget(Elided("Controllers", "heading"), 1)
        self.learn_mode = button(
            "Learn mode", checkable=True, tip="Shows the M of every control, on all pages"
        )
        row.addWidget(self.learn_mode)
        card.column.addLayout(row)
        self.ports, self.sentence = text("", wraps=True), text("", "quiet", wraps=True)
        self.clocks = text("", "quiet", wraps=True)
        for line in (self.ports, self.sentence, self.clocks):
            card.column.addWidget(line)
        row = QHBoxLayout()
        self.target = _TargetCombo()
        self.learn = button("Learn", tip="Then move a knob, or press a key of the controller")
        self.learn.clicked.connect(self._learn)
        row.addWidget(self.target, 1)
        row.addWidget(self.learn)
        card.column.addLayout(row)
        self.table = BindingTable(self._model)
        card.column.addWidget(self.table)
        return card

    def _build_monitors(self) -> Card:
        card = Card("What comes in")
        self.midi_monitor, self.osc_monitor = Monitor("MIDI messages"), Monitor("OSC messages")
        for words, monitor in (("MIDI", self.midi_monitor), ("OSC", self.osc_monitor)):
            card.column.addWidget(text(words, "quiet"))
            card.column.addWidget(monitor)
        return card

    @property
    def is_learning(self) -> bool:
        """Whether all badges are shown."""
        return self.learn_mode.isChecked()

    def refresh(self) -> None:
        """To be called ten times a second while the page is seen."""
        model, state = self._model, self._model.midi
        if model.now_s() - self._watched_s >= WATCH_S:
            self._watched_s = model.now_s()
            model.ask({"midi": {"watch": True}})
        self.ports.setText(", ".join(state.ports) or "No controller is plugged in.")
        for label, words in ((self.sentence, state.sentence), (self.clocks, _describe_clocks(state))):
            label.setText(words)
            label.setVisible(bool(words))
        waits = bool(state.learning)
        self.learn.setText("Stop" if waits else "Learn")
        self.target.setEnabled(not waits)
        if waits:
            self.target.show_target(state.learning)
        self.table.follow(state.bindings)
        self.midi_monitor.follow(state.midi_lines)
        self.osc_monitor.follow(state.osc_lines)

    def _learn(self) -> None:
        target = "" if self._model.midi.learning else self.target.chosen()
        if target is not None:
            self._model.ask({"midi": {"learn": target}})


class Monitor(QPlainTextEdit):
    """The last messages; it stays at the newest unless somebody has scrolled up."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setObjectName("monitor")
        self.setAccessibleName(name)
        self.setPlaceholderText("nothing yet")
        self.setFixedHeight(MONITOR_PX)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self._lines: tuple[str, ...] = ()

    def follow(self, lines: tuple[str, ...]) -> None:
        """Shows these lines."""
        if lines == self._lines:
            return
        self._lines, bar = lines, self.verticalScrollBar()
        is_at_end = bar is None or bar.value() >= bar.maximum() - 1
        self.setPlainText("\n".join(lines))
        if bar is not None and is_at_end:
            bar.setValue(bar.maximum())


class _TargetCombo(Combo):
    """Everything a knob can play, to choose or to find by typing a part of its name."""

    def __init__(self) -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(Combo.InsertPolicy.NoInsert)
        self.setAccessibleName("What a knob is to play")
        for target in (*(DO + name for name in ACTIONS), *PARAMETERS):
            if is_target(target):
                self.addItem(wording.target(target), target)
        completer = QCompleter(self.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setCompleter(completer)
        self.setCurrentIndex(-1)
        line = self.lineEdit()
        if line is not None:
            line.setPlaceholderText("a control or an action")

    def event(self, event: QEvent | None) -> bool:
        return takes_key(event) or super().event(event)

    def chosen(self) -> str | None:
        """The target that is written there; None where nothing is."""
        place = self.findText(self.currentText(), Qt.MatchFlag.MatchFixedString)
        return str(self.itemData(place)) if place >= 0 else None

    def show_target(self, target: str) -> None:
        """Shows what is learnt."""
        self.setCurrentIndex(self.findData(target))


def _describe_clocks(state: MidiState) -> str:
    words = []
    if state.clock_bpm:
        words.append(f"MIDI clock {state.clock_bpm:.1f} BPM from {state.clock_port}.")
    if state.n_peers:
        words.append(f"Ableton Link: {state.n_peers} other{'s' if state.n_peers > 1 else ''}.")
    return " ".join(words)
