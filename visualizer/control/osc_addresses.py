"""Every OSC address of the show: from the registry, from the table of actions, and what the show tells."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from visualizer.control import commands
from visualizer.control.osc_wire import Argument
from visualizer.parameters import PARAMETERS, Parameter, Value, on_declared
from visualizer.types import N_CHROMA, N_SPECTRUM, UserError

Form = Literal["unit", "raw", "action", "told", "service"]

ROOT = "/klangbild"
NEVER = ("quit",)
"""Not for other programs: one stray message must not end a show."""
OPENS = ("control.", "link.")
"""They open the show to others."""
BEAT = f"{ROOT}/features/beat"
SUBSCRIBE, UNSUBSCRIBE = f"{ROOT}/subscribe", f"{ROOT}/unsubscribe"


@dataclass(frozen=True, slots=True)
class Address:
    """One address. `unit` and `raw` are two ways to a parameter; `told` is only read, an `action` is done."""

    path: str
    form: Form
    help: str
    id: str = ""
    """The parameter, or the action's name."""
    tags: str = ""
    """OSC type tags of what it holds or takes."""
    low: float | None = None
    high: float | None = None
    choices: tuple[str | int, ...] = ()
    unit: str = ""
    is_readable: bool = True
    is_writable: bool = True

    def value_of(self, argument: Argument) -> Value:
        """What a message means for this parameter, as the registry holds it; UserError for nonsense."""
        parameter = PARAMETERS[self.id]
        if not self.is_writable:
            raise UserError(f"{self.id} is not set by other programs.")
        return parameter.validate(argument) if self.form == "raw" else _from_widget(parameter, argument)

    def arguments_of(self, value: Value) -> tuple[Argument, ...]:
        """The parameter's value as this address tells it; the inverse of `value_of`."""
        parameter = PARAMETERS[self.id]
        if parameter.kind == "text":
            return (str(value).encode("utf-8", "replace").decode(),)
        if self.form == "raw":
            return (value,)
        if parameter.kind == "choice":
            return (parameter.choices.index(str(value)),)
        return (parameter.to_unit(value),)


def is_only_here(id: str) -> bool:
    """Whether a parameter is taken from this machine alone: texts name files, devices and models."""
    return id in PARAMETERS and PARAMETERS[id].kind == "text"


def is_pressed(arguments: tuple[Argument, ...]) -> bool:
    """Whether a message to a button means its press: nothing, on, or a number that is not 0."""
    return not arguments or bool(arguments[0])


def _from_widget(parameter: Parameter, argument: Argument) -> Value:
    is_number = isinstance(argument, (int, float)) and not isinstance(argument, bool)
    match parameter.kind:
        case "int" if is_number and isinstance(argument, int):
            return parameter.validate(argument)
        case "choice" if is_number:
            return _choice(parameter, float(argument or 0))
        case "float" | "int" | "bool" if is_number or isinstance(argument, bool):
            return parameter.from_unit(float(argument or 0))
        case "bool" | "choice" | "text" | "trigger":
            return parameter.validate(argument)
    raise UserError(f"{parameter.osc} takes a number from 0 to 1.")


def _choice(parameter: Parameter, place: float) -> str:
    if not -0.5 < place < len(parameter.choices) - 0.5:  # also what is no number
        raise UserError(f"{parameter.osc} takes a number from 0 to {len(parameter.choices) - 1}.")
    return parameter.choices[round(place)]


def _of_parameter(parameter: Parameter) -> list[Address]:
    """Its address with 0 to 1, and for numbers and choices the one with the value as it is."""
    path, id, help = parameter.osc, parameter.id, parameter.help
    opens = not id.startswith(OPENS)  # who plays the show does not choose who else may
    match parameter.kind:
        case "float" | "int":
            tag = parameter.kind[0]
            raw = Address(
                f"{path}/raw", "raw", help, id, tag, parameter.min, parameter.max, (), parameter.unit
            )
            two = [Address(path, "unit", help, id, "f", 0.0, 1.0), raw]
        case "bool":
            two = [
                Address(path, "unit", help, id, "f", 0.0, 1.0),
                Address(f"{path}/raw", "raw", help, id, "T"),
            ]
        case "choice":
            places = tuple(range(len(parameter.choices)))
            two = [
                Address(path, "unit", help, id, "i", 0, len(places) - 1, places),
                Address(f"{path}/raw", "raw", help, id, "s", choices=parameter.choices),
            ]
        case "text":
            two = [Address(path, "unit", help, id, "s")]
        case "trigger":
            return [Address(path, "action", help, id, "f", 0.0, 1.0, is_readable=False)]
    return two if opens else [replace(address, is_writable=False) for address in two]


