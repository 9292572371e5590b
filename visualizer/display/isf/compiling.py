"""Compiling a shader, and saying in the user's lines what the driver has against it."""

from __future__ import annotations

import re

import moderngl

from visualizer.display.isf import prelude
from visualizer.display.isf.buffers import Box
from visualizer.display.isf.shader import Shader
from visualizer.shaders.header import Uniform
from visualizer.types import UserError

NEWER = 430
"""A second try on drivers that have it: GLSL 4.3 allows constants and array literals that 3.3 does not."""
_LINE = re.compile(r"^(?:ERROR:\s*)?\d+[:(](?P<line>\d+)[)(:][^:]*:?\s*(?P<reason>.*)$")
_CONST = re.compile(r"\bconst\b(?!\s+(?:in|int|uint)\b)")


class Program:
    """A shader compiled for one of its passes. Owner: the thread of its GL context."""

    def __init__(self, context: moderngl.Context, shader: Shader, index: int) -> None:
        """UserError with file, line and reason where it does not compile."""
        self._program = compile_program(context, shader, index)
        self._vertices = context.vertex_array(self._program, [])
        self._has_corners = bool(shader.vertex)
        self.uniforms = {
            name: member
            for name in self._program
            if isinstance(member := self._program[name], moderngl.Uniform)
        }
        """Those that the compiler has kept, by name."""
        self.units: dict[str, int] = {}
        """Texture units by the name of the image in the header."""

    def set(self, name: str, value: Uniform) -> None:
        """Sets a uniform, if this pass uses it."""
        uniform = self.uniforms.get(name)
        if uniform is not None:
            uniform.value = value

    def draw(self, target: moderngl.Framebuffer, box: Box) -> None:
        """Draws over the box."""
        target.viewport = box
        target.use()
        if self._has_corners:
            self._vertices.render(moderngl.TRIANGLE_STRIP, vertices=4)
        else:
            self._vertices.render(moderngl.TRIANGLES, vertices=3)

    def release(self) -> None:
        """Frees it."""
        self._vertices.release()
        self._program.release()


def compile_program(context: moderngl.Context, shader: Shader, index: int) -> moderngl.Program:
    """The program of one pass; UserError with file, line and reason where it does not compile.

    The number of the pass is a constant, so that the code of others is left out: software GL needs a third of
    a second for all of a large shader, at the first draw of each of its passes.
    """
    first: moderngl.Error | None = None
    for version, keeps_const in ((330, True), (NEWER, True), (330, False)):
        if version > max(context.version_code, 330):
            continue
        try:
            return _try(context, shader, index, version, keeps_const)
        except moderngl.Error as error:
            first = first or error
    raise UserError(f"Shader {shader.name} does not compile: {_first_error(str(first), shader)}") from first


def _try(
    context: moderngl.Context, shader: Shader, index: int, version: int, keeps_const: bool
) -> moderngl.Program:
    begin = f"#version {version} core\nconst int PASSINDEX = {index};\n"
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
