"""The window of era mode slides; it is filled and levelled anew seldom, and then as it should be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from visualizer.features.mel import EraMel
from visualizer.modes.era_window import HELD_DB, REFILL_SHARE, EraWindow
from visualizer.types import Float32

N_TICK = 768


def _hear(seconds_of: list[float], n_own_first: int = 30) -> tuple[EraWindow, EraMel, list[Float32]]:
    """Noise of these amplitudes, a second each, all of one piece; the window after each tick."""
    random = np.random.default_rng(3)
    mel = EraMel()
    window, views = EraWindow(mel), []
    n_own = -1
    for amplitude in seconds_of:
        for _ in range(28):
            mel.push((random.normal(size=N_TICK) * amplitude).astype(np.float32))
            n_own += 1
            if n_own >= n_own_first:
                window.push(n_own)
                views.append(window.view())
    return window, mel, views


def test_between_fillings_every_third_slides_by_a_tick() -> None:
    window, _, views = _hear([0.1] * 16)
    n_slid = sum(np.array_equal(b[:, :, :-3], a[:, :, 3:]) for a, b in pairwise(views))
    n_others = len(views) - 1 - n_slid
    assert n_others <= window.n_fillings - 1 + window.n_levels
    # Filled when the music has grown by a share of what filled it, and when it fills the window by itself.
    most = np.log(256 / 30) / np.log(1 + REFILL_SHARE) + 2
    assert 3 <= window.n_fillings <= most


def test_after_a_whole_window_it_is_the_stream() -> None:
    window, mel, views = _hear([0.1] * 16)
    stream = mel.window()
    np.testing.assert_allclose(views[-1] / views[-1].mean(), stream / stream.mean(), rtol=1e-4)
    assert window.n_ticks == 256


def test_a_young_piece_repeats_what_there_is_of_it() -> None:
    _, _, views = _hear([0.1, 0.1])
    first = views[0].transpose(1, 0, 2).reshape(128, -1)
    n = 30 * 3
    np.testing.assert_array_equal(first[:, :n], first[:, n : 2 * n])


def test_the_level_follows_when_it_must() -> None:
    window, _, views = _hear([0.05] * 10 + [0.2] * 10)
    means_db = 10 * np.log10([view.mean() for view in views])
    assert np.abs(means_db).max() <= HELD_DB + 0.01
    assert 2 <= window.n_levels <= 12 / HELD_DB + 3


def test_it_is_the_same_looked_at_or_not() -> None:
    random = np.random.default_rng(5)
    blocks = (random.normal(size=(90, N_TICK)) * 0.1).astype(np.float32)
    kept: dict[bool, Float32] = {}
    for looks in (False, True):
        mel = EraMel()
        window = EraWindow(mel)
        for i, block in enumerate(blocks):
            mel.push(block)
            if i >= 30:
                window.push(i)
            if looks:
                window.view()
        kept[looks] = window.view()
    np.testing.assert_array_equal(kept[True], kept[False])


def test_another_piece_fills_it_anew_and_reset_is_fresh() -> None:
    window, mel, _ = _hear([0.1] * 4)
    n_before = window.n_fillings
    mel.push(np.full(N_TICK, 0.1, np.float32))
    window.push(35)
    assert window.n_fillings == n_before + 1
    window.reset()
    window.push(40)
    assert window.view().mean() == pytest.approx(1.0, rel=1e-3)
