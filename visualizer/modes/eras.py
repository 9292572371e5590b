"""The eras that MVNet knows: which one is heard, and which one the dial leans the picture toward."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from visualizer.types import Float32

_KIN_YEARS = 12.0
"""Eras so near to each other vouch for each other: one of them is told, not the loudest loner."""
_SPREAD_STEP = 5
_MOST_WORDS = 3
_LEAST_WORD = 0.05
_SPAN = re.compile(r"(\d+)\D+(\d+)")
_DECADE = 10


@dataclass(frozen=True, slots=True)
class Guess:
    """When music sounds to be from."""

    year: int
    """The middle of an era."""
    label: str
    """Its name, such as "1870s" or "1600–1619"."""
    spread: int
    """Deviation of the guess in years, a multiple of 5."""


@dataclass(frozen=True, slots=True)
class Eras:
    """The eras with data, ascending, with their centres and the reading of years from v."""

    labels: tuple[str, ...]
    firsts: tuple[int, ...]
    """First year of each."""
    lasts: tuple[int, ...]
    """Last year of each."""
    centres: Float32
    """(n, n_v) float32: the mean v of each era's music."""
    weight: Float32
    """(n, n_v) float32."""
    bias: Float32
    """(n,) float32."""

    @property
    def neutral(self) -> Float32:
        """(n_v,) float32: the v of no era in particular, the picture of silence."""
        return self.centres.mean(axis=0, dtype=np.float32)

    @property
    def middles(self) -> Float32:
        """(n,) float32: the year in the middle of each."""
        return (np.array(self.firsts, np.float32) + np.array(self.lasts, np.float32) + 1.0) / 2.0

    def hear(self, v: Float32) -> Float32:
        """v (n_v,) → probability of each era (n,) float32, sum 1."""
        logits = self.weight @ v + self.bias
        odds = np.exp(logits - logits.max())
        return (odds / odds.sum()).astype(np.float32)

    def guess(self, probabilities: Float32) -> Guess | None:
        """The era that most of the probability lies around; None where there is (next to) none."""
        total = float(probabilities.sum())
        if total < 0.5:
            return None
        share, years = probabilities / total, self.middles
        kinship = np.exp(-0.5 * np.square((years[:, None] - years) / _KIN_YEARS))
        best = int(np.argmax(kinship @ share))
        spread = float(np.sqrt(share @ np.square(years - years[best])))
        steps = _SPREAD_STEP * round(spread / _SPREAD_STEP)
        return Guess(int(years[best]), self.labels[best], max(_DECADE, steps))

    def words(self, probabilities: Float32) -> list[tuple[str, float]]:
        """The likeliest eras as (label, probability), best first."""
        best = np.argsort(probabilities)[::-1][:_MOST_WORDS]
        told = ((self.labels[i], float(probabilities[i])) for i in best)
        return [(word, probability) for word, probability in told if probability >= _LEAST_WORD]

    def nearest(self, year: int) -> int:
        """Index of the era that is nearest to `year`."""
        away = [max(first - year, year - last, 0) for first, last in self._spans()]
        return int(np.argmin(away))

    def missing(self, year: int) -> str:
        """A sentence where there is no data of that year; "" where there is."""
        nearest = self.nearest(year)
        if self.firsts[nearest] <= year <= self.lasts[nearest]:
            return ""
        return (
            f"There are no music and paintings of {year} to lean toward: {name_years(self.labels[nearest])} "
            f"are taken; there is something of {self.describe()}."
        )

    def describe(self) -> str:
        """The years there is data of, such as "1490 to 1599, 1620 to 1949"."""
        spans = [list(self._spans()[0])]
        for (_, before), (first, last) in pairwise(self._spans()):
            if first == before + 1:
                spans[-1][1] = last
            else:
                spans.append([first, last])
        return ", ".join(f"{first} to {last}" for first, last in spans)

    def _spans(self) -> list[tuple[int, int]]:
        return list(zip(self.firsts, self.lasts, strict=True))


def name_years(label: str) -> str:
    """A label within a sentence: "the 1870s", "the years 1600–1619"."""
    return f"the {label}" if label.endswith("s") else f"the years {label}"


def find_lasts(firsts: Sequence[int], labels: Sequence[str]) -> tuple[int, ...]:
    """The last year of each era, from its label or else the next era's first year."""
    lasts = []
    for i, (first, label) in enumerate(zip(firsts, labels, strict=True)):
        span = _SPAN.fullmatch(label)
        last = int(span[2]) if span else first + _DECADE - 1
        lasts.append(min(last, firsts[i + 1] - 1) if i + 1 < len(firsts) else last)
    return tuple(lasts)
