"""Widgets from declarations: what they show, what a hand on them sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from tests.panel.conftest import Driven
from visualizer.panel import wording
from visualizer.panel.controls import Combo, Control, Line
from visualizer.panel.widgets import NumberBox, Segments, Slider, Switch, from_share, to_share
from visualizer.parameters import PARAMETERS, Parameter

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def every(driven: Driven) -> Iterator[list[Control]]:
    """Widgets of every parameter."""
    made = [Control(parameter, driven.model) for parameter in PARAMETERS.values()]
    for control in made:
        control.back.setParent(driven.window)
    yield made
    for control in made:
        for widget in (control.label, control.back, control.widget, control.number):
            if widget is not None:
                widget.deleteLater()


def test_every_parameter_has_widgets_a_name_and_help(every: list[Control]) -> None:
    for control in every:
        name, parameter = control.label.text(), control.parameter
        assert name and "_" not in name and "." not in name and name[0].isupper()
        assert control.widget.toolTip().startswith(parameter.help)
        assert control.widget.accessibleName() == name
        assert (control.number is not None) == isinstance(control.widget, Slider)
        assert control.back.isHidden()


def test_names_are_told_apart_within_a_group(every: list[Control]) -> None:
    named = [(control.parameter.group, control.label.text()) for control in every]
    assert len(set(named)) == len(named)


def test_widgets_follow_the_show(driven: Driven, every: list[Control]) -> None:
    for control in every:
        parameter = control.parameter
        if parameter.kind == "trigger":
            continue
        other = _another(parameter)
        driven.model.hear_settings({parameter.id: other})
        control.follow()
        if parameter.kind == "float":
            assert _shown(control) == pytest.approx(other, abs=0.051), parameter.id
        else:
            assert _shown(control) == other, parameter.id
        assert control.back.isHidden() == (other == parameter.default), parameter.id
    assert driven.set() == {}


def _another(parameter: Parameter) -> object:
    match parameter.kind:
        case "float" | "int":
            return parameter.validate(0.25 * parameter.min + 0.75 * parameter.max)
        case "bool":
            return not parameter.default
        case "choice":
            return parameter.choices[-1]
    return "something else"


def _shown(control: Control) -> object:
    widget = control.widget
    if control.number is not None:
        return control.number.value()
    match widget:
        case NumberBox():
            return widget.value()
        case Switch():
            return widget.isChecked()
        case Segments():
            return next(value for value, button in widget.buttons.items() if button.isChecked())
        case Combo():
            return widget.currentData()
        case Line():
            return widget.text()
    raise AssertionError(type(widget))


@pytest.mark.parametrize(
    ("low", "high", "curve"), [(0.0, 1.0, "linear"), (0.03, 10.0, "log"), (-1.0, 3.0, "square")]
)
def test_a_curve_and_its_inverse(low: float, high: float, curve: str) -> None:
    for share in (0.0, 0.1, 0.5, 1.0):
        value = from_share(share, low, high, curve)  # type: ignore[arg-type]
        assert low <= value <= high + 1e-9
        assert to_share(value, low, high, curve) == pytest.approx(share)  # type: ignore[arg-type]
    assert from_share(0.5, 0.1, 10.0, "log") == pytest.approx(1.0)


def control_of(driven: Driven, id: str) -> Control:
    """The control of a parameter, on the page that is shown then."""
    control, pages = driven.window.controls.by_id[id][0], driven.window.pages
    shown = (place for place in range(pages.count()) if pages.widget(place).isAncestorOf(control.label))
    driven.window.show_page(next(shown))
    driven.step()
    return control


def test_a_press_on_a_slider_sets_the_value_and_an_echo_does_not_move_it(driven: Driven) -> None:
    control = control_of(driven, "effects.zoom")
    slider = control.widget
    assert isinstance(slider, Slider) and control.number is not None
    groove = slider._groove()
    place = QPoint(round(groove.x() + 0.8 * groove.width()), slider.height() // 2)
    QTest.mousePress(slider, LEFT, pos=place)
    chosen = driven.set()["effects.zoom"]
    assert chosen == pytest.approx(0.8, abs=0.05)
    driven.hear(**{"effects.zoom": 0.1})  # another hand, at the same moment
    assert slider.value() == pytest.approx(10_000 * chosen, abs=60)
    QTest.mouseRelease(slider, LEFT, pos=place)
    driven.hear(**{"effects.zoom": chosen})
    assert control.number.value() == pytest.approx(chosen, abs=0.01)
    assert driven.set() == {}


@pytest.mark.parametrize("how", ["double", "menu", "arrow"])
def test_back_to_the_default(driven: Driven, how: str) -> None:
    control = control_of(driven, "effects.bloom")
    driven.hear(**{"effects.bloom": 0.9})
    assert control.back.isVisible()
    if how == "double":
        QTest.mouseDClick(control.label, LEFT)
    elif how == "menu":
        menu = driven.window.controls.menu_of(control)
        next(entry for entry in menu.actions() if entry.text().startswith("Back to")).trigger()
    else:
        QTest.mouseClick(control.back, LEFT)
    assert driven.set() == {"effects.bloom": PARAMETERS["effects.bloom"].default}
    assert not control.back.isVisible()


def test_a_typed_number_is_sent_once_with_enter(driven: Driven) -> None:
    control = control_of(driven, "effects.hue")
    number = control.number
    assert number is not None
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, "45")
    assert driven.set() == {}
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert driven.set() == {"effects.hue": 45.0}
    assert not number.hasFocus()


def test_a_typed_text_is_sent_and_escape_leaves_it(driven: Driven) -> None:
    line = control_of(driven, "audio.channels").widget
    assert isinstance(line, Line)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "3,4")
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert driven.set() == {} and line.text() == "1,2"
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "3,4")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert driven.set() == {"audio.channels": "3,4"}


def test_the_wheel_changes_nothing_in_passing(driven: Driven) -> None:
    control = control_of(driven, "effects.zoom")
    before = driven.model["effects.zoom"]
    for widget in (control.widget, control.number):
        assert widget is not None
        middle = QPointF(widget.rect().center())
        wheel = QWheelEvent(
            middle,
            middle,
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, wheel)
    assert driven.set() == {} and driven.model["effects.zoom"] == before


def test_numbers_are_written_as_people_write_them() -> None:
    assert wording.written(PARAMETERS["show.fade_s"], 2.0) == "2.00 s"
    assert wording.written(PARAMETERS["effects.hue"], -30) == "-30.0°"
    assert wording.written(PARAMETERS["display.width"], 1280) == "1280 px"
    assert wording.written(PARAMETERS["era.network"], "wct") == "WCT"
