"""Calm in steady music, quick after a change, and the same at any rate."""

import numpy as np
import pytest

from visualizer.modes.steadying import Steady
from visualizer.modes.wander import Wander

ZERO, ONE = np.zeros(4, np.float32), np.ones(4, np.float32)


def _follow(steady: Steady, target: np.ndarray, seconds: float, dt_s: float, smoothing_s: float) -> None:
    for _ in range(round(seconds / dt_s)):
        steady.push(target, dt_s, smoothing_s)


@pytest.mark.parametrize("dt_s", [1 / 60, 1 / 29, 1 / 10])
def test_a_change_is_there_within_a_second_whatever_the_rate(dt_s: float) -> None:
    steady = Steady(ZERO)
    _follow(steady, ZERO, 20.0, dt_s, 4.0)
    steady.quicken()
    _follow(steady, ONE, 1.0, dt_s, 4.0)
    assert steady.value[0] == pytest.approx(0.89, abs=0.04)


def test_without_a_change_told_it_follows_slowly() -> None:
    steady = Steady(ZERO)
    _follow(steady, ZERO, 20.0, 0.035, 4.0)
    _follow(steady, ONE, 1.0, 0.035, 4.0)
    assert 0.1 < steady.value[0] < 0.35


def test_noise_is_averaged_away_and_the_least_smoothing_leaves_it() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(900, 4)).astype(np.float32)

    def flicker(smoothing_s: float) -> float:
        steady, values = Steady(ZERO), []
        for target in noise:
            steady.push(target, 0.035, smoothing_s)
            values.append(steady.value)
        return float(np.abs(np.diff(np.array(values)[300:], axis=0)).mean())

    raw = float(np.abs(np.diff(noise[300:], axis=0)).mean())
    assert flicker(0.03) > 0.9 * raw
    assert flicker(4.0) < raw / 100


def test_the_age_is_that_of_a_box_of_that_length() -> None:
    steady = Steady(ZERO)
    _follow(steady, ONE, 40.0, 0.035, 4.0)
    assert steady.age_s == pytest.approx(2.0, abs=0.05)


def test_reset_equals_fresh() -> None:
    steady, fresh = Steady(ZERO), Steady(ZERO)
    _follow(steady, ONE, 3.0, 0.035, 4.0)
    steady.reset()
    for each in (steady, fresh):
        _follow(each, ONE, 1.0, 0.035, 4.0)
    assert np.array_equal(steady.value, fresh.value) and steady.age_s == fresh.age_s


def test_the_hand_wanders_smoothly_on_its_sphere_and_back_to_the_same_places() -> None:
    wander = Wander(1024, seed=3)
    still = wander.at(0.0, 0.0)
    assert np.array_equal(still, wander.at(99.0, 0.0))
    path = np.array([wander.at(t / 30, 1.0) for t in range(300)])
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.linalg.norm(still), rtol=1e-4)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert 0.0 < steps.max() < 0.01 * np.linalg.norm(still)
    assert np.array_equal(Wander(1024, seed=3).at(5.0, 0.5), wander.at(5.0, 0.5))
    assert not np.array_equal(Wander(1024, seed=4).at(0.0, 0.0), still)
