"""Taps against music: which octave, which onset is the beat, and when the music leads again."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
import soundfile

from visualizer.audio.sources import demo_path
from visualizer.features.fast import FastFeatures
from visualizer.types import Features

RATE_HZ = 48000
FIRST_S = 0.123


def clicks(bpm: float, seconds: float, first_s: float = FIRST_S) -> np.ndarray:
    """Equal clicks over faint noise, (n,) float32."""
    t = np.arange(RATE_HZ // 10) / RATE_HZ
    click = 0.8 * np.sin(2 * np.pi * 1000 * t) * np.exp(-t / 0.005)
    sound = 1e-4 * np.random.default_rng(0).standard_normal(int(seconds * RATE_HZ))
    for time_s in np.arange(first_s, seconds - 0.2, 60.0 / bpm):
        at = round(time_s * RATE_HZ)
        sound[at : at + len(click)] += click
    return sound.astype(np.float32)


def hear(sound: np.ndarray, taps_s: Sequence[float] = (), size: int = 960) -> list[Features]:
    """What is heard with taps at these times of the stream, each told when its block comes."""
    analysis, heard, waiting = FastFeatures(RATE_HZ), [], sorted(taps_s)
    for first in range(0, len(sound), size):
        block = sound[first : first + size]
        end_s = (first + len(block)) / RATE_HZ
        while waiting and waiting[0] <= end_s:
            analysis.tap(round(waiting.pop(0) * 1e9))
        heard += analysis.push(block, round(end_s * 1e9))
    return heard


def between(heard: list[Features], start_s: float, end_s: float) -> list[Features]:
    return [f for f in heard if start_s < f.sample / RATE_HZ <= end_s]


def late_ms(heard: list[Features], bpm: float, beat_s: float) -> np.ndarray:
    """How far after each moment's true phase the beat is, for beats at beat_s and every period."""
    times_s = np.array([f.sample / RATE_HZ for f in heard])
    turns = np.array([f.beat_phase for f in heard]) - (times_s - beat_s) * bpm / 60.0
    return -((turns + 0.5) % 1.0 - 0.5) * 60e3 / bpm


def tempi(heard: list[Features]) -> np.ndarray:
    return np.array([f.tempo_bpm for f in heard])


def jittered(beat_s: float, bpm: float, n: int, seed: int) -> list[float]:
    """n taps of a hand that is up to 25 ms off, from a beat on."""
    hand = np.random.default_rng(seed).uniform(-0.025, 0.025, n)
    return [beat_s + 60.0 / bpm * k + float(h) for k, h in enumerate(hand)]


def test_four_taps_halve_what_reads_double_for_good() -> None:
    sound = clicks(160.0, 45.0)
    assert tempi(between(hear(sound[: 12 * RATE_HZ]), 8, 12)) == pytest.approx(160.0, rel=0.01)
    for offset_beats in (0, 0.5):  # either click may be the beat; the hand says which
        beat_s = FIRST_S + 0.75 * (12 + offset_beats)
        heard = hear(sound, [beat_s + 0.75 * k for k in range(4)])
        after = between(heard, beat_s + 2.26, 45)
        assert np.abs(tempi(after) / 80.0 - 1.0).max() < 0.01
        assert np.abs(late_ms(after, 80.0, beat_s)).max() < 5.0
        assert min(f.beat_confidence for f in after) > 0.5


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("bpm", [80.0, 133.0, 180.0])
def test_an_unsteady_hand_is_steadied_by_the_music(bpm: float, n: int) -> None:
    at_s = FIRST_S + 60.0 / bpm * round(6.0 * bpm / 60.0)
    for seed in range(2):
        taps_s = jittered(at_s, bpm, n, seed)
        heard = hear(clicks(2 * bpm, 16.0), taps_s)
        at_once = between(heard, taps_s[-1] + 0.02, taps_s[-1] + 0.2)
        assert np.abs(late_ms(at_once, bpm, FIRST_S)).max() < 50.0
        settled = between(heard, taps_s[-1] + 3.0, 16.0)
        assert np.abs(tempi(settled) / bpm - 1.0).max() < 0.01
        assert np.abs(late_ms(settled, bpm, FIRST_S)).max() < 8.0


