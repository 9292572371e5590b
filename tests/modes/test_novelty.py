"""Other music is told soon and once; the same music, its notes, rhythm and loudness, are not other music."""

import numpy as np
import pytest

from visualizer.features.mel import EraMel
from visualizer.modes.novelty import Novelty
from visualizer.types import Float32

RATE_HZ = 22050
TICK_S = 768 / RATE_HZ


def _notes(keys: list[int], seconds: float, brightness: float, note_s: float = 0.25) -> Float32:
    """A melody of those keys over and over, with harmonics that fall off by `brightness`."""
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = np.zeros(len(at_s))
    steps = (at_s / note_s).astype(int)
    for i, key in enumerate(keys):
        on = steps % len(keys) == i
        fade = np.exp(-4.0 * (at_s[on] % note_s))
        for harmonic in range(1, 9):
            hz = harmonic * 440 * 2 ** ((key - 69) / 12)
            sound[on] += fade * brightness ** (harmonic - 1) * np.sin(2 * np.pi * hz * at_s[on])
    noise = np.random.default_rng(len(keys)).normal(size=len(at_s))
    return (0.1 * sound + 1e-4 * noise).astype(np.float32)


PIANO = [60, 64, 67, 72, 65, 69, 72, 62]
BEAT = [36, 41, 36, 43]


def _changes(sound: Float32) -> list[tuple[float, float]]:
    """(told at, began at) in seconds."""
    columns = EraMel().analyse(sound)
    novelty, told = Novelty(TICK_S), []
    for tick in range(columns.shape[1] // 3):
        n = novelty.push(columns[:, 3 * tick : 3 * tick + 3].mean(axis=1))
        if n:
            told.append((tick * TICK_S, (tick - n) * TICK_S))
    return told


def test_other_music_is_told_soon_and_once() -> None:
    rng = np.random.default_rng(1)
    techno = _notes(BEAT, 10.0, 0.95, 0.12) + rng.normal(scale=0.03, size=220500).astype(np.float32)
    told = _changes(np.concatenate([_notes(PIANO, 10.0, 0.4), techno]))
    assert len(told) == 1
    assert 10.0 < told[0][0] < 11.9
    assert told[0][1] == pytest.approx(10.0, abs=0.4)


@pytest.mark.parametrize("keys", [PIANO, BEAT])
def test_a_steady_piece_is_one_piece(keys: list[int]) -> None:
    assert _changes(_notes(keys, 30.0, 0.6)) == []


def test_loudness_is_no_change() -> None:
    sound = _notes(PIANO, 20.0, 0.6)
    swell = np.interp(np.arange(len(sound)), [0, 220500, 240000, 441000], [0.05, 0.05, 1.0, 0.2])
    assert _changes((sound * swell).astype(np.float32)) == []


def test_silent_and_broken_columns_stay_finite() -> None:
    novelty = Novelty(TICK_S)
    for power in (0.0, 1e6):
        for _ in range(200):
            novelty.push(np.full(128, power, np.float32))
            assert np.isfinite(novelty.distance)


def test_reset_equals_fresh() -> None:
    novelty, fresh = Novelty(TICK_S), Novelty(TICK_S)
    rng = np.random.default_rng(3)
    for _ in range(300):
        novelty.push(rng.random(128, np.float32))
    novelty.reset()
    for _ in range(300):
        power = rng.random(128, np.float32)
        assert novelty.push(power) == fresh.push(power) and novelty.distance == fresh.distance