_ACTION_HELP = {
    "next": "Next seed.",
    "previous": "Previous seed.",
    "lock": "Seed and set list are locked, or no longer.",
    "next_cue": "Next cue of the set list.",
    "previous_cue": "Previous cue of the set list.",
    "start_set": "The set list begins.",
    "stop_set": "The set list stands still.",
    "random_look": "A random look.",
    "random_preset": "A random preset.",
    "next_quantise": "Begin at once, on beats, bars or 4 bars.",
    "blackout": "Blackout, or no longer.",
    "freeze": "Freeze, or no longer.",
    "panic": "Calm effects, no blackout, no freeze.",
    "take": "Take what is held in the other deck.",
    "tap": "Tap the tempo.",
    "half_tempo": "Half the tempo.",
    "double_tempo": "Twice the tempo.",
    "nudge_earlier": "The beat comes a sixteenth of a beat earlier.",
    "nudge_later": "The beat comes a sixteenth of a beat later.",
    "resync": "A bar begins now.",
    "panel": "Open the panel, or raise it.",
    "undo": "Undo the last preset or cue.",
}


def _of_action(name: str) -> Address:
    help = _ACTION_HELP.get(name, name.replace("_", " ").capitalize() + ".")
    return Address(f"{ROOT}/do/{name}", "action", help, name, "f", 0.0, 1.0, is_readable=False)


def _told(path: str, tags: str, help: str, high: float | None = None, unit: str = "") -> Address:
    low = 0.0 if high is not None else None
    return Address(f"{ROOT}/{path}", "told", help, "", tags, low, high, (), unit, is_writable=False)


TOLD = (
    _told("features/level", "f", "Level: 0 at −60 dBFS, 1 at full scale.", 1.0),
    _told("features/level_db", "f", "Level, after the input gain.", unit="dBFS"),
    _told("features/bass", "f", "20 to 150 Hz, as the picture hears it.", 1.0),
    _told("features/mid", "f", "150 Hz to 2 kHz.", 1.0),
    _told("features/treble", "f", "2 to 16 kHz.", 1.0),
    _told("features/onset", "f", "1 at each onset, then falling.", 1.0),
    _told("features/beat", "i", "Sent on each beat: how many there were."),
    _told("features/beat_phase", "f", "0 on the beat, rising to 1 at the next.", 1.0),
    _told("features/bar_phase", "f", "0 on the first beat of a bar, rising to 1 at the next.", 1.0),
    _told("features/beat_confidence", "f", "How sure the beat is.", 1.0),
    _told("features/tempo", "f", "Tempo; 0 while unknown.", unit="BPM"),
    _told("features/centroid", "f", "Spectral centroid; 0 in silence.", unit="Hz"),
    _told("features/chroma", "f" * N_CHROMA, "Pitch classes from C.", 1.0),
    _told("features/spectrum", "f" * N_SPECTRUM, "Bands from 40 Hz to 16 kHz.", 1.0),
    _told("heard/words", "s", "The words of what is heard, best first."),
    _told("heard/probabilities", "f", "How sure each word is.", 1.0),
    _told("heard/era", "isf", "Era mode: year (0 while unknown), decade, deviation in years."),
    _told("state/mode", "s", "The mode that is on air."),
    _told("state/deck", "s", "The deck that is on air, a or b."),
    _told("state/stage", "s", "Of a switch: idle, loading, ready or fading."),
    _told("state/preset", "s", "The preset that was recalled last."),
    _told("state/cue", "s", "The cue of the set list that is on."),
    _told("state/next_cue", "s", "The cue that comes next."),
    _told("state/coming", "s", "What begins next, and when, in words."),
    _told("state/fps", "f", "Shown frames a second."),
    _told("state/images", "f", "Painted images a second."),
)
"""What the show tells of itself; sent to the out port, and answered when asked."""

PRESET = "preset"
"""The action that takes which one: the number of a key, or a name."""

CUE = "cue"
"""The action that takes the number of a cue of the set list, from 1."""

