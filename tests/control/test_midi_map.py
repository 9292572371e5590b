"""The file of the MIDI map: nothing of it is trusted, and nothing of it is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.control.midi_desk import MidiDesk
from visualizer.control import midi_map
from visualizer.control.midi_events import Source
from visualizer.control.midi_map import Binding
from visualizer.types import UserError

ROW = {"target": "effects.bloom", "port": "Desk", "kind": "cc", "channel": 1, "number": 7}


def written(folder: Path, *rows: object, version: object = 1) -> Path:
    file = folder / "midi.json"
    file.write_text(json.dumps({"klangbild": "midi", "version": version, "bindings": list(rows)}))
    return file


def test_a_binding_survives_the_file(tmp_path: Path) -> None:
    kept = [
        Binding(
            "effects.bloom", Source("Desk", "cc14", 16, 31), low=0.2, high=0.8, inverts=True, pickup=True
        ),
        Binding("do:tap", Source("", "note", 10, 36), "press"),
        Binding("shader.gone.speed", Source("Desk", "cc", 1, 1), counts="twos"),
    ]
    midi_map.save(kept, tmp_path / "midi.json")
    assert midi_map.load(tmp_path / "midi.json") == (kept, "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": 17},
        {"channel": True},
        {"number": 128},
        {"kind": "sysex"},
        {"kind": "cc14", "number": 40},
        {"kind": "bend"},
        {"low": 0.9, "high": 0.1},
        {"low": float("nan")},
        {"does": "press"},
        {"counts": "backwards"},
        {"port": "a\nb"},
        {"port": "x" * 500},
        {"target": ""},
        {"target": 7},
        {"inverts": 1},
        {"pickup": "yes"},
    ],
)
def test_a_wrong_binding_is_left_out_the_others_play_and_the_file_is_kept(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    file = written(tmp_path, {**ROW, **wrong}, ROW)
    before = file.read_bytes()
    bindings, sentence = midi_map.load(file)
    assert [binding.target for binding in bindings] == ["effects.bloom"]
    assert "binding 1" in sentence and "midi.json.broken" in sentence
    assert (tmp_path / "midi.json.broken").read_bytes() == before


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"klangbild": "preset"}', "\x00\xff", "[" * 100_000]
)
def test_a_damaged_file_is_told_and_kept_aside_when_something_new_is_learnt(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "midi.json").write_text(text, "utf-8")
    desk = MidiDesk(tmp_path)
    assert "midi.json" in desk.midi.health["sentence"]
    desk.learn("effects.bloom", (0xB0, 7, 1), (0xB0, 7, 2))
    assert (tmp_path / "midi.json.broken").read_text("utf-8") == text
    assert len(midi_map.read(tmp_path / "midi.json")[0]) == 1


def test_a_map_of_a_newer_klangbild_is_not_overwritten(tmp_path: Path) -> None:
    file = written(tmp_path, ROW, version=99)
    before = file.read_bytes()
    assert "newer" in midi_map.load(file)[1]
    assert (tmp_path / "midi.json.broken").read_bytes() == before


def test_there_is_an_end_to_bindings() -> None:
    many = [Binding(f"target{n}", Source("", "cc", 1, 1)) for n in range(midi_map.MAX_BINDINGS)]
    with pytest.raises(UserError, match="forget"):
        midi_map.add(many, Binding("effects.bloom", Source("", "cc", 1, 1)))
