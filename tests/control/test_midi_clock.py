"""MIDI clock with the jitter of real cables: tempo, beat and place in the bar."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.control.midi_desk import MidiDesk
from visualizer import clock
from visualizer.control.midi_clock import MidiClock
from visualizer.control.midi_ports import _Input, _named, _other_ends

TICK, START = (0xF8,), (0xFA,)
ORIGIN_NS = 5 * clock.NS_PER_S


def ticks(follower: MidiClock, bpm: float, n: int, from_ns: int = ORIGIN_NS, jitter_ms: float = 0.0) -> int:
    """Plays ticks; the time of the one that would come next."""
    chance, period_ns = random.Random(1), 60e9 / bpm / 24
    for number in range(n):
        late_ns = chance.uniform(-jitter_ms, jitter_ms) * 1e6
        follower.hear(TICK, round(from_ns + number * period_ns + late_ns))
    return round(from_ns + n * period_ns)


@pytest.mark.parametrize("bpm", [40.0, 90.0, 128.0, 174.0, 240.0])
def test_the_tempo_is_read_through_jitter(bpm: float) -> None:
    follower = MidiClock()
    after_ns = ticks(follower, bpm, 97, jitter_ms=2.0)
    read = follower.read(after_ns)
    assert read is not None
    assert read[0] == pytest.approx(bpm, rel=0.003)
    beats = (read[1] - ORIGIN_NS) * bpm / 60e9
    assert abs(beats - round(beats)) < 0.01
    assert 0 <= after_ns - read[1] <= 60e9 / bpm * 1.05
    assert read[2] is None  # nobody told where the bar begins


def test_start_and_song_position_tell_the_beat() -> None:
    follower = MidiClock()
    follower.hear(START, 0)
    ticks(follower, 120, 24 * 5 + 3)
    now_ns = ORIGIN_NS + round(2.55e9)
    read = follower.read(now_ns)
    assert read is not None and read[2] == 5
    assert read[1] == pytest.approx(ORIGIN_NS + 2.5e9, abs=1e6)
    follower.hear((0xF2, 8, 0), 0)  # eight sixteenths are two beats
    ticks(follower, 120, 30, now_ns)
    read = follower.read(now_ns + round(0.62e9))
    assert read is not None and read[2] == 3


def test_a_new_tempo_is_there_within_a_beat_or_two() -> None:
    follower = MidiClock()
    after_ns = ticks(follower, 100, 200, jitter_ms=1.0)
    after_ns = ticks(follower, 140, 40, after_ns, jitter_ms=1.0)
    follower.read(after_ns)
    read = follower.read(ticks(follower, 140, 24, after_ns, jitter_ms=1.0))
    assert read is not None and read[0] == pytest.approx(140, rel=0.01)


def test_ticks_that_a_busy_machine_held_back_change_nothing() -> None:
    follower, period_ns = MidiClock(), 60e9 / 128 / 24
    for number in range(240):
        due_ns = ORIGIN_NS + number * period_ns
        held_ns = (
            max(0.0, ORIGIN_NS + 4.2e9 - due_ns) if due_ns > ORIGIN_NS + 4.0e9 else 0.0
        )  # then all at once
        follower.hear(TICK, round(due_ns + held_ns))
        read = follower.read(round(due_ns + held_ns))
        if number > 60:
            assert read is not None and read[0] == pytest.approx(128, rel=0.005)


def test_a_clock_that_stops_is_gone_and_nonsense_is_none() -> None:
    follower = MidiClock()
    after_ns = ticks(follower, 120, 48)
    assert follower.read(after_ns) is not None
    assert follower.read(after_ns + clock.NS_PER_S) is None
    follower = MidiClock()
    assert follower.read(ticks(follower, 3000, 48)) is None
    follower = MidiClock()
    for _ in range(50):
        follower.hear(TICK, ORIGIN_NS)
    assert follower.read(ORIGIN_NS) is None


def test_the_parent_is_told_ten_times_a_second_of_one_clock(tmp_path: Path) -> None:
    desk = MidiDesk(tmp_path, midi__feedback=False)
    start_ns = clock.now_ns() - 2 * clock.NS_PER_S
    desk.hear(*START)
    for number in range(96):
        desk.hear(*TICK, time_ns=start_ns + round(number * 60e9 / 128 / 24))
    desk.hear(*TICK, port="Other")
    for _ in range(20):
        desk.step(0.01)
    told = [command["clock"] for command in desk.done]
    assert 1 <= len(told) <= 3
    assert told[-1]["source"] == "midi" and told[-1]["bpm"] == pytest.approx(128, rel=1e-4)
    assert told[-1]["beat_of_bar"] == 3
    beats = (told[-1]["beat_ns"] - start_ns) * 128 / 60e9
    assert beats == pytest.approx(round(beats), abs=0.001)


def test_the_drivers_own_times_take_the_polling_out() -> None:
    port, chance = _Input(None), random.Random(2)
    times = []
    for number in range(300):
        late_ns = chance.randrange(12_000_000) if number else 3_000_000
        came_ns = ORIGIN_NS + number * 20_000_000
        times.append(port.time_ns(0.02 if number else 0.0, came_ns + late_ns) - came_ns)
    assert max(times[50:]) - min(times[50:]) < 1_000_000


def test_a_port_keeps_its_name_when_it_is_plugged_again() -> None:
    before = _named(["Midi Through:Midi Through Port-0 14:0", "nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0"])
    after = _named(["nanoKONTROL2:nanoKONTROL2 MIDI 1 28:0", "Klangbild:out"])
    assert list(before) == list(after) == ["nanoKONTROL2:nanoKONTROL2 MIDI 1"]
    assert list(_named(["A 20:0", "A 24:0"])) == ["A", "A (2)"]
    assert "system:midi_playback_1" in _other_ends("system:midi_capture_1")
