"""The house taste hears and sees what it says, and pairs like with like."""

from __future__ import annotations

import numpy as np

from visualizer.training import leaning, taste


def test_fuller_livelier_brighter_and_noisier_is_heard() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(32_000) / 16_000
    low, high = (0.1 * np.sin(2 * np.pi * hz * t).astype(np.float32) for hz in (200, 3000))
    noise = rng.normal(0, 0.07, 32_000).astype(np.float32)
    pulses = low * (np.arange(32_000) % 4000 < 1000)
    assert taste.hear(low + noise)[0] > taste.hear(low)[0] + 10
    assert taste.hear(pulses)[1] > taste.hear(low)[1] + 0.5
    assert taste.hear(high)[2] > taste.hear(low)[2] + 2
    assert taste.hear(noise)[3] > taste.hear(low)[3] + 20


def test_gain_changes_nothing_that_is_heard() -> None:
    sound = np.random.default_rng(0).normal(0, 0.02, 32_000).astype(np.float32)
    np.testing.assert_allclose(taste.hear(sound * 8), taste.hear(sound), atol=0.01)


def test_contrast_saturation_lightness_and_fineness_are_seen() -> None:
    grey = np.zeros((3, 32, 32), np.float32)
    fine = np.indices((32, 32)).sum(axis=0) % 2 * 2.0 - 1
    coarse = np.indices((32, 32))[0] // 16 * 2.0 - 1
    checks, halves = (np.broadcast_to(x, (3, 32, 32)).astype(np.float32) for x in (fine, coarse))
    red = grey - 1
    red[0] = 1
    assert taste.see(checks)[0] > taste.see(grey)[0]
    assert taste.see(red)[1] > taste.see(grey)[1]
    assert taste.see(grey + 0.5)[2] > taste.see(grey)[2]
    assert taste.see(checks)[3] > 5 * taste.see(halves)[3]


def test_normal_scores_forget_units_and_keep_order() -> None:
    values = np.array([[1.0, -5.0], [1000.0, 0.0], [10.0, 5.0]])
    scores = taste.normal_scores(values)
    np.testing.assert_allclose(scores.mean(axis=0), 0, atol=1e-12)
    assert list(np.argsort(scores[:, 0])) == [0, 2, 1]


def test_pairs_agree_in_rank_and_no_picture_is_used_too_often() -> None:
    rng = np.random.default_rng(1)
    heard, seen = rng.normal(size=(60, 5)), rng.normal(size=(40, 5))
    pairs = taste.pair(heard, seen)
    assert sorted(p.clip for p in pairs) == list(range(60))
    assert max(np.bincount([p.picture for p in pairs])) <= taste.MAX_USES
    a, b = taste.scores(heard), taste.scores(seen)
    assert a.shape == (60, len(taste.HEARD)) and len(taste.WEIGHTS) == len(taste.HEARD) == len(taste.SEEN)
    for k in range(4):
        agreement = np.corrcoef([a[p.clip, k] for p in pairs], [b[p.picture, k] for p in pairs])[0, 1]
        assert agreement > 0.4


def test_old_music_gets_a_picture_that_looks_old() -> None:
    """Years count by rank, so that MVNet's few decades and the pictures' many centuries meet."""
    heard = np.full((20, 5), 0.5) + np.random.default_rng(2).normal(size=(20, 5)) * 1e-6
    seen = heard[::-1].copy()
    heard[:, 0] = np.linspace(1780, 1800, 20)
    seen[:, 0] = np.linspace(1400, 1950, 20)
    pairs = taste.pair(heard, seen)
    early = np.mean([seen[p.picture, 0] for p in pairs if p.clip < 10])
    late = np.mean([seen[p.picture, 0] for p in pairs if p.clip >= 10])
    assert late - early > 100


def test_a_map_leant_shows_what_is_heard_and_stays_as_it_was_across() -> None:
    rng = np.random.default_rng(3)
    n_w, n_terms = 24, 4
    styles = rng.normal(size=(3000, n_w)) @ np.diag(np.linspace(0.5, 1.5, n_w))
    seen = styles[:, :n_terms] + 0.5 * rng.normal(size=(3000, n_terms))
    directions = leaning.find_directions(styles, taste.normal_scores(seen))
    features = rng.normal(size=(200, 6))
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    heard = taste.normal_scores(features[:, :n_terms] + 0.3 * rng.normal(size=(200, n_terms)))
    slope = rng.normal(size=(6, n_w))
    leant = leaning.lean(slope, features, heard, directions)
    shown = features @ leant @ directions.slopes
    for k in range(n_terms):
        assert np.corrcoef(shown[:, k], heard[:, k])[0, 1] > 0.9
    changed = features @ (leant - slope)
    rank = np.linalg.matrix_rank(changed, tol=1e-6)
    assert rank == n_terms, "only along the terms is anything changed"