_PRESET = Address(
    f"{ROOT}/do/{PRESET}", "action", "Preset, by its key or its name.", PRESET, "i", 1, 9, is_readable=False
)
_CUE = Address(f"{ROOT}/do/{CUE}", "action", "Cue of the set list, by number.", CUE, "i", is_readable=False)
_SERVICES = (
    Address(SUBSCRIBE, "service", "Values that change are sent to the sender, for a minute.", tags="i"),
    Address(UNSUBSCRIBE, "service", "No longer.", tags="i"),
)


def _table() -> dict[str, Address]:
    of_parameters = [address for parameter in PARAMETERS.values() for address in _of_parameter(parameter)]
    of_actions = [_of_action(name) for name in commands.ACTIONS if name not in NEVER]
    joined = (*of_parameters, *of_actions, _PRESET, _CUE, *_SERVICES, *TOLD)
    return {address.path: address for address in joined}


TABLE = _table()
"""By path, in the order of the registry."""


def is_pattern(address: str) -> bool:
    """Whether it has wildcards."""
    return any(character in "*?[{" for character in address)


def match(pattern: str) -> tuple[Address, ...]:
    """What a pattern of OSC 1.0 means: of values only, it reaches nothing that is done; () for broken ones.

    The work is bounded whatever the pattern: wildcards never cross a slash, so each part is matched alone.
    """
    parts = [_tokens(part) for part in pattern.split("/")] if len(pattern) <= _MAX_PATTERN else []
    known: dict[tuple[int, str], bool] = {}

    def fits(place: int, text: str) -> bool:
        if (place, text) not in known:
            tokens = parts[place]
            known[place, text] = tokens is not None and _matches(tokens, text)
        return known[place, text]

    return tuple(
        address
        for address, texts in _SPLIT
        if len(texts) == len(parts) and all(fits(place, text) for place, text in enumerate(texts))
    )


def _split() -> list[tuple[Address, list[str]]]:
    return [(a, a.path.split("/")) for a in TABLE.values() if a.form in ("unit", "raw", "told")]


_SPLIT = _split()


def _follow_declared() -> None:
    table = _table()
    TABLE.clear()
    TABLE.update(table)
    _SPLIT[:] = _split()


on_declared(_follow_declared)
_MAX_PATTERN = 256
_MAX_WILDCARDS = 8
"""Of one part of a pattern."""
_WILD = re.compile(r"\*+|\?|\[[^\]]*\]|\{[^}]*\}|[^*?\[{]+|.")
_Token = tuple[str, tuple[str, ...]]
"""A kind (`text`, `any`, `one`, `of`, `not of`) with its texts or characters."""


def _tokens(part: str) -> list[_Token] | None:
    """A part of a pattern taken to pieces; None for one that is broken or has too many."""
    pieces = _WILD.findall(part)
    if any(piece in "[{" for piece in pieces) or len(pieces) > 2 * _MAX_WILDCARDS:
        return None
    return [_token(piece) for piece in pieces]


def _token(piece: str) -> _Token:
    match piece[0]:
        case "*":
            return "any", ()
        case "?":
            return "one", ()
        case "{":
            return "text", tuple(piece[1:-1].split(","))
        case "[":
            return _class(piece[1:-1])
        case _:
            return "text", (piece,)


def _class(inside: str) -> _Token:
    """The characters of `[…]`, ranges written out."""
    is_negated = inside.startswith("!")
    characters, place = [], int(is_negated)
    while place < len(inside):
        if inside[place + 1 : place + 2] == "-" and place + 2 < len(inside):
            characters += [chr(code) for code in range(ord(inside[place]), ord(inside[place + 2]) + 1)]
            place += 3
        else:
            characters.append(inside[place])
            place += 1
    return "not of" if is_negated else "of", tuple(characters)


def _matches(tokens: list[_Token], text: str) -> bool:
    """Whether all of `text` is matched: follows all ways at once, each place at most once a token."""
    places = {0}
    for kind, texts in tokens:
        match kind:
            case "any":
                places = set(range(min(places), len(text) + 1))
            case "text":
                places = {p + len(t) for p in places for t in texts if text.startswith(t, p)}
            case "one":
                places = {p + 1 for p in places if p < len(text)}
            case _:
                places = {p + 1 for p in places if p < len(text) and (text[p] in texts) == (kind == "of")}
        if not places:
            return False
    return len(text) in places
