"""Ableton Link, where its library is installed: the tempo and the beat of the session in this network."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

from visualizer import clock

MISSING = (
    "Ableton Link needs a library (under the GPL): pip install 'klangbild[link]', then switch it off and on."
)
_BPM = 120.0


class Link:
    """A peer of the session that only follows. For one thread; the library has threads of its own."""

    def __init__(self) -> None:
        self._link: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_wanted = False
        self.sentence = ""
        """Why there is none, with the fix; "" when all is well."""

    @property
    def n_peers(self) -> int:
        """Other programs in the session."""
        return int(self._link.num_peers) if self._link is not None else 0

    def want(self, is_wanted: bool) -> None:
        """Joins the session, or leaves it."""
        if is_wanted == self._is_wanted:
            return
        self._is_wanted = is_wanted
        if not is_wanted:
            self.close()
            return
        try:
            library = importlib.import_module("aalink")
        except ImportError:
            self.sentence = MISSING
            return
        self._loop = asyncio.new_event_loop()
        self._link = self._loop.run_until_complete(_make(library))
        self._link.enabled = True

    def read(self, beats_per_bar: int) -> tuple[float, int, int] | None:
        """BPM, ns of the newest beat, and its place in the bar from 0; None while nobody else is there."""
        if self._link is None or not self.n_peers:
            return None
        self._link.quantum = float(beats_per_bar)
        now_ns, phase, bpm = clock.now_ns(), float(self._link.phase), float(self._link.tempo)
        if not bpm > 0:
            return None
        place = int(phase)
        since_s = (phase - place) * 60 / bpm
        return bpm, now_ns - clock.nanoseconds(since_s), place % beats_per_bar

    def close(self) -> None:
        """Leaves the session."""
        if self._link is not None:
            self._link.enabled = False
            self._link = None
        if self._loop is not None:
            self._loop.close()
            self._loop = None
        self.sentence, self._is_wanted = "", False


async def _make(library: Any) -> Any:
    return library.Link(_BPM)  # wants a running loop, to which nothing is ever given here
