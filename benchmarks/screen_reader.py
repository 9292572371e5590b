"""Reads a few pixels of an X screen, as an eye outside of the show sees them."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from visualizer.types import UserError

_ALL_PLANES = ctypes.c_ulong(-1)
_Z_PIXMAP = 2


class _XImage(ctypes.Structure):
    """The beginning of Xlib's XImage."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("width", "height", "xoffset", "format")),
        ("data", ctypes.c_void_p),
        *((name, ctypes.c_int) for name in ("byte_order", "unit", "bit_order", "pad", "depth", "stride")),
        ("bits_per_pixel", ctypes.c_int),
    )


class ScreenReader:
    """A connection to an X server. As a context manager it closes itself."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """UserError where there is no Xlib or the screen does not open."""
        name = ctypes.util.find_library("X11")
        if name is None:
            raise UserError("Reading the screen needs libX11: apt-get install libx11-6.")
        os.environ["XAUTHORITY"] = environment.get("XAUTHORITY", "")
        x: Any = ctypes.CDLL(name)
        x.XOpenDisplay.restype = x.XGetImage.restype = ctypes.c_void_p
        x.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x = x
        self._display = ctypes.c_void_p(x.XOpenDisplay(environment["DISPLAY"].encode()))
        if not self._display.value:
            raise UserError(f"The screen {environment['DISPLAY']} does not open.")
        self._root = ctypes.c_ulong(x.XDefaultRootWindow(self._display))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._x.XCloseDisplay(self._display)

    def brightness(self, x_px: int, y_px: int, size_px: int) -> float:
        """Mean of red, green and blue of a square, [0, 255]."""
        size = ctypes.c_uint(size_px)
        taken = self._x.XGetImage(
            self._display, self._root, x_px, y_px, size, size, _ALL_PLANES, ctypes.c_int(_Z_PIXMAP)
        )
        if not taken:
            raise UserError("The screen cannot be read.")
        image = _XImage.from_address(taken)
        data = ctypes.string_at(image.data, image.stride * image.height)
        pixels = np.frombuffer(data, np.uint8).reshape(image.height, -1, 4)
        mean = float(pixels[..., :3].mean())
        self._x.XDestroyImage(ctypes.c_void_p(taken))
        return mean
