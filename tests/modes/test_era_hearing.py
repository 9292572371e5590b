"""The era's stream of hearing holds the three laws, and a window holds one piece of music only."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.features.mel import EraMel
from visualizer.modes.era_hearing import EraHeard, EraHearing
from visualizer.modes.era_window import HELD_DB
from visualizer.types import Float32

RATE_HZ = 22050


def _summarise(window: Float32) -> Float32:
    """The mean spectrum of the window, and the mean power of each third of it."""
    assert window.shape == (3, 128, 256) and window.dtype == np.float32 and np.isfinite(window).all()
    return np.concatenate((window.mean(axis=(0, 2)), window.mean(axis=(1, 2))))


def _tone(hz: float, seconds: float, amplitude: float = 0.2) -> Float32:
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(int(hz)).normal(size=len(at_s)) * 0.002
    return (amplitude * np.sin(2 * np.pi * hz * at_s) + noise).astype(np.float32)


def _same(a: list[EraHeard], b: list[EraHeard]) -> bool:
    """Equal but for rounding."""
    for x, y in zip(a, b, strict=True):
        assert (x.sample, x.piece, x.window_s, x.v is None) == (y.sample, y.piece, y.window_s, y.v is None)
        assert x.presence == pytest.approx(y.presence, abs=1e-5)
        if x.v is not None and y.v is not None:
            np.testing.assert_allclose(x.v, y.v, rtol=1e-4, atol=1e-6)
    return True


@settings(deadline=None, max_examples=12)
@given(st.lists(st.integers(1, 9000), min_size=1, max_size=12))
def test_chunked_equals_whole(block_sizes: list[int]) -> None:
    samples = _tone(440, 3.0)[: sum(block_sizes)]
    whole, hearing = EraHearing(_summarise).push(samples), EraHearing(_summarise)
    cuts = np.cumsum(block_sizes)[:-1]
    assert _same([h for block in np.split(samples, cuts) for h in hearing.push(block)], whole)


def test_ticks_are_three_columns_and_counted_in_samples() -> None:
    heard = EraHearing(_summarise).push(_tone(440, 2.0))
    assert [h.sample for h in heard] == [768 * (i + 1) for i in range(57)]
    assert EraHearing(_summarise).tick_s == pytest.approx(1 / EraMel().tick_rate_hz)


def test_reset_equals_fresh() -> None:
    hearing = EraHearing(_summarise)
    hearing.push(_tone(3000, 2.0))
    hearing.reset()
    assert _same(hearing.push(_tone(200, 2.0)), EraHearing(_summarise).push(_tone(200, 2.0)))


def test_a_piece_that_began_fills_the_window_with_itself() -> None:
    hearing = EraHearing(_summarise)
    heard = hearing.push(np.concatenate([np.zeros(RATE_HZ, np.float32), _tone(440, 2.0)]))
    assert heard[20].v is None and heard[20].piece == 0  # silence
    assert heard[40].v is None and heard[40].piece == 1  # a beginning
    last = heard[-1]
    assert last.v is not None and last.window_s == pytest.approx(2.0, abs=0.1)
    assert last.v[128:] == pytest.approx(last.v[128], rel=0.2)  # all three thirds are full of it


def test_the_level_of_the_music_is_nothing_to_the_network() -> None:
    loud, quiet = (EraHearing(_summarise).push(_tone(440, 1.5) * gain)[-1].v for gain in (1.0, 0.05))
    assert loud is not None and quiet is not None
    np.testing.assert_allclose(loud, quiet, rtol=1e-3)


def test_the_level_is_held_near_a_mean_power_of_one() -> None:
    rising = np.concatenate([_tone(440, 0.5, 0.002 * 1.3**i) for i in range(24)])
    means = [h.v[128:].mean() for h in EraHearing(_summarise).push(rising) if h.v is not None]
    assert len(means) > 300
    assert np.abs(10 * np.log10(means)).max() <= HELD_DB + 0.01
    assert np.unique(np.round(means, 3)).size > 20  # held, and so not always 1


def test_other_music_empties_the_window() -> None:
    rng = np.random.default_rng(4)
    hiss = rng.normal(scale=0.1, size=4 * RATE_HZ).astype(np.float32)
    heard = EraHearing(_summarise).push(np.concatenate([_tone(300, 12.0), hiss]))
    pieces = [h.piece for h in heard]
    assert pieces[-1] == 2 and 12.0 < pieces.index(2) * 768 / RATE_HZ < 13.9
    first = next(h for h in heard if h.piece == 2 and h.v is not None)
    assert 1.4 <= first.window_s < 2.3 and first.sample / RATE_HZ < 13.9
    assert first.v is not None and heard[-1].v is not None
    np.testing.assert_allclose(first.v[:128], heard[-1].v[:128], rtol=0.9)  # nothing of the tone is left


def test_silence_bad_samples_and_direct_current_are_calm() -> None:
    hearing = EraHearing(_summarise)
    assert hearing.push(_tone(440, 2.0))[-1].presence == 1.0
    quiet = hearing.push(np.full(RATE_HZ * 5, 1e-5, np.float32))[-1]
    assert quiet.presence == 0.0 and quiet.v is None
    for h in hearing.push(np.array([np.nan, np.inf, -np.inf, 1e9, -1.0] * 12000, np.float32)):
        assert np.isfinite(h.presence) and (h.v is None or np.isfinite(h.v).all())
    assert EraHearing(_summarise).push(np.full(RATE_HZ * 3, 0.3, np.float32))[-1].presence == 0.0


def test_falling_behind_hears_the_newest_and_counts_the_rest() -> None:
    every, newest = EraHearing(_summarise), EraHearing(_summarise)
    samples = _tone(440, 2.0)
    last = every.push(samples)[-1]
    assert _same(newest.push(samples, n_most=1), [last])
    assert newest.n_skipped == 56
