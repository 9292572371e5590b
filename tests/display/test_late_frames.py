"""What is told of late frames."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from visualizer import clock
from visualizer.display.late_frames import EVENTS_S, LATE_S, N_KEPT, LateFrames


class Clock:
    """Moved by the test."""

    now_s = 10.0


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Clock]]:
    Clock.now_s = 10.0
    monkeypatch.setattr(clock, "now_ns", lambda: clock.nanoseconds(Clock.now_s))
    yield Clock


def show(late: LateFrames, now: type[Clock], draw_s: float, wait_s: float = 0.01) -> None:
    """A frame that begins after a while, 5 ms later than due, and is drawn for so long."""
    now.now_s += wait_s
    late.begin(now.now_s - 0.005)
    now.now_s += draw_s
    late.mark("draw")
    now.now_s += 0.002
    late.mark("swap")
    late.shown(now.now_s)


def test_only_late_frames_are_kept_and_their_parts_tell_why(now: type[Clock]) -> None:
    late = LateFrames()
    for draw_s in (0.5, 0.01, LATE_S, 0.01):  # the first comes after none
        show(late, now, draw_s)
    (kept,) = late.kept
    assert kept["gap_ms"] == pytest.approx(1e3 * (LATE_S + 0.012), abs=0.2)
    assert kept["parts_ms"] == {"draw": 1e3 * LATE_S, "swap": 2.0}
    assert (kept["number"], kept["late_ms"]) == (1, 5.0)
    late.close()


def test_what_happened_before_is_told_with_it(now: type[Clock]) -> None:
    late = LateFrames()
    late.note("long ago")
    now.now_s += EVENTS_S
    late.note("key H", "deck_stage ready")
    show(late, now, 0.01)
    show(late, now, 0.2)
    assert late.kept[0]["events"] == ["key H", "deck_stage ready"]
    late.close()


def test_garbage_is_watched_until_the_end(now: type[Clock]) -> None:
    late = LateFrames()
    show(late, now, 0.01)
    gc.collect()
    show(late, now, 0.2)
    assert late.kept[0]["gc_ms"] > 0.0
    n_callbacks = len(gc.callbacks)
    late.close()
    late.close()
    assert len(gc.callbacks) == n_callbacks - 1


def test_no_more_are_kept_than_health_can_tell(now: type[Clock]) -> None:
    late = LateFrames()
    for _ in range(3 * N_KEPT):
        show(late, now, 0.2)
    assert [kept["number"] for kept in late.kept] == list(range(2 * N_KEPT, 3 * N_KEPT))
    late.close()
