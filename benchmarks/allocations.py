"""Memory that code takes and gives back, line by line: what a snapshot of what is left cannot show."""

from __future__ import annotations

import sys
import tracemalloc
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any, Self

LEAST_BYTES = 16384
"""What a line takes below this is no picture, window or block of sound, and costs the allocator nothing."""


class Allocations:
    """Watches the lines of one folder while it is entered, as often as one likes. For the main thread.

    A line is charged with the most that it held at once above what was held before it, also through what it
    calls outside the folder. NumPy tells tracemalloc of its arrays; buffers of GL and networks are not seen.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = f"{folder.resolve()}/"
        self.bytes: Counter[str] = Counter()
        """By `file:line` within the folder."""
        self._place = ""
        self._held = 0

    def __enter__(self) -> Self:
        if not tracemalloc.is_tracing():
            tracemalloc.start(1)
        self._place = ""
        tracemalloc.reset_peak()
        self._held = tracemalloc.get_traced_memory()[0]
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        self._charge()

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """The tracer of `sys.settrace`: what was taken since the last event belongs to the line before."""
        file = frame.f_code.co_filename
        if not file.startswith(self._folder):
            return None
        self._charge()
        back = frame.f_back if event == "return" else frame
        if back is not None and back.f_code.co_filename.startswith(self._folder):
            self._place = f"{back.f_code.co_filename.removeprefix(self._folder)}:{back.f_lineno}"
        tracemalloc.reset_peak()
        self._held = tracemalloc.get_traced_memory()[0]
        return self._trace

    def _charge(self) -> None:
        taken = tracemalloc.get_traced_memory()[1] - self._held
        if taken >= LEAST_BYTES and self._place:
            self.bytes[self._place] += taken

    def per(self, n: int) -> dict[str, int]:
        """Bytes by line for each of `n` rounds, the most first."""
        return {place: round(total / n) for place, total in self.bytes.most_common()}
