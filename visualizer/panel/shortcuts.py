"""The show's keys in the panel, from the same table as the window's; a text field that is written in wins."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget

from visualizer.control import keys
from visualizer.control.keys import Binding
from visualizer.panel.model import Model

_NAMES = {
    "escape": "Esc",
    "space": "Space",
    "backspace": "Backspace",
    "enter": "Return",
    "f1": "F1",
    "page_down": "PgDown",
    "page_up": "PgUp",
    "home": "Home",
    "end": "End",
}
_LEFT_TO_QT = ("tab",)
"""Tab goes to the next widget here."""


def install(window: QWidget, model: Model, own: dict[str, Callable[[], None]]) -> list[QShortcut]:
    """All useful keys for a window; `own` is what the panel does in its own way, by name or parameter.

    A shortcut comes before the widget with the focus, so Space freezes even after a click on a button; only
    fields that take text take their keys first. Enter presses the button that Tab has led to.
    """
    made = []
    for binding in keys.BINDINGS:
        if binding.symbol in _LEFT_TO_QT or not keys.is_useful(binding):
            continue
        for sequence in _sequences(binding):
            shortcut = QShortcut(QKeySequence(sequence), window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.setAutoRepeat(bool(binding.does))
            shortcut.activated.connect(lambda binding=binding: press(binding, model, own))
            made.append(shortcut)
    return made


def press(binding: Binding, model: Model, own: dict[str, Callable[[], None]]) -> None:
    """Does what a key means."""
    if binding.symbol == "enter" and _press_focused():
        return
    act = own.get(binding.does or binding.toggles)
    if act is not None:
        act()
    elif binding.does:
        model.do(binding.does)
    else:
        for id, value in keys.changes(binding, _Values(model)).items():
            model.choose(id, value)


class _Values(dict[str, object]):
    """The model as the mapping that `keys` reads."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def get(self, id: str, default: object = None) -> object:
        return self._model[id]


def _sequences(binding: Binding) -> list[str]:
    name = _NAMES.get(binding.symbol, binding.symbol.upper())
    sequence = ("Ctrl+" if binding.ctrl else "") + ("Shift+" if binding.shift else "") + name
    return [sequence, "Enter"] if binding.symbol == "enter" else [sequence]


def _press_focused() -> bool:
    """Enter on a button or a list that the keyboard has reached."""
    focused = QApplication.focusWidget()
    if isinstance(focused, QAbstractButton):
        focused.click()
        return True
    if isinstance(focused, QComboBox):
        focused.showPopup()
        return True
    return False
