"""From a click in the virtual line-in to its flash in the window, read back from the screen."""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clicks import LOUD, ClickLine, flash_after
from benchmarks.screen_reader import ScreenReader
from benchmarks.show_bench import health_of
from tests.show import Show
from tests.virtual import Unavailable, VirtualLineIn, VirtualScreen
from visualizer import clock
from visualizer.ipc.memory import leftovers
from visualizer.ipc.regions import Regions
from visualizer.types import UserError

N_CLICKS = 60
POLL_S = 0.0015
PATCH_PX = 48
QUIET_DECK = ("show.image_fps=1",)
"""The deck paints one image a second and hears as seldom: as good as off, and nothing else is changed."""


def run() -> dict[str, Any]:
    """`p50_ms`, `p95_ms` of the full show; the same with its networks (nearly) off under `networks_off`.

    The clock starts when the sound server plays the click into the line-in, by its own account.
    `image` is the time to the first network image that heard the click, finished in the deck's slot.
    """
    full = _measure()
    return {**full, "networks_off": _measure(*QUIET_DECK)}


def _measure(*settings: str) -> dict[str, Any]:
    chosen = [part for text in (*LOUD, *settings) for part in ("--set", text)]
    try:
        with ExitStack() as stack:
            screen = stack.enter_context(VirtualScreen(1280, 720))
            line_in = stack.enter_context(VirtualLineIn())
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            show = stack.enter_context(Show(folder, os.environ | screen.env | line_in.env, *chosen))
            show.wait_for_images()
            reader = stack.enter_context(ScreenReader(screen.environ()))
            line = ClickLine(line_in.environ()["PULSE_SERVER"], N_CLICKS)
            feeder = threading.Thread(target=line.feed, daemon=True)
            feeder.start()
            seen, images = _watch(line, reader, show)
            told = show.lines[-1]
            feeder.join(1.0)
    except Unavailable as reason:
        raise UserError(f"This bench needs a virtual screen and line-in: {reason}.") from None
    return _evaluate(line.clicks_ns, seen, images, told)


def _watch(
    line: ClickLine, reader: ScreenReader, show: Show
) -> tuple[list[tuple[int, float]], list[tuple[int, int]]]:
    """Brightness of the window's middle by time, and (heard, made) of every image, in ns."""
    regions = _attach(show)
    seen: list[tuple[int, float]] = []
    images: list[tuple[int, int]] = []
    counter, pixels = 0, None
    while not line.is_over:
        seen.append((clock.now_ns(), reader.brightness(640 - PATCH_PX // 2, 360 - PATCH_PX // 2, PATCH_PX)))
        newer = regions.frames_a.read_newer(counter, pixels)
        if newer:
            counter, image = newer
            pixels = image.pixels
            images.append((image.heard_ns, image.made_ns))
        time.sleep(POLL_S)
    return seen, images


def _attach(show: Show) -> Regions:
    names = leftovers(f"kb{show.process.pid}-")
    assert names and health_of(show) is not None, "a show that paints has regions"
    return Regions.attach("-".join(names[0].split("-")[:2]) + "-")


def _evaluate(
    clicks_ns: list[int], seen: list[tuple[int, float]], images: list[tuple[int, int]], told: dict[str, Any]
) -> dict[str, Any]:
    times_s = np.array([t for t, _ in seen]) / clock.NS_PER_S
    levels = np.array([level for _, level in seen])
    heard, made = np.array([h for h, _ in images]), np.array([m for _, m in images])
    flashes, first_images = [], []
    for click_ns in clicks_ns:
        flash_s = flash_after(click_ns / clock.NS_PER_S, times_s, levels)
        if flash_s is not None:
            flashes.append(1e3 * (flash_s - click_ns / clock.NS_PER_S))
        newer = made[heard >= click_ns]
        if len(newer):
            first_images.append(float(newer[0] - click_ns) / 1e6)
    if len(flashes) < len(clicks_ns) // 2:
        raise UserError(f"Only {len(flashes)} of {len(clicks_ns)} flashes were seen: is the window covered?")
    return {
        "p50_ms": round(statistics.median(flashes), 1),
        "p95_ms": round(float(np.percentile(flashes, 95)), 1),
        "n_clicks": len(clicks_ns),
        "n_seen": len(flashes),
        "image": {
            "p50_ms": round(statistics.median(first_images), 1),
            "p95_ms": round(float(np.percentile(first_images, 95)), 1),
        },
        "told_by_display_ms": told["latency_ms"],
        "shown_fps": told["shown_fps"],
        "images_per_s": told["images_per_s"],
        "reads_per_s": round(len(seen) / (times_s[-1] - times_s[0])),
    }
