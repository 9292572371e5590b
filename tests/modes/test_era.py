"""Era mode on functions for networks: the laws, calm and change, silence, the dial, contents."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tests.era_fakes import LABELS, Function, Pictures, Transfer, film, make_era, networks, settings
from visualizer import clock
from visualizer.content.content import Frame
from visualizer.modes.era import Era
from visualizer.modes.era_content import Canvas, Dreams
from visualizer.modes.mode import Mode
from visualizer.types import Features, Float32, Image, UInt8, UserError


def _noise(seconds: float, low: bool, seed: int = 0) -> Float32:
    """Dark or bright noise with a slow tremble, (n, 2)."""
    n = round(seconds * 48000)
    white = np.random.default_rng(seed).normal(size=n).astype(np.float32)
    sound = np.cumsum(white) - np.convolve(np.cumsum(white), np.ones(400) / 400, "same") if low else white
    tremble = 1.0 + 0.5 * np.sin(2 * np.pi * 3.3 * np.arange(n) / 48000)
    sound = 0.1 * sound / sound.std() * tremble
    return np.stack([sound, sound], axis=1).astype(np.float32)


def _apart(frames: list[UInt8]) -> list[float]:
    return [float(np.abs(b.astype(int) - a).mean()) for a, b in itertools.pairwise(frames)]


def test_it_is_a_mode() -> None:
    mode: Mode = make_era()
    assert mode.name == "era"


@pytest.mark.parametrize("n_block", [320, 533, 1600])
def test_chunked_equals_whole(n_block: int) -> None:
    sound = _noise(2.5, low=False)
    whole, chunked = film(make_era(), sound), film(make_era(), sound, n_block)
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(whole, chunked, strict=True)) <= 1
    assert len({frame.tobytes() for frame in whole}) > 20


def test_reset_equals_fresh_and_the_seed_decides() -> None:
    sound = _noise(2.0, low=True)
    mode = make_era(era__drift=0.5)
    first = film(mode, sound)
    mode.reset()
    assert np.array_equal(first, film(mode, sound))
    assert not np.array_equal(first[0], film(make_era(era__drift=0.5, era__seed=8), sound)[0])


def test_steady_music_is_calm_and_a_change_shows_within_three_seconds() -> None:
    sound = np.concatenate([_noise(14.0, low=True), _noise(14.0, low=False)])
    steady, raw = film(make_era(), sound), film(make_era(era__smoothing_s=0.03), sound)
    calm, restless = (np.mean(_apart(frames[300:420])) for frames in (steady, raw))
    assert calm < restless / 5
    before, after = (np.mean(steady[i : i + 90], axis=0) for i in (330, 740))
    way = after - before
    there = np.sum((steady[17 * 30] - before) * way) / np.sum(way * way)
    assert there > 0.8


def test_silence_comes_to_rest_at_the_neutral_style_and_is_from_no_time() -> None:
    mode = make_era()
    film(mode, _noise(4.0, low=False))
    assert mode.words() and mode.state()["era"]["year"]
    neutral = make_era().style_vector()
    assert np.abs(mode.style_vector() - neutral).max() > 0.1
    frames = film(mode, np.zeros((48000 * 14, 2), np.float32), start=120)
    np.testing.assert_allclose(mode.style_vector(), neutral, atol=1e-3)
    assert mode.words() == [] and mode.state()["era"] == {"year": None, "label": "", "spread": 0}
    assert max(_apart(frames[-60:])) < 0.05


def test_music_after_silence_does_not_begin_with_the_piece_before() -> None:
    mode = make_era()
    film(mode, _noise(4.0, low=False))
    film(mode, np.zeros((48000 * 14, 2), np.float32), start=120)
    neutral = mode.style_vector()
    film(mode, _noise(0.9, low=True), start=540)
    np.testing.assert_allclose(mode.style_vector(), neutral, atol=1e-3)


def test_bad_samples_stay_finite() -> None:
    bad = np.tile(np.array([[np.nan, np.inf], [-np.inf, 1e20], [1.0, 1.0]], np.float32), (32000, 1))
    mode = make_era()
    film(mode, bad)
    assert np.isfinite(mode.style_vector()).all()


def test_the_dial_leans_to_the_decade_and_says_when_there_is_none() -> None:
    mode = make_era(era__dial=1.0, era__year=1806)
    film(mode, _noise(2.0, low=True))
    np.testing.assert_allclose(mode.style_vector(), mode._eras.centres[3], rtol=1e-5)
    assert mode.sentence == ""
    mode.apply(settings(era__dial=0.5, era__year=1650))
    half = (mode._steady_v.value + mode._eras.centres[0]) / 2
    np.testing.assert_allclose(mode.style_vector(), half, rtol=1e-4, atol=1e-6)
    assert "1650" in mode.sentence and "1700s" in mode.state()["sentence"]
    mode.apply(settings(era__dial=0.0, era__year=1650))
    assert mode.sentence == ""


def test_strength_reaches_from_the_content_to_the_style() -> None:
    pictures = Pictures()
    plain = film(make_era(pictures, era__strength=0.0), _noise(1.5, low=True))[-1]
    assert np.abs(plain.astype(int) - pictures.frame(0.0).pixels).max() <= 1
    assert not np.array_equal(plain, film(make_era(Pictures()), _noise(1.5, low=True))[-1])


def test_what_has_not_changed_is_not_painted_again() -> None:
    mode = make_era()
    transfer: Any = mode._transfer
    for i in range(30):
        mode.paint(i * clock.NS_PER_S // 30)
    assert (transfer.n_contents, transfer.n_painted) == (1, 1)
    mode.apply(settings(era__strength=0.5))
    mode.paint(clock.NS_PER_S)
    assert (transfer.n_contents, transfer.n_painted) == (1, 2)


def test_one_still_picture_softly_becomes_the_next_of_another_shape() -> None:
    pictures = Pictures((16, 32))
    mode = make_era(pictures)
    old = mode.paint(0).pixels.copy()
    pictures.number, pictures.size = 2, (48, 32)
    frames = [mode.paint(i * clock.NS_PER_S // 30).pixels[..., :3].copy() for i in range(1, 45)]
    assert frames[0].shape == (48, 32, 3) and old.shape == (16, 32, 4)
    # It begins as the middle of the old picture, as large as covers the new shape.
    columns = ((32 + (2 * np.arange(32) + 1 - 32) / 3) / 2).astype(int)
    middle = old[..., :3][np.arange(48) // 3][:, columns]
    assert np.abs(frames[0].astype(int) - middle).mean() < 3
    assert max(_apart(frames)) < 12 and max(_apart(frames[32:])) == 0.0
    assert np.abs(frames[-1].astype(int) - frames[0]).mean() > 30


def test_moving_pictures_replace_each_other_at_once() -> None:
    pictures = Pictures(is_still=False)
    mode = make_era(pictures, era__strength=0.0)
    mode.paint(0)
    pictures.number = 2
    now = mode.paint(clock.NS_PER_S // 30).pixels[..., :3]
    assert np.abs(now.astype(int) - pictures.frame(0.0).pixels).max() <= 1


def test_a_content_in_trouble_is_told_and_the_show_goes_on() -> None:
    pictures = Pictures()
    mode = make_era(pictures)
    film(mode, _noise(0.5, low=True))
    pictures.sentence = "night.mp4 is gone; copy it back."
    assert len(film(mode, _noise(0.5, low=True), start=15)) == 15
    assert mode.state()["sentence"] == "night.mp4 is gone; copy it back."


def test_another_size_opens_the_content_again_when_the_slider_rests() -> None:
    opened: list[int] = []

    def open_content(values: Any) -> Pictures:
        if values["era.size_px"] == 512:
            raise UserError("It is gone.")
        opened.append(values["era.size_px"])
        return Pictures((16, values["era.size_px"]))

    canvas = Canvas(open_content, settings())
    for i, size_px in enumerate([128, 192, 160]):
        canvas.apply(settings(era__size_px=size_px))
        canvas.frame(0.1 * i)
    assert opened == [256]
    assert canvas.frame(1.0).pixels.shape[1] == 160 and opened == [256, 160]
    canvas.apply(settings(era__size_px=512))
    canvas.frame(1.1)
    assert canvas.frame(2.0).pixels.shape[1] == 160 and canvas.sentence == "It is gone."


class Dreamer:
    """A mode that paints how many samples it heard."""

    name = "dreamer"

    def __init__(self) -> None:
        self.n_heard = self.n_painted = 0
        self.is_closed = False

    def hear(self, samples: Float32, heard_ns: int, features: Features, n_most_ticks: int | None) -> None:
        self.n_heard += len(samples)

    def paint(self, now_ns: int) -> Image:
        self.n_painted += 1
        return Image(np.full((64, 64, 4), self.n_painted, np.uint8), self.n_painted, 0, 0)

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def test_traumer_is_a_content_that_hears_all_and_paints_seldom() -> None:
    dreamer: Any = Dreamer()
    mode = make_era(Dreams(dreamer, 32), era__size_px=32)
    frames = film(mode, _noise(2.0, low=True))
    assert frames[0].shape == (32, 32, 3)
    assert dreamer.n_painted == 16 and dreamer.n_heard >= 2 * 48000 - 12000
    dream: list[Frame] = [Dreams(dreamer, 64).frame(0.0), Dreams(dreamer, 1024).frame(0.0)]
    assert all(frame.pixels.shape == (64, 64, 3) for frame in dream)


def test_all_is_given_back() -> None:
    pictures = Pictures()
    mode = make_era(pictures)
    networks, transfer = mode._networks, mode._transfer
    mode.close()
    assert isinstance(networks.generator, Function) and isinstance(transfer, Transfer)
    assert pictures.is_closed and networks.generator.is_closed and transfer.is_closed


def test_state_says_what_a_deck_tells() -> None:
    mode: Era = make_era()
    film(mode, _noise(2.0, low=True))
    state = mode.state()
    assert state["mode"] == "era" and state["content"] == "random" and state["network"] == "fake"
    assert state["n_images"] == 60 and 50 < state["n_ticks"] < 60 and state["size_px"] == 32
    assert state["era"]["label"] in LABELS and state["era"]["spread"] >= 10


def test_a_deck_that_starts_in_mid_show_is_there_with_its_first_image() -> None:
    sound = _noise(10.0, low=True)
    slow, late = make_era(), make_era()
    film(slow, sound)
    late.hear(sound, 0, Features(), n_most_ticks=1)
    assert late.state()["n_ticks"] == 1
    away = np.abs(late.style_vector() - slow.style_vector()).mean()
    assert away < 0.2 * np.abs(late.style_vector() - make_era().style_vector()).mean()


def test_fewer_pixels_are_a_smaller_content_and_come_back() -> None:
    opened: list[int] = []

    def open_content(values: Any) -> Pictures:
        opened.append(values["era.size_px"])
        return Pictures((values["era.size_px"], values["era.size_px"]))

    values = settings(era__size_px=96)
    mode = Era(networks(), Transfer(), Canvas(open_content, values), values)
    sizes = []
    for i in range(6):
        if i % 2 == 0:
            mode.lighten(i == 2)
        sizes.append(mode.paint(clock.nanoseconds(float(i))).pixels.shape[0])
    assert sizes == [96, 96, 96, 64, 64, 96]
    assert opened == [96, 64, 96]
