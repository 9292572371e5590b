"""OSC as other programs meet it: values, questions, buttons, bundles, ports."""

from __future__ import annotations

import socket

import pytest
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import build_msg

from tests.control.osc_desk import Desk, free_port
from visualizer.control import osc as osc_module
from visualizer.control.asking import NEXT_DECK_S
from visualizer.ipc.regions import Regions
from visualizer.parameters import PARAMETERS, defaults

SPEC = "/klangbild"


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


def test_a_cue_is_called_by_its_number(desk: Desk) -> None:
    peer = desk.peer()
    for argument in (3, 4.0, 4.5, float("inf"), float("nan"), True, "Aurora"):
        peer.send(f"{SPEC}/do/cue", argument)
        desk.step(1.0)
    peer.send(f"{SPEC}/do/cue")
    desk.step(1.0)
    assert desk.done == [{"sets": {"cue": 3}}, {"sets": {"cue": 4}}]


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
