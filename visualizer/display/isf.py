"""Shaders from `shaders/*.fs`: a JSON header that declares inputs, in the manner of ISF 2, and a GLSL body.

Understood of ISF 2 here: INPUTS of all types, TIME, TIMEDELTA, RENDERSIZE, PASSINDEX (0), FRAMEINDEX,
`isf_FragNormCoord` and the IMG_ functions. Shaders also see what is heard as `u_bass`, `u_mid` and so on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import moderngl

from visualizer import paths
from visualizer.types import UserError

HEARD = ("bass", "mid", "treble", "level", "onset", "beat", "beat_phase", "tempo", "flow")
"""What shaders hear: `u_<name>`, each a float; see `motion.Motion`."""

_GLSL_TYPES = {
    "float": "float",
    "bool": "bool",
    "event": "bool",
    "long": "int",
    "point2D": "vec2",
    "color": "vec4",
    "image": "sampler2D",
    "audio": "sampler2D",
    "audioFFT": "sampler2D",
}

_HEADER = re.compile(r"/\*(?P<json>.*?)\*/", re.DOTALL)

VERTEX = """#version 330 core
out vec2 isf_FragNormCoord;
void main() {
    vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
    isf_FragNormCoord = corner;
    gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}
"""

_PRELUDE = """#version 330 core
precision highp float;
in vec2 isf_FragNormCoord;
out vec4 isf_FragColor;
uniform float TIME;
uniform float TIMEDELTA;
uniform vec2 RENDERSIZE;
uniform int PASSINDEX;
uniform int FRAMEINDEX;
#define IMG_NORM_PIXEL(image, uv) texture(image, uv)
#define IMG_PIXEL(image, px) texture(image, (px) / vec2(textureSize(image, 0)))
#define IMG_THIS_NORM_PIXEL(image) texture(image, isf_FragNormCoord)
#define IMG_THIS_PIXEL(image) texture(image, isf_FragNormCoord)
#define IMG_SIZE(image) vec2(textureSize(image, 0))
"""

Uniform = float | int | bool | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """One declared input of a shader."""

    name: str
    kind: str
    default: Uniform | None


@dataclass(frozen=True, slots=True)
class Shader:
    """A parsed `.fs` file."""

    name: str
    description: str
    categories: tuple[str, ...]
    inputs: tuple[Input, ...]
    fragment: str
    """Complete GLSL 3.30; compile errors count lines as the file does."""

    @property
    def images(self) -> tuple[str, ...]:
        """Names of the inputs that are textures."""
        return tuple(i.name for i in self.inputs if _GLSL_TYPES[i.kind] == "sampler2D")


def parse(text: str, name: str) -> Shader:
    """The shader in `text`; UserError where its header is missing or wrong."""
    found = _HEADER.search(text)
    if not found:
        raise UserError(f"Shader {name} has no header; an ISF file begins with a comment that holds JSON.")
    try:
        header = json.loads(found["json"])
        inputs = tuple(_parse_input(item, name) for item in header.get("INPUTS", []))
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise UserError(
            f"The header of shader {name} is not the JSON that ISF asks for ({error}); mend it."
        ) from error
    uniforms = [f"uniform {_GLSL_TYPES[i.kind]} {i.name};" for i in inputs]
    uniforms += [f"uniform float u_{heard};" for heard in HEARD]
    first_line = text.count("\n", 0, found.end()) + 1
    body = re.sub(r"\bgl_FragColor\b", "isf_FragColor", text[found.end() :])
    fragment = _PRELUDE + "\n".join(uniforms) + f"\n#line {first_line}\n" + body
    return Shader(
        name=name,
        description=str(header.get("DESCRIPTION", "")),
        categories=tuple(header.get("CATEGORIES", ())),
        inputs=inputs,
        fragment=fragment,
    )


def _parse_input(item: dict[str, Any], shader: str) -> Input:
    kind = item["TYPE"]
    if kind not in _GLSL_TYPES:
        raise UserError(f"Shader {shader}: input {item['NAME']} has the unknown type {kind!r}.")
    default = item.get("DEFAULT")
    return Input(str(item["NAME"]), kind, tuple(default) if isinstance(default, list) else default)


def load(name: str, folder: Path | None = None) -> Shader:
    """The shader `<folder>/<name>.fs`; UserError where it is missing or wrong."""
    file = (folder or paths.SHADERS) / f"{name}.fs"
    try:
        return parse(file.read_text("utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"Shader {file} cannot be read ({error}); the folder shaders/ belongs to the project."
        ) from error


class Effect:
    """A compiled shader that draws one full-screen pass. Owner: the thread of its GL context."""

    def __init__(self, context: moderngl.Context, shader: Shader) -> None:
        self.shader = shader
        try:
            self._program = context.program(vertex_shader=VERTEX, fragment_shader=shader.fragment)
        except moderngl.Error as error:
            raise UserError(f"Shader {shader.name} does not compile: {_first_error(str(error))}") from error
        self._vertices = context.vertex_array(self._program, [])
        self._units: dict[str, int] = {}
        for image in shader.images:
            if image in self._program:
                unit = len(self._units)
                self._units[image] = unit
                self._program[image] = unit  # type: ignore[assignment]
        for declared in shader.inputs:
            if declared.default is not None:
                self._set(declared.name, declared.default)

    def draw(
        self,
        target: moderngl.Framebuffer,
        images: Mapping[str, moderngl.Texture],
        values: Mapping[str, Uniform],
        box: tuple[int, int, int, int] | None = None,
    ) -> None:
        """Draws over the whole of `target`, or over `box` (x, y, width, height in px from the lower left).

        Values keep until they are given anew.
        """
        box = box or (0, 0, target.width, target.height)
        for name, unit in self._units.items():
            images[name].use(unit)
        for name, value in values.items():
            self._set(name, value)
        self._set("RENDERSIZE", (float(box[2]), float(box[3])))
        target.viewport = box
        target.use()
        self._vertices.render(moderngl.TRIANGLES, vertices=3)

    def _set(self, name: str, value: Uniform) -> None:
        if name in self._program:  # the compiler drops what a shader does not use
            self._program[name] = value  # type: ignore[assignment]

    def release(self) -> None:
        """Frees the program."""
        self._vertices.release()
        self._program.release()


def _first_error(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if "error" in line.lower() and ":" in line]
    return lines[0] if lines else log.strip().splitlines()[-1]
