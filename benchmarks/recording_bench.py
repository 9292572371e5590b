"""Half an hour recorded by the show itself: how far flashes and clicks lie apart in the file."""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.clicks import CLICK_LEVEL, EVERY_S, LOUD, ClickLine, flash_after
from benchmarks.screen_reader import ScreenReader
from benchmarks.show_bench import missing, rate
from tests.show import Show
from tests.virtual import Unavailable, VirtualLineIn, VirtualScreen
from visualizer import clock
from visualizer.types import UserError

MINUTES = 30.0
FRAME_MS = 1000.0 / 30.0
SIZE_PX = (1280, 720)
PATCH_PX = 48
POLL_S = 0.004
BUFFER_S = 0.5
EARLY_S = 0.06
"""A flash may stand so much before its click in the file."""
QUIET_S = 0.2
"""Two clicks are further apart."""
N_EDGE = 30
"""So many clicks are the beginning, the middle and the end."""
END_S = 20.0


def run(minutes: float = MINUTES, size_px: tuple[int, int] = SIZE_PX) -> dict[str, Any]:
    """Offsets of each flash from its click in the file, and of the same flash on the wall.

    `offset_*_ms` are medians of 30 clicks in the file, `worst_ms` the largest there, either way;
    `file_minus_wall_ms` is what the recording itself adds; `sound_drift_ms` how far the clicks of the file
    move against the clock over the whole time. `within_a_frame` is a share of all clicks.
    """
    width_px, height_px = size_px
    settings = (*LOUD, f"display.width={width_px}", f"display.height={height_px}")
    chosen = [part for text in settings for part in ("--set", text)]
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            screen = stack.enter_context(VirtualScreen(*size_px))
            line_in = stack.enter_context(VirtualLineIn())
            environment = os.environ | screen.env | line_in.env
            show = stack.enter_context(Show(folder, environment, *chosen, "--set", f"output.folder={folder}"))
            show.wait_for_images()
            reader = stack.enter_context(ScreenReader(screen.environ()))
            n_clicks = round(60.0 * minutes / statistics.mean(EVERY_S))
            line = ClickLine(line_in.environ()["PULSE_SERVER"], n_clicks, BUFFER_S)
            show.press("ctrl+r")
            told = show.wait_until(lambda s: bool(_output(s).get("recording")), END_S, "a recording")
            path = Path(_output(told)["recording"])
            threading.Thread(target=line.feed, daemon=True).start()
            wall = _watch(line, reader, size_px)
            lines = show.lines
            figures = _output(lines[-1])
            show.press("ctrl+r")
            show.wait_until(lambda s: not _output(s).get("recording"), END_S, "the end of the recording")
            show.end()
            return _evaluate(path, line.clicks_ns, wall) | _tell(figures, lines, path)
    except Unavailable as reason:
        raise UserError(f"This bench needs a virtual screen and line-in: {reason}.") from None


def _output(told: dict[str, Any]) -> dict[str, Any]:
    health: dict[str, Any] = told["workers"]["output"].get("health") or {}
    return health


