"""Presets as files: what is saved comes back, what is foreign or damaged is named, nothing of it is fatal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer import paths
from visualizer.control import preset_files
from visualizer.control.preset_files import KEPT, MAX_PRESETS, Preset
from visualizer.control.presets import Presets
from visualizer.parameters import PARAMETERS, defaults
from visualizer.types import UserError

GOOD = {"klangbild": "preset", "version": 1, "name": "Good", "slot": 3, "values": {"effects.bloom": 0.5}}


@pytest.fixture
def presets(tmp_path: Path) -> Presets:
    return Presets(tmp_path / "mine", tmp_path / "ours")


def lay(presets: Presets, stem: str, /, **changes: Any) -> Path:
    """A file in the performer's folder: `GOOD` with changes."""
    presets.folder.mkdir(exist_ok=True)
    file = presets.folder / stem
    file.write_text(json.dumps({k: v for k, v in (GOOD | changes).items() if v is not ...}))
    return file


def lay_ours(presets: Presets, **changes: Any) -> None:
    presets._ours.mkdir(exist_ok=True)
    (presets._ours / f"{changes.get('name', 'good')}.json".lower()).write_text(json.dumps(GOOD | changes))


def problem(presets: Presets) -> str:
    """Of the only file there is."""
    (entry,) = presets.listing()
    return str(entry["problem"])


def test_a_preset_holds_the_picture_and_nothing_of_room_hand_and_machine() -> None:
    for id in ("show.mode", "traumer.generator", "traumer.seed", "era.content", "era.dial", "effects.hue"):
        assert id in KEPT
    assert {"display.fill", "display.blend"} <= set(KEPT)
    for id in ("audio.input", "output.blackout", "output.record", "output.panic", "display.monitor"):
        assert id not in KEPT
    for id in (
        "display.fullscreen",
        "display.width",
        "display.hud",
        "display.help",
        "show.lock",
        "show.morph_s",
    ):
        assert id not in KEPT


def test_what_is_saved_is_found_by_key_and_by_name(presets: Presets) -> None:
    values = defaults() | {"effects.hue": -33.5, "show.mode": "era", "era.content": "/films/sea.mp4"}
    presets.save("Deep Sea", 4, values)
    again = Presets(presets.folder, presets._ours)
    assert again.find(4) == again.find("deep sea") == Preset("Deep Sea", {id: values[id] for id in KEPT}, 4)
    assert (presets.folder / "deep-sea.json").is_file() and not list(presets.folder.glob("*.part"))


