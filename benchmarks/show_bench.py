"""The whole show, measured from outside: sound into a virtual line-in, a window on a virtual screen."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.show import Show, open_panel
from tests.virtual import Unavailable, VirtualLineIn, VirtualScreen
from visualizer import clock
from visualizer.audio.sources import demo_path
from visualizer.ipc.memory import leftovers
from visualizer.ipc.regions import Regions
from visualizer.ipc.slots import JsonSlot
from visualizer.types import UserError

WARM_UP_S = 15.0
PIPELINE_S = 60.0
MEMORY_MINUTES = 20.0
SETTLING_SHARE = 0.25
"""Of the minutes, before slopes are taken."""
KILL_EVERY_S = 12.0
N_STARTS = 3
START_LIMIT_S = 60.0
N_SWITCHES = 10
SWITCH_LIMIT_S = 60.0
GAP_SPAN_S = 3.0
"""A killed window's own absence is no gap between its frames."""


@contextmanager
def running(
    *arguments: str,
    wait: bool = True,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Show, VirtualLineIn]]:
    """The default show on a virtual line-in; painting already, unless told not to wait for that.

    `before` is called just before the command.
    """
    try:
        with ExitStack() as stack:
            screen = stack.enter_context(VirtualScreen(1920, 1080))
            line = stack.enter_context(VirtualLineIn())
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            whole = {**os.environ, **screen.env, **line.env, **(environment or {})}
            before()
            show = stack.enter_context(Show(folder, whole, *arguments))
            if wait:
                show.wait_for_images()
            yield show, line
    except Unavailable as reason:
        raise UserError(f"This bench needs a virtual screen and line-in: {reason}.") from None


def pipeline() -> dict[str, Any]:
    """One minute of the default show: rates, latency, gaps, drops, CPU and memory by process."""
    lines = _watch(PIPELINE_S)
    return {
        "seconds": round(lines[-1]["time_s"] - lines[0]["time_s"], 1),
        "images_per_s": rate(lines, "n_images"),
        "shown_fps": rate(lines, "n_shown"),
        "lost_samples": sum(missing(lines).values()),
        "embeddings_per_s": round(statistics.median(line["ticks_per_s"] for line in lines), 1),
        "latency_ms": {
            name: round(statistics.median(line["latency_ms"][name] for line in lines), 1)
            for name in lines[-1]["latency_ms"]
        },
        "longest_gap_ms": max(line["longest_gap_ms"] for line in lines),
        "drops": {name: lines[-1]["drops"][name] - lines[0]["drops"][name] for name in lines[0]["drops"]},
        "samples_missing": missing(lines),
        "cpu_percent": _by_process(lines, "cpu_percent"),
        "memory_mb": _by_process(lines, "memory_mb"),
    }


def startup() -> dict[str, Any]:
    """Seconds from the command until pixels move, and until a learned image is shown; by the display's clock.

    Pixels move with the second frame. The first start of all fills the caches that a graphics driver keeps on
    the disk; it is told apart, and the medians are of the starts after it.
    """
    with tempfile.TemporaryDirectory() as cache:
        starts = [_start_once({"MESA_SHADER_CACHE_DIR": cache}) for _ in range(1 + N_STARTS)]
    first, *warm = starts
    return {
        "first_pixels_s": statistics.median(start["moving"] for start in warm),
        "first_images_s": statistics.median(start["image"] for start in warm),
        "cold_driver_cache": first,
        "each": {name: [start[name] for start in warm] for name in first},
    }


def _start_once(environment: Mapping[str, str]) -> dict[str, float]:
    """Seconds from the command to the first `frame`, `moving` pixels and the first learned `image`."""
    start_s = 0.0

    def note_start() -> None:
        nonlocal start_s
        start_s = clock.seconds(clock.now_ns())

    with running(wait=False, environment=environment, before=note_start) as (show, _):
        deadline_s = start_s + START_LIMIT_S
        while clock.seconds(clock.now_ns()) < deadline_s:
            time.sleep(0.25)
            display = show.lines[-1]["workers"]["display"]["health"] if show.lines else {}
            if "image" in display.get("firsts_s", {}):
                return {name: round(at_s - start_s, 3) for name, at_s in display["firsts_s"].items()}
    raise UserError(f"No learned image was shown within {START_LIMIT_S:.0f} s.")


