"""The pace of frames, on a clock of the test's own."""

from __future__ import annotations

import pytest

from visualizer.display.pacing import FAILED_TRY_S, UP_AFTER_S, Pacer


class Machine:
    """Draws frames that cost what they are told to, on a clock of its own."""

    def __init__(self, pacer: Pacer) -> None:
        self.pacer = pacer
        self.now_s = 100.0
        self.starts: list[float] = []

    def run(self, seconds: float, cost_s: float) -> int:
        n, end_s = 0, self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += self.pacer.wait_s(self.now_s)
            start_s = self.now_s
            self.starts.append(start_s)
            self.now_s += cost_s
            self.pacer.drawn(start_s, self.now_s)
            n += 1
        return n


@pytest.mark.parametrize("fps", [24.0, 60.0, 144.0])
def test_a_quick_machine_keeps_the_wanted_pace_evenly(fps: float) -> None:
    machine = Machine(Pacer(fps))
    assert abs(machine.run(2.0, 0.001) - 2 * fps) <= 1
    gaps = [b - a for a, b in zip(machine.starts, machine.starts[1:], strict=False)]
    assert max(gaps) - min(gaps) < 1e-6


def test_a_slow_machine_steps_down_to_half_and_stays_even() -> None:
    machine = Machine(Pacer(60.0))
    machine.run(2.0, 0.020)
    assert machine.pacer.fps == 30.0
    assert abs(machine.run(2.0, 0.020) - 60) <= 2


def test_it_comes_back_when_the_machine_is_free_again() -> None:
    machine = Machine(Pacer(60.0))
    machine.run(2.0, 0.020)
    machine.run(UP_AFTER_S - 1.0, 0.004)
    assert machine.pacer.fps == 30.0
    machine.run(3.0, 0.004)
    assert machine.pacer.fps == 60.0


def test_one_dear_frame_changes_nothing() -> None:
    machine = Machine(Pacer(60.0))
    for _ in range(10):
        machine.run(1.0, 0.005)
        machine.run(0.01, 0.080)
    assert machine.pacer.fps == 60.0


def test_failed_tries_come_ever_rarer() -> None:
    machine = Machine(Pacer(60.0))
    changes = 0
    before = machine.pacer.fps
    for _ in range(1200):  # two minutes in which the full pace is dear and the half pace looks cheap
        machine.run(0.1, 0.020 if machine.pacer.fps == 60.0 else 0.006)
        changes += machine.pacer.fps != before
        before = machine.pacer.fps
    assert changes < 2 * 120 / (UP_AFTER_S + FAILED_TRY_S)


def test_a_late_frame_is_not_followed_by_a_burst() -> None:
    machine = Machine(Pacer(60.0))
    machine.run(0.5, 0.002)
    machine.now_s += 0.5  # the process was stopped for half a second
    n = len(machine.starts)
    machine.run(0.5, 0.002)
    gaps = [b - a for a, b in zip(machine.starts[n:], machine.starts[n + 1 :], strict=False)]
    assert min(gaps) > 0.9 / 60


def test_a_low_wanted_pace_is_not_halved() -> None:
    machine = Machine(Pacer(30.0))
    machine.run(3.0, 0.050)
    assert machine.pacer.fps == 30.0


def test_another_wanted_pace_counts_at_once() -> None:
    machine = Machine(Pacer(60.0))
    machine.run(2.0, 0.020)
    machine.pacer.want(40.0)
    assert machine.pacer.fps == 40.0


def test_what_strikes_is_shown_at_once_but_never_twice_in_half_a_period() -> None:
    pacer = Pacer(30.0)
    pacer.drawn(10.0, 10.01)
    pacer.hurry(10.012)  # too soon after the last frame
    assert pacer.wait_s(10.012) == pytest.approx(1 / 30 - 0.012)
    pacer.hurry(10.02)
    assert pacer.wait_s(10.02) == 0.0
    pacer.drawn(10.02, 10.03)
    assert pacer.wait_s(10.03) == pytest.approx(1 / 30 - 0.01)  # and the beat goes on from there
