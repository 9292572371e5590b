"""OSC as other programs meet it: real UDP on loopback, answers, echoes, floods."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import build_msg
from pythonosc.osc_packet import OscPacket

from visualizer.control import osc as osc_module
from visualizer.control.osc import NEXT_DECK_S, PASSED_ON_S, TOLD_S, Osc
from visualizer.control.osc_addresses import TABLE
from visualizer.control.osc_in import MAX_WAITING
from visualizer.control.osc_out import HOLD_S, LEASE_S
from visualizer.ipc.regions import Regions
from visualizer.parameters import PARAMETERS, ParameterState, defaults
from visualizer.types import Features

SPEC = "/klangbild"


def free_port(kind: socket.SocketKind) -> int:
    """A port that nobody has now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Peer:
    """Another program: one socket, with python-osc's reading and writing."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.5)
        self.address = self.socket.getsockname()
        self._port = port

    def send(self, path: str, *arguments: Any) -> None:
        self.send_bytes(build_msg(path, list(arguments)).dgram)

    def send_bytes(self, data: bytes) -> None:
        self.socket.sendto(data, ("127.0.0.1", self._port))

    def receive(self) -> list[tuple[str, list[Any]]]:
        """Everything that has come; waits for the first only."""
        messages: list[tuple[str, list[Any]]] = []
        try:
            while True:
                data = self.socket.recv(65536)
                messages += [(m.message.address, m.message.params) for m in OscPacket(data).messages]
                self.socket.settimeout(0.0)
        except (TimeoutError, BlockingIOError):
            return messages
        finally:
            self.socket.settimeout(0.5)


class Desk:
    """OSC with a parent that does at once what it is asked, and a clock of the test's."""

    def __init__(self, regions: Regions, **settings: Any) -> None:
        self.regions = regions
        self.now_s = 100.0
        self.commands: list[dict[str, Any]] = []
        self.is_listening = True
        ports = {
            "control.osc_port": free_port(socket.SOCK_DGRAM),
            "control.oscquery_port": 0,
            **{f"control.{name}": value for name, value in settings.items()},
        }
        self.state = ParameterState(ports)
        self.settings = self.state.snapshot()
        self.osc = Osc(self.settings, regions, self._obey, lambda: self.now_s)
        self.osc.step()
        self.peers: list[Peer] = []

    @property
    def port(self) -> int:
        return int(self.settings["control.osc_port"])

    @property
    def counts(self) -> dict[str, int]:
        return self.osc.health["counts"]

    @property
    def done(self) -> list[Any]:
        """What the parent was asked to do, apart from setting values."""
        return [c for c in self.commands if "set" not in c]

    def peer(self) -> Peer:
        self.peers.append(Peer(self.port))
        return self.peers[-1]

    def step(self, after_s: float = 0.05) -> None:
        self.now_s += after_s
        self.osc.step()

    def set(self, id: str, value: Any) -> None:
        """Somebody else changes a value."""
        changed = self.state.set(id, value, "panel")
        self.settings.update(changed)
        self.osc.on_settings(changed)

    def close(self) -> None:
        self.osc.close()
        for peer in self.peers:
            peer.socket.close()

    def _obey(self, command: dict[str, Any]) -> None:
        json.dumps(command, allow_nan=False)  # it goes through a pipe of JSON
        self.commands.append(command)
        for id, value in command.get("set", {}).items():
            self.set(id, value)


@pytest.fixture(scope="module")
def regions() -> Iterator[Regions]:
    made = Regions.create()
    yield made
    made.unlink()


@pytest.fixture
def desk(regions: Regions) -> Iterator[Desk]:
    made = Desk(regions)
    yield made
    made.close()


@pytest.fixture
def target() -> Iterator[Peer]:
    """Who listens at the out port."""
    peer = Peer(0)
    yield peer
    peer.socket.close()


@pytest.fixture
def telling(regions: Regions, target: Peer) -> Iterator[Desk]:
    """A desk that sends to `target`, which has been told of all values."""
    made = Desk(regions, osc_out=True, osc_out_port=target.address[1])
    made.step()
    target.receive()
    yield made
    made.close()


