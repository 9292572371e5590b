"""Switching while the music plays, as a user sees it: the real program, real keys, both decks."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.show import ROOT, Show, open_panel
from tests.virtual import VirtualLineIn, VirtualScreen
from visualizer.audio.sources import demo_path

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool is not installed"),
]

OTHER = "zz-other"
SMALL = ("--set", "display.width=640", "--set", "display.height=360", "--set", "show.fade_s=0.5")


@pytest.fixture
def environment(screen: VirtualScreen, line_in: VirtualLineIn, tmp_path: Path) -> dict[str, str]:
    """Both virtual devices, and a second generator among the user's own models."""
    folder = tmp_path / "data" / "klangbild" / "models" / OTHER
    shutil.copytree(ROOT / "models" / "generator-paintings", folder)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"id": OTHER}))
    return os.environ | screen.env | line_in.env | {"XDG_DATA_HOME": str(tmp_path / "data")}


@pytest.fixture
def line(line_in: VirtualLineIn) -> Iterator[VirtualLineIn]:
    """The line-in with the demo track playing into it."""
    player = line_in.play(demo_path())
    yield line_in
    player.terminate()


def test_modes_and_models_are_switched_by_key_and_memory_comes_back(
    tmp_path: Path, environment: dict[str, str], line: VirtualLineIn
) -> None:
    with Show(tmp_path, environment, "--input", "vin", *SMALL) as show:
        first = show.wait_for_images()
        assert (first["mode"], first["decks"]["on_air"]) == ("traumer", "a")
        show.press("m")
        era = show.wait_for_switch("b", 60)
        assert era["mode"] == "era"
        show.press("m")
        assert show.wait_for_switch("a", 60)["mode"] == "traumer"
        show.press("g")
        other = show.wait_for_switch("b", 60)
        assert other["workers"]["deck_b"]["health"]["loaded"]["traumer.generator"] == OTHER
        last = show.wait_until(lambda s: s["memory_mb"]["deck_a"] is None, 10, "the end of the old deck")
        assert last["memory_mb"]["deck_b"] < 1.3 * first["memory_mb"]["deck_a"]
        assert last["n_shown"] > first["n_shown"]
        assert not any(last["restarts"].values())
        assert show.end() == 0
        assert "Traceback" not in show.log


def test_what_cannot_be_loaded_is_put_back_and_said(
    tmp_path: Path, environment: dict[str, str], line: VirtualLineIn
) -> None:
    cue = ("--at", "4:traumer.generator=nowhere")
    with Show(tmp_path, environment, "--input", "vin", *SMALL, *cue) as show:
        show.wait_for_images()
        said = show.wait_until(lambda s: bool(s["decks"]["sentence"]), 30, "the sentence")
        assert "nowhere" in said["decks"]["sentence"]
        assert (said["decks"]["on_air"], said["decks"]["stage"]) == ("a", "idle")
        assert said["images_per_s"] > 0
        assert said["workers"]["deck_b"]["pid"] is None
        show.wait_until(lambda s: s["n_images"] > said["n_images"], 10, "more images")
        assert "Traceback" not in show.log


def test_a_deck_killed_during_a_fade_comes_back_as_what_it_was(
    tmp_path: Path, environment: dict[str, str], line: VirtualLineIn
) -> None:
    long = ("--set", "show.fade_s=12", "--at", f"4:traumer.generator={OTHER}")
    with Show(tmp_path, environment, "--input", "vin", *SMALL, *long) as show:
        show.wait_for_images()
        fading = show.wait_until(lambda s: s["decks"]["stage"] == "fading", 60, "the fade")
        os.kill(fading["workers"]["deck_b"]["pid"], signal.SIGKILL)
        back = show.wait_until(
            lambda s: (
                s["restarts"]["deck_b"] == 1 and s["workers"]["deck_b"]["health"].get("n_images", 0) > 0
            ),
            15,
            "deck B again",
        )
        assert back["workers"]["deck_b"]["health"]["loaded"]["traumer.generator"] == OTHER
        last = show.wait_for_switch("b", 40)
        assert last["workers"]["display"]["health"]["on_air"] == "b"
        assert "Traceback" not in show.log


def test_the_panel_switches_by_clicks_and_its_death_is_not_noticed(
    tmp_path: Path, environment: dict[str, str], line: VirtualLineIn
) -> None:
    with Show(tmp_path, environment, "--input", "vin", *SMALL) as show:
        show.wait_for_images()
        places = open_panel(show)
        show.click_panel(places["mode era"])
        assert show.wait_for_switch("b", 60)["mode"] == "era"
        show.kill("panel")
        gone = show.wait_until(lambda s: s["workers"]["panel"]["pid"] is None, 10, "the end of the panel")
        assert not any(gone["restarts"].values())
        show.press("d")
        again = show.wait_until(lambda s: s["workers"]["panel"]["state"] == "running", 30, "the panel again")
        assert (again["mode"], again["decks"]["on_air"]) == ("era", "b")
        assert again["n_shown"] > gone["n_shown"]
        assert show.end() == 0
        assert "Traceback" not in show.log


def test_a_content_that_is_gone_at_the_start_leaves_a_picture(
    tmp_path: Path, environment: dict[str, str], line: VirtualLineIn
) -> None:
    lost = ("--set", "show.mode=era", "--set", f"era.content={tmp_path / 'stick'}")
    with Show(tmp_path, environment, "--input", "vin", *SMALL, *lost) as show:
        first = show.wait_for_images()
        deck = first["workers"]["deck_a"]
        assert deck["state"] == "degraded" and "stick" in deck["sentence"]
        assert first["mode"] == "era"
    show = Show(tmp_path, environment, "--content", str(tmp_path / "typo.jpg"))
    assert show.process.wait(30) == 2
    assert "typo.jpg" in show.log and len(show.log.strip().splitlines()) == 1
