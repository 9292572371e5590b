"""GLFW, loaded at once: by itself its binding starts an interpreter for each library there is, to ask it."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

_VARIABLE = "PYGLFW_LIBRARY"


def shipped_library() -> str:
    """The library in the wheel, of the kind that the session wants; "" where there is none.

    PYGLFW_LIBRARY_VARIANT chooses between x11 and wayland, as the binding documents it.
    """
    spec = importlib.util.find_spec("glfw")
    if spec is None or not spec.origin or sys.platform != "linux":
        return ""
    session = os.environ.get("XDG_SESSION_TYPE", "")
    variant = os.environ.get("PYGLFW_LIBRARY_VARIANT", "").lower() or session
    file = Path(spec.origin).parent / ("wayland" if variant == "wayland" else "x11") / "libglfw.so"
    return str(file) if file.is_file() else ""


_shipped = "" if os.environ.get(_VARIABLE) else shipped_library()
if _shipped:
    os.environ[_VARIABLE] = _shipped
try:
    import glfw
finally:
    if _shipped:
        del os.environ[_VARIABLE]

__all__ = ["glfw", "shipped_library"]