# In ----------------------------------------------------------------------------------------------------


def test_faders_and_real_values_reach_the_parent_in_one_command(desk: Desk) -> None:
    peer = desk.peer()
    peer.send(f"{SPEC}/traumer/truncation", 0.5)
    peer.send(f"{SPEC}/era/year/raw", 1720)
    peer.send(f"{SPEC}/era/network", "wct")
    peer.send(f"{SPEC}/output/blackout", 1.0)
    desk.step()
    (command,) = desk.commands
    assert command == {
        "set": {
            "traumer.truncation": 0.75,
            "era.year": 1720,
            "era.network": "wct",
            "output.blackout": True,
        }
    }


def test_of_one_address_the_newest_wins(desk: Desk) -> None:
    peer = desk.peer()
    for value in (0.1, 0.9, 0.25):
        peer.send(f"{SPEC}/effects/bloom", value)
    desk.step()
    assert desk.commands == [{"set": {"effects.bloom": 0.25}}]
    assert desk.counts["superseded"] == 2


def test_a_message_without_arguments_or_with_a_question_mark_is_answered_to_its_sender(desk: Desk) -> None:
    one, other = desk.peer(), desk.peer()
    desk.set("effects.hue", 90.0)
    one.send(f"{SPEC}/effects/hue")
    other.send(f"{SPEC}/effects/hue/raw", "?")
    desk.step()
    assert one.receive() == [(f"{SPEC}/effects/hue", [0.75])]
    assert other.receive() == [(f"{SPEC}/effects/hue/raw", [90.0])]
    one.send(f"{SPEC}/show/mode")
    one.send(f"{SPEC}/show/mode/raw")
    one.send(f"{SPEC}/state/deck")
    desk.step()
    answers = dict(one.receive())
    assert answers[f"{SPEC}/show/mode"] == [0] and answers[f"{SPEC}/show/mode/raw"] == ["traumer"]
    assert answers[f"{SPEC}/state/deck"] == ["a"]
    assert desk.commands == []


def test_a_pattern_asks_and_sets_all_that_match(desk: Desk) -> None:
    peer = desk.peer()
    peer.send(f"{SPEC}/effects/*/raw")
    desk.step()
    effects = {f"{SPEC}/effects/{id.partition('.')[2]}/raw" for id in PARAMETERS if id.startswith("effects.")}
    assert {path for path, _ in peer.receive()} == effects
    peer.send(f"{SPEC}/effects/{{bloom,grain}}", 0.5)
    desk.step()
    assert desk.commands == [{"set": {"effects.bloom": 0.5, "effects.grain": 0.5}}]


def test_buttons_are_pressed_and_let_go(desk: Desk) -> None:
    peer = desk.peer()
    for path in ("blackout", "tap"):
        peer.send(f"{SPEC}/do/{path}", 1.0)
        peer.send(f"{SPEC}/do/{path}", 0.0)
    peer.send(f"{SPEC}/do/panic")
    peer.send(f"{SPEC}/do/freeze", "?")
    peer.send(f"{SPEC}/do/quit", 1.0)
    desk.step()
    assert desk.done == [{"do": "blackout"}, {"do": "tap"}, {"do": "panic"}]
    peer.send(f"{SPEC}/output/panic", 1)
    desk.step()
    assert desk.commands[-1] == {"set": {"output.panic": True}}


def test_a_preset_is_recalled_by_its_key_or_its_name(desk: Desk) -> None:
    peer = desk.peer()
    for argument in (3, 4.0, "Aurora"):
        peer.send(f"{SPEC}/do/preset", argument)
        desk.step(1.0)
    for argument in (0, 4.5, float("nan"), True):
        peer.send(f"{SPEC}/do/preset", argument)
        desk.step(1.0)
    peer.send(f"{SPEC}/do/preset")
    desk.step(1.0)
    assert desk.done == [{"preset": {"recall": which}} for which in (3, 4, "Aurora")]


