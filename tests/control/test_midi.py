"""MIDI as a performer meets it: learn, turn, press, pick up, look at the lamps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.control.midi_desk import MidiDesk
from visualizer.control import midi_map
from visualizer.types import UserError

BLOOM, YEAR, NETWORK = "effects.bloom", "era.year", "era.network"


@pytest.fixture
def desk(tmp_path: Path) -> MidiDesk:
    return MidiDesk(tmp_path, midi__feedback=False)


def turned(number: int, *values: int, channel: int = 1) -> list[tuple[int, ...]]:
    return [(0xB0 + channel - 1, number, value) for value in values]


def test_a_knob_is_learnt_by_moving_it_and_then_plays(desk: MidiDesk) -> None:
    made = desk.learn(BLOOM, *turned(7, 60, 61, 63, channel=3))
    assert (made["port"], made["kind"], made["channel"], made["number"]) == ("Desk", "cc", 3, 7)
    desk.turn(7, 127, channel=3)
    assert desk.settings[BLOOM] == 1.0
    desk.turn(7, 0, channel=1)  # another channel is another knob
    desk.turn(7, 0, channel=3, port="Other")
    assert desk.settings[BLOOM] == 1.0
    desk.turn(7, 0, channel=3)
    assert desk.settings[BLOOM] == 0.0


def test_learning_says_what_it_waits_for_and_gives_up(desk: MidiDesk) -> None:
    desk.midi.obey({"learn": BLOOM})
    assert desk.midi.health["learning"] == BLOOM
    desk.step(31)
    assert desk.midi.health["learning"] == "" and desk.map == []
    desk.midi.obey({"learn": BLOOM})
    desk.midi.obey({"learn": ""})
    desk.turn(7, 3)
    desk.step(1)
    assert desk.map == []


@pytest.mark.parametrize(
    "target", ["do:quit", "do:nothing", "control.osc_port", "audio.input", "link.on", "x"]
)
def test_what_a_knob_must_not_reach_is_not_learnt(desk: MidiDesk, target: str) -> None:
    with pytest.raises(UserError):
        desk.midi.obey({"learn": target})


def test_the_range_and_its_direction_are_the_performers(desk: MidiDesk) -> None:
    made = desk.learn("effects.saturation", *turned(1, 5, 6))
    desk.edit(made, low=0.25, high=0.5)
    desk.turn(1, 127)
    assert desk.settings["effects.saturation"] == pytest.approx(1.0)
    desk.edit(made, inverts=True)
    desk.turn(1, 126, 127)
    assert desk.settings["effects.saturation"] == pytest.approx(0.5)


def test_pickup_waits_until_the_knob_passes_the_value(desk: MidiDesk) -> None:
    desk.learn(BLOOM, *turned(1, 5, 6))
    desk.set("midi.pickup", True)
    desk.turn(1, 10)
    assert desk.settings[BLOOM] == pytest.approx(10 / 127)
    desk.set(BLOOM, 0.5)  # a preset, say
    desk.step(1)
    desk.turn(1, 20, 40, 55)
    assert desk.settings[BLOOM] == 0.5
    desk.turn(1, 70)
    assert desk.settings[BLOOM] == pytest.approx(70 / 127)
    desk.turn(1, 100)
    assert desk.settings[BLOOM] == pytest.approx(100 / 127)


def test_pickup_may_be_a_matter_of_one_knob(desk: MidiDesk) -> None:
    made = desk.learn(BLOOM, *turned(1, 5, 6))
    desk.edit(made, pickup=True)
    desk.set(BLOOM, 1.0)
    desk.step(1)
    desk.turn(1, 30)
    assert desk.settings[BLOOM] == 1.0
    desk.edit(made, pickup=False)
    desk.turn(1, 31)
    assert desk.settings[BLOOM] == pytest.approx(31 / 127)


def test_a_14_bit_fader_is_found_and_is_finer(desk: MidiDesk) -> None:
    pairs = [(0xB0, number, value) for high in (3, 4, 5) for number, value in ((2, high), (34, 77))]
    assert desk.learn("show.fade_s", *pairs)["kind"] == "cc14"
    desk.hear(0xB0, 2, 64)
    desk.hear(0xB0, 34, 1)
    desk.step()
    assert desk.settings["show.fade_s"] == pytest.approx(20 * (64 * 128 + 1) / 16383)


@pytest.mark.parametrize(
    ("values", "more", "counts"), [((1, 1, 1, 127, 127), 2, "twos"), ((65, 65, 65, 63, 63), 66, "offset")]
)
def test_an_endless_knob_moves_the_value_on(
    desk: MidiDesk, values: tuple[int, ...], more: int, counts: str
) -> None:
    assert desk.learn(BLOOM, *turned(9, *values))["counts"] == counts
    desk.set(BLOOM, 0.5)
    desk.step(1)
    desk.turn(9, *[more] * 10)
    assert desk.settings[BLOOM] == pytest.approx(0.5 + 20 / 127)


def test_pitch_bend_is_a_fader_and_its_touch_is_no_button(desk: MidiDesk) -> None:
    made = desk.learn(BLOOM, (0x90, 104, 127), (0xE0, 0, 64), (0xE0, 5, 64), (0xE0, 9, 64), (0x90, 104, 0))
    assert made["kind"] == "bend"
    desk.hear(0xE0, 127, 127)
    desk.step()
    assert desk.settings[BLOOM] == 1.0


def test_a_key_turns_over_what_is_on_or_off(desk: MidiDesk) -> None:
    made = desk.learn("output.blackout", (0x90, 36, 100), (0x80, 36, 0))
    assert made["does"] == "toggle"
    for stands in (True, False, True):
        desk.press(36)
        desk.step(1)
        assert desk.settings["output.blackout"] is stands
    desk.edit(made, does="hold")
    desk.hear(0x90, 36, 1)
    desk.step()
    assert desk.settings["output.blackout"] is True
    desk.hear(0x90, 36, 0)  # a note on without force is a note off
    desk.step()
    assert desk.settings["output.blackout"] is False


def test_a_key_is_full_scale_while_it_is_down(desk: MidiDesk) -> None:
    desk.learn("effects.flash", (0x90, 40, 9), (0x80, 40, 0))
    desk.hear(0x90, 40, 20)
    desk.step()
    assert desk.settings["effects.flash"] == 1.0
    desk.hear(0x80, 40, 0)
    desk.step()
    assert desk.settings["effects.flash"] == 0.0


def test_a_key_steps_through_choices_and_a_knob_stands_for_them(desk: MidiDesk) -> None:
    desk.learn("display.fill", (0x90, 41, 9), (0x80, 41, 0))
    for stands in ("surround", "crop", "fit", "mirror"):
        desk.press(41)
        desk.step(1)
        assert desk.settings["display.fill"] == stands
    desk.learn(NETWORK, *turned(5, 1, 2, 3))
    desk.turn(5, 127)
    desk.step(1)
    assert desk.settings[NETWORK] == "avatar"


def test_actions_are_pressed_and_letting_go_does_nothing(desk: MidiDesk) -> None:
    desk.learn("do:tap", (0x90, 1, 9), (0x80, 1, 0))
    desk.learn("output.panic", *turned(20, 127, 0))
    desk.press(1)
    desk.press(1)
    desk.turn(20, 127, 0)
    assert desk.done == [{"do": "tap"}, {"do": "tap"}]
    assert desk.commands[-1] == {"set": {"output.panic": True}}


def test_a_program_change_recalls_a_preset(desk: MidiDesk) -> None:
    desk.hear(0xC0, 2)
    desk.step()
    assert desk.done == [{"preset": {"recall": 3}}]
    desk.set("midi.program_change", False)
    desk.hear(0xC0, 3)
    desk.step(1)
    assert len(desk.done) == 1
    desk.learn("do:take", (0xC0, 2))
    desk.hear(0xC0, 2)
    desk.step()
    assert desk.done[-1] == {"do": "take"}


def test_one_knob_may_play_several_and_a_target_has_one_knob_of_a_controller(desk: MidiDesk) -> None:
    desk.learn(BLOOM, *turned(1, 5, 6))
    desk.learn("effects.zoom", *turned(1, 5, 6))
    desk.turn(1, 127)
    assert desk.settings[BLOOM] == desk.settings["effects.zoom"] == 1.0
    made = desk.learn(BLOOM, *turned(2, 5, 6))
    assert [row["number"] for row in desk.map if row["target"] == BLOOM] == [2]
    desk.midi.obey({"forget": made})
    assert [row["target"] for row in desk.map] == ["effects.zoom"]
    with pytest.raises(UserError):
        desk.midi.obey({"forget": made})


def test_a_knob_waits_for_a_shader_that_comes_later(desk: MidiDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.learn(BLOOM, *turned(1, 5, 6))
    bloom = midi_map.PARAMETERS[BLOOM]
    monkeypatch.delitem(midi_map.PARAMETERS, BLOOM)
    desk.midi.rebind()
    desk.commands.clear()
    desk.turn(1, 30)
    assert desk.commands == [] and desk.map[0]["target"] == BLOOM
    monkeypatch.setitem(midi_map.PARAMETERS, BLOOM, bloom)
    desk.midi.rebind()
    desk.turn(1, 127)
    assert desk.settings[BLOOM] == 1.0


def test_what_was_learnt_is_there_the_next_evening(desk: MidiDesk, tmp_path: Path) -> None:
    desk.learn(BLOOM, *turned(7, 60, 61, 63))
    again = MidiDesk(tmp_path)
    again.turn(7, 127)
    assert again.settings[BLOOM] == 1.0


def test_noise_and_floods_reach_nothing_and_stay_bounded(desk: MidiDesk) -> None:
    desk.learn(BLOOM, *turned(7, 60, 61, 63))
    desk.commands.clear()
    for data in ((0xF0, 1, 2, 0xF7), (0xB0, 7), (0xB0, 7, 200), (), (0xFF,), (5,), tuple(range(64))):
        desk.hear(*data)
    desk.step()
    assert desk.commands == []
    for n in range(10_000):
        desk.hear(0xB0, 7, n % 128)
        desk.hear(0xB0, n % 128, 5)
    desk.step()
    assert len(desk.commands) <= 1
    desk.midi.obey({"watch": True})
    assert len(desk.midi.health["monitor"]) <= 100
    assert len(json.dumps(desk.midi.health)) < 16_000


def test_values_go_back_to_the_controller_but_not_against_the_hand(tmp_path: Path) -> None:
    desk = MidiDesk(tmp_path)
    desk.learn(BLOOM, *turned(7, 60, 61, 63))
    desk.learn("output.blackout", (0x90, 36, 100), (0x80, 36, 0))
    desk.step(1)
    desk.ports.sent.clear()
    desk.set(BLOOM, 1.0)
    desk.set("output.blackout", True)
    desk.step()
    assert sorted(desk.ports.sent) == [("Desk", [0x90, 36, 127]), ("Desk", [0xB0, 7, 127])]
    desk.ports.sent.clear()
    desk.step(1)
    assert desk.ports.sent == []  # it is shown already
    desk.turn(7, 90, 91, 92)
    assert desk.ports.sent == []
    desk.step(1)
    assert desk.ports.sent == []  # the knob stands where the value is


def test_a_controller_that_comes_back_is_told_where_everything_stands(tmp_path: Path) -> None:
    desk = MidiDesk(tmp_path)
    desk.learn(BLOOM, *turned(7, 60, 61, 63))
    desk.step(1)
    desk.ports.names.clear()
    desk.step()
    desk.set(BLOOM, 0.0)
    desk.step()
    desk.ports.sent.clear()
    desk.ports.names.append("Desk")
    desk.step()
    desk.step()
    assert desk.ports.sent == [("Desk", [0xB0, 7, 0])]


def test_a_port_that_gives_back_what_it_is_sent_starts_no_loop(tmp_path: Path) -> None:
    desk = MidiDesk(tmp_path)
    desk.learn("output.blackout", (0x90, 36, 100), (0x80, 36, 0))
    desk.step(1)
    for on in (True, False, True, False, True, False):
        desk.ports.sent.clear()
        desk.set("output.blackout", on)
        for _ in range(20):
            sent, desk.ports.sent = desk.ports.sent, []
            for _, data in sent:
                desk.hear(*data)
            desk.step(0.01)
            assert desk.settings["output.blackout"] is on
        desk.step(1)
    assert "Desk" in desk.midi.health["sentence"]
    assert desk.ports.sent == []
