"""The parent's side of one worker process: starting, watching, killing and starting it again."""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Callable, Mapping
from typing import Any

import psutil

from visualizer import clock
from visualizer.ipc import loop
from visualizer.ipc.pipes import Message
from visualizer.ipc.process import Process
from visualizer.ipc.regions import Regions
from visualizer.ipc.spec import WorkerSpec

Snapshot = Callable[[], Mapping[str, Any]]

IMPORT_LIMIT_S = 30.0
"""How long a process may take to its first sign of life."""
HEALTHY_S = 10.0
"""After so long without an end the back-off begins anew."""
STANDBY_AFTER_S = 2.0
"""A spare process is made this long after the worker runs, out of the way of its start."""

_BACK_OFF_S = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 5.0)
_USER_ERROR_BACK_OFF_S = (5.0, 10.0, 20.0, 30.0)
_TELLING_EXITS = (loop.EXIT_FAILED, loop.EXIT_USER_ERROR)
_log = logging.getLogger("visualizer.supervisor")


class Child:
    """One worker of the supervisor, through all the processes that it may need. For one thread."""

    def __init__(self, spec: WorkerSpec, regions: Regions, spare: Process | None = None) -> None:
        """`spare` is a process that was started for it before."""
        self.spec = spec
        self.n_restarts = 0
        """Processes started after the first."""
        self.n_hangs = 0
        """Processes killed because they gave no sign of life."""
        self.is_wanted = False
        """Whether it should run."""
        self.pinned: dict[str, Any] = {}
        """Settings that it has whatever everybody else is told."""
        self._regions = regions
        self._slot = regions.health[spec.name]
        self._slot_counter = 0
        self._health: dict[str, Any] = {}
        self._running: Process | None = None
        self._spare = spare
        self._usage: psutil.Process | None = None
        self._n_failures = 0
        self._due_ns = 0
        self._kill_ns: int | None = None
        self._last_end = ""
        self._n_pipe_drops = 0
        self._is_user_error = self._is_finished = False

    @property
    def state(self) -> str:
        """off, starting, running, degraded, stopping, waiting (to start again), failed or finished."""
        if self._running is not None:
            return "stopping" if self._kill_ns is not None else str(self._health.get("state", "starting"))
        if self._is_finished:
            return "finished"
        if not self.is_wanted:
            return "off"
        return "failed" if self._is_user_error else "waiting"

    @property
    def is_running(self) -> bool:
        """Whether it has a process, whatever its state."""
        return self._running is not None

    @property
    def health(self) -> dict[str, Any]:
        """The figures it told last; empty while it does not run."""
        return dict(self._health.get("health", {})) if self._running is not None else {}

    @property
    def sentence(self) -> str:
        """What is wrong or under way, or how it ended."""
        return str(self._health.get("sentence", "")) or self._last_end

    @property
    def pid(self) -> int | None:
        """Of the present process."""
        return self._running.process.pid if self._running else None

    def start(self, settings: Mapping[str, Any]) -> None:
        """Starts it, and from now on keeps it running; nothing happens if it runs already."""
        self.is_wanted, self._is_finished = True, False
        self._n_failures = 0
        if self._running is None:
            self._begin(settings)

    def ask_to_stop(self) -> None:
        """Asks it to close; `poll` kills it after its limit."""
        self.is_wanted = False
        self._drop_spare()
        if self._running is None:
            self._forget()
        if self._running is None or self._kill_ns is not None:
            return
        self._kill_ns = clock.now_ns() + clock.nanoseconds(self.spec.stop_limit_s)
        self._running.pipe.send({"type": "stop"})
        if self._health.get("state", "starting") == "starting":
            with contextlib.suppress(ProcessLookupError):
                self._running.process.terminate()  # a setup is long and does not read its pipe

    def kill(self) -> None:
        """Ends it at once."""
        self.is_wanted = False
        self._drop_spare()
        if self._running is not None:
            self._running.kill()
            self._running = None
            self._kill_ns = None

    def restart(self) -> None:
        """Ends its process, hung or not, and starts another at once; nothing happens if it is not wanted."""
        if not self.is_wanted or self._kill_ns is not None:
            return
        self._n_failures, self._due_ns = 0, 0
        if self._running is not None:
            self._running.kill()
            self._ended(None, "it was restarted by hand")
            self._due_ns = 0

    def retry_soon(self) -> None:
        """Something changed that may have mended a failed worker: it need not wait any longer."""
        if self._is_user_error:
            self._due_ns = min(self._due_ns, clock.now_ns() + clock.NS_PER_S // 4)

    def send(self, message: Message) -> None:
        """Sends to the process, if there is one; never blocks."""
        if self._running is None:
            return
        if message["type"] == "settings":
            values = {id: v for id, v in message["values"].items() if id not in self.pinned}
            if values:
                self._running.pipe.send_settings(values)
        else:
            self._running.pipe.send(message)

    def waits_for(self) -> list[Any]:
        """What wakes the supervisor: the end of the process, and its messages."""
        if self._running is None:
            return []
        running = self._running
        return [running.process.sentinel] + ([] if running.pipe.is_closed else [running.pipe])

    def due_in_s(self) -> float:
        """When `poll` has something to do even if nothing happens, in seconds."""
        if self._running is None:
            wants = self.is_wanted and not self._is_finished
            return max(0.0, clock.seconds(self._due_ns - clock.now_ns())) if wants else 3600.0
        return 0.01 if self._running.pipe.is_waiting else 0.25

    def poll(self, snapshot: Snapshot, excused_ns: int) -> list[dict[str, Any]]:
        """Reads messages and health, finds ends and hangs, starts again when due; gives the commands.

        Silence before `excused_ns` is not held against it: the supervisor itself slept then.
        """
        commands: list[dict[str, Any]] = []
        running, now_ns = self._running, clock.now_ns()
        if running is not None:
            is_alive = running.is_alive  # asked first: what a process wrote before its end is read below
            messages = [m for m in running.pipe.receive() if m["type"] == "command"]
            commands = [m["command"] for m in messages if isinstance(m.get("command"), dict)]
            self._read_health()
            if not is_alive:
                self._ended(running.process.exitcode)
            elif self._kill_ns is None:
                self._watch(running, now_ns, excused_ns)
            elif now_ns > self._kill_ns:
                running.kill()
                self._ended(None)
        if (
            self._running is None
            and self.is_wanted
            and not self._is_finished
            and clock.now_ns() >= self._due_ns
        ):
            if self._n_failures:
                self.n_restarts += 1
            try:
                self._begin(snapshot())
            except OSError as error:  # no memory or no process to be had: the show goes on without, for now
                self._ended(None, f"it could not be started ({error.strerror or error})")
        return commands

    def status(self) -> dict[str, Any]:
        """pid, state, sentence, restarts, hangs, heartbeat age, memory, CPU and the worker's own figures."""
        beat_ns = self._health.get("beat_ns", 0) if self._running is not None else 0
        return {
            "pid": self.pid,
            "state": self.state,
            "sentence": self.sentence,
            "restarts": self.n_restarts,
            "hangs": self.n_hangs,
            "heartbeat_age_s": round(clock.seconds(clock.now_ns() - beat_ns), 3) if beat_ns else None,
            "last_end": self._last_end,
            "settings": self._health.get("settings"),
            "n_errors": self._health.get("n_errors", 0),
            "n_pipe_drops": self._n_pipe_drops + self._health.get("n_pipe_drops", 0),
            **self._measure(),
            "health": dict(self._health.get("health", {})),
        }

    def _begin(self, settings: Mapping[str, Any]) -> None:
        spare, self._spare = self._spare, None
        if spare is not None and not spare.is_alive:
            spare.kill()
            spare = None
        self._running = spare or self._make()
        self._health, self._kill_ns, self._is_user_error = {}, None, False
        self._running.begin({**settings, **self.pinned})

    def _make(self) -> Process:
        return Process(self.spec, self._regions.prefix, self._regions.workers)

    def _watch(self, running: Process, now_ns: int, excused_ns: int) -> None:
        seen_ns = max(running.started_ns, self._health.get("beat_ns", 0), excused_ns)
        silent_s = clock.seconds(now_ns - seen_ns)
        if silent_s > self._health.get("limit_s", IMPORT_LIMIT_S):
            self.n_hangs += 1
            running.kill()
            self._ended(None, f"it hung for {silent_s:.1f} s")
            return
        runs_s = clock.seconds(now_ns - running.started_ns)
        if self._health.get("state") in ("running", "degraded"):
            if runs_s > HEALTHY_S:
                self._n_failures, self._last_end = 0, ""
            if self.spec.standby and self._spare is None and runs_s > STANDBY_AFTER_S:
                with contextlib.suppress(OSError):  # tried again with the next poll
                    self._spare = self._make()

    def _ended(self, exit_code: int | None, why: str = "") -> None:
        """Notes the end of the process and when to start the next."""
        if self._running is not None:
            self._n_pipe_drops += self._running.pipe.n_dropped + self._running.pipe.n_malformed
            self._running.pipe.close()
        was_asked, self._kill_ns, self._running = self._kill_ns is not None, None, None
        if was_asked or not self.is_wanted:
            self._forget()
            return
        sentence = str(self._health.get("sentence", ""))
        self._is_user_error = exit_code == loop.EXIT_USER_ERROR
        self._is_finished = exit_code == loop.EXIT_FINISHED or self.spec.restart == "never"
        self._last_end = (
            sentence if exit_code in _TELLING_EXITS and sentence else why or _describe_end(exit_code)
        )
        if not (self._is_finished or self._is_user_error):  # the process itself has told the user's mistakes
            _log.warning("%s: %s; it is started again", self.spec.name, self._last_end)
        self._health = {}
        delays = _USER_ERROR_BACK_OFF_S if self._is_user_error else _BACK_OFF_S
        delay_s = delays[min(self._n_failures, len(delays) - 1)]
        self._n_failures += 1
        self._due_ns = clock.now_ns() + clock.nanoseconds(delay_s)

    def _forget(self) -> None:
        """It ended because it was asked to: nobody should take its last words for its state."""
        self._last_end, self._health, self._due_ns = "", {}, 0
        self._n_failures, self._is_user_error = 0, False
        self._slot.write({})

    def _read_health(self) -> None:
        newer = self._slot.read_newer(self._slot_counter)
        if newer is not None:
            self._slot_counter, health = newer
            if health.get("pid") == self.pid:  # not the last word of the process before
                self._health = health

    def _drop_spare(self) -> None:
        if self._spare is not None:
            self._spare.kill()
            self._spare = None

    def _measure(self) -> dict[str, float | None]:
        """Resident memory in MB and CPU in per cent of one core since the last call."""
        pid = self.pid
        try:
            if pid is None:
                self._usage = None
            elif self._usage is None or self._usage.pid != pid:
                self._usage = psutil.Process(pid)
            if self._usage is None:
                return {"rss_mb": None, "cpu_percent": None}
            rss_mb = self._usage.memory_info().rss / 1e6
            return {"rss_mb": round(rss_mb, 1), "cpu_percent": self._usage.cpu_percent()}
        except psutil.Error:
            self._usage = None
            return {"rss_mb": None, "cpu_percent": None}


def _describe_end(exit_code: int | None) -> str:
    if exit_code is None:
        return "it was killed"
    if exit_code < 0:
        known = {number.value: number.name for number in signal.Signals}
        return f"it was ended by {known.get(-exit_code, f'signal {-exit_code}')}"
    return f"it ended with exit code {exit_code}"
