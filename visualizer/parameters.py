"""Every control, declared once; and the state that holds their values, validated in one place."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from visualizer import clock
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
        share = (value - self.min) / (self.max - self.min)
        if self.curve == "log":
            share = math.log(max(value, self.min) / self.min) / math.log(self.max / self.min)
        elif self.curve == "square":
            share = math.sqrt(max(share, 0.0))
        return min(max(share, 0.0), 1.0)

    def from_share(self, share: float) -> float:
        """The opposite: the number at a place [0, 1] of its range."""
        share = min(max(share, 0.0), 1.0)
        if self.curve == "log":
            return float(self.min * (self.max / self.min) ** share)
        return self.min + (self.max - self.min) * (share * share if self.curve == "square" else share)

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
                return value

    def to_unit(self, value: Value) -> float:
        """Where the value lies on its widget, [0, 1]; a choice by its place among the choices, texts at 0."""
        if self.kind in ("float", "int"):
            return to_share(float(value), self.min, self.max, self.curve)
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
        return self._number(from_share(unit, self.min, self.max, self.curve))

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


def _float(
    id: str, default: float, min: float, max: float, unit: str, help: str, curve: Curve = "linear"
) -> Parameter:
    return Parameter(id, "float", default, help, min, max, unit, curve)


def _int(id: str, default: int, min: int, max: int, unit: str, help: str) -> Parameter:
    return Parameter(id, "int", default, help, min, max, unit)


def _bool(id: str, default: bool, help: str) -> Parameter:
    return Parameter(id, "bool", default, help)


def _choice(
    id: str, default: str, choices: Iterable[str], help: str, in_next_deck: bool = False
) -> Parameter:
    return Parameter(id, "choice", default, help, choices=tuple(choices), in_next_deck=in_next_deck)


def _text(id: str, default: str, help: str, in_next_deck: bool = False) -> Parameter:
    return Parameter(id, "text", default, help, in_next_deck=in_next_deck)


def _trigger(id: str, help: str) -> Parameter:
    return Parameter(id, "trigger", False, help)


_SMOOTHING = ("box", "triangle", "exponential")

_DECLARED = (
    # What is heard
    _text("audio.input", "default", "A device by name or part of it, system, file:PATH, demo, or default."),
    _text("audio.channels", "1,2", "The channel pair of the device, counted from 1."),
    _bool("audio.loop", True, "A file starts again at its end."),
    _float("audio.gain_db", 0.0, -24.0, 24.0, "dB", "Input gain, on top of the automatic gain."),
    _bool("audio.agc", True, "Automatic gain: quiet and loud rooms move the picture alike."),
    _float(
        "audio.gate_db",
        -60.0,
        -90.0,
        -20.0,
        "dBFS",
        "Below this level the picture rests and the automatic gain holds.",
    ),
    # What is painted
    _choice(
        "show.mode",
        "traumer",
        ["traumer", "era"],
        "What paints: traumer dreams images from the tagger's hearing, era paints a picture in the style of "
        "the years it hears.",
        in_next_deck=True,
    ),
    _float("show.fade_s", 2.0, 0.0, 20.0, "s", "Length of the crossfade to the next mode, model or content."),
    _float(
        "show.morph_s",
        1.0,
        0.0,
        30.0,
        "s",
        "How long a recalled preset takes to turn all knobs to its values.",
    ),
    _bool("show.hold_next", False, "What is prepared waits in the other deck until it is taken."),
    _float("show.image_fps", 30.0, 1.0, 60.0, "images/s", "At most this many network images a second."),
    _bool("show.lock", False, "Keys leave the picture's seed as it is."),
    _text("traumer.tagger", "tagger-house", "The model that hears, by id or folder.", in_next_deck=True),
    _text(
        "traumer.map",
        "transfer-house",
        "The model that turns what is heard into styles, by id or folder.",
        in_next_deck=True,
    ),
    _text(
        "traumer.generator",
        "generator-paintings",
        "The model that paints, by id or folder.",
        in_next_deck=True,
    ),
    _float(
        "traumer.smoothing.coarse_s",
        3.0,
        0.03,
        10.0,
        "s",
        "Averaging window of the coarse layers: composition.",
        "log",
    ),
    _float(
        "traumer.smoothing.middle_s",
        2.0,
        0.03,
        10.0,
        "s",
        "Averaging window of the middle layers: forms.",
        "log",
    ),
    _float(
        "traumer.smoothing.fine_s",
        0.3,
        0.03,
        10.0,
        "s",
        "Averaging window of the fine layers: colour and stroke.",
        "log",
    ),
    _choice(
        "traumer.smoothing.kernel",
        "box",
        _SMOOTHING,
        "Weights inside the averaging windows; box is the paper's.",
    ),
    _float("traumer.truncation", 1.0, 0.0, 1.5, "", "How far from the mean image the styles may go."),
    _float(
        "traumer.noise", 1.0, 0.0, 2.0, "", "Strength of the generator's own noise: canvas and brush detail."
    ),
    _int("traumer.seed", 7, 0, 2**31 - 1, "", "Another seed, another noise and another drift."),
    _float(
        "traumer.drift",
        0.25,
        0.0,
        1.0,
        "",
        "How far the picture wanders by itself; in silence only this moves it.",
    ),
    _float("traumer.drift_period_s", 40.0, 4.0, 300.0, "s", "How long one wander takes.", "log"),
    _float("traumer.beat", 0.35, 0.0, 1.0, "", "How much each beat pushes the fine layers."),
    _float("traumer.bend.gain", 1.0, 0.0, 2.0, "", "Network bending: gain of the bent layers' activations."),
    _float(
        "traumer.bend.offset", 0.0, -1.0, 1.0, "", "Network bending: offset of the bent layers' activations."
    ),
    _int("traumer.bend.layer", 6, 0, 17, "", "The first layer that is bent; all later ones follow."),
    _text(
        "era.content",
        "",
        "What is painted over: a picture, a folder of them, a video, camera or camera:NAME, traumer; "
        "empty is a picture of ours.",
        in_next_deck=True,
    ),
    _choice(
        "era.network",
        "linear",
        ["linear", "adain", "wct", "avatar"],
        "The style-transfer network.",
        in_next_deck=True,
    ),
    _text("era.mvnet", "mvnet-house", "The model that sees the music, by id or folder.", in_next_deck=True),
    _float("era.strength", 1.0, 0.0, 1.0, "", "How much of the style reaches the content."),
    _float(
        "era.smoothing_s",
        4.0,
        0.03,
        20.0,
        "s",
        "How calmly the style follows steady music; 0.03 is raw.",
        "log",
    ),
    _float("era.dial", 0.0, 0.0, 1.0, "", "How far the picture leans toward the year of the dial."),
    _int("era.year", 1880, 1400, 2030, "", "The year of the dial."),
    _int("era.seed", 7, 0, 2**31 - 1, "", "Another seed, another painting of the same music."),
    _float("era.drift", 0.2, 0.0, 1.0, "", "How far the painting wanders by itself, slowly."),
    _int("era.size_px", 256, 128, 1024, "px", "The longer side of the painted content."),
    _float("era.slide_s", 20.0, 2.0, 600.0, "s", "How long each picture of a folder stays.", "log"),
    # How it is shown
    _float("display.fps", 60.0, 10.0, 144.0, "fps", "Shown frames a second, where the machine can."),
    _int("display.width", 1280, 64, 7680, "px", "Width of the window."),
    _int("display.height", 720, 64, 4320, "px", "Height of the window."),
    _bool("display.fullscreen", False, "Full screen on the chosen monitor."),
    _text("display.monitor", "", "The monitor by name or part of it; empty is the primary one."),
    _bool("display.hud", False, "Head-up display: rates, latency, level and the words of what is heard."),
    _bool("display.help", False, "The key card."),
    _choice("display.fill", "surround", ["surround", "crop", "fit"], "How a square image fills the wall."),
    _float("display.blend", 1.0, 0.0, 1.0, "", "Cross-dissolve between successive images; 0 cuts."),
    _float("effects.feedback", 0.35, 0.0, 1.0, "", "Trails of earlier frames."),
    _float("effects.bloom", 0.3, 0.0, 1.0, "", "Glow of the bright parts, driven by the bass."),
    _float("effects.zoom", 0.3, 0.0, 1.0, "", "Breathing of the picture on bass and beat."),
    _float("effects.flash", 0.15, 0.0, 1.0, "", "Brightening at each onset."),
    _float("effects.saturation", 1.1, 0.0, 2.0, "", "Colour saturation; 1 leaves it."),
    _float("effects.hue", 0.0, -180.0, 180.0, "°", "Turns all hues."),
    _float("effects.contrast", 1.05, 0.5, 2.0, "", "Contrast; 1 leaves it."),
    _float("effects.grain", 0.2, 0.0, 1.0, "", "Film grain, stronger with the treble."),
    _float("effects.vignette", 0.3, 0.0, 1.0, "", "Darker corners."),
    _bool("output.blackout", False, "Fades the picture to black."),
    _bool("output.freeze", False, "Holds the picture."),
    _trigger("output.panic", "Effects and network bending back to their defaults, blackout and freeze off."),
    _text(
        "output.record",
        "",
        "A file to record the shown picture and the heard sound into; empty records nothing.",
    ),
    # How it is played from elsewhere
    _bool("control.osc", True, "Other programs play the show by Open Sound Control."),
    _text("control.osc_host", "127.0.0.1", "The address that listens; 0.0.0.0 lets other machines in."),
    _int("control.osc_port", 9000, 1, 65535, "", "The UDP port that listens."),
    _bool("control.osc_out", False, "Features, words, state and changed values are sent 30 times a second."),
    _text("control.osc_out_host", "127.0.0.1", "Where they are sent."),
    _int("control.osc_out_port", 9001, 1, 65535, "", "The UDP port that they are sent to."),
    _int("control.oscquery_port", 9002, 0, 65535, "", "OSCQuery on this machine; 0 switches it off."),
)

PARAMETERS: dict[str, Parameter] = {p.id: p for p in _DECLARED}

PANIC_GROUPS = ("effects", "traumer.bend")
"""What panic puts back, besides blackout and freeze."""


def find(id: str) -> Parameter:
    """The parameter of that id; UserError with near ids where there is none."""
    if id in PARAMETERS:
        return PARAMETERS[id]
    near = difflib.get_close_matches(id, PARAMETERS, n=3, cutoff=0.4)
    hint = f" Near: {', '.join(near)}." if near else ""
    raise UserError(f"There is no parameter {id!r}.{hint} `klangbild parameters` lists all.")


def parse_assignment(text: str) -> tuple[str, Value]:
    """`id=value` from a command line as a valid pair; UserError where it is none."""
    id, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"--set takes id=value, not {text!r}; for example --set traumer.truncation=0.7.")
    parameter = find(id.strip())
    return parameter.id, parameter.validate(value.strip())


@dataclass(frozen=True, slots=True)
class Change:
    """A value, who set it, and when."""

    value: Value
    source: str
    time_ns: int


class ParameterState:
    """All values. Owned by the supervisor process; every change passes through `set`, the newest wins."""

    def __init__(self, values: Mapping[str, object] | None = None, source: str = "start") -> None:
        self._changes = {p.id: Change(p.default, "default", 0) for p in PARAMETERS.values()}
        for id, value in (values or {}).items():
            self.set(id, value, source)

    def set(self, id: str, value: object, source: str, time_ns: int | None = None) -> dict[str, Value]:
        """Validates and stores; returns what changed ({} when nothing did or a newer change stands)."""
        parameter = find(id)
        valid = parameter.validate(value)
        time_ns = clock.now_ns() if time_ns is None else time_ns
        before = self._changes[id]
        if before.time_ns > time_ns:
            return {}
        if parameter.kind == "trigger":
            return self._panic(source, time_ns) if valid and id == "output.panic" else {}
        self._changes[id] = Change(valid, source, time_ns)
        return {id: valid} if valid != before.value else {}

    def _panic(self, source: str, time_ns: int) -> dict[str, Value]:
        calm: dict[str, Value] = {"output.blackout": False, "output.freeze": False}
        calm |= {p.id: p.default for p in PARAMETERS.values() if p.group in PANIC_GROUPS}
        changed: dict[str, Value] = {}
        for id, value in calm.items():
            changed |= self.set(id, value, source, time_ns)
        return changed

    def __getitem__(self, id: str) -> Value:
        return self._changes[find(id).id].value

    def change(self, id: str) -> Change:
        """The value with its source and time."""
        return self._changes[find(id).id]

    def snapshot(self) -> dict[str, Any]:
        """All values, for a process that starts."""
        return {id: change.value for id, change in self._changes.items()}


def defaults() -> dict[str, Any]:
    """All default values."""
    return {p.id: p.default for p in PARAMETERS.values()}
