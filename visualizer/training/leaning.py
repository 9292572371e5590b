"""Leans a fitted map toward the taste: along the directions of w in which each of its terms can be seen.

Two hundred pairs cannot tell which of a style's 512 numbers make a picture lighter and which were merely
there. A few thousand samples can: a ridge regression of each term on w gives four directions, and along these
the map's slope is replaced by what is heard, as far as embeddings tell it. Across them it stays as the pairs
made it. Of all changes of w that do this, the one is taken that the generator's own styles make likeliest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAN = (2.0, 1.5, 1.5, 1.5)
"""How far each term reaches, in deviations of what w tells of it, for a deviation of what is heard.

More than 1, since the rest of w changes the picture as well; era most, for it is told least surely.
"""
SEEN_RIDGE = 500.0
HEARD_RIDGE = 0.3
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Directions:
    """Where terms can be seen: slopes (n_w, n_terms) of their scores by w in deviations, covariance of w."""

    slopes: Floats
    covariance: Floats


def find_directions(styles: Floats, scores: Floats) -> Directions:
    """From styles (n, n_w) in deviations from their mean and normal scores (n, n_terms) of their pictures."""
    gram = styles.T @ styles + SEEN_RIDGE * np.eye(styles.shape[1])
    slopes = np.asarray(np.linalg.solve(gram, styles.T @ scores), np.float64)
    return Directions(slopes, np.asarray(np.cov(styles.T), np.float64))


def lean(slope: Floats, features: Floats, heard: Floats, directions: Directions) -> Floats:
    """The slope (k, n_w) of w in deviations by features, such that each term is seen as it is heard.

    `features` (n, k) have mean 0 and deviation 1, `heard` (n, n_terms) are the normal scores of their clips.
    """
    gram = features.T @ features + HEARD_RIDGE * len(features) * np.eye(features.shape[1])
    told = np.linalg.solve(gram, features.T @ heard)
    seen = directions.covariance @ directions.slopes
    spread = directions.slopes.T @ seen
    told *= np.array(LEAN) * np.sqrt(np.diag(spread)) / (features @ told).std(axis=0)
    return np.asarray(slope + (told - slope @ directions.slopes) @ np.linalg.solve(spread, seen.T))
