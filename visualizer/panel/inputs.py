"""The page of inputs: everything that can be listened to, with a moving level beside each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from visualizer import clock
from visualizer.panel import theme
from visualizer.panel.controls import Controls
from visualizer.panel.meters import Child, Meters
from visualizer.panel.model import Model
from visualizer.panel.painted import Level
from visualizer.panel.surfaces import Card, Elided, Press, button, text
from visualizer.panel.tempo import TempoCard
from visualizer.types import Features

ID = "audio.input"
LIST_AGAIN_S, LIST_LIMIT_S = 20.0, 15.0
_SOUNDS = "Sound files (*.wav *.flac *.ogg *.mp3 *.m4a *.aac *.opus *.aif *.aiff);;All files (*)"
_ALWAYS = (
    ("default", "Default input", "the system's choice"),
    ("system", "System sound", "what plays here"),
    ("demo", "Demo track", "comes with Klangbild"),
)


class Row(QWidget):
    """One input: press to hear it. `listen` is there for Bluetooth, which nobody opens unasked."""

    def __init__(self, title: str, note: str, metered: bool, bluetooth: bool = False) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_PX)
        self.press = Press(title)
        row.addWidget(self.press, 5)
        side = QVBoxLayout()
        side.setSpacing(2)
        self.level = Level()
        self.note = Elided(note, "quiet")
        if metered:
            side.addWidget(self.level)
        else:
            self.level.hide()
        side.addWidget(self.note)
        row.addLayout(side, 4)
        self._usual_note = note
        self.listen = button("Listen", checkable=True, tip="Switches a headset to call quality meanwhile.")
        self.listen.setVisible(bluetooth)
        if bluetooth:
            row.addWidget(self.listen)

    def show_state(self, on_air: bool, level_dbfs: float | None, sentence: str = "") -> None:
        """What is known of it now."""
        self.press.setChecked(on_air)
        self.level.show_level(level_dbfs)
        if on_air:
            level = f", {level_dbfs:.0f} dBFS" if level_dbfs is not None and level_dbfs > -90 else ""
            self.note.setText(f"on air{level}")
        elif level_dbfs is not None:
            self.note.setText(f"{level_dbfs:.0f} dBFS" if level_dbfs > -90 else "silent")
        else:
            self.note.setText(sentence or self._usual_note)


class InputsPage(QWidget):
    """Lists inputs in a throwaway process, and while it is looked at listens to each in one of its own."""

    def __init__(self, model: Model, controls: Controls) -> None:
        super().__init__()
        self._model = model
        self.meters = Meters()
        self._devices: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, Row] = {}
        self._lister: Child | None = None
        self._listed_s = float("-inf")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_PX)
        card = Card()
        head = QHBoxLayout()
        head.addWidget(text("What is heard", "heading"), 1)
        self.file = button("File…", tip="Plays a sound file, over and over")
        self.file.clicked.connect(self._browse)
        self.again = button("Look again", tip="Lists the inputs afresh")
        self.again.clicked.connect(self._list)
        head.addWidget(self.file)
        head.addWidget(self.again)
        card.column.addLayout(head)
        self._list_column = QVBoxLayout()
        self._list_column.setSpacing(6)
        card.column.addLayout(self._list_column)
        self.sentence = text("", "quiet", wraps=True)
        card.column.addWidget(self.sentence)
        column.addWidget(card)
        self.tempo = TempoCard(model, controls)
        column.addWidget(self.tempo)
        column.addWidget(controls.card("audio", without={ID}))
        column.addStretch(1)
        for value, title, note in _ALWAYS:
            self._add(value, Row(title, note, metered=False), value)
        self._say("looking for inputs …")

    def refresh(self, is_seen: bool, features: Features | None) -> None:
        """To be called a few times a second; listens only while the page is seen."""
        now_s = clock.seconds(clock.now_ns())
        if not is_seen:
            self.meters.follow({})
            return
        if self._lister is None and now_s - self._listed_s > LIST_AGAIN_S:
            self._list()
        self._read_list(now_s)
        self._show_file()
        on_air = self._on_air()
        wanted = str(self._model[ID])
        self.meters.follow(
            {
                id: device
                for id, device in self._devices.items()
                if id not in on_air and wanted not in (id, device["name"]) and self._may_listen(id, device)
            }
        )
        heard_dbfs = features.level_dbfs - features.gain_db if features is not None else None
        for id, row in self.rows.items():
            reading = self.meters.readings.get(id)
            if id in on_air:
                row.show_state(True, heard_dbfs)
            elif reading is not None:
                row.show_state(False, reading.level_dbfs, reading.sentence)
            else:
                row.show_state(False, None)

    def close_work(self) -> None:
        """Ends all processes."""
        self.meters.close()
        if self._lister is not None:
            self._lister.kill()
            self._lister = None

    def choose(self, id: str) -> None:
        """Lets go of the input, so that the show can open it, and asks for it."""
        device = self._devices.get(id)
        self.meters.end(id)
        if device is None:
            self._model.choose(ID, id)
            return
        names = [d["name"] for d in self._devices.values()]
        self._model.choose(ID, device["name"] if names.count(device["name"]) == 1 else id)

    def _on_air(self) -> set[str]:
        """The rows of what is heard now: the device by its name, and the wish that led to it."""
        wanted, heard = str(self._model[ID]), self._model.health("capture")
        ids = {id for id, d in self._devices.items() if _is_heard(d, heard)}
        exact = {id for id in ids if wanted == id}
        return (exact or ids) | ({wanted} & (self.rows.keys() - self._devices.keys()))

    def _may_listen(self, id: str, device: Mapping[str, Any]) -> bool:
        """Some drivers let one program in at a time: what the show wants is left to it, see `refresh`."""
        return not device.get("is_bluetooth") or self.rows[id].listen.isChecked()

    def _list(self) -> None:
        if self._lister is None:
            self._lister = Child(["--list"])
            self._listed_s = clock.seconds(clock.now_ns())

    def _read_list(self, now_s: float) -> None:
        lister = self._lister
        if lister is None:
            return
        was_running = lister.is_running
        for line in lister.take():
            if isinstance(line.get("devices"), list):
                self._show_devices([d for d in line["devices"] if isinstance(d, dict)])
        if not was_running:
            self._lister = None
        elif now_s - self._listed_s > LIST_LIMIT_S:
            lister.kill()
            self._lister = None
            self._say("The sound system does not answer: restart it, then look again.")

    def _show_devices(self, devices: list[dict[str, Any]]) -> None:
        found = {str(d["id"]): d for d in devices}
        for id in [id for id in self._devices if id not in found]:
            self._remove(id)
        for id, device in found.items():
            if id not in self.rows:
                kind = "plays here" if device["kind"] == "loopback" else str(device["host_api"])
                bluetooth = bool(device.get("is_bluetooth"))
                row = Row(str(device["name"]), f"{kind}, {device['channels']} channels", True, bluetooth)
                self._add(id, row, id)
        self._devices = found
        self._say("" if found else "No input is plugged in; the list looks again by itself.")

    def _add(self, id: str, row: Row, value: str) -> None:
        self.rows[id] = row
        row.press.clicked.connect(lambda: self.choose(value))
        place = len(self.rows) - len(_ALWAYS) - 1 if len(self.rows) > len(_ALWAYS) else -1
        self._list_column.insertWidget(place, row)

    def _show_file(self) -> None:
        """A file has a row while it is wanted."""
        wanted = str(self._model[ID])
        for id in [id for id in self.rows if id.startswith("file:") and id != wanted]:
            self._remove(id)
        if wanted.startswith("file:") and wanted not in self.rows:
            path = Path(wanted.removeprefix("file:"))
            self._add(wanted, Row(path.name, str(path.parent), metered=False), wanted)

    def _remove(self, id: str) -> None:
        row = self.rows.pop(id)
        self._list_column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))

    def _browse(self) -> None:
        dialog = QFileDialog(self, "A sound file", "", _SOUNDS)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self._model.choose(ID, f"file:{path}"))
        dialog.open()


def _is_heard(device: Mapping[str, Any], heard: Mapping[str, Any]) -> bool:
    return bool(heard.get("input") == device.get("name") and heard.get("kind") == device.get("kind"))
