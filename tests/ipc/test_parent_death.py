"""A dead parent takes its children and its shared memory with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from visualizer.ipc import memory

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="lists /dev/shm, sends signals")

HERE = Path(__file__).resolve().parent
LIMIT_S = 30.0


def begin(*targets: str) -> tuple[subprocess.Popen[str], str, list[int]]:
    """A running parent, the prefix of its memory, and its children's pids."""
    arguments = [f"ipc_workers:{target}" for target in targets]
    parent = subprocess.Popen(
        [sys.executable, str(HERE / "ipc_parent.py"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE)])},
    )
    assert parent.stdout is not None
    said = json.loads(parent.stdout.readline())
    assert memory.leftovers(said["prefix"])
    return parent, said["prefix"], said["pids"]


def wait_until_gone(pids: list[int], prefix: str) -> None:
    until_s = time.perf_counter() + LIMIT_S
    while any(psutil.pid_exists(pid) for pid in pids) or memory.leftovers(prefix):
        assert time.perf_counter() < until_s, (pids, memory.leftovers(prefix))
        time.sleep(0.02)


@pytest.mark.parametrize("targets", [("Counting", "Counting"), ("Hung", "HungInLock")])
def test_after_kill_9_of_the_parent_nothing_is_left(targets: tuple[str, ...]) -> None:
    parent, prefix, pids = begin(*targets)
    parent.kill()
    wait_until_gone(pids, prefix)
    _, written = parent.communicate(timeout=LIMIT_S)
    assert "resource_tracker" not in written
    assert "Traceback" not in written


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_parent_and_children_cleanly(signum: signal.Signals) -> None:
    parent, prefix, pids = begin("Counting")
    os.kill(parent.pid, signum)
    _, written = parent.communicate(timeout=LIMIT_S)
    assert parent.returncode == 0
    assert written == ""
    wait_until_gone(pids, prefix)
