"""The eras MVNet tells apart: decades that hold both music and paintings, thin neighbours merged."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from visualizer.types import UserError

MIN_MUSIC = 40
"""Pieces of music that an era needs at least, where there are many."""
MIN_PAINTINGS = 80
"""Paintings that an era needs at least, where there are many."""
MIN_SHARE = 10
"""Of fewer pieces or paintings, an era needs a tenth."""
MIN_ERAS = 2


@dataclass(frozen=True)
class Eras:
    """Consecutive eras: `firsts` their first years, ascending; the last ends before `end`."""

    firsts: tuple[int, ...]
    end: int

    def __len__(self) -> int:
        return len(self.firsts)

    def of(self, year: int) -> int | None:
        """The number of the era of a year; nothing where it lies before or behind all of them."""
        if not self.firsts or not self.firsts[0] <= year < self.end:
            return None
        return bisect_right(self.firsts, year) - 1

    def middle(self, era: int) -> float:
        """The year in the middle of an era."""
        last = self.firsts[era + 1] if era + 1 < len(self) else self.end
        return (self.firsts[era] + last) / 2

    @property
    def labels(self) -> tuple[str, ...]:
        """ "1780s" for a decade, "1600–1619" for merged ones."""
        ends = (*self.firsts[1:], self.end)
        return tuple(
            f"{a}s" if b - a == 10 else f"{a}–{b - 1}" for a, b in zip(self.firsts, ends, strict=True)
        )


def find_eras(
    music: Sequence[int],
    paintings: Sequence[int],
    min_music: int | None = None,
    min_paintings: int | None = None,
) -> Eras:
    """Walk the decades in which both arts have years, closing an era as soon as it holds enough of both.

    What is enough follows from how many there are. What is left at the end joins the last era. Raises
    UserError where fewer than MIN_ERAS come of it.
    """
    if not music or not paintings:
        raise UserError("eras need years of both music and paintings; name a data folder with --data")
    min_music = min_music or min(MIN_MUSIC, max(1, len(music) // MIN_SHARE))
    min_paintings = min_paintings or min(MIN_PAINTINGS, max(1, len(paintings) // MIN_SHARE))
    start = max(min(music), min(paintings)) // 10 * 10
    stop = min(max(music), max(paintings)) // 10 * 10 + 10
    firsts: list[int] = []
    first = start
    n_music = n_paintings = 0
    for decade in range(start, stop, 10):
        n_music += sum(decade <= year < decade + 10 for year in music)
        n_paintings += sum(decade <= year < decade + 10 for year in paintings)
        if n_music >= min_music and n_paintings >= min_paintings:
            firsts.append(first)
            first, n_music, n_paintings = decade + 10, 0, 0
    if len(firsts) < MIN_ERAS:
        raise UserError(
            f"the years make {len(firsts)} eras of {min_music} pieces of music and {min_paintings} pictures, "
            f"not {MIN_ERAS}; name a folder whose music and pictures share more decades with --data"
        )
    return Eras(tuple(firsts), stop)