def test_bundles_count_as_one_even_in_bundles(desk: Desk) -> None:
    inner, outer = OscBundleBuilder(0), OscBundleBuilder(0)
    inner.add_content(build_msg(f"{SPEC}/effects/zoom", [0.5]))
    outer.add_content(build_msg(f"{SPEC}/effects/bloom", [0.5]))
    outer.add_content(inner.build())
    desk.peer().send_bytes(outer.build().dgram)
    desk.step()
    assert desk.commands == [{"set": {"effects.bloom": 0.5, "effects.zoom": 0.5}}]


def test_a_bundle_with_a_time_waits_for_it_and_a_late_one_does_not(desk: Desk) -> None:
    now_s = 1_700_000_000.0
    assert desk.osc._inbox is not None
    desk.osc._inbox._now_s = lambda: now_s
    peer = desk.peer()
    for name, due_s in (("bloom", 2.0), ("zoom", -5.0), ("grain", 3600.0)):
        bundle = OscBundleBuilder(now_s + due_s)
        bundle.add_content(build_msg(f"{SPEC}/effects/{name}", [0.5]))
        peer.send_bytes(bundle.build().dgram)
    desk.step()
    assert desk.commands == [{"set": {"effects.zoom": 0.5}}]
    assert desk.counts["dropped"] == 1  # in an hour: too far ahead
    now_s += 2.1
    desk.step()
    assert desk.commands[1:] == [{"set": {"effects.bloom": 0.5}}]


def test_who_plays_does_not_choose_who_listens_nor_names_files_from_afar(desk: Desk) -> None:
    peer = desk.peer()
    peer.send(f"{SPEC}/control/osc_host", "0.0.0.0")
    peer.send(f"{SPEC}/control/osc_port/raw", 9)
    desk.step()
    assert desk.commands == [] and desk.counts["refused"] == 2
    assert desk.osc._inbox is not None
    record = build_msg(f"{SPEC}/output/record", ["/tmp/x.mp4"]).dgram
    wishes = osc_module.Wishes()
    desk.osc._inbox._understand(record, ("192.168.1.20", 9000), wishes)
    assert wishes.values == {}
    desk.osc._inbox._understand(record, ("127.0.0.1", 9000), wishes)
    assert wishes.values == {"output.record": "/tmp/x.mp4"}


def test_what_loads_another_deck_is_passed_on_now_and_then(desk: Desk) -> None:
    peer = desk.peer()
    for n in range(40):
        peer.send(f"{SPEC}/show/mode", n % 2)
        desk.step(NEXT_DECK_S / 20 + 1e-6)
    desk.step(NEXT_DECK_S)
    modes = [command["set"]["show.mode"] for command in desk.commands]
    assert 2 <= len(modes) <= 4 and modes[-1] == "era"  # the last wish is never lost


# Floods ------------------------------------------------------------------------------------------------


def test_a_flood_of_one_value_is_one_command_a_tick(desk: Desk) -> None:
    peer = desk.peer()
    values = [random.Random(1).random() for _ in range(10_000)]
    for start in range(0, 10_000, 100):  # a second of 100 steps
        for value in values[start : start + 100]:
            peer.send(f"{SPEC}/effects/bloom", value)
        desk.step(0.01)
    desk.step()
    assert len(desk.commands) <= 1 / PASSED_ON_S + 2
    assert desk.settings["effects.bloom"] == pytest.approx(values[-1], abs=1e-6)
    assert desk.counts["messages"] == 10_000 and desk.counts["superseded"] == 9_900
    assert "dropped" not in desk.counts


def test_a_flood_of_everything_is_bounded_and_told(desk: Desk) -> None:
    peer = desk.peer()
    paths = [path for path in TABLE if "/control/" not in path]
    for n in range(60):  # 0.6 s
        for k in range(100):
            peer.send(paths[(100 * n + k) % len(paths)], 1.0)
        desk.step(0.01)
    doings = [c for c in desk.commands if "do" in c]
    assert len(doings) <= osc_module.N_ACTIONS * 1.7
    assert len(desk.commands) - len(doings) <= 0.6 / PASSED_ON_S + osc_module.N_ACTIONS * 1.7
    assert desk.counts["dropped"] > 0 and desk.counts["refused"] > 0


