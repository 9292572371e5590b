"""The JSON header of an ISF file as frozen values; lenient where shaders in the wild are careless.

Versions 1 and 2 are read alike: PERSISTENT_BUFFERS and lists of IMPORTED images belong to version 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from visualizer.shaders import expressions, loose_json
from visualizer.shaders.expressions import Expression
from visualizer.types import UserError

Kind = Literal["event", "bool", "long", "float", "point2D", "color", "image", "audio", "audioFFT"]
Role = Literal["filter", "transition", "generator", "stage"]
Uniform = float | int | bool | tuple[float, ...]

MAX_CHARACTERS = 1 << 20
MAX_INPUTS = 200
MAX_PASSES = 32
AUDIO_COLUMNS = (512, 4096)
"""Of an audio image: without a MAX, and at most."""
STAGE = "Stage"
"""The category of shaders that the show itself is built of; they are not offered to performers."""

_KINDS: dict[str, Kind] = {
    "event": "event",
    "bool": "bool",
    "boolean": "bool",
    "long": "long",
    "int": "long",
    "float": "float",
    "point2d": "point2D",
    "color": "color",
    "image": "image",
    "audio": "audio",
    "audiofft": "audioFFT",
}
TEXTURES = ("image", "audio", "audioFFT")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_COMMENT = re.compile(r"//[^\n]*|/\*(?P<inside>.*?)\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Input:
    """One declared input."""

    name: str
    kind: Kind
    default: Uniform | None = None
    """As GLSL takes it; None for textures."""
    low: tuple[float, ...] = ()
    """Least values, one a component; for float, long and point2D."""
    high: tuple[float, ...] = ()
    values: tuple[int, ...] = ()
    """What a `long` may be, if it is a menu."""
    labels: tuple[str, ...] = ()
    """The names of these values, as many."""
    label: str = ""
    columns: int = AUDIO_COLUMNS[0]
    """Of audio and audioFFT: the width of the image."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass; without a target it draws the frame."""

    target: str = ""
    is_persistent: bool = False
    is_float: bool = False
    width: Expression | None = None
    """None: as wide as the frame."""
    height: Expression | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """A picture beside the shader's file."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Header:
    """All that the JSON says."""

    description: str = ""
    credit: str = ""
    version: str = "1"
    categories: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    passes: tuple[Pass, ...] = (Pass(),)
    imports: tuple[Import, ...] = ()

    @property
    def role(self) -> Role:
        """What it is by the conventions of ISF, or one of the show's own stages."""
        images = {i.name for i in self.inputs if i.kind == "image"}
        if STAGE in self.categories:
            return "stage"
        if {"startImage", "endImage"} <= images and any(i.name == "progress" for i in self.inputs):
            return "transition"
        return "filter" if "inputImage" in images else "generator"

    @property
    def images(self) -> tuple[str, ...]:
        """Names of the inputs that are textures."""
        return tuple(i.name for i in self.inputs if i.kind in TEXTURES)

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the buffers that passes draw into."""
        return tuple(dict.fromkeys(p.target for p in self.passes if p.target))


def split(text: str, name: str) -> tuple[str, int]:
    """The JSON of a file and the place where its code begins; UserError where there is no header."""
    if len(text) > MAX_CHARACTERS:
        raise UserError(f"Shader {name} has {len(text)} characters: no shader is that large.")
    for found in _COMMENT.finditer(text):
        inside = found["inside"] or ""
        if inside.strip().startswith("{"):
            return inside, found.end()
    raise UserError(f"Shader {name} has no header; an ISF file begins with a comment that holds JSON.")


def read_header(text: str, name: str) -> Header:
    """The header of the file that has this text; UserError naming the shader where it is missing or wrong."""
    inside, _ = split(text, name)
    try:
        body = loose_json.loads(inside)
        if not isinstance(body, dict):
            raise ValueError("it is no dictionary")
        return _header(_upper(body))
    except RecursionError:
        raise UserError(f"The header of shader {name} is nested too deeply; mend it.") from None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UserError(f"The header of shader {name} cannot be used: {reason}; mend it.") from None


def _header(body: dict[str, Any]) -> Header:
    passes = tuple(_passes(body))
    inputs = {i.name: i for i in reversed([_input(item) for item in _dicts(body.get("INPUTS"), MAX_INPUTS)])}
    header = Header(
        description=str(body.get("DESCRIPTION") or ""),
        credit=str(body.get("CREDIT") or ""),
        version=str(body.get("ISFVSN") or "1"),
        categories=_texts(body.get("CATEGORIES")),
        inputs=tuple(reversed(inputs.values())),
        passes=passes,
        imports=tuple(
            i for i in _imports(body.get("IMPORTED")) if i.path and i.name not in {p.target for p in passes}
        ),
    )
    numbers = {i.name for i in header.inputs if i.kind in ("float", "long", "bool", "event")}
    for size in (size for p in passes for size in (p.width, p.height) if size):
        unknown = size.names - numbers - {"WIDTH", "HEIGHT"}
        if unknown:
            raise ValueError(
                f"the size {size.text!r} asks for {min(unknown)}, which is no input with a number"
            )
    return header


def _upper(item: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).strip().upper(): value for key, value in item.items()}


def _dicts(items: object, most: int) -> list[dict[str, Any]]:
    """The dictionaries of a list; anything else in it is left out."""
    listed = items if isinstance(items, list) else [] if items is None else [items]
    if len(listed) > most:
        raise ValueError(f"it lists {len(listed)} things where {most} are the most")
    return [_upper(item) for item in listed if isinstance(item, dict)]


def _texts(items: object) -> tuple[str, ...]:
    listed = items if isinstance(items, list) else [] if items is None else [items]
    return tuple(str(item) for item in listed if not isinstance(item, (dict, list)))


def check_name(name: object, what: str) -> str:
    """A name that GLSL can have; ValueError for others."""
    text = str(name).strip()
    if not isinstance(name, str) or not _NAME.fullmatch(text) or text.startswith("gl_") or len(text) > 100:
        raise ValueError(f"{what} {str(name)[:40]!r} is no name that GLSL can have")
    return text


def _number(value: object, default: float) -> float:
    """A number, also from a text or a list of one; `default` for what is none."""
    if isinstance(value, list) and value:
        value = value[0]
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return default
    return number if math.isfinite(number) else default


def _truth(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("true", "yes", "on", "1", "1.0")
    return bool(_number(value, 0.0))


def _numbers(value: object, defaults: tuple[float, ...]) -> tuple[float, ...]:
    """As many numbers as there are defaults, which stand in where one is missing; one number for all."""
    if value is not None and not isinstance(value, (list, dict)):
        return tuple(_number(value, default) for default in defaults)
    given = value if isinstance(value, list) else []
    padded = [*given, *[None] * len(defaults)]
    return tuple(_number(v, default) for v, default in zip(padded, defaults, strict=False))


def _input(item: dict[str, Any]) -> Input:
    name = check_name(item["NAME"], "the input")
    kind = _KINDS.get(str(item["TYPE"]).strip().lower())
    if kind is None:
        raise ValueError(f"input {name} has the unknown type {str(item['TYPE'])[:40]!r}")
    label = str(item.get("LABEL") or "")
    given = item.get("DEFAULT", item.get("IDENTITY"))
    match kind:
        case "event":
            return Input(name, kind, False, label=label)
        case "bool":
            return Input(name, kind, _truth(given), label=label)
        case "float":
            return _float(name, label, given, item)
        case "point2D":
            return _point(name, label, given, item)
        case "color":
            return Input(name, kind, _numbers(given, (1.0, 1.0, 1.0, 1.0)), label=label)
        case "long":
            return _long(name, label, given, item)
        case "image":
            return Input(name, kind, label=label)
        case _:
            usual, most = AUDIO_COLUMNS
            columns = min(max(round(_number(item.get("MAX"), usual)), 1), most)
            return Input(name, kind, label=label, columns=columns)


def _range(low: float, high: float) -> tuple[float, float]:
    low, high = min(low, high), max(low, high)
    return (low, high) if high > low else (low, low + 1.0)


def _float(name: str, label: str, given: object, item: dict[str, Any]) -> Input:
    default = _number(given, math.nan)
    known = 0.0 if math.isnan(default) else default
    low, high = _range(
        _number(item.get("MIN"), min(0.0, known)),
        _number(item.get("MAX"), max(1.0, known, _number(item.get("MIN"), 0.0) + 1.0)),
    )
    default = (low + high) / 2 if math.isnan(default) else min(max(default, low), high)
    return Input(name, "float", default, (low,), (high,), label=label)


def _point(name: str, label: str, given: object, item: dict[str, Any]) -> Input:
    default = _numbers(given, (0.0, 0.0))
    lows = _numbers(item.get("MIN"), (min(0.0, *default),) * 2)
    highs = _numbers(item.get("MAX"), (max(1.0, *default),) * 2)
    ranges = [_range(low, high) for low, high in zip(lows, highs, strict=True)]
    clamped = tuple(min(max(d, low), high) for d, (low, high) in zip(default, ranges, strict=True))
    return Input(
        name, "point2D", clamped, tuple(r[0] for r in ranges), tuple(r[1] for r in ranges), label=label
    )


def _long(name: str, label: str, given: object, item: dict[str, Any]) -> Input:
    listed = item.get("VALUES")
    labels = _texts(item.get("LABELS"))
    if isinstance(listed, list) and listed:
        values = tuple(round(_number(value, place)) for place, value in enumerate(listed))
    else:
        values = tuple(range(len(labels)))
    default = round(_number(given, values[0] if values else _number(item.get("MIN"), 0.0)))
    if not values:
        low, high = _range(
            _number(item.get("MIN"), min(0, default)), _number(item.get("MAX"), max(10, default))
        )
        return Input(name, "long", round(min(max(default, low), high)), (low,), (high,), label=label)
    if default not in values:
        default = values[0]
    labels = (*labels[: len(values)], *(str(value) for value in values[len(labels) :]))
    return Input(name, "long", default, (min(values),), (max(values),), values, labels, label)


def _size(given: object) -> Expression | None:
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    return expressions.parse(str(given))


def _buffers(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """PERSISTENT_BUFFERS of version 1: a list of names or of dictionaries, or a dictionary by name."""
    listed = body.get("PERSISTENT_BUFFERS")
    if isinstance(listed, dict):
        return {str(name): _upper(item) if isinstance(item, dict) else {} for name, item in listed.items()}
    found: dict[str, dict[str, Any]] = {}
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict):
            found[str(_upper(item).get("NAME", ""))] = _upper(item)
        else:
            found[str(item)] = {}
    return found


def _passes(body: dict[str, Any]) -> Iterator[Pass]:
    buffers = _buffers(body)
    items = _dicts(body.get("PASSES"), MAX_PASSES) or [{}]
    kept: dict[str, Pass] = {}
    for item in items:
        target = str(item.get("TARGET") or "").strip()
        if target:
            check_name(target, "the target")
        described = {**buffers.get(target, {}), **item}
        before = kept.get(target) if target else None
        made = Pass(
            target,
            bool(target) and (target in buffers or _truth(item.get("PERSISTENT"))),
            _truth(described.get("FLOAT")),
            _size(described.get("WIDTH")),
            _size(described.get("HEIGHT")),
        )
        if before is not None:  # one buffer has one format, whichever pass says it
            made = Pass(
                target,
                made.is_persistent or before.is_persistent,
                made.is_float or before.is_float,
                made.width or before.width,
                made.height or before.height,
            )
        if target:
            kept[target] = made
        yield made


def _imports(imported: object) -> Iterator[Import]:
    if isinstance(imported, dict):
        items = [(name, item) for name, item in imported.items()]
    else:
        items = [(item.get("NAME", ""), item) for item in _dicts(imported, MAX_INPUTS)]
    for name, item in items:
        path = _upper(item).get("PATH", "") if isinstance(item, dict) else item
        if isinstance(path, list):
            raise ValueError(f"the import {str(name)[:40]} is a cube map, which no host shows")
        yield Import(check_name(name, "the import"), str(path))
