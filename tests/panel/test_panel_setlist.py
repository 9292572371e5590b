"""The page of set lists: what is told is shown, and each click and key asks for the right thing."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from tests.panel.conftest import Driven

LEFT = Qt.MouseButton.LeftButton
CUES = [
    {"preset": "House", "leave": "bars", "after": 16, "fade_s": None, "offset_beats": 0.0, "problem": ""},
    {"preset": "Ink", "leave": "key", "after": 16, "fade_s": 2.5, "offset_beats": -1.0, "problem": ""},
    {
        "preset": "Lake",
        "leave": "seconds",
        "after": 90.0,
        "fade_s": None,
        "offset_beats": 0.0,
        "problem": "gone",
    },
]


@pytest.fixture
def page(driven: Driven) -> Any:
    """The page, with a set that plays its second cue."""
    model, page = driven.model, driven.window.setlist
    driven.window.show_page(driven.window.pages.indexOf(page.parent().parent()))
    page._edited_s = -9.0
    opened = {"name": "Night", "cues": CUES, "place": 1, "next": 2, "runs": True}
    driven.panel.on_command({"presets": [{"slot": 1, "name": "Calm", "problem": "", "ours": True}]})
    driven.panel.on_command(
        {"sets": [{"name": "Night", "problem": ""}, {"name": "x.json", "problem": "torn"}]}
    )
    driven.panel.on_command({"set": opened, "cue_line": "next Lake in 3 bars"})
    assert model.set_list["name"] == "Night"
    driven.step(12)
    page.list.setCurrentRow(0)
    return page


def cues_of(command: dict[str, Any]) -> list[str]:
    return [cue["preset"] for cue in command["sets"]["write"]["cues"]]


def test_what_is_on_and_what_comes_is_shown(driven: Driven, page: Any) -> None:
    assert page.now.text() == "2  Ink" and page.coming.text() == "Next Lake in 3 bars"
    texts = [page.list.item(n).text() for n in range(3)]
    assert texts[1].startswith("▶ 2") and texts[2].startswith("▷ 3") and "16 bars" in texts[0]
    assert "1 beat early" in texts[1] and "fade 2.5 s" in texts[1]
    assert "torn" in page.sentence.text() and page.list.item(2).toolTip() == "gone"
    assert page.sets.currentText() == "Night" and page.sets.count() == 1


def test_buttons_play_the_set(driven: Driven, page: Any) -> None:
    QTest.mouseClick(page.go, LEFT)
    for action in ("previous_cue", "start_set", "stop_set"):
        QTest.mouseClick(page.deeds[action], LEFT)
    QTest.mouseClick(page.editor.deeds["play"], LEFT)
    asked = [{"do": "next_cue"}, {"do": "previous_cue"}, {"do": "start_set"}, {"do": "stop_set"}]
    assert driven.sent == [*asked, {"sets": {"cue": 1}}]


@pytest.mark.parametrize(
    ("key", "action"),
    [
        (Qt.Key.Key_PageDown, "next_cue"),
        (Qt.Key.Key_PageUp, "previous_cue"),
        (Qt.Key.Key_Home, "start_set"),
        (Qt.Key.Key_End, "stop_set"),
    ],
)
def test_the_keys_of_the_set_work_with_the_list_in_focus(
    driven: Driven, page: Any, key: Qt.Key, action: str
) -> None:
    driven.window.activateWindow()
    page.list.setFocus()
    QTest.keyClick(page.list, key)
    driven.step()
    assert driven.sent == [{"do": action}]


def test_cues_are_added_moved_and_removed(driven: Driven, page: Any) -> None:
    QTest.mouseClick(page.editor.deeds["down"], LEFT)
    QTest.mouseClick(page.add, LEFT)
    QTest.mouseClick(page.editor.deeds["remove"], LEFT)
    QTest.mouseClick(page.editor.deeds["copy"], LEFT)
    assert [cues_of(command) for command in driven.sent] == [
        ["Ink", "House", "Lake"],
        ["Ink", "House", "Calm", "Lake"],
        ["Ink", "House", "Lake"],
        ["Ink", "House", "Lake", "Lake"],
    ]
    driven.step(12)  # an older list of the parent's does not undo what the hand did
    assert page.list.count() == 4


def test_a_dragged_cue_takes_its_rule_along(driven: Driven, page: Any) -> None:
    rows = page.list.model()
    parent = page.list.rootIndex()
    assert rows.moveRows(parent, 2, 1, parent, 0)
    (command,) = driven.sent
    assert cues_of(command) == ["Lake", "House", "Ink"]
    assert command["sets"]["write"]["cues"][0] == {k: v for k, v in CUES[2].items() if k != "problem"}


def test_how_a_cue_is_left_and_faded_is_edited(driven: Driven, page: Any) -> None:
    QTest.mouseClick(page.editor.leave.buttons["seconds"], LEFT)
    page.editor.after.setValue(45.0)
    QTest.mouseClick(page.editor.has_fade, LEFT)
    page.editor.offset.setValue(-0.5)
    cue = driven.sent[-1]["sets"]["write"]["cues"][0]
    assert cue == {"preset": "House", "leave": "seconds", "after": 45.0, "fade_s": 2.0, "offset_beats": -0.5}


def test_the_crossfader_is_moved_when_something_is_ready(driven: Driven) -> None:
    fader = driven.window.preview.crossfader
    assert not fader.isEnabled()
    driven.panel.on_command({"decks": {"on_air": "a", "next": "b", "stage": "ready", "sentence": ""}})
    driven.step(12)
    assert fader.isEnabled()
    QTest.mouseClick(fader, LEFT)
    assert driven.set()["show.crossfader"] == pytest.approx(0.5, abs=0.1)