def test_a_picture_of_ours_is_named_so_that_it_is_found_on_another_machine(
    presets: Presets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for machine in ("here", "there"):
        picture = tmp_path / machine / "pictures" / "lake.jpg"
        picture.parent.mkdir(parents=True)
        picture.touch()
        monkeypatch.setattr(paths, "ASSETS", tmp_path / machine)
        if machine == "here":
            presets.save("Lake", None, {"era.content": str(picture)})
    assert str(tmp_path / "here") not in (presets.folder / "lake.json").read_text()
    assert Presets(presets.folder).find("Lake").values == {"era.content": str(picture)}


def test_saving_on_a_key_keeps_the_name_and_on_a_taken_key_takes_it(presets: Presets) -> None:
    assert presets.save(None, 3, defaults())[0].name == "Preset 3"
    presets.save("Storm", 3, defaults())
    assert [(e["slot"], e["name"]) for e in presets.listing()] == [(3, "Storm"), (None, "Preset 3")]
    preset, _ = presets.save(None, 3, defaults() | {"effects.hue": 9.0})
    assert preset.name == "Storm" and presets.find("storm").values["effects.hue"] == 9.0
    presets.save("Storm", 5, defaults())
    with pytest.raises(UserError, match="Preset 3 is empty: Ctrl 3 saves"):
        presets.find(3)
    assert presets.save(None, 3, defaults())[0].name == "Preset 3 (2)"  # the older one keeps its look


def test_a_file_that_is_edited_in_place_is_noticed(presets: Presets) -> None:
    file, before = lay(presets, "good.json"), presets.stamp()
    assert presets.stamp() == before
    with file.open("r+b") as stream:
        stream.write(json.dumps(GOOD | {"name": "Better"}).encode())
    assert presets.stamp() != before and presets.find(3).name == "Better"


def test_each_change_can_be_put_back(presets: Presets) -> None:
    presets.save("One", 1, defaults())
    files = {file: file.read_bytes() for file in presets.folder.iterdir()}
    for change in (
        lambda: presets.save(None, 1, defaults() | {"effects.hue": 9.0}),
        lambda: presets.save("Two", 1, defaults()),
        lambda: presets.rename(1, "Eins"),
        lambda: presets.delete("one"),
    ):
        _, before = change()
        assert {file: file.read_bytes() for file in presets.folder.iterdir()} != files
        presets.restore(before)
        assert {file: file.read_bytes() for file in presets.folder.iterdir()} == files
    assert presets.find(1).name == "One"


def test_renaming_and_deleting(presets: Presets) -> None:
    presets.save("One", 1, defaults())
    presets.save("Two", 2, defaults())
    presets.rename("one", "ONE!")
    assert presets.find(1).name == "ONE!"
    with pytest.raises(UserError, match="'Two' already"):
        presets.rename(1, "two")
    presets.delete(1)
    with pytest.raises(UserError, match="no preset"):
        presets.find("ONE!")


def test_ours_are_found_where_the_performer_has_none(presets: Presets) -> None:
    lay_ours(presets)
    assert presets.find(3).name == "Good"
    assert presets.find(3).values["effects.feedback"] == PARAMETERS["effects.feedback"].default
    for change in (presets.delete, lambda which: presets.rename(which, "Mine")):
        with pytest.raises(UserError, match="ships with Klangbild"):
            change(3)
    presets.save(None, 3, defaults())
    assert presets.find(3).name == "Preset 3" and presets.find("good").slot is None
    presets.save("GOOD", None, defaults())
    assert [e["name"] for e in presets.listing()] == ["Preset 3", "GOOD"]
    presets.delete(3)
    presets.delete("Good")
    assert presets.find(3).values["effects.bloom"] == 0.5  # ours is back


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"klangbild": "song"}, "no preset of Klangbild"),
        ({"klangbild": ...}, "no preset of Klangbild"),
        ({"version": 2}, "newer Klangbild"),
        ({"version": 10**400}, "newer Klangbild"),
        ({"version": "1"}, "version"),
        ({"version": True}, "version"),
        ({"name": ""}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": ["x"]}, "name"),
        ({"values": ...}, "no values"),
        ({"values": [1]}, "no values"),
        ({"values": {str(n): n for n in range(6000)}}, "6000 values"),
    ],
)
def test_what_is_no_preset_is_listed_with_its_reason(
    presets: Presets, change: dict[str, Any], names: str
) -> None:
    lay(presets, "odd.json", **change)
    lay(presets, "sound.json")
    (sound, odd) = presets.listing()
    assert names in odd["problem"] and "odd.json" in odd["problem"] and odd["slot"] is None
    assert sound == {"slot": 3, "name": "Good", "problem": "", "ours": False}
    with pytest.raises(UserError):
        presets.find("odd.json")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 200_000, b'{"version": ' + b"9" * 5000 + b"}", b" " * (1 << 18)],
)
def test_damaged_files_are_named_and_stay_as_they_are(presets: Presets, data: bytes) -> None:
    presets.folder.mkdir()
    file = presets.folder / "preset-3.json"
    file.write_bytes(data + b" ")
    assert problem(presets).startswith("preset-3.json is ")
    presets.save(None, 3, defaults())
    assert presets.find(3).name == "Preset 3" and file.read_bytes() == data + b" "


@pytest.mark.parametrize(
    ("values", "left", "note"),
    [
        ({"effects.glow": 1, "effects.hue": 5}, {"effects.hue": 5.0}, "effects.glow is not known here"),
        ({"audio.input": "mic"}, {}, "audio.input is no part of a preset"),
        ({"output.blackout": True}, {}, "output.blackout is no part"),
        ({"effects.bloom": 7}, {"effects.bloom": 1.0}, "effects.bloom goes from 0 to 1: 1 is taken"),
        ({"effects.bloom": "much"}, {}, "effects.bloom takes a number"),
        ({"effects.bloom": None}, {}, "effects.bloom takes a number"),
        ({"effects.bloom": [[0.1]]}, {}, "effects.bloom takes a number"),
        ({"effects.bloom": float("nan")}, {}, "effects.bloom takes a number"),
        ({"show.mode": "sleep"}, {}, "show.mode is one of"),
        ({"show.mode": ["era"]}, {}, "show.mode is one of"),
        ({"era.content": "a\0b"}, {}, "printable"),
        ({"era.content": "x" * 5000}, {}, "era.content takes a text"),
        ({"traumer.seed": 3.7}, {"traumer.seed": 4}, ""),
        ({"effe\ncts": 1}, {}, r"'effe\ncts' is not known here"),
    ],
)
def test_values_are_taken_one_by_one(
    presets: Presets, values: dict[str, Any], left: dict[str, Any], note: str
) -> None:
    lay(presets, "good.json", values=values)
    assert presets.find(3).values == left
    assert note in problem(presets) and bool(note) == bool(problem(presets))


