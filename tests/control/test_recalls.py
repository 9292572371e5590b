"""Recalling: what morphs, what comes at once, whose hand wins, and how it is taken back."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.control.test_commands import Lists, Processes
from visualizer import clock
from visualizer.control import recalls
from visualizer.control.commands import Commands
from visualizer.control.decks import Decks
from visualizer.control.morph import TICK_S
from visualizer.control.presets import Presets
from visualizer.control.set_files import Sets
from visualizer.parameters import PARAMETERS, Parameter, ParameterState, declare
from visualizer.types import UserError


class Counting(Processes):
    """Counts the messages with settings, and remembers the last."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []

    def send_settings(self, changed: Mapping[str, Any], mends: bool = True) -> None:
        super().send_settings(changed, mends)
        self.messages.append(dict(changed))


class Desk:
    """Commands over values, with a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.now_ns = 0
        self.values = ParameterState()
        self.decks = Decks(self.values)
        self.presets = Presets(folder / "mine", folder / "ours")
        self.commands = Commands(self.values, self.decks, Lists([]), self.presets, Sets(folder / "sets"))
        self.processes = Counting()
        self.commands.begin(self.processes)

    def save(self, slot: int, **values: Any) -> None:
        """A preset of a few values; `__` stands for the dot."""
        self.presets.save(f"P{slot}", slot, {id.replace("__", "."): v for id, v in values.items()})

    def do(self, name: str, source: str = "display") -> None:
        self.commands.obey(source, {"do": name})

    def wait(self, seconds: float) -> None:
        """Time passes, as in the parent's loop."""
        end_ns = self.now_ns + clock.nanoseconds(seconds)
        while self.now_ns < end_ns:
            self.now_ns = min(end_ns, self.now_ns + clock.nanoseconds(self.commands.wait_s(0.1)) + 1)
            self.commands.look_after()

    @property
    def said(self) -> str:
        return str(self.processes.settings.get("preset_sentence", ""))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    monkeypatch.setattr(clock, "now_ns", lambda: desk.now_ns)
    return desk


def test_keys_save_and_recall(desk: Desk) -> None:
    desk.commands.set("effects.hue", 90.0, "key")
    desk.do("save_preset_3")
    assert desk.said == "Saved as preset 3: Preset 3"
    desk.commands.set("effects.hue", -90.0, "key")
    desk.commands.set("traumer.seed", 99, "key")
    desk.do("preset_3")
    assert desk.said == "Preset 3: Preset 3" and desk.processes.settings["preset"] == "Preset 3"
    desk.wait(2)
    assert desk.values["effects.hue"] == 90.0 and desk.values["traumer.seed"] == 7
    assert desk.processes.settings["effects.hue"] == 90.0
    assert desk.values.change("effects.hue").source == "key"
    desk.wait(recalls.SAID_S)
    assert desk.said == ""


def test_an_empty_key_says_so_and_changes_nothing(desk: Desk) -> None:
    before = desk.values.snapshot()
    with pytest.raises(UserError, match="Preset 8 is empty"):
        desk.do("preset_8")
    assert "Preset 8 is empty" in desk.said and desk.values.snapshot() == before
    with pytest.raises(UserError, match="undo"):
        desk.do("undo")


def test_continuous_values_morph_along_their_curve_and_others_come_at_once(desk: Desk) -> None:
    desk.commands.set("show.morph_s", 4.0, "panel")
    desk.save(1, effects__bloom=0.9, era__smoothing_s=0.25, era__year=1900, display__fill="crop")
    desk.do("preset_1")
    assert desk.values["era.year"] == 1900 and desk.values["display.fill"] == "crop"
    assert desk.values["effects.bloom"] == 0.3
    desk.wait(2)
    assert desk.values["effects.bloom"] == pytest.approx(0.6, abs=0.01)
    assert desk.values["era.smoothing_s"] == pytest.approx(1.0, rel=0.03)  # half-way from 4 to 1/4 in octaves
    desk.wait(2.1)
    assert (desk.values["effects.bloom"], desk.values["era.smoothing_s"]) == (0.9, 0.25)


def test_a_morph_is_smooth_ends_and_sends_one_message_a_tick(desk: Desk) -> None:
    desk.save(1, effects__bloom=0.9, effects__hue=90.0, effects__zoom=1.0)
    assert desk.commands.wait_s(0.1) == 0.1
    desk.do("preset_1")
    assert 0 < desk.commands.wait_s(0.1) <= TICK_S
    desk.processes.messages.clear()
    desk.commands.look_after()  # too early: another message woke the parent
    assert desk.processes.messages == []
    desk.wait(1.1)
    blooms = [message["effects.bloom"] for message in desk.processes.messages]
    assert 28 <= len(blooms) <= 32 and blooms == sorted(blooms) and blooms[-1] == 0.9
    assert all(set(m) == {"effects.bloom", "effects.hue", "effects.zoom"} for m in desk.processes.messages)
    assert desk.commands.wait_s(0.1) == 0.1  # nothing moves, nobody hurries