def test_the_piano_of_the_demo_is_read_at_80_and_its_drums_at_100() -> None:
    sections = {s["name"]: s for s in json.loads(demo_path().with_suffix(".json").read_text())}
    sound, rate_hz = soundfile.read(demo_path(), frames=58 * RATE_HZ, dtype="float32")
    assert rate_hz == RATE_HZ
    untapped = between(hear(sound[: 20 * RATE_HZ]), 15, 20)
    assert tempi(untapped) == pytest.approx(80.0, rel=0.01)
    first_s = 0.065  # the piano's first note
    taps_s = jittered(first_s + 6.0, sections["piano"]["tempo_bpm"], 4, seed=1)
    heard = hear(sound, taps_s)
    piano = between(heard, taps_s[-1] + 1.0, sections["piano"]["end_s"])
    assert np.abs(tempi(piano) / 80.0 - 1.0).max() < 0.01
    assert np.abs(late_ms(piano, 80.0, first_s)).max() < 30.0
    # Strings have no attacks to speak of: what was tapped goes on.
    strings = between(heard, sections["strings"]["start_s"], sections["strings"]["end_s"])
    assert np.abs(tempi(strings) / 80.0 - 1.0).max() < 0.02
    # Drums of another tempo take over by themselves.
    assert tempi(between(heard, 52, 58)) == pytest.approx(100.0, rel=0.01)


def test_twice_and_half_of_what_is_played_may_be_tapped() -> None:
    sound = clicks(80.0, 20.0)
    for bpm in (160.0, 40.0):
        beat_s = FIRST_S + 0.75 * 8
        heard = hear(sound, [beat_s + 60.0 / bpm * k for k in range(4)])
        after = between(heard, beat_s + 3.2 * 60.0 / bpm, 20.0)
        assert np.abs(tempi(after) / bpm - 1.0).max() < 0.01
        assert np.abs(late_ms(after, bpm, beat_s)).max() < 8.0


def test_one_tap_moves_the_beat_and_leaves_the_tempo() -> None:
    sound = clicks(120.0, 30.0)
    offbeat_s = FIRST_S + 0.25
    heard = hear(sound, [offbeat_s + 8.0])
    before, after = between(heard, 7.0, offbeat_s + 8.0), between(heard, offbeat_s + 8.02, 30.0)
    assert np.abs(late_ms(before, 120.0, FIRST_S)).max() < 5.0
    assert np.abs(late_ms(after, 120.0, offbeat_s)).max() < 8.0
    assert tempi(after) == pytest.approx(120.0, rel=0.01)


@pytest.mark.parametrize(("before_bpm", "after_bpm"), [(80.0, 120.0), (120.0, 90.0), (120.0, 128.0)])
def test_music_of_another_tempo_takes_over(before_bpm: float, after_bpm: float) -> None:
    sound = np.concatenate([clicks(before_bpm, 12.0), clicks(after_bpm, 16.0)])
    heard = hear(sound, [FIRST_S + 60.0 / before_bpm * k for k in range(8, 12)])
    assert tempi(between(heard, 11.0, 12.5)) == pytest.approx(before_bpm, rel=0.01)
    after = between(heard, 25.0, 28.0)
    assert tempi(after) == pytest.approx(after_bpm, rel=0.01)
    assert np.abs(late_ms(after, after_bpm, 12.0 + FIRST_S)).max() < 8.0


def test_new_taps_replace_the_old_ones() -> None:
    sound = clicks(160.0, 24.0)
    taps_s = [FIRST_S + 0.75 * k for k in range(6, 10)] + [FIRST_S + 0.375 * k for k in range(32, 36)]
    heard = hear(sound, taps_s)
    assert tempi(between(heard, 8.0, 12.0)) == pytest.approx(80.0, rel=0.01)
    assert tempi(between(heard, 13.5, 24.0)) == pytest.approx(160.0, rel=0.01)


