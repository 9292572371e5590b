"""Compiling a shader, and saying in the user's lines what the driver has against it."""

from __future__ import annotations

import re

import moderngl

from visualizer.display.isf import prelude
from visualizer.display.isf.shader import Shader
from visualizer.types import UserError

NEWER = 430
"""A second try on drivers that have it: GLSL 4.3 allows constants and array literals that 3.3 does not."""
_LINE = re.compile(r"^(?:ERROR:\s*)?\d+[:(](?P<line>\d+)[)(:][^:]*:?\s*(?P<reason>.*)$")
_CONST = re.compile(r"\bconst\b(?!\s+(?:in|int|uint)\b)")


def compile_program(context: moderngl.Context, shader: Shader) -> moderngl.Program:
    """The program; UserError with file, line and reason where it does not compile."""
    first: moderngl.Error | None = None
    for version, keeps_const in ((330, True), (NEWER, True), (330, False)):
        if version > max(context.version_code, 330):
            continue
        try:
            return _try(context, shader, version, keeps_const)
        except moderngl.Error as error:
            first = first or error
    raise UserError(f"Shader {shader.name} does not compile: {_first_error(str(first), shader)}") from first


def _try(context: moderngl.Context, shader: Shader, version: int, keeps_const: bool) -> moderngl.Program:
    begin = f"#version {version} core\n"
    # Hosts on older GLSL let a constant be what is only known when it runs.
    body = shader.fragment if keeps_const else _CONST.sub("", shader.fragment)
    vertex = begin + shader.vertex if shader.vertex else prelude.VERTEX
    return context.program(vertex_shader=vertex, fragment_shader=begin + body)


def _first_error(log: str, shader: Shader) -> str:
    where = f"{shader.name.removesuffix('.fs')}.vs, " if "vertex_shader" in log and shader.vertex else ""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for line in lines:
        found = _LINE.match(line)
        if found and "warning" not in line.lower():
            return f"{where}line {found['line']}: {found['reason']}"
    telling = [line for line in lines if "error" in line.lower() and not line.endswith("failed")]
    return (telling or lines or ["the driver does not say why"])[-1]
