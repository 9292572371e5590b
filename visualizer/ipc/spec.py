"""What the processes of the show are: their names, and how one is run; imports nothing heavy."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Literal

WORKERS = ("capture", "deck_a", "deck_b", "display", "output", "control", "panel")
"""The processes that have a health slot."""


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One process that the supervisor runs. Everything in it must be JSON."""

    name: str
    """One of the names that the regions were made with."""
    target: str
    """`package.module:Class`, a subclass of `Worker`; imported in the child only."""
    options: dict[str, Any] = field(default_factory=dict)
    """What the worker finds in `self.options`."""
    threads: int | None = None
    """How many threads BLAS and OpenMP may use; None leaves it to them."""
    niceness: int = 0
    """How far it gives way to the others where the cores do not do for all, 0 to 19: Unix's nice value."""
    restart: Literal["on_failure", "never"] = "on_failure"
    """`on_failure`: always but after `finish()`."""
    autostart: bool = True
    """Whether `Supervisor.start()` starts it; others wait for `start_worker`."""
    standby: bool = False
    """Keeps a second process that has imported the target and waits: a faster restart for its memory."""
    stop_group: int = 0
    """At the end, lower groups are stopped first: who reads the last frames comes after who makes them."""
    stop_limit_s: float = 2.0
    """How long it may take to close before it is killed."""


def make_prefix() -> str:
    """A fresh prefix for the regions of this process: its pid, so that leftovers can be told, and a token."""
    return f"kb{os.getpid()}-{os.urandom(2).hex()}-"
