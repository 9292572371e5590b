"""What the show tells over OSC: features, beats, echoes without loops, foreign programs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.control.osc_desk import Desk, Peer, free_port
from visualizer.control.osc import TOLD_S
from visualizer.control.osc_out import HOLD_S, LEASE_S
from visualizer.ipc.regions import Regions
from visualizer.parameters import PARAMETERS
from visualizer.types import Features

SPEC = "/klangbild"


def test_features_words_and_state_are_sent(telling: Desk, target: Peer) -> None:
    chroma, spectrum = np.linspace(0, 1, 12, dtype=np.float32), np.linspace(1, 0, 64, dtype=np.float32)
    heard = Features(
        level_dbfs=-30.0, bass=0.25, tempo_bpm=120.0, centroid_hz=440.0, chroma=chroma, spectrum=spectrum
    )
    heard = replace(heard, beat_phase=0.5, bar_phase=0.125)
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
    assert told[f"{SPEC}/features/beat_phase"] == [0.5] and told[f"{SPEC}/features/bar_phase"] == [0.125]
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
        beat, phase = divmod(0.5 + n * 0.01 * 2.0, 1.0)
        heard = Features(tempo_bpm=120.0, beat=int(beat), beat_phase=phase, bar_phase=(beat + phase) / 4 % 1)
        telling.regions.features.write(heard)
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
    assert peer.receive() == [] and desk.osc.health()["n_subscribers"] == 0


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
    dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, bufsize=0)
    desk = Desk(regions, osc_out=True, osc_out_port=port)
    try:
        assert dump.stdout is not None
        deadline = time.monotonic() + 10
        line = ""
        os.set_blocking(dump.stdout.fileno(), False)
        while "/klangbild/features/level" not in line and time.monotonic() < deadline:
            desk.step()
            time.sleep(0.02)
            line = (dump.stdout.read() or b"").decode()
        assert "/klangbild/features/level" in line
    finally:
        desk.close()
        dump.kill()
        dump.wait()
