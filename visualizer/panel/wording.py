"""Readable names of parameters, groups and processes, and how a value is written."""

from __future__ import annotations

import re

from visualizer.parameters import PARAMETERS, Parameter, Value

_UNITS = {"s", "ms", "db", "hz", "px", "fps"}
_LABELS = {
    "wall.flip_x": "Flip across",
    "wall.flip_y": "Flip over",
    "wall.rotate": "Turn",
    "output.ndi": "NDI source",
    "output.ndi_name": "Its name",
    "output.ndi_network": "For other machines",
    "output.virtual_camera_device": "Which one",
    "output.texture": "Spout, Syphon",
    "output.codec": "Packed as",
    "output.record": "Recording into",
    "output.sequence": "PNG sequence",
    "text.file": "From a file",
    "logo.file": "File",
    "audio.agc": "Automatic gain",
    "audio.loop": "Loop files",
    "show.hold_next": "Hold the next one",
    "show.fade_s": "Crossfade",
    "show.image_fps": "Image rate",
    "show.floor_fps": "Least rate",
    "show.lock": "Lock",
    "show.quantise": "Begin",
    "show.crossfader": "Crossfader",
    "show.panic_preset": "Panic recalls",
    "show.set_list": "Set list",
    "output.blackout_s": "Blackout fade",
    "output.flash_limit": "Limit flashes",
    "show.offset_ms": "Offset",
    "traumer.map": "Map",
    "traumer.bend.layer": "From layer",
    "traumer.smoothing.coarse_s": "Composition",
    "traumer.smoothing.middle_s": "Forms",
    "traumer.smoothing.fine_s": "Colour, stroke",
    "era.mvnet": "Model",
    "era.dial": "Lean to year",
    "era.slide_s": "Slide length",
    "era.smoothing_s": "Calm",
    "era.size_px": "Content size",
    "show.morph_s": "Morph",
    "tempo.source": "Follow",
    "tempo.beats_per_bar": "Beats of a bar",
    "midi.on": "MIDI",
    "midi.inputs": "Inputs",
    "midi.program_change": "Recall presets",
    "midi.clock": "Clock",
    "midi.feedback": "Send back",
    "midi.pickup": "Pick up",
    "link.on": "Ableton Link",
    "control.osc": "OSC in",
    "control.osc_host": "OSC address",
    "control.osc_port": "OSC port",
    "control.osc_out": "OSC out",
    "control.osc_out_host": "Sent to",
    "control.osc_out_port": "Sent to port",
    "control.oscquery_port": "OSCQuery port",
    **{f"lfo.{n}.period_s": "Seconds" for n in range(1, 5)},
    "display.fps": "Frame rate",
    "display.hud": "Figures",
    "display.help": "Key card",
    "display.fullscreen": "Full screen",
}
_GROUPS = {
    "audio": "Sound",
    "show": "Switching",
    "traumer": "Träumer",
    "traumer.smoothing": "Smoothing",
    "traumer.bend": "Network bending",
    "era": "Era",
    "display": "Window",
    "effects": "Effects",
    "shader": "Shaders",
    "chain": "Chain",
    "output": "Output",
    "wall": "Wall",
    "wall.edge": "Soft edges",
    "text": "Words",
    "logo": "Logo",
    "control": "OSC",
    "midi": "MIDI",
    "link": "Ableton Link",
    "tempo": "Tempo",
    "modulation": "Modulation",
}
_PROCESSES = {
    "capture": "Input",
    "deck_a": "Deck A",
    "deck_b": "Deck B",
    "display": "Window",
    "output": "Recording",
    "control": "Remote control",
    "panel": "Panel",
}
_SOURCES = {"internal": "Music", "midi": "MIDI", "link": "Link"}
_MOST_LABEL = 18
_MODES = {"traumer": "Träumer", "era": "Era"}
_CODECS = {"h264": "H.264", "hevc": "HEVC"}
_NETWORKS = {"linear": "Linear", "adain": "AdaIN", "wct": "WCT", "avatar": "Avatar-Net"}


_CHOICES = {
    "show.mode": _MODES,
    "tempo.source": _SOURCES,
    "era.network": _NETWORKS,
    "output.codec": _CODECS,
}


def label(parameter: Parameter) -> str:
    """A parameter's name for people."""
    if parameter.id in _LABELS:
        return _LABELS[parameter.id]
    if parameter.id.startswith("shader.") and parameter.id.count(".") > 1:
        return _of_input(parameter)
    words = parameter.id.rpartition(".")[2].split("_")
    if len(words) > 1 and words[-1] in _UNITS:
        words.pop()
    return " ".join(words).capitalize()


def _of_input(parameter: Parameter) -> str:
    """What its author calls an input of a shader, if that is short; else its name."""
    told = parameter.help.partition(":")[0].rstrip(".")
    id = parameter.id
    if (id.endswith((".on", ".mix", ".solo")) and id.count(".") == 2) or not 0 < len(told) <= _MOST_LABEL:
        told = " ".join(id.split(".")[2:]).replace("_", " ")
    told = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", told)
    told = told if len(told) <= _MOST_LABEL else told[: _MOST_LABEL - 1] + "…"
    return told[:1].upper() + told[1:]


def group(name: str) -> str:
    """A group's heading."""
    return _GROUPS.get(name, name.rpartition(".")[2].replace("_", " ").capitalize())


def target(name: str) -> str:
    """What a knob plays: a parameter with its group, or an action by its name."""
    if name not in PARAMETERS:
        return name.removeprefix("do:").replace("_", " ").capitalize()
    parameter = PARAMETERS[name]
    first, _, rest = parameter.group.partition(".")
    heading = group(parameter.group) if parameter.group in _GROUPS or not rest else f"{group(first)} {rest}"
    return f"{heading}: {label(parameter)}"


def process(name: str) -> str:
    """A process's name for people."""
    return _PROCESSES.get(name, name.replace("_", " ").capitalize())


def choice(parameter: Parameter, value: str) -> str:
    """One choice of a parameter."""
    names = _CHOICES.get(parameter.id, {})
    if parameter.id.startswith("lfo.") and value[0].isdigit():
        return f"{value} beat" if value in ("1", "1/2", "1/4") else f"{value} beats"
    return names.get(value, value.replace("_", " ").capitalize())


def mode(value: object) -> str:
    """A mode's name."""
    return _MODES.get(str(value), str(value))


def n_decimals(parameter: Parameter) -> int:
    """How many digits after the point are of use."""
    if parameter.kind == "int":
        return 0
    largest = max(abs(parameter.min), abs(parameter.max))
    return 2 if largest <= 20 else 1


def suffix(parameter: Parameter) -> str:
    """The unit as it follows a number."""
    if not parameter.unit:
        return ""
    return parameter.unit if parameter.unit == "°" else f" {parameter.unit}"


def written(parameter: Parameter, value: Value) -> str:
    """A value as people write it."""
    match parameter.kind:
        case "float" | "int":
            return f"{float(value):.{n_decimals(parameter)}f}{suffix(parameter)}"
        case "bool" | "trigger":
            return "on" if value else "off"
        case "choice":
            return choice(parameter, str(value))
        case _:
            return str(value) or "empty"


def tooltip(parameter: Parameter) -> str:
    """The help, with range and default."""
    lines = [parameter.help]
    if parameter.kind in ("float", "int"):
        least, most = (written(parameter, bound) for bound in (parameter.min, parameter.max))
        lines.append(f"{least} to {most}, at first {written(parameter, parameter.default)}.")
    lines.append(f"--set {parameter.id}=…")
    return "\n".join(lines)
