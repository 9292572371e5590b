"""`klangbild midi`: the map goes to another machine and back, without loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from visualizer import cli
from visualizer.control import midi_map
from visualizer.control.midi_events import Source
from visualizer.control.midi_map import Binding

BLOOM = Binding("effects.bloom", Source("Desk", "cc", 1, 7), low=0.25, inverts=True)
TAP = Binding("do:tap", Source("Desk", "note", 1, 36), "press")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(midi_map.paths, "config_dir", lambda: tmp_path / "home")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "there-is-no-such-server")
    return tmp_path / "home"


def test_a_map_goes_out_and_comes_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    midi_map.save([BLOOM, TAP], midi_map.path())
    assert cli.main(["midi", "export", str(tmp_path / "mine.json")]) == 0
    midi_map.path().unlink()
    assert cli.main(["midi", "import", str(tmp_path / "mine.json")]) == 0
    assert midi_map.load(midi_map.path()) == ([BLOOM, TAP], "")
    assert cli.main(["midi", "list"]) == 0
    told = capsys.readouterr().out
    assert "effects.bloom" in told and "CC 7, channel 1" in told and "25 to 100 %, inverted" in told


def test_anothers_map_may_count_for_any_controller(tmp_path: Path) -> None:
    midi_map.save([TAP], tmp_path / "other.json")
    assert cli.main(["midi", "import", "--any-controller", str(tmp_path / "other.json")]) == 0
    assert midi_map.load(midi_map.path())[0][0].source == Source("", "note", 1, 36)


def test_a_map_is_not_written_over_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear")
    midi_map.save([TAP], midi_map.path())
    assert cli.main(["midi", "export", str(other)]) == 2
    assert other.read_text() == "Dear"
    assert cli.main(["midi", "import", str(other)]) == 2
    assert "letter.txt" in capsys.readouterr().err
