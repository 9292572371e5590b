"""Beats and bars: how they are counted, what a hand does to them, and following another clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pytest

from visualizer.clock import NS_PER_S
from visualizer.features.beat import NUDGE_BEATS, BeatTracker, ClockNow
from visualizer.features.external_clock import ClockTold
from visualizer.features.fast import FastFeatures
from visualizer.types import Features

RATE_HZ = 48_000
HOP_S = 512 / RATE_HZ
FIRST_S = 0.123


def strengths(bpm: float, seconds: float) -> np.ndarray:
    """How much begins in each hop of equal strokes, (n,)."""
    ends_s = (np.arange(round(seconds / HOP_S)) + 1) * HOP_S
    since_s = (ends_s - FIRST_S) % (60.0 / bpm)
    return np.where((since_s < HOP_S) & (ends_s > FIRST_S), 1.0, 0.002)


class Played:
    """A tracker and what it told, at the ends of the hops."""

    def __init__(self, beats_per_bar: int = 4) -> None:
        self.tracker = BeatTracker(HOP_S)
        self.tracker.beats_per_bar = beats_per_bar
        self.told: list[tuple[float, float, float, int, float]] = []

    def play(self, bpm: float, until_s: float, clock: ClockNow | None = None) -> None:
        for strength in strengths(bpm, until_s)[len(self.told) :]:
            self.told.append(tuple(self.tracker.push(float(strength), 1.0, clock)))

    def rest(self, seconds: float) -> None:
        for _ in range(round(seconds / HOP_S)):
            self.told.append(tuple(self.tracker.push(0.0, 0.0)))

    def since(self, start_s: float) -> np.ndarray:
        """Rows of tempo, phase, confidence, beats, bar phase."""
        return np.array(self.told[round(start_s / HOP_S) :])

    @property
    def now(self) -> tuple[float, float, float, int, float]:
        return self.told[-1]


def assert_is_counted(rows: np.ndarray) -> None:
    """Beats rise by one when the phase wraps, and never otherwise."""
    for (_, phase, _, n, _), (_, next_phase, _, next_n, _) in pairwise(rows):
        assert next_n - n == (1 if next_phase < phase - 0.5 else 0)


@pytest.mark.parametrize("beats_per_bar", [3, 4])
def test_beats_are_counted_and_bars_follow_them(beats_per_bar: int) -> None:
    played = Played(beats_per_bar)
    played.play(120.0, 20.0)
    rows = played.since(6.0)
    assert_is_counted(rows)
    assert rows[-1, 3] - rows[0, 3] == pytest.approx(2 * 14, abs=1)
    in_bar = rows[:, 4] * beats_per_bar
    np.testing.assert_allclose(in_bar % 1.0, rows[:, 1], atol=1e-6)
    np.testing.assert_array_equal(np.floor(in_bar + 1e-9), rows[:, 3] % beats_per_bar)


def test_half_and_double_keep_the_beat_and_the_bar() -> None:
    played = Played()
    played.play(120.0, 10.0)
    for factor, bpm, until_s in ((0.5, 60.0, 16.0), (2.0, 120.0, 22.0), (2.0, 240.0, 28.0)):
        before = len(played.told)
        played.tracker.scale_tempo(factor)
        played.play(120.0, until_s)
        rows = np.array(played.told[before + 300 :])
        np.testing.assert_allclose(rows[:, 0], bpm, rtol=0.01)
        assert_is_counted(np.array(played.told[before - 1 :]))
        ends_s = (np.arange(before + 300, len(played.told)) + 1) * HOP_S
        off = (rows[:, 1] - (ends_s - FIRST_S) * bpm / 60.0) % 0.5
        assert np.minimum(off, 0.5 - off).max() < 0.08  # a stroke is on the beat, or half way for half tempo
    played.tracker.scale_tempo(2.0)
    played.play(120.0, 28.5)
    assert played.now[0] == pytest.approx(240.0, rel=0.01)  # 480 is no tempo


def test_a_nudge_stays_against_the_onsets() -> None:
    played = Played()
    played.play(100.0, 10.0)
    still = Played()
    still.play(100.0, 18.0)
    played.tracker.nudge(NUDGE_BEATS)
    played.tracker.nudge(NUDGE_BEATS)
    played.play(100.0, 18.0)
    ahead = (played.since(10.0)[:, 1] - still.since(10.0)[:, 1] + 0.5) % 1.0 - 0.5
    np.testing.assert_allclose(ahead, 2 * NUDGE_BEATS, atol=1e-6)
    played.tracker.nudge(-2 * NUDGE_BEATS)
    played.play(100.0, 20.0)
    still.play(100.0, 20.0)
    assert played.now[1] == pytest.approx(still.now[1], abs=1e-6)


def test_resync_begins_a_bar() -> None:
    played = Played()
    played.play(120.0, 10.0)
    played.tracker.resync(HOP_S + 0.1)  # a tenth of a second ago; a beat fell at 9.623 and 10.123
    played.play(120.0, 10.02)
    assert played.now[4] == pytest.approx((0.1 + HOP_S) * 2.0 / 4.0, abs=0.03)
    assert_is_counted(played.since(9.0)[:60])
    played.play(120.0, 12.0)
    first = next(i for i, row in enumerate(played.since(10.5)) if row[4] < 0.02)
    assert 10.5 + first * HOP_S == pytest.approx(11.9 + 0.02, abs=0.15)


def test_a_lock_keeps_tempo_and_beat_whatever_plays() -> None:
    played = Played()
    played.play(120.0, 10.0)
    played.tracker.is_locked = True
    n, phase = played.now[3], played.now[1]
    for strength in strengths(150.0, 12.0):
        played.told.append(tuple(played.tracker.push(float(strength), 1.0)))
    rows = played.since(10.0)
    np.testing.assert_allclose(rows[:, 0], rows[0, 0])
    assert played.now[3] + played.now[1] - n - phase == pytest.approx(12.0 * rows[0, 0] / 60.0, abs=0.1)
    played.rest(30.0)  # silence: calm, and the tempo is still there
    assert played.now[0] == rows[0, 0] and played.now[2] < 0.01
    played.tracker.is_locked = False
    played.rest(12.0)
    assert played.now[0] == 0.0


def test_what_a_hand_does_without_a_tempo_is_harmless() -> None:
    played = Played()
    for do in (lambda t: t.scale_tempo(0.5), lambda t: t.nudge(0.1), lambda t: t.resync(0.1)):
        do(played.tracker)
        played.rest(0.2)
    assert played.now[:4] == (0.0, 0.0, 0.0, 0)


# Another clock --------------------------------------------------------------------------------------------


def run_clock(
    told: Mapping[int, ClockTold], seconds: float, sound: np.ndarray | None = None
) -> list[Features]:
    """Silence or sound with what a clock says at these times in ms; the stream's time begins at 10 s."""
    ears, heard = FastFeatures(RATE_HZ), []
    ears.configure_beat(is_locked=False, beats_per_bar=4, follows_clock=True)
    for ms in range(0, round(seconds * 1000), 10):
        now_ns = (10_000 + ms + 10) * 1_000_000
        if ms in told:
            ears.hear_clock(told[ms], now_ns)
        block = np.zeros(480, np.float32) if sound is None else sound[ms * 48 : ms * 48 + 480]
        heard += ears.push(block, now_ns)
    return heard


