"""`klangbild live`: the window's process begins at once, while this one still reads what it needs itself."""

from __future__ import annotations

from collections.abc import Sequence

from visualizer.ipc.process import Process
from visualizer.ipc.spec import WORKERS, WorkerSpec, make_prefix

DISPLAY = WorkerSpec("display", "visualizer.display.display:Display", standby=True, stop_group=1)
"""The first process: what it shows is what everybody waits for."""


def main(arguments: Sequence[str]) -> int:
    """Runs the show; the exit code. See `visualizer.live`."""
    if any(argument in ("-h", "--help") for argument in arguments):
        from visualizer import live

        return live.main(arguments)
    prefix = make_prefix()
    begun = Process(DISPLAY, prefix, WORKERS)
    try:
        from visualizer import live

        return live.main(arguments, prefix, {DISPLAY.name: begun})
    finally:
        begun.kill()  # of no effect on one that has ended, or whose supervisor has killed it
