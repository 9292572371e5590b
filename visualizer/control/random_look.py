"""A look by chance that stays within reason: half-way between what is declared and anything."""

from __future__ import annotations

import random

from visualizer.control.preset_files import KEPT
from visualizer.parameters import PARAMETERS, Parameter, Value

MIDDLE = 0.15, 0.85
"""Shares of a slider's range that chance may draw from, before the default pulls."""
_PAINTING = ("", ".smoothing")
_WHOLE = {"era.year"}
_LEFT = {"era.slide_s", "era.dial"}
"""The pace of a slideshow, and the dial, which is a decision."""


def random_look(mode: str, rng: random.Random) -> dict[str, Value]:
    """New values of what the mode paints live, its seed, and the effects.

    Modes, models, contents, choices and network bending stay: those are decisions.
    """
    groups = {"effects", *(mode + end for end in _PAINTING)}
    drawn: dict[str, Value] = {}
    for id in KEPT:
        parameter = PARAMETERS[id]
        if parameter.group not in groups or parameter.in_next_deck or id in _LEFT:
            continue
        if id.endswith(".seed"):
            drawn[id] = rng.randint(0, int(parameter.max))
        elif parameter.kind == "float" or id in _WHOLE:
            drawn[id] = _draw(parameter, rng)
    return drawn


def _draw(parameter: Parameter, rng: random.Random) -> Value:
    usual = parameter.to_share(float(parameter.default))
    return parameter.validate(parameter.from_share((usual + rng.uniform(*MIDDLE)) / 2.0))
