"""The one clock of all processes."""

from __future__ import annotations

import time

NS_PER_S = 1_000_000_000

now_ns = time.perf_counter_ns
"""Nanoseconds since an arbitrary start, alike in all processes (`monotonic_ns` is coarse on Windows)."""


def seconds(duration_ns: int) -> float:
    """A duration in nanoseconds as seconds."""
    return duration_ns / NS_PER_S


def nanoseconds(duration_s: float) -> int:
    """A duration in seconds as whole nanoseconds."""
    return round(duration_s * NS_PER_S)