def _watch(line: ClickLine, reader: ScreenReader, size_px: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Times in seconds, and the brightness of the window's middle, until the last click."""
    x_px, y_px = (side // 2 - PATCH_PX // 2 for side in size_px)
    seen: list[tuple[float, float]] = []
    while not line.is_over:
        seen.append((clock.seconds(clock.now_ns()), reader.brightness(x_px, y_px, PATCH_PX)))
        time.sleep(POLL_S)
    times_s, levels = np.array(seen).T
    return times_s, levels


def _evaluate(path: Path, clicks_ns: Sequence[int], wall: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    times_s, levels = pictures(path)
    heard_s = np.array(list(clicks(path)))
    played_s = np.array([clock.seconds(click_ns) for click_ns in clicks_ns])
    places = paired(played_s, heard_s)
    at_s, in_file, added = [], [], []
    for played, heard in zip(played_s[places >= 0], heard_s[places[places >= 0]], strict=True):
        shown_s = flash_after(heard, times_s, levels, EARLY_S)
        seen_s = flash_after(played, *wall)
        if shown_s is not None and seen_s is not None:
            at_s.append(heard)
            in_file.append(1e3 * (shown_s - heard))
            added.append(in_file[-1] - 1e3 * (seen_s - played))
    if len(in_file) < max(3, len(clicks_ns) // 2):
        raise UserError(
            f"Only {len(in_file)} of {len(clicks_ns)} clicks have a flash: is the window covered?"
        )
    offsets, difference = np.array(in_file), np.array(added)
    edges = _edges(offsets)
    found = places >= 0
    line_s = heard_s[places[found]] - played_s[found]
    return {
        "minutes": round((at_s[-1] - at_s[0]) / 60.0, 2),
        "n_clicks": len(clicks_ns),
        "n_heard": int(found.sum()),
        "n_found": len(in_file),
        **{f"offset_{name}_ms": value for name, value in edges.items()},
        "drift_ms": round(edges["last"] - edges["first"], 1),
        "offset_p5_ms": _at(offsets, 5),
        "offset_p95_ms": _at(offsets, 95),
        "worst_ms": round(float(offsets[np.abs(offsets).argmax()]), 1),
        "within_a_frame": round(float((np.abs(offsets) <= FRAME_MS).mean()), 4),
        "wall_ms": {"p50": _at(offsets - difference, 50), "p95": _at(offsets - difference, 95)},
        "file_minus_wall_ms": {
            **_edges(difference),
            "p5": _at(difference, 5),
            "p95": _at(difference, 95),
            "within_a_frame_of_median": round(
                float((np.abs(difference - np.median(difference)) <= FRAME_MS).mean()), 4
            ),
        },
        "sound_drift_ms": round(1e3 * float(np.median(line_s[-N_EDGE:]) - np.median(line_s[:N_EDGE])), 1),
        "sound_jitter_ms": round(1e3 * float(np.abs(line_s - np.median(line_s)).max()), 1),
    }


def paired(played_s: np.ndarray, heard_s: np.ndarray) -> np.ndarray:
    """For each click that was played the place of its sound in the file, -1 where it is missing.

    The spacing is uneven, so that only one shift fits: that under which most clicks meet.
    """
    most, best = -1, np.full(len(played_s), -1)
    for first in played_s[:8]:
        for candidate in heard_s[:8]:
            expected = played_s + (candidate - first)
            nearest = np.clip(np.searchsorted(heard_s, expected), 1, len(heard_s) - 1)
            nearest -= expected - heard_s[nearest - 1] < heard_s[nearest] - expected
            places = np.where(np.abs(heard_s[nearest] - expected) < QUIET_S, nearest, -1)
            if (places >= 0).sum() > most:
                most, best = int((places >= 0).sum()), places
    return best


def _edges(values: np.ndarray) -> dict[str, float]:
    n, middle = min(N_EDGE, len(values)), len(values) // 2
    parts = {
        "first": values[:n],
        "middle": values[middle - n // 2 : middle + n - n // 2],
        "last": values[-n:],
    }
    return {name: _at(part, 50) for name, part in parts.items()}


def _at(values: np.ndarray, percent: float) -> float:
    return round(float(np.percentile(values, percent)), 1)


def pictures(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times in s and brightness, [0, 255], of the middle of each frame of a file, one held at a time."""
    seen: list[tuple[float, float]] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            plane = frame.planes[0]
            luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            top, left = (frame.height - PATCH_PX) // 2, (frame.width - PATCH_PX) // 2
            patch = luma[top : top + PATCH_PX, left : left + PATCH_PX]
            seen.append((float(frame.time or 0.0), float(patch.mean())))
    times_s, levels = np.array(seen).T
    return times_s, levels


def clicks(path: Path) -> Iterator[float]:
    """Times in seconds at which clicks begin in a file's sound, of which one frame is held at a time."""
    quiet_until_s = -1.0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.4 * CLICK_LEVEL)
            for at_s in float(frame.time or 0.0) + loud / frame.sample_rate:
                if at_s >= quiet_until_s:
                    yield float(at_s)
                quiet_until_s = at_s + QUIET_S


def _tell(figures: dict[str, Any], lines: list[dict[str, Any]], path: Path) -> dict[str, Any]:
    """What the show said of its recording, and of itself meanwhile."""
    last = lines[-1]
    return {
        "frames": figures["n_frames"],
        "frames_repeated": figures["n_repeated"],
        "frames_dropped": figures["n_dropped"],
        "silence_s": figures["silence_s"],
        "cut_s": figures["cut_s"],
        "samples_missing": missing(lines),
        "encode_ms": figures["frame_ms"],
        "size": "{}x{}".format(*last["workers"]["display"]["health"]["size"]),
        "size_mb": round(path.stat().st_size / 1e6, 1),
        "shown_fps": rate(lines, "n_shown"),
        "longest_gap_ms": last["workers"]["display"]["health"]["longest_gap_ever_ms"],
        "restarts": {name: n for name, n in last["restarts"].items() if n},
    }
