"""Input gain: the three laws, the follower, the gate and the switch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.audio import gain
from visualizer.audio.gain import InputGain

RATE_HZ = 48_000


def tone(level_dbfs: float, seconds: float) -> np.ndarray:
    """A 300 Hz sine of that RMS level, stereo."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    mono = np.sqrt(2) * 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * 300 * t)
    return np.repeat(mono[:, None], 2, axis=1).astype(np.float32)


def level_dbfs(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


@given(sizes=st.lists(st.integers(1, 4096), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_chunked_equals_whole_to_the_bit(sizes: list[int]) -> None:
    samples = np.random.default_rng(5).normal(0, 0.02, (20_000, 2)).astype(np.float32)
    whole = InputGain(gain_db=3).push(samples)
    chunked, made, start, turn = InputGain(gain_db=3), [], 0, 0
    while start < len(samples):
        n = sizes[turn % len(sizes)]
        made.append(chunked.push(samples[start : start + n]))
        start, turn = start + n, turn + 1
    assert np.array_equal(np.concatenate(made), whole)


def test_reset_equals_fresh() -> None:
    used = InputGain()
    used.push(tone(-40, 2))
    used.reset()
    assert np.array_equal(used.push(tone(-30, 1)), InputGain().push(tone(-30, 1)))


def test_manual_gain_is_exact_without_the_automatic() -> None:
    fixed = InputGain(gain_db=6, agc=False)
    made = fixed.push(tone(-30, 1))
    assert level_dbfs(made) == pytest.approx(-24, abs=0.01)
    assert fixed.gain_db == pytest.approx(6, abs=1e-4)


@pytest.mark.parametrize("level", [-40.0, -25.0, -6.0])
def test_quiet_and_loud_come_to_the_target(level: float) -> None:
    automatic = InputGain()
    automatic.push(tone(level, 15))
    assert level_dbfs(automatic.push(tone(level, 1))) == pytest.approx(gain.TARGET_DBFS, abs=0.5)


def test_gain_has_a_limit() -> None:
    automatic = InputGain()
    automatic.push(tone(-58, 30))
    assert automatic.gain_db == pytest.approx(gain.MAX_AUTO_DB, abs=0.1)


def test_gain_rises_slowly_and_falls_faster() -> None:
    automatic = InputGain()
    automatic.push(tone(-40, 1))
    risen = automatic.gain_db
    assert 0.5 < risen <= gain.RISE_DB_PER_S + 0.1
    automatic.push(tone(-40, 10))
    high = automatic.gain_db
    automatic.push(tone(-3, 1))
    assert high - automatic.gain_db > 6


def test_below_the_gate_the_gain_holds() -> None:
    automatic = InputGain()
    automatic.push(tone(-30, 10))
    before = automatic.gain_db
    automatic.push(tone(-65, 20))
    assert automatic.gain_db == pytest.approx(before, abs=0.2)
    fresh = InputGain()
    fresh.push(np.zeros((5 * RATE_HZ, 2), np.float32))
    assert fresh.gain_db == 0


def test_gate_is_a_setting() -> None:
    automatic = InputGain(gate_db=-80)
    automatic.push(tone(-65, 3))
    assert automatic.gain_db > 3


def test_switching_off_returns_to_the_manual_gain_without_a_jump() -> None:
    automatic = InputGain()
    automatic.push(tone(-40, 10))
    high = automatic.gain_db
    automatic.configure(0.0, agc=False, gate_db=-60)
    automatic.push(tone(-40, 0.1))
    assert high - 2 < automatic.gain_db < high
    automatic.push(tone(-40, 5))
    assert automatic.gain_db == pytest.approx(0, abs=1e-3)


def test_changes_are_free_of_clicks() -> None:
    turned = InputGain(agc=False)
    steady = np.full((4_800, 2), 0.1, np.float32)
    turned.push(steady)
    turned.configure(12.0, agc=False, gate_db=-60)
    made = turned.push(np.tile(steady, (2, 1)))
    assert made[-1, 0] == pytest.approx(0.1 * 10 ** (12 / 20), rel=1e-4)
    assert np.abs(np.diff(made[:, 0])).max() < 0.001


def test_dc_does_not_count_as_sound() -> None:
    automatic = InputGain()
    automatic.push(tone(-40, 5) + 0.3)
    plain = InputGain()
    plain.push(tone(-40, 5))
    assert automatic.gain_db == pytest.approx(plain.gain_db, abs=0.5)


def test_broken_samples_stay_finite_and_calm() -> None:
    samples = tone(-20, 1)
    samples[100:200] = np.nan
    samples[300] = np.inf
    samples[400] = -1e30
    automatic = InputGain()
    made = automatic.push(samples)
    assert np.isfinite(made).all() and np.abs(made).max() <= gain.MAX_SAMPLE * 10 ** (6 / 20)
    assert not made[100:200].any()
    automatic.push(tone(-18, 10))
    assert abs(automatic.gain_db) < 1


def test_one_dead_channel_does_not_raise_the_gain() -> None:
    mono = tone(-18, 10)
    mono[:, 1] = 0
    automatic = InputGain()
    automatic.push(mono)
    assert abs(automatic.gain_db) < 0.2
