"""Oscillators that keep to the beat, and random walks: functions of beats and seconds alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from visualizer.modulation.values import get
from visualizer.parameters.modulating import N_LFOS, N_WALKS

_LOW_64 = (1 << 64) - 1
_LFOS = tuple(
    tuple(f"lfo.{n}.{part}" for part in ("shape", "period", "period_s", "phase"))
    for n in range(1, N_LFOS + 1)
)
_WALKS = tuple((f"walk.{n}.period_s", f"walk.{n}.way") for n in range(1, N_WALKS + 1))
_DETAIL, _DETAIL_RATE = 0.3, 2.7
"""A second, quicker walk has this share, so that no two turns are alike."""


def beats_of(period: str) -> float | None:
    """The beats of a period as it is declared, such as 1/4 or 16; None for a free one."""
    above, _, below = period.partition("/")
    return None if period == "free" else float(above) / float(below or 1)


def dice(seed: int, index: int) -> float:
    """A random number in [0, 1) for a place, always the same (the finaliser of SplitMix64)."""
    z = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03 + 0x2545F4914F6CDD1D) & _LOW_64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _LOW_64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _LOW_64
    return ((z ^ (z >> 31)) >> 11) / (1 << 53)


def shape(name: str, place: float, seed: int = 0) -> float:
    """A shape after `place` periods, [0, 1]; sine, triangle and saw begin at 0, square at 1."""
    turn = place % 1.0
    match name:
        case "sine":
            return 0.5 - 0.5 * math.cos(2.0 * math.pi * turn)
        case "triangle":
            return 1.0 - abs(1.0 - 2.0 * turn)
        case "saw":
            return turn
        case "square":
            return float(turn < 0.5)
        case _:
            return dice(seed, math.floor(place))


def wander(place: float, seed: int) -> float:
    """A smooth random walk after `place` steps, [0, 1]: random values, joined without corners."""
    return (1.0 - _DETAIL) * _joined(place, seed) + _DETAIL * _joined(_DETAIL_RATE * place, seed + 10_007)


def _joined(place: float, seed: int) -> float:
    index = math.floor(place)
    x = place - index
    before, after = dice(seed, index), dice(seed, index + 1)
    return before + (after - before) * x * x * x * (x * (6.0 * x - 15.0) + 10.0)


class Oscillators:
    """All oscillators and walks. What is free counts its own periods, so that turning its knob never jumps.

    Owned by one thread.
    """

    def __init__(self) -> None:
        self._time_s: float | None = None
        self._beats = 0.0
        self._settings: Mapping[str, Any] = {}
        self._free = [0.0] * N_LFOS
        self._walked = [0.0] * N_WALKS

    def update(self, time_s: float, beats: float, settings: Mapping[str, Any]) -> None:
        """Moves on to a time, in seconds and in beats."""
        # The first time is that since the clock began: processes that begin later are at the same place.
        dt_s = time_s - (self._time_s or 0.0)
        self._time_s, self._beats, self._settings = time_s, beats, settings
        for n, (_, _, period_s, _) in enumerate(_LFOS):
            self._free[n] += dt_s / get(settings, period_s)
        for n, (period_s, _) in enumerate(_WALKS):
            self._walked[n] += dt_s / get(settings, period_s)

    def place(self, n: int) -> float:
        """How many periods oscillator 1 to 4 has gone."""
        _, period, _, phase = (get(self._settings, id) for id in _LFOS[n - 1])
        beats = beats_of(period)
        return float(phase + (self._free[n - 1] if beats is None else self._beats / beats))

    def lfo(self, n: int) -> float:
        """Oscillator 1 to 4, [0, 1]."""
        return shape(get(self._settings, _LFOS[n - 1][0]), self.place(n), seed=n)

    def walk(self, n: int) -> float:
        """Random walk 1 or 2, [0, 1]."""
        return wander(self._walked[n - 1], 7919 * n + int(get(self._settings, _WALKS[n - 1][1])))
