"""A compiled shader: its passes, its buffers, its pictures, drawn into a frame."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import moderngl
import numpy as np
from PIL import Image as Pictures

from visualizer.display.isf import translate
from visualizer.display.isf.buffers import Box, Buffer, Copier
from visualizer.display.isf.compiling import Program
from visualizer.display.isf.shader import Shader
from visualizer.shaders.header import Pass, Uniform
from visualizer.types import UInt8, UserError

MAX_BUFFER_PX = 8192
MAX_BUFFER_BYTES = 512 << 20
"""All buffers of one shader together."""
MAX_PICTURE_PX = 4096
_STAND_IN_PX = 64


class Effect:
    """Draws one shader with all its passes. Owner: the thread of its GL context."""

    def __init__(self, context: moderngl.Context, shader: Shader) -> None:
        """Compiles; UserError with line and reason where it does not."""
        self.shader = shader
        self.notes: list[str] = []
        """What is missing though it works, a sentence each."""
        self._context = context
        self._programs: list[Program] = []
        self._values: dict[str, Uniform] = {}
        self._names = {i.name: translate.renamed_input(i.name) for i in shader.inputs}
        self._empty: moderngl.Texture | None = None
        self._buffers: dict[str, Buffer] = {}
        self._copier = Copier(context)
        self._imports: dict[str, moderngl.Texture] = {}
        self.n_passes = len(shader.passes)
        self._is_plain = self.n_passes == 1 and not shader.passes[0].target
        try:
            self._compile()
            self._import_all()
        except UserError:
            self.release()
            raise

    def _compile(self) -> None:
        for index in range(self.n_passes):
            self._programs.append(Program(self._context, self.shader, index))
        self._bind_units()
        self._has_date = any("DATE" in program.uniforms for program in self._programs)
        for declared in self.shader.inputs:
            if declared.default is not None:
                self._set(self._names[declared.name], declared.default)
                self._values[declared.name] = declared.default

    def renew(self) -> None:
        """As if it had just been compiled, with the declared values; its buffers keep what they hold."""
        old, self._programs = self._programs, []
        self._compile()
        for program in old:
            program.release()

    def _bind_units(self) -> None:
        """Gives each image a texture unit."""
        shader = self.shader
        names = [*shader.images, *shader.header.targets, *(i.name for i in shader.imports)]
        for program in self._programs:
            for name in dict.fromkeys([*names, "inputImage"]):
                uniform = program.uniforms.get(self._names.get(name, name))
                if uniform is not None:
                    uniform.value = program.units[name] = len(program.units)

    def _import_all(self) -> None:
        for declared in self.shader.imports:
            if any(declared.name in program.units for program in self._programs):
                self._imports[declared.name] = self._import(declared.name, declared.path)

    def _import(self, name: str, path: str) -> moderngl.Texture:
        folder = self.shader.folder
        try:
            if folder is None:
                raise UserError(f"{path} is named by a shader without a folder.")
            pixels = read_picture(folder / path)
        except UserError as error:
            self.notes.append(f"{self.shader.name}: {name} is missing, a pattern stands in ({error})")
            pixels = _stand_in()
        texture = self._context.texture((pixels.shape[1], pixels.shape[0]), 4, pixels.tobytes())
        texture.repeat_x = texture.repeat_y = False
        return texture

    def draw(
        self,
        target: moderngl.Framebuffer,
        images: Mapping[str, moderngl.Texture],
        values: Mapping[str, Uniform],
        box: Box | None = None,
    ) -> None:
        """Draws over the whole of `target`, or over `box`.

        `box` is x, y, width, height in px from the lower left. Values keep until they are given anew; images
        that are not given are black. UserError where a pass wants more than a buffer can be.
        """
        for _ in self.steps(target, images, values, box):
            continue

    def steps(
        self,
        target: moderngl.Framebuffer,
        images: Mapping[str, moderngl.Texture],
        values: Mapping[str, Uniform],
        box: Box | None = None,
    ) -> Iterator[None]:
        """The same, a pass at a time, for a pass's first draw takes a driver long."""
        box = box or (0, 0, target.width, target.height)
        for name, value in values.items():
            self._set(self._names.get(name, name), value)
        if self._has_date and "DATE" not in values:
            self._set("DATE", _date())
        if self._is_plain:
            self._draw_pass(0, target, box, images)
            yield
            return
        self._values.update(values)
        sizes = self._sizes(box[2], box[3])
        last = self.n_passes - 1
        for index, (step, size) in enumerate(zip(self.shader.passes, sizes, strict=True)):
            if step.target:
                buffer = self._buffer(step, size)
                self._draw_pass(index, buffer.back.framebuffer, (0, 0, *size), images)
                buffer.swap()
                if index == last:
                    self._copier.copy(buffer.front.texture, target, box)
            elif index == last:
                self._draw_pass(index, target, box, images)
            yield

    def _draw_pass(
        self, index: int, target: moderngl.Framebuffer, box: Box, images: Mapping[str, moderngl.Texture]
    ) -> None:
        program = self._programs[index]
        program.set("RENDERSIZE", (float(box[2]), float(box[3])))
        for name, unit in program.units.items():
            texture = images.get(name) or self._imports.get(name)
            if texture is None and name in self._buffers:
                texture = self._buffers[name].front.texture
            (texture or self._black()).use(unit)
        program.draw(target, box)

    def _black(self) -> moderngl.Texture:
        if self._empty is None:
            self._empty = self._context.texture((1, 1), 4, bytes(4))
        return self._empty

    def _sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        """Width and height of each pass, px."""
        known = {name: float(v) for name, v in self._values.items() if isinstance(v, (bool, int, float))}
        known |= {"WIDTH": float(width), "HEIGHT": float(height)}
        most = min(MAX_BUFFER_PX, int(self._context.info["GL_MAX_TEXTURE_SIZE"]))
        sizes, n_bytes = [], 0
        for index, step in enumerate(self.shader.passes):
            try:
                w = width if step.width is None else int(step.width.evaluate(known))
                h = height if step.height is None else int(step.height.evaluate(known))
            except ValueError as error:
                raise UserError(f"Shader {self.shader.name}, pass {index}: the size {error}.") from None
            size = (max(w, 1), max(h, 1)) if step.target else (width, height)
            n_bytes += 2 * size[0] * size[1] * (16 if step.is_float else 4) if step.target else 0
            if max(size) > most or n_bytes > MAX_BUFFER_BYTES:
                raise UserError(
                    f"Shader {self.shader.name}: pass {index} wants a buffer of {size[0]}×{size[1]} px; "
                    f"at most {most} px a side and {MAX_BUFFER_BYTES >> 20} MB in all are given."
                )
            sizes.append(size)
        return sizes

    def _buffer(self, step: Pass, size: tuple[int, int]) -> Buffer:
        buffer = self._buffers.get(step.target)
        if buffer is None:
            buffer = self._buffers[step.target] = Buffer(self._context, size, step.is_float)
        elif buffer.front.size != size:
            buffer.resize(size, self._copier)
        return buffer

    def _set(self, name: str, value: Uniform) -> None:
        for program in self._programs:
            program.set(name, value)

    def reset(self) -> None:
        """Forgets what its buffers remember."""
        for buffer in self._buffers.values():
            buffer.release()
        self._buffers.clear()

    def release(self) -> None:
        """Frees everything."""
        self.reset()
        for texture in (*self._imports.values(), self._empty):
            if texture is not None:
                texture.release()
        self._imports.clear()
        self._empty = None
        self._copier.release()
        for program in self._programs:
            program.release()
        self._programs.clear()


