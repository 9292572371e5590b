"""OSC under floods and noise: bounded work, valid values only, drops counted."""

from __future__ import annotations

import json
import os
import random
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import build_msg

from tests.control.osc_desk import Desk
from visualizer.control import osc as osc_module
from visualizer.control.asking import N_ACTIONS, PASSED_ON_S
from visualizer.control.osc_addresses import TABLE
from visualizer.control.osc_in import MAX_WAITING
from visualizer.parameters import PARAMETERS

SPEC = "/klangbild"


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
    assert len(doings) <= N_ACTIONS * 1.7
    assert len(desk.commands) - len(doings) <= 0.6 / PASSED_ON_S + N_ACTIONS * 1.7
    assert desk.counts["dropped"] > 0 and desk.counts["refused"] > 0


def test_a_tick_reads_so_many_messages_and_drops_the_rest(desk: Desk) -> None:
    bundle = OscBundleBuilder(0)
    for _ in range(MAX_WAITING + 44):
        bundle.add_content(build_msg(f"{SPEC}/do/tap", [0.0]))
    desk.peer().send_bytes(bundle.build().dgram)
    desk.step()
    assert desk.counts["dropped"] == 44


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what its queue dropped")
def test_what_the_system_dropped_is_counted_as_well(desk: Desk) -> None:
    peer = desk.peer()
    for _ in range(5000):  # more than the queue of a socket holds
        peer.send_bytes(build_msg(f"{SPEC}/effects/bloom", [0.5]).dgram)
    for _ in range(12):
        desk.step(0.5)
    assert desk.counts["lost"] > 0 and desk.counts["lost"] + desk.counts["datagrams"] == 5000


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
    json.dumps(desk.osc.health())


def test_huge_datagrams_are_counted_and_forgotten(desk: Desk) -> None:
    peer = desk.peer()
    for size in (9000, 30_000, 60_000):
        peer.send_bytes(b"/" + os.urandom(size))
        peer.send_bytes(build_msg(f"{SPEC}/display/monitor", ["x" * size]).dgram)
        desk.step()
    assert desk.commands == [] and desk.counts["malformed"] >= 3
    assert desk.counts["datagrams"] == 6
