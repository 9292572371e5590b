"""What the audience sees of a killed process: nothing. The real show, on virtual devices."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.show import Show
from tests.virtual import VirtualLineIn, VirtualScreen
from visualizer.audio.sources import demo_path

pytestmark = pytest.mark.timeout(180)

LONGEST_GAP_MS = 1000.0
"""Generous, for a machine that others use too; `klangbild bench kills` measures the 100 ms that are meant."""
SETTLE_S = 4.0
"""Until what the start cost is out of the longest gap, which looks 1.5 s back."""


@pytest.fixture
def show(tmp_path: Path, screen: VirtualScreen, line_in: VirtualLineIn) -> Iterator[Show]:
    """A show on the line-in, with the demo track playing into it."""
    player = line_in.play(demo_path())
    small = ("--set", "display.width=640", "--set", "display.height=360")
    with Show(tmp_path, os.environ | screen.env | line_in.env, "--input", "vin", *small) as show:
        yield show
    player.terminate()


def is_heard(line: dict[str, Any]) -> bool:
    return line["input"] == "Monitor of vin" and line["workers"]["capture"]["health"]["level_dbfs"] > -60.0


def is_painted(line: dict[str, Any]) -> bool:
    return bool(line["n_images"] > 5 and line["images_per_s"] > 0.0)


@pytest.mark.parametrize(("worker", "works"), [("capture", is_heard), ("deck_a", is_painted)])
def test_frames_go_on_while_a_killed_process_comes_back(
    show: Show, worker: str, works: Callable[[dict[str, Any]], bool]
) -> None:
    show.wait_for_images()
    time.sleep(SETTLE_S)
    before = show.lines[-1]
    old = show.kill(worker)
    back = show.wait_until(
        lambda s: (
            s["workers"][worker]["state"] == "running" and s["workers"][worker]["pid"] not in (old, None)
        ),
        12.0,
        f"{worker} again",
    )
    last = show.wait_until(
        lambda s: s["time_s"] > back["time_s"] + 1.5 and works(s), 30.0, f"{worker} at work"
    )
    after = [line for line in show.lines if before["time_s"] < line["time_s"] <= last["time_s"]]
    assert max(line["longest_gap_ms"] for line in after) < LONGEST_GAP_MS
    n_shown = [line["n_shown"] for line in [before, *after]]
    assert all(later > earlier for earlier, later in pairwise(n_shown)), n_shown
    assert last["restarts"] == {**before["restarts"], worker: 1}
    assert "Traceback" not in show.log