def late_ms(heard: Sequence[Features], bpm: float, beat_ns: int) -> np.ndarray:
    """How far after the clock's beats ours are."""
    turns = np.array([f.beat_phase - (f.time_ns - beat_ns) * bpm / 60.0 / NS_PER_S for f in heard])
    return -((turns + 0.5) % 1.0 - 0.5) * 60e3 / bpm


@pytest.mark.parametrize("bpm", [73.0, 174.0])
def test_a_clock_is_followed_and_its_jitter_evened_out(bpm: float) -> None:
    rng, period_ns, zero_ns = np.random.default_rng(0), 60e9 / bpm, 10_234_567_000
    told = {}
    for ms in range(0, 8000, 100):  # the newest beat, each tenth of a second, up to 3 ms off
        n = int((10_000 + ms) * 1e6 - zero_ns) // int(period_ns)
        jitter_ns = rng.uniform(-3e6, 3e6)
        told[ms] = ClockTold(
            bpm + rng.uniform(-0.05, 0.05), round(zero_ns + n * period_ns + jitter_ns), n % 4
        )
    heard = [f for f in run_clock(told, 8.0) if f.time_ns > 12 * NS_PER_S]
    late = late_ms(heard, bpm, zero_ns)
    assert np.abs(late).max() < 20.0
    assert np.abs(late).max() < 3.0 and np.diff(late).std() < 1.0
    bars = np.array([f.bar_phase - (f.time_ns - zero_ns) / period_ns / 4 for f in heard])
    assert np.abs((bars + 0.5) % 1.0 - 0.5).max() < 0.02
    assert all(b.beat >= a.beat for a, b in pairwise(heard))


