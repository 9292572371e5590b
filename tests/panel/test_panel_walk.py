"""Every parameter that has a widget is moved by that widget, as a hand would, and the state agrees."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QPushButton

from tests.panel.conftest import Driven
from visualizer.panel.controls import Combo, Control, Line
from visualizer.panel.widgets import NumberBox, Segments, Slider, Switch
from visualizer.parameters import PARAMETERS, ParameterState

LEFT = Qt.MouseButton.LeftButton
WORDS = {"audio.channels": "3,4", "text.colour": "gold"}


def move(control: Control) -> None:
    """The widget, to another value than the declared one."""
    widget, default = control.widget, control.parameter.default
    match widget:
        case Slider():
            at = widget.width() * (0.25 if control.parameter.to_unit(default) > 0.5 else 0.75)
            QTest.mouseClick(widget, LEFT, pos=QPoint(round(at), widget.height() // 2))
        case NumberBox():
            widget.setFocus()
            widget.selectAll()
            QTest.keyClicks(widget, str(int(default) + 3))
            QTest.keyClick(widget, Qt.Key.Key_Return)
        case Switch() | QPushButton():
            QTest.mouseClick(widget, LEFT)
        case Segments():
            others = [button for button in widget.findChildren(QPushButton) if not button.isChecked()]
            QTest.mouseClick(others[0], LEFT)
        case Combo():
            widget.setFocus()
            step = Qt.Key.Key_Down if widget.currentIndex() == 0 else Qt.Key.Key_Up
            QTest.keyClick(widget, step)
        case Line():
            widget.setFocus()
            widget.selectAll()
            QTest.keyClicks(widget, WORDS.get(control.parameter.id, "word"))
            QTest.keyClick(widget, Qt.Key.Key_Return)
        case _:
            raise AssertionError(f"nobody knows how to move {type(widget).__name__}")


def test_every_widget_moves_its_parameter_and_the_state_agrees(driven: Driven) -> None:
    window, state = driven.window, ParameterState()
    moved: dict[str, Any] = {}
    only_one_choice = {p.id for p in PARAMETERS.values() if p.kind == "choice" and len(p.choices) < 2}
    for id, controls in list(window.controls.by_id.items()):
        control = controls[0]
        if id in only_one_choice or id == "show.crossfader":  # it rests until something is ready
            continue
        window.show_widget(control.widget)
        window.pages.currentWidget().ensureWidgetVisible(control.widget)  # type: ignore[union-attr]
        driven.sent.clear()
        move(control)
        driven.model.flush()
        sent = {k: v for command in driven.sent for k, v in command.get("set", {}).items()}
        assert id in sent, f"{id} was moved by its {type(control.widget).__name__}, and nothing was sent"
        state.set(id, sent[id], "panel")
        moved[id] = sent[id]
    differing = {id for id, value in moved.items() if state[id] != value}
    unmoved = {
        id
        for id, value in moved.items()
        if PARAMETERS[id].kind != "trigger" and value == PARAMETERS[id].default
    }
    assert (differing, unmoved) == (set(), set())
    assert len(moved) > 100
