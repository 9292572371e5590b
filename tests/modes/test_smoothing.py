"""Causal averaging: the paper's box, even and uneven steps, the age it reports, and the start."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer.modes.smoothing import StyleHistory

TICK_S = 0.032
ZERO = np.zeros(1, np.float32)


def _style(value: float) -> np.ndarray:
    return np.full(1, value, np.float32)


def _history(values: list[float], step_s: float = TICK_S) -> StyleHistory:
    history = StyleHistory(ZERO)
    for i, value in enumerate(values):
        history.push((i + 1) * step_s, step_s, _style(value))
    return history


def test_box_is_the_mean_of_the_window() -> None:
    values = np.random.default_rng(1).normal(size=200).tolist()
    mean, age_s = _history(values).average(50 * TICK_S, "box")
    assert mean[0] == pytest.approx(np.mean(values[-50:]), abs=1e-5)
    assert age_s == pytest.approx(25 * TICK_S, rel=1e-3)


@pytest.mark.parametrize("kernel", ["box", "triangle", "exponential"])
def test_a_step_is_reached_and_never_overshot(kernel: str) -> None:
    history = _history([0.0] * 200 + [1.0] * 10)
    rising = []
    for i in range(400):
        history.push((211 + i) * TICK_S, TICK_S, _style(1.0))
        rising.append(float(history.average(3.0, kernel)[0][0]))
    assert all(a <= b + 1e-6 for a, b in itertools.pairwise(rising))
    assert rising[-1] == pytest.approx(1.0, abs=0.03)
    assert max(rising) <= 1.0 + 1e-6


def test_triangle_and_exponential_lean_to_the_newest() -> None:
    history = _history([0.0] * 100 + [1.0] * 30)
    box, triangle, exponential = (
        float(history.average(2.0, kernel)[0][0]) for kernel in ("box", "triangle", "exponential")
    )
    assert triangle > box and exponential > box


@given(st.lists(st.integers(1, 20), min_size=5, max_size=60))
def test_skipped_ticks_weigh_by_the_time_they_stood(gaps: list[int]) -> None:
    """A style that stood for n ticks counts as n ticks of that style."""
    sparse, dense = StyleHistory(ZERO), StyleHistory(ZERO)
    tick = 0
    for i, gap in enumerate(gaps):
        for k in range(gap):
            dense.push((tick + k + 1) * TICK_S, TICK_S, _style(float(i)))
        tick += gap
        sparse.push(tick * TICK_S, gap * TICK_S, _style(float(i)))
    for window_s in (0.3, 2.0):
        assert sparse.average(window_s)[0][0] == pytest.approx(dense.average(window_s)[0][0], abs=1e-3)


def test_the_start_glides_from_rest() -> None:
    history = StyleHistory(_style(5.0))
    assert history.average(3.0)[0][0] == 5.0
    history.push(1.5, 1.5, _style(1.0))
    assert history.average(3.0)[0][0] == pytest.approx(3.0)


def test_reset_equals_fresh() -> None:
    history = _history([3.0] * 50)
    history.reset()
    history.push(0.032, 0.032, _style(1.0))
    fresh = _history([1.0])
    assert history.average(2.0)[0] == fresh.average(2.0)[0]


def test_long_runs_keep_only_what_the_longest_window_needs() -> None:
    history = _history([1.0] * 5000)
    assert history._end - history._first < 40.0 / TICK_S + 2
    assert len(history._styles) < 2 * 40.0 / TICK_S
    assert history.average(10.0)[0][0] == pytest.approx(1.0, abs=1e-4)
