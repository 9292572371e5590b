"""The real program played by another one over OSC: the window goes dark, values move, floods pass by."""

from __future__ import annotations

import json
import os
import random
import socket
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pythonosc.osc_message_builder import build_msg

from tests.control.osc_desk import free_port
from tests.osc_surface import Surface
from tests.show import Show
from tests.virtual import VirtualScreen

pytestmark = pytest.mark.timeout(240)

WIDTH, HEIGHT = 640, 360
DARK, LIT = 4.0, 8.0
"""Mean brightness of the window, of 255."""


def _brightness(screen: VirtualScreen, file: Path) -> float:
    with Image.open(screen.shoot(file)) as shot:
        return float(np.asarray(shot.convert("L"))[:HEIGHT, :WIDTH].mean())


def _wait_for_light(screen: VirtualScreen, file: Path, lit: bool) -> None:
    deadline = time.monotonic() + 15
    while (_brightness(screen, file) > LIT) != lit or (not lit and _brightness(screen, file) > DARK):
        assert time.monotonic() < deadline, f"the window does not get {'light' if lit else 'dark'}"
        time.sleep(0.2)


def test_another_program_plays_the_show(screen: VirtualScreen, surface: Surface, tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    query_port = free_port(socket.SOCK_STREAM)
    settings = {
        "control.osc_port": surface.port,
        "control.osc_out": "on",
        "control.osc_out_port": surface.socket.getsockname()[1],
        "control.oscquery_port": query_port,
        "display.width": WIDTH,
        "display.height": HEIGHT,
    }
    options = [text for id, value in settings.items() for text in ("--set", f"{id}={value}")]
    with Show(tmp_path, os.environ | screen.env, "--input", "demo", *options) as show:
        show.wait_for_images()
        surface.wait_for("features/level", lambda told: told[0] > 0.2)
        surface.wait_for("heard/words", len, 30)
        surface.wait_for("state/mode", lambda told: told == ["traumer"])
        surface.wait_for("state/fps", lambda told: told[0] > 1)
        _wait_for_light(screen, shot, lit=True)

        surface.send("traumer/truncation", 0.5)
        surface.wait_for("traumer/truncation/raw", lambda told: told == [0.75])
        surface.send("output/blackout", 1.0)
        _wait_for_light(screen, shot, lit=False)
        surface.wait_for("output/blackout", lambda told: told == [1.0])
        surface.send("do/panic")
        _wait_for_light(screen, shot, lit=True)
        surface.wait_for("output/blackout", lambda told: told == [0.0])

        url = f"http://127.0.0.1:{query_port}/klangbild/traumer/truncation/raw?VALUE"
        with urllib.request.urlopen(url, timeout=10) as response:
            assert json.load(response) == {"VALUE": [0.75]}

        _flood(surface, show)
        _kill(surface, show)
        restarts = show.lines[-1]["restarts"]
        assert restarts == {**dict.fromkeys(restarts, 0), "control": 1}
        assert show.end() == 0
        assert "Traceback" not in show.log


def _flood(surface: Surface, show: Show) -> None:
    """Some seconds of messages as fast as they go, most of them noise; afterwards all is as it was."""
    before, chance = show.lines[-1], random.Random(7)
    noise = [chance.randbytes(chance.randint(0, 900)) for _ in range(500)]
    noise += [b"/klangbild/" + data for data in noise[:200]]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        for _ in range(80):
            for _ in range(250):
                other.sendto(chance.choice(noise), ("127.0.0.1", surface.port))
                message = build_msg("/klangbild/effects/hue", [chance.random()])
                other.sendto(message.dgram, ("127.0.0.1", surface.port))
            time.sleep(0.05)
    surface.send("effects/hue/raw", 12.5)
    surface.wait_for("effects/hue/raw", lambda told: told == [12.5])
    counts = show.wait_until(lambda s: s["time_s"] > before["time_s"] + 3, 20, "status after the flood")
    counts = counts["workers"]["control"]["health"]["osc"]["counts"]
    assert counts["malformed"] > 0 and counts["superseded"] > 0
    after = show.lines[-1]
    assert after["n_shown"] > before["n_shown"] and after["n_images"] > before["n_images"]
    assert after["restarts"] == before["restarts"]
    show.wait_until(
        lambda s: s["workers"]["control"]["state"] == "running" and not s["workers"]["control"]["sentence"],
        5,
        "control as before",
    )


def _kill(surface: Surface, show: Show) -> None:
    """Ends the process; the picture goes on, and a new one listens and sends again."""
    show.kill("control")
    before = show.lines[-1]
    back = show.wait_until(lambda s: s["restarts"]["control"] == 1, 10, "control again")
    assert back["n_shown"] > before["n_shown"]
    deadline = time.monotonic() + 20
    while surface.told["effects/bloom/raw"] != [1.0]:
        assert time.monotonic() < deadline, "nobody listens after the restart"
        surface.send("effects/bloom/raw", 1.0)
        time.sleep(0.5)
    n_before = surface.n_datagrams
    time.sleep(1.0)
    assert surface.n_datagrams > n_before + 5
