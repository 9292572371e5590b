"""The routes: what moves which knob, how far, and how quickly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from visualizer.modulation.signals import Signals
from visualizer.modulation.values import get
from visualizer.parameters import PARAMETERS, Value
from visualizer.parameters.modulating import N_ROUTES, TAG, is_target

_IDS = tuple(
    tuple(
        f"modulation.{n}.{part}"
        for part in ("on", "source", "target", "amount", "low", "high", "attack_s", "decay_s", "invert")
    )
    for n in range(1, N_ROUTES + 1)
)
_SWINGING = ("lfo.", "walk.")
"""These swing to both sides of the knob; all others push it from where it stands."""


def asked_of_decks(settings: Mapping[str, Any]) -> set[str]:
    """Of the sources that routes use, those that only a deck knows: tags and the era."""
    used = {str(get(settings, ids[1])) for ids in _IDS if get(settings, ids[0])}
    return {source for source in used if source.startswith(TAG) or source == "era.year"}


class Modulator:
    """Follows the routes of the settings. Owned by one thread; independent of how often it is asked.

    A route pushes the slider of its target by amount · (s − rest), where s in [0, 1] is its source after the
    envelope, and rest is 1/2 for what swings (oscillators and walks) and 0 for what is heard. It carries the
    slider no further than from `low` to `high`, or to where it stands outside. What all routes of a target
    push is added; the knob itself stays where it is.
    """

    def __init__(self) -> None:
        self._time_s: float | None = None
        self._followed: dict[int, tuple[str, float]] = {}
        """By route its source, and its value after the envelope."""

    def apply(self, settings: Mapping[str, Any], signals: Signals, time_s: float) -> dict[str, Value]:
        """The values of the moved parameters at that time; {} where nothing is moved."""
        dt_s = 0.0 if self._time_s is None else max(time_s - self._time_s, 0.0)
        self._time_s = time_s
        if not get(settings, "show.modulation"):
            self._followed.clear()
            return {}
        pushes: dict[str, float] = {}
        for n, ids in enumerate(_IDS):
            is_on, source, target, amount, low, high, attack_s, decay_s, invert = (
                get(settings, id) for id in ids
            )
            parameter = PARAMETERS.get(target) if is_on and source else None
            if parameter is None or not is_target(parameter):
                self._followed.pop(n, None)
                continue
            value = 1.0 - signals[source] if invert else signals[source]
            value = self._follow(n, source, value, dt_s, attack_s, decay_s)
            share = parameter.to_share(float(get(settings, target)))
            rest = 0.5 if source.startswith(_SWINGING) else 0.0
            low, high = min(low, high, share), max(low, high, share)
            push = min(max(share + amount * (value - rest), low), high) - share
            pushes[target] = pushes.get(target, 0.0) + push
        return {target: _pushed(settings, target, push) for target, push in pushes.items()}

    def _follow(
        self, n: int, source: str, value: float, dt_s: float, attack_s: float, decay_s: float
    ) -> float:
        """An exponential towards `value`, with one time constant upwards and another downwards."""
        before_source, before = self._followed.get(n, (source, value))
        tau_s = attack_s if value > before else decay_s
        if before_source == source and tau_s > 0.0:
            value += (before - value) * math.exp(-dt_s / tau_s)
        self._followed[n] = source, value
        return value


def _pushed(settings: Mapping[str, Any], target: str, push: float) -> Value:
    parameter = PARAMETERS[target]
    value = parameter.from_share(parameter.to_share(float(get(settings, target))) + push)
    return round(value) if parameter.kind == "int" else value
