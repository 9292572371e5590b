"""Beats and bars as the parent counts them: as capture hears them, and carried on where it hears none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from visualizer import clock
from visualizer.types import Features

USUAL_BPM = 120.0
"""Where no tempo was ever heard."""
DEAF_AFTER_S = 2.0
"""Features older than this tell nothing of now."""
BARS_OF = {"beat": 0.0, "bar": 1.0, "4 bars": 4.0}

Unit = Literal["beat", "bar", "4 bars"]
Hear = Callable[[int], tuple[int, Features] | None]
"""Features newer than a counter with their counter, as `FeatureSlot.read_newer`."""


class BeatGrid:
    """Where the music stands, in beats and bars since the start of the show.

    The count follows the heard phases by the shortest way, so a restart of capture, a halved tempo or a
    resync moves it by half a bar at most. Owned by the supervisor's thread; times are `clock.now_ns`.
    """

    def __init__(self, hear: Hear | None = None, n_beats: Callable[[], int] = lambda: 4) -> None:
        """`n_beats` gives the beats of a bar."""
        self._hear, self._n_beats = hear, n_beats
        self._counter = 0
        self._newest = Features()
        self._told_ns = -1
        self._time_ns = clock.now_ns()
        self.bpm = USUAL_BPM
        self.beats = self.bars = 0.0
        self._bar_zero = 0.0

    @property
    def is_known(self) -> bool:
        """Whether the tempo is heard now, and not assumed."""
        fresh_ns = clock.nanoseconds(DEAF_AFTER_S)
        return self._newest.tempo_bpm > 0.0 and clock.now_ns() - self._newest.time_ns < fresh_ns

    @property
    def assumed(self) -> str:
        """What is assumed where no tempo is known; "" where it is."""
        return "" if self.is_known else f"no beat is heard: bars of {self.bpm:.0f} BPM"

    def listen(self, hear: Hear) -> None:
        """From now on these features are heard."""
        self._hear, self._counter = hear, 0

    def restart_phrase(self) -> None:
        """The bar line nearest to now begins a phrase: 4 bars are counted from here."""
        self._bar_zero = float(round(self.bars))

    def update(self) -> None:
        """Counts on to now."""
        newer = self._hear(self._counter) if self._hear is not None else None
        if newer is not None:
            self._counter, self._newest = newer
        now_ns, heard = clock.now_ns(), self._newest
        if self.is_known:
            self.bpm = heard.tempo_bpm
        step = clock.seconds(now_ns - self._time_ns) * self.bpm / 60.0
        self._time_ns = now_ns
        beats, bars = self.beats + step, self.bars + step / self._n_beats()
        if self.is_known and heard.time_ns != self._told_ns:
            self._told_ns = heard.time_ns
            since = clock.seconds(now_ns - heard.time_ns) * self.bpm / 60.0
            beats += _shortest(heard.beat_phase + since - beats)
            bars += _shortest(heard.bar_phase + since / self._n_beats() - bars)
        self.beats, self.bars = beats, bars

    def next_line(self, unit: Unit, after_bars: float | None = None) -> float:
        """The bar count at the next boundary of a unit, or at the first not before `after_bars`.

        A boundary less than a twentieth of a beat away is taken for the present one.
        """
        now = self.bars if after_bars is None else after_bars
        slack = 0.05 / self._n_beats()
        if unit == "beat":
            ahead = math.ceil(self.beats - 0.05) - self.beats
            return self.bars + ahead / self._n_beats()
        step = BARS_OF[unit]
        return self._bar_zero + step * math.ceil((now - self._bar_zero - slack) / step)

    def beats_until(self, bars: float) -> float:
        """How many beats until a bar count is reached; negative once it is over."""
        return (bars - self.bars) * self._n_beats()

    def seconds_until(self, bars: float) -> float:
        """The same in seconds, at the present tempo."""
        return self.beats_until(bars) * 60.0 / self.bpm

    def bars_of(self, seconds: float) -> float:
        """How many bars so many seconds are."""
        return seconds * self.bpm / 60.0 / self._n_beats()


def _shortest(distance: float) -> float:
    """The way round a circle of 1 that is no longer than half of it."""
    return distance - round(distance)
