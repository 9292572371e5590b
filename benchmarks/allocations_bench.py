"""What the loops of capture, deck and display take of memory in steady state, a hop, an image, a frame."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.allocations import Allocations
from benchmarks.measuring import ROOT
from tests.virtual import Unavailable, VirtualScreen
from visualizer import parameters
from visualizer.audio.capture import Capture
from visualizer.ipc.regions import Regions
from visualizer.ipc.worker import Worker
from visualizer.modes.deck import Deck
from visualizer.types import UserError

WARM_S = 6.0
"""Until the window of the networks has been filled and nothing is made for the first time."""
N_ROUNDS = 90
N_LINES = 8
HOP = 512
"""Samples of 48 kHz that capture analyses at a time."""


def run() -> dict[str, Any]:
    """For each loop: array bytes a round, by file and line; the other loops run beside it, unwatched."""
    modes = ("traumer", "era")
    result: dict[str, Any] = {}
    try:
        with ExitStack() as stack:
            screen = stack.enter_context(VirtualScreen(1920, 1080))
            stack.enter_context(screen.applied())
            for mode in modes:
                with show(mode) as workers:
                    _pass(workers, WARM_S)
                    watched = ("deck",) if mode == "era" else tuple(workers)
                    for name in watched:
                        result[f"{name} {mode}" if name == "deck" else name] = _watch(workers, name)
    except Unavailable as reason:
        raise UserError(f"This bench needs a virtual screen: {reason}.") from None
    finally:
        tracemalloc.stop()
    return result


@contextmanager
def show(mode: str) -> Iterator[dict[str, Worker]]:
    """Capture of the demo, a deck with that mode and the window, all in this process."""
    from visualizer.display.display import Display

    settings = parameters.defaults() | {"audio.input": "demo", "show.mode": mode}
    regions = Regions.create()
    made: dict[str, type[Worker]] = {"capture": Capture, "deck": Deck, "display": Display}
    options = {"slot": "a", "threads": max(1, (os.cpu_count() or 2) // 2)}
    workers: dict[str, Worker] = {}
    try:
        for name, kind in made.items():
            own = f"{name}_a" if name == "deck" else name
            workers[name] = kind(name=own, settings=settings, regions=regions, options=options)
            workers[name].setup()
        yield workers
    finally:
        for worker in workers.values():
            worker.close()
        regions.unlink()


def _pass(workers: dict[str, Worker], seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        time.sleep(min(0.002, *(max(worker.step(), 0.0) for worker in workers.values())))


def _watch(workers: dict[str, Worker], watched: str) -> dict[str, Any]:
    """Bytes a round of one loop while all run."""
    allocations = Allocations(ROOT / "visualizer")
    rounds = _ROUNDS[watched]
    first = rounds(workers[watched])
    while rounds(workers[watched]) - first < N_ROUNDS:
        for name, worker in workers.items():
            if name == watched:
                with allocations:
                    worker.step()
            else:
                worker.step()
        time.sleep(0.001)
    by_line = allocations.per(rounds(workers[watched]) - first)
    return {
        "bytes_per_round": sum(by_line.values()),
        "lines": {place: n for place, n in list(by_line.items())[:N_LINES] if n},
    }


_ROUNDS: dict[str, Callable[[Any], int]] = {
    "capture": lambda worker: worker.regions.audio.n_written // HOP,
    "deck": lambda worker: worker.regions.frames_a.counter,
    "display": lambda worker: worker._shown.n,
}
