"""Draws a shader as shows do, with each kind of picture, so that the driver keeps it compiled on disk."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import moderngl

from visualizer.display import isf
from visualizer.display.canvas import Canvas
from visualizer.display.isf.shader import IMPLICIT_IMAGE
from visualizer.display.isf.trial import test_images
from visualizer.display.rehearsal import SHAPES
from visualizer.parameters.declared_shaders import NOISE

Kind = tuple[tuple[int, int], str]
"""Size and format of a texture."""


def warm_file(context: moderngl.Context, file: Path, size: tuple[int, int]) -> int:
    """Compiles for all kinds of pictures, each by a program of its own; how many kinds that were.

    `size` is that of the frames. UserError where the shader cannot be drawn.
    """
    shader = isf.load_file(file, file.name)
    others = {
        name: texture for name, texture in test_images(context, shader, size) if name not in _pictures(shader)
    }
    n_kinds = 0
    for kinds, target_kind in _kinds(shader, size):
        canvases = {name: Canvas(context, *kind) for name, kind in kinds.items()}
        if NOISE in canvases:
            canvases[NOISE].texture.repeat_x = canvases[NOISE].texture.repeat_y = True
        target = Canvas(context, *target_kind)
        effect = isf.Effect(context, shader)
        images = others | {name: canvas.texture for name, canvas in canvases.items()}
        effect.draw(target.framebuffer, images, {})
        context.finish()
        effect.release()
        for canvas in (*canvases.values(), target):
            canvas.release()
        n_kinds += 1
    for texture in set(others.values()):
        texture.release()
    return n_kinds


def _pictures(shader: isf.Shader) -> list[str]:
    named = [declared.name for declared in shader.inputs if declared.kind == "image"]
    return [*named, *({IMPLICIT_IMAGE} - set(named))]


def _kinds(shader: isf.Shader, size: tuple[int, int]) -> Iterator[tuple[dict[str, Kind], Kind]]:
    """The pictures by name, and what is drawn into: as `chain` and `renderer` have them, where nobody has
    chosen others."""
    names = [name for name in _pictures(shader) if name != NOISE]
    noise: dict[str, Kind] = {NOISE: (SHAPES[0], "f2")} if NOISE in _pictures(shader) else {}
    match shader.header.role:
        case "transition":
            for start, end in product(SHAPES, SHAPES):
                both = max(start[0], end[0]), max(start[1], end[1])
                kinds: dict[str, Kind] = {name: (both, "f2") for name in names}
                yield noise | kinds | {"startImage": (start, "f2"), "endImage": (end, "f2")}, (both, "f2")
        case "generator":
            yield noise | {name: (size, "f2") for name in names}, (size, "f2")
        case _:
            for dtype in ("f2", "f1"):
                yield noise | {name: (size, dtype) for name in names}, (size, "f1")
