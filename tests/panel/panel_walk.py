"""A panel on Qt's offscreen screen, run as a program: `cut` looks for what is cut off, `places` tells where
the things to click are in a window of some size. QT_SCALE_FACTOR scales it, as a user would."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PyQt6.QtCore import QCoreApplication, QPoint, QRect
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QToolButton,
    QWidget,
)

from visualizer import parameters
from visualizer.ipc.regions import WORKERS, Regions
from visualizer.panel import panel as panel_module
from visualizer.panel.panel import Panel
from visualizer.panel.picking import Pick
from visualizer.panel.surfaces import Elided, Press, Scroll
from visualizer.panel.tiles import Tile
from visualizer.panel.widgets import Switch
from visualizer.panel.window import PanelWindow

LONG = "Built-in Audio Analog Stereo of a very long name (hw:0,0)"
SENTENCE = "The sound driver hangs while it opens: unplug the interface, plug it in again, and wait a moment."


def told() -> dict[str, Any]:
    """A show with much to tell."""
    health = {
        "display": {"shown_fps": 144.4, "latency_ms": {"light_p50": 188.8}, "monitors": [LONG, "HDMI-1"]},
        "capture": {"input": LONG, "kind": "input"},
        "output": {"seconds": 4000.0},
        "deck_a": {
            "mode": "era",
            "images_per_s": 60.0,
            "words": [["female vocalist", 1.0], ["no voice", 0.5]],
            "era": {"label": "1870s", "spread": 120},
            "content": LONG,
            "network": "avatar",
            "sentence": SENTENCE,
        },
    }
    return {
        name: {
            "state": "degraded",
            "sentence": SENTENCE,
            "restarts": 12,
            "rss_mb": 1234.5,
            "cpu_percent": 123.4,
            "health": health.get(name, {}),
        }
        for name in WORKERS
    }


def walk(widget: QWidget) -> Iterator[QWidget]:
    """All that is visible."""
    for child in widget.findChildren(QWidget):
        if child.isVisible():
            yield child


def problems(window: PanelWindow) -> Iterator[str]:
    """What is cut off, covered or out of reach sideways on the page that is shown."""
    for widget in walk(window):
        name = f"{type(widget).__name__} {getattr(widget, 'text', str)()!r} {widget.objectName()}".strip()
        area = frame_of(widget, window)
        if isinstance(widget, QLabel | QAbstractButton | QComboBox | QAbstractSpinBox | QLineEdit | Tile):
            if area.left() < -1 or area.right() > window.width():
                yield f"{name} leaves the window"
            scroll = scroll_of(widget)
            if scroll is not None:
                port = frame_of(scroll.viewport(), window)
                if area.left() < port.left() - 1 or area.right() > port.right() + 1:
                    yield f"{name} leaves its page: {area.right()} > {port.right()}"
        yield from narrow(widget, name)


def narrow(widget: QWidget, name: str) -> Iterator[str]:
    """Whether its text has room."""
    if isinstance(widget, Elided | Press | Pick | Tile | Switch):
        return  # these give way on purpose, and tell the rest in their tooltip
    if isinstance(widget, QLabel):
        if widget.wordWrap():
            if widget.height() < widget.heightForWidth(widget.width()):
                yield f"{name} is too low"
        elif widget.width() < widget.fontMetrics().horizontalAdvance(widget.text()):
            yield f"{name} is too narrow"
        if widget.height() < widget.fontMetrics().height() - 1:
            yield f"{name} is too low for its font"
    elif isinstance(widget, QToolButton):
        if widget.width() < widget.fontMetrics().horizontalAdvance(widget.text()) + 6:
            yield f"{name} is too narrow"
    elif isinstance(widget, QAbstractButton | QAbstractSpinBox | QComboBox):
        least = widget.minimumSizeHint()
        if widget.width() < least.width() or widget.height() < least.height():
            yield f"{name} is smaller than {least.width()}×{least.height()}: {widget.size()}"


def frame_of(widget: QWidget, window: QWidget) -> QRect:
    """Its place in the window."""
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def scroll_of(widget: QWidget) -> Scroll | None:
    """The page that it scrolls with."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, Scroll):
        parent = parent.parentWidget()
    return parent


def overlaps(window: PanelWindow) -> Iterator[str]:
    """Neighbours that cover each other."""
    for widget in [window.centralWidget(), *walk(window)]:
        children = [c for c in widget.children() if isinstance(c, QWidget) and c.isVisible()]
        for place, one in enumerate(children):
            for other in children[place + 1 :]:
                both = one.geometry().intersected(other.geometry())
                if both.width() > 1 and both.height() > 1 and not isinstance(widget, Scroll | QComboBox):
                    names = [type(each).__name__ for each in (one, other, widget)]
                    yield "{} and {} overlap in {}".format(*names)


