"""Where the finished picture goes: straight into the window, or over a wall, mirrors and other programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import moderngl

from visualizer.display import wall
from visualizer.display.mirrors import Mirrors
from visualizer.display.renderer import Renderer
from visualizer.display.texture_sharing import TextureSharing, open_sharing
from visualizer.display.wall import Values, Wall
from visualizer.display.window import Window
from visualizer.types import UserError


class Surfaces:
    """Owner: the main thread of the display's process, and of the window's context."""

    def __init__(self, window: Window, renderer: Renderer) -> None:
        self._window, self._renderer = window, renderer
        self._wall: Wall | None = None
        self._mirrors = Mirrors(window.handle)
        self._sharing: TextureSharing | None = None
        self._problem = ""

    @property
    def sentence(self) -> str:
        """What is wrong, with the fix; "" when all is well."""
        told = (self._wall.sentence if self._wall else "", self._mirrors.sentence, self._problem)
        return " ".join(text for text in told if text)

    @property
    def mirrors(self) -> list[str]:
        """The monitors that show the same."""
        return self._mirrors.names

    def place(self, values: Values) -> None:
        """Opens and closes mirrors; to be called when monitors or settings changed."""
        here = self._window.monitor
        self._mirrors.place(str(values["wall.mirrors"]), here.name if here else "")

    def share(self, is_wanted: bool) -> None:
        """Begins or ends the sharing with other programs on this GPU; what cannot be is told."""
        self._problem = ""
        if self._sharing is not None:
            self._sharing.close()
            self._sharing = None
        if is_wanted:
            try:
                self._sharing = open_sharing()
            except UserError as error:
                self._problem = str(error)

    def draw(
        self,
        values: Values,
        window_size: tuple[int, int],
        draw: Callable[[moderngl.Framebuffer | None], moderngl.Framebuffer],
    ) -> moderngl.Framebuffer:
        """Draws a frame by `draw`, in its own size, and shows it everywhere; gives the frame as it was drawn.

        `draw` takes the framebuffer to draw into, None for the renderer's own.
        """
        screen = self._window.screen
        size = wall.picture_size(values, window_size)
        self._renderer.resize(size)
        is_direct = size == window_size and wall.is_plain(values)
        if is_direct and not self._mirrors.names and self._sharing is None:
            return draw(screen)
        drawn = draw(None)
        texture: Any = drawn.color_attachments[0]
        if is_direct:
            self._renderer.draw_again(screen)
        else:
            self._wall = self._wall or Wall(self._renderer.context, live=True)
            self._wall.draw(texture, screen, values)
        self._mirrors.show(texture)
        if self._sharing is not None:
            self._sharing.publish(texture)
        return drawn

    def close(self) -> None:
        """Closes mirrors and sharing."""
        self._mirrors.close()
        if self._sharing is not None:
            self._sharing.close()
