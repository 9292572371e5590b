"""What a control is: its range and curve, and how its values are validated."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from visualizer.types import UserError

Kind = Literal["float", "int", "bool", "choice", "text", "trigger"]
Curve = Literal["linear", "log", "square"]
Value = float | int | bool | str

_TRUE = {"1", "true", "on", "yes"}
_FALSE = {"0", "false", "off", "no"}
_MAX_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Parameter:
    """One control: everything a widget, an OSC address, a MIDI target or a preset needs to know of it."""

    id: str
    kind: Kind
    default: Value
    help: str
    min: float = 0.0
    max: float = 1.0
    unit: str = ""
    curve: Curve = "linear"
    choices: tuple[str, ...] = ()
    in_next_deck: bool = False
    """A change is prepared in the other deck and faded in, instead of taking effect at once."""
    check: Callable[[str], str] | None = None
    """Of a text that is one of many words: gives it as it is kept; UserError for one that makes no sense."""

    @property
    def group(self) -> str:
        """All of the id but its last part."""
        return self.id.rpartition(".")[0]

    @property
    def osc(self) -> str:
        """Its fixed OSC address."""
        return "/klangbild/" + self.id.replace(".", "/")

    def to_share(self, value: float) -> float:
        """Where a number stands in its range, [0, 1] along its curve: the place of its slider or knob."""
        value = min(max(value, self.min), self.max)
        return to_share(value, self.min, self.max, self.curve)

    def from_share(self, share: float) -> float:
        """The opposite: the number at a place [0, 1] of its range."""
        return from_share(min(max(share, 0.0), 1.0), self.min, self.max, self.curve)

    def validate(self, value: object) -> Value:
        """The value as this parameter's kind, clamped to its range; UserError where it makes no sense."""
        match self.kind:
            case "float" | "int":
                return self._number(value)
            case "bool":
                return self._truth(value)
            case "choice":
                return self._choice(value)
            case "trigger":
                return self._truth(value if value != "" else True)
            case "text":
                if not isinstance(value, str) or len(value) > _MAX_TEXT:
                    raise UserError(f"{self.id} takes a text of at most {_MAX_TEXT} characters.")
                return self.check(value) if self.check is not None else value

    def to_unit(self, value: Value) -> float:
        """Where the value lies on its widget, [0, 1]; a choice by its place among the choices, texts at 0."""
        if self.kind in ("float", "int"):
            return self.to_share(float(value))
        if self.kind == "choice":
            return self.choices.index(str(value)) / max(1, len(self.choices) - 1)
        return float(self.kind != "text" and bool(value))

    def from_unit(self, unit: float) -> Value:
        """The value at a place of the widget, the inverse of `to_unit`; UserError where there is none."""
        if not math.isfinite(unit) or self.kind == "text":
            raise UserError(f"{self.id} has no value at {unit}.")
        unit = min(max(unit, 0.0), 1.0)
        if self.kind == "choice":
            return self.choices[round(unit * (len(self.choices) - 1))]
        if self.kind in ("bool", "trigger"):
            return unit >= 0.5
        return self._number(self.from_share(unit))

    def _number(self, value: object) -> Value:
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            unit = f" {self.unit}" if self.unit else ""
            raise UserError(
                f"{self.id} takes a number from {self.min:g} to {self.max:g}{unit}, not {value!r}."
            )
        number = min(max(number, self.min), self.max)
        return round(number) if self.kind == "int" else number

    def _truth(self, value: object) -> bool:
        if isinstance(value, (bool, int, float)):
            return bool(value)
        word = str(value).strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise UserError(f"{self.id} is switched with on or off, not {value!r}.")

    def _choice(self, value: object) -> str:
        if value not in self.choices:
            raise UserError(f"{self.id} is one of {', '.join(self.choices)}, not {value!r}.")
        return str(value)


def to_share(value: float, low: float, high: float, curve: Curve) -> float:
    """Where a value lies between `low` and `high` on a widget with this curve, [0, 1] inside the range."""
    if high <= low:
        return 0.0
    if curve == "log" and low > 0:
        return math.log(value / low) / math.log(high / low)
    share = (value - low) / (high - low)
    return math.sqrt(max(share, 0.0)) if curve == "square" else share


def from_share(share: float, low: float, high: float, curve: Curve) -> float:
    """The value at a place of the widget; the inverse of `to_share`."""
    if curve == "log" and low > 0:
        return float(low * (high / low) ** share)
    return low + (high - low) * (share * share if curve == "square" else share)
