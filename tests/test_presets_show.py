"""Presets as a performer uses them: the real program, real keys, files that outlive the show."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.show import ROOT, Show
from tests.virtual import VirtualScreen
from visualizer import settings

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool is not installed"),
]

SMALL = ("--set", "display.width=640", "--set", "display.height=360", "--set", "show.fade_s=0.3")


@pytest.fixture
def environment(screen: VirtualScreen, tmp_path: Path) -> dict[str, str]:
    """The virtual screen, and a second generator among the user's own models."""
    folder = tmp_path / "data" / "klangbild" / "models" / "zz-other"
    shutil.copytree(ROOT / "models" / "generator-paintings", folder)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"id": "zz-other"}))
    return os.environ | screen.env | {"XDG_DATA_HOME": str(tmp_path / "data")}


def _kept(folder: Path) -> dict[str, object]:
    """What the show remembers of the values set by hand, once it has ended."""
    values, skipped = settings.load(folder / "config" / "klangbild" / "settings.toml")
    assert skipped == []
    return dict(values)


def test_a_look_is_saved_left_and_recalled_by_key(tmp_path: Path, environment: dict[str, str]) -> None:
    start = ("--input", "demo", "--set", "traumer.seed=20", "--set", "effects.hue=120")
    with Show(tmp_path, environment, *SMALL, *start) as show:
        show.wait_for_images()
        show.press("ctrl+3")
        show.wait_until(lambda s: s["preset"] == "Preset 3", 5, "the saving")
        preset = json.loads((tmp_path / "config/klangbild/presets/preset-3.json").read_text())
        assert (preset["slot"], preset["values"]["effects.hue"]) == (3, 120.0)
        assert preset["values"]["traumer.seed"] == 20 and "audio.input" not in preset["values"]
        show.press("n", "n", "g")  # another seed, another model
        show.wait_for_switch("b", 60)
        show.press("3")
        back = show.wait_for_switch("a", 60)
        assert back["workers"]["deck_a"]["health"]["loaded"]["traumer.generator"] == "generator-paintings"
        assert not any(back["restarts"].values())
        assert show.end() == 0
        assert "Traceback" not in show.log
    assert _kept(tmp_path)["traumer.seed"] == 20


def test_another_show_recalls_what_was_exported(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "config" / "klangbild" / "presets"
    folder.mkdir(parents=True)
    values = {"effects.saturation": 0.0, "effects.glow": 3}
    body = {"klangbild": "preset", "version": 1, "name": "Grey", "slot": 4, "values": values}
    (folder / "grey.json").write_text(json.dumps(body))
    (folder / "broken.json").write_text("{")
    home = environment | {"XDG_CONFIG_HOME": str(tmp_path / "config")}

    def klangbild(*arguments: str, home: dict[str, str] = home) -> str:
        command = [sys.executable, str(ROOT / "run.py"), "presets", *arguments]
        run = subprocess.run(
            command, env=home, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
        )
        return run.stdout

    listed = klangbild()
    assert "effects.glow is not known here" in listed and "broken.json is no JSON" in listed
    klangbild("export", str(tmp_path / "show.json"))
    other = tmp_path / "other"
    told = klangbild(
        "import", str(tmp_path / "show.json"), home=home | {"XDG_CONFIG_HOME": str(other / "config")}
    )
    assert "'Grey' was taken in on key 4" in told
    with Show(other, environment, "--input", "demo", *SMALL, "--set", "show.morph_s=0.2") as show:
        show.wait_for_images()
        show.press("4")
        show.wait_until(lambda s: s["preset"] == "Grey", 5, "the recall")
        assert show.end() == 0
    assert _kept(other)["effects.saturation"] == 0.0
