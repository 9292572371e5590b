"""Tempo, beat phase and onsets on clicks, drums, noise and steady sound."""

from itertools import pairwise

import numpy as np
import pytest

from visualizer.features.fast import FastFeatures
from visualizer.types import Features

RATE_HZ = 48000


def beats(
    bpm: float, seconds: float, first_s: float = 0.123, kick: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Clicks or kick drums over faint noise, (n,) float32, and their times in seconds."""
    t = np.arange(RATE_HZ // 4) / RATE_HZ
    hit = (
        np.sin(2 * np.pi * 55 * t) * np.exp(-t / 0.08)
        if kick
        else np.sin(2 * np.pi * 1000 * t) * np.exp(-t / 0.005)
    )
    sound = 1e-4 * np.random.default_rng(0).standard_normal(int(seconds * RATE_HZ))
    times_s = np.arange(first_s, seconds - 0.3, 60.0 / bpm)
    for time_s in times_s:
        at = round(time_s * RATE_HZ)
        sound[at : at + len(hit)] += 0.8 * hit
    return sound.astype(np.float32), times_s


def hear(sound: np.ndarray) -> list[Features]:
    analysis, heard = FastFeatures(RATE_HZ), []
    for first in range(0, len(sound), 960):
        block = sound[first : first + 960]
        heard += analysis.push(block, round(1e9 * (first + len(block)) / RATE_HZ))
    return heard


def rises(heard: list[Features]) -> int:
    return sum(b.onset == 1.0 and a.onset < 1.0 for a, b in pairwise(heard))


@pytest.mark.parametrize("kick", [False, True])
@pytest.mark.parametrize("bpm", [60.0, 84.0, 100.0, 120.0, 133.0, 150.0, 180.0])
def test_reads_the_tempo_and_the_beat_after_8_s(bpm: float, kick: bool) -> None:
    sound, times_s = beats(bpm, 14.0, kick=kick)
    heard = [f for f in hear(sound) if f.sample > 8 * RATE_HZ]
    tempi = np.array([f.tempo_bpm for f in heard])
    assert np.abs(tempi / bpm - 1.0).max() < 0.02
    assert min(f.beat_confidence for f in heard) > 0.4
    heard_s = np.array([f.sample / RATE_HZ for f in heard])
    turns = np.unwrap([2 * np.pi * f.beat_phase for f in heard]) / (2 * np.pi)
    assert (np.diff(turns) >= 0).all()
    times_s = times_s[(times_s > heard_s[0]) & (times_s < heard_s[-1])]
    error = (np.interp(times_s, heard_s, turns) + 0.5) % 1.0 - 0.5
    assert np.abs(error).max() * 60.0 / bpm < 0.07


def test_follows_a_change_of_tempo() -> None:
    slow, fast = beats(90.0, 10.0)[0], beats(126.0, 12.0)[0]
    heard = hear(np.concatenate([slow, fast]))
    at_10_s = [f for f in heard if f.sample <= 10 * RATE_HZ][-1]
    assert at_10_s.tempo_bpm == pytest.approx(90.0, rel=0.02)
    assert heard[-1].tempo_bpm == pytest.approx(126.0, rel=0.02)


def test_each_click_is_one_onset_at_once() -> None:
    sound, times_s = beats(100.0, 8.0)
    heard = hear(sound)
    assert rises(heard) == len(times_s)
    for time_s in times_s:
        first = next(f for f in heard if f.sample / RATE_HZ > time_s and f.onset == 1.0)
        assert first.sample / RATE_HZ - time_s < 0.035
        assert abs(first.onset_ns / 1e9 - time_s) < 0.012


def test_the_flash_decays() -> None:
    heard = hear(beats(60.0, 2.0, first_s=0.5)[0])
    at = next(i for i, f in enumerate(heard) if f.onset == 1.0)
    flash = [f.onset for f in heard[at : at + 40]]
    assert flash == sorted(flash, reverse=True)
    assert flash[20] < 0.5 < flash[3]
    assert {f.onset_ns for f in heard[at : at + 40]} == {heard[at].onset_ns}


def test_noise_and_steady_sound_have_no_beat() -> None:
    t = np.arange(10 * RATE_HZ) / RATE_HZ
    chord = sum(0.2 * np.sin(2 * np.pi * f * t) for f in (220.0, 277.18, 329.6))
    noise = 0.2 * np.random.default_rng(1).standard_normal(len(t))
    for sound in (chord, noise, 0.0 * t):
        heard = hear(sound.astype(np.float32))[150:]
        assert max(f.beat_confidence for f in heard) < 0.1
        assert rises(heard) < 10


def test_confidence_and_onset_fade_when_the_music_stops() -> None:
    sound = np.concatenate([beats(120.0, 10.0)[0], np.zeros(18 * RATE_HZ, np.float32)])
    heard = hear(sound)
    at_14_s = [f for f in heard if f.sample <= 14 * RATE_HZ][-1]
    playing = [f for f in heard if f.sample <= 10 * RATE_HZ][-1]
    assert playing.beat_confidence > 0.5
    assert at_14_s.beat_confidence < 0.05
    assert at_14_s.onset == 0.0
    assert heard[-1].beat_confidence == heard[-1].tempo_bpm == 0.0
