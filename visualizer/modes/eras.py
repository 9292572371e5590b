"""The decades that MVNet knows: which one is heard, and which one the dial leans the picture toward."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from visualizer.types import Float32

DECADE = 10
_KIN_YEARS = 12.0
"""Decades so near to each other vouch for each other: one of them is told, not the loudest loner."""
_SPREAD_STEP = 5
_MOST_WORDS = 3
_LEAST_WORD = 0.05


@dataclass(frozen=True, slots=True)
class Guess:
    """When music sounds to be from."""

    year: int
    """First year of a decade."""
    label: str
    """Such as "1870s"."""
    spread: int
    """Deviation of the guess in years, a multiple of 5."""


@dataclass(frozen=True, slots=True)
class Eras:
    """The decades with data, ascending, with their centres and the reading of years from v."""

    years: tuple[int, ...]
    """First year of each."""
    centres: Float32
    """(n, n_v) float32: the mean v of each decade's music."""
    weight: Float32
    """(n, n_v) float32."""
    bias: Float32
    """(n,) float32."""

    @property
    def neutral(self) -> Float32:
        """(n_v,) float32: the v of no decade in particular, the picture of silence."""
        return self.centres.mean(axis=0, dtype=np.float32)

    def hear(self, v: Float32) -> Float32:
        """v (n_v,) → probability of each decade (n,) float32, sum 1."""
        logits = self.weight @ v + self.bias
        odds = np.exp(logits - logits.max())
        return (odds / odds.sum()).astype(np.float32)

    def guess(self, probabilities: Float32) -> Guess | None:
        """The decade that most of the probability lies around; None where there is (next to) none."""
        total = float(probabilities.sum())
        if total < 0.5:
            return None
        share, years = probabilities / total, np.array(self.years, np.float64)
        kinship = np.exp(-0.5 * np.square((years[:, None] - years) / _KIN_YEARS))
        year = self.years[int(np.argmax(kinship @ share))]
        spread = float(np.sqrt(share @ np.square(years - year)))
        return Guess(year, f"{year}s", max(DECADE, _SPREAD_STEP * round(spread / _SPREAD_STEP)))

    def words(self, probabilities: Float32) -> list[tuple[str, float]]:
        """The likeliest decades as (such as "1870s", probability), best first."""
        best = np.argsort(probabilities)[::-1][:_MOST_WORDS]
        told = ((f"{self.years[i]}s", float(probabilities[i])) for i in best)
        return [(word, probability) for word, probability in told if probability >= _LEAST_WORD]

    def nearest(self, year: int) -> int:
        """Index of the decade with data that is nearest to `year`."""
        away = [max(first - year, year - (first + DECADE - 1), 0) for first in self.years]
        return int(np.argmin(away))

    def missing(self, year: int) -> str:
        """A sentence where there is no data of that year; "" where there is."""
        nearest = self.years[self.nearest(year)]
        if nearest <= year < nearest + DECADE:
            return ""
        return (
            f"There is no music and painting of {year} to lean toward, so era.year takes the {nearest}s; "
            f"there is of {self.describe()}."
        )

    def describe(self) -> str:
        """The decades as spans, such as "1480s, 1520s to 1590s"."""
        spans = [[self.years[0], self.years[0]]]
        for before, year in pairwise(self.years):
            if year - before == DECADE:
                spans[-1][1] = year
            else:
                spans.append([year, year])
        return ", ".join(f"{a}s" if a == b else f"{a}s to {b}s" for a, b in spans)