def test_a_late_parent_does_not_hurry_after(desk: Desk) -> None:
    desk.save(1, effects__bloom=1.0)
    desk.do("preset_1")
    desk.now_ns = clock.nanoseconds(0.5)
    desk.commands.look_after()
    assert desk.values["effects.bloom"] == pytest.approx(0.65, abs=0.01)
    assert desk.commands.wait_s(0.1) == 0.0  # one step is due, not fifteen
    desk.now_ns += 1
    desk.commands.look_after()
    assert desk.commands.wait_s(0.1) > 0.0


def test_without_a_morph_everything_comes_in_one_message(desk: Desk) -> None:
    desk.commands.set("show.morph_s", 0.0, "panel")
    desk.save(1, effects__bloom=0.9, effects__hue=90.0, era__year=1500)
    desk.processes.messages.clear()
    desk.do("preset_1")
    assert desk.processes.messages[0] == {"effects.bloom": 0.9, "effects.hue": 90.0, "era.year": 1500}
    assert desk.commands.wait_s(0.1) == 0.1


def test_a_hand_during_the_morph_wins(desk: Desk) -> None:
    desk.save(1, effects__bloom=1.0, effects__hue=180.0, effects__zoom=1.0)
    desk.do("preset_1")
    desk.wait(0.3)
    desk.commands.obey("panel", {"set": {"effects.bloom": 0.1}})
    desk.commands.obey("osc", {"set": {"effects.zoom": desk.values["effects.zoom"]}})  # held where it is
    zoom = desk.values["effects.zoom"]
    desk.wait(2)
    assert desk.values["effects.bloom"] == 0.1 and desk.values["effects.zoom"] == zoom
    assert desk.values["effects.hue"] == 180.0


def test_panic_during_the_morph_calms_for_good(desk: Desk) -> None:
    desk.save(1, effects__bloom=1.0, traumer__truncation=0.2)
    desk.do("preset_1")
    desk.wait(0.3)
    desk.do("panic")
    desk.wait(2)
    assert desk.values["effects.bloom"] == PARAMETERS["effects.bloom"].default
    assert desk.values["traumer.truncation"] == 0.2


def test_the_newest_recall_wins_and_leaves_the_rest_on_its_way(desk: Desk) -> None:
    desk.save(1, effects__bloom=1.0, effects__hue=180.0)
    desk.save(2, effects__bloom=0.0)
    desk.do("preset_1")
    desk.wait(0.5)
    desk.do("preset_2")
    desk.wait(0.55)
    assert 0.2 < float(desk.values["effects.bloom"]) < 0.45
    assert desk.values["effects.hue"] == 180.0
    desk.wait(0.6)
    assert desk.values["effects.bloom"] == 0.0


def test_undo_goes_back_recall_by_recall(desk: Desk) -> None:
    desk.commands.set("effects.hue", 10.0, "key")
    desk.save(1, effects__hue=90.0, era__year=1500)
    desk.save(2, effects__hue=-90.0)
    desk.do("preset_1")
    desk.wait(0.2)
    desk.do("preset_2")
    desk.wait(0.2)
    desk.do("undo")
    assert desk.processes.settings["preset"] == "P1" and "Undone" in desk.said
    desk.wait(2)
    assert desk.values["effects.hue"] == 90.0  # where the first was going, not where it was met
    desk.do("undo")
    desk.wait(2)
    assert desk.values["effects.hue"] == 10.0
    assert desk.values["era.year"] == PARAMETERS["era.year"].default
    assert desk.processes.settings["preset"] == ""


def test_undo_takes_back_saving_too(desk: Desk) -> None:
    desk.save(3, effects__hue=90.0)
    desk.do("save_preset_3")
    assert desk.presets.find(3).values["effects.hue"] == 0.0
    desk.do("undo")
    assert desk.presets.find(3).values == {"effects.hue": 90.0}


def test_the_lock_holds_seeds_against_keys_only(desk: Desk) -> None:
    desk.save(1, traumer__seed=11, era__seed=12, effects__hue=5.0)
    desk.do("lock")
    desk.do("preset_1")
    desk.wait(2)
    assert (desk.values["traumer.seed"], desk.values["effects.hue"]) == (7, 5.0)
    desk.commands.set("traumer.seed", 44, "panel")
    desk.do("undo")
    desk.wait(2)
    assert (desk.values["traumer.seed"], desk.values["effects.hue"]) == (44, 0.0)
    desk.do("preset_1", "panel")
    assert (desk.values["traumer.seed"], desk.values["era.seed"]) == (11, 12)


def test_what_needs_another_deck_is_prepared_there(desk: Desk) -> None:
    desk.save(5, show__mode="era", era__network="wct", effects__bloom=1.0)
    desk.do("preset_5")
    desk.wait(0.3)
    assert desk.decks.stage == "loading" and "deck_b" in desk.processes.running
    desk.do("undo")
    desk.wait(0.3)
    assert desk.decks.stage == "idle" and "deck_b" not in desk.processes.running


