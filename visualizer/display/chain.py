"""The filters between the graded picture and the wall, and what the shaders are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import moderngl

from visualizer.display import isf
from visualizer.display.canvas import Canvas
from visualizer.display.isf.buffers import Copier
from visualizer.display.isf.sound import SoundTextures
from visualizer.display.shelf import Shelf
from visualizer.parameters import declared_shaders
from visualizer.parameters.declared_shaders import COMPONENTS, id_of, is_fed, labels_of
from visualizer.shaders import Found, Library
from visualizer.shaders.ordering import arrange
from visualizer.types import Float32, UserError

Get = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """A shader that is drawn unseen, before it is shown."""

    effect: isf.Effect
    canvas: Canvas
    steps: Iterator[None]


class Chain:
    """Draws what is on, nothing else. Owner: the thread of the GL context."""

    def __init__(
        self, context: moderngl.Context, shelf: Shelf, dissolve: isf.Effect, noise: moderngl.Texture
    ) -> None:
        self._context, self.shelf = context, shelf
        self._dissolve, self._noise = dissolve, noise
        self._canvases: list[Canvas] = []
        self._before: Canvas | None = None
        self._wants_before = False
        self._copier = Copier(context)
        self._sound = SoundTextures(context)
        self._fired: set[str] = set()
        self._ids: dict[str, dict[str, tuple[str, ...]]] = {}
        self._of_library: Library | None = None
        self._rehearsal: _Rehearsal | None = None
        self._has_rehearsed = False
        self.active: tuple[str, ...] = ()
        """The filters that were drawn last."""
        self.hears = False
        """Whether one of the shaders in use wants sound."""

    def hear(self, samples: Float32) -> None:
        """The sound that came since the last call, (n, 2) float32."""
        self._sound.hear(samples)

    def fire(self, id: str) -> None:
        """An event input is on in the next frame."""
        self._fired.add(id)

    def begin(self) -> None:
        """Once a frame, before anything else."""
        self.shelf.tend()
        self.hears = self._has_rehearsed = False

    def end(self) -> None:
        """Once a frame, after everything else."""
        self._fired.clear()

    def draw(self, graded: Canvas, get: Get, heard: Mapping[str, isf.Uniform]) -> Canvas:
        """The picture after all filters that are on; the graded one itself where none is."""
        wanted = order(self.shelf.library, get)
        self._wants_before = False
        drawn: list[str] = []
        shown = graded
        for name in wanted:
            mix = float(get(f"shader.{name}.mix"))
            images = {"inputImage": shown.texture}
            self._prepare(name, images, shown, get, heard)
            effect = self.shelf.effect(name) if mix > 0.0 else None
            if effect is None:
                continue
            out = self._canvas(graded.size, shown)
            if not self._apply(name, effect, images, out, shown, get, heard):
                continue
            if mix < 1.0:
                both = self._canvas(graded.size, shown, out)
                pair = {"startImage": shown.texture, "endImage": out.texture}
                self._dissolve.draw(both.framebuffer, pair, {"progress": mix})
                out = both
            shown = out
            drawn.append(name)
        self.active = tuple(drawn)
        self._remember(shown)
        return shown

    def _apply(
        self,
        name: str,
        effect: isf.Effect,
        images: Mapping[str, moderngl.Texture],
        out: Canvas,
        shown: Canvas,
        get: Get,
        heard: Mapping[str, isf.Uniform],
    ) -> bool:
        found = self.shelf.library.shaders.get(name)
        if found is None:
            return False
        try:
            values = self._values(found, get)
            all_images = {**self._images(found, effect, get, shown), **images}
            told = {**heard, **values}
            effect.draw(out.framebuffer, all_images, told)
        except (UserError, moderngl.Error) as error:
            self.shelf.drop(name, str(error))
            return False
        return True

    def _prepare(
        self,
        name: str,
        images: Mapping[str, moderngl.Texture],
        shown: Canvas,
        get: Get,
        heard: Mapping[str, isf.Uniform],
        dtype: str = "f1",
    ) -> None:
        """Draws a pass of a shader that comes next, unseen: its first draw takes long, so one a frame.

        `dtype` is that of what it will be drawn into.
        """
        effect, found = self.shelf.coming(name), self.shelf.library.shaders.get(name)
        if effect is None or found is None or self._has_rehearsed:
            return
        self._has_rehearsed = True
        try:
            if self._rehearsal is None or self._rehearsal.effect is not effect:
                self._end_rehearsal()
                canvas = Canvas(self._context, shown.size, dtype)
                all_images = {**self._images(found, effect, get, shown), **images}
                told = {**heard, **self._values(found, get)}
                steps = effect.steps(canvas.framebuffer, all_images, told)
                self._rehearsal = _Rehearsal(effect, canvas, steps)
            if next(self._rehearsal.steps, self._rehearsal) is self._rehearsal:
                self._end_rehearsal()
                self.shelf.promote(name)
        except (UserError, moderngl.Error) as error:
            self._end_rehearsal()
            self.shelf.refuse(name, str(error))

    def _end_rehearsal(self) -> None:
        if self._rehearsal is not None:
            self._rehearsal.canvas.release()
            self._rehearsal = None

    def generate(self, name: str, out: Canvas, get: Get, heard: Mapping[str, isf.Uniform]) -> bool:
        """Draws a generator; whether it could."""
        self._prepare(name, {}, out, get, heard, "f2")
        effect = self.shelf.effect(name)
        return effect is not None and self._apply(name, effect, {}, out, out, get, heard)

    def cross(
        self,
        name: str,
        images: Mapping[str, moderngl.Texture],
        progress: float,
        out: Canvas,
        get: Get,
        heard: Mapping[str, isf.Uniform],
    ) -> bool:
        """Draws a transition between `startImage` and `endImage`; whether it could."""
        told = {**heard, "progress": progress}
        self._prepare(name, images, out, get, told, "f2")
        effect = self.shelf.effect(name)
        return effect is not None and self._apply(name, effect, images, out, out, get, told)

    def _canvas(self, size: tuple[int, int], *taken: Canvas) -> Canvas:
        """One of that size that is not taken."""
        for canvas in self._canvases:
            if canvas.size == size and canvas not in taken:
                return canvas
        made = Canvas(self._context, size, "f1")
        self._canvases.append(made)
        return made

    def _remember(self, shown: Canvas) -> None:
        """Keeps the frame for the next, if a shader asked for it."""
        if not self._wants_before:
            return
        if self._before is None or self._before.size != shown.size:
            if self._before is not None:
                self._before.release()
            self._before = Canvas(self._context, shown.size, "f1")
        self._copier.copy(shown.texture, self._before.framebuffer, (0, 0, *shown.size))

    def _ids_of(self, found: Found) -> dict[str, tuple[str, ...]]:
        """By input, the ids of its parameters."""
        if self._of_library is not self.shelf.library:
            self._of_library = self.shelf.library
            self._ids.clear()
        if found.name not in self._ids:
            self._ids[found.name] = {
                i.name: tuple(f"{id_of(found.name, i.name)}.{axis}" for axis in COMPONENTS[i.kind])
                if i.kind in COMPONENTS
                else (id_of(found.name, i.name),)
                for i in found.header.inputs
                if i.kind not in ("audio", "audioFFT") and not is_fed(found, i)
            }
        return self._ids[found.name]

    def _values(self, found: Found, get: Get) -> dict[str, isf.Uniform]:
        """Inputs by name as GLSL takes them, from the parameters."""
        ids = self._ids_of(found)
        values: dict[str, isf.Uniform] = {}
        for declared in found.header.inputs:
            own = ids.get(declared.name)
            if own is None or declared.kind == "image":
                continue
            if declared.kind == "event":
                values[declared.name] = own[0] in self._fired
            elif declared.kind in COMPONENTS:
                values[declared.name] = tuple(float(get(id)) for id in own)
            elif declared.kind == "long" and declared.values:
                value, labels = get(own[0]), labels_of(declared)
                values[declared.name] = declared.values[labels.index(value)] if value in labels else 0
            else:
                values[declared.name] = get(own[0])
        return values

    def _images(
        self, found: Found, effect: isf.Effect, get: Get, shown: Canvas
    ) -> dict[str, moderngl.Texture]:
        ids = self._ids_of(found)
        images = dict(self._sound.of(effect.shader))
        self.hears = self.hears or bool(images)
        for declared in found.header.inputs:
            if declared.kind != "image" or declared.name not in ids:
                continue
            texture = self._image(str(get(ids[declared.name][0])), shown)
            if texture is not None:
                images[declared.name] = texture
        return images

    def _image(self, wanted: str, shown: Canvas) -> moderngl.Texture | None:
        match wanted:
            case "" | declared_shaders.PICTURE:
                return shown.texture
            case declared_shaders.PREVIOUS:
                self._wants_before = True
                return self._before.texture if self._before is not None else None
            case declared_shaders.NOISE:
                return self._noise
            case path:
                return self.shelf.picture(path)

    def resize(self, size: tuple[int, int]) -> None:
        """The frames have another size from now on."""
        self._free()
        self.shelf.resize(size)

    def _free(self) -> None:
        self._end_rehearsal()
        for canvas in self._canvases:
            canvas.release()
        self._canvases.clear()

    def release(self) -> None:
        """Frees everything, the shelf too."""
        self._free()
        if self._before is not None:
            self._before.release()
        self._copier.release()
        self._sound.release()
        self.shelf.release()


def order(library: Library, get: Get) -> list[str]:
    """The filters that are to be seen, first to last: the soloed ones, or else those that are on."""
    filters = library.of("filter")
    switched = {
        switch: [name for name in filters if get(f"shader.{name}.{switch}")] for switch in ("solo", "on")
    }
    active = set(switched["solo"] or switched["on"])
    if not active:
        return []
    return [name for name in arrange(str(get("chain.order")), filters) if name in active]
