"""Short ways to declare a parameter, for the tables of declarations beside this file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from visualizer.parameters.parameter import Curve, Parameter


def declare_float(
    id: str, default: float, min: float, max: float, unit: str, help: str, curve: Curve = "linear"
) -> Parameter:
    """A number with a range."""
    return Parameter(id, "float", default, help, min, max, unit, curve)


def declare_int(id: str, default: int, min: int, max: int, unit: str, help: str) -> Parameter:
    """A whole number with a range."""
    return Parameter(id, "int", default, help, min, max, unit)


def declare_bool(id: str, default: bool, help: str) -> Parameter:
    """On or off."""
    return Parameter(id, "bool", default, help)


def declare_choice(
    id: str, default: str, choices: Iterable[str], help: str, in_next_deck: bool = False
) -> Parameter:
    """One of a few words."""
    return Parameter(id, "choice", default, help, choices=tuple(choices), in_next_deck=in_next_deck)


def declare_text(
    id: str, default: str, help: str, in_next_deck: bool = False, check: Callable[[str], str] | None = None
) -> Parameter:
    """A text; with `check` one that is judged, see `Parameter.check`."""
    return Parameter(id, "text", default, help, in_next_deck=in_next_deck, check=check)


def declare_trigger(id: str, help: str) -> Parameter:
    """Something that happens."""
    return Parameter(id, "trigger", False, help)
