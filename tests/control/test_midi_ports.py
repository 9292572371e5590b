"""Real MIDI ports on a JACK server of the test's own: opened by name, unplugged, plugged again, told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.virtual_midi import Controller, VirtualMidi
from visualizer import clock
from visualizer.control.midi import Midi
from visualizer.control.midi_ports import NO_SEQUENCER, Ports
from visualizer.parameters import ParameterState

pytestmark = pytest.mark.timeout(120)


class Rig:
    """MIDI on real ports, with a parent that does at once what it is asked."""

    def __init__(self, file: Path) -> None:
        self.state = ParameterState()
        self.settings = self.state.snapshot()
        self.clocks: list[dict[str, object]] = []
        self.midi = Midi(self.settings, self._obey, file=file)

    def _obey(self, command: dict[str, dict[str, object]]) -> None:
        for id, value in command.get("set", {}).items():
            self.settings.update(self.state.set(id, value, "midi"))
        if "clock" in command:
            self.clocks.append(command["clock"])

    def wait_until(self, holds: Callable[[], object], what: str, limit_s: float = 50.0) -> None:
        deadline = time.monotonic() + limit_s
        while not holds():
            assert time.monotonic() < deadline, f"no {what}: {self.midi.health}"
            time.sleep(self.midi.step())


@pytest.fixture
def rig(midi_server: VirtualMidi, tmp_path: Path) -> Iterator[Rig]:
    with midi_server.applied():
        made = Rig(tmp_path / "midi.json")
        yield made
        made.midi.close()


def test_learn_play_unplug_and_play_again(midi_server: VirtualMidi, rig: Rig) -> None:
    desk, other = Controller(midi_server), Controller(midi_server, "Second")
    rig.wait_until(lambda: {desk.port, other.port} <= set(rig.midi.health["ports"]), "open ports")
    rig.midi.obey({"learn": "effects.bloom"})
    for value in (10, 12, 15):
        desk.turn(7, value)
    rig.wait_until(lambda: rig.midi.health["map"], "binding")
    assert rig.midi.health["map"][0]["port"] == desk.port
    desk.turn(7, 127)
    rig.wait_until(lambda: rig.settings["effects.bloom"] == 1.0, "move of the bloom")

    desk.unplug()
    rig.wait_until(lambda: rig.midi.health["ports"] == [other.port], "closed port")
    rig.settings.update(rig.state.set("effects.bloom", 0.0, "panel"))
    desk = Controller(midi_server)
    rig.wait_until(lambda: [0xB0, 7, 0] in [list(data) for data in desk.heard()], "value at its lamps")
    desk.turn(7, 127)
    rig.wait_until(lambda: rig.settings["effects.bloom"] == 1.0, "move after the return")
    desk.unplug()
    other.unplug()


def test_a_clock_at_128_is_a_tempo_of_128(midi_server: VirtualMidi, rig: Rig) -> None:
    desk = Controller(midi_server)
    rig.wait_until(lambda: desk.port in rig.midi.health["ports"], "open port")
    desk.send(0xFA)
    begin_s = time.monotonic()
    for number in range(24 * 6):
        time.sleep(max(0.0, begin_s + number * 60 / 128 / 24 - time.monotonic()))
        desk.send(0xF8)
        rig.midi.step()
    assert rig.clocks and rig.clocks[-1]["source"] == "midi"
    assert rig.clocks[-1]["bpm"] == pytest.approx(128, rel=0.04)  # late ticks on a busy machine
    assert 0 <= clock.now_ns() - int(str(rig.clocks[-1]["beat_ns"])) < 2 * clock.NS_PER_S
    desk.unplug()


def test_only_wanted_inputs_are_opened(midi_server: VirtualMidi, rig: Rig) -> None:
    desk, other = Controller(midi_server), Controller(midi_server, "Second")
    rig.settings["midi.inputs"] = "second, missing"
    rig.wait_until(lambda: rig.midi.health["ports"] == [other.port], "one open port")
    assert "missing" in rig.midi.health["sentence"] and desk.port in rig.midi.health["found"]
    rig.settings["midi.on"] = False
    rig.wait_until(lambda: rig.midi.health["ports"] == [], "closed port")
    desk.unplug()
    other.unplug()


def test_a_machine_without_midi_gets_a_calm_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "there-is-no-such-server")
    monkeypatch.setattr("rtmidi.get_compiled_api", lambda: [__import__("rtmidi").API_UNIX_JACK])
    ports = Ports()
    assert ports.look((), 0.0) == [] and ports.take() == [] and not ports.send("Desk", [0xF8])
    assert ports.sentence == NO_SEQUENCER
    ports.close()