def health_of(show: Show) -> Mapping[str, JsonSlot] | None:
    """The health slots of a running show; None while it has made none."""
    regions = leftovers(f"kb{show.process.pid}-")
    if not regions:
        return None
    try:
        return Regions.attach("-".join(regions[0].split("-")[:2]) + "-").health
    except (FileNotFoundError, ValueError):
        return None


def kills() -> dict[str, Any]:
    """kill -9 of each process in turn: seconds until it works again, and the longest gap in what is shown."""
    result: dict[str, Any] = {}
    with running() as (show, line):
        line.play(demo_path())
        time.sleep(KILL_EVERY_S)
        health = health_of(show)
        assert health is not None, "a show that paints has health slots"
        for worker, works in _WORKS.items():
            old = show.kill(worker)
            killed_s, back_s, gap_ms = time.monotonic(), None, 0.0
            while (elapsed_s := time.monotonic() - killed_s) < KILL_EVERY_S:
                state, display = health[worker].read() or {}, health["display"].read() or {}
                if back_s is None and state.get("pid") != old and works(state.get("health", {})):
                    back_s = round(elapsed_s, 2)
                if elapsed_s > GAP_SPAN_S or worker != "display":
                    gap_ms = max(gap_ms, display.get("health", {}).get("longest_gap_ms") or 0.0)
                time.sleep(0.01)
            result[worker] = {"back_s": back_s, "longest_gap_ms": gap_ms}
    return result


def switches() -> dict[str, Any]:
    """Ten switches of mode by key and ten by clicks in the panel: seconds, shown gaps, memory after all."""
    with running() as (show, line):
        player = line.play(demo_path())
        time.sleep(WARM_UP_S)
        before = show.lines[-1]
        by_key = [_switch(show, lambda: show.press("m"), n) for n in range(N_SWITCHES)]
        time.sleep(GAP_SPAN_S)
        after = show.lines[-1]
        places = open_panel(show)
        if player.poll() is not None:
            line.play(demo_path())
        by_panel = [_switch(show, lambda: _click_mode(show, places), n) for n in range(N_SWITCHES)]
        return {
            "by_key": _in_short(by_key),
            "by_panel": _in_short(by_panel),
            "memory_mb": {"before": _deck_mb(before), "after": _deck_mb(after)},
            "longest_gap_ever_ms": show.lines[-1]["workers"]["display"]["health"]["longest_gap_ever_ms"],
            "panel": {
                "cpu_percent": show.lines[-1]["cpu_percent"]["panel"],
                "memory_mb": show.lines[-1]["memory_mb"]["panel"],
            },
            "restarts": sum(show.lines[-1]["restarts"].values()),
        }


def _switch(show: Show, ask: Callable[[], None], n: int) -> dict[str, float]:
    """Asks for the other mode and waits until it is on air alone."""
    health = health_of(show)
    assert health is not None, "a show that paints has health slots"
    following = "a" if show.lines[-1]["decks"]["on_air"] == "b" else "b"
    ask()
    start_s, gap_ms, seconds = time.monotonic(), 0.0, 0.0
    while not seconds or time.monotonic() - start_s < seconds + 1.0:
        elapsed_s = time.monotonic() - start_s
        if elapsed_s > SWITCH_LIMIT_S:
            raise UserError(f"Switch {n + 1} does not come to an end: {show.lines[-1]['decks']}")
        display = (health["display"].read() or {}).get("health", {})
        gap_ms = max(gap_ms, display.get("longest_gap_ms") or 0.0)
        decks = show.lines[-1]["decks"]
        if not seconds and (decks["on_air"], decks["stage"]) == (following, "idle"):
            seconds = elapsed_s
        time.sleep(0.05)
    return {"seconds": round(seconds, 1), "longest_gap_ms": gap_ms}


def _click_mode(show: Show, places: Mapping[str, list[int]]) -> None:
    """A real click on the tile of the other mode."""
    show.click_panel(places["mode traumer" if show.lines[-1]["mode"] == "era" else "mode era"])


