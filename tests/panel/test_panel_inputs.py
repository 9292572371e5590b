"""The input page: a level beside each input, heard in processes that come and go."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import psutil
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from tests.panel.conftest import Driven
from tests.virtual import VirtualLineIn
from visualizer import clock
from visualizer.panel import meters
from visualizer.panel.inputs import InputsPage
from visualizer.panel.meters import Meters
from visualizer.types import Features

LEFT = Qt.MouseButton.LeftButton
_LOUD = "import sys, time\nwhile True: print('{\"level_dbfs\": -20.0}', flush=True); time.sleep(0.05)"
_HUNG = "import time; time.sleep(3600)"
_BROKEN = 'print(\'{"error": "It does not open: plug it in."}\', flush=True)'


def device(id: str, **more: Any) -> dict[str, Any]:
    usual = {"id": id, "name": id.upper(), "kind": "input", "host_api": "ALSA", "channels": 2}
    return {**usual, "default_rate_hz": 48000.0, "is_default": False, "is_bluetooth": False, **more}


@pytest.fixture
def listeners() -> Iterator[Callable[[str], Meters]]:
    """Meters whose processes run some code instead of listening."""
    made: list[Meters] = []

    def make(code: str) -> Meters:
        made.append(Meters([sys.executable, "-c", code]))
        return made[-1]

    yield make
    for each in made:
        each.close()


def follow(
    driven: Driven, listening: Meters, wanted: list[str], until: Callable[[], bool], limit_s: float = 60
) -> None:
    deadline = time.monotonic() + limit_s
    while not until():
        assert time.monotonic() < deadline, listening.readings
        listening.follow({id: device(id) for id in wanted})
        driven.step(1)


def test_each_input_is_heard_in_its_process(driven: Driven, listeners: Callable[[str], Meters]) -> None:
    listening = listeners(_LOUD)
    both = ["one", "two"]
    follow(
        driven,
        listening,
        both,
        lambda: all(listening.readings.get(id, meters.Reading()).level_dbfs == -20.0 for id in both),
    )
    pids = listening.pids
    assert len(set(pids)) == 2
    listening.follow({"two": device("two")})
    assert listening.pids == pids[1:] and "one" not in listening.readings
    listening.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_killed_meter_is_named_and_tried_again(
    driven: Driven, listeners: Callable[[str], Meters], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meters, "AGAIN_S", 0.2)
    listening = listeners(_LOUD)
    follow(driven, listening, ["one"], lambda: bool(listening.readings) and bool(_level(listening)))
    (pid,) = listening.pids
    psutil.Process(pid).kill()
    follow(driven, listening, ["one"], lambda: _level(listening) is None)
    assert listening.readings["one"].sentence
    follow(driven, listening, ["one"], lambda: _level(listening) == -20.0)
    assert listening.pids != [pid] and listening.readings["one"].sentence == ""


def test_a_hung_meter_is_killed(
    driven: Driven, listeners: Callable[[str], Meters], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meters, "SILENT_LIMIT_S", 1.0)
    listening = listeners(_HUNG)
    listening.follow({"one": device("one")})
    follow(driven, listening, ["one"], lambda: listening.pids != [0] and len(listening.pids) == 1)
    (pid,) = listening.pids
    follow(driven, listening, ["one"], lambda: "does not answer" in listening.readings["one"].sentence)
    assert listening.pids == [] and not psutil.pid_exists(pid)


def test_what_an_input_says_of_itself_is_shown(driven: Driven, listeners: Callable[[str], Meters]) -> None:
    listening = listeners(_BROKEN)
    follow(
        driven,
        listening,
        ["one"],
        lambda: "plug it in" in listening.readings.get("one", meters.Reading()).sentence,
    )


def test_many_inputs_take_turns(
    driven: Driven, listeners: Callable[[str], Meters], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meters, "TURN_S", 0.3)
    monkeypatch.setattr(meters, "MOST_AT_ONCE", 2)
    listening = listeners(_LOUD)
    wanted = ["one", "two", "three"]
    most = 0

    def all_heard() -> bool:
        nonlocal most
        most = max(most, len(listening.pids))
        return sum(reading.level_dbfs is not None for reading in listening.readings.values()) == 3

    follow(driven, listening, wanted, all_heard)
    assert most == 2


def _level(listening: Meters) -> float | None:
    return listening.readings["one"].level_dbfs


@pytest.fixture
def page(driven: Driven) -> InputsPage:
    made = driven.window.inputs
    if made._lister is not None:
        made._lister.kill()
        made._lister = None
    made._listed_s = clock.seconds(clock.now_ns()) + 3600  # only what a test lists
    made.meters._command = [sys.executable, "-c", _LOUD]
    return made


def test_bluetooth_is_heard_only_when_asked(driven: Driven, page: InputsPage) -> None:
    page._show_devices([device("line"), device("headset", is_bluetooth=True)])
    driven.step(10)
    assert set(page.meters.readings) == {"line"}
    assert page.rows["headset"].listen.isVisible() and not page.rows["line"].listen.isVisible()
    QTest.mouseClick(page.rows["headset"].listen, LEFT)
    driven.step(10)
    assert set(page.meters.readings) == {"line", "headset"}
    driven.window.show_page(1)
    driven.step(6)
    assert page.meters.pids == []  # nobody looks
    page._show_devices([])


def test_a_press_chooses_by_name_and_the_input_on_air_shows_its_own_level(
    driven: Driven, page: InputsPage, regions: Any
) -> None:
    page._show_devices([device("line"), device("desk"), device("desk2", name="DESK")])
    QTest.mouseClick(page.rows["line"].press, LEFT)
    assert driven.set() == {"audio.input": "LINE"}
    QTest.mouseClick(page.rows["desk"].press, LEFT)
    assert driven.set() == {"audio.input": "desk"}  # two of the same name are told apart by their ids
    heard = {"input": "LINE", "kind": "input"}
    driven.panel.on_command({"status": {"capture": {"state": "running", "health": heard}}})
    regions.features.write(Features(time_ns=clock.now_ns(), level_dbfs=-12.0, gain_db=6.0))
    driven.step(3)
    assert page.rows["line"].level.level_db == -18.0  # as it comes in, before the gain
    assert page.rows["line"].press.isChecked() and "line" not in page.meters.readings
    QTest.mouseClick(page.rows["demo"].press, LEFT)
    QTest.mouseClick(page.rows["system"].press, LEFT)
    assert driven.set() == {"audio.input": "system"}
    page._show_devices([])


def test_the_real_line_moves_beside_its_name(
    driven: Driven, page: InputsPage, line_in: VirtualLineIn
) -> None:
    time_s = np.arange(30 * 48_000) / 48_000
    player = line_in.play_array(0.1 * np.sin(2 * np.pi * 440 * time_s))
    try:
        page.meters._command = Meters()._command
        page._listed_s = float("-inf")
        deadline = time.monotonic() + 60
        id = "pulse:vin.monitor"
        while id not in page.rows or page.rows[id].level.level_db < -30:
            assert time.monotonic() < deadline, (page.sentence.text(), json.dumps(list(page.rows)))
            driven.step(1)
        assert page.rows[id].level.level_db == pytest.approx(-23.0, abs=1.5)
    finally:
        player.terminate()
        page._show_devices([])
        driven.window.show_page(1)
        driven.step(3)
    assert page.meters.pids == []
