"""What `klangbild bench` measures: each bench runs ours and its reference side by side in one process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Result = dict[str, Any]


def _runtime() -> Result:
    from benchmarks.runtime_bench import run

    return run()


BENCHES: dict[str, Callable[[], Result]] = {
    "runtime": _runtime,
}
"""By name; each returns a JSON value: medians, ratios against its reference, how far the answers differ."""