def test_a_tick_reads_so_many_messages_and_drops_the_rest(desk: Desk) -> None:
    bundle = OscBundleBuilder(0)
    for _ in range(MAX_WAITING + 44):
        bundle.add_content(build_msg(f"{SPEC}/do/tap", [0.0]))
    desk.peer().send_bytes(bundle.build().dgram)
    desk.step()
    assert desk.counts["dropped"] == 44


def test_a_flood_of_questions_is_answered_at_a_bounded_rate(desk: Desk) -> None:
    peer = desk.peer()
    for _ in range(50):
        for _ in range(20):
            peer.send(f"{SPEC}/*/*")
        desk.step(0.01)
    assert desk.counts["sent"] <= osc_module.N_ANSWERS * 1.6
    assert desk.counts["unanswered"] > 0


_ANY_BYTES = st.binary(max_size=400)
_ANY_TAIL = st.tuples(st.sampled_from(list(TABLE)), st.binary(max_size=60)).map(
    lambda pair: pair[0].encode() + b"\0" * (4 - len(pair[0]) % 4) + pair[1]
)
_ANY_ARGUMENT = st.floats(width=32) | st.integers(-(2**40), 2**40) | st.text()
_ANY_MESSAGE = st.tuples(st.sampled_from(list(TABLE)), _ANY_ARGUMENT).map(
    lambda pair: build_msg(pair[0], [pair[1]]).dgram
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_ANY_BYTES | _ANY_TAIL | _ANY_MESSAGE)
def test_random_bytes_reach_nothing_but_valid_values(desk: Desk, data: bytes) -> None:
    desk.commands.clear()
    desk.peers or desk.peer()
    desk.peers[0].send_bytes(data)
    desk.step(1.0)
    for command in desk.commands:
        assert set(command) <= {"set", "do", "preset"}
        for id, value in command.get("set", {}).items():
            assert PARAMETERS[id].validate(value) == value
    assert desk.osc.sentence == ""
    json.dumps(desk.osc.health)


def test_huge_datagrams_are_counted_and_forgotten(desk: Desk) -> None:
    peer = desk.peer()
    for size in (9000, 30_000, 60_000):
        peer.send_bytes(b"/" + os.urandom(size))
        peer.send_bytes(build_msg(f"{SPEC}/display/monitor", ["x" * size]).dgram)
        desk.step()
    assert desk.commands == [] and desk.counts["malformed"] >= 3
    assert desk.counts["datagrams"] == 6


# Ports -------------------------------------------------------------------------------------------------


def test_a_taken_port_is_one_sentence_and_is_tried_again(regions: Regions) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        desk = Desk(regions, osc_port=other.getsockname()[1])
        try:
            assert f"port {desk.port}" in desk.osc.sentence and "control.osc_port=" in desk.osc.sentence
            desk.step()
            other.close()
            desk.step(osc_module.RETRY_S)
            assert desk.osc.sentence == ""
            desk.peer().send(f"{SPEC}/effects/bloom", 1.0)
            desk.step()
            assert desk.settings["effects.bloom"] == 1.0
        finally:
            desk.close()


@pytest.mark.parametrize("host", ["", "nowhere.invalid", "999.1.1.1", "eval()"])
def test_an_address_that_is_none_is_one_sentence(regions: Regions, host: str) -> None:
    desk = Desk(regions, osc_host=host)
    assert desk.osc.sentence.startswith("OSC takes an address such as 127.0.0.1")
    desk.close()


def test_it_can_be_switched_off_and_moved(desk: Desk) -> None:
    peer = desk.peer()
    desk.set("control.osc", False)
    desk.step()
    assert desk.osc.ports == (0, 0)
    peer.send(f"{SPEC}/effects/bloom", 1.0)
    desk.set("control.osc", True)
    desk.set("control.osc_port", free_port(socket.SOCK_DGRAM))
    desk.step()
    desk.peer().send(f"{SPEC}/effects/zoom", 1.0)
    desk.step()
    assert desk.commands == [{"set": {"effects.zoom": 1.0}}]


