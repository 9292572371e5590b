"""The child's side of a worker process: the loop around a `Worker`, its heartbeat and its end.

Threads: the main one runs everything; a watcher waits for the parent's death, and only ends the process.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from types import FrameType
from typing import Any

from visualizer import clock, parameters
from visualizer.ipc import memory
from visualizer.ipc.pipes import Message, Pipe
from visualizer.ipc.regions import Regions
from visualizer.ipc.spec import WorkerSpec
from visualizer.ipc.throttle import Throttle
from visualizer.ipc.worker import Worker, load
from visualizer.types import UserError

EXIT_FINISHED, EXIT_FAILED, EXIT_USER_ERROR, EXIT_TERMINATED = 0, 1, 2, 3

BEAT_S = 0.25
ORPHAN_GRACE_S = 3.0
"""How long a child may take to end after its parent died."""
ALARM_S = 5.0
"""So long after its hang limit the kernel ends a silent process, should no parent have done it."""
GIVE_UP_S = 10.0
"""After failing steps for so long a fresh process is the better try."""
_MAX_ERROR_WAIT_S = 1.0
_FOR_THE_PARENT = ("SIGINT", "SIGHUP", "SIGTSTP")
"""A terminal sends these to all of its processes; the parent answers, and asks us to stop where it must."""


class Loop:
    """Runs one worker until it is told to stop, finishes, or fails for too long."""

    def __init__(self, worker: Worker, pipe: Pipe, regions: Regions) -> None:
        self._worker = worker
        self._pipe = pipe
        self._slot = regions.health[worker.name]
        self._throttle = Throttle(worker.log)
        self._is_setting_up = False
        self._exit_code: int | None = None
        self._beat_ns = 0
        self._failing_since_ns = 0
        self._error_sentence = ""
        self._fingerprint: str | None = None
        self._n_steps = self._n_errors = self._n_errors_in_a_row = 0
        worker._on_beat = self._beat

    def run(self) -> int:
        """Sets the worker up, steps it, closes it; gives the exit code of the process."""
        worker = self._worker
        try:
            if self._set_up():
                while self._exit_code is None:
                    self._wait(self._step())
        finally:
            self._beat(worker.setup_limit_s)
            self._call("close", worker.close)
            self._beat(None)
            self._pipe.flush()
        return self._exit_code or EXIT_FINISHED

    def end(self, exit_code: int) -> None:
        """Ends the loop after the present step; from a signal handler or the watcher."""
        if self._exit_code is None:
            self._exit_code = exit_code

    def terminate(self, signum: int, frame: FrameType | None) -> None:
        """The handler of SIGTERM: a setup is cut short, a step is not."""
        self.end(EXIT_TERMINATED)
        if self._is_setting_up:
            self._is_setting_up = False
            raise SystemExit(EXIT_TERMINATED)

    def _set_up(self) -> bool:
        worker = self._worker
        self._beat(worker.setup_limit_s)
        self._is_setting_up = True
        try:
            worker.setup()
        except UserError as error:
            return self._fail(str(error), EXIT_USER_ERROR)
        except SystemExit:
            return False
        except Exception as error:
            self._throttle.error("setup", error)
            return self._fail(f"it could not start ({type(error).__name__}: {error})", EXIT_FAILED)
        finally:
            self._is_setting_up = False
        worker.state = "degraded" if worker.sentence else "running"
        self._beat(None)
        return True

    def _fail(self, sentence: str, exit_code: int) -> bool:
        self._worker.state = "failed"
        self._worker.report(sentence)
        self._worker.log.error("%s", sentence)
        self.end(exit_code)
        return False

    def _step(self) -> float:
        self._receive()
        if self._exit_code is not None:
            return 0.0
        try:
            wait_s = self._worker.step()
        except Exception as error:
            wait_s = self._error("step", error)
        else:
            self._n_steps += 1
            self._n_errors_in_a_row = 0
            if self._error_sentence and self._worker.sentence == self._error_sentence:
                self._worker.report("")
            self._error_sentence = ""
        if self._worker.is_finished:
            self.end(EXIT_FINISHED)
        if clock.now_ns() - self._beat_ns >= BEAT_S * clock.NS_PER_S:
            self._beat(None)
        return wait_s

    def _error(self, where: str, error: Exception) -> float:
        """Reports an error of the worker; the seconds until the next try."""
        self._n_errors += 1
        sentence = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        if not isinstance(error, UserError):
            self._throttle.error(where, error)
        self._worker.report(sentence)
        self._error_sentence = self._worker.sentence
        if where != "step":
            return 0.0
        if not self._n_errors_in_a_row:
            self._failing_since_ns = clock.now_ns()
        elif clock.now_ns() - self._failing_since_ns > GIVE_UP_S * clock.NS_PER_S:
            self._fail(sentence, EXIT_USER_ERROR if isinstance(error, UserError) else EXIT_FAILED)
        self._n_errors_in_a_row += 1
        return min(_MAX_ERROR_WAIT_S, 0.02 * 2 ** min(self._n_errors_in_a_row, 8))

    def _wait(self, wait_s: float) -> None:
        """Waits for the next step, handling what comes and beating meanwhile."""
        until_ns = clock.now_ns() + clock.nanoseconds(wait_s)
        while self._exit_code is None:
            now_ns = clock.now_ns()
            left_s = clock.seconds(until_ns - now_ns)
            if left_s <= 0:
                return
            beat_s = BEAT_S - clock.seconds(now_ns - self._beat_ns)
            if beat_s <= 0:
                self._beat(None)
                beat_s = BEAT_S
            if self._pipe.wait(min(left_s, beat_s)):
                self._receive()

    def _receive(self) -> None:
        for message in self._pipe.receive():
            self._handle(message)
        if self._pipe.is_closed:
            self.end(EXIT_TERMINATED)

    def _handle(self, message: Message) -> None:
        worker = self._worker
        match message:
            case {"type": "settings", "values": dict(values)}:
                changed = {id: v for id, v in values.items() if worker.settings.get(id) != v}
                worker.settings.update(changed)
                if changed:
                    self._fingerprint = None
                    self._call("on_settings", worker.on_settings, changed)
            case {"type": "command", "command": {"declare": "shaders"}}:
                self._call("on_declared", self._declare)
            case {"type": "command", "command": dict(command)}:
                self._call("on_command", worker.on_command, command)
            case {"type": "stop"}:
                self.end(EXIT_FINISHED)

    def _declare(self) -> None:
        """Reads the headers of shaders anew, as the parent has just done."""
        parameters.declare(*parameters.changes_of_shaders())
        self._fingerprint = None
        self._worker.on_declared()

    def _call(self, where: str, function: Any, *arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception as error:
            self._error(where, error)

    def _beat(self, limit_s: float | None) -> None:
        worker, pipe = self._worker, self._pipe
        self._beat_ns = clock.now_ns()
        usual_s = worker.setup_limit_s if worker.state == "starting" else worker.hang_limit_s
        limit_s = limit_s or usual_s
        if hasattr(
            signal, "setitimer"
        ):  # ends even what holds the interpreter's lock, so not a thread's work
            signal.setitimer(signal.ITIMER_REAL, limit_s + ALARM_S)
        self._fingerprint = self._fingerprint or parameters.fingerprint(worker.settings)
        state = {
            "pid": os.getpid(),
            "state": worker.state,
            "sentence": worker.sentence,
            "beat_ns": self._beat_ns,
            "limit_s": limit_s,
            "settings": self._fingerprint,
            "n_steps": self._n_steps,
            "n_errors": self._n_errors,
            "n_pipe_drops": pipe.n_dropped + pipe.n_malformed,
        }
        try:
            self._slot.write({**state, "health": worker.health})
        except (TypeError, ValueError) as error:
            self._throttle.error("health", error)
            self._slot.write({**state, "health": {}})


def run_child(spec_json: str, prefix: str, workers: list[str], end: socket.socket) -> None:
    """The entry of a worker process; imports the target, waits for `begin`, and never returns."""
    for name in _FOR_THE_PARENT:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if sys.stderr is not None:
        faulthandler.enable()
    spec = WorkerSpec(**json.loads(spec_json))
    if spec.niceness and hasattr(os, "nice"):
        os.nice(spec.niceness)  # before any thread begins: each has its own, and none can go back
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"{spec.name}: %(message)s")
    pipe = Pipe(end)
    regions = Regions.attach(prefix, workers)
    watcher = _Watcher(regions)
    exit_code = EXIT_FAILED
    try:
        exit_code = _run_worker(spec, pipe, regions, watcher)
    except Exception as error:
        Throttle(logging.getLogger(spec.name)).error("process", error)
    except SystemExit as error:
        exit_code = error.code if isinstance(error.code, int) else EXIT_FAILED
    if pipe.is_closed:
        watcher.remove_orphaned()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # a closed terminal, or none
            stream.flush()
    os._exit(exit_code)  # no library's exit handler may hang here: `close` has closed what there was


def _run_worker(spec: WorkerSpec, pipe: Pipe, regions: Regions, watcher: _Watcher) -> int:
    worker_class = load(spec)
    settings = _wait_for_begin(pipe)
    if settings is None:
        return EXIT_TERMINATED
    parameters.declare(*parameters.changes_of_shaders())  # a process in reserve may have waited for long

    def send(command: dict[str, Any]) -> None:
        pipe.send({"type": "command", "command": command})

    worker = worker_class(name=spec.name, settings=settings, regions=regions, options=spec.options, send=send)
    loop = Loop(worker, pipe, regions)
    watcher.loop = loop
    signal.signal(signal.SIGTERM, loop.terminate)
    return loop.run()


def _wait_for_begin(pipe: Pipe) -> dict[str, Any] | None:
    """The settings to begin with; None when the parent has no use for this process."""
    settings: dict[str, Any] | None = None
    while settings is None:
        pipe.wait(None)
        for message in pipe.receive():
            match message:
                case {"type": "begin", "settings": dict(values)}:
                    settings = values
                case {"type": "settings", "values": dict(values)} if settings is not None:
                    settings |= values
                case {"type": "stop"}:
                    return None
        if pipe.is_closed:
            return None
    return settings


class _Watcher:
    """Ends this process when its parent is gone, even while a step hangs."""

    def __init__(self, regions: Regions) -> None:
        self.loop: Loop | None = None
        self._regions = regions
        self._parent = multiprocessing.parent_process()
        threading.Thread(target=self._watch, name="parent watcher", daemon=True).start()

    def remove_orphaned(self) -> None:
        """Removes the shared memory if the parent, which should have, is gone."""
        if self._parent is None:
            return
        self._parent.join(0.2)
        if not self._parent.is_alive():
            memory.remove(self._regions.names())

    def _watch(self) -> None:
        if self._parent is None:
            return
        self._parent.join()
        if self.loop is not None:
            self.loop.end(EXIT_TERMINATED)
        time.sleep(ORPHAN_GRACE_S)
        self.remove_orphaned()
        os._exit(EXIT_TERMINATED)
