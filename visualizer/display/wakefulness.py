"""Keeps screen saver and sleep away while the show runs."""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
import os
import sys
from typing import Any

RESET_S = 20.0
"""How often an X server without a desktop is told that somebody is there; savers start after minutes."""

_log = logging.getLogger(__name__)


class Wakefulness:
    """Asks the desktop (by wakepy) not to sleep; a bare X server is reminded instead. Owner: one thread."""

    def __init__(self) -> None:
        self._keeper: Any = None
        self._x: tuple[Any, Any] | None = None
        self._next_s = 0.0
        self.how = ""
        """What keeps the screen awake; "" where nothing does."""

    def begin(self) -> None:
        """From now on nothing falls asleep, where the system lets us; never raises."""
        try:
            from wakepy import keep

            logging.getLogger("wakepy").setLevel(logging.ERROR)  # that a desktop is missing is no news
            self._keeper = keep.presenting(on_fail="pass")
            mode = self._keeper.__enter__()
            if mode.active:
                self.how = str(getattr(mode.method, "name", mode.method))
                return
        except Exception as error:  # what a desktop's bus may raise; the show goes on with a saver at worst
            _log.info("the desktop was not asked to stay awake (%s)", error)
        if sys.platform == "linux" and os.environ.get("DISPLAY"):
            self._x = _open_x()
            self.how = "X server" if self._x else ""

    def step(self, now_s: float) -> None:
        """To be called now and then."""
        if self._x is not None and now_s >= self._next_s:
            self._next_s = now_s + RESET_S
            library, display = self._x
            library.XResetScreenSaver(display)
            library.XFlush(display)

    def end(self) -> None:
        """The saver may come again."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.__exit__(None, None, None)
        if self._x is not None:
            library, display = self._x
            library.XCloseDisplay(display)
            self._x = None


def _open_x() -> tuple[Any, Any] | None:
    """libX11, which GLFW has loaded already, and a connection of our own."""
    name = ctypes.util.find_library("X11")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    library.XOpenDisplay.restype = ctypes.c_void_p
    library.XOpenDisplay.argtypes = [ctypes.c_char_p]
    for function in (library.XResetScreenSaver, library.XFlush, library.XCloseDisplay):
        function.argtypes = [ctypes.c_void_p]
    display = library.XOpenDisplay(None)
    return (library, display) if display else None
