"""The pages of wall and output: corners by mouse and keys, and what leaves the show."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from visualizer.panel.corners import CORNERS

KEY = Qt.Key
LEFT = Qt.MouseButton.LeftButton


def show(driven: Any, page: Any) -> None:
    driven.window.show_widget(page)
    driven.step()


def test_a_dragged_corner_is_sent_and_put_back(driven: Any) -> None:
    page = driven.window.wall
    show(driven, page)
    pin = page.pin
    place = pin._place("upper_right").toPoint()
    wall = pin._wall()
    QTest.mousePress(pin, LEFT, pos=place)
    QTest.mouseMove(pin, place + QPoint(-round(0.2 * wall.width()), round(0.1 * wall.height())))
    QTest.mouseRelease(pin, LEFT)
    sent = driven.set()
    assert sent["wall.upper_right.x"] == pytest.approx(-0.2, abs=0.02)
    assert sent["wall.upper_right.y"] == pytest.approx(0.1, abs=0.02)
    driven.hear(**sent)
    QTest.mouseClick(page.straight, LEFT)
    assert driven.set() == {"wall.upper_right.x": 0.0, "wall.upper_right.y": 0.0}
    driven.hear(**{"wall.upper_right.x": 0.0, "wall.upper_right.y": 0.0})
    assert pin.offsets == dict.fromkeys(CORNERS, (0.0, 0.0))


def test_arrows_move_the_chosen_corner(driven: Any) -> None:
    pin = driven.window.wall.pin
    show(driven, driven.window.wall)
    pin.setFocus()
    pin.chosen = CORNERS[0]
    QTest.keyClick(pin, KEY.Key_PageDown)
    assert pin.chosen == CORNERS[1]
    QTest.keyClick(pin, KEY.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(pin, KEY.Key_Down)
    sent = driven.set()
    assert sent["wall.upper_right.x"] == pytest.approx(-0.01)
    assert sent["wall.upper_right.y"] == pytest.approx(0.001)


def test_a_corner_far_from_the_mouse_stays(driven: Any) -> None:
    pin = driven.window.wall.pin
    show(driven, driven.window.wall)
    QTest.mouseClick(pin, LEFT, pos=pin.rect().center())
    assert driven.set() == {}


def test_outputs_are_asked_for_and_told(driven: Any) -> None:
    page = driven.window.output
    show(driven, page)
    QTest.mouseClick(page.record, LEFT)
    QTest.mouseClick(page.still, LEFT)
    assert driven.sent == [{"do": "record"}, {"do": "still"}]
    health = {"ndi": {"n_sent": 12, "n_receivers": 1}}
    status = {"output": {"state": "degraded", "sentence": "No camera.", "health": health}}
    driven.panel.on_command({"status": status})
    driven.step(12)
    assert page.told.text() == "NDI: 12 frames sent, 1 receiver. No camera."
