"""Starts on the beat, what is taken, looks by chance, panic, and the files of set lists."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.control.cue_stage import BAR_S, Stage
from visualizer.parameters import PARAMETERS
from visualizer.types import UserError


def test_a_recall_waits_for_the_bar_and_pressed_again_begins_at_once(stage: Stage) -> None:
    stage.presets.save("Key", 1, {"effects.hue": 90.0})
    stage.commands.set("show.quantise", "bar", "panel")
    stage.do("preset_1")
    stage.wait(0.5)
    assert stage.values["effects.hue"] == 0.0 and stage.line == "preset Key in 2 beats"
    stage.wait_until_s(BAR_S + 0.01)
    assert stage.values["effects.hue"] == 90.0 and stage.line == ""
    stage.do("undo")
    stage.wait(0.2)
    stage.do("preset_1")
    assert stage.values["effects.hue"] == 0.0
    stage.do("preset_1")
    assert stage.values["effects.hue"] == 90.0


def test_a_switch_fades_on_the_line_of_four_bars(stage: Stage) -> None:
    stage.commands.set_all({"show.quantise": "4 bars", "show.mode": "era"}, "panel")
    stage.wait_until_s(4 * BAR_S - 0.1)
    assert stage.decks.stage == "ready"
    stage.wait(0.15)
    assert stage.decks.stage == "fading"
    stage.wait(1.0)
    stage.commands.set("show.mode", "traumer", "panel")
    stage.wait(2.0)
    assert stage.decks.stage == "ready"
    stage.do("take")
    assert stage.decks.stage == "fading"


def test_after_a_resync_four_bars_are_counted_from_there(stage: Stage) -> None:
    stage.wait_until_s(2 * BAR_S)
    stage.do("resync")
    stage.commands.set_all({"show.quantise": "4 bars", "show.mode": "era"}, "panel")
    stage.wait_until_s(6 * BAR_S - 0.1)
    assert stage.decks.stage == "ready"
    stage.wait(0.15)
    assert stage.decks.stage == "fading"


def test_a_wish_that_is_called_off_waits_for_nothing(stage: Stage) -> None:
    stage.commands.set_all({"show.quantise": "4 bars", "show.mode": "era"}, "panel")
    stage.wait(2.0)
    assert stage.cues.quantiser.pending is not None
    stage.commands.set("show.mode", "traumer", "panel")
    stage.wait(0.3)
    assert stage.cues.quantiser.pending is None and stage.decks.stage == "idle"


def test_without_a_beat_nothing_waits(stage: Stage) -> None:
    stage.is_heard = False
    stage.wait(3.0)
    stage.presets.save("Key", 1, {"effects.hue": 90.0})
    stage.commands.set("show.quantise", "bar", "panel")
    stage.do("preset_1")
    assert stage.values["effects.hue"] == 90.0


def test_the_crossfader_takes_what_is_held_and_rests(stage: Stage) -> None:
    stage.commands.set_all({"show.hold_next": True, "show.crossfader": 0.8, "show.mode": "era"}, "panel")
    stage.wait(2.0)
    assert stage.decks.stage == "ready" and stage.values["show.crossfader"] == 0.0
    stage.commands.set("show.crossfader", 0.6, "osc")
    stage.wait(1.0)
    assert stage.decks.on_air == "a"
    stage.commands.set("show.crossfader", 1.0, "osc")
    stage.wait(0.2)
    assert stage.decks.on_air == "b" and stage.values["show.crossfader"] == 0.0
    assert stage.crew.settings["show.crossfader"] == 0.0


def test_taking_what_was_loaded_ahead_is_go(stage: Stage) -> None:
    stage.write({"preset": "One"}, {"preset": "Two"})
    stage.do("start_set")
    stage.wait(2.0)
    assert stage.decks.is_ahead
    stage.do("take")
    stage.wait(0.1)
    assert stage.on == "Two" and stage.decks.on_air == "b"


def test_a_random_look_stays_within_reason_and_can_be_undone(stage: Stage) -> None:
    before = stage.values.snapshot()
    stage.do("random_look")
    changed = {id for id, value in stage.values.snapshot().items() if value != before[id]}
    assert {"effects.hue", "effects.flash", "traumer.truncation", "traumer.seed"} <= changed
    assert all(id.startswith(("effects.", "traumer.")) for id in changed)
    assert not any(PARAMETERS[id].in_next_deck for id in changed)
    assert stage.values["effects.flash"] <= 0.6 and abs(float(stage.values["effects.hue"])) < 70
    stage.do("undo")
    assert stage.values.snapshot() == before
    stage.do("lock")
    stage.do("random_look")
    assert stage.values["effects.hue"] == before["effects.hue"] and "locked" in stage.said


def test_random_presets_do_not_repeat_before_all_have_come(stage: Stage) -> None:
    for name in ("Gone", "Two"):
        stage.presets.delete(name)
    for n in range(4):
        stage.presets.save(f"P{n}", None, {"effects.hue": float(n)})
    drawn = []
    for _ in range(6):
        stage.do("random_preset")
        drawn.append(stage.commands.recalls.last)
    assert len(set(drawn)) == 6


def test_panic_recalls_the_known_good_preset_and_nothing_waits(stage: Stage) -> None:
    stage.presets.save("Good", None, {"effects.bloom": 0.9, "show.mode": "traumer"})
    stage.commands.set_all(
        {"show.panic_preset": "good", "output.blackout": True, "output.freeze": True, "show.morph_s": 9.0},
        "panel",
    )
    stage.commands.set("show.quantise", "bar", "panel")
    stage.ask(write={"name": "Night", "cues": [{"preset": "One"}]})
    stage.do("next_cue")
    stage.do("panic")
    assert stage.values["effects.bloom"] == 0.9 and stage.cues.quantiser.pending is None
    assert not stage.values["output.blackout"] and not stage.values["output.freeze"]
    stage.presets.delete("Good")
    stage.commands.set("effects.bloom", 0.1, "panel")
    with pytest.raises(UserError, match="no preset"):
        stage.do("panic")
    assert stage.values["effects.bloom"] == PARAMETERS["effects.bloom"].default


def test_set_lists_are_files_that_may_be_renamed_deleted_and_brought_back(stage: Stage) -> None:
    stage.write(("One", 2))
    stage.ask(rename="night", to="Friday")
    assert stage.values["show.set_list"] == "Friday" and stage.cues.setlist.set_list.name == "Friday"
    stage.ask(new="Friday")
    assert stage.sets.names() == ["Friday (2)", "Friday"] or stage.sets.names() == ["Friday", "Friday (2)"]
    stage.ask(delete="Friday (2)")
    assert stage.values["show.set_list"] == ""
    stage.do("undo")
    assert "Friday (2)" in stage.sets.names()
    stage.ask(open="Friday")
    file = next(file for file in stage.sets.folder.iterdir() if "Friday (2)" not in file.read_text())
    body = json.loads(file.read_text())
    file.write_text(json.dumps(body | {"cues": [*body["cues"], {"preset": "Three"}]}))
    stage.cues.state()
    assert [cue.preset for cue in stage.cues.setlist.set_list.cues] == ["One", "Three"]


@pytest.mark.parametrize(
    "deed",
    [
        {},
        {"open": "nowhere"},
        {"open": 3},
        {"start": "nowhere"},
        {"cue": "1"},
        {"cue": True},
        {"write": {"name": "x"}},
        {"write": {"name": "", "cues": []}},
        {"rename": "nowhere", "to": "x"},
        {"delete": "../settings"},
        {"go": True},
    ],
)
def test_nonsense_is_refused_and_shown(stage: Stage, deed: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refusal:
        stage.ask(**deed)
    assert stage.said[1:] == str(refusal.value)[1:]
    assert stage.sets.listing() == []


def test_a_foreign_file_is_listed_and_a_damaged_cue_left_out(stage: Stage) -> None:
    stage.sets.folder.mkdir()
    good = {"klangbild": "set", "version": 1, "name": "Good"}
    cues = [
        {"preset": "One", "leave": "bars", "after": 1e9, "fade_s": -3},
        {"preset": 3},
        {"leave": "key"},
        7,
    ]
    (stage.sets.folder / "a.json").write_text(json.dumps(good | {"cues": cues}))
    for stem, text in (("b", "{"), ("c", '{"klangbild": "preset", "version": 1}'), ("d", "[" * 5000)):
        (stage.sets.folder / f"{stem}.json").write_text(text)
    (stage.sets.folder / "e.json").write_text(json.dumps(good | {"version": 9, "cues": []}))
    problems = [entry["problem"] for entry in stage.sets.listing()]
    assert problems[0] == "" and all(problems[1:])
    found = stage.sets.find("good")
    assert len(found.cues) == 1 and len(found.notes) == 3
    assert (found.cues[0].after, found.cues[0].fade_s) == (1000, 0.0)
