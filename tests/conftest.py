"""Shared fixtures: the root is importable as `tests.…`; the virtual line-in and screen are at hand."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.osc_surface import surface
from tests.virtual_line_in import line_in, line_in_server
from tests.virtual_midi import midi_server
from tests.virtual_screen import screen, screen_server

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a shell: programs under test would inherit deafness to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

__all__ = ["line_in", "line_in_server", "midi_server", "screen", "screen_server", "surface"]
