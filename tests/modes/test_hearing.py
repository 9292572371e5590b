"""The tagger's stream of hearing holds the three laws, whatever network listens."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.modes.hearing import Hearing
from visualizer.types import Float32

RATE_HZ = 16000


def _summarise(window: Float32) -> tuple[Float32, Float32]:
    """A tiny deterministic listener: the mean spectrum and two bands of it."""
    assert window.shape == (128, 231)
    spectrum = window.mean(axis=1)
    return spectrum, np.clip((spectrum[[20, 90]] + 100.0) / 100.0, 0.0, 1.0)


def _music(n_samples: int) -> Float32:
    time_s = np.arange(n_samples) / RATE_HZ
    noise = np.random.default_rng(2).normal(size=n_samples) * 0.05
    return (0.4 * np.sin(2 * np.pi * 440 * time_s) + noise).astype(np.float32)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 4096), min_size=1, max_size=30))
def test_chunked_equals_whole(block_sizes: list[int]) -> None:
    samples = _music(sum(block_sizes))
    whole = Hearing(_summarise).push(samples)
    hearing = Hearing(_summarise)
    chunked = [h for block in np.split(samples, np.cumsum(block_sizes)[:-1]) for h in hearing.push(block)]
    assert [h.sample for h in chunked] == [h.sample for h in whole]
    for a, b in zip(chunked, whole, strict=True):
        np.testing.assert_allclose(a.embedding, b.embedding, atol=1e-4)
        np.testing.assert_allclose(a.tags, b.tags, atol=1e-5)


def test_ticks_come_31_25_times_a_second_and_end_with_the_newest_sample() -> None:
    heard = Hearing(_summarise).push(_music(RATE_HZ * 2))
    assert len(heard) == 62
    assert [h.sample for h in heard] == [512 * (i + 1) for i in range(62)]


def test_reset_equals_fresh() -> None:
    hearing = Hearing(_summarise)
    hearing.push(_music(20000))
    hearing.reset()
    again, fresh = hearing.push(_music(8000)), Hearing(_summarise).push(_music(8000))
    for a, b in zip(again, fresh, strict=True):
        assert np.array_equal(a.embedding, b.embedding) and a.presence == b.presence


def test_silence_fades_the_tags_and_bad_samples_stay_finite() -> None:
    hearing = Hearing(_summarise)
    assert hearing.push(_music(RATE_HZ))[-1].presence == 1.0
    quiet = hearing.push(np.full(RATE_HZ * 5, 1e-5, np.float32))
    assert quiet[-1].presence == 0.0 and not quiet[-1].tags.any()
    bad = hearing.push(np.array([np.nan, np.inf, -np.inf, 1e9] * 2000, np.float32))
    assert all(np.isfinite(h.embedding).all() and np.isfinite(h.tags).all() for h in bad)


def test_a_direct_current_is_no_music() -> None:
    assert Hearing(_summarise).push(np.full(RATE_HZ * 2, 0.3, np.float32))[-1].presence == 0.0


def test_falling_behind_hears_the_newest_and_counts_the_rest() -> None:
    every, newest = Hearing(_summarise), Hearing(_summarise)
    samples = _music(RATE_HZ)
    last = every.push(samples)[-1]
    (only,) = newest.push(samples, n_most=1)
    assert only.sample == last.sample and np.array_equal(only.embedding, last.embedding)
    assert newest.n_skipped == 30