def test_a_rest_keeps_what_was_tapped_and_silence_ends_it() -> None:
    rest, silence = np.zeros(4 * RATE_HZ, np.float32), np.zeros(16 * RATE_HZ, np.float32)
    music = clicks(160.0, 10.0)
    heard = hear(np.concatenate([music, rest, music, silence]), [FIRST_S + 0.75 * k for k in range(6, 10)])
    assert tempi(between(heard, 8.0, 24.0)) == pytest.approx(80.0, rel=0.01)
    assert max(f.beat_confidence for f in between(heard, 13.0, 14.0)) < 0.1
    assert min(f.beat_confidence for f in between(heard, 17.0, 24.0)) > 0.5
    assert max(f.beat_confidence for f in between(heard, 28.0, 40.0)) < 0.05
    assert heard[-1].tempo_bpm == heard[-1].beat_confidence == 0.0


def test_taps_count_in_where_nothing_plays_yet() -> None:
    sound = np.concatenate([np.zeros(4 * RATE_HZ, np.float32), clicks(160.0, 8.0)])
    heard = hear(sound, [4.0 + FIRST_S - 0.75 * k for k in range(1, 5)])
    silent, playing = between(heard, 3.5, 4.1), between(heard, 5.0, 12.0)
    assert max(f.beat_confidence for f in silent) == 0.0
    assert tempi(silent + playing) == pytest.approx(80.0, rel=0.01)
    assert np.abs(late_ms(playing, 80.0, 4.0 + FIRST_S)).max() < 8.0


def test_a_tapped_beat_goes_on_where_nothing_is_struck() -> None:
    t = np.arange(14 * RATE_HZ) / RATE_HZ
    chord = sum(0.2 * np.sin(2 * np.pi * f * t) for f in (220.0, 277.18, 329.6)).astype(np.float32)
    heard = between(hear(chord, [2.0, 2.6, 3.2, 3.8]), 5.0, 14.0)
    assert tempi(heard) == pytest.approx(100.0, rel=1e-3)
    assert np.abs(late_ms(heard, 100.0, 3.8)).max() < 10.0
    assert min(f.beat_confidence for f in heard) > 0.5


def test_chunked_equals_whole_with_taps() -> None:
    sound, taps_s = clicks(160.0, 9.0), jittered(4.6, 80.0, 4, seed=2)
    whole = hear(sound, taps_s, len(sound))
    for size in (333, 960, 4096):
        parts = hear(sound, taps_s, size)
        beats = [[(f.tempo_bpm, f.beat_phase, f.beat_confidence) for f in some] for some in (whole, parts)]
        # A block's time is rounded to the nanosecond.
        np.testing.assert_allclose(beats[1], beats[0], atol=1e-6)


def test_a_late_tap_counts_at_its_own_time() -> None:
    sound = clicks(160.0, 12.0)
    analysis, heard = FastFeatures(RATE_HZ), []
    taps_s = [FIRST_S + 0.75 * k for k in range(8, 12)]
    for first in range(0, len(sound), 960):
        end_s = (first + 960) / RATE_HZ
        while taps_s and taps_s[0] + 0.15 <= end_s:
            analysis.tap(round(taps_s.pop(0) * 1e9))
        heard += analysis.push(sound[first : first + 960], round(end_s * 1e9))
    assert np.abs(late_ms(between(heard, 8.6, 12.0), 80.0, FIRST_S)).max() < 5.0


def test_reset_forgets_taps() -> None:
    used, fresh = FastFeatures(RATE_HZ), FastFeatures(RATE_HZ)
    sound = clicks(160.0, 5.0)
    for k in range(9):  # the last ones are yet to come
        used.tap(round((1.0 + 0.75 * k) * 1e9))
    used.push(sound, 5_000_000_000)
    assert used.is_tapped
    used.reset()
    assert not used.is_tapped
    for analysis in (used, fresh):
        analysis.push(sound, 15_000_000_000)
    ends = [a.push(sound, 20_000_000_000)[-1].to_bytes() for a in (used, fresh)]
    assert ends[0] == ends[1]


def test_taps_on_broken_sound_stay_calm() -> None:
    broken = np.full(6 * RATE_HZ, np.nan, np.float32)
    heard = hear(broken, [1.0, 1.0, 1.0001, 1.5, 2.0, 2.0])
    assert tempi(between(heard, 2.1, 6.0)) == pytest.approx(120.0, rel=1e-3)
    assert {f.beat_confidence for f in heard} == {0.0}
    assert all(0.0 <= f.beat_phase < 1.0 for f in heard)
