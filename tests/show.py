"""A running show for tests and scripts: the real program, watched through its status file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from visualizer.ipc import memory

ROOT = Path(__file__).resolve().parent.parent
PANEL_PX = (1360, 880)


class Show:
    """`klangbild live` with a status file. As a context manager it ends the show."""

    def __init__(
        self, folder: Path, environment: dict[str, str], *arguments: str, panel: bool = False
    ) -> None:
        self.status_file = folder / "status.jsonl"
        self.log_file = folder / "show.log"
        self._environment = environment
        home = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_CACHE_HOME": str(folder / "cache")}
        command = [
            sys.executable,
            str(ROOT / "run.py"),
            "live",
            *([] if panel else ["--no-panel"]),
            "--status",
            str(self.status_file),
        ]
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *arguments], env=environment | home, stdout=log, stderr=log, cwd=ROOT
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All whole status lines so far."""
        if not self.status_file.exists():
            return []
        text = self.status_file.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    @property
    def log(self) -> str:
        """What the show printed."""
        return self.log_file.read_text(errors="replace")

    def wait_until(
        self, holds: Callable[[dict[str, Any]], bool], limit_s: float, what: str
    ) -> dict[str, Any]:
        """The first new status line for which `holds`; AssertionError with the log after the limit."""
        n_seen, deadline = len(self.lines), time.monotonic() + limit_s
        while time.monotonic() < deadline:
            lines = self.lines
            for line in lines[max(0, n_seen - 1) :]:
                if holds(line):
                    return line
            n_seen = len(lines)
            assert self.process.poll() is None, f"the show ended while waiting for {what}:\n{self.log}"
            time.sleep(0.1)
        raise AssertionError(f"no {what} within {limit_s} s; last status {self.lines[-1:]}\n{self.log}")

    def wait_for_images(self, limit_s: float = 60.0) -> dict[str, Any]:
        """Until the networks paint and the window shows."""
        return self.wait_until(
            lambda s: s["n_images"] > 5 and s["n_shown"] > 5, limit_s, "images in the window"
        )

    def press(self, *keys: str) -> None:
        """Real keys into the window, as xdotool spells them."""
        window = ["search", "--sync", "--onlyvisible", "--name", "^Klangbild$", "windowfocus"]
        subprocess.run(["xdotool", *window, "key", *keys], check=True, timeout=20, env=self._environment)

    def place_panel(self, width_px: int, height_px: int) -> None:
        """The panel in the lower right of a screen of 1920×1080, and above the show."""
        x_px, y_px = 1920 - width_px, 1080 - height_px
        self._do_panel("windowsize", "--sync", str(width_px), str(height_px))
        self._do_panel("windowmove", str(x_px), str(y_px))
        self._do_panel("windowraise")

    def click_panel(self, place_px: Sequence[int]) -> None:
        """A real click at a place of the panel's window."""
        self._do_panel("mousemove", "--window", "%1", str(place_px[0]), str(place_px[1]))
        subprocess.run(["xdotool", "click", "1"], check=True, timeout=20, env=self._environment)

    def key_panel(self, *keys: str) -> None:
        """Real keys into the panel, as xdotool spells them."""
        self._do_panel("windowfocus", "--sync", "key", *keys)

    def _do_panel(self, *deed: str) -> None:
        search = ["xdotool", "search", "--sync", "--onlyvisible", "--name", "^Klangbild panel$"]
        subprocess.run([*search, *deed], check=True, timeout=20, env=self._environment)

    def wait_for_switch(self, on_air: str, limit_s: float = 30.0) -> dict[str, Any]:
        """Until that deck is on air alone."""
        return self.wait_until(
            lambda s: s["decks"]["on_air"] == on_air and s["decks"]["stage"] == "idle",
            limit_s,
            f"deck {on_air} on air",
        )

    def pid(self, worker: str) -> int:
        """The process of a worker, by the newest status line."""
        return int(self.lines[-1]["workers"][worker]["pid"])

    def kill(self, worker: str) -> int:
        """kill -9; gives the pid that was killed."""
        pid = self.pid(worker)
        os.kill(pid, signal.SIGKILL)
        return pid

    def end(self) -> int:
        """Ends the show as Ctrl-C does; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


def open_panel(show: Show) -> dict[str, list[int]]:
    """Opens the panel with its key, on the page of the modes; gives where its buttons are in its window."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.panel.panel_walk", "places", "{}x{}".format(*PANEL_PX)],
        capture_output=True,
        check=True,
        timeout=60,
        cwd=ROOT,
    )
    places: dict[str, list[int]] = json.loads(told.stdout)
    show.press("d")
    show.wait_until(lambda s: s["workers"]["panel"]["state"] == "running", 30.0, "the panel")
    show.place_panel(*PANEL_PX)
    show.click_panel(places["page models"])
    return places


def shared_memory_of(pid: int) -> list[str]:
    """The regions that are left of the show whose parent had this pid."""
    return memory.leftovers(f"kb{pid}-")
