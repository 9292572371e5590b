"""Words and a logo over the picture, which come and go slowly; painted by a thread, laid over by the GPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import moderngl
import numpy as np

from visualizer.display import lettering
from visualizer.display.aside import Aside
from visualizer.display.canvas import padded
from visualizer.display.lettering import Lettered, Words
from visualizer.paths import path_of
from visualizer.types import UserError

LOOK_S = 0.5
"""How often a text file is looked at."""

Paint = Callable[[], Lettered]


class Values(Protocol):
    """Parameter values by id."""

    def __getitem__(self, id: str, /) -> Any: ...


@dataclass(slots=True)
class _Panel:
    """A texture on its way in or out."""

    key: tuple[Any, ...]
    texture: moderngl.Texture
    share: float = 0.0
    is_going: bool = False


class _Layer:
    """Words or logo: what is shown, what goes, and what is being painted."""

    def __init__(self, name: str, live: bool) -> None:
        self.panels: list[_Panel] = []
        self.asked: tuple[Any, ...] = ()
        self.painting = Aside[Lettered](name, live)
        self.sentence = ""


class Titles:
    """Owner: the thread of its GL context. The same values at the same times give the same frames.

    With `live` painting happens in a thread and shows when it is ready; without, frames wait for it.
    """

    def __init__(self, context: moderngl.Context, effect: Any, live: bool) -> None:
        """`effect`: the compiled shader `title`."""
        self._context, self._effect = context, effect
        self._layers = {name: _Layer(name, live) for name in ("text", "logo")}
        self._reading = Aside[Words]("words", live)
        self._values: Values
        self._file = ""
        self._words = Words(0.0, "")
        self._file_sentence = ""
        self._look_s = 0.0
        self._height_px = 0

    @property
    def sentence(self) -> str:
        """What is wrong, with the fix; "" when all is well."""
        return self._file_sentence or next((x.sentence for x in self._layers.values() if x.sentence), "")

    def update(self, values: Values, dt_s: float, height_px: int) -> None:
        """Moves on by dt for a frame of that height."""
        self._values, self._height_px = values, height_px
        self._look(str(values["text.file"]), dt_s)
        words = str(values["text.words"]) or self._words.text
        font, colour = str(values["text.font"]), str(values["text.colour"])
        line_px = max(round(float(values["text.size"]) * height_px), 4)
        wanted: tuple[Any, ...] = (words, font, colour, line_px) if words.strip() else ()
        self._move("text", wanted, lambda: lettering.write(words, font, colour, line_px), dt_s)
        logo = str(values["logo.file"])
        logo_px = max(round(float(values["logo.size"]) * height_px), 2)
        wanted = (logo, logo_px) if logo else ()
        self._move("logo", wanted, lambda: lettering.read_logo(path_of(logo), logo_px), dt_s)

    def draw(self, target: moderngl.Framebuffer, brightness: float) -> None:
        """Lays all over a frame; `brightness` in [0, 1] dims it with the picture."""
        for name, layer in self._layers.items():
            for panel in layer.panels:
                opacity = panel.share * float(self._values[f"{name}.opacity"]) * brightness
                if opacity > 0.0:
                    self._draw(target, panel.texture, name, opacity)

    def release(self) -> None:
        """Frees textures and thread."""
        self._reading.close()
        for layer in self._layers.values():
            layer.painting.close()
            for panel in layer.panels:
                panel.texture.release()

    def _look(self, file: str, dt_s: float) -> None:
        """Reads the text file when it has changed; what it said last stays while it cannot be read."""
        self._look_s -= dt_s
        if file != self._file:
            self._file, self._words, self._file_sentence, self._look_s = file, Words(0.0, ""), "", 0.0
            self._reading.drop()
        if file and self._look_s <= 0.0 and not self._reading.is_busy:
            self._look_s, known = LOOK_S, self._words
            self._reading.begin(lambda: lettering.read_words(path_of(file), known))
        try:
            read = self._reading.take()
        except UserError as error:
            self._file_sentence = str(error)
        else:
            if read is not None:
                self._words, self._file_sentence = read, ""

    def _move(self, name: str, wanted: tuple[Any, ...], paint: Paint, dt_s: float) -> None:
        layer = self._layers[name]
        if wanted != layer.asked:
            layer.asked, layer.sentence = wanted, ""
            if wanted:
                layer.painting.begin(paint)
            else:
                layer.painting.drop()
                self._dismiss(layer)
        self._take(layer)
        fade_s = float(self._values[f"{name}.fade_s"])
        step = dt_s / fade_s if fade_s > 0.0 else 1.0
        for panel in list(layer.panels):
            panel.share = max(panel.share - step, 0.0) if panel.is_going else min(panel.share + step, 1.0)
            if panel.is_going and panel.share == 0.0:
                layer.panels.remove(panel)
                panel.texture.release()

    def _take(self, layer: _Layer) -> None:
        """Shows what has been painted, if it is ready."""
        try:
            lettered = layer.painting.take()
        except UserError as error:
            layer.sentence = str(error)
            self._dismiss(layer)
            return
        if lettered is None:
            return
        layer.sentence = lettered.sentence
        pixels = padded(lettered.pixels)
        height, width = pixels.shape[:2]
        texture = self._context.texture((width, height), 4, np.ascontiguousarray(pixels[::-1]))
        texture.repeat_x = texture.repeat_y = False
        before = next((panel for panel in layer.panels if not panel.is_going), None)
        is_same = before is not None and before.key[0] == layer.asked[0]
        self._dismiss(layer, at_once=is_same)
        layer.panels.append(_Panel(layer.asked, texture, before.share if before and is_same else 0.0))

    def _dismiss(self, layer: _Layer, at_once: bool = False) -> None:
        """What is shown goes; at once where only its look changes."""
        for panel in layer.panels:
            panel.is_going = True
            panel.share = 0.0 if at_once else panel.share

    def _draw(
        self, target: moderngl.Framebuffer, texture: moderngl.Texture, name: str, opacity: float
    ) -> None:
        scale = target.height / self._height_px  # a recording may be smaller than the window
        width, height = scale * texture.width, scale * texture.height
        x = float(self._values[f"{name}.x"]) * target.width - width / 2
        y = (1.0 - float(self._values[f"{name}.y"])) * target.height - height / 2
        self._context.enable(moderngl.BLEND)
        self._context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        box = (round(x), round(y), max(round(width), 1), max(round(height), 1))
        self._effect.draw(target, {"inputImage": texture}, {"opacity": opacity}, box)
        self._context.disable(moderngl.BLEND)
