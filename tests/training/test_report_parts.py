"""The rulers of the report: what they say of material that is known."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visualizer.paths import ASSETS
from visualizer.training import report_chain, report_generator, report_style, report_words
from visualizer.training.report_chain import Video
from visualizer.training.report_drawing import principal
from visualizer.training.report_pages import Desk, at_least, at_most, save_picture, within
from visualizer.training.report_words import Recording, Said

SECTIONS: list[dict[str, object]] = [
    {"name": "red", "start_s": 0.0, "end_s": 10.0},
    {"name": "blue", "start_s": 10.0, "end_s": 20.0},
]


def video(jump: bool = False) -> Video:
    """Ten seconds of trembling red, ten of trembling blue with a bar, 10 frames a second."""
    rng = np.random.default_rng(0)
    small = rng.normal(0, 2, (200, 32, 32, 3)).astype(np.float32) + 100
    small[:100, ..., 0] += 80
    small[100:, ..., 2] += 80
    small[100:, :8] += 60
    if jump:
        small[180] += 50
    return Video(np.arange(200) / 10, small, (32, 32), {}, 20.0, -20.0)


def test_sections_of_other_colours_and_forms_are_told_apart() -> None:
    told = report_chain.distances(video(), SECTIONS)
    assert told["colour_between_over_within"] > 5
    assert told["structure_between_over_within"] > 1.2
    assert told["least_colour_between"][0] == "red and blue"
    alike = report_chain.distances(video(), [{**s, "start_s": 0.0, "end_s": 10.0} for s in SECTIONS])
    assert alike["colour_between_over_within"] == pytest.approx(1, abs=0.2)


def test_a_jump_shows_in_the_motion_of_its_section_alone() -> None:
    calm, torn = (report_chain.motion(video(jump), SECTIONS) for jump in (False, True))
    assert calm["red"] == torn["red"] and calm["red"][2] < 1.5 * calm["red"][0]
    assert torn["blue"][2] > 40 > 5 > calm["blue"][2]


def test_checkerboards_and_fixed_motifs_are_found() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(100, 20, (40, 128, 128)).astype(np.float32)
    board = noise + 4 * ((np.arange(128)[:, None] + np.arange(128)) % 2)
    wide = noise + 4 * (np.arange(128) // 2 % 2)
    assert report_generator.checkerboard(noise, 2) < 2
    assert report_generator.checkerboard(board, 2) > 10
    assert report_generator.checkerboard(wide, 4) > 10 > report_generator.checkerboard(noise, 4)
    motif = noise.copy()
    motif[:, 20:40, 20:40] += 40
    assert report_generator.fixed_motif(noise) == pytest.approx(1, abs=0.1)
    assert report_generator.fixed_motif(motif) > 3


def test_a_pop_stands_out_among_its_neighbours() -> None:
    even = report_generator.evenness(np.full(100, 2.0))
    assert even["walk_largest_over_neighbours"] == 1.0
    popped = np.full(100, 2.0)
    popped[50] = 20.0
    assert report_generator.evenness(popped)["walk_largest_over_neighbours"] == 10.0


def said(tag: str, held_out: bool = False, **words: float) -> tuple[Recording, Said]:
    recording = Recording("x", tag, None, held_out, np.zeros((1, 2), np.float32))
    return recording, Said({k.replace("_", " "): v for k, v in words.items()}, None)


def test_words_are_counted_where_the_truth_is_known() -> None:
    heard = [
        said("classical/orchestra 1869", strings=0.9),
        said("classical/jazz", piano=0.9),
        said("rock", violin=0.8),
        said("rock", drums=0.8),
        said("music snippets", classical=1.0),
    ]
    counts = report_words.judge("classical", heard)
    assert counts == {"hits": 1, "false": 1, "missed": 1, "n_true": 2, "n_untrue": 2}
    assert report_words.recall(counts) == report_words.precision(counts) == 0.5
    silence = report_words.judge("quiet, or nothing", [said("silence"), said("rock", drums=1.0)])
    assert silence["hits"] == 1 and silence["false"] == 0


def test_tags_with_enough_recordings_make_a_row() -> None:
    heard = [
        said("rock", drums=0.9, rock=0.2),
        said("rock", drums=0.6),
        said("rock", drums=0.9),
        said("solo"),
    ]
    assert report_words.by_tag(heard) == [["rock", 3, 0, "drums 80%"]]


def test_short_recordings_come_again_and_long_ones_are_cut() -> None:
    assert report_words.looped(np.ones((48_000, 1), np.float32)).shape == (8 * 48_000, 2)
    assert len(report_words.looped(np.ones((48_000 * 40, 2), np.float32))) == 14 * 48_000
    assert report_words.known_year("brahms-hungarian-2.mp3") == 1869
    assert report_words.known_year("twists.ogg") is None


def test_targets_are_met_on_the_right_side() -> None:
    assert at_least("a", 0.9, 0.91).is_met and not at_least("a", 0.9, 0.89).is_met
    assert at_most("a", 25, 20).is_met and not at_most("a", 25, None).is_met
    assert within("a", 0.7, 1.3, 1.0).is_met and not within("a", 0.7, 1.3, 1.4).is_met
    assert at_most("a", 25, None).row()[-1] == "not measured"


def test_pictures_stay_small(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (900, 900, 3), np.uint8)
    save_picture(Image.fromarray(noise).resize((700, 700)), tmp_path / "a.jpg")
    assert (tmp_path / "a.jpg").stat().st_size <= 200_000


def test_principal_components_keep_what_varies() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 6)) * np.array([9, 5, 0.1, 0.1, 0.1, 0.1])
    points, share = principal(rows)
    assert points.shape == (50, 2) and share > 0.98


def test_style_tables_come_from_the_newest_run(tmp_path: Path) -> None:
    keys = ("content_loss", "style_loss", "content_loss_ratio", "style_loss_ratio", "worst_to_its_like")
    losses = {"n_pairs": 200, "linear": dict.fromkeys(keys, 0.9)}
    runs = [{"commit": "old", "figures": {}}, {"commit": "new", "figures": {"losses": losses}}]
    (tmp_path / "styles.json").write_text(json.dumps(runs), "utf-8")
    desk = Desk(benches=tmp_path, out=tmp_path / "models.md")
    assert report_style.targets(desk, {})[0].is_met
    assert "commit new" in report_style.page(desk, {})


def test_rock_is_loud_and_its_guitars_are_overdriven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ASSETS))
    rock = importlib.import_module("composer.rock")
    monkeypatch.setattr(rock, "N_BARS", 3)
    monkeypatch.setattr(rock, "CHORDS", (40, 43, 45))
    sound = rock.compose(np.random.default_rng(0))
    assert np.isfinite(sound).all()
    assert 10 * np.log10(np.mean(sound**2)) == pytest.approx(-13, abs=0.1)
    note = rock.string(40, 0.5, False, np.random.default_rng(0))
    driven = rock.amplifier(note, 9.0)
    crest = [float(np.abs(x).max() / np.sqrt(np.mean(x**2))) for x in (note, driven)]
    assert crest[1] < crest[0]
    assert "composer.rock" in sys.modules
