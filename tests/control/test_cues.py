"""Set lists, quantised starts and looks by chance: when each begins, what is skipped, whose hand wins."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.control.test_commands import Lists, Processes
from visualizer import clock
from visualizer.control.commands import Commands
from visualizer.control.decks import N_WARM_IMAGES, Decks
from visualizer.control.presets import Presets
from visualizer.control.set_files import Sets
from visualizer.parameters import PARAMETERS, ParameterState
from visualizer.types import UserError

BAR_S = 2.0
"""Of four beats at 120 BPM, which the fake capture hears; the show starts on a bar line."""


class Crew(Processes):
    """Decks that are warm a second after their start, if their content is there; a display that fades."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.began_ns: dict[str, int] = {}
        self.wanted: dict[str, Mapping[str, Any]] = {}
        self.loading_s = 1.0

    def send_settings(self, changed: Mapping[str, Any], mends: bool = True) -> None:
        super().send_settings(changed, mends)
        if changed.get("deck_stage") == "fading":
            self.stage.fading_since_ns = self.stage.now_ns

    def start_worker(self, name: str, pinned: Mapping[str, Any] | None = None) -> None:
        super().start_worker(name, pinned)
        self.began_ns[name], self.wanted[name] = self.stage.now_ns, dict(pinned or {})

    def pin(self, name: str, pinned: Mapping[str, Any]) -> None:
        self.wanted[name] = dict(pinned)

    def look_at(self, name: str) -> tuple[str, str, dict[str, Any]]:
        if name == "display":
            fades_s = clock.seconds(self.stage.now_ns - self.stage.fading_since_ns)
            is_over = fades_s >= self.stage.decks.fade_s
            return "running", "", {"on_air": self.stage.decks.on_air if is_over else ""}
        if not name.startswith("deck") or name not in self.began_ns:
            return super().look_at(name)
        if self.wanted[name].get("era.content") == "gone.jpg":
            return "failed", "gone.jpg is not there", {}
        runs_s = clock.seconds(self.stage.now_ns - self.began_ns[name])
        return "running", "", {"n_images": N_WARM_IMAGES if runs_s >= self.loading_s else 0}


class Stage:
    """A show of commands, values and files, with a clock and a beat that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.now_ns = 0
        self.fading_since_ns = 0
        self.is_heard = True
        self.bpm = 120.0
        self.values = ParameterState({"show.fade_s": 0.5, "show.morph_s": 0.0})
        self.decks = Decks(self.values)
        self.presets = Presets(folder / "mine", folder / "ours")
        self.sets = Sets(folder / "sets")
        self.commands = Commands(self.values, self.decks, Lists([]), self.presets, self.sets)
        self.cues = self.commands.cues
        self.cues.setlist._rng = self.cues._rng = random.Random(3)
        self.cues.setlist._has_room = lambda: True
        self.crew = Crew(self)
        self.cues.grid.listen(self._hear)
        self.commands.begin(self.crew)
        for name, values in (
            ("One", {"effects.hue": 10.0}),
            ("Two", {"effects.hue": 20.0, "show.mode": "era"}),
            ("Three", {"effects.hue": 30.0, "show.mode": "traumer"}),
            ("Gone", {"effects.hue": 40.0, "show.mode": "era", "era.content": "gone.jpg"}),
        ):
            self.presets.save(name, None, values)

    def _hear(self, counter: int) -> Any:
        """Features as capture writes them, 50 ms ago."""
        heard_s = clock.seconds(self.now_ns) - 0.05
        beats = max(0.0, heard_s) * self.bpm / 60.0
        heard = {"tempo_bpm": self.bpm, "beat_phase": beats % 1.0, "bar_phase": beats / 4.0 % 1.0}
        told = SimpleNamespace(**heard, time_ns=clock.nanoseconds(heard_s))
        return (counter + 1, told) if self.is_heard and heard_s >= 0.0 else None

    def write(self, *cues: Any, name: str = "Night") -> None:
        """A set list; a cue is (preset, bars) or a whole body."""
        bodies = [
            cue if isinstance(cue, dict) else {"preset": cue[0], "leave": "bars", "after": cue[1]}
            for cue in cues
        ]
        self.ask(write={"name": name, "cues": bodies})

    def ask(self, **deed: Any) -> None:
        self.commands.obey("panel", {"sets": deed})

    def do(self, name: str) -> None:
        self.commands.obey("display", {"do": name})

    def wait(self, seconds: float) -> None:
        """Time passes, as in the parent's loop."""
        end_ns = self.now_ns + clock.nanoseconds(seconds)
        while self.now_ns < end_ns:
            self.now_ns = min(end_ns, self.now_ns + clock.nanoseconds(self.commands.wait_s(0.1)) + 1000)
            self.commands.look_after()

    def wait_until_s(self, time_s: float) -> None:
        self.wait(time_s - clock.seconds(self.now_ns))

    @property
    def said(self) -> str:
        return str(self.crew.settings.get("preset_sentence", ""))

    @property
    def line(self) -> str:
        return str(self.crew.settings.get("cue_line", ""))

    @property
    def on(self) -> str:
        cue = self.cues.setlist.cue
        return cue.preset if cue is not None else ""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    now: list[Stage] = []
    monkeypatch.setattr(clock, "now_ns", lambda: now[0].now_ns if now else 0)
    made = Stage(tmp_path)
    now.append(made)
    made.wait(0.5)
    return made


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
