"""Forked writers that are killed at a chosen line, or at a random moment, of what they do."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any


def kill_at_line(code: CodeType, n_lines: int, work: Callable[[], object]) -> bool:
    """Runs `work` in a fork that is SIGKILLed after `n_lines` lines of `code`; False if it got through."""

    def run() -> None:
        left = n_lines

        def trace(frame: FrameType, event: str, arg: Any) -> Any:
            nonlocal left
            if frame.f_code is not code:
                return None
            if event == "line":
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        work()

    return _wait(_fork(run))


def kill_after(seconds: float, work: Callable[[], object]) -> None:
    """Runs `work` again and again in a fork and SIGKILLs it after so long."""

    def run() -> None:
        while True:
            work()

    pid = _fork(run)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    assert _wait(pid), "the writer was to be killed, not to end"


def _fork(run: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            run()
        finally:
            os._exit(0)
    return pid


def _wait(pid: int) -> bool:
    """Whether the process was killed."""
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)
