"""The wander through styles, and the words told of tags."""

import numpy as np

from visualizer.modes.drift import Drift
from visualizer.modes.words import Words, best

STYLES = np.random.default_rng(0).normal(size=(16, 8)).astype(np.float32)
REST = STYLES.mean(axis=0)


def test_drift_is_smooth_and_passes_its_styles() -> None:
    drift = Drift(STYLES, REST, seed=3)
    times = np.linspace(0.0, 400.0, 4001)
    path = np.stack([drift.at(t, 40.0) for t in times])
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.max() < 0.1 * np.linalg.norm(STYLES - REST, axis=1).mean()
    assert np.allclose(drift.at(80.0, 40.0), drift.direction(2), atol=1e-5)


def test_drift_is_a_function_of_seed_and_time() -> None:
    same = Drift(STYLES, REST, 3).at(17.3, 40.0), Drift(STYLES, REST, 3).at(17.3, 40.0)
    assert np.array_equal(*same)
    assert not np.allclose(same[0], Drift(STYLES, REST, 4).at(17.3, 40.0))


def test_words_are_told_once_a_family_and_without_absences() -> None:
    tags = ("piano", "no vocals", "techno", "electronic", "quiet")
    told = best(tags, np.array([0.6, 0.9, 0.5, 0.8, 0.1], np.float32))
    assert [word for word, _ in told] == ["electronic", "piano"]


def test_words_follow_within_a_few_seconds_and_fade() -> None:
    words = Words(("piano", "techno"))
    for _ in range(100):
        words.push(np.array([0.9, 0.0], np.float32), 0.032)
    assert words.top()[0][0] == "piano" and words.top()[0][1] > 0.8
    for _ in range(150):
        words.push(np.zeros(2, np.float32), 0.032)
    assert words.top() == []
