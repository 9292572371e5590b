"""The switch: what is wanted is prepared beside what plays, faded in when warm, or put back."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from visualizer import clock
from visualizer.control.decks import FADE_GRACE_S, LOADING_LIMIT_S, N_WARM_IMAGES, SAID_S, Decks
from visualizer.parameters import ParameterState


class Processes:
    """Two decks and a display that do as the test says."""

    def __init__(self) -> None:
        self.pinned: dict[str, Mapping[str, Any]] = {"deck_a": {}}
        self.state = {"deck_a": "running", "deck_b": "off", "display": "running"}
        self.health: dict[str, dict[str, Any]] = {"deck_a": {}, "deck_b": {}, "display": {"on_air": "a"}}
        self.told: dict[str, Any] = {}
        self.n_starts = 0

    def start_worker(self, name: str, pinned: Mapping[str, Any] | None = None) -> None:
        self.pinned[name], self.state[name], self.health[name] = dict(pinned or {}), "starting", {}
        self.n_starts += 1

    def pin(self, name: str, pinned: Mapping[str, Any]) -> None:
        self.pinned[name] = dict(pinned)

    def stop_worker(self, name: str) -> None:
        self.state[name], self.health[name] = "off", {}

    def send_settings(self, changed: Mapping[str, Any], mends: bool = True) -> None:
        self.told |= changed

    def look_at(self, name: str) -> tuple[str, str, dict[str, Any]]:
        return (
            self.state[name],
            "the model is damaged" if self.state[name] == "failed" else "",
            self.health[name],
        )

    def warm(self, name: str) -> None:
        self.state[name], self.health[name] = "running", {"n_images": N_WARM_IMAGES}


class Switch:
    """Values, decks and processes of a show that plays TräumerAI mode on deck A."""

    def __init__(self) -> None:
        self.values = ParameterState()
        self.decks = Decks(self.values)
        self.processes = Processes()
        self.decks.begin(self.processes)
        self.now_ns = 0

    def set(self, id: str, value: object) -> None:
        self.values.set(id, value, "key", time_ns=self.now_ns)
        self.decks.look_after()

    def fade_to(self, slot: str) -> None:
        self.processes.warm(f"deck_{slot}")
        self.decks.look_after()
        assert (self.decks.stage, self.decks.on_air) == ("fading", slot)
        self.processes.health["display"] = {"on_air": slot}
        self.decks.look_after()


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Switch]:
    switch = Switch()
    monkeypatch.setattr(clock, "now_ns", lambda: switch.now_ns)
    yield switch


def test_another_mode_is_prepared_beside_the_one_that_plays(switch: Switch) -> None:
    switch.set("show.mode", "era")
    assert switch.decks.stage == "loading" and switch.decks.on_air == "a"
    assert switch.processes.pinned["deck_b"]["show.mode"] == "era"
    assert switch.processes.state["deck_a"] == "running"
    switch.processes.warm("deck_b")
    switch.processes.health["deck_b"] = {"n_images": N_WARM_IMAGES - 1}
    switch.decks.look_after()
    assert switch.decks.stage == "loading"
    switch.fade_to("b")
    state = switch.decks.state()
    assert (state["on_air"], state["next"], state["stage"], state["sentence"]) == ("b", None, "idle", "")
    assert switch.processes.state["deck_a"] == "off"  # its memory is given back
    assert switch.processes.told["on_air"] == "b"


def test_only_a_deck_on_air_may_paint_another_content_than_the_wanted_one(switch: Switch) -> None:
    assert switch.decks.pinned(on_air=True)["deck_forgives"]
    switch.set("show.mode", "era")
    assert not switch.processes.pinned["deck_b"]["deck_forgives"]
    switch.fade_to("b")
    assert switch.processes.pinned["deck_b"]["deck_forgives"]  # should it have to start again
    assert switch.processes.pinned["deck_b"]["show.mode"] == "era"


def test_and_back_again_into_the_first_deck(switch: Switch) -> None:
    switch.set("show.mode", "era")
    switch.fade_to("b")
    switch.set("show.mode", "traumer")
    assert switch.processes.pinned["deck_a"]["show.mode"] == "traumer"
    switch.fade_to("a")
    assert switch.processes.state["deck_b"] == "off" and switch.decks.on_air == "a"


def test_what_the_present_mode_does_not_use_prepares_nothing(switch: Switch) -> None:
    switch.set("era.network", "wct")
    switch.set("traumer.truncation", 0.5)
    assert switch.decks.stage == "idle" and switch.processes.n_starts == 0
    switch.set("show.mode", "era")
    assert switch.processes.pinned["deck_b"]["era.network"] == "wct"


def test_models_under_the_content_matter_where_that_is_dreamt(switch: Switch) -> None:
    switch.set("show.mode", "era")
    switch.fade_to("b")
    switch.set("traumer.generator", "another")
    assert switch.decks.stage == "idle"
    switch.set("era.content", "traumer")
    switch.fade_to("a")
    switch.set("traumer.generator", "a-third")
    assert switch.decks.stage == "loading"


def test_the_newest_wish_wins(switch: Switch) -> None:
    switch.set("show.mode", "era")
    switch.set("era.network", "wct")
    assert switch.processes.n_starts == 2
    assert switch.processes.pinned["deck_b"]["era.network"] == "wct"
    switch.set("show.mode", "traumer")
    assert switch.decks.stage == "idle" and switch.processes.state["deck_b"] == "off"


def test_a_wish_during_a_fade_is_met_after_it(switch: Switch) -> None:
    switch.set("show.mode", "era")
    switch.processes.warm("deck_b")
    switch.decks.look_after()
    switch.set("era.network", "adain")
    assert switch.decks.stage == "fading" and switch.processes.n_starts == 1
    switch.processes.health["display"] = {"on_air": "b"}
    switch.decks.look_after()
    switch.decks.look_after()
    assert switch.decks.stage == "loading" and switch.processes.pinned["deck_a"]["era.network"] == "adain"


def test_what_is_held_waits_to_be_taken(switch: Switch) -> None:
    switch.set("show.hold_next", True)
    switch.decks.take()
    switch.set("show.mode", "era")
    switch.decks.take()
    assert switch.decks.stage == "loading"
    switch.processes.warm("deck_b")
    for _ in range(3):
        switch.decks.look_after()
    assert (switch.decks.stage, switch.decks.on_air) == ("ready", "a")
    switch.decks.take()
    assert (switch.decks.stage, switch.decks.on_air) == ("fading", "b")


def test_a_held_deck_that_dies_is_not_taken(switch: Switch) -> None:
    switch.set("show.hold_next", True)
    switch.set("show.mode", "era")
    switch.processes.warm("deck_b")
    switch.decks.look_after()
    switch.processes.state["deck_b"], switch.processes.health["deck_b"] = "waiting", {}
    switch.decks.look_after()
    switch.decks.take()
    assert switch.decks.on_air == "a" and switch.decks.stage == "loading"


def test_what_cannot_be_loaded_is_put_back_with_its_sentence(switch: Switch) -> None:
    switch.set("show.mode", "era")
    switch.processes.state["deck_b"] = "failed"
    switch.decks.look_after()
    assert switch.values["show.mode"] == "traumer" and switch.decks.stage == "idle"
    assert switch.processes.told["deck_sentence"] == "the model is damaged"
    switch.now_ns = clock.nanoseconds(SAID_S + 1)
    switch.decks.look_after()
    assert switch.processes.told["deck_sentence"] == ""
    assert switch.decks.stage == "idle"


def test_a_deck_that_never_gets_ready_is_given_up(switch: Switch) -> None:
    switch.set("show.mode", "era")
    switch.now_ns = clock.nanoseconds(LOADING_LIMIT_S + 1)
    switch.decks.look_after()
    assert switch.values["show.mode"] == "traumer" and switch.decks.sentence


def test_a_window_that_is_an_icon_holds_no_deck_for_ever(switch: Switch) -> None:
    switch.set("show.mode", "era")
    switch.processes.warm("deck_b")
    switch.decks.look_after()
    switch.now_ns = clock.nanoseconds(switch.values["show.fade_s"] + FADE_GRACE_S + 1)
    switch.decks.look_after()
    assert switch.decks.stage == "idle" and switch.processes.state["deck_a"] == "off"


def test_a_process_that_starts_learns_which_deck_is_on_air(switch: Switch) -> None:
    switch.set("show.mode", "era")
    switch.fade_to("b")
    told = switch.decks.snapshot()
    assert (told["on_air"], told["deck_stage"], told["show.mode"]) == ("b", "idle", "era")
