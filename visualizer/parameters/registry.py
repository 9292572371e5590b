"""Every control, declared once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from visualizer.parameters.parameter import Curve, Parameter, Value
from visualizer.types import UserError


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


def defaults() -> dict[str, Any]:
    """All default values."""
    return {p.id: p.default for p in PARAMETERS.values()}
