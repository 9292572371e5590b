"""The shipped MVNet tells musics and eras apart, and its nine z of one music differ but keep the palette."""

from __future__ import annotations

import numpy as np
import pytest

from visualizer import runtime
from visualizer.checkpoints.cards import WEIGHTS, load_card
from visualizer.checkpoints.weights import load_state
from visualizer.features.mel import EraMel
from visualizer.paths import MODELS

FOLDER = MODELS / "mvnet-house"
RATE_HZ = 22_050
N_SOUND = 9 * RATE_HZ

pytestmark = pytest.mark.skipif(not (FOLDER / "card.json").is_file(), reason="mvnet-house is not here")


def chord(hz: tuple[float, ...], n_harmonics: int) -> np.ndarray:
    """Chords struck twice a second, at -20 dBFS."""
    t = np.arange(N_SOUND) / RATE_HZ
    decay = np.exp(-6 * (t % 0.5))
    sound = sum(np.sin(2 * np.pi * f * k * t) / k for f in hz for k in range(1, n_harmonics + 1)) * decay
    return (np.asarray(sound) / np.std(sound) * 0.1).astype(np.float32)


def hear(sound: np.ndarray) -> np.ndarray:
    ear = EraMel()
    ear.push(sound)
    network = runtime.load(FOLDER / "model.onnx", threads=1)
    try:
        return network.run({"mel": ear.window()[None]})["v"].copy()
    finally:
        network.close()


def paint(v: np.ndarray, seeds: range) -> np.ndarray:
    """(n, 3, 64, 64): one image a seed."""
    network = runtime.load(FOLDER / "generator.onnx", threads=1)
    try:
        draw = [
            np.random.default_rng(seed).standard_normal((1, 256, 8, 8)).astype(np.float32) for seed in seeds
        ]
        return np.concatenate([network.run({"v": v, "z": z})["image"].copy() for z in draw])
    finally:
        network.close()


@pytest.fixture(scope="module")
def state() -> dict[str, np.ndarray]:
    return load_state(FOLDER / WEIGHTS)


def test_v_moves_with_the_music_and_not_with_its_level():
    low, high = chord((65.4, 98.0), 2), chord((523.3, 659.3, 784.0), 12)
    v_low, v_high = hear(low), hear(high)
    assert v_low.shape == (1, 1, 8, 16)
    moved = np.abs(v_low - v_high).mean()
    assert moved > 10 * np.abs(v_low - hear(low * 0.1)).mean()
    assert np.abs(paint(v_low, range(2)) - paint(v_high, range(2))).mean() > 0.03


def test_silence_and_noise_stay_finite():
    noise = np.random.default_rng(0).normal(size=N_SOUND).astype(np.float32)
    for sound in (np.zeros(N_SOUND, np.float32), noise):
        v = hear(sound)
        image = paint(v, range(1))
        assert np.isfinite(v).all() and np.abs(image).max() <= 1


def test_eras_on_the_card_are_those_in_the_weights(state):
    card = load_card(FOLDER)
    years = state["decade_years"]
    assert len(card.labels) == len(years) == len(state["decade_v"]) == len(state["year_bias"])
    assert (np.diff(years) > 0).all() and state["decade_v"].shape[1:] == (1, 8, 16)
    assert state["year_weight"].shape == (len(years), 128)
    assert all(label.startswith(str(int(year))) for label, year in zip(card.labels, years, strict=True))


def test_the_eras_mean_v_is_read_as_about_that_era(state):
    flat = state["decade_v"].reshape(len(state["decade_v"]), -1).astype(np.float32)
    read = (flat @ state["year_weight"].T + state["year_bias"]).argmax(1)
    assert np.abs(read - np.arange(len(flat))).mean() < 2


def test_centuries_have_palettes_of_their_own(state):
    years, centres = state["decade_years"], state["decade_v"].astype(np.float32)
    first = [paint(v[None], range(6)) for v, year in zip(centres, years, strict=True) if year < 1700]
    last = [paint(v[None], range(6)) for v, year in zip(centres, years, strict=True) if year >= 1880]
    early, late = (np.concatenate(images).mean((2, 3)) for images in (first, last))
    assert late.mean() - early.mean() > 0.1, "paintings of 1880 on are lighter than those before 1700"


def test_nine_z_differ_but_less_in_palette_than_in_form(state):
    images = paint(state["decade_v"][-2][None].astype(np.float32), range(9))
    pairs = [(a, b) for i, a in enumerate(images) for b in images[:i]]
    form = np.mean([np.abs(a - b).mean() for a, b in pairs])
    palette = np.mean([np.abs(a.mean((1, 2)) - b.mean((1, 2))).mean() for a, b in pairs])
    assert form > 0.15 and palette < form / 2
