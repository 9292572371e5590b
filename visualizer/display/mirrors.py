"""Further projectors that show the same: a window in full screen each, which shares the show's textures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import moderngl

from visualizer.display import monitors
from visualizer.display.monitors import Monitor
from visualizer.display.quick_glfw import glfw
from visualizer.types import UserError

_VERTEX = """
#version 330 core
out vec2 at;
void main() {
    at = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
    gl_Position = vec4(2.0 * at - 1.0, 0.0, 1.0);
}
"""
_FRAGMENT = """
#version 330 core
uniform sampler2D picture;
in vec2 at;
out vec4 colour;
void main() { colour = vec4(texture(picture, at).rgb, 1.0); }
"""


class Mirrors:
    """Keeps one window on each wanted monitor that is connected. Owner: the main thread of its process."""

    def __init__(self, main_window: Any) -> None:
        """`main_window`: GLFW's handle of the window whose context is shared and stays the current one."""
        self._main = main_window
        self._mirrors: dict[str, _Mirror] = {}
        self.sentence = ""
        """What is missing; "" when all are there."""

    @property
    def names(self) -> list[str]:
        """The monitors that mirror now."""
        return list(self._mirrors)

    def place(self, wanted: str, taken: str) -> None:
        """Opens and closes windows; `wanted` are names, or parts of them, with commas between.

        The monitor `taken` has the show's own window. To be called again whenever monitors come or go.
        """
        there = monitors.connected()
        chosen = choose(there, wanted, taken)
        missing = [name for name, found in chosen.items() if found is None]
        told = [_missing(name, there) for name in missing]
        found = {monitor.name: monitor for monitor in chosen.values() if monitor is not None}
        for name in [name for name, m in self._mirrors.items() if found.get(name) != m.monitor]:
            self._mirrors.pop(name).close()
        for name, monitor in found.items():
            if name not in self._mirrors:
                try:
                    self._mirrors[name] = _Mirror(monitor, self._main)
                except UserError as error:  # the show's own window goes on
                    told.append(str(error))
        self.sentence = " ".join(told)
        glfw.make_context_current(self._main)

    def show(self, picture: moderngl.Texture) -> None:
        """The same picture on all of them, fitted with black bars."""
        for mirror in self._mirrors.values():
            mirror.show(picture)
        if self._mirrors:
            glfw.make_context_current(self._main)

    def close(self) -> None:
        """Closes all."""
        for mirror in self._mirrors.values():
            mirror.close()
        self._mirrors.clear()
        glfw.make_context_current(self._main)


def choose(there: Sequence[Monitor], wanted: str, taken: str) -> dict[str, Monitor | None]:
    """The monitor that each name in a comma list means, None where it is not connected or is `taken`."""
    names = dict.fromkeys(name.strip() for name in wanted.split(",") if name.strip())
    chosen: dict[str, Monitor | None] = {}
    for name in names:
        found = monitors.choose(there, name)
        chosen[name] = None if found is None or found.name == taken else found
    return chosen


def _missing(name: str, there: Sequence[Monitor]) -> str:
    if monitors.choose(there, name) is not None:
        return f"{name} has the show's own window: it needs no mirror."
    return f"Mirror {name} is not connected."


class _Mirror:
    """A window without decoration that fills one monitor."""

    def __init__(self, monitor: Monitor, main_window: Any) -> None:
        self.monitor = monitor
        glfw.window_hint(glfw.VISIBLE, False)
        glfw.window_hint(glfw.AUTO_ICONIFY, False)
        glfw.window_hint(glfw.FOCUS_ON_SHOW, False)
        self._handle = glfw.create_window(
            monitor.width_px, monitor.height_px, "Klangbild mirror", None, main_window
        )
        if not self._handle:
            raise UserError(f"Mirror {monitor.name} gets no window: this graphics driver has no more.")
        # A window manager may leave it on another monitor unless it is there already.
        glfw.set_window_pos(self._handle, monitor.x_px, monitor.y_px)
        glfw.set_window_monitor(
            self._handle, monitor.handle, 0, 0, monitor.width_px, monitor.height_px, monitor.refresh_hz
        )
        glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_HIDDEN)
        glfw.make_context_current(self._handle)
        glfw.swap_interval(0)  # one wait for a monitor a frame is enough
        self._context = moderngl.create_context(require=330)
        self._program = self._context.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._vertices = self._context.vertex_array(self._program, [])
        self._texture: tuple[int, moderngl.Texture] | None = None
        glfw.show_window(self._handle)

    def show(self, picture: moderngl.Texture) -> None:
        glfw.make_context_current(self._handle)
        if self._texture is None or self._texture[0] != picture.glo:
            shared = self._context.external_texture(picture.glo, picture.size, 4, 0, "f1")
            self._texture = (picture.glo, shared)
        width, height = glfw.get_framebuffer_size(self._handle)
        screen = self._context.screen
        screen.use()
        screen.clear(viewport=(0, 0, width, height))
        screen.viewport = fitted(picture.size, (width, height))
        self._texture[1].use(0)
        self._vertices.render(moderngl.TRIANGLES, vertices=3)
        glfw.swap_buffers(self._handle)

    def close(self) -> None:
        glfw.make_context_current(self._handle)
        self._context.release()
        glfw.destroy_window(self._handle)


def fitted(picture: tuple[int, int], screen: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest box (x, y, width, height) of the picture's shape in the middle of a screen, px."""
    scale = min(screen[0] / picture[0], screen[1] / picture[1])
    width, height = round(picture[0] * scale), round(picture[1] * scale)
    return (screen[0] - width) // 2, (screen[1] - height) // 2, width, height
