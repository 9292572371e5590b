"""MIDI clock: tempo and beat from 24 ticks a beat, with the jitter of cables and drivers taken out."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visualizer import clock
from visualizer.control.midi_events import CLOCK, POSITION, START

Float64 = NDArray[np.float64]

TICKS_A_BEAT = 24
TICKS_A_SIXTEENTH = 6
WINDOW = 8 * TICKS_A_BEAT
"""Ticks that the tempo is read from."""
LEAST = 12
GONE_S = 0.6
"""Without a tick for so long the clock has stopped; 20 BPM has one each 125 ms."""
_SLOWEST_BPM, _FASTEST_BPM = 20.0, 400.0
_CHANGED = 0.02
"""Both halves of the newest beat differ by more than this share: the tempo was changed, what was before goes.

Ticks that a busy machine held back come in a bunch: then the halves disagree."""


class MidiClock:
    """Follows the clock of one port. A line is laid through the last ticks: its slope is the tempo.

    For one thread. Times are of the house's clock.
    """

    def __init__(self) -> None:
        self._ticks: deque[tuple[int, int]] = deque(maxlen=WINDOW)
        self._next = 0
        self._has_place = False

    @property
    def has_place(self) -> bool:
        """Whether a start or a song position told where the song is."""
        return self._has_place

    def hear(self, data: Sequence[int], time_ns: int) -> None:
        """A message of the clock."""
        status = data[0]
        if status == CLOCK:
            self._tick(time_ns)
        elif status == START:
            self._go_to(0)
        elif status == POSITION and len(data) == 3:
            self._go_to((data[1] | data[2] << 7) * TICKS_A_SIXTEENTH)
        # at continue and stop the place stands: ticks tell whether time goes on

    def read(self, now_ns: int) -> tuple[float, int, int | None] | None:
        """BPM, the time of the newest beat in ns, its number in the song from 0 (None where nobody told).

        None while there is no clock.
        """
        if len(self._ticks) < LEAST or clock.seconds(now_ns - self._ticks[-1][1]) > GONE_S:
            return None
        self._drop_old_tempo()
        fitted = _fit_early(list(self._ticks))
        period_ns, origin_ns = fitted
        bpm = 60 * clock.NS_PER_S / (period_ns * TICKS_A_BEAT) if period_ns > 0 else 0.0
        if not _SLOWEST_BPM <= bpm <= _FASTEST_BPM:
            return None
        beat = self._ticks[-1][0] // TICKS_A_BEAT
        beat_ns = round(origin_ns + period_ns * (beat * TICKS_A_BEAT - self._ticks[0][0]))
        return bpm, beat_ns, beat if self._has_place else None

    def _tick(self, time_ns: int) -> None:
        if self._ticks and clock.seconds(time_ns - self._ticks[-1][1]) > GONE_S:
            self._ticks.clear()
        self._ticks.append((self._next, time_ns))
        self._next += 1

    def _go_to(self, place: int) -> None:
        """The next tick is this one of the song. The times of the last ticks still tell the tempo."""
        shift = place - self._next
        self._ticks = deque(((n + shift, time_ns) for n, time_ns in self._ticks), maxlen=WINDOW)
        self._next, self._has_place = place, True

    def _drop_old_tempo(self) -> None:
        """Forgets ticks of another tempo than that of the newest beat."""
        ticks = list(self._ticks)
        if len(ticks) < 2 * TICKS_A_BEAT:
            return
        half = TICKS_A_BEAT // 2
        before, newer, newest = (_fit(part)[0] for part in (ticks, ticks[-2 * half : -half], ticks[-half:]))
        if all(abs(period - before) > _CHANGED * abs(before) for period in (newer, newest)) and (
            abs(newest - newer) < 2 * _CHANGED * abs(before)
        ):
            self._ticks = deque(ticks[-2 * half :], maxlen=WINDOW)


def _fit(ticks: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Period in ns a tick, and the time of the first tick, by least squares."""
    return _line(*_arrays(ticks), ticks[0][1])


def _fit_early(ticks: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """The same through the half that came early: a tick may be late, but hardly ever early."""
    n, t = _arrays(ticks)
    period_ns, origin_ns = _line(n, t, ticks[0][1])
    for _ in range(2):
        late_ns = t - period_ns * n
        early = late_ns <= np.median(late_ns)
        if early.sum() < LEAST:
            break
        period_ns, origin_ns = _line(n[early], t[early], ticks[0][1])
    return period_ns, origin_ns


def _arrays(ticks: Sequence[tuple[int, int]]) -> tuple[Float64, Float64]:
    """Numbers and times in ns, both from those of the first tick."""
    first_n, first_ns = ticks[0]
    return (
        np.array([number - first_n for number, _ in ticks], np.float64),
        np.array([time_ns - first_ns for _, time_ns in ticks], np.float64),
    )


def _line(n: Float64, t: Float64, first_ns: int) -> tuple[float, float]:
    period_ns = float(((n - n.mean()) * (t - t.mean())).sum() / ((n - n.mean()) ** 2).sum())
    return period_ns, first_ns + float(t.mean() - period_ns * n.mean())
