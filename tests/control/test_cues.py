"""Set lists: when each cue begins, what is skipped, whose hand wins."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.control.cue_stage import BAR_S, Stage
from visualizer import clock
from visualizer.types import UserError


def test_a_set_plays_by_bars_and_each_cue_begins_on_its_line(stage: Stage) -> None:
    stage.write(("One", 2), ("Two", 3), ("Three", 2))
    stage.commands.set("show.quantise", "bar", "panel")
    stage.do("start_set")
    stage.wait_until_s(BAR_S - 0.1)
    assert stage.on == "" and stage.line == "cue 1: One in 1 beat"
    begins = {}
    for _ in range(230):
        stage.wait(0.05)
        begins.setdefault(stage.on, clock.seconds(stage.now_ns))
    lines_s = {"One": BAR_S, "Two": 3 * BAR_S, "Three": 6 * BAR_S}
    for name, line_s in lines_s.items():
        assert begins[name] == pytest.approx(line_s, abs=0.06)
    assert stage.cues.setlist.late_ms == pytest.approx(0.0, abs=15.0)
    assert stage.values["show.mode"] == "traumer" and stage.values["effects.hue"] == 30.0
    stage.wait(3 * BAR_S)
    assert not stage.cues.setlist.is_running and "over" in stage.said  # the last cue stays


def test_the_next_cue_waits_loaded_and_its_fade_begins_on_the_line(stage: Stage) -> None:
    stage.write(("One", 4), {"preset": "Two", "fade_s": 1.5})
    stage.do("start_set")
    begun_bars = round(stage.cues.grid.bars)
    stage.wait(1.5)
    assert stage.decks.stage == "ready" and stage.decks.is_ahead
    assert stage.values["show.mode"] == "traumer"  # what is foreseen is not yet wanted
    assert stage.crew.wanted["deck_b"]["show.mode"] == "era"
    stage.wait_until_s((begun_bars + 4) * BAR_S - 0.05)
    assert stage.decks.on_air == "a"
    stage.wait(0.1)
    assert (stage.decks.on_air, stage.decks.stage) == ("b", "fading")
    assert stage.crew.settings["deck_fade_s"] == 1.5
    stage.wait(2.0)
    assert stage.decks.stage == "idle" and stage.crew.settings["deck_fade_s"] is None


def test_where_memory_is_short_loading_begins_only_in_time(stage: Stage) -> None:
    stage.cues.setlist._has_room = lambda: False
    stage.decks._loading_s[("era", "linear", "mvnet-house")] = 1.0
    stage.write(("One", 6), ("Two", 2))
    stage.do("start_set")
    stage.wait(3.0)
    assert stage.decks.stage == "idle"
    stage.wait_until_s(6 * BAR_S - 2.0)
    assert stage.decks.stage == "ready"


OTHER = {"traumer.generator": "another"}
"""What a hand chooses, and the other deck must load."""
ERA_KIND = ("era", "linear", "mvnet-house")


def _play_to(stage: Stage, before_s: float) -> None:
    """One cue of eight bars, then another mode that loads in a second: so long before its boundary."""
    stage.decks._loading_s[ERA_KIND] = 1.0
    stage.write(("One", 8), ("Two", 4))
    stage.do("start_set")
    stage.wait_until_s(8 * BAR_S - before_s)
    assert stage.on == "One" and stage.decks.stage == "ready" and stage.decks.is_ahead


@pytest.mark.parametrize("before_s", [2.0, 0.9, 0.1])
def test_a_hand_that_comes_late_does_not_make_a_cue_late(stage: Stage, before_s: float) -> None:
    _play_to(stage, before_s)
    stage.commands.set_all(OTHER, "key")
    stage.wait(0.05)
    assert "Cue 2 (Two) comes first" in stage.said
    stage.wait_until_s(8 * BAR_S + 0.1)
    assert (stage.on, stage.decks.on_air, stage.decks.stage) == ("Two", "b", "fading")
    assert stage.cues.setlist.late_ms == pytest.approx(0.0, abs=15.0)


def test_a_content_chosen_late_waits_for_the_cue_that_is_loaded_with_another(stage: Stage) -> None:
    _play_to(stage, 1.0)
    stage.commands.set("era.content", "another.jpg", "key")
    stage.wait(1.1)
    assert stage.on == "Two" and stage.decks.stage == "fading"
    assert stage.values["era.content"] == "" == stage.crew.wanted["deck_b"]["era.content"]


def test_what_a_hand_has_loading_is_given_up_when_a_cue_comes_near(stage: Stage) -> None:
    _play_to(stage, 6.0)
    stage.crew.loading_s = 20.0
    stage.commands.set_all(OTHER, "key")
    stage.wait(0.5)
    assert stage.decks.stage == "loading" and not stage.decks.is_ahead
    stage.crew.loading_s = 1.0
    stage.wait_until_s(8 * BAR_S - 1.0)
    assert stage.decks.stage == "ready" and stage.decks.is_ahead
    stage.wait(1.1)
    assert stage.on == "Two" and stage.decks.stage == "fading"


@pytest.mark.parametrize("deed", ["lock", "stop_set"])
def test_a_hand_need_not_wait_for_a_cue_that_does_not_come(stage: Stage, deed: str) -> None:
    _play_to(stage, 3.0)
    stage.do(deed)
    stage.commands.set_all(OTHER, "key")
    stage.wait(1.3)
    assert stage.decks.stage == "fading" and stage.crew.wanted["deck_b"]["traumer.generator"] == "another"


def test_a_hand_that_comes_early_has_its_way(stage: Stage) -> None:
    _play_to(stage, 8.0)
    stage.commands.set_all(OTHER, "key")
    stage.wait(2.0)
    assert stage.decks.on_air == "b" and stage.crew.wanted["deck_b"]["traumer.generator"] == "another"
    stage.wait_until_s(8 * BAR_S + 0.1)
    assert stage.on == "Two" and stage.decks.on_air == "a"


@pytest.mark.parametrize("missing", ["Gone", "Never saved"])
def test_a_cue_that_cannot_be_shown_is_skipped_with_its_sentence(stage: Stage, missing: str) -> None:
    stage.write(("One", 2), (missing, 2), ("Three", 2))
    stage.do("start_set")
    stage.wait(1.5)
    assert f"Cue 2 ({missing}) is skipped" in stage.said
    stage.wait(2.5 * BAR_S)
    assert stage.on == "Three" and stage.decks.on_air == "a"
    told = stage.cues.state()["set"]
    assert told["cues"][1]["problem"] and not told["cues"][0]["problem"]


def test_without_a_beat_bars_go_by_and_it_is_said(stage: Stage) -> None:
    stage.wait(1.0)
    stage.is_heard = False
    stage.wait(3.0)
    stage.write(("One", 2), ("Three", 2))
    stage.do("start_set")
    stage.wait(0.2)
    assert "no beat is heard: bars of 120 BPM" in stage.line
    stage.wait(2.5 * BAR_S)
    assert stage.on == "Three"


def test_seconds_count_and_end_on_a_line(stage: Stage) -> None:
    stage.write({"preset": "One", "leave": "seconds", "after": 3.0}, {"preset": "Three"})
    stage.do("start_set")
    stage.wait(1.0)
    assert stage.line == "next Three in 2 s"
    stage.wait(2.2)
    assert stage.on == "Three"
    stage.commands.set("show.quantise", "bar", "panel")
    stage.ask(start=True)
    stage.wait_until_s(4 * BAR_S - 0.1)
    assert stage.on == "One"
    stage.wait(0.2)
    assert stage.on == "Three"


def test_an_upbeat_begins_before_its_line_and_bars_are_counted_from_the_line(stage: Stage) -> None:
    stage.write(("One", 2), {"preset": "Three", "leave": "bars", "after": 1, "offset_beats": -1}, ("One", 9))
    stage.do("start_set")
    stage.wait_until_s(2 * BAR_S - 0.55)
    assert stage.on == "One"
    stage.wait(0.1)
    assert stage.on == "Three"
    stage.wait_until_s(3 * BAR_S - 0.05)
    assert stage.on == "Three"
    stage.wait(0.1)
    assert stage.on == "One"


def test_the_lock_holds_what_would_move_on_by_itself_and_the_hand_still_may(stage: Stage) -> None:
    stage.write(("One", 1), ("Two", 1), ("Three", 1))
    stage.do("start_set")
    stage.do("lock")
    stage.wait(4 * BAR_S)
    assert stage.on == "One" and stage.line.startswith("locked")
    stage.do("next_cue")
    stage.wait(1.0)
    assert stage.on == "Two"
    stage.do("lock")
    stage.wait(2 * BAR_S)
    assert stage.on == "Three"


def test_go_back_and_by_number(stage: Stage) -> None:
    stage.write({"preset": "One"}, {"preset": "Two"}, {"preset": "Three"})
    stage.do("next_cue")
    stage.wait(0.2)
    stage.ask(cue=3)
    stage.wait(3.0)
    assert stage.on == "Three"
    stage.do("previous_cue")
    stage.wait(0.2)
    assert stage.on == "One"
    with pytest.raises(UserError, match="first cue"):
        stage.do("previous_cue")
    with pytest.raises(UserError, match="1 to 3"):
        stage.ask(cue=9)
    assert "1 to 3" in stage.said


def test_undo_takes_a_cue_back_and_the_set_waits_there(stage: Stage) -> None:
    stage.write(("One", 2), ("Three", 2))
    stage.do("start_set")
    stage.wait(3 * BAR_S)
    assert stage.on == "Three"
    stage.do("undo")
    assert stage.on == "One" and stage.values["effects.hue"] == 10.0 and "Undone: cue 2" in stage.said
    stage.wait(4 * BAR_S)
    assert stage.on == "One"
    stage.do("next_cue")
    stage.wait(0.2)
    assert stage.on == "Three"


def test_shuffle_plays_each_once_and_repeat_begins_anew(stage: Stage) -> None:
    names = [f"P{n}" for n in range(6)]
    for n, name in enumerate(names):
        stage.presets.save(name, None, {"effects.hue": float(n)})
    stage.write(*({"preset": name} for name in names))
    stage.commands.set_all({"show.shuffle": True, "show.repeat": True}, "panel")
    played = []
    stage.do("start_set")
    for _ in range(12):
        stage.wait(0.15)
        played.append(stage.on)
        stage.do("next_cue")
    assert sorted(played[:6]) == sorted(played[6:]) == names
    assert played[:6] != names and all(a != b for a, b in pairwise(played))


def test_a_set_may_be_edited_while_it_plays(stage: Stage) -> None:
    stage.write(("One", 2), ("Two", 2), ("Three", 2))
    stage.do("start_set")
    stage.wait(0.5)
    stage.write(("Three", 2), ("One", 2))
    assert stage.on == "One" and stage.cues.setlist.place == 1 and stage.cues.setlist.is_running
    stage.write(("Three", 2), ("One", 4), ("Two", 1))
    stage.wait(2.5 * BAR_S)
    assert stage.on == "One"
    stage.wait(2.0 * BAR_S)
    assert stage.on == "Two"
