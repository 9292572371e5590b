"""The tagger, tick by tick: the answer for the whole window at the cost of what is new in it.

Two graphs of a model do the work (`networks/tagger_sliding.py`): `model-tick.onnx` for a tick, and
`model-catch-up.onnx` for several that nobody asked for. Between them this file keeps the streams, and needs
no network's inside for it: what a graph takes and gives is told by the names of its inputs and outputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from visualizer import runtime
from visualizer.checkpoints import cards
from visualizer.checkpoints.cards import CATCH_UP, MODEL, TICK
from visualizer.runtime import Precision, Runtime
from visualizer.types import Float32, UserError

_COLUMNS_PER_TICK = 2
_MEL = "mel"
_NAME = re.compile(r"([a-z]+\d*)_(\d+)_(\d+)")


class Tagger(Protocol):
    """What hears windows. Owned by one thread."""

    name: str
    """Which runtime hears."""
    reason: str
    """Why that one."""

    def hear(self, window: Float32) -> tuple[Float32, Float32]:
        """(128, 231) float32 log-mel → embedding (512,), tag probabilities (n_tags,); both new arrays."""

    def close(self) -> None:
        """Gives the networks back."""


def load(
    model: cards.Model, threads: int, precision: Precision = "auto", prefer: str = "auto"
) -> WholeTagger | SlidingTagger:
    """A tagger that hears tick by tick where it was published for that, else the whole window each time.

    UserError where a file of it is missing or damaged.
    """

    def start(file: str) -> Runtime:
        return runtime.load(model.folder / file, threads=threads, precision=precision, prefer=prefer)

    if {TICK, CATCH_UP} <= {graph.file for graph in model.card.graphs}:
        return SlidingTagger(start(TICK), start(CATCH_UP))
    return WholeTagger(start(MODEL))


class WholeTagger:
    """A tagger that computes every window anew."""

    def __init__(self, network: Runtime) -> None:
        self.name, self.reason = network.name, network.reason
        self._network = network

    def hear(self, window: Float32) -> tuple[Float32, Float32]:
        """See `Tagger.hear`."""
        heard = self._network.run({"mel": window[np.newaxis, np.newaxis]})
        return heard["embedding"][0].copy(), heard["tags"][0].copy()

    def close(self) -> None:
        """See `Tagger.close`."""
        self._network.close()


class SlidingTagger:
    """A tagger that computes what is new.

    Law: whatever windows it is given, the answer is that of the whole network, to rounding. A window that
    goes on from the one before it, by its content, costs a tick; one that skipped some costs those ticks'
    new columns too; any other costs as many as fill it. Nothing needs to be told of resets and gaps.
    """

    def __init__(self, tick: Runtime, catch_up: Runtime) -> None:
        self.name, self.reason = tick.name, tick.reason
        self.n_ticks = 0
        """Runs of the tick's graph so far."""
        self.n_catch_ups = 0
        """Runs of the catch-up graph so far."""
        self._tick, self._catch_up = _Graph(tick), _Graph(catch_up)
        parts = (*self._tick.parts(), *self._catch_up.parts())
        self._streams = _make_streams([part for part in parts if part.stream != _MEL])
        self._n_at_once = next(iter(self._catch_up.gives.values())).n
        self._n_whole = _n_for_new_window(self._tick, self._n_at_once)
        self._now = 0
        self._window: Float32 | None = None
        self._same = np.zeros((0, 0), bool)

    def hear(self, window: Float32) -> tuple[Float32, Float32]:
        """See `Tagger.hear`."""
        n_moved, before = self._n_moved(window), self._window
        self._window = None  # until all went well
        n_missed = self._n_whole if n_moved is None else max(n_moved - 1, 0)
        self._now += self._n_whole if n_moved is None else n_moved
        for n_back in reversed(range(1, n_missed + 1, self._n_at_once)):
            self._run(self._catch_up, window, n_back)
            self.n_catch_ups += 1
        heard = self._run(self._tick, window, 0)
        self.n_ticks += 1
        if before is None or before.shape != window.shape:
            before, self._same = np.empty_like(window), np.empty(window.shape, bool)
        np.copyto(before, window)
        self._window = before
        return heard["embedding"][0].copy(), heard["tags"][0].copy()

    def close(self) -> None:
        """See `Tagger.close`."""
        self._tick.runtime.close()
        self._catch_up.runtime.close()

    def _n_moved(self, window: Float32) -> int | None:
        """Ticks by which this window is the last one moved on; None where it is another."""
        before = self._window
        if before is None or before.shape != window.shape:
            return None
        for n in (1, 0, *range(2, self._n_whole)):
            n_columns = n * _COLUMNS_PER_TICK
            n_kept = window.shape[1] - n_columns
            if not np.array_equal(window[:, n_kept - 1], before[:, -1]):
                continue
            same = np.equal(window[:, :n_kept], before[:, n_columns:], out=self._same[:, :n_kept])
            if same.all():
                return n
        return None

    def _run(self, graph: _Graph, window: Float32, n_back: int) -> Mapping[str, Float32]:
        """Run a graph as at the tick `n_back` before this window's, and keep what it gives."""
        now = self._now - n_back
        given: dict[str, Float32] = {}
        for name, part in graph.takes.items():
            if part.stream == _MEL:
                given[name] = _cut(window, part.first - n_back * _COLUMNS_PER_TICK, part.n)[np.newaxis]
            else:
                stream = self._streams[part.stream]
                given[name] = stream[np.newaxis, part.rows(now, len(stream) // 2)]
        made = graph.runtime.run(given)
        for name, part in graph.gives.items():
            stream = self._streams[part.stream]
            n_rows = len(stream) // 2
            rows = part.rows(now, n_rows)
            _lay(stream[:n_rows], rows, made[name][0])
            _lay(stream[n_rows:], rows, made[name][0])
        return made


@dataclass(frozen=True, slots=True)
class _Part:
    """Columns of a stream, at evenly spaced places, or of the window, that a graph takes or gives."""

    stream: str
    first: int
    last: int
    shape: tuple[int, ...]

    @property
    def n(self) -> int:
        return self.shape[1]

    def rows(self, now: int, n_rows: int) -> slice:
        """Where these places lie now in a ring of `n_rows` that is there twice, one behind the other."""
        step = (self.last - self.first) // max(self.n - 1, 1) or 1
        first = (now + self.first) % n_rows
        return slice(first, first + (self.n - 1) * step + 1, step)


class _Graph:
    """A loaded graph and what its names say."""

    def __init__(self, loaded: Runtime) -> None:
        self.runtime = loaded
        self.takes = _read_names(loaded.inputs)
        self.gives = _read_names(loaded.outputs)
        unknown = set(loaded.inputs) - set(self.takes)
        if unknown or not self.gives:
            raise UserError(
                f"The tagger's graph takes {', '.join(sorted(unknown))}: publish the model again."
            )

    def parts(self) -> Iterable[_Part]:
        return (*self.takes.values(), *self.gives.values())


def _read_names(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, _Part]:
    parts: dict[str, _Part] = {}
    for name, shape in shapes.items():
        told = _NAME.fullmatch(name)
        if told is not None:
            parts[name] = _Part(told[1], int(told[2]), int(told[3]), shape)
    return parts


def _make_streams(parts: Iterable[_Part]) -> dict[str, Float32]:
    """A ring for each stream, as long as what lies between the oldest and the newest place asked for.

    It is there twice, one behind the other, so that whatever is asked for lies in one piece.
    """
    ends: dict[str, tuple[int, int, tuple[int, ...]]] = {}
    for part in parts:
        oldest, newest, shape = ends.get(part.stream, (part.first, part.last, part.shape))
        ends[part.stream] = (min(oldest, part.first), max(newest, part.last), shape)
    return {
        name: np.zeros((2 * (newest - oldest + 1), *shape[2:]), np.float32)
        for name, (oldest, newest, shape) in ends.items()
    }


def _lay(ring: Float32, rows: slice, values: Float32) -> None:
    """Puts values (n, …) at the rows of one of both rings; those beyond its end come at its front."""
    n_before = len(range(rows.start, min(rows.stop, len(ring)), rows.step))
    ring[rows.start : len(ring) : rows.step][:n_before] = values[:n_before]
    if n_before < len(values):
        front = rows.start + n_before * rows.step - len(ring)
        ring[front : rows.stop - len(ring) : rows.step] = values[n_before:]


def _n_for_new_window(tick: _Graph, n_at_once: int) -> int:
    """How many ticks back the streams have to be made for a window of which nothing is known."""
    newest = {part.stream: part.last for part in tick.gives.values()}
    furthest = max(newest[part.stream] - part.first for part in tick.takes.values() if part.stream != _MEL)
    return -(-furthest // n_at_once) * n_at_once


def _cut(window: Float32, first: int, n: int) -> Float32:
    """Columns (n, 128) of the window; what lies before its oldest is 0, and goes into no answer."""
    if first >= 0:
        return window[:, first : first + n].T
    cut = np.zeros((n, len(window)), np.float32)
    cut[min(-first, n) :] = window[:, : max(first + n, 0)].T
    return cut
