"""An ISF file as GLSL that can be compiled: its header and its translated shaders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from visualizer import paths
from visualizer.display.isf import prelude, translate
from visualizer.shaders import Header, Import, Input, Pass, read_header, read_text, split
from visualizer.types import UserError

IMPLICIT_IMAGE = "inputImage"
"""Shaders of version 1 may use it without declaring it."""


@dataclass(frozen=True, slots=True)
class Shader:
    """A parsed `.fs` file."""

    name: str
    header: Header
    fragment: str
    """GLSL 3.30 without its version line; compile errors count lines as the file does."""
    vertex: str = ""
    """The same of its `.vs` file; empty where there is none."""
    folder: Path | None = None
    """Where the pictures lie that it imports."""

    @property
    def description(self) -> str:
        """What the header says of it."""
        return self.header.description

    @property
    def categories(self) -> tuple[str, ...]:
        """Of the header."""
        return self.header.categories

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Of the header."""
        return self.header.inputs

    @property
    def passes(self) -> tuple[Pass, ...]:
        """Of the header; at least one."""
        return self.header.passes

    @property
    def imports(self) -> tuple[Import, ...]:
        """Of the header."""
        return self.header.imports

    @property
    def images(self) -> tuple[str, ...]:
        """Names of the inputs that are textures."""
        return self.header.images


def parse(text: str, name: str, vertex: str = "", folder: Path | None = None) -> Shader:
    """The shader in `text`; UserError where its header is missing or wrong."""
    header = read_header(text, name)
    _, start = split(text, name)
    body = text[start:]
    textures = [(n, "sampler2D") for n in (*header.targets, *(i.name for i in header.imports))]
    chosen = {i.name: prelude.GLSL_TYPES[i.kind] for i in header.inputs} | dict(textures)
    used = translate.words(body) | translate.words(vertex)
    if IMPLICIT_IMAGE in used and IMPLICIT_IMAGE not in chosen and header.role != "stage":
        chosen[IMPLICIT_IMAGE] = "sampler2D"
    uniforms = [(type_, translate.renamed_input(n)) for n, type_ in chosen.items()]
    uniforms += [(type_, n) for n, type_ in prelude.UNIFORMS.items() if n not in chosen]
    known = {n for _, n in uniforms} | {prelude.COORDINATE, "isf_FragColor", "PASSINDEX"}
    varyings = translate.varyings_of(vertex) if vertex.strip() else None
    first_line = text.count("\n", 0, start) + 1
    fragment = (
        prelude.fragment(uniforms, translate.has_own_output(body))
        + f"#line {first_line}\n"
        + translate.translate(body, "fragment", known, chosen, varyings)
    )
    if vertex.strip():
        vertex = (
            prelude.vertex(uniforms)
            + "#line 1\n"
            + translate.translate(vertex, "vertex", known, chosen, None)
            + prelude.VERTEX_END
        )
    return Shader(name, header, fragment, vertex, folder)


def load(name: str, folder: Path | None = None) -> Shader:
    """The shader `<folder>/<name>.fs`; UserError where it is missing or wrong."""
    return load_file((folder or paths.SHADERS) / f"{name}.fs", name)


def load_file(file: Path, name: str = "") -> Shader:
    """The shader of a file, with the vertex shader beside it; UserError where it is missing or wrong."""
    text = read_text(file)
    beside = next((f for f in (file.with_suffix(".vs"), file.with_suffix(".vert")) if f.is_file()), None)
    if not text.strip():
        raise UserError(f"Shader {name or file.name} is empty.")
    return parse(text, name or file.name, read_text(beside) if beside else "", file.parent)
