"""Fewer pixels below the floor, all of them again when it holds, and no going to and fro."""

from __future__ import annotations

from itertools import pairwise

import pytest

from visualizer.modes.tier import DOWN_AFTER_S, FAILED_TRY_S, UP_AFTER_S, Tier

FLOOR, WANTED = 15.0, 30.0


class Machine:
    """Paints images that take as long as they are told to, on a clock of its own."""

    def __init__(self) -> None:
        self.tier = Tier()
        self.now_s = 50.0
        self.changes: list[float] = []

    def run(
        self, seconds: float, all_s: float, few_s: float, floor: float = FLOOR, wanted: float = WANTED
    ) -> None:
        """`all_s`, `few_s`: what an image of all, or fewer, pixels takes."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += max(few_s if self.tier.is_light else all_s, 1 / wanted)
            if self.tier.painted(self.now_s, floor, wanted):
                self.changes.append(self.now_s)


def test_a_quick_machine_paints_all_pixels() -> None:
    machine = Machine()
    machine.run(60.0, 0.02, 0.01)
    assert not machine.tier.is_light and not machine.changes
    assert machine.tier.rate == pytest.approx(WANTED, rel=0.01)


def test_just_above_the_floor_nothing_is_given_up() -> None:
    machine = Machine()
    machine.run(60.0, 1 / 16, 0.01)
    assert not machine.changes


def test_a_slow_machine_paints_fewer_after_a_moment() -> None:
    machine = Machine()
    machine.run(20.0, 0.02, 0.01)
    machine.run(DOWN_AFTER_S - 0.1, 0.1, 0.09)
    assert not machine.changes
    machine.run(3.0, 0.1, 0.09)
    assert machine.tier.is_light


def test_a_hiccup_and_a_pause_are_no_reason() -> None:
    machine = Machine()
    machine.run(10.0, 0.02, 0.01)
    machine.run(0.9, 0.3, 0.3)
    machine.run(10.0, 0.02, 0.01)
    machine.run(6.0, 3.0, 3.0)
    machine.run(10.0, 0.02, 0.01)
    assert not machine.changes


def test_it_comes_back_when_the_machine_is_free_again() -> None:
    machine = Machine()
    machine.run(6.0, 0.1, 0.02)
    assert machine.tier.is_light
    machine.run(UP_AFTER_S + 3.0, 0.02, 0.01)
    assert not machine.tier.is_light
    machine.run(60.0, 0.02, 0.01)
    assert len(machine.changes) == 2


def test_tries_that_fail_become_rare() -> None:
    machine = Machine()
    machine.run(280.0, 0.1, 0.02)
    tries = machine.changes[1::2]
    gaps = [b - a for a, b in pairwise(tries)]
    assert 3 <= len(tries) <= 7
    assert all(b > 1.3 * a for a, b in pairwise(gaps))
    assert all(down - up < FAILED_TRY_S for up, down in zip(tries, machine.changes[2::2], strict=False))


def test_a_floor_of_nought_is_none_and_gives_all_pixels_back() -> None:
    machine = Machine()
    machine.run(10.0, 0.2, 0.2, floor=0.0)
    assert not machine.changes
    machine.run(10.0, 0.2, 0.05)
    assert machine.tier.is_light
    machine.run(0.2, 0.2, 0.05, floor=0.0)
    assert not machine.tier.is_light


def test_a_preview_that_is_asked_for_few_images_is_not_slow() -> None:
    machine = Machine()
    machine.run(30.0, 0.02, 0.01, wanted=7.5)
    assert not machine.changes