def settle(panel: Panel, n: int = 14) -> None:
    """Some refreshes, and the layout after the last of them."""
    until = panel._window._n + n
    while panel._window._n < until:
        panel.step()
    QCoreApplication.sendPostedEvents()


def find_cut(panel: Panel, sizes: list[tuple[int, int]]) -> list[str]:
    """All problems of all pages at some sizes."""
    window, found = panel._window, []
    panel.on_command({"status": told(), "decks": {"on_air": "a", "next": "b", "stage": "loading"}})
    presets = [{"slot": n, "name": f"{LONG} {n}", "problem": "", "ours": False} for n in range(1, 10)]
    panel.on_command({"presets": presets, "preset": f"{LONG} 3", "preset_sentence": SENTENCE})
    cue = {"preset": LONG, "leave": "seconds", "after": 36000.0, "fade_s": 20.0, "problem": SENTENCE}
    opened = {"name": LONG, "cues": [cue] * 20, "place": 3, "next": 4, "runs": True, "assumed": SENTENCE}
    panel.on_command({"sets": [{"name": LONG, "problem": ""}], "set": opened, "cue_line": SENTENCE})
    panel.on_settings({"output.record": "/tmp/a.mp4", "traumer.seed": 2**31 - 1})
    route = {"source": "lfo.1", "target": "traumer.smoothing.coarse_s"}
    panel.on_settings({f"modulation.{n}.{part}": value for n in (1, 2) for part, value in route.items()})
    window.inputs._show_devices(
        [
            {"id": "x", "name": LONG, "kind": "input", "host_api": "ALSA", "channels": 18},
            {
                "id": "y",
                "name": LONG,
                "kind": "input",
                "host_api": "ALSA",
                "channels": 2,
                "is_bluetooth": True,
            },
        ]
    )
    settle(panel)
    window.modulation.matrix.rows[1].more.setChecked(True)
    for size in sizes:
        window.resize(*size)
        for page, button in enumerate(window.page_buttons):
            window.show_page(page)
            settle(panel)
            here = f"{window.width()}×{window.height()} {button.text()}"
            found += [f"{here}: {what}" for what in (*problems(window), *overlaps(window))]
    return found


def find_places(panel: Panel, size: tuple[int, int]) -> dict[str, tuple[int, int]]:
    """Centres of what a test clicks, in pixels of the window; tiles as they are on their pages."""
    window = panel._window
    window.resize(*size)
    settle(panel)
    widgets: dict[str, QWidget] = {
        name: getattr(window.top, name) for name in ("blackout", "freeze", "panic", "record", "fullscreen")
    }
    widgets["take"] = window.preview.take
    places = {}
    for number, button in enumerate(window.page_buttons):
        widgets[f"page {button.text().replace('&', '').lower()}"] = button
        window.show_page(number)
        settle(panel)
        shelves = {1: {"mode": window.models.modes, "network": window.models.networks}}.get(number, {})
        for name, shelf in shelves.items():
            for value, tile in shelf.tiles.items():
                places[f"{name} {value}"] = centre(tile, window)
        for id, controls in window.controls.by_id.items():
            if controls[0].widget.isVisible():
                places[id] = centre(controls[0].widget, window)
    return {**places, **{name: centre(widget, window) for name, widget in widgets.items()}}


def centre(widget: QWidget, window: QWidget) -> tuple[int, int]:
    """The middle of a widget in pixels of the screen."""
    point, ratio = frame_of(widget, window).center(), window.devicePixelRatioF()
    return round(point.x() * ratio), round(point.y() * ratio)


def main(arguments: list[str]) -> None:
    """Prints JSON: `cut WxH …` a list of problems, `places WxH` an object of [x, y]."""
    panel_module.REFRESH_S = 0.01  # as many refreshes in less time
    sizes = [(int(w), int(h)) for w, h in (text.split("x") for text in arguments[1:])]
    regions, config = Regions.create(audio_s=1), tempfile.TemporaryDirectory()
    os.environ["XDG_CONFIG_HOME"] = config.name  # nobody's remembered layout, nor a new one
    try:
        panel = Panel(settings=parameters.defaults(), regions=regions)
        panel.setup()
        print(json.dumps(find_cut(panel, sizes) if arguments[0] == "cut" else find_places(panel, sizes[0])))
        panel.close()
    finally:
        regions.unlink()
        config.cleanup()


if __name__ == "__main__":
    main(sys.argv[1:])
