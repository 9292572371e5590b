"""The panel as a process: real clicks on a virtual screen, its end, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("PyQt6.QtWidgets", reason="the panel needs PyQt6", exc_type=ImportError)

from tests.virtual import Unavailable, VirtualLineIn, VirtualScreen
from visualizer.ipc.regions import Regions
from visualizer.ipc.spec import WorkerSpec
from visualizer.ipc.supervisor import Supervisor
from visualizer.parameters import ParameterState

pytestmark = [pytest.mark.timeout(180)]
ROOT = Path(__file__).resolve().parents[2]
SIZE = (1360, 880)
SPEC = WorkerSpec("panel", "visualizer.panel.panel:Panel", threads=1, restart="never")


class Parent:
    """The parent of a panel and of nothing else."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []
        self.values = ParameterState()
        regions = Regions.create(audio_s=1)
        self.supervisor = Supervisor([SPEC], regions, self.values, self._obey)
        self.supervisor.start()

    def _obey(self, name: str, command: dict[str, Any]) -> None:
        self.commands.append(command)
        for id, value in command.get("set", {}).items():
            self.supervisor.send_settings(self.values.set(id, value, "panel"))

    @property
    def status(self) -> Mapping[str, Any]:
        return self.supervisor.status()["panel"]

    def wait(self, holds: Callable[[], object], limit_s: float = 60.0) -> None:
        """Polls until something holds."""
        deadline = time.monotonic() + limit_s
        while not holds():
            assert time.monotonic() < deadline, (self.status, self.commands)
            self.supervisor.poll(0.05)


@pytest.fixture
def managed() -> Iterator[VirtualScreen]:
    """A screen with a window manager."""
    try:
        with VirtualScreen(window_manager=True) as made, made.applied():
            yield made
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def parent(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Parent]:
    """A running panel, on the screen that the test has asked for, or on the common one."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # what it remembers ends with the test
    if "managed" not in request.fixturenames:
        request.getfixturevalue("screen")
    made = Parent()
    with made.supervisor:
        yield made


@pytest.fixture(scope="module")
def places() -> dict[str, list[int]]:
    """Where to click, as an invisible twin of the window has it."""
    command = [sys.executable, "-m", "tests.panel.panel_walk", "places", f"{SIZE[0]}x{SIZE[1]}"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=100, check=True)
    return json.loads(run.stdout)


class Hand:
    """A mouse on the virtual screen."""

    def __init__(self, parent: Parent, places: dict[str, list[int]]) -> None:
        self._places = places
        self.window = ""

        def found() -> bool:
            listed = _xdotool("search", "--onlyvisible", "--name", "Klangbild panel", check=False)
            self.window = listed.splitlines()[-1] if listed else ""
            return bool(self.window)

        parent.wait(found)
        parent.wait(lambda: parent.status["state"] == "running")

    def click(self, name: str) -> None:
        """Presses what has that name."""
        x, y = (str(round(part)) for part in self._places[name])
        _xdotool("mousemove", "--window", self.window, x, y, "click", "1")


def _xdotool(*arguments: str, check: bool = True) -> str:
    run = subprocess.run(["xdotool", *arguments], capture_output=True, text=True, check=check, timeout=20)
    return run.stdout.strip()


@pytest.mark.skipif(shutil.which("xdotool") is None, reason="not installed: xdotool")
def test_real_clicks_reach_the_show(parent: Parent, places: dict[str, list[int]]) -> None:
    hand = Hand(parent, places)
    hand.click("blackout")
    parent.wait(lambda: parent.values["output.blackout"] is True)
    hand.click("blackout")
    parent.wait(lambda: parent.values["output.blackout"] is False)
    hand.click("page models")
    for mode in ("era", "traumer", "era"):
        hand.click(f"mode {mode}")
        parent.wait(lambda mode=mode: parent.values["show.mode"] == mode)
    hand.click("page effects")
    parent.wait(lambda: hand.click("effects.hue") or parent.values["effects.hue"] != 0.0)
    hand.click("panic")
    parent.wait(lambda: {"do": "panic"} in parent.commands)
    sets = [command for command in parent.commands if "set" in command]
    assert len(sets) <= 8  # no echo comes back as a command


@pytest.mark.skipif(shutil.which("xdotool") is None, reason="not installed: xdotool")
def test_it_is_killed_opened_again_and_closed(
    managed: VirtualScreen, parent: Parent, places: dict[str, list[int]]
) -> None:
    first = Hand(parent, places).window
    pid = parent.status["pid"]
    os.kill(pid, signal.SIGKILL)
    parent.wait(lambda: parent.status["state"] == "finished")
    parent.supervisor.start_worker("panel")
    hand = Hand(parent, places)
    assert parent.status["pid"] != pid and hand.window
    parent.supervisor.send_command("panel", {"do": "raise"})
    _xdotool("windowactivate", "--sync", hand.window, "key", "alt+F4")
    parent.wait(lambda: parent.status["state"] == "finished")
    assert first and parent.status["last_end"] == "it ended with exit code 0"


def test_a_killed_panel_leaves_no_listener_behind(line_in: VirtualLineIn, parent: Parent) -> None:
    def listeners() -> list[psutil.Process]:
        pid = parent.status["pid"]
        children = psutil.Process(pid).children(recursive=True) if pid else []
        return [child for child in children if any("audio.meter" in word for word in child.cmdline())]

    parent.wait(lambda: any("--list" not in child.cmdline() for child in listeners()))
    left = listeners()
    os.kill(parent.status["pid"], signal.SIGKILL)
    _, alive = psutil.wait_procs(left, timeout=15)
    assert alive == []


def test_without_the_libraries_of_qt_it_says_so(
    screen: VirtualScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "nosuch")
    parent = Parent()
    with parent.supervisor:
        parent.wait(lambda: parent.status["state"] == "finished")
        assert "docs/install.md" in parent.status["sentence"] and "nosuch" in parent.status["sentence"]


def test_without_pyqt_it_says_so(
    screen: VirtualScreen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "PyQt6"
    broken.mkdir()
    (broken / "__init__.py").write_text("")
    (broken / "QtCore.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)  # a spawned process gets its parent's path
    parent = Parent()
    with parent.supervisor:
        parent.wait(lambda: parent.status["state"] == "finished")
        assert "libGL.so.1" in parent.status["sentence"]
