"""Decades: told as heard, found for the dial, and said when there is no data of them."""

import numpy as np
import pytest

from tests.era_fakes import YEARS, eras


def _share(**by_year: float) -> np.ndarray:
    return np.array([by_year.get(f"y{year}", 0.0) for year in YEARS], np.float32)


def test_probabilities_sum_to_one_and_a_centre_sounds_like_its_decade() -> None:
    known = eras()
    for i, year in enumerate(YEARS):
        heard = known.hear(known.centres[i])
        assert heard.sum() == pytest.approx(1.0) and np.isfinite(known.hear(1e3 * known.centres[i])).all()
        guess = known.guess(heard)
        assert guess is not None and abs(guess.year - year) <= 10


def test_neighbours_vouch_for_each_other_against_a_loner() -> None:
    guess = eras().guess(_share(y1700=0.2, y1710=0.25, y1720=0.2, y1950=0.35))
    assert guess is not None and (guess.year, guess.label) == (1710, "1710s") and guess.spread > 100
    sure = eras().guess(_share(y1800=1.0))
    assert sure is not None and (sure.year, sure.spread) == (1800, 10)


def test_silence_is_from_no_time() -> None:
    assert eras().guess(_share()) is None and eras().words(_share()) == []


def test_words_are_the_likeliest_decades() -> None:
    assert eras().words(_share(y1700=0.3, y1800=0.6, y1950=0.04)) == [
        ("1800s", pytest.approx(0.6)),
        ("1700s", pytest.approx(0.3)),
    ]


@pytest.mark.parametrize(
    ("year", "nearest", "is_said"),
    [(1705, 1700, False), (1729, 1720, False), (1735, 1720, True), (1400, 1700, True), (2030, 1950, True)],
)
def test_the_dial_finds_the_nearest_decade_and_says_when_it_is_another(
    year: int, nearest: int, is_said: bool
) -> None:
    known = eras()
    assert YEARS[known.nearest(year)] == nearest
    sentence = known.missing(year)
    assert bool(sentence) is is_said
    if is_said:
        assert str(year) in sentence and f"{nearest}s" in sentence
        assert "1700s to 1720s, 1800s to 1810s, 1950s" in sentence
