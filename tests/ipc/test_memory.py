"""Shared memory goes with its maker, and with nobody else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from visualizer.ipc import memory
from visualizer.ipc.memory import Memory
from visualizer.ipc.regions import WORKERS, Regions
from visualizer.types import UserError

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="lists /dev/shm")
ROOT = Path(__file__).resolve().parents[2]


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)


def test_all_regions_are_made_shared_and_removed() -> None:
    regions = Regions.create()
    try:
        assert all(len(name) <= memory.MAX_NAME for name in regions.names())
        assert len("kb4194304-0123-h-" + max(WORKERS, key=len)) <= memory.MAX_NAME
        other = Regions.attach(regions.prefix)
        other.health["deck_b"].write({"fps": 3})
        assert regions.health["deck_b"].read() == {"fps": 3}
        assert other.frames("b").name == other.frames_b.name != other.frames("a").name
        other.close()
    finally:
        regions.unlink()
    regions.unlink()
    assert not memory.leftovers(regions.prefix)
    with pytest.raises(FileNotFoundError):
        _ = Regions.attach(regions.prefix).audio


def test_a_name_too_long_for_macos_is_refused_everywhere() -> None:
    with pytest.raises(ValueError, match="longer than 30"):
        Memory("k" * 31, 64)


def test_a_stranger_who_only_looked_removes_nothing(prefix: str) -> None:
    """Before 3.13 the tracker of any process that attached used to unlink at that process's end."""
    made = Memory(prefix + "kept", 64)
    made.view[0] = 7
    done = run_python(
        f"from visualizer.ipc.memory import Memory; m = Memory({made.name!r}); print(m.view[0])"
    )
    assert (done.stdout, done.stderr) == ("7\n", "")
    again = Memory(made.name)
    assert again.view[0] == 7
    again.close()
    made.unlink()
    made.close()


@on_linux
def test_too_little_room_is_told_before_it_kills() -> None:
    with pytest.raises(UserError, match="--shm-size"):
        memory.require(10**18)


@on_linux
def test_a_maker_that_forgets_leaves_nothing() -> None:
    done = run_python("from visualizer.ipc.regions import Regions; r = Regions.create(); print(r.prefix)")
    assert done.stderr == ""
    assert not memory.leftovers(done.stdout.strip())


@on_linux
def test_what_dead_makers_left_is_swept_and_what_the_living_made_is_not(prefix: str) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    stale = Path("/dev/shm") / f"kb{dead.pid}-0123-audio"
    stale.write_bytes(b"stale")
    living = Memory(prefix + "living", 64)
    assert stale.name in memory.sweep()
    assert not stale.exists()
    assert memory.leftovers(prefix) == [living.name]
    living.unlink()
    living.close()
