"""A show carried as one file: what goes along, what is judged, what is never lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from visualizer import settings
from visualizer.control import midi_map, show_cli, show_files
from visualizer.control.midi_events import Source
from visualizer.control.set_files import Cue, SetList
from visualizer.control.show_files import Folder
from visualizer.parameters import PARAMETERS
from visualizer.types import UserError

KNOB = midi_map.parse(midi_map.row(midi_map.Binding("effects.bloom", Source("Desk", "cc", 1, 7))))


@pytest.fixture
def mine(tmp_path: Path) -> Folder:
    """A performer's folder with a bit of everything."""
    folder = Folder(tmp_path / "mine")
    values = {
        "show.fade_s": 4.0,
        "show.set_list": "Night",
        "audio.input": "Scarlett",
        "display.monitor": "DP-1",
    }
    settings.save({**values, "control.osc_host": "0.0.0.0"}, folder.settings)
    folder.presets.save("Deep sea", 3, {"effects.hue": 33.0})
    folder.sets.save(SetList("Night", (Cue("Deep sea", "bars", 8, 1.5, -1.0), Cue("House"))))
    midi_map.save([KNOB], folder.midi)
    return folder


@pytest.fixture
def file(mine: Folder, tmp_path: Path) -> Path:
    """The exported show."""
    show_files.export(tmp_path / "show.json", mine)
    return tmp_path / "show.json"


def files_of(folder: Folder) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder.path)): file.read_bytes()
        for file in sorted(folder.path.rglob("*"))
        if file.is_file() and "backups" not in file.parts
    }


def spoil(file: Path, **changes: Any) -> Path:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    return file


def test_what_belongs_to_a_machine_stays_there() -> None:
    for id in ("audio.input", "audio.gain_db", "display.monitor", "display.width", "output.record"):
        assert not show_files.is_of_the_show(PARAMETERS[id])
    for id in ("control.osc_host", "output.blackout", "output.panic", "show.crossfader"):
        assert not show_files.is_of_the_show(PARAMETERS[id])
    for id in (
        "show.fade_s",
        "show.set_list",
        "show.quantise",
        "effects.hue",
        "traumer.seed",
        "output.blackout_s",
    ):
        assert show_files.is_of_the_show(PARAMETERS[id])


def test_a_show_comes_as_it_went(file: Path, mine: Folder, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    told = " ".join(show_files.take_in(file, False, other))
    assert "'Deep sea' was taken in on key 3" in told and "set list 'Night' was taken in" in told
    assert other.sets.find("night") == mine.sets.find("night")
    assert other.presets.find(3).values == {"effects.hue": 33.0}
    assert midi_map.read(other.midi)[0] == [KNOB]
    assert settings.load(other.settings)[0] == {"show.fade_s": 4.0, "show.set_list": "Night"}
    before = files_of(other)
    assert show_files.take_in(file, False, other)[0] == "All of it is here already."
    assert files_of(other) == before


def test_what_is_here_stays_unless_it_is_to_be_replaced_and_is_kept_then(file: Path, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    settings.save({"show.fade_s": 9.0, "audio.input": "Mic"}, other.settings)
    other.sets.save(SetList("Night", (Cue("House"),)))
    other.presets.save("Deep sea", 3, {"effects.hue": 1.0})
    midi_map.save([midi_map.parse({**midi_map.row(KNOB), "number": 9})], other.midi)
    (other.path / "sets" / "torn.json").write_text("{")
    before = files_of(other)
    told = " ".join(show_files.take_in(file, True, other, only_tells=True))
    assert "'Night' was overwritten" in told and "Settings overwritten: show.fade_s" in told
    assert files_of(other) == before and not (other.path / "backups" / ".trial").exists()
    told = " ".join(show_files.take_in(file, False, other))
    assert "left as they are" in told and "only --replace" in told and "MIDI map of the show" in told
    kept = {name: data for name, data in files_of(other).items() if name != "settings.toml"}
    assert kept == {name: data for name, data in before.items() if name != "settings.toml"}
    show_files.take_in(file, True, other)
    assert settings.load(other.settings)[0] == {
        "show.fade_s": 4.0,
        "show.set_list": "Night",
        "audio.input": "Mic",
    }
    assert len(other.sets.find("night").cues) == 2 and midi_map.read(other.midi)[0] == [KNOB]
    oldest = sorted((other.path / "backups").iterdir())[0]
    copies = {str(f.relative_to(oldest)): f.read_bytes() for f in oldest.rglob("*") if f.is_file()}
    assert copies == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"klangbild": "set", "version": 1}',
        '{"klangbild": "show"}',
        '{"klangbild": "show", "version": 99}',
    ],
)
def test_foreign_files_are_refused_and_change_nothing(mine: Folder, tmp_path: Path, text: str) -> None:
    before = files_of(mine)
    foreign = tmp_path / "foreign.json"
    foreign.write_text(text)
    with pytest.raises(UserError):
        show_files.take_in(foreign, True, mine)
    with pytest.raises(UserError):
        show_files.export(foreign, mine)
    assert files_of(mine) == before and foreign.read_text() == text


@pytest.mark.parametrize("part", [{"settings": 3}, {"sets": {}}, {"midi": "x"}, {"presets": None}])
def test_a_damaged_part_is_refused_whole(file: Path, tmp_path: Path, part: dict[str, Any]) -> None:
    other = Folder(tmp_path / "other")
    with pytest.raises(UserError):
        show_files.take_in(spoil(file, **part), True, other)
    assert files_of(other) == {}


def test_what_makes_no_sense_is_left_out_and_said(file: Path, tmp_path: Path) -> None:
    values = {
        "show.fade_s": 1e99,
        "audio.input": "Mic",
        "no.such": 1,
        "show.quantise": "never",
        "show.morph_s": [1],
    }
    sets = [{"name": "Good", "cues": [{"preset": "House"}, {"preset": None}]}, 5, {"name": "", "cues": []}]
    other = Folder(tmp_path / "other")
    told = " ".join(show_files.take_in(spoil(file, settings=values, sets=sets, midi=[1, {}]), False, other))
    assert settings.load(other.settings)[0] == {"show.fade_s": PARAMETERS["show.fade_s"].max}
    assert [cue.preset for cue in other.sets.find("Good").cues] == ["House"]
    for word in ("audio.input", "no.such", "show.quantise", "show.morph_s", "sets 2", "midi 1", "Cue 2"):
        assert word in told


def test_settings_that_are_unknown_here_stay_in_the_file(file: Path, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    other.path.mkdir()
    other.settings.write_text("# mine\n[show]\nfuture = 3\n")
    show_files.take_in(file, False, other)
    assert "# mine" in other.settings.read_text() and "future = 3" in other.settings.read_text()


def test_the_command_tells_what_it_does(
    mine: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show_files, "usual_folder", lambda: mine)
    assert show_cli.main(["export", str(tmp_path / "a.json")]) == 0
    assert "1 set lists" in capsys.readouterr().out
    assert show_cli.main(["import", str(tmp_path / "a.json"), "--dry-run"]) == 0
    assert "All of it is here already." in capsys.readouterr().out
    assert not (mine.path / "backups").exists() or not list((mine.path / "backups").iterdir())
