"""Training music: notes survive the way into a file and back, truths are true, sounds are finite."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from visualizer.networks.tagger import TAGS
from visualizer.training import music
from visualizer.training.midi import DRUM_CHANNEL, Note, cut, read_notes, write_notes
from visualizer.training.patterns import drums
from visualizer.training.scenes import KINDS, Scene, make_scene, truth
from visualizer.training.sounds import RATE_HZ, Synth

SCORE = [Note(0.25 * i, 0.3, 48 + (i * 7) % 30, 80, i % 3, 0) for i in range(200)]


def tag(vector: np.ndarray, name: str) -> float:
    return float(vector[TAGS.index(name)])


def test_notes_round_trip() -> None:
    notes = [Note(0.5, 1.0, 60, 90, 0, 40), Note(1.0, 0.5, 64, 70, 1, 0), Note(1.5, 0.5, 60, 90, 0, 73)]
    back = read_notes(write_notes(notes, [(0.0, 0, 7, 100)], 3.0))
    assert [(n.key, n.velocity, n.channel, n.program) for n in back] == [
        (n.key, n.velocity, n.channel, n.program) for n in notes
    ]
    for a, b in zip(back, notes, strict=True):
        assert a.start_s == pytest.approx(b.start_s, abs=2e-3)
        assert a.length_s == pytest.approx(b.length_s, abs=2e-3)


def test_broken_midi_is_refused() -> None:
    whole = write_notes(SCORE, [], 60)
    with pytest.raises(ValueError, match="MIDI"):
        read_notes(b"RIFF" + whole[4:])
    with pytest.raises(ValueError, match="cut short"):
        read_notes(whole[:300])


def test_cut_plays_faster() -> None:
    part = cut(SCORE, 10, 4, speed=2)
    assert part[0].start_s == pytest.approx(0)
    assert len(part) == pytest.approx(4 * 2 * 4, abs=1)
    assert all(n.start_s + n.length_s <= 4 + 1e-9 for n in part)


def test_truth_follows_the_instruments_that_sound_in_the_window() -> None:
    violin = [Note(i, 1.0, 70, 90, 0, 40) for i in range(4)]
    drum = [Note(6 + 0.25 * i, 0.1, 36, 100, DRUM_CHANNEL, 0) for i in range(8)]
    scene = Scene("x", violin + drum, {})
    first, second = truth(scene, 0, 4), truth(scene, 5, 4)
    assert tag(first, "violin") == tag(first, "strings") == 1
    assert tag(first, "drums") == tag(first, "piano") == 0
    assert tag(second, "drums") == tag(second, "beat") == 1
    assert tag(second, "violin") == 0
    assert np.isnan(tag(first, "slow"))


def test_silent_window_has_no_instruments() -> None:
    assert np.nanmax(truth(Scene("x", [Note(0, 1, 60, 80, 0, 0)], {"classical": 1.0}), 8, 4)) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_scene_can_be_played(kind: str) -> None:
    rng = np.random.default_rng(5)
    scene = make_scene(kind, SCORE, 8.0, rng)
    assert scene.notes
    sound = Synth(rng).play(scene.notes, 8.0)
    assert sound.shape == (8 * RATE_HZ,)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 0.05


def test_techno_has_a_kick_on_every_beat() -> None:
    kicks = [n.start_s for n in drums("techno", 120, 8, np.random.default_rng(0)) if n.key == 36]
    np.testing.assert_allclose(kicks, np.arange(16) * 0.5, atol=0.05)


def test_mix_has_what_either_has() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=music.CLIP).astype(np.float32) * 0.1
    a = music.Clip("a", noise, music.stated({"piano": 1, "violin": 0, "guitar": 0}))
    b = music.Clip("b", noise[::-1].copy(), music.stated({"violin": 1, "guitar": 0}))
    both = music.mix(a, b, rng)
    assert (both.truth[:, TAGS.index("piano")] == 1).all()
    assert (both.truth[:, TAGS.index("violin")] == 1).all()
    assert (both.truth[:, TAGS.index("guitar")] == 0).all()
    assert np.isnan(both.truth[:, TAGS.index("harp")]).all()
    assert np.abs(both.samples).max() <= 1


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="FluidSynth is not installed")
def test_tape_keeps_scenes_apart() -> None:
    if not any(folder.is_dir() for folder in music.SOUNDFONT_DIRS):
        pytest.skip("no soundfont is installed")
    loud = Scene("a", [Note(0.5 * i, 0.4, 60, 100, 0, 0) for i in range(28)], {})
    rest = Scene("b", [Note(7.0, 0.5, 72, 100, 0, 0)], {})
    font = min(music.find_soundfonts(), key=lambda path: path.stat().st_size)
    first, second = music.render_tape([loud, rest], font, np.random.default_rng(0))
    assert first.shape == second.shape == (music.CLIP,)
    assert np.abs(first[: RATE_HZ * 2]).max() > 0.01
    assert np.abs(second[RATE_HZ : 6 * RATE_HZ]).max() < 0.002
    assert np.abs(second[7 * RATE_HZ : 8 * RATE_HZ]).max() > 0.01


def test_missing_folder_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(music.UserError, match="--data"):
        music.Scores(tmp_path, "train")
