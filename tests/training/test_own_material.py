"""A person's own music, pairs and models: what is taken, what is left out, what is said."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.tiny_models import tiny_generator
from visualizer.checkpoints import styles, weights
from visualizer.checkpoints.cards import Model, load_card
from visualizer.checkpoints.cli import sample
from visualizer.training import own_music, own_pairs
from visualizer.training.music import CLIP
from visualizer.types import UserError

__all__ = ["tiny_generator"]


def write_tone(path: Path, seconds: float, hz: float = 220.0) -> None:
    t = np.arange(round(seconds * 16_000)) / 16_000
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * hz * t), 16_000)


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """Seven songs, one too short, one unreadable."""
    for i in range(5):
        write_tone(tmp_path / f"{i}.wav", 16)
    write_tone(tmp_path / "short.wav", 1)
    (tmp_path / "bad.mp3").write_bytes(b"no music")
    return tmp_path


def all_clips(folder: Path, held_out: bool) -> list[str]:
    rng = np.random.default_rng(0)
    made = list(own_music.clips(folder, held_out, slice(None), rng))
    assert all(clip.samples.shape == (CLIP,) and np.isnan(clip.truth).all() for clip in made)
    return [clip.kind for clip in made]


def test_every_readable_song_is_on_one_side(songs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sides = [own_music.find_music(songs, held_out) for held_out in (True, False)]
    assert len(sides[0]) == 1 and not set(sides[0]) & set(sides[1])
    (songs / "bad.mp3").rename(songs / "worse.mp3")
    kinds = []
    for held_out in (True, False):
        try:
            kinds += all_clips(songs, held_out)
        except UserError:
            assert held_out  # the one that was held out is the one that cannot be used
    assert len(kinds) >= 4 and set(kinds) <= {f"own_{i}" for i in range(5)}


def test_empty_tiny_and_unreadable_folders_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--data"):
        own_music.find_music(tmp_path / "none", False)
    with pytest.raises(UserError, match="0 audio or MIDI files"):
        own_music.find_music(tmp_path, False)
    for name in ("a.mp3", "b.mp3"):
        (tmp_path / name).write_bytes(b"no music")
    with pytest.raises(UserError, match="too little music"):
        list(own_music.clips(tmp_path, False, slice(None), np.random.default_rng(0)))


def write_pairs(folder: Path, n: int = 8, **changed: object) -> Path:
    entry: dict[str, object] = {"music": "song.wav", "start_s": 2, "picture": "tiny-generator-7-0003.png"}
    path = folder / "pairs.json"
    path.write_text(json.dumps({"pairs": [entry] * (n - 1) + [entry | changed]}), "utf-8")
    return path


def test_a_pair_is_the_style_of_the_picture_that_was_sampled(tiny_generator: Path, tmp_path: Path) -> None:
    pairs = own_pairs.read_pairs(write_pairs(tmp_path))
    w = own_pairs.styles_of(pairs, tiny_generator)
    assert w.shape == (8, 24) and np.array_equal(w[0], w[1])
    stored = weights.load_state(tiny_generator / "weights.safetensors")
    wanted = styles.map_styles(stored, styles.draw_z(24, 7, 3)[None])[0]
    np.testing.assert_allclose(w[0], wanted, rtol=1e-4, atol=1e-5)
    model = Model(tiny_generator, load_card(tiny_generator))
    few, many = list(sample(model, 2, 7)), list(sample(model, 4, 7))
    assert np.array_equal(few[1], many[1])  # a picture does not depend on how many are sampled


def test_a_clip_begins_where_the_pair_says_and_comes_again(tmp_path: Path) -> None:
    write_tone(tmp_path / "song.wav", 6)
    (clip, *_) = own_pairs.clips_of(own_pairs.read_pairs(write_pairs(tmp_path)))
    assert clip.shape == (CLIP,) and clip.dtype == np.float32
    assert clip[:100] == pytest.approx(clip[64_000:64_100])  # 4 s of it are left
    with pytest.raises(UserError, match="earlier start_s"):
        own_pairs.clips_of(own_pairs.read_pairs(write_pairs(tmp_path, start_s=5.5)))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"picture": "holiday.png"}, "not named as"),
        ({"start_s": -1}, "start_s"),
        ({"start_s": "half"}, "start_s"),
    ],
)
def test_a_wrong_pair_is_named(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=f"pair 8 .*{said}"):
        own_pairs.read_pairs(write_pairs(tmp_path, **changed))


def test_lists_that_are_none_are_one_sentence(tiny_generator: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="7 pairs"):
        own_pairs.read_pairs(write_pairs(tmp_path, n=7))
    with pytest.raises(UserError, match="cannot be read"):
        own_pairs.read_pairs(tmp_path / "none.json")
    (tmp_path / "list.json").write_text("[1]", "utf-8")
    with pytest.raises(UserError, match=r"docs/training\.md"):
        own_pairs.read_pairs(tmp_path / "list.json")
    pairs = own_pairs.read_pairs(write_pairs(tmp_path, picture="other-7-0001.png"))
    with pytest.raises(UserError, match="other"):
        own_pairs.styles_of(pairs, tiny_generator)


@pytest.mark.parametrize(
    "given",
    [
        ("generator", "--stage", "publish", "--models", "Mine"),
        ("mvnet", "--models", "my eras"),
        ("tagger", "--ship", "tagger_v2"),
        ("transfer", "--out", "."),
    ],
)
def test_a_name_that_no_model_can_have_is_refused_at_once(given: tuple[str, ...]) -> None:
    script, *arguments = given
    with pytest.raises(UserError, match=f"{given[-2]} .*small letters"):
        import_module(f"visualizer.training.{script}").main(arguments)
