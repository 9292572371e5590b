"""Shared fixtures: the root is importable as `tests.…`; the virtual line-in and screen are at hand."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.osc_surface import surface
from tests.virtual_line_in import line_in, line_in_server
from tests.virtual_midi import midi_server
from tests.virtual_screen import screen, screen_server

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a shell: programs under test would inherit deafness to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Software GL keeps what it has compiled: every show that is started would compile the same for seconds.
os.environ.setdefault("MESA_SHADER_CACHE_DIR", str(Path(tempfile.gettempdir()) / "klangbild-tests-shaders"))

__all__ = ["line_in", "line_in_server", "midi_server", "screen", "screen_server", "surface"]

_DEVICES = {"screen", "screen_server", "line_in", "line_in_server", "midi_server", "desk", "environment"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For runs in two processes: what needs virtual devices stays in one of them, one after the other; of
    everything else a file stays together, for what its tests share."""
    for item in items:
        needs_devices = not _DEVICES.isdisjoint(getattr(item, "fixturenames", ()))
        group = "devices" if needs_devices else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