def _in_short(each: list[dict[str, float]]) -> dict[str, Any]:
    return {
        "n": len(each),
        "seconds": statistics.median(one["seconds"] for one in each),
        "longest_gap_ms": max(one["longest_gap_ms"] for one in each),
        "gaps_ms": [one["longest_gap_ms"] for one in each],
    }


def _deck_mb(line: Mapping[str, Any]) -> float:
    return round(sum(line["memory_mb"][deck] or 0.0 for deck in ("deck_a", "deck_b")), 1)


_WORKS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "capture": lambda health: health.get("input", "silence") != "silence",
    "deck_a": lambda health: health.get("n_images", 0) > 0,
    "display": lambda health: health.get("n_shown", 0) > 0,
}


def memory(minutes: float = MEMORY_MINUTES) -> dict[str, Any]:
    """Minutes of the default show: growth of memory by process, and every sample's account.

    Slopes are of what comes after a quarter of it, when caches of all kinds are full.
    """
    lines = _watch(60.0 * minutes)
    at_minute = np.array([line["time_s"] / 60.0 for line in lines])
    is_warm = at_minute >= at_minute[0] + SETTLING_SHARE * minutes
    growth = {}
    for name in lines[0]["memory_mb"]:
        if lines[0]["memory_mb"][name] is None:
            continue
        held = np.array([line["memory_mb"][name] or np.nan for line in lines], float)
        fitted = is_warm & np.isfinite(held)
        slope, _ = np.polyfit(at_minute[fitted], held[fitted], 1)
        growth[name] = {
            "first_minute_mb": round(float(np.nanmedian(held[:60])), 1),
            "last_minute_mb": round(float(np.nanmedian(held[-60:])), 1),
            "growth_percent": round(
                100.0 * float(np.nanmedian(held[-60:]) / np.nanmedian(held[:60]) - 1.0), 2
            ),
            "slope_mb_per_hour": round(60.0 * float(slope), 2),
        }
    return {
        "minutes": round(float(at_minute[-1] - at_minute[0]), 1),
        "processes": growth,
        "slope_mb_per_hour": {name: row["slope_mb_per_hour"] for name, row in growth.items()},
        "images_per_s": rate(lines, "n_images"),
        "shown_fps": rate(lines, "n_shown"),
        "longest_gap_ms": max(line["longest_gap_ms"] for line in lines),
        "drops": lines[-1]["drops"],
        "samples_missing": missing(lines),
        "restarts": lines[-1]["restarts"],
        "hangs": {name: worker["hangs"] for name, worker in lines[-1]["workers"].items()},
    }


def _watch(seconds: float) -> list[dict[str, Any]]:
    """Status lines of so many seconds, after the show has warmed up."""
    with running() as (show, line):
        end = time.monotonic() + WARM_UP_S + seconds
        player = line.play(demo_path())
        while time.monotonic() < end:
            if player.poll() is not None:
                player = line.play(demo_path())
            time.sleep(0.25)
        lines = show.lines
        start_s = lines[-1]["time_s"] - seconds
        return [line for line in lines if line["time_s"] >= start_s]


def rate(lines: list[dict[str, Any]], counter: str) -> float:
    span_s = lines[-1]["time_s"] - lines[0]["time_s"]
    return round((lines[-1][counter] - lines[0][counter]) / span_s, 1)


def missing(lines: list[dict[str, Any]]) -> dict[str, int]:
    """Samples that the driver owed and did not give, that found no room, and that a deck did not get."""
    first, last = (line["workers"]["capture"]["health"] for line in (lines[0], lines[-1]))
    counters = {"at_device": "n_missing", "refused": "n_refused", "silence_filled": "n_silence_filled"}
    lost = {name: last.get(key, 0) - first.get(key, 0) for name, key in counters.items()}
    return lost | {"at_deck": lines[-1]["drops"]["samples"] - lines[0]["drops"]["samples"]}


def _by_process(lines: list[dict[str, Any]], figure: str) -> Mapping[str, float]:
    values: dict[str, float] = {}
    for name in lines[0][figure]:
        known = [line[figure][name] for line in lines if line[figure][name] is not None]
        if known:
            values[name] = round(statistics.median(known), 1)
    return values
