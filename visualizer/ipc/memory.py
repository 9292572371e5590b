"""Named shared memory that only its maker unlinks, whichever process looks at it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

from visualizer.types import UserError

MAX_NAME = 30
"""macOS refuses longer names."""

_OURS = re.compile(r"kb\d+-[0-9a-f]{4}-")
_SHM_DIR = Path("/dev/shm")
_tracker_lock = threading.Lock()


class Memory(SharedMemory):
    """Shared memory; the maker registers it for clean-up, an attacher does not.

    Before Python 3.13 attaching registers too, and the tracker of a process that only looked would
    unlink the memory under everybody else. Children share their parent's tracker, so an attacher may
    not simply unregister either: that would drop the maker's entry.
    """

    def __init__(self, name: str, size: int | None = None) -> None:
        """Makes `name` with `size` bytes, zeroed, or attaches to it when no size is given.

        Raises FileExistsError or FileNotFoundError, and ValueError for a name above 30 characters.
        """
        if len(name) > MAX_NAME:
            raise ValueError(f"the shared memory name {name!r} is longer than {MAX_NAME} characters")
        self._is_maker = size is not None
        if size is not None:
            super().__init__(name, create=True, size=size)
        elif sys.version_info >= (3, 13):
            super().__init__(name, track=False)
        else:
            with _untracked():
                super().__init__(name)

    def __del__(self) -> None:
        # A view that outlives its owner at interpreter exit is no reason for a message.
        with contextlib.suppress(BufferError):
            super().__del__()

    @property
    def view(self) -> memoryview:
        """All its bytes."""
        assert self.buf is not None, "closed"
        return self.buf

    def unlink(self) -> None:
        """Removes the name; the memory goes with its last user. Harmless when it is gone already.

        For the maker, or a process that shares the maker's tracker.
        """
        with contextlib.suppress(FileNotFoundError):
            super().unlink()
            if sys.version_info >= (3, 13) and os.name == "posix" and not self._is_maker:
                resource_tracker.unregister("/" + self.name, "shared_memory")  # the maker's entry


def sweep() -> list[str]:
    """Removes what dead makers left and gives the names; only where memory can be listed (Linux).

    Elsewhere the resource tracker and the last handle clean up.
    """
    names = [name for name in leftovers() if not _is_alive(int(name[2 : name.index("-")]))]
    for name in names:
        (_SHM_DIR / name).unlink(missing_ok=True)  # not our tracker's entry: no `Memory.unlink` here
    return names


def require(n_bytes: int) -> None:
    """UserError where there is not so much shared memory left: writing to it would kill the process."""
    if not _SHM_DIR.is_dir():
        return
    n_free = shutil.disk_usage(_SHM_DIR).free
    if n_free < n_bytes:
        raise UserError(
            f"{_SHM_DIR} has {n_free // 10**6} MB left and the show needs {n_bytes // 10**6} MB: "
            "free some of it, or start the container with --shm-size=256m."
        )


def leftovers(prefix: str = "kb") -> list[str]:
    """Names of our shared memory that begin with `prefix`; empty where names cannot be listed."""
    if not _SHM_DIR.is_dir():
        return []
    names = (entry.name for entry in _SHM_DIR.iterdir())
    return sorted(name for name in names if name.startswith(prefix) and _OURS.match(name))


def remove(names: Iterable[str]) -> None:
    """Unlinks what there is of these names; for their maker and its children, who share its tracker."""
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            memory = Memory(name)
            memory.unlink()
            memory.close()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def _untracked() -> Iterator[None]:
    """Attaching inside does not register with the tracker (what `track=False` does from 3.13 on)."""
    owner = threading.get_ident()
    with _tracker_lock:
        register = resource_tracker.register

        def keep_out(name: str, rtype: str) -> None:
            if threading.get_ident() != owner or rtype != "shared_memory":
                register(name, rtype)

        resource_tracker.register = keep_out  # type: ignore[assignment]
        try:
            yield
        finally:
            resource_tracker.register = register
