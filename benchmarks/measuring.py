"""Timing side by side, and saying on what it was timed."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

REST_S = 0.3
"""Threads that spin while they wait for more work have gone to sleep by then."""


def time_together(
    calls: Mapping[str, Callable[[], object]],
    n_rounds: int,
    n_warm: int = 3,
    most_s: float = 20.0,
    n_in_turn: int = 1,
) -> dict[str, dict[str, float]]:
    """Median wall and CPU time in ms of each call, taken in turns so that a busy machine is busy for all.

    Ends after `n_rounds`, or after `most_s` and five rounds. CPU time is that of the process, all threads;
    it tells more than wall time where others work beside. Calls on several threads want turns of `n_in_turn`
    calls: the threads of one library spin for a while when they are done, on the cores of the next. A turn
    then begins rested, and its first call does not count.
    """
    wall_ms: dict[str, list[float]] = {name: [] for name in calls}
    cpu_ms: dict[str, list[float]] = {name: [] for name in calls}
    start_s = time.perf_counter()
    for i in range(n_warm + n_rounds):
        if i >= n_warm + 5 and time.perf_counter() - start_s > most_s:
            break
        for name, call in calls.items():
            if n_in_turn > 1:
                time.sleep(REST_S)
                call()
            for _ in range(n_in_turn):
                wall_s, cpu_s = time.perf_counter(), time.process_time()
                call()
                wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
                if i >= n_warm:
                    wall_ms[name].append(wall_s * 1e3)
                    cpu_ms[name].append(cpu_s * 1e3)
    return {
        name: {
            "median_ms": round(statistics.median(wall_ms[name]), 3),
            "best_ms": round(min(wall_ms[name]), 3),
            "cpu_ms": round(statistics.median(cpu_ms[name]), 3),
        }
        for name in calls
    }


def threads_to_compare() -> tuple[int, ...]:
    """1, and 2 where the machine is not busy.

    Threads that wait for each other say nothing where other programs hold the cores: torch then spins.
    """
    n_cores = os.cpu_count() or 1
    return (1, 2) if n_cores > 1 and load_average() <= 1.5 * n_cores else (1,)


def machine() -> str:
    """Processor, cores, system and Python; no names of hosts or folders."""
    cpu = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        cpu = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass  # not Linux: what the platform says will do
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def load_average() -> float:
    """Processes that wanted a core in the last minute, 0 where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0


def commit() -> str:
    """The short hash of the checkout, "" outside git."""
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return asked.stdout.strip()
