"""The interpreter of one worker and the pipe to it; imports nothing heavy, so that one can start at once."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from multiprocessing.context import SpawnProcess
from typing import Any

from visualizer import clock
from visualizer.ipc import entry
from visualizer.ipc.pipes import Pipe, make_pair
from visualizer.ipc.spec import WorkerSpec

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_CONTEXT = multiprocessing.get_context("spawn")


class Process:
    """A spawned interpreter with its pipe. It has imported its target when told to `begin`."""

    def __init__(self, spec: WorkerSpec, prefix: str, workers: Sequence[str]) -> None:
        """Starts it; `prefix` and `workers` are those of the regions, which need not be there yet."""
        ours, theirs = make_pair()
        arguments = (json.dumps(asdict(spec)), prefix, list(workers), theirs)
        self.process: SpawnProcess = _CONTEXT.Process(
            target=entry.run_child, args=arguments, name=f"klangbild-{spec.name}", daemon=True
        )
        self.pipe = Pipe(ours)
        self.started_ns = clock.now_ns()
        try:
            with _environment(spec.threads), _interrupts_held_back():
                self.process.start()
        finally:
            theirs.close()

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.is_alive()

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Makes its worker and runs it."""
        self.started_ns = clock.now_ns()
        self.pipe.send({"type": "begin", "settings": dict(settings)})

    def kill(self) -> None:
        """Ends it at once."""
        self.process.kill()
        self.process.join(0.5)  # one that sits in the kernel is left behind rather than waited for
        self.pipe.close()


@contextlib.contextmanager
def _environment(threads: int | None) -> Iterator[None]:
    """A process started inside uses so many threads for arithmetic, if it is said how many."""
    if threads is None:
        yield
        return
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A process started inside begins with Ctrl-C blocked, so that it ends no half-imported child."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
