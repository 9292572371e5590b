"""The inputs of shaders as parameters: read from their headers at start, and anew when a file changes."""

from __future__ import annotations

from collections.abc import Iterator

from visualizer.parameters.declaring import (
    declare_bool,
    declare_choice,
    declare_float,
    declare_int,
    declare_text,
    declare_trigger,
)
from visualizer.parameters.parameter import Parameter
from visualizer.shaders import Found, Input, Library

SWITCHES = ("on", "mix", "solo")
"""What every filter has beside its inputs."""
COMPONENTS = {"point2D": "xy", "color": "rgba"}
PICTURE, PREVIOUS, NOISE = "picture", "previous", "noise"
"""What an image input may be besides a path: the show's picture now, the frame before, tiling noise."""
_FED = ("inputImage", "startImage", "endImage", "progress")
"""Inputs that the show gives by itself."""
GENERATOR, TRANSITION = "drift", "crossfade"
ORDER = (
    "mirror, kaleidoscope, tile, water, flow, trails, painterly, watercolour, edge_glow, "
    "hue_cycle, colour_grade, bloom, chromatic_shift, strobe, vignette, canvas"
)
"""Of our filters: first what moves places, then brushes, colour, light, and last what lies over all."""


def declare_all(library: Library) -> list[Parameter]:
    """The chain, and the parameters of every shader that is offered."""
    declared = [
        declare_text(
            "chain.order",
            ORDER,
            "The order of the filters, names with commas; those not named come after them.",
        ),
        _choice(library, "generator", GENERATOR, "The shader that is seen until networks paint."),
        _choice(library, "transition", TRANSITION, "How one deck becomes the other."),
    ]
    for found in library.shaders.values():
        if found.role != "stage":
            declared += _of(found)
    return declared


def _choice(library: Library, role: str, usual: str, help: str) -> Parameter:
    names = library.of("generator" if role == "generator" else "transition")
    return declare_choice(f"show.{role}", usual, dict.fromkeys((usual, *names)), help)


def _of(found: Found) -> Iterator[Parameter]:
    prefix = f"shader.{found.name}"
    if found.role == "filter":
        about = found.header.description or f"The filter {found.name}"
        yield declare_bool(f"{prefix}.on", False, _sentence(about))
        yield declare_float(f"{prefix}.mix", 1.0, 0.0, 1.0, "", "How much of this filter is seen.")
        yield declare_bool(f"{prefix}.solo", False, "Only this filter, whatever else is on.")
    for declared in found.header.inputs:
        yield from _of_input(found, declared)


def id_of(shader: str, name: str) -> str:
    """The id of an input; one that is called like a switch gets an underscore."""
    return f"shader.{shader}.{name}{'_' if name in SWITCHES else ''}"


def is_fed(found: Found, declared: Input) -> bool:
    """Whether the show gives this input by itself."""
    if declared.name == "inputImage":
        return True
    return found.role == "transition" and declared.name in _FED


def _of_input(found: Found, declared: Input) -> Iterator[Parameter]:
    if is_fed(found, declared):
        return
    id, default = id_of(found.name, declared.name), declared.default
    label = (declared.label or declared.name).rstrip(". ")
    help = _sentence(label)
    match declared.kind:
        case "event":
            yield declare_trigger(id, help)
        case "bool":
            yield declare_bool(id, bool(default), help)
        case "float":
            assert isinstance(default, (int, float))
            yield declare_float(id, float(default), declared.low[0], declared.high[0], "", help)
        case "long":
            yield _of_long(id, help, declared)
        case "point2D" | "color":
            assert isinstance(default, tuple)
            lows = declared.low or (0.0,) * len(default)
            highs = declared.high or (1.0,) * len(default)
            for axis, value, low, high in zip(COMPONENTS[declared.kind], default, lows, highs, strict=True):
                value = min(max(value, low), high)
                yield declare_float(f"{id}.{axis}", value, low, high, "", f"{label}, {axis}.")
        case "image":
            usual = NOISE if declared.name == NOISE else PICTURE
            yield declare_text(
                id, usual, f"{label}: {PICTURE}, {PREVIOUS} (the frame before), {NOISE}, or a picture's path."
            )
        case "audio" | "audioFFT":
            return


def _sentence(words: str) -> str:
    """One line that ends with a full stop."""
    line = " ".join(words.split())
    return line if line.endswith(".") else f"{line}."


def _of_long(id: str, help: str, declared: Input) -> Parameter:
    assert isinstance(declared.default, int)
    labels = labels_of(declared)
    if labels:
        return declare_choice(id, labels[declared.values.index(declared.default)], labels, help)
    return declare_int(id, declared.default, int(declared.low[0]), int(declared.high[0]), "", help)


def labels_of(declared: Input) -> tuple[str, ...]:
    """The names of a menu, one a value, each different: what stands twice gets its place added."""
    labels: list[str] = []
    for place, label in enumerate(declared.labels):
        name = label.strip() or str(declared.values[place])
        labels.append(f"{name} ({place})" if name in labels else name)
    return tuple(labels)
