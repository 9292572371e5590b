"""The words of what is heard: tag probabilities, steadied over time and told without synonyms."""

from __future__ import annotations

import numpy as np

from visualizer.types import Float32

_STEADY_S = 0.8
_LEAST = 0.25
_MOST = 5
_SYNONYMS = (
    ("vocals", "vocal", "voice", "singing"),
    ("woman", "female", "female vocal", "female voice"),
    ("man", "male", "male vocal", "male voice"),
    ("choir", "choral"),
    ("classical", "classic"),
    ("drums", "beat", "beats"),
    ("strings", "violin", "cello"),
    ("techno", "electronic", "dance"),
    ("ambient", "new age"),
)
_ABSENCES = ("no vocals", "no vocal", "no voice")
"""True of nearly all the music here, so they tell nothing."""

_FAMILY = {word: family[0] for family in _SYNONYMS for word in family}


class Words:
    """Follows the tags with a time constant of 0.8 s."""

    def __init__(self, tags: tuple[str, ...]) -> None:
        self.tags = tags
        self._steady: Float32 = np.zeros(len(tags), np.float32)

    def reset(self) -> None:
        """Hears nothing."""
        self._steady[:] = 0.0

    def push(self, probabilities: Float32, dt_s: float) -> None:
        """`probabilities` (n_tags,) float32 in [0, 1], standing for the last `dt_s` seconds."""
        share = np.float32(1.0 - np.exp(-dt_s / _STEADY_S))
        self._steady += share * (probabilities - self._steady)

    def probabilities(self) -> dict[str, float]:
        """Of all tags, [0, 1]."""
        return dict(zip(self.tags, self._steady.tolist(), strict=True))

    def top(self) -> list[tuple[str, float]]:
        """At most five (word, probability), best first; of each family of synonyms only the likeliest."""
        return best(self.tags, self._steady)


def best(
    tags: tuple[str, ...], probabilities: Float32, n_most: int = _MOST, least: float = _LEAST
) -> list[tuple[str, float]]:
    """The likeliest tags as (word, probability in [0, 1]), best first, without absences and synonyms."""
    told: dict[str, tuple[str, float]] = {}
    for index in np.argsort(probabilities)[::-1]:
        word, probability = tags[index], float(probabilities[index])
        if len(told) == n_most or probability < least:
            break
        if word not in _ABSENCES:
            told.setdefault(_FAMILY.get(word, word), (word, probability))
    return list(told.values())
