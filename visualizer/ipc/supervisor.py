"""The parent of the show: it starts, watches and restarts the workers, and owns the shared memory."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import connection
from types import FrameType, TracebackType
from typing import Any, Protocol, Self

from visualizer import clock
from visualizer.ipc.child import Child
from visualizer.ipc.process import Process
from visualizer.ipc.regions import Regions
from visualizer.ipc.spec import WorkerSpec
from visualizer.ipc.throttle import Throttle
from visualizer.types import UserError

SLEPT_S = 1.0
"""When polls are further apart than this, it was the parent that slept: nobody is taken for hung."""
N_AT_ONCE = os.cpu_count() or 2
"""So many workers start at the same time: more only wait for each other, and the window with them."""
LONG_START_S = 1.0
"""After so long the next is started whether or not those before it are ready."""

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_log = logging.getLogger("visualizer.supervisor")

OnCommand = Callable[[str, dict[str, Any]], None]


class Values(Protocol):
    """What has all parameter values: `parameters.ParameterState`."""

    def snapshot(self) -> dict[str, Any]:
        """All values by id."""


class Supervisor:
    """Runs workers until `stop`. All methods belong to one thread; `poll` drives everything.

    As a context manager it takes SIGINT, SIGTERM and SIGHUP (they set `stop_signal`), and at the end, also
    of an exception, stops the workers and unlinks the shared memory.
    """

    def __init__(
        self,
        specs: Sequence[WorkerSpec],
        regions: Regions,
        values: Values,
        on_command: OnCommand | None = None,
        begun: Mapping[str, Process] | None = None,
    ) -> None:
        """`on_command(name, command)` judges what workers ask for; a UserError from it is logged.

        `begun` are processes that were started before, by worker; they wait for theirs.
        """
        begun = begun or {}
        self._children = {spec.name: Child(spec, regions, begun.get(spec.name)) for spec in specs}
        self._queue: list[Child] = []
        """Those that start as soon as a core is free for them."""
        self._begun_ns = 0
        """When the last of them was started."""
        self._regions = regions
        self._values = values
        self._on_command = on_command
        self._throttle = Throttle(_log)
        self._polled_ns = self._excused_ns = clock.now_ns()
        self._handlers: dict[int, Any] = {}
        self.stop_signal: int | None = None
        """The signal that asks the whole program to end; None while there was none."""

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._handlers = {signum: signal.signal(signum, self._take_signal) for signum in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._regions.unlink()
            for signum, handler in self._handlers.items():
                signal.signal(signum, handler)

    @property
    def names(self) -> tuple[str, ...]:
        """All workers, running or not."""
        return tuple(self._children)

    def start(self) -> None:
        """Starts all workers that start by themselves, in their order, at most one a core at a time.

        So the first of them is ready first; `poll` starts the rest as others are done.
        """
        self._queue = [child for child in self._children.values() if child.spec.autostart]
        self._start_queued()

    def start_worker(self, name: str, pinned: Mapping[str, Any] | None = None) -> None:
        """Starts one worker and keeps it running, once a process that is stopping has ended.

        It has the `pinned` settings whatever everybody else is told, also after a restart.
        """
        child = self._children[name]
        child.pinned = dict(pinned or {})
        child.start(self._values.snapshot())

    def pin(self, name: str, pinned: Mapping[str, Any]) -> None:
        """What a worker that is started with the others has pinned."""
        self._children[name].pinned = dict(pinned)

    def restart_worker(self, name: str) -> None:
        """Ends the process of a worker that should run and starts another; KeyError for an unknown name."""
        self._children[name].restart()

    def stop_worker(self, name: str) -> None:
        """Asks one worker to stop; later polls see to it."""
        self._queue = [child for child in self._queue if child.spec.name != name]
        self._children[name].ask_to_stop()

    def is_running(self, name: str) -> bool:
        """Whether the worker has a process."""
        return self._children[name].is_running

    def look_at(self, name: str) -> tuple[str, str, dict[str, Any]]:
        """State, sentence and health of one worker, without measuring its process."""
        child = self._children[name]
        return child.state, child.sentence, child.health

    def send_settings(self, changed: Mapping[str, Any], mends: bool = True) -> None:
        """Tells all workers of changed values; a worker that does not read gets the newest later.

        One that failed is started again soon, since this may have mended it, unless `mends` is false.
        """
        for child in self._children.values():
            child.send({"type": "settings", "values": dict(changed)})
            if mends and not child.pinned:  # what is pinned is not mended by what others are told
                child.retry_soon()

    def send_command(self, name: str, command: Mapping[str, Any]) -> None:
        """Sends a command to one worker; lost if it does not run."""
        self._children[name].send({"type": "command", "command": dict(command)})

    def poll(self, timeout_s: float = 0.1) -> None:
        """Waits for something to happen, at most `timeout_s`, and does what is due. To be called for ever."""
        timeout_s = min([timeout_s, *(child.due_in_s() for child in self._children.values())])
        objects = [thing for child in self._children.values() for thing in child.waits_for()]
        if objects:
            connection.wait(objects, timeout_s)
        elif timeout_s > 0:
            threading.Event().wait(timeout_s)
        now_ns = clock.now_ns()
        if now_ns - self._polled_ns > SLEPT_S * clock.NS_PER_S:
            self._excused_ns = now_ns
        self._polled_ns = now_ns
        for name, child in self._children.items():
            for command in child.poll(self._values.snapshot, self._excused_ns):
                self._obey(name, command)
        self._start_queued()

    def stop(self) -> None:
        """Stops all workers, group after group; who takes longer than its limit is killed."""
        self._queue.clear()
        groups = sorted({child.spec.stop_group for child in self._children.values()})
        try:
            for group in groups:
                children = [c for c in self._children.values() if c.spec.stop_group == group]
                for child in children:
                    child.ask_to_stop()
                while any(child.is_running for child in children):
                    self.poll(0.05)
        finally:
            for child in self._children.values():
                child.kill()

    def status(self) -> dict[str, dict[str, Any]]:
        """By worker: pid, state, sentence, restarts, hangs, settings, rss_mb, cpu_percent, health …"""
        return {name: child.status() for name, child in self._children.items()}

    def _start_queued(self) -> None:
        while self._queue:
            n_starting = sum(child.state == "starting" for child in self._children.values())
            waited_s = clock.seconds(clock.now_ns() - self._begun_ns)
            if n_starting >= N_AT_ONCE and waited_s < LONG_START_S:
                return
            self._begun_ns = clock.now_ns()
            self._queue.pop(0).start(self._values.snapshot())

    def _obey(self, name: str, command: dict[str, Any]) -> None:
        if self._on_command is None:
            return
        try:
            self._on_command(name, command)
        except UserError as error:
            _log.warning("%s: %s", name, error)
        except Exception as error:  # a worker's message never ends the parent
            self._throttle.error(f"a command of {name}", error)

    def _take_signal(self, signum: int, frame: FrameType | None) -> None:
        if self.stop_signal is not None and signum == signal.SIGINT:
            raise KeyboardInterrupt  # the second Ctrl-C does not wait
        self.stop_signal = signum
