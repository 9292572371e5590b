"""Recordings that end badly: a process killed after a minute, everything killed, a disk that is full."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import av
import psutil

from benchmarks.show_bench import health_of
from tests.show import Show
from tests.virtual import Unavailable, VirtualLineIn, VirtualScreen
from visualizer import clock
from visualizer.audio.sources import demo_path
from visualizer.types import UserError

SUFFIXES = (".mp4", ".mkv")
RECORD_S = 60.0
LIMIT_S = 60.0
FULL_LIMIT_S = 240.0
DISK_MB = 8
GO_ON_S = 5.0
FPS = 30.0


def run(minutes: float = RECORD_S / 60.0) -> dict[str, Any]:
    """By container: what `output_killed` and `all_killed` after so many minutes cost, what a full disk left.

    `lost_s`: from the last second of the file to the kill; `disk` is missing where none may be mounted.
    """
    told: dict[str, Any] = {}
    for suffix in SUFFIXES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            told[suffix.removeprefix(".")] = {
                **_killed(folder, suffix, 60.0 * minutes),
                "disk": _full(folder, suffix),
            }
    return told


@contextmanager
def _recording(folder: Path, path: Path) -> Iterator[Show]:
    try:
        with ExitStack() as stack:
            screen = stack.enter_context(VirtualScreen(1280, 720))
            line = stack.enter_context(VirtualLineIn())
            environment = os.environ | screen.env | line.env
            show = stack.enter_context(Show(folder, environment, "--record", str(path)))
            show.wait_for_images()
            line.play(demo_path())
            yield show
    except Unavailable as reason:
        raise UserError(f"This bench needs a virtual screen and line-in: {reason}.") from None


def _killed(folder: Path, suffix: str, seconds: float) -> dict[str, Any]:
    """The output process, and in what it then records the whole show at once."""
    path = folder / f"show{suffix}"
    with _recording(folder, path) as show:
        pid = show.pid("output")
        first = _kill_after(show, seconds, lambda: show.kill("output"))
        shown = show.lines[-1]["n_shown"]
        second = _kill_after(show, seconds, lambda: _kill_all(show.process.pid), not_pid=pid)
        went_on = show.lines[-1]["n_shown"] - shown
    following = path.with_stem(f"{path.stem}-2")
    return {
        "output_killed": _left(path, first) | {"frames_shown_after": went_on},
        "all_killed": _left(following, second),
    }


def _kill_after(show: Show, seconds: float, kill: Callable[[], object], not_pid: int = 0) -> float:
    """Kills when so much is recorded by another process than that; how much it was then, by the clock."""
    health = health_of(show)
    assert health is not None, "a show that paints has health slots"
    until_s = time.monotonic() + seconds + LIMIT_S
    begun_s, told_s = float("inf"), 0.0
    while told_s < seconds and time.monotonic() < until_s:
        state = health["output"].read() or {}
        figures = state.get("health", {})
        if state.get("pid") != not_pid and figures.get("recording"):
            told_s = float(figures["seconds"])
            begun_s = min(begun_s, clock.seconds(clock.now_ns()) - told_s)
        time.sleep(0.01)
    if told_s < seconds:
        raise UserError(f"Nothing is recorded: {(health['output'].read() or {}).get('sentence')}")
    kill()
    return clock.seconds(clock.now_ns()) - begun_s


def _kill_all(pid: int) -> None:
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)  # none may notice that another is gone
    for process in processes:
        process.kill()


def _left(path: Path, recorded_s: float) -> dict[str, Any]:
    """How far a file plays; every frame and every sample of it is decoded."""
    with av.open(str(path)) as container:
        pictures = [float(frame.time or 0.0) for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        n_samples, rate_hz = 0, 1
        for frame in container.decode(audio=0):
            n_samples, rate_hz = n_samples + frame.samples, frame.sample_rate
    picture_s = pictures[-1] + 1 / FPS
    return {
        "recorded_s": round(recorded_s, 2),
        "picture_s": round(picture_s, 2),
        "sound_s": round(n_samples / rate_hz, 2),
        "lost_s": round(recorded_s - picture_s, 2),
        "n_frames": len(pictures),
    }


def _full(folder: Path, suffix: str) -> dict[str, Any]:
    """A recording onto a small disk of its own."""
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        return {"missing": "mounting a small disk takes root"}
    try:
        path = disk / f"full{suffix}"
        with _recording(folder, path) as show:
            told = show.wait_until(
                lambda s: "cannot be written" in s["workers"]["output"]["sentence"],
                FULL_LIMIT_S,
                "a full disk",
            )
            last = show.wait_until(
                lambda s: s["time_s"] >= told["time_s"] + GO_ON_S, LIMIT_S, "the show to go on"
            )
        figures = told["workers"]["output"]["health"]
        return {
            **_left(path, figures["seconds"]),
            "shown_fps_after": round(
                (last["n_shown"] - told["n_shown"]) / (last["time_s"] - told["time_s"]), 1
            ),
            "restarts": sum(last["restarts"].values()),
            "sentence": told["workers"]["output"]["sentence"].replace(str(disk), "DISK"),
        }
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