def test_presets_are_handled_by_name_as_well(desk: Desk) -> None:
    def ask(**deed: Any) -> None:
        desk.commands.obey("panel", {"preset": deed})

    desk.commands.set("effects.hue", 20.0, "panel")
    ask(save="Warm", slot=2)
    desk.commands.set("effects.hue", 0.0, "panel")
    ask(recall="warm")
    desk.wait(2)
    assert desk.values["effects.hue"] == 20.0
    ask(rename="warm", to="Warmer")
    assert desk.commands.recalls.state()["presets"] == [
        {"slot": 2, "name": "Warmer", "problem": "", "ours": False}
    ]
    ask(delete=2)
    assert desk.commands.recalls.state()["presets"] == []
    desk.do("undo")
    assert desk.presets.find(2).name == "Warmer"


@pytest.mark.parametrize(
    "deed",
    [
        {},
        {"recall": None},
        {"recall": 0},
        {"recall": True},
        {"recall": 3.0},
        {"recall": "../mine/p1"},
        {"save": ""},
        {"save": "x" * 99},
        {"save": "ok", "slot": "3"},
        {"save": 11},
        {"rename": 1},
        {"rename": 1, "to": "\n"},
        {"delete": 7},
        {"explode": 1},
    ],
)
def test_nonsense_is_refused_and_shown(desk: Desk, deed: dict[str, Any]) -> None:
    desk.save(1, effects__hue=90.0)
    before = desk.values.snapshot(), desk.presets.listing()
    with pytest.raises(UserError) as refusal:
        desk.commands.obey("panel", {"preset": deed})
    assert desk.said == str(refusal.value)
    assert (desk.values.snapshot(), desk.presets.listing()) == before


def test_what_was_left_out_is_said_on_recall(desk: Desk) -> None:
    desk.presets.folder.mkdir()
    (desk.presets.folder / "x.json").write_text(
        '{"klangbild": "preset", "version": 1, "name": "X", "slot": 6,'
        ' "values": {"effects.glow": 1, "effects.hue": 30}}'
    )
    desk.do("preset_6")
    assert desk.said == "Preset 6: X. effects.glow is not known here and is left out."
    desk.wait(2)
    assert desk.values["effects.hue"] == 30.0


_IDS = ("effects.bloom", "effects.zoom", "era.year")
_SHARES = st.sampled_from([0.0, 0.25, 1.0])
_STEPS = st.one_of(
    st.tuples(st.just("recall"), st.integers(1, 4)),
    st.tuples(st.just("hand"), st.sampled_from(_IDS), _SHARES),
    st.tuples(st.just("undo")),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 0.4, 3.0])),
)


@settings(max_examples=30, deadline=None)
@given(
    looks=st.lists(st.dictionaries(st.sampled_from(_IDS), _SHARES), min_size=4, max_size=4),
    steps=st.lists(_STEPS, max_size=25),
)
def test_whatever_hands_and_recalls_do_the_newest_wish_is_met(
    looks: list[dict[str, float]], steps: list[tuple[Any, ...]]
) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        patch.setattr(clock, "now_ns", lambda: desk.now_ns)
        for slot, look in enumerate(looks, 1):
            desk.presets.save(f"P{slot}", slot, {id: PARAMETERS[id].from_share(x) for id, x in look.items()})
        wished = {id: desk.values[id] for id in _IDS}
        undone: list[dict[str, Any]] = []
        for step in steps:
            match step:
                case "recall", slot:
                    look = desk.presets.find(slot).values
                    before = {id: wished[id] for id in look if wished[id] != look[id]}
                    if before:
                        undone.append(before)
                    wished |= look
                    desk.do(f"preset_{slot}")
                case "hand", id, share:
                    desk.commands.set(id, PARAMETERS[id].from_share(share), "panel")
                    wished[id] = desk.values[id]
                case ("undo",) if undone:
                    wished |= undone.pop()
                    desk.do("undo")
                case "wait", seconds:
                    desk.wait(seconds)
        desk.wait(3.0)
        assert {id: desk.values[id] for id in _IDS} == wished
        assert desk.commands.wait_s(0.1) == 0.1


def test_a_shader_that_goes_during_a_morph_or_before_its_preset_costs_only_its_own_knobs(desk: Desk) -> None:
    """Its file was renamed or edited while the show went on."""
    amount = Parameter("shader.mine.amount", "float", 0.0, "of a user's shader")
    wanted = {"shader.mine.amount": 1.0, "traumer.truncation": 0.9}
    declare([amount])
    try:
        desk.values.redeclare()
        desk.commands.recalls.turn_to(wanted, "panel", "both", span_s=1.0)
        desk.wait(0.5)
        declare([], gone=[amount.id])
        desk.values.redeclare()
        desk.wait(0.6)
        assert desk.values["traumer.truncation"] == 0.9
        desk.values.set("traumer.truncation", 0.2, "panel")
        desk.commands.recalls.turn_to(wanted, "panel", "both", span_s=0.0)
        assert desk.values["traumer.truncation"] == 0.9
        assert amount.id not in desk.values.snapshot()
        desk.commands.recalls.undo("panel")
        assert desk.values["traumer.truncation"] == 0.2
    finally:
        declare([], gone=[amount.id])
