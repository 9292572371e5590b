"""Every parameter of a running show is moved by OSC, by a preset and by MIDI, and by the panel's own widgets.

After each walk the show is asked, over OSCQuery, what it holds: the state agrees with what was sent.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.control.osc_desk import free_port
from tests.osc_surface import Surface, held_values
from tests.show import Show
from tests.virtual import VirtualLineIn, VirtualScreen
from tests.virtual_midi import Controller, VirtualMidi
from visualizer import paths
from visualizer.audio.sources import demo_path
from visualizer.content.content import our_pictures
from visualizer.control.midi_map import is_target, usual_way
from visualizer.control.preset_files import KEPT
from visualizer.parameters import PARAMETERS, Parameter, Value

pytestmark = pytest.mark.timeout(300)

WIRES = ("control.", "link.", "midi.")
"""What the walk itself hangs on: these are not for other programs, or would cut the walk short."""
NOT_A_VALUE = {"output.still", "output.panic"}
"""A wish that is taken back when it is fulfilled, and a button."""
BEYOND = {"output.ndi_network"}
"""Leaves this machine, which no test does."""
ALONE = {"show.crossfader", "show.set_list", "show.panic_preset", "display.monitor", "display.fullscreen"}
"""Left out: they hold only while something is prepared, or exists, or is plugged in."""


def walked() -> list[Parameter]:
    """What is walked, in the order of the registry."""
    left_out = NOT_A_VALUE | ALONE | BEYOND
    return [p for p in PARAMETERS.values() if p.id not in left_out and not p.id.startswith(WIRES)]


def other(parameter: Parameter, share: float, folder: Path) -> Value:
    """A value that is not the declared one, near a place of its range."""
    if parameter.kind == "text":
        return _text(parameter, folder)
    if parameter.kind == "bool":
        return not parameter.default
    value = parameter.from_unit(share)
    if value != parameter.default:
        return value
    return parameter.from_unit(share + 0.5 if parameter.kind == "choice" else share + 0.1)


def _text(parameter: Parameter, folder: Path) -> str:
    picture = str(our_pictures()[1])
    texts = {
        "audio.input": "demo",
        "audio.channels": "2,1",
        "traumer.tagger": str(paths.MODELS / "tagger-house"),
        "traumer.map": str(paths.MODELS / "transfer-house"),
        "traumer.generator": str(paths.MODELS / "generator-paintings"),
        "era.mvnet": str(paths.MODELS / "mvnet-house"),
        "era.content": picture,
        "logo.file": picture,
        "wall.mask": picture,
        "text.colour": "gold",
        "text.file": str(folder / "words.txt"),
        "output.record": str(folder / "walk.mkv"),
        "output.folder": str(folder),
        "output.sequence": str(folder / "pictures"),
    }
    if parameter.id in texts:
        return texts[parameter.id]
    if parameter.id.endswith(".source"):
        return "bass"
    if parameter.id.endswith(".target"):
        return "effects.zoom"
    return picture if parameter.id.startswith("shader.") else "a word"


class Walk:
    """A running show, and what it says of its values."""

    def __init__(self, surface: Surface, query_port: int) -> None:
        self._surface, self._port = surface, query_port

    def send(self, id: str, value: Value) -> None:
        """As its own address takes it."""
        parameter = PARAMETERS[id]
        place: Any = value if parameter.kind == "text" else parameter.to_unit(value)
        if parameter.kind == "choice":
            place = parameter.choices.index(str(value))
        self._surface.send(parameter.osc.removeprefix("/klangbild/"), place)

    def agree(self, wanted: Mapping[str, Value], limit_s: float = 40.0) -> None:
        """Waits until the show holds these; AssertionError with those that differ."""
        deadline = time.monotonic() + limit_s
        while True:
            held = held_values(self._port)
            wrong = {
                id: (held.get(id), value) for id, value in wanted.items() if not _same(held.get(id), value)
            }
            if not wrong:
                return
            assert time.monotonic() < deadline, f"held and wanted differ: {wrong}"
            time.sleep(0.3)


def _same(held: object, wanted: Value) -> bool:
    is_number = not isinstance(wanted, (bool, str)) and isinstance(held, (int, float))
    if is_number:  # OSC has 24 bits for it
        return bool(held == pytest.approx(wanted, rel=1e-4, abs=1e-6))
    return held == wanted


def _knobs() -> dict[str, tuple[int, int]]:
    """A control change, channel and number, for each parameter that a knob can play."""
    ids = [p.id for p in walked() if is_target(p.id)]
    return {id: (1 + place // 120, place % 120) for place, id in enumerate(ids)}


def _write_files(folder: Path, knobs: Mapping[str, tuple[int, int]], preset: Mapping[str, Value]) -> None:
    home = folder / "config" / "klangbild"
    (home / "presets").mkdir(parents=True)
    bindings = [
        {
            "target": id,
            "port": "Desk capture:knobs",
            "kind": "cc",
            "channel": channel,
            "number": number,
            "does": "hold" if PARAMETERS[id].kind == "bool" else usual_way(id, is_button=False),
            "pickup": False,
        }
        for id, (channel, number) in knobs.items()
    ]
    (home / "midi.json").write_text(json.dumps({"klangbild": "midi", "version": 1, "bindings": bindings}))
    body = {"klangbild": "preset", "version": 1, "name": "Walk", "slot": 9, "values": preset}
    (home / "presets" / "walk.json").write_text(json.dumps(body))
    (folder / "words.txt").write_text("words")


def test_every_parameter_by_osc_preset_and_midi(
    screen: VirtualScreen, line_in: VirtualLineIn, midi_server: VirtualMidi, surface: Surface, tmp_path: Path
) -> None:
    knobs = _knobs()
    by_osc = {p.id: other(p, 0.3, tmp_path) for p in walked()}
    by_preset = {p.id: other(p, 0.15, tmp_path) for p in walked() if p.id in KEPT and p.kind != "bool"}
    by_preset |= {p.id: p.default for p in walked() if p.id in KEPT and p.kind == "bool"}
    by_preset |= {id: PARAMETERS[id].default for id in by_preset if PARAMETERS[id].in_next_deck}
    _write_files(tmp_path, knobs, by_preset)
    query_port = free_port(socket.SOCK_STREAM)
    settings = {
        "control.osc_port": surface.port,
        "control.oscquery_port": query_port,
        "show.morph_s": 0.0,
        "display.width": 320,
        "display.height": 180,
    }
    options = [text for id, value in settings.items() for text in ("--set", f"{id}={value}")]
    environment = os.environ | screen.env | line_in.env | midi_server.env
    desk = Controller(midi_server)
    player = line_in.play(demo_path())
    with Show(tmp_path, environment, "--input", "vin", *options) as show:
        show.wait_for_images()
        walk = Walk(surface, query_port)
        at_first = held_values(query_port)
        assert set(at_first) >= {p.id for p in walked()}
        for id, value in by_osc.items():
            walk.send(id, value)
            time.sleep(0.002)  # as a surface does; a flood is another test
        walk.agree(by_osc)

        for id in ("show.quantise", "show.lock", "show.morph_s", "show.hold_next"):
            walk.send(id, 0.0 if id == "show.morph_s" else PARAMETERS[id].default)
        surface.send("do/preset", 9)
        walk.agree({id: value for id, value in by_preset.items() if id != "show.morph_s"})

        _wait_for_ports(show)
        wanted = {}
        for id, (channel, number) in knobs.items():
            parameter = PARAMETERS[id]
            value = 100 if parameter.kind == "bool" else 25
            desk.turn(number, value, channel)
            wanted[id] = parameter.from_unit(value / 127)
            time.sleep(0.002)
        walk.agree(wanted)
        assert show.process.poll() is None and "Traceback" not in show.log
        assert show.end() == 0
    desk.unplug()
    player.terminate()


def _wait_for_ports(show: Show) -> None:
    show.wait_until(
        lambda s: s["workers"]["control"]["health"].get("midi", {}).get("ports"), 20, "the controller"
    )