def _date() -> tuple[float, float, float, float]:
    """Year, month, day and the seconds of the day, by the machine's clock."""
    now = datetime.datetime.now()
    seconds = now.hour * 3600 + now.minute * 60 + now.second + now.microsecond * 1e-6
    return float(now.year), float(now.month), float(now.day), seconds


def read_picture(file: Path) -> UInt8:
    """A picture as (H, W, 4) RGBA uint8, bottom row first, made smaller where it is large.

    UserError where it is none.
    """
    try:
        with Pictures.open(file) as picture:
            picture.draft("RGB", (MAX_PICTURE_PX, MAX_PICTURE_PX))
            picture.thumbnail((MAX_PICTURE_PX, MAX_PICTURE_PX))
            pixels = np.asarray(picture.convert("RGBA"), np.uint8)
    except (OSError, ValueError, SyntaxError, Pictures.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "it is no picture"
        raise UserError(f"{file.name} cannot be shown: {reason}.") from None
    return np.ascontiguousarray(pixels[::-1])


@lru_cache(maxsize=1)
def _stand_in() -> UInt8:
    """Fixed noise in the place of a picture that is missing, (64, 64, 4) uint8."""
    noise = np.random.default_rng(5).integers(0, 256, (_STAND_IN_PX, _STAND_IN_PX, 4), np.uint8)
    noise[..., 3] = 255
    return noise
