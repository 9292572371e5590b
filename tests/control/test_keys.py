"""What the keys mean."""

from __future__ import annotations

import pytest

from visualizer.control import keys
from visualizer.control.commands import ACTIONS
from visualizer.parameters import PARAMETERS


def does(symbol: str, shift: bool = False, ctrl: bool = False) -> str:
    binding = keys.find(symbol, shift, ctrl)
    return binding.does if binding else ""


@pytest.mark.parametrize(
    ("symbol", "id"),
    [
        ("f", "display.fullscreen"),
        ("b", "output.blackout"),
        ("space", "output.freeze"),
        ("h", "display.help"),
        ("f1", "display.help"),
        ("tab", "display.hud"),
        ("i", "display.hud"),
    ],
)
def test_a_toggle_switches_on_and_off(symbol: str, id: str) -> None:
    binding = keys.find(symbol, False, False)
    assert binding is not None
    assert keys.changes(binding, {id: False}) == {id: True}
    assert keys.changes(binding, {id: True}) == {id: False}


def test_escape_leaves_full_screen_and_nothing_else() -> None:
    binding = keys.find("escape", False, False)
    assert binding is not None and not binding.does
    for now in (True, False):
        assert keys.changes(binding, {"display.fullscreen": now}) == {"display.fullscreen": False}


def test_shift_and_control_choose() -> None:
    assert (does("n"), does("n", shift=True)) == ("next", "previous")
    assert does("i", ctrl=True) == "next_input"
    assert does("m", ctrl=True) == "next_monitor"
    assert does("m") == "next_mode"
    assert keys.find("b", False, True) is None
    assert keys.find("f", True, False) is not None  # caps lock or a held shift do not disarm a key


def test_what_the_parent_does_not_know_is_neither_done_nor_listed() -> None:
    known = [name for name in ACTIONS if "preset" not in name]
    assert keys.find("3", False, False, known) is None
    assert not any("Presets" in text or "Save" in text for _, text in keys.card(known))
    assert keys.find("3", False, False, known=("preset_3",)) is not None


def test_digits_recall_and_with_control_save() -> None:
    assert does("3") == "preset_3" and does("3", shift=True) == "preset_3"  # digits are shifted in France
    assert does("3", ctrl=True) == "save_preset_3"
    assert does("0") == does("0", ctrl=True) == ""
    assert does("z", ctrl=True) == "undo" and does("z") == ""
    card = keys.card()
    assert ("1 … 9", "Presets") in card and ("Ctrl 1 … 9", "Save as preset") in card


def test_the_parent_knows_what_keys_ask_for() -> None:
    assert {binding.does for binding in keys.BINDINGS} <= {"", *keys.OWN, *ACTIONS}


def test_what_no_key_asks_for_has_another_way() -> None:
    asked = {binding.does or binding.toggles.removeprefix("output.") for binding in keys.BINDINGS}
    assert set(ACTIONS) - asked == {"quit"}  # the window's own button


def test_all_parameters_of_keys_exist() -> None:
    for binding in keys.BINDINGS:
        ids = [binding.toggles] if binding.toggles else [binding.sets[0]] if binding.sets else []
        assert all(PARAMETERS[id].kind == "bool" for id in ids)


def test_the_card_names_each_deed_once() -> None:
    card = keys.card()
    assert len({text for _, text in card}) == len(card)
    assert ("H, F1", "These keys") in card and any(names == "N, Shift N, P" for names, _ in card)


def test_no_key_has_two_meanings() -> None:
    pressed = [(b.symbol, b.shift, b.ctrl) for b in keys.BINDINGS]
    assert len(set(pressed)) == len(pressed)
