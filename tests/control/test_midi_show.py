"""The real program played by a real MIDI controller: a knob, a key, lamps, a pulled plug, a clock."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.osc_surface import Surface
from tests.show import Show
from tests.virtual import VirtualScreen
from tests.virtual_midi import Controller, VirtualMidi

pytestmark = pytest.mark.timeout(240)

BPM = 128
KNOB, KEY = 7, 36
PORT = "Desk capture:knobs"
BINDINGS = [
    {"target": "effects.bloom", "port": PORT, "kind": "cc", "channel": 1, "number": KNOB},
    {"target": "output.freeze", "port": PORT, "kind": "note", "channel": 1, "number": KEY, "does": "toggle"},
]


def midi(status: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = status["workers"]["control"]["health"].get("midi", {})
    return told


def test_a_controller_plays_the_show(
    screen: VirtualScreen, midi_server: VirtualMidi, surface: Surface, tmp_path: Path
) -> None:
    file = tmp_path / "config" / "klangbild" / "midi.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"klangbild": "midi", "version": 1, "bindings": BINDINGS}))
    settings = {
        "control.osc_port": surface.port,
        "control.osc_out": "on",
        "control.osc_out_port": surface.socket.getsockname()[1],
        "control.oscquery_port": 0,
        "tempo.source": "midi",
    }
    options = [text for id, value in settings.items() for text in ("--set", f"{id}={value}")]
    desk = Controller(midi_server)
    assert desk.port == PORT
    with Show(tmp_path, os.environ | screen.env | midi_server.env, "--input", "demo", *options) as show:
        show.wait_for_images()
        show.wait_until(lambda s: midi(s).get("ports") == [PORT], 20, "open port")
        _play(desk, surface)
        _play_clock(desk, surface)

        desk.unplug()
        show.wait_until(lambda s: not midi(s)["ports"], 20, "closed port")
        surface.send("effects/bloom/raw", 0.25)
        surface.wait_for("effects/bloom/raw", lambda told: told == [0.25])
        desk = Controller(midi_server)
        show.wait_until(lambda s: midi(s)["ports"] == [PORT], 20, "the controller again")
        _play(desk, surface)
        desk.send(0xC0, 2)
        surface.wait_for("state/preset", lambda told: told[0])
        assert show.lines[-1]["restarts"] == dict.fromkeys(show.lines[-1]["restarts"], 0)
        assert show.end() == 0
        assert "Traceback" not in show.log
    desk.unplug()


def _play(desk: Controller, surface: Surface) -> None:
    """A knob moves a value, a key turns one over, and a value that others move goes to the knob's ring."""
    desk.turn(KNOB, 127)
    surface.wait_for("effects/bloom/raw", lambda told: told == [1.0])
    for stands in (1.0, 0.0):
        desk.send(0x90, KEY, 100)
        desk.send(0x80, KEY, 0)
        surface.wait_for("output/freeze", lambda told, stands=stands: told == [stands])
        time.sleep(0.3)  # the same hand does not press twice in less
    desk.heard()
    surface.send("effects/bloom/raw", 0.0)
    surface.wait_for("effects/bloom/raw", lambda told: told == [0.0])
    deadline, heard = time.monotonic() + 10, []
    while [0xB0, KNOB, 0] not in heard:
        assert time.monotonic() < deadline, f"the ring was told {heard}"
        heard += [list(data) for data in desk.heard()]
        time.sleep(0.05)


def _play_clock(desk: Controller, surface: Surface) -> None:
    """The tempo of the clock becomes the tempo of the show; a busy machine may be late with some ticks."""
    desk.send(0xFA)
    begin_s, told = time.monotonic(), 0.0
    for number in range(round(30 * BPM / 60 * 24)):
        time.sleep(max(0.0, begin_s + number * 60 / BPM / 24 - time.monotonic()))
        desk.send(0xF8)
        told = surface.told["features/tempo"][0]
        if number > 6 * BPM / 60 * 24 and told == pytest.approx(BPM, rel=0.02):
            return
    raise AssertionError(f"the show has {told} beats a minute, the clock {BPM}")
