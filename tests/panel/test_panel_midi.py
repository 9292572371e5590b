"""MIDI in the panel: the M of a control, its menu, the table of what is bound, the monitors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from tests.panel.conftest import Driven
from visualizer.control.midi_events import Source
from visualizer.control.midi_map import Binding, row

LEFT = Qt.MouseButton.LeftButton
BLOOM = Binding("effects.bloom", Source("Desk", "cc", 1, 7))
NAMED = {"target": "effects.bloom", "port": "Desk"}


@pytest.fixture
def tell(driven: Driven) -> Callable[..., None]:
    def tell(*bindings: Binding, **midi: Any) -> None:
        """The health of the control process."""
        told = {"ports": ["Desk"], "map": [row(binding) for binding in bindings], **midi}
        osc = {"recent": ["/klangbild/effects/bloom 0.5"]}
        driven.panel.regions.health["control"].write({"health": {"midi": told, "osc": osc}})
        driven.step(6)

    return tell


def show(driven: Driven, name: str) -> None:
    names = [button.text() for button in driven.window.page_buttons]
    driven.window.show_page(names.index(name))
    driven.step(4)


def asked(driven: Driven) -> list[Any]:
    """What was asked of MIDI, but for the monitors."""
    found = [command["midi"] for command in driven.sent if "midi" in command]
    driven.sent.clear()
    return [deed for deed in found if "watch" not in deed]


def test_the_m_asks_to_learn_waits_and_stops(driven: Driven, tell: Callable[..., None]) -> None:
    tell()
    show(driven, "E&ffects")
    badge = driven.window.controls.by_id["effects.bloom"][0].badge
    assert badge is not None
    QTest.mouseClick(badge, LEFT)
    assert asked(driven) == [{"learn": "effects.bloom"}]
    tell(learning="effects.bloom")
    assert "Move a knob" in badge.toolTip()
    QTest.mouseClick(badge, LEFT)
    assert asked(driven) == [{"learn": ""}]
    tell(BLOOM)
    assert "CC 7, channel 1" in badge.toolTip()


def test_learn_mode_makes_every_m_a_stop_of_the_keyboard(driven: Driven, tell: Callable[..., None]) -> None:
    tell()
    show(driven, "MIDI, OS&C")
    badge = driven.window.controls.by_id["effects.zoom"][0].badge
    assert badge is not None and badge.focusPolicy() == Qt.FocusPolicy.NoFocus
    QTest.mouseClick(driven.window.remote.learn_mode, LEFT)
    driven.step(4)
    assert badge.focusPolicy() == Qt.FocusPolicy.TabFocus
    QTest.mouseClick(driven.window.remote.learn_mode, LEFT)
    driven.step(4)
    assert badge.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_the_menu_says_what_a_knob_may_be_told(driven: Driven, tell: Callable[..., None]) -> None:
    tell(BLOOM)
    control = driven.window.controls.by_id["effects.bloom"][0]
    driven.hear(**{"effects.bloom": 0.4})
    driven.sent.clear()
    menu = driven.window.controls.menu_of(control)
    inner = next(a.menu() for a in menu.actions() if a.text().startswith("MIDI: CC 7"))
    assert inner is not None
    for words in ("From the present value", "Invert", "Pick up", "Forget"):
        next(a for a in inner.actions() if a.text() == words).trigger()
    edit, invert, pickup, forget = asked(driven)
    assert edit == {"edit": NAMED, "to": {"low": pytest.approx(0.4), "high": 1.0}}
    assert (invert["to"], pickup["to"], forget) == ({"inverts": True}, {"pickup": True}, {"forget": NAMED})


def test_the_table_shows_the_map_and_changes_it(driven: Driven, tell: Callable[..., None]) -> None:
    page = driven.window.remote
    tell(BLOOM, Binding("do:tap", Source("", "note", 10, 36), "press"))
    show(driven, "MIDI, OS&C")
    driven.step(6)
    table = page.table.table
    shown = [[table.item(line, place).text() for place in range(3)] for line in range(2)]
    assert shown == [["Effects: Bloom", "CC 7, channel 1", "Desk"], ["Tap", "note 36, channel 10", "any"]]
    asked(driven)
    table.selectRow(0)
    page.table.inverts.click()
    page.table.low.setValue(25.0)
    QTest.mouseClick(page.table.forget, LEFT)
    assert asked(driven) == [
        {"edit": NAMED, "to": {"inverts": True}},
        {"edit": NAMED, "to": {"low": 0.25}},
        {"forget": NAMED},
    ]
    assert page.osc_monitor.toPlainText() == "/klangbild/effects/bloom 0.5"


def test_everything_can_be_learnt_by_its_name(driven: Driven, tell: Callable[..., None]) -> None:
    tell()
    show(driven, "MIDI, OS&C")
    asked(driven)
    page = driven.window.remote
    targets = [page.target.itemData(n) for n in range(page.target.count())]
    assert {"do:tap", "do:take", "effects.bloom", "show.mode"} <= set(targets)
    assert not {"do:quit", "control.osc_port", "audio.input", "link.on"} & set(targets)
    page.target.setCurrentIndex(targets.index("do:take"))
    QTest.mouseClick(page.learn, LEFT)
    assert asked(driven) == [{"learn": "do:take"}]


def test_the_monitors_are_asked_for_only_while_they_are_seen(
    driven: Driven, tell: Callable[..., None]
) -> None:
    tell(monitor=["Desk: CC 7, channel 1 = 3"])
    show(driven, "E&ffects")
    driven.sent.clear()
    driven.step(8)
    assert {"midi": {"watch": True}} not in driven.sent
    show(driven, "MIDI, OS&C")
    driven.window.remote._watched_s = -10.0
    driven.step(4)
    assert {"midi": {"watch": True}} in driven.sent
    assert "CC 7" in driven.window.remote.midi_monitor.toPlainText()


def test_strange_health_changes_nothing(driven: Driven) -> None:
    for told in ({"midi": 3}, {"midi": {"map": [7, {"target": 1}], "clock": "x", "ports": None}}, {}):
        driven.panel.regions.health["control"].write({"health": told})
        driven.step(6)
    assert driven.model.midi.bindings == ()