def test_it_listens_on_this_machine_alone_unless_told(desk: Desk) -> None:
    assert defaults()["control.osc_host"] == defaults()["control.osc_out_host"] == "127.0.0.1"
    assert desk.osc._inbox is not None and desk.osc._inbox.socket.getsockname()[0] == "127.0.0.1"


# Out ---------------------------------------------------------------------------------------------------


def test_features_words_and_state_are_sent(telling: Desk, target: Peer) -> None:
    chroma, spectrum = np.linspace(0, 1, 12, dtype=np.float32), np.linspace(1, 0, 64, dtype=np.float32)
    heard = Features(
        level_dbfs=-30.0, bass=0.25, tempo_bpm=120.0, centroid_hz=440.0, chroma=chroma, spectrum=spectrum
    )
    telling.regions.features.write(heard)
    words = [["strings", 0.75], ["quiet", 0.5]]
    era = {"year": 1872, "label": "1870s", "spread": 12.5}
    telling.regions.health["deck_a"].write({"health": {"mode": "era", "words": words, "era": era}})
    telling.regions.health["display"].write({"health": {"shown_fps": 59.5}})
    telling.settings |= {"on_air": "a", "deck_stage": "idle", "preset": "Aurora"}
    telling.step(0.3)
    told = dict(target.receive())
    assert told[f"{SPEC}/features/level"] == [0.5] and told[f"{SPEC}/features/bass"] == [0.25]
    assert told[f"{SPEC}/features/tempo"] == [120.0] and told[f"{SPEC}/features/centroid"] == [440.0]
    assert told[f"{SPEC}/features/chroma"] == chroma.tolist()
    assert told[f"{SPEC}/features/spectrum"] == spectrum.tolist()
    assert told[f"{SPEC}/heard/words"] == ["strings", "quiet"]
    assert told[f"{SPEC}/heard/probabilities"] == [0.75, 0.5]
    assert told[f"{SPEC}/heard/era"] == [1872, "1870s", 12.5]
    assert told[f"{SPEC}/state/mode"] == ["era"] and told[f"{SPEC}/state/fps"] == [59.5]
    assert told[f"{SPEC}/state/preset"] == ["Aurora"]


def test_it_sends_thirty_times_a_second(telling: Desk, target: Peer) -> None:
    n = 0
    for _ in range(300):  # 3 s of steps
        telling.step(0.01)
        n += sum(path.endswith("/level_db") for path, _ in _at_once(target))
    assert n == pytest.approx(3 / TOLD_S, rel=0.3) and n <= 3 / TOLD_S + 1


def _at_once(peer: Peer) -> list[tuple[str, list[Any]]]:
    peer.socket.settimeout(0.0)
    return peer.receive()


def test_each_beat_is_sent_once(telling: Desk, target: Peer) -> None:
    beats = []
    for n in range(200):  # 2 s at 120 BPM: the phase runs through 0 four times
        phase = (0.5 + n * 0.01 * 2.0) % 1.0
        telling.regions.features.write(Features(tempo_bpm=120.0, beat_phase=phase))
        telling.step(0.01)
        beats += [arguments for path, arguments in _at_once(target) if path == f"{SPEC}/features/beat"]
    assert beats == [[1], [2], [3], [4]]


def test_changed_values_are_echoed_to_the_out_port(telling: Desk, target: Peer) -> None:
    telling.set("effects.bloom", 0.875)
    telling.step()
    echoed = dict(target.receive())
    assert echoed[f"{SPEC}/effects/bloom"] == echoed[f"{SPEC}/effects/bloom/raw"] == [0.875]
    telling.step()
    assert f"{SPEC}/effects/bloom" not in dict(target.receive())
    seen = []
    for _ in range(80):  # 4 s: once more, should the first have been lost
        telling.step()
        seen += [path for path, _ in _at_once(target) if path == f"{SPEC}/effects/bloom"]
    assert len(seen) == 1


