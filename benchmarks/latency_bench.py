"""From a click in the virtual line-in to its flash in the window, read back from the screen."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.screen_reader import ScreenReader
from benchmarks.show_bench import health_of
from tests.show import Show
from tests.virtual import RATE_HZ, Unavailable, VirtualLineIn, VirtualScreen
from visualizer import clock
from visualizer.ipc.memory import leftovers
from visualizer.ipc.regions import Regions
from visualizer.types import UserError

N_CLICKS = 60
SETTLE_S = 6.0
CHUNK_S = 0.005
CLICK_S = 0.02
BUFFER_S = 0.06
_FLOAT32LE = 5
EVERY_S = (0.55, 0.95)
"""Clicks come at uneven times, so that no beat is found and nothing can expect them."""
LOOK_S = 0.3
"""A flash is looked for so long after its click."""
POLL_S = 0.0015
PATCH_PX = 48
CLEAR = 6.0
"""Grey levels that a flash rises above what was before it at least."""
LOUD = ("effects.flash=1", "output.flash_limit=off")
QUIET_DECK = ("show.image_fps=1",)
"""The deck paints one image a second and hears as seldom: as good as off, and nothing else is changed."""


def run() -> dict[str, Any]:
    """`p50_ms`, `p95_ms` of the full show; the same with its networks (nearly) off under `networks_off`.

    The clock starts when the sound server plays the click into the line-in, by its own account.
    `image` is the time to the first network image that heard the click, finished in the deck's slot.
    """
    full = _measure()
    return {**full, "networks_off": _measure(*QUIET_DECK)}


class _Line:
    """Plays soft noise with clicks, and asks the sound server when each of them sounds. Owner: its thread."""

    def __init__(self, server: str) -> None:
        """UserError where there is no client of PulseAudio, or no server."""
        name = ctypes.util.find_library("pulse-simple")
        if name is None:
            raise UserError("This bench needs libpulse-simple: apt-get install libpulse0.")
        pulse: Any = ctypes.CDLL(name)
        pulse.pa_simple_new.restype = ctypes.c_void_p
        pulse.pa_simple_get_latency.restype = ctypes.c_uint64
        form = _SampleSpec(_FLOAT32LE, RATE_HZ, 2)
        unset = 2**32 - 1
        room = _BufferSpec(unset, round(BUFFER_S * RATE_HZ) * 8, unset, unset, unset)
        stream = pulse.pa_simple_new(
            server.encode(), b"clicks", 1, VirtualLineIn.SINK.encode(), b"clicks", ctypes.byref(form), None,
            ctypes.byref(room), None,
        )  # fmt: skip
        if not stream:
            raise UserError("The sound server takes no stream.")
        self._pulse, self._stream = pulse, ctypes.c_void_p(stream)
        self.clicks_ns: list[int] = []
        self.is_over = False

    def feed(self) -> None:
        """Runs until all clicks are played."""
        random = np.random.default_rng(2)
        wait_s = SETTLE_S
        for i in range(N_CLICKS + 1):
            for _ in range(round(wait_s / CHUNK_S)):
                self._play(random, 0.002)
            if i < N_CLICKS:
                delay_us = self._pulse.pa_simple_get_latency(self._stream, None)
                self.clicks_ns.append(clock.now_ns() + 1000 * int(delay_us))
                for _ in range(round(CLICK_S / CHUNK_S)):
                    self._play(random, 0.7)
            wait_s = random.uniform(*EVERY_S)
        self.is_over = True

    def _play(self, random: np.random.Generator, loud: float) -> None:
        mono = random.uniform(-loud, loud, (round(CHUNK_S * RATE_HZ), 1))
        data = np.repeat(mono, 2, axis=1).astype("<f4").tobytes()
        self._pulse.pa_simple_write(self._stream, data, ctypes.c_size_t(len(data)), None)


class _SampleSpec(ctypes.Structure):
    """`pa_sample_spec`."""

    _fields_ = (("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8))


class _BufferSpec(ctypes.Structure):
    """`pa_buffer_attr`, all in bytes."""

    _fields_ = tuple(
        (name, ctypes.c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize")
    )


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
            line = _Line(line_in.environ()["PULSE_SERVER"])
            feeder = threading.Thread(target=line.feed, daemon=True)
            feeder.start()
            seen, images = _watch(line, reader, show)
            told = show.lines[-1]
            feeder.join(1.0)
    except Unavailable as reason:
        raise UserError(f"This bench needs a virtual screen and line-in: {reason}.") from None
    return _evaluate(line.clicks_ns, seen, images, told)


def _watch(
    line: _Line, reader: ScreenReader, show: Show
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
    times, levels = np.array([t for t, _ in seen]), np.array([level for _, level in seen])
    heard, made = np.array([h for h, _ in images]), np.array([m for _, m in images])
    flashes, first_images = [], []
    for click_ns in clicks_ns:
        before = levels[(times > click_ns - 0.15 * clock.NS_PER_S) & (times <= click_ns)]
        after = (times > click_ns) & (times < click_ns + LOOK_S * clock.NS_PER_S)
        if len(before) and after.any():
            base, peak = float(np.median(before)), float(levels[after].max())
            if peak - base >= CLEAR:
                is_bright = after & (levels > base + 0.4 * (peak - base))
                flashes.append(float(times[is_bright][0] - click_ns) / 1e6)
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
        "reads_per_s": round(len(seen) / ((times[-1] - times[0]) / clock.NS_PER_S)),
    }
