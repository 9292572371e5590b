"""Where a spawned interpreter begins; the parent names it without importing what runs behind it."""

from __future__ import annotations

import socket


def run_child(spec_json: str, prefix: str, workers: list[str], end: socket.socket) -> None:
    """The entry of a worker process; never returns."""
    from visualizer.ipc import loop

    loop.run_child(spec_json, prefix, workers, end)
