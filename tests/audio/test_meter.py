"""The meter: a throwaway process that tells how loud one input is."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.virtual import VirtualLineIn
from visualizer.audio import meter
from visualizer.audio.devices import Device
from visualizer.types import UserError

ROOT = Path(__file__).resolve().parents[2]
LINE = Device("pulse:vin.monitor", "Monitor of vin", "loopback", "PulseAudio", 2, 48_000.0, True)


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "visualizer.audio.meter", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT)


def read(process: subprocess.Popen[str], n: int) -> list[dict[str, Any]]:
    assert process.stdout is not None
    return [json.loads(process.stdout.readline()) for _ in range(n)]


def test_a_device_survives_the_way_through_the_list() -> None:
    told = json.dumps(meter.describe(LINE))
    assert meter.parse(told) == LINE
    for strange in ("{", "{}", '{"id": 3, "channels": "many"}'):
        with pytest.raises(UserError, match="no device"):
            meter.parse(strange)


def test_levels_are_those_of_the_samples() -> None:
    loudness = meter.Loudness()
    assert loudness.take() is None
    time_s = np.arange(4800) / 48_000
    sine = (0.1 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    for block in np.split(np.stack([sine, sine], 1), 10):
        loudness.add(block, 0)
    taken = loudness.take()
    assert taken is not None and taken[0] == pytest.approx(-23.0, abs=0.1)
    assert taken[1] == pytest.approx(0.1, abs=0.001)
    loudness.add(np.zeros((128, 2), np.float32), 0)
    assert loudness.take() == (meter.SILENCE_DBFS, 0.0)
    loudness.add(np.full((128, 2), np.nan, np.float32), 0)
    assert loudness.take() == (meter.SILENCE_DBFS, 0.0)


def test_a_tone_in_the_line_moves_the_level_and_its_end_is_heard(line_in: VirtualLineIn) -> None:
    process = start(json.dumps(meter.describe(LINE)))
    try:
        assert read(process, 3)[-1]["level_dbfs"] < -90
        time_s = np.arange(3 * 48_000) / 48_000
        player = line_in.play_array(0.5 * np.sin(2 * np.pi * 1000 * time_s))
        levels = [line["level_dbfs"] for line in read(process, 25)]
        assert max(levels) == pytest.approx(-9.0, abs=0.5)
        player.terminate()
        assert read(process, 25)[-1]["level_dbfs"] < -90
    finally:
        process.kill()
        process.communicate()


def test_a_meter_ends_when_its_owner_is_gone(line_in: VirtualLineIn) -> None:
    process = start("vin")
    read(process, 1)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(5) == 3
    assert process.stdout is not None and process.stderr is not None
    assert "Traceback" not in process.stderr.read()


def test_a_meter_that_hangs_in_a_driver_ends_with_its_owner(tmp_path: Path) -> None:
    code = (
        "import time, visualizer.audio.meter as meter\n"
        "meter._measure = lambda device: time.sleep(3600)\n"
        "meter.parse = lambda wanted: None\n"
        "meter.main(['X'])"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, cwd=ROOT)
    threading.Timer(1.0, process.stdin.close).start()  # type: ignore[union-attr]
    begun_s = time.monotonic()
    assert process.wait(20) == 3
    assert time.monotonic() - begun_s < 15


def test_what_cannot_be_heard_is_said_in_a_sentence(line_in: VirtualLineIn) -> None:
    for arguments, part in ((("Nosuch",), "Nosuch"), ((), "Name one input")):
        process = start(*arguments)
        (line,) = read(process, 1)
        assert process.wait(30) == 2 and part in line["error"]
        assert "Traceback" not in process.communicate()[1]


def test_the_list_names_the_line(line_in: VirtualLineIn) -> None:
    out, _ = start("--list").communicate(timeout=30)
    assert any(told["id"] == LINE.id and not told["is_bluetooth"] for told in json.loads(out)["devices"])
