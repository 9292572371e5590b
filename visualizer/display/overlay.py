"""The head-up display and the card of keys over the picture, as textures that are redrawn now and then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import moderngl
import numpy as np

from visualizer.display import hud, isf
from visualizer.display.aside import Aside
from visualizer.display.canvas import padded
from visualizer.display.rehearsal import ODD
from visualizer.types import UInt8

REDRAW_S = 0.2
EDGE = 24
"""Distance from the wall's edge in 720ths of its height."""


class Overlay:
    """Owner: the thread of its GL context."""

    def __init__(self, context: moderngl.Context, shaders: Path | None = None, live: bool = False) -> None:
        """With `live` painting happens in a thread and shows when it is ready: the card takes 40 ms."""
        self._painting = {name: Aside[UInt8](name, live) for name in ("hud", "card")}
        self._context = context
        self._effect = isf.Effect(context, isf.load("overlay", shaders))
        self._panels: dict[str, moderngl.Texture] = {}
        self._drawn_s: float | None = None
        self._card: tuple[tuple[tuple[str, str], ...], int] | None = None

    def is_due(self, time_s: float) -> bool:
        """Whether new readings are wanted."""
        return self._drawn_s is None or time_s - self._drawn_s >= REDRAW_S

    def draw_hud(
        self,
        target: moderngl.Framebuffer,
        size: tuple[int, int],
        time_s: float,
        readings: hud.Readings | None,
        beat: float,
    ) -> None:
        """The head-up display in the lower left of a frame of that size; `readings` None keeps the last ones.

        `beat` in [0, 1] lights the dot.
        """
        if readings is not None:
            self._drawn_s = time_s
            self._painting["hud"].begin(lambda: hud.paint(readings, size[1]))
        panel = self._take("hud")
        if panel is None:
            return
        unit = size[1] / 720
        edge = round(EDGE * unit)
        x, y = hud.dot(unit, panel.height)
        self._draw(target, panel, (edge, edge), {"dot": (x, y), "radius": 4.0 * unit, "shine": beat})

    def draw_card(
        self, target: moderngl.Framebuffer, size: tuple[int, int], lines: Sequence[tuple[str, str]]
    ) -> None:
        """The card of keys in the middle of the frame."""
        wanted = (tuple(lines), size[1])
        if self._card != wanted:
            self._card = wanted
            self._painting["card"].begin(lambda: hud.paint_card(lines, size[1]))
        panel = self._take("card")
        if panel is None:
            return
        corner = (max((size[0] - panel.width) // 2, 0), max((size[1] - panel.height) // 2, 0))
        self._draw(target, panel, corner, {"radius": 0.0})

    def rehearse(self, target: moderngl.Framebuffer) -> None:
        """Draws nothing, once, for drivers compile at the first draw."""
        panel = self._context.texture(ODD, 4, bytes(4 * ODD[0] * ODD[1]))
        panel.repeat_x = panel.repeat_y = False
        self._draw(target, panel, (0, 0), {"radius": 0.0})
        panel.release()

    def _take(self, name: str) -> moderngl.Texture | None:
        """What was painted last; None before there is anything."""
        pixels = self._painting[name].take()
        if pixels is not None:
            self._upload(name, padded(pixels))
        return self._panels.get(name)

    def _upload(self, name: str, pixels: UInt8) -> None:
        height, width = pixels.shape[:2]
        panel = self._panels.get(name)
        if panel is None or panel.size != (width, height):
            if panel:
                panel.release()
            panel = self._panels[name] = self._context.texture((width, height), 4)
            panel.repeat_x = panel.repeat_y = False
        panel.write(np.ascontiguousarray(pixels[::-1]))

    def _draw(
        self,
        target: moderngl.Framebuffer,
        panel: moderngl.Texture,
        corner: tuple[int, int],
        values: dict[str, isf.Uniform],
    ) -> None:
        self._context.enable(moderngl.BLEND)
        self._context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        box = (*corner, *panel.size)
        self._effect.draw(target, {"inputImage": panel}, values, box)
        self._context.disable(moderngl.BLEND)

    def release(self) -> None:
        """Frees the textures and ends the threads."""
        for painting in self._painting.values():
            painting.close()
        self._effect.release()
        for panel in self._panels.values():
            panel.release()
