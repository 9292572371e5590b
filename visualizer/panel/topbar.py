"""The top of the panel: what is on air, how loud it is, and what must be at hand at once."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from visualizer.panel import theme, wording
from visualizer.panel.controls import Combo
from visualizer.panel.model import Model
from visualizer.panel.painted import Level
from visualizer.panel.surfaces import Card, Elided, button, text
from visualizer.parameters import PARAMETERS
from visualizer.types import Features

WIDE_PX = 1420
"""From here on everything stands in one row."""


class TopBar(Card):
    """One row where there is room, else two."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._box.setSpacing(theme.GAP_PX)
        self._box.addLayout(self._build_state(), 1)
        self._box.addLayout(self._build_buttons())
        self.column.addLayout(self._box)
        self.follow(None)

    def _build_state(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(24)
        self.mode, self.model_name = text("", "big"), Elided(name="quiet")
        row.addLayout(_pair(self.mode, self.model_name), 2)
        self.input, self.level = Elided(), Level(12)
        sound = QVBoxLayout()
        sound.setSpacing(4)
        self.gain = text("", "quiet")
        line = QHBoxLayout()
        line.addWidget(self.input, 1)
        line.addWidget(self.gain)
        sound.addLayout(line)
        sound.addWidget(self.level)
        row.addLayout(sound, 3)
        figures = QGridLayout()
        figures.setHorizontalSpacing(18)
        figures.setVerticalSpacing(0)
        self.figures = [text("–", "heading") for _ in range(3)]
        names = ("fps", "images/s", "sound to light")
        for column, (figure, name) in enumerate(zip(self.figures, names, strict=True)):
            figures.addWidget(figure, 0, column)
            figures.addWidget(text(name, "quiet"), 1, column)
        row.addLayout(figures)
        return row

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.blackout = self._toggle("Blackout", "blackout", "output.blackout", "Fades to black (B)")
        self.freeze = self._toggle("Freeze", "freeze", "output.freeze", "Holds the picture (Space)")
        self.panic = button(
            "Panic", "panic", tip="A known look: no blackout, no freeze, no modulation (Backspace)"
        )
        self.panic.clicked.connect(lambda: self._model.do("panic"))
        self.record = button("Record", "record", True, "Picture and sound into a file of your videos")
        self.record.clicked.connect(self._record)
        self.fullscreen = button("Full screen", "", True, "The window fills its monitor (F)")
        self.fullscreen.clicked.connect(self.toggle_fullscreen)
        self.monitor = Combo()
        self.monitor.setToolTip("The monitor of the show's window (Ctrl M)")
        self.monitor.setAccessibleName("Monitor")
        self.monitor.activated.connect(self._move)
        for at_once in (self.blackout, self.freeze, self.panic):
            row.addWidget(at_once)
        row.addStretch(1)
        row.addWidget(self.record)
        row.addWidget(self.fullscreen)
        row.addWidget(self.monitor)
        return row

    def _toggle(self, words: str, name: str, id: str, tip: str) -> QPushButton:
        made = button(words, name, True, tip)
        made.clicked.connect(lambda on: self._model.choose(id, on))
        return made

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        is_wide, directions = self.width() >= WIDE_PX, QBoxLayout.Direction
        self._box.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)
        self._box.setSpacing(32 if is_wide else theme.GAP_PX)

    def refresh(self, features: Features | None) -> None:
        """The level; to be called twenty times a second."""
        self.level.show_level(None if features is None else features.level_dbfs)

    def follow(self, features: Features | None) -> None:
        """What is read; twice a second, and at once when a value changes."""
        model = self._model
        painting, capture, display = model.painting, model.health("capture"), model.health("display")
        self.mode.setText(wording.mode(painting.get("mode") or model["show.mode"]))
        self.model_name.setText(describe_models(model))
        self.input.setText(str(capture.get("input") or "no input"))
        self.gain.setText("" if features is None else f"gain {features.gain_db:+.0f} dB")
        latency = display.get("latency_ms")
        light_ms = latency.get("light_p50") if isinstance(latency, dict) else None
        numbers = (display.get("shown_fps"), painting.get("images_per_s"), light_ms)
        for figure, number, unit in zip(self.figures, numbers, ("", "", " ms"), strict=True):
            figure.setText(f"{number:.0f}{unit}" if isinstance(number, int | float) else "–")
        self.blackout.setChecked(bool(model["output.blackout"]))
        self.freeze.setChecked(bool(model["output.freeze"]))
        self._follow_record()
        self.fullscreen.setChecked(bool(model["display.fullscreen"]))
        self._follow_monitors()

    def toggle_fullscreen(self) -> None:
        """Full screen where the window is now, unless a monitor was chosen."""
        wanted = not self._model["display.fullscreen"]
        here = str(self._model.health("display").get("monitor") or "")
        if wanted and here and not self._model["display.monitor"]:
            self._model.choose("display.monitor", here)
        self._model.choose("display.fullscreen", wanted)
        self.fullscreen.setChecked(wanted)

    def next_monitor(self) -> None:
        """The window goes one monitor on."""
        monitors = self._model.monitors
        if monitors:
            here = str(self._model.health("display").get("monitor") or "")
            place = monitors.index(here) if here in monitors else -1
            self._model.choose("display.monitor", monitors[(place + 1) % len(monitors)])

    def _follow_record(self) -> None:
        seconds = self._model.health("output").get("seconds")
        is_recording = bool(self._model["output.record"])
        self.record.setChecked(is_recording)
        counted = f"{int(seconds) // 60}:{int(seconds) % 60:02d}" if isinstance(seconds, int | float) else ""
        self.record.setText(f"Recording {counted}".strip() if is_recording else "Record")
        if is_recording:
            self.record.setToolTip(f"Into {self._model['output.record']}")

    def _record(self) -> None:
        self._model.do("record")
        self._follow_record()

    def _follow_monitors(self) -> None:
        monitors = self._model.monitors
        listed = [self.monitor.itemText(place) for place in range(self.monitor.count())]
        if monitors != listed:
            self.monitor.clear()
            self.monitor.addItems(monitors)
        self.monitor.setVisible(bool(monitors))
        wanted = str(self._model["display.monitor"] or self._model.health("display").get("monitor") or "")
        found = next((m for m in monitors if wanted and wanted.casefold() in m.casefold()), None)
        view = self.monitor.view()
        if found is not None and not (view is not None and view.isVisible()):
            self.monitor.setCurrentText(found)

    def _move(self) -> None:
        self._model.choose("display.monitor", self.monitor.currentText())


def describe_models(model: Model) -> str:
    """What the deck on air paints with."""
    painting = model.painting
    mode = painting.get("mode") or model["show.mode"]
    if mode == "era":
        network = wording.choice(
            PARAMETERS["era.network"], str(painting.get("network", model["era.network"]))
        )
        return f"{network} over {painting.get('content') or 'a picture'}"
    loaded = painting.get("loaded") or {}
    return Path(str(loaded.get("traumer.generator") or model["traumer.generator"])).name


def _pair(*widgets: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget)
    return column