@pytest.mark.parametrize("slot", [0, 10, -1, "3", 3.0, True, [3]])
def test_a_key_that_is_none_leaves_the_preset_to_its_name(presets: Presets, slot: object) -> None:
    lay(presets, "good.json", slot=slot)
    assert presets.find("Good").slot is None and "keys 1 to 9" in problem(presets)


def test_two_presets_on_one_key_and_too_many_of_them(presets: Presets) -> None:
    lay(presets, "a.json", name="A")
    lay(presets, "b.json", name="B")
    assert presets.find(3).name == "A"
    assert [e["problem"] for e in presets.listing() if e["name"] == "B"] == [
        "Key 3 belongs to 'A'; this one is recalled by name."
    ]
    for n in range(MAX_PRESETS + 5):
        lay(presets, f"c{n:03}.json", name=f"C{n}", slot=None)
    assert len(presets.listing()) == MAX_PRESETS
    assert any("Only the first" in e["problem"] for e in presets.listing())
    with pytest.raises(UserError, match="delete one"):
        presets.save("One more", None, defaults())
    presets.save("A", None, defaults())  # an old one may be replaced


def test_files_may_change_come_and_go(presets: Presets) -> None:
    assert presets.listing() == []
    file = lay(presets, "good.json")
    assert presets.find(3).values == {"effects.bloom": 0.5}
    lay(presets, "good.json", values={"effects.bloom": 0.25})
    assert presets.find(3).values == {"effects.bloom": 0.25}
    file.unlink()
    (presets.folder / "folder.json").mkdir()
    assert presets.listing() == []


def test_a_folder_that_cannot_be_written_is_said(presets: Presets, tmp_path: Path) -> None:
    presets.folder.parent.mkdir(exist_ok=True)
    presets.folder.write_text("a file")
    with pytest.raises(UserError, match="cannot be written"):
        presets.save(None, 1, defaults())
    assert presets.listing() == [] and presets.folder.read_text() == "a file"


def test_nothing_that_is_no_preset_is_written_over(presets: Presets) -> None:
    (presets.folder / "storm.json").mkdir(parents=True)
    presets.save("Storm", None, defaults())
    assert (presets.folder / "storm.json").is_dir() and (presets.folder / "storm-2.json").is_file()


def test_the_name_of_a_file_can_be_made_of_any_name(presets: Presets) -> None:
    for name in ("../../up", "CON", "Größe", "größe 2", "日本", ".hidden", "a/b", "-"):
        preset, _ = presets.save(name, None, defaults())
        assert preset.name == name and presets.find(name) == preset
    files = [file.name for file in presets.folder.parent.rglob("*") if file.is_file()]
    assert len(files) == 8 and all((presets.folder / name).is_file() for name in files)
    assert "con.json" not in files and not any(name.startswith(".") for name in files)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    values=st.dictionaries(st.sampled_from(sorted(PARAMETERS)) | st.text(max_size=20), json_values),
    name=json_values,
)
def test_whatever_a_file_holds_only_valid_values_come_of_it(values: dict[str, Any], name: object) -> None:
    body = json.loads(json.dumps({"name": name, "slot": name, "values": values}))
    try:
        preset = preset_files.parse(body, "file")
    except UserError as error:
        assert str(error).startswith("file")
        return
    assert set(preset.values) <= set(KEPT)
    for id, value in preset.values.items():
        assert PARAMETERS[id].validate(value) == value
    again = preset_files.parse(json.loads(preset_files.encode(preset_files.document(preset))), "file")
    assert again == preset and again.notes == ()


def test_what_ships_is_sound() -> None:
    ours = Presets(Path("none")).entries()
    assert [entry.problem for entry in ours] == [""] * len(ours)
    assert [entry.preset.slot for entry in ours if entry.preset] == list(range(1, len(ours) + 1))
    house = Presets(Path("none")).find("House")
    assert house.values == {id: PARAMETERS[id].default for id in KEPT}
    for entry in ours:
        content = entry.preset.values.get("era.content") if entry.preset else ""
        assert not content or Path(str(content)).is_file()
