"""Which knob plays what: bindings, and the file that keeps them. Of a file nothing is trusted."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from visualizer import paths
from visualizer.control.commands import ACTIONS
from visualizer.control.midi_events import KINDS, N_MSB, NUMBERED, Kind, Source
from visualizer.control.preset_files import encode, read_json, short, shown, write
from visualizer.parameters import PARAMETERS
from visualizer.types import UserError

VERSION = 1
MAX_BINDINGS = 1000
MAX_FILE_BYTES = 1 << 18
_MAX_PORT, _MAX_TARGET = 80, 80
_MAX_SENTENCES = 20

Does = Literal["value", "toggle", "hold", "step", "press"]
Counts = Literal["absolute", "twos", "offset"]
DOES: tuple[str, ...] = get_args(Does)
COUNTS: tuple[str, ...] = get_args(Counts)

DO = "do:"
NEVER = ("quit",)
"""Not for a knob: a stray touch must not end a show."""
_OPENS = ("control.", "link.")
"""Who plays the show does not choose who else may."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A source and what it plays."""

    target: str
    """The id of a parameter, or `do:` and the name of an action."""
    source: Source
    does: Does = "value"
    """value: stands for it. toggle: each press turns it over. hold: on while down. step: each press takes the
    next choice. press: each press does it."""
    counts: Counts = "absolute"
    """What a control change means: where a knob stands, or clicks of an endless one as two's complement
    (127 is −1) or around 64 (63 is −1)."""
    low: float = 0.0
    high: float = 1.0
    """The part of the target's range that it plays, [0, 1] along the curve of its slider."""
    inverts: bool = False
    pickup: bool | None = None
    """Whether it must pass the value that stands before it moves it; None: as `midi.pickup` says."""

    @property
    def action(self) -> str:
        """The name of the action; "" where the target is a parameter."""
        return self.target.removeprefix(DO) if self.target.startswith(DO) else ""

    @property
    def is_known(self) -> bool:
        """Whether the show has the target now; a shader may be away and come back."""
        return is_target(self.target)


def is_target(target: str) -> bool:
    """Whether there is something of that name for a knob."""
    if target.startswith(DO):
        return target.removeprefix(DO) in ACTIONS and target.removeprefix(DO) not in NEVER
    parameter = PARAMETERS.get(target)
    return parameter is not None and parameter.kind != "text" and not target.startswith(_OPENS)


_WAYS: dict[str, tuple[Does, ...]] = {
    "float": ("value", "hold", "toggle"),
    "int": ("value", "hold", "toggle"),
    "bool": ("hold", "toggle"),
    "choice": ("value", "step"),
    "trigger": ("press",),
}
_OF_A_BUTTON: dict[str, Does] = {"float": "hold", "int": "hold", "bool": "toggle", "choice": "step"}


def _kind(target: str) -> str:
    return PARAMETERS[target].kind if target in PARAMETERS else "trigger"


def ways(target: str) -> tuple[Does, ...]:
    """What a source can do to a target, the usual one for a knob first."""
    return _WAYS[_kind(target)]


def usual_way(target: str, is_button: bool) -> Does:
    """What a source does to a target unless told otherwise."""
    return _OF_A_BUTTON.get(_kind(target), "press") if is_button else ways(target)[0]


def parse(row: object) -> Binding:
    """A binding from JSON; UserError with the reason where there is none in it."""
    if not isinstance(row, dict):
        raise UserError("it is no binding.")
    source = Source(
        _text(row, "port", _MAX_PORT, empty=True),
        cast(Kind, _word(row, "kind", KINDS)),
        _whole(row, "channel", 1, 16),
        _whole(row, "number", 0, 127),
    )
    if source.kind == "cc14" and source.number >= N_MSB:
        raise UserError(f"a 14-bit control change has a number below {N_MSB}.")
    if source.kind not in NUMBERED and source.number:
        raise UserError(f"a {source.kind} has no number.")
    target = _text(row, "target", _MAX_TARGET)
    low, high = (_share(row, name, usual) for name, usual in (("low", 0.0), ("high", 1.0)))
    if low > high:
        raise UserError("low is above high.")
    does = _word(row, "does", DOES, "value")
    if is_target(target) and does not in ways(target):
        raise UserError(f"{target} is played by {' or '.join(ways(target))}, not {does}.")
    return Binding(
        target,
        source,
        cast(Does, does),
        cast(Counts, _word(row, "counts", COUNTS, "absolute")),
        low,
        high,
        _truth(row.get("inverts", False), "inverts"),
        None if row.get("pickup") is None else _truth(row["pickup"], "pickup"),
    )


