"""Choosing monitors by name."""

from __future__ import annotations

from visualizer.display.monitors import Monitor, after, choose, under

LAPTOP = Monitor("eDP-1", 0, 0, 1920, 1080, 60)
WALL = Monitor("EPSON Projector", 1920, 0, 1280, 720, 50)
BOTH = [LAPTOP, WALL]


def test_a_part_of_the_name_is_enough_in_any_case() -> None:
    assert choose(BOTH, "") is LAPTOP
    assert choose(BOTH, "epson") is WALL
    assert choose(BOTH, "EPSON Projector") is WALL
    assert choose(BOTH, "Sony") is None
    assert choose([], "") is None


def test_the_next_one_comes_round() -> None:
    assert after(BOTH, "eDP-1") is WALL and after(BOTH, "EPSON Projector") is LAPTOP
    assert after(BOTH, "unplugged") is LAPTOP and after([], "eDP-1") is None


def test_a_point_of_the_desktop_is_on_one_monitor() -> None:
    assert under(BOTH, 1919, 10) is LAPTOP and under(BOTH, 1920, 10) is WALL
    assert under(BOTH, 2000, 900) is None
