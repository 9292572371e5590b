"""The window: GLFW, a context, full screen on a monitor chosen by name, keys."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

import moderngl

from visualizer.display import monitors
from visualizer.display.monitors import Monitor
from visualizer.display.quick_glfw import glfw
from visualizer.display.reach import unreachable_display
from visualizer.display.renderer import is_software
from visualizer.types import UserError

TITLE = "Klangbild"
LEAST_PX = 64
_SYMBOLS = {
    glfw.KEY_ESCAPE: "escape",
    glfw.KEY_SPACE: "space",
    glfw.KEY_BACKSPACE: "backspace",
    glfw.KEY_TAB: "tab",
    glfw.KEY_F1: "f1",
    glfw.KEY_ENTER: "enter",
    glfw.KEY_KP_ENTER: "enter",
    glfw.KEY_PAGE_DOWN: "page_down",
    glfw.KEY_PAGE_UP: "page_up",
    glfw.KEY_HOME: "home",
    glfw.KEY_END: "end",
}

log = logging.getLogger(__name__)

OnKey = Callable[[str, bool, bool], None]
"""Called with symbol, shift, ctrl."""


class Window:
    """Owner: the main thread of its process, for all methods."""

    def __init__(
        self, width_px: int, height_px: int, on_key: OnKey | None = None, title: str = TITLE
    ) -> None:
        """Makes the window, still hidden; UserError where there is no screen or no OpenGL 3.3."""
        self._handle: Any = None
        self._last_error = ""
        glfw.set_error_callback(self._on_error)
        unreachable = unreachable_display(os.environ)
        if unreachable:
            raise UserError(
                f"No screen answers at DISPLAY={unreachable}; start it in a desktop session, "
                "or use `klangbild render`."
            )
        if not glfw.init():
            raise UserError(
                f"No screen to open a window on ({self._last_error or 'GLFW does not start'}); "
                "start it in a desktop session, or use `klangbild render`."
            )
        glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, 3)
        glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, 3)
        glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
        glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, True)
        glfw.window_hint(glfw.AUTO_ICONIFY, False)  # a click on the laptop leaves the projector alone
        glfw.window_hint(glfw.DEPTH_BITS, 0)
        glfw.window_hint(glfw.VISIBLE, False)  # not before there is something to see
        glfw.window_hint_string(glfw.X11_CLASS_NAME, "klangbild")
        glfw.window_hint_string(glfw.WAYLAND_APP_ID, "klangbild")
        self._handle = glfw.create_window(width_px, height_px, title, None, None)
        if not self._handle:
            glfw.terminate()
            raise UserError(
                f"This machine gives no OpenGL 3.3 window ({self._last_error}); install its graphics driver, "
                "or on Debian libgl1-mesa-dri for drawing without one."
            )
        glfw.make_context_current(self._handle)
        self.context = moderngl.create_context(require=330)
        self.software = is_software(self.context)
        glfw.swap_interval(0 if self.software else 1)
        self._on_key = on_key
        self._monitors_changed = False
        self._windowed = (*glfw.get_window_pos(self._handle), width_px, height_px)
        self._full: Monitor | None = None
        self.refresh_hz = 0
        """Of the monitor it was placed on; 0 before."""
        self._screen: moderngl.Framebuffer | None = None
        glfw.set_key_callback(self._handle, self._key)
        glfw.set_monitor_callback(self._monitor)

    @property
    def handle(self) -> Any:
        """GLFW's, for windows that share its context."""
        return self._handle

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the framebuffer, px; zero while it is an icon."""
        width_px, height_px = glfw.get_framebuffer_size(self._handle)
        return width_px, height_px

    @property
    def is_closing(self) -> bool:
        """Whether its closing button was pressed."""
        return bool(glfw.window_should_close(self._handle))

    @property
    def is_fullscreen(self) -> bool:
        """Whether it fills a monitor."""
        return self._full is not None

    @property
    def monitor(self) -> Monitor | None:
        """The monitor it is on, as far as that can be known."""
        if self._full:
            return self._full
        if glfw.get_platform() == glfw.PLATFORM_WAYLAND:
            return None  # Wayland does not tell a window where it is
        x_px, y_px = glfw.get_window_pos(self._handle)
        width_px, height_px = glfw.get_window_size(self._handle)
        return monitors.under(monitors.connected(), x_px + width_px // 2, y_px + height_px // 2)

    @property
    def screen(self) -> moderngl.Framebuffer:
        """What `swap` shows, at the window's present size."""
        size = self.size
        if self._screen is None or self._screen.size != size:
            self._screen = self.context.detect_framebuffer(0)
            # moderngl takes the size that the window had when the context was made, and never looks again.
            self._screen._size = size  # type: ignore[attr-defined]
        return self._screen

    def poll(self) -> bool:
        """Handles what came from the system; True when monitors came or went, so that it must be placed."""
        glfw.poll_events()
        changed, self._monitors_changed = self._monitors_changed, False
        return changed

    def show(self) -> None:
        """Opens it, once the first frame can follow at once."""
        glfw.show_window(self._handle)

    def swap(self) -> None:
        """Shows what was drawn."""
        glfw.swap_buffers(self._handle)

    def place(self, fullscreen: bool, wanted: str) -> str:
        """Puts it on the monitor `wanted`; a sentence when that one is missing.

        Meanwhile it is a window on the primary one: full screen it would cover the panel there.
        """
        there = monitors.connected()
        chosen = monitors.choose(there, wanted)
        sentence = ""
        if wanted and not chosen:
            names = ", ".join(m.name for m in there) or "none"
            sentence = f"Monitor {wanted!r} is not connected; there is {names}."
            fullscreen = False
        target = chosen or monitors.choose(there, "")
        if target is None:
            return sentence or "No monitor is connected."
        self.refresh_hz = target.refresh_hz
        if fullscreen:
            self._fill(target)
        else:
            self._leave(target if wanted and chosen else None, there)
        return sentence

    def _fill(self, target: Monitor) -> None:
        if self._full and self._full == target:
            return
        if not self._full:
            self._windowed = (*glfw.get_window_pos(self._handle), *glfw.get_window_size(self._handle))
        # A window manager may leave it on the old monitor unless it is there already.
        glfw.set_window_pos(self._handle, target.x_px, target.y_px)
        glfw.set_window_monitor(
            self._handle, target.handle, 0, 0, target.width_px, target.height_px, target.refresh_hz
        )
        glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_HIDDEN)
        self._full = target

    def _leave(self, target: Monitor | None, there: list[Monitor]) -> None:
        x_px, y_px, width_px, height_px = self._windowed
        if self._full:
            windowed: Any = None
            glfw.set_window_monitor(self._handle, windowed, x_px, y_px, width_px, height_px, glfw.DONT_CARE)
            glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_NORMAL)
            self._full = None
        if glfw.get_platform() == glfw.PLATFORM_WAYLAND:
            return
        x_px, y_px = glfw.get_window_pos(self._handle)
        width_px, height_px = glfw.get_window_size(self._handle)
        now = monitors.under(there, x_px + width_px // 2, y_px + height_px // 2)
        target = target or (there[0] if now is None else None)
        if target and now != target:
            x_px = target.x_px + max((target.width_px - width_px) // 2, 0)
            y_px = target.y_px + max((target.height_px - height_px) // 2, 0)
            glfw.set_window_pos(self._handle, x_px, y_px)

    def resize(self, width_px: int, height_px: int) -> None:
        """Another size of the window; in full screen it holds from the next leaving on."""
        width_px, height_px = max(width_px, LEAST_PX), max(height_px, LEAST_PX)
        self._windowed = (*self._windowed[:2], width_px, height_px)
        if not self._full:
            glfw.set_window_size(self._handle, width_px, height_px)

    def next_monitor(self) -> Monitor | None:
        """The monitor after the present one."""
        now = self.monitor
        return monitors.after(monitors.connected(), now.name if now else "")

    def close(self) -> None:
        """Closes it and frees its context."""
        self.context.release()
        glfw.destroy_window(self._handle)
        glfw.terminate()

    def _key(self, _: Any, key: int, scancode: int, action: int, mods: int) -> None:
        if action != glfw.PRESS or self._on_key is None:
            return
        # The printed letter, not the place: on a German keyboard Z is where it says Z.
        symbol = _SYMBOLS.get(key) or glfw.get_key_name(key, scancode) or ""
        if glfw.KEY_0 <= key <= glfw.KEY_9:
            symbol = chr(key)
        self._on_key(symbol.lower(), bool(mods & glfw.MOD_SHIFT), bool(mods & glfw.MOD_CONTROL))

    def _monitor(self, handle: Any, event: int) -> None:
        self._monitors_changed = True
        if event == glfw.DISCONNECTED and self._full and not glfw.get_window_monitor(self._handle):
            # GLFW has already taken the window off the monitor that is gone, and left it as large.
            x_px, y_px, width_px, height_px = self._windowed
            glfw.set_window_size(self._handle, width_px, height_px)
            glfw.set_window_pos(self._handle, x_px, y_px)
            glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_NORMAL)
            self._full = None

    def _on_error(self, code: int, text: bytes | str) -> None:
        self._last_error = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        if self._handle:  # before, it is part of the sentence that says why there is no window
            log.info("GLFW: %s (%#x)", self._last_error, code)