def test_no_fader_moves_under_a_hand_and_the_settled_value_comes_once(telling: Desk, target: Peer) -> None:
    surface = telling.peer()  # the same machine as the target, another port: as surfaces do
    path = f"{SPEC}/effects/bloom"
    for n in range(10):
        surface.send(path, n / 10)
        telling.step()
        assert path not in dict(_at_once(target))
    telling.step(HOLD_S + 0.01)
    assert dict(target.receive())[path] == [pytest.approx(0.9)]
    surface.send(path, 0.9)  # it sends back what it was told
    telling.step()
    telling.step(HOLD_S + 0.01)
    assert path not in dict(_at_once(target))


def test_a_subscriber_is_told_everything_then_what_others_change(desk: Desk) -> None:
    one, other = desk.peer(), desk.peer()
    one.send(f"{SPEC}/subscribe")
    desk.step()
    told = dict(one.receive())
    assert {p.osc for p in PARAMETERS.values() if p.kind != "trigger"} <= set(told)
    one.send(f"{SPEC}/effects/bloom", 0.5)
    desk.step()
    desk.step(1.0)
    assert f"{SPEC}/effects/bloom" not in dict(one.receive())  # it knows
    other.send(f"{SPEC}/effects/bloom", 0.25)
    desk.step()
    desk.step(1.0)
    assert (f"{SPEC}/effects/bloom", [0.25]) in one.receive()
    one.send(f"{SPEC}/traumer/truncation/raw", 99.0)  # what was clamped is told back
    desk.step()
    desk.step(1.0)
    assert (f"{SPEC}/traumer/truncation/raw", [1.5]) in one.receive()
    one.send(f"{SPEC}/unsubscribe")
    desk.step()
    desk.set("effects.bloom", 1.0)
    desk.step(1.0)
    assert one.receive() == []


def test_subscriptions_end_by_themselves(desk: Desk) -> None:
    peer = desk.peer()
    peer.send(f"{SPEC}/subscribe")
    desk.step()
    peer.receive()
    desk.step(LEASE_S + 1.0)
    desk.set("effects.bloom", 1.0)
    desk.step()
    assert peer.receive() == [] and desk.osc.health["n_subscribers"] == 0


def test_two_surfaces_that_send_everything_back_come_to_rest(desk: Desk) -> None:
    surfaces = [desk.peer(), desk.peer()]
    for surface in surfaces:
        surface.send(f"{SPEC}/subscribe")
    desk.step()
    desk.set("effects.bloom", 0.3)
    n_messages = []
    for _ in range(12):
        desk.step(0.4)
        got = [(surface, _at_once(surface)) for surface in surfaces]
        n_messages.append(sum(len(messages) for _, messages in got))
        for surface, messages in got:
            for path, arguments in messages:
                surface.send(path, *arguments)
    assert n_messages[-1] == 0
    assert desk.settings["effects.bloom"] == pytest.approx(0.3)


# Foreign programs --------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("oscsend"), reason="oscsend is not installed (Debian: liblo-tools)")
def test_liblo_sends_a_value(desk: Desk) -> None:
    address = f"osc.udp://127.0.0.1:{desk.port}"
    subprocess.run(["oscsend", address, f"{SPEC}/effects/bloom", "f", "0.5"], check=True, timeout=10)
    subprocess.run(["oscsend", address, f"{SPEC}/do/panic"], check=True, timeout=10)
    desk.step()
    assert {"set": {"effects.bloom": 0.5}} in desk.commands and {"do": "panic"} in desk.commands


@pytest.mark.skipif(not shutil.which("oscdump"), reason="oscdump is not installed (Debian: liblo-tools)")
def test_liblo_reads_what_is_sent(regions: Regions) -> None:
    port = free_port(socket.SOCK_DGRAM)
    dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True)
    desk = Desk(regions, osc_out=True, osc_out_port=port)
    try:
        assert dump.stdout is not None
        deadline = time.monotonic() + 10
        line = ""
        os.set_blocking(dump.stdout.fileno(), False)
        while "/klangbild/features/level" not in line and time.monotonic() < deadline:
            desk.step()
            time.sleep(0.02)
            line = dump.stdout.read() or ""
        assert "/klangbild/features/level" in line
    finally:
        desk.close()
        dump.kill()
        dump.wait()