def row(binding: Binding) -> dict[str, Any]:
    """A binding as JSON; the inverse of `parse`."""
    flat = asdict(binding)
    source = flat.pop("source")
    return {"target": flat.pop("target"), **source, **flat}


def path() -> Path:
    """Where the performer's own map lies."""
    return paths.config_dir() / "midi.json"


def read(file: Path) -> tuple[list[Binding], list[str]]:
    """The bindings of a file, and a sentence for each that was left out; UserError where it holds no map."""
    document = read_json(file, MAX_FILE_BYTES)
    if not isinstance(document, dict) or document.get("klangbild") != "midi":
        raise UserError(f"{shown(file)} is no MIDI map of Klangbild.")
    version, rows = document.get("version"), document.get("bindings")
    if not isinstance(version, int) or isinstance(version, bool) or not isinstance(rows, list):
        raise UserError(f"{shown(file)} has no version or no bindings: it is damaged.")
    if version > VERSION:
        raise UserError(f"{shown(file)} is of a newer Klangbild (version {version}): update this one.")
    bindings: list[Binding] = []
    sentences: list[str] = []
    for number, body in enumerate(rows[:MAX_BINDINGS], 1):
        try:
            bindings.append(parse(body))
        except UserError as error:
            sentences.append(f"{shown(file)}: binding {number} is left out, for {short(str(error), 120)}")
    if len(rows) > MAX_BINDINGS:
        sentences.append(f"{shown(file)} has {len(rows)} bindings; those after {MAX_BINDINGS} are left out.")
    return bindings, sentences[:_MAX_SENTENCES]


def load(file: Path) -> tuple[list[Binding], str]:
    """The performer's map, and what there is to say of it; what cannot be read is kept aside, never lost."""
    if not file.exists():
        return [], ""
    try:
        bindings, sentences = read(file)
    except UserError as error:
        bindings, sentences = [], [str(error)]
    if not sentences:
        return bindings, ""
    return bindings, f"{' '.join(sentences[:3])} The file as it was: {_keep_aside(file)}."


def _keep_aside(file: Path) -> str:
    """Copies a damaged file beside itself, so that saving does not lose it; the copy's name."""
    data = b""
    with contextlib.suppress(OSError):
        data = file.read_bytes()
    for number in range(1, 100):
        aside = file.with_name(file.name + (".broken" if number == 1 else f".broken{number}"))
        with contextlib.suppress(OSError):
            if aside.exists():
                if aside.read_bytes() == data:
                    return aside.name
                continue
            write(aside, data)
            return aside.name
    return file.name


def save(bindings: Sequence[Binding], file: Path) -> None:
    """Writes a map as a whole, or leaves the old one; UserError where it cannot."""
    rows = [row(binding) for binding in bindings]
    write(file, encode({"klangbild": "midi", "version": VERSION, "bindings": rows}))


def add(bindings: Sequence[Binding], new: Binding) -> list[Binding]:
    """With a new one; it takes the place of what the same controller did to the same target."""
    same = (new.target, new.source.port)
    rest = [other for other in bindings if (other.target, other.source.port) != same]
    if len(rest) >= MAX_BINDINGS:
        raise UserError(f"There are {MAX_BINDINGS} bindings already: forget one first.")
    return [*rest, new]


def _text(row: Mapping[str, Any], name: str, n: int, empty: bool = False) -> str:
    value = row.get(name)
    if isinstance(value, str) and len(value) <= n and value.isprintable() and (value or empty):
        return value
    raise UserError(f"{name} is a text of at most {n} printable characters.")


def _word(row: Mapping[str, Any], name: str, words: Sequence[str], usual: str = "") -> str:
    value = row.get(name, usual)
    if value in words:
        return str(value)
    raise UserError(f"{name} is one of {', '.join(words)}.")


def _whole(row: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = row.get(name, 0)
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise UserError(f"{name} goes from {least} to {most}.")


def _share(row: Mapping[str, Any], name: str, usual: float) -> float:
    value = row.get(name, usual)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and math.isfinite(value) and 0.0 <= value <= 1.0:
        return float(value)
    raise UserError(f"{name} goes from 0 to 1.")


def _truth(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return value
    raise UserError(f"{name} is true or false.")
