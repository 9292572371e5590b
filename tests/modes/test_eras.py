"""Eras: told as heard, found for the dial, and said when there is no data of a year."""

import numpy as np
import pytest

from tests.era_fakes import FIRSTS, LABELS, eras
from visualizer.modes.eras import find_lasts


def _share(**by_year: float) -> np.ndarray:
    return np.array([by_year.get(f"y{year}", 0.0) for year in FIRSTS], np.float32)


def test_probabilities_sum_to_one_and_a_centre_sounds_like_its_era() -> None:
    known = eras()
    for i, label in enumerate(LABELS):
        heard = known.hear(known.centres[i])
        assert heard.sum() == pytest.approx(1.0) and np.isfinite(known.hear(1e3 * known.centres[i])).all()
        guess = known.guess(heard)
        assert guess is not None and guess.label == label


def test_neighbours_vouch_for_each_other_against_a_loner() -> None:
    guess = eras().guess(_share(y1700=0.2, y1710=0.25, y1730=0.2, y1950=0.35))
    assert guess is not None and (guess.year, guess.label) == (1720, "1710–1729") and guess.spread > 100
    sure = eras().guess(_share(y1800=1.0))
    assert sure is not None and (sure.year, sure.spread) == (1805, 10)


def test_silence_is_from_no_time() -> None:
    assert eras().guess(_share()) is None and eras().words(_share()) == []


def test_words_are_the_likeliest_eras() -> None:
    assert eras().words(_share(y1710=0.3, y1800=0.6, y1950=0.04)) == [
        ("1800s", pytest.approx(0.6)),
        ("1710–1729", pytest.approx(0.3)),
    ]


@pytest.mark.parametrize(
    ("year", "nearest", "named"),
    [
        (1705, 1700, ""),
        (1729, 1710, ""),
        (1750, 1730, "the 1730s"),
        (1400, 1700, "the 1700s"),
        (2030, 1950, "the 1950s"),
    ],
)
def test_the_dial_finds_the_nearest_era_and_says_when_it_is_another(
    year: int, nearest: int, named: str
) -> None:
    known = eras()
    assert FIRSTS[known.nearest(year)] == nearest
    sentence = known.missing(year)
    assert bool(sentence) is bool(named)
    if named:
        assert str(year) in sentence and named in sentence
        assert "1700 to 1739, 1800 to 1819, 1950 to 1959" in sentence


def test_an_era_lasts_as_its_label_says_but_never_into_the_next() -> None:
    assert find_lasts((1490, 1600, 1620), ("1490–1599", "1600s", "1620–1949")) == (1599, 1609, 1949)
    assert find_lasts((1600, 1605), ("1600s", "1605s")) == (1604, 1614)
