"""GLFW is loaded without other interpreters being asked, and leaves no trace for other processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from visualizer.display.quick_glfw import shipped_library

pytestmark = pytest.mark.skipif(not shipped_library(), reason="GLFW is not of the wheel for Linux here")


def test_no_process_is_started_for_it() -> None:
    code = (
        "import os, subprocess\n"
        "def refuse(*_, **__): raise AssertionError('a process was started')\n"
        "subprocess.Popen = refuse\n"
        "from visualizer.display.quick_glfw import glfw\n"
        "print(glfw.get_version() >= (3, 3), os.environ.get('PYGLFW_LIBRARY'))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", "None"]


def test_the_session_chooses_the_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYGLFW_LIBRARY_VARIANT", raising=False)
    for session in ("x11", "wayland"):
        monkeypatch.setenv("XDG_SESSION_TYPE", session)
        assert Path(shipped_library()).parent.name == session
