"""Streaming resampling: chunked equals whole, the sound is right, the latency is as stated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.audio.resampling import Resampler

NOISE = np.random.default_rng(3).uniform(-0.5, 0.5, 30_000).astype(np.float32)


def run(resampler: Resampler, samples: np.ndarray, sizes: list[int]) -> np.ndarray:
    made, start, turn = [], 0, 0
    while start < len(samples):
        n = sizes[turn % len(sizes)]
        made.append(resampler.push(samples[start : start + n]))
        start, turn = start + n, turn + 1
    return np.concatenate([*made, resampler.flush()])


@pytest.mark.parametrize("to_hz", [16_000, 22_050, 48_000])
@given(sizes=st.lists(st.integers(1, 4096), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_chunked_equals_whole_to_the_bit(to_hz: int, sizes: list[int]) -> None:
    resampler = Resampler(48_000, to_hz)
    whole = run(resampler, NOISE, [len(NOISE)])
    assert np.array_equal(run(resampler, NOISE, sizes), whole)


def test_reset_equals_fresh() -> None:
    used = Resampler(48_000, 16_000)
    used.push(NOISE)
    used.reset()
    assert np.array_equal(used.push(NOISE), Resampler(48_000, 16_000).push(NOISE))
    assert used.n_in == len(NOISE)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(48_000, 16_000), (48_000, 22_050), (44_100, 48_000)])
def test_sine_stays_a_sine_of_its_level_and_place(from_hz: int, to_hz: int) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * from_hz) / from_hz).astype(np.float32)
    made = run(Resampler(from_hz, to_hz), tone, [128])
    assert len(made) == 2 * to_hz
    middle = slice(to_hz // 2, to_hz)
    shifted = np.arange(2 * to_hz)[middle] / to_hz
    best = min(
        float(np.abs(made[middle] - np.sin(2 * np.pi * 440 * (shifted + early_s))).max())
        for early_s in np.linspace(-0.00012, 0.00012, 241)
    )
    assert best < 1e-3


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    tone = np.sin(2 * np.pi * 9_000 * np.arange(48_000) / 48_000).astype(np.float32)
    made = run(Resampler(48_000, 16_000), tone, [128])
    assert 20 * np.log10(np.abs(made[2_000:-2_000]).max()) < -100


@pytest.mark.parametrize("to_hz", [16_000, 22_050])
def test_latency_is_constant(to_hz: int) -> None:
    resampler = Resampler(48_000, to_hz)
    resampler.push(NOISE[:4_800])
    latencies = []
    for start in range(4_800, 24_000, 128):
        resampler.push(NOISE[start : start + 128])
        latencies.append(resampler.latency_s)
    assert 0.0124 < min(latencies) <= max(latencies) < 0.0126


def test_broken_samples_become_silence() -> None:
    broken = NOISE.copy()
    broken[5_000:5_100] = np.nan
    broken[6_000] = np.inf
    assert np.isfinite(run(Resampler(48_000, 16_000), broken, [500])).all()


def test_stereo_sides_do_not_mix() -> None:
    both = np.stack([NOISE, np.zeros_like(NOISE)], axis=1)
    resampler = Resampler(44_100, 48_000, 2)
    made = np.concatenate([resampler.push(both), resampler.flush()])
    assert made.shape[1] == 2 and not made[:, 1].any() and made[:, 0].any()


def test_rates_are_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        Resampler(0, 16_000)
