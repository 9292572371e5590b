"""`klangbild presets` and `live --preset`: a show goes elsewhere whole, and nothing is lost there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from visualizer import cli, live, paths
from visualizer.control.presets import Presets
from visualizer.parameters import defaults


@pytest.fixture
def presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Presets:
    """The performer's, which the commands use too; nothing of ours."""
    monkeypatch.setattr(paths, "config_dir", lambda: tmp_path / "config")
    monkeypatch.setattr(paths, "ASSETS", tmp_path / "assets")
    return Presets()


def save(presets: Presets, name: str, slot: int | None, hue: float) -> None:
    presets.save(name, slot, defaults() | {"effects.hue": hue})


def look(presets: Presets) -> dict[str, tuple[int | None, object]]:
    """Key and hue by name."""
    shown = [entry.preset for entry in presets.entries() if entry.preset]
    return {preset.name: (preset.slot, preset.values.get("effects.hue")) for preset in shown}


def test_a_show_comes_back_from_its_file(presets: Presets, tmp_path: Path) -> None:
    save(presets, "One", 1, 10.0)
    save(presets, "Loose", None, 20.0)
    before = [entry.preset for entry in presets.entries()]
    assert cli.main(["presets", "export", str(tmp_path / "show.json")]) == 0
    presets.delete("One")
    presets.delete("Loose")
    assert cli.main(["presets", "import", str(tmp_path / "show.json")]) == 0
    assert [entry.preset for entry in presets.entries()] == before
    assert cli.main(["presets", "export", str(tmp_path / "show.json")]) == 0  # over the older export


def test_an_import_leaves_what_is_there_unless_told(
    presets: Presets, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show = str(tmp_path / "show.json")
    save(presets, "Same", None, 1.0)
    save(presets, "Mine", 1, 10.0)
    save(presets, "Theirs", 1, 20.0)
    cli.main(["presets", "export", show])
    presets.delete("Theirs")
    save(presets, "Mine", 1, 30.0)
    capsys.readouterr()
    cli.main(["presets", "import", show])
    told = capsys.readouterr().out
    assert "'Theirs' was taken in, without its key 1, which recalls 'Mine'." in told
    assert "'Mine' is here already" in told and "Same" not in told
    assert look(presets) == {"Mine": (1, 30.0), "Theirs": (None, 20.0), "Same": (None, 1.0)}
    cli.main(["presets", "import", show, "--replace"])
    assert look(presets) == {"Mine": (None, 10.0), "Theirs": (1, 20.0), "Same": (None, 1.0)}
    capsys.readouterr()
    cli.main(["presets", "import", show])
    assert capsys.readouterr().out == "All of it is here already.\n"


def test_what_is_damaged_in_a_show_is_named_and_the_rest_taken(
    presets: Presets, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"name": "Good", "slot": 2, "values": {"effects.hue": 999, "effects.glow": 1}}
    show = tmp_path / "show.json"
    show.write_text(
        json.dumps({"klangbild": "show", "version": 1, "presets": [7, good, {"name": "x"}, *[good] * 200]})
    )
    assert cli.main(["presets", "import", str(show)]) == 0
    told = capsys.readouterr().out
    for part in (
        "preset 1 holds no values",
        "preset 3 holds no values",
        "203 presets",
        "effects.glow",
        "180 is taken",
    ):
        assert part in told
    assert look(presets) == {"Good": (2, 180.0)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{", "no JSON"),
        ("[]", "no show or preset"),
        ('{"klangbild": "show", "version": 1}', "no list of presets"),
        ('{"klangbild": "show", "version": 9, "presets": []}', "newer Klangbild"),
    ],
)
def test_what_is_no_show_is_refused_and_not_written_over(
    presets: Presets, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, names: str
) -> None:
    file = tmp_path / "file.json"
    file.write_text(text)
    for action in ("import", "export"):
        assert cli.main(["presets", action, str(file)]) == 2
        assert names in capsys.readouterr().err and file.read_text() == text
    assert cli.main(["presets", "import", str(tmp_path / "missing.json")]) == 2
    assert cli.main(["presets", "export", str(tmp_path / "file.json" / "show.json")]) == 2


def test_the_list_names_keys_and_what_is_skipped(
    presets: Presets, capsys: pytest.CaptureFixture[str]
) -> None:
    save(presets, "Nacht über Köln", 9, 0.0)
    (presets.folder / "stranger.json").write_text('{"a": 1}')
    assert cli.main(["presets"]) == 0
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.split() == ["9", "Nacht", "über", "Köln", "nacht-uber-koln.json"]
    assert second.startswith("!") and "stranger.json is no preset of Klangbild." in second
    assert str(presets.folder) in last


def test_a_show_may_start_with_a_preset(presets: Presets) -> None:
    save(presets, "Warm", 2, 20.0)
    for which in ("2", "warm"):
        values = live._values(
            {"effects.hue": 1.0}, live._parse(["--preset", which, "--set", "effects.zoom=0.9"])
        )
        assert (values["effects.hue"], values["effects.zoom"]) == (20.0, 0.9)
    assert cli.main(["live", "--preset", "7"]) == cli.main(["live", "--preset", ""]) == 2
