"""Monitors by name, and the window's place on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from visualizer.display.quick_glfw import glfw


@dataclass(frozen=True, slots=True)
class Monitor:
    """One connected monitor."""

    name: str
    """Unique: a second one of the same name is called `name (2)`."""
    x_px: int
    y_px: int
    width_px: int
    height_px: int
    refresh_hz: int
    handle: Any = field(default=None, compare=False)
    """GLFW's."""


def connected() -> list[Monitor]:
    """All monitors, the primary one first; only on the main thread."""
    monitors: list[Monitor] = []
    for handle in glfw.get_monitors():
        name = glfw.get_monitor_name(handle)
        name = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
        n_same = sum(m.name == name or m.name.startswith(f"{name} (") for m in monitors)
        x_px, y_px = glfw.get_monitor_pos(handle)
        mode = glfw.get_video_mode(handle)
        monitors.append(
            Monitor(
                f"{name} ({n_same + 1})" if n_same else name,
                x_px,
                y_px,
                mode.size.width,
                mode.size.height,
                mode.refresh_rate,
                handle,
            )
        )
    return monitors


def choose(monitors: Sequence[Monitor], wanted: str) -> Monitor | None:
    """The monitor of that name, or else with it as part of its name; the primary one for "".

    None where it is not connected.
    """
    if not wanted:
        return monitors[0] if monitors else None
    for monitor in monitors:
        if monitor.name == wanted:
            return monitor
    return next((m for m in monitors if wanted.lower() in m.name.lower()), None)


def after(monitors: Sequence[Monitor], name: str) -> Monitor | None:
    """The next monitor in turn."""
    names = [m.name for m in monitors]
    if not names:
        return None
    return monitors[(names.index(name) + 1) % len(names) if name in names else 0]


def under(monitors: Sequence[Monitor], x_px: int, y_px: int) -> Monitor | None:
    """The monitor that shows a point of the desktop."""
    for m in monitors:
        if m.x_px <= x_px < m.x_px + m.width_px and m.y_px <= y_px < m.y_px + m.height_px:
            return m
    return None
