"""Blackout, freeze and panic while deck, capture and panel are dead: the real program, killed and played."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.control.osc_desk import free_port
from tests.osc_surface import Surface
from tests.show import Show
from tests.virtual import VirtualScreen

pytestmark = pytest.mark.timeout(240)

WIDTH, HEIGHT = 640, 360
DARK, LIT = 4.0, 8.0
"""Mean brightness of the window, of 255."""
DEAD = ("deck_a", "capture", "panel")


def wait_for_light(screen: VirtualScreen, file: Path, lit: bool) -> None:
    """Until the window is as it should be."""
    deadline = time.monotonic() + 15
    while True:
        with Image.open(screen.shoot(file)) as shot:
            mean = float(np.asarray(shot.convert("L"))[:HEIGHT, :WIDTH].mean())
        if mean > LIT if lit else mean < DARK:
            return
        assert time.monotonic() < deadline, (
            f"the window does not get {'light' if lit else 'dark'} ({mean:.1f})"
        )
        time.sleep(0.1)


def test_the_three_safeties_work_while_others_are_dead(
    screen: VirtualScreen, surface: Surface, tmp_path: Path
) -> None:
    shot = tmp_path / "shot.png"
    settings = {
        "control.osc_port": surface.port,
        "control.osc_out": "on",
        "control.osc_out_port": surface.socket.getsockname()[1],
        "control.oscquery_port": free_port(socket.SOCK_STREAM),
        "display.width": WIDTH,
        "display.height": HEIGHT,
        "output.blackout_s": 0.3,
        "show.panic_preset": "Old master",
        "show.morph_s": 5,
    }
    options = [text for id, value in settings.items() for text in ("--set", f"{id}={value}")]
    with Show(tmp_path, os.environ | screen.env, "--input", "demo", *options, panel=True) as show:
        show.wait_for_images()
        show.wait_until(lambda s: s["workers"]["panel"]["state"] == "running", 60, "the panel")
        surface.wait_for("output/blackout", lambda told: told == [0.0])

        for worker in DEAD:
            show.kill(worker)
        surface.send("do/blackout")
        wait_for_light(screen, shot, lit=False)
        surface.wait_for("output/blackout", lambda told: told == [1.0])

        show.wait_until(lambda s: s["restarts"]["deck_a"] and s["images_per_s"], 60, "images again")
        for worker in DEAD[:2]:  # the panel stays closed
            show.kill(worker)
        show.press("b", "space")
        wait_for_light(screen, shot, lit=True)
        surface.wait_for("output/freeze", lambda told: told == [1.0])
        surface.send("output/blackout", 1.0)
        wait_for_light(screen, shot, lit=False)
        show.press("BackSpace")
        wait_for_light(screen, shot, lit=True)
        surface.wait_for("output/freeze", lambda told: told == [0.0])
        surface.wait_for("state/preset", lambda told: told == ["Old master"])
        assert not show.lines[-1]["restarts"]["display"]
        assert show.end() == 0
        assert "Traceback" not in show.log
