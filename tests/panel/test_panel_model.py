"""What the panel knows and wants: no Qt here."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from visualizer.panel.model import HOLD_LOOKS, HOLD_S, Decks, Model
from visualizer.types import UserError

ZOOM = "effects.zoom"


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sent() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def model(sent: list[dict[str, Any]], clock: Clock) -> Model:
    return Model({ZOOM: 0.2}, sent.append, clock)


def test_a_drag_is_sent_as_one_command_with_the_newest_value(
    model: Model, sent: list[dict[str, Any]]
) -> None:
    for value in (0.3, 0.4, 0.5):
        model.choose(ZOOM, value)
    assert model[ZOOM] == 0.5 and sent == []
    model.flush()
    model.flush()
    assert sent == [{"set": {ZOOM: 0.5}}]


def test_an_echo_of_an_older_value_does_not_move_what_the_hand_holds(model: Model, clock: Clock) -> None:
    model.choose(ZOOM, 0.4)
    model.flush()
    model.choose(ZOOM, 0.6)
    model.flush()
    model.hear_settings({ZOOM: 0.4})
    assert model[ZOOM] == 0.6
    model.hear_settings({ZOOM: 0.6})
    model.hear_settings({ZOOM: 0.1})  # a knob elsewhere, later
    assert model[ZOOM] == 0.1


def test_a_wish_that_is_never_confirmed_gives_way(model: Model, clock: Clock) -> None:
    model.choose(ZOOM, 0.9)
    model.flush()
    model.take_changed()
    clock.now_s += HOLD_S + 0.1
    assert model.take_changed() == set() and model[ZOOM] == 0.9  # a starved process has not looked yet
    assert {id for _ in range(HOLD_LOOKS) for id in model.take_changed()} == {ZOOM}
    assert model[ZOOM] == 0.2


def test_values_are_judged_before_they_are_sent(model: Model, sent: list[dict[str, Any]]) -> None:
    model.choose(ZOOM, 7)
    assert model[ZOOM] == 1.0
    with pytest.raises(UserError, match="number"):
        model.choose(ZOOM, "much")
    with pytest.raises(UserError, match="There is no parameter"):
        model.choose("effects.zom", 1)
    model.flush()
    assert sent == [{"set": {ZOOM: 1.0}}]


def test_what_is_asked_by_name_comes_after_the_values_before_it(
    model: Model, sent: list[dict[str, Any]]
) -> None:
    model.choose(ZOOM, 0.5)
    model.do("take")
    model.restart("capture")
    model.choose("output.panic", True)
    assert sent == [
        {"set": {ZOOM: 0.5}},
        {"do": "take"},
        {"restart": "capture"},
        {"set": {"output.panic": True}},
    ]


def test_the_state_of_the_decks_comes_with_settings_and_with_figures(model: Model) -> None:
    model.hear_settings({"on_air": "b", "deck_stage": "loading"})
    assert model.decks == Decks("b", "a", "loading", "")
    model.hear_settings({"deck_stage": "idle"})
    assert model.decks == Decks("b", None, "idle", "")
    model.hear({"decks": {"on_air": "a", "next": "b", "stage": "ready", "sentence": "warm"}})
    assert model.decks == Decks("a", "b", "ready", "warm")


def test_strange_figures_change_nothing(model: Model) -> None:
    model.hear({"decks": {"on_air": 3, "next": [], "stage": "upside down"}, "status": {"capture": None}})
    assert model.decks == Decks() and model.processes == {}
    model.hear({"status": {"display": {"state": "running", "health": {"monitors": ["DP-1"]}}}})
    assert model.monitors == ["DP-1"] and model.processes["display"].n_restarts == 0


def test_only_the_windows_of_the_panel_know_qt() -> None:
    code = (
        "import sys, visualizer.panel.model, visualizer.panel.wording, visualizer.panel.background, "
        "visualizer.panel.feed, visualizer.panel.panel; print('PyQt6' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
