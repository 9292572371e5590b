"""The head-up display, its readings, and figures of shown frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from visualizer import clock
from visualizer.display import fonts, hud
from visualizer.display.readings import read
from visualizer.display.shown import Shown
from visualizer.types import Features, Image

FULL = hud.Readings(
    words=(("strings", 0.8), ("slow", 0.5)),
    shown_fps=59.6,
    images_per_s=21.0,
    features_ms=34.0,
    picture_ms=180.0,
    ages_s=(1.9, 1.2, 0.3),
    level_dbfs=-18.0,
    gain_db=6.0,
    tempo_bpm=120.0,
    input="Kopfhörer",
    coming="next Old master in 3 bars (no beat is heard: bars of 120 BPM)",
    warnings=("Images: the model is damaged; copy it anew.",),
)


ERA = hud.Readings(words=(("1870s", 0.4),), era=("1870s", 25), painted="lake.jpg · linear", ages_s=(4.0,) * 3)


class Slot:
    """Stands for a health slot."""

    def __init__(self, state: dict[str, Any] | None) -> None:
        self._state = state

    def read(self) -> dict[str, Any] | None:
        return self._state


@pytest.mark.parametrize("readings", [hud.Readings(), FULL, ERA, hud.Readings(era=("", 0))])
@pytest.mark.parametrize("height", [360, 720, 2160])
def test_it_is_a_panel_that_scales_with_the_wall(readings: hud.Readings, height: int) -> None:
    panel = hud.paint(readings, height)
    assert panel.dtype == np.uint8 and panel.shape[2] == 4
    assert panel.shape[1] == round(hud.WIDTH * height / 720) and panel.shape[0] < 0.75 * height
    assert (panel[..., :3] <= panel[..., 3:]).all()  # multiplied with alpha
    assert panel[..., 3].max() == 255 and panel[0, 0, 3] < 20  # letters, and a round corner


def test_the_level_bar_grows_with_the_level() -> None:
    def gold(level_dbfs: float) -> int:
        panel = hud.paint(hud.Readings(level_dbfs=level_dbfs), 720).astype(int)
        return int(((panel[..., 0] - panel[..., 2] > 80) & (panel[..., 3] > 250)).sum())

    assert gold(-60.0) < gold(-40.0) < gold(-20.0)


def test_names_in_other_letters_are_readable_with_any_font() -> None:
    assert fonts.plain("Kopfhörer – größer") == "Kopfhorer - grosser"
    assert fonts.plain("日本") == "??"
    text, _ = fonts.choose("plain", 14)
    assert text == "plain"


def test_readings_say_what_the_other_processes_tell() -> None:
    now_ns = clock.now_ns()
    slots = {
        "capture": Slot(
            {"beat_ns": now_ns, "sentence": "", "health": {"input": "Scarlett 2i2", "tempo_from": "tapped"}}
        ),
        "deck_a": Slot(
            {
                "beat_ns": now_ns,
                "sentence": "loading the networks",
                "health": {"words": [["piano", 0.7]], "images_per_s": 20.0, "runtime": "openvino"},
            }
        ),
        "output": Slot({"beat_ns": now_ns - 10 * clock.NS_PER_S, "limit_s": 3.0}),
        "deck_b": Slot({"beat_ns": 0, "state": "failed", "sentence": "There is no model."}),
        "display": Slot({"beat_ns": 0, "sentence": "its own line comes another way"}),
    }
    image = Image(np.zeros((1, 1, 4), np.uint8), 1, now_ns - clock.nanoseconds(0.2), 0, (1.5, 1.0, 0.1))
    shown = Shown()
    shown.add(1.0, 0.03, 0.25)
    told = read(slots, shown, image, Features(time_ns=now_ns, level_dbfs=-20.0, tempo_bpm=99.0), "")
    assert told.words == (("piano", 0.7),) and told.images_per_s == 20.0 and told.input == "Scarlett 2i2"
    assert (told.tempo_bpm, told.tempo_from) == (99.0, "tapped")
    assert told.features_ms == pytest.approx(30.0) and told.picture_ms == pytest.approx(250.0)
    assert told.ages_s == pytest.approx((1.7, 1.2, 0.3), abs=0.1)
    assert told.warnings[0] == "Images: loading the networks"
    assert told.warnings[1].startswith("Recording does not answer")
    assert told.warnings[2:] == ("Next images: There is no model.",)


def test_readings_are_of_the_deck_on_air_and_both_decks_are_named() -> None:
    now_ns = clock.now_ns()
    era = {"era": {"year": 1870, "label": "1870s", "spread": 25}, "content": "lake.jpg", "network": "wct"}
    slots = {
        "deck_a": Slot({"beat_ns": now_ns, "sentence": "loading the networks", "health": {"words": []}}),
        "deck_b": Slot({"beat_ns": now_ns, "sentence": "lake.jpg is gone.", "health": era}),
    }
    told = read(slots, Shown(), None, Features(), "", on_air="b")
    assert told.era == ("1870s", 25) and told.painted == "lake.jpg · wct"
    assert told.warnings == ("Next images: loading the networks", "Images: lake.jpg is gone.")
    assert read(slots, Shown(), None, Features(), "", on_air="a").era is None


def test_the_years_are_shown_large() -> None:
    def gold(readings: hud.Readings) -> int:
        panel = hud.paint(readings, 720).astype(int)
        return int(((panel[..., 0] - panel[..., 2] > 60) & (panel[..., 3] > 250)).sum())

    assert gold(ERA) > gold(hud.Readings(words=(("1870s", 0.4),))) + 200


def test_without_sound_the_level_is_unknown_not_old() -> None:
    old = Features(time_ns=clock.now_ns() - 5 * clock.NS_PER_S, level_dbfs=-3.0, tempo_bpm=120.0)
    told = read({}, Shown(), None, old, "Monitor 'wall' is not connected.")
    assert told.level_dbfs is None and told.tempo_bpm == 0.0
    assert told.warnings == ("Monitor 'wall' is not connected.",)


def test_shown_counts_rate_gaps_and_latency() -> None:
    shown = Shown()
    for k in range(121):
        shown.add(k / 60, 0.03, None)
    assert shown.fps == pytest.approx(60.0, rel=0.02)
    shown.add(2.0 + 0.25, 0.09, 0.4, has_image=True)
    figures = shown.figures()
    assert figures["firsts_s"] == {"frame": 0.0, "moving": pytest.approx(1 / 60), "image": 2.25}
    assert figures["longest_gap_ms"] == pytest.approx(250.0) and figures["n_gaps_over_100_ms"] == 1
    assert figures["latency_ms"]["light_p50"] == pytest.approx(30.0)
    assert figures["latency_ms"]["image_p95"] == pytest.approx(400.0)
    for k in range(120):
        shown.add(2.25 + (k + 1) / 60, 0.03, None)
    figures = shown.figures()
    assert figures["longest_gap_ms"] < 20 and figures["longest_gap_ever_ms"] == pytest.approx(250.0)
    assert figures["n_shown"] == 242