def test_a_clock_that_jumps_is_followed_at_once() -> None:
    told = {
        ms: ClockTold(120.0, 10_000_000_000 + (230_000_000 if ms >= 3000 else 0))
        for ms in range(0, 6000, 100)
    }
    heard = run_clock(told, 6.0)
    after = [f for f in heard if f.time_ns > 13.2 * NS_PER_S]
    assert np.abs(late_ms(after, 120.0, 10_230_000_000)).max() < 1.0


def test_a_clock_that_stops_hands_over_to_the_music() -> None:
    t = np.arange(RATE_HZ // 10) / RATE_HZ
    click = 0.8 * np.sin(2 * np.pi * 1000 * t) * np.exp(-t / 0.005)
    sound = 1e-4 * np.random.default_rng(0).standard_normal(22 * RATE_HZ)
    for at in np.round(np.arange(0.1, 21.5, 60 / 100.0) * RATE_HZ).astype(int):
        sound[at : at + len(click)] += click
    told = {ms: ClockTold(140.0, 10_000_000_000) for ms in range(0, 6000, 100)}
    heard = run_clock(told, 22.0, sound.astype(np.float32))
    led = [f.tempo_bpm for f in heard if 11 * NS_PER_S < f.time_ns < 18.8 * NS_PER_S]
    assert led == pytest.approx([140.0] * len(led))
    assert heard[-1].tempo_bpm == pytest.approx(100.0, rel=0.01)
    assert all(b.beat >= a.beat for a, b in pairwise(heard))


def test_a_clock_in_silence_stays_calm() -> None:
    heard = run_clock({ms: ClockTold(120.0, 10_000_000_000) for ms in range(0, 3000, 100)}, 3.0)
    assert heard[-1].tempo_bpm == 120.0
    assert max(f.beat_confidence for f in heard) == 0.0


def test_chunked_equals_whole_with_a_hand() -> None:
    rng = np.random.default_rng(3)
    sound = 1e-3 * rng.standard_normal(6 * RATE_HZ)
    for at in range(6000, 5 * RATE_HZ, 24000):
        sound[at : at + 300] += 0.5
    ends = []
    for size in (512, 6 * RATE_HZ):
        ears = FastFeatures(RATE_HZ)
        ears.do("resync", 5_500_000_000)
        heard = []
        for first in range(0, len(sound), size):
            block = sound[first : first + size].astype(np.float32)
            heard += ears.push(block, round((first + len(block)) * 1e9 / RATE_HZ))
        ends.append([(f.beat, f.bar_phase, f.beat_phase) for f in heard])
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-6)


def test_an_action_that_is_none() -> None:
    with pytest.raises(ValueError, match="jump"):
        FastFeatures(RATE_HZ).do("jump", 0)
