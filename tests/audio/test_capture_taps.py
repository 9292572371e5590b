"""Taps on their way through the capture process: from a command to the tempo that is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from visualizer.audio.capture import Capture
from visualizer.audio.ear import Ear
from visualizer.clock import now_ns
from visualizer.features import external_clock
from visualizer.ipc.regions import Regions
from visualizer.parameters import ParameterState

RATE_HZ = 48_000


def clicks(bpm: float, seconds: float) -> np.ndarray:
    """Stereo clicks from the first sample on, (n, 2) float32."""
    n = round(seconds * RATE_HZ)
    since_s = np.arange(n) / RATE_HZ % (60.0 / bpm)
    one = 0.7 * np.sin(2 * np.pi * 1000 * since_s) * np.exp(-since_s / 0.005)
    return np.stack([one, one], axis=1).astype(np.float32)


def test_the_ear_hands_taps_on() -> None:
    ear, sound = Ear(ParameterState({"audio.agc": False}).snapshot()), clicks(160.0, 8.0)
    made = []
    for first in range(0, len(sound), 480):
        end_ns = round((first + 480) * 1e9 / RATE_HZ)
        if first / RATE_HZ in (3.0, 3.75, 4.5, 5.25):
            ear.tap(end_ns - 10_000_000)
        made += ear.push(sound[first : first + 480], end_ns)
        assert ear.is_tapped is (first / RATE_HZ >= 3.75)
    assert made[-1].tempo_bpm == pytest.approx(80.0, rel=0.01)
    ear.skip_to(0)
    assert not ear.is_tapped


@pytest.fixture
def capture(tmp_path: Path) -> Iterator[Capture]:
    """A worker driven by hand, on a file of clicks."""
    soundfile.write(tmp_path / "clicks.wav", clicks(160.0, 15.0), RATE_HZ)
    regions = Regions.create()
    values = ParameterState({"audio.input": f"file:{tmp_path / 'clicks.wav'}"}).snapshot()
    worker = Capture(settings=values, regions=regions)
    worker.setup()
    yield worker
    worker.close()
    regions.unlink()


def run(capture: Capture, until: Callable[[], bool], limit_s: float = 10.0) -> None:
    deadline = time.monotonic() + limit_s
    while not until():
        assert time.monotonic() < deadline, capture.health
        time.sleep(capture.step())


def test_taps_reach_the_tempo_and_health(capture: Capture) -> None:
    run(capture, lambda: capture.health.get("kind") == "file" and capture.health["level_dbfs"] > -60)
    assert capture.health["tapped"] is False
    for back_s in (1.5, 0.75, 0.0):
        capture.on_command({"tempo": "tap", "time_ns": now_ns() - round(back_s * 1e9)})
    run(capture, lambda: capture.health["tapped"] is True)
    heard = capture.regions.features.read()
    assert heard is not None and heard.tempo_bpm == pytest.approx(80.0, rel=0.01)


def test_what_is_no_tap_is_let_be(capture: Capture) -> None:
    run(capture, lambda: capture.health.get("kind") == "file")
    long_ago = [now_ns() - n * 500_000_000 for n in (9, 8, 7)]
    no_times = [None, "now", True, 1.5, float("nan"), [1, 2], -(10**30), 10**30, 0, now_ns() + 10**9]
    for command in [
        {},
        {"beat": 1},
        *({"tempo": "tap", "time_ns": time_ns} for time_ns in long_ago + no_times),
    ]:
        capture.on_command(command)
    told = capture.health
    run(capture, lambda: capture.health is not told)
    assert capture.health["tapped"] is False and capture.sentence == ""


def test_a_clock_leads_and_its_end_is_told(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external_clock, "YOUNG_S", 0.5)
    run(capture, lambda: capture.health.get("kind") == "file")
    capture.settings = {**capture.settings, "tempo.source": "midi"}
    capture.on_settings({"tempo.source": "midi"})
    for broken in (
        {},
        {"source": "midi", "bpm": float("nan"), "beat_ns": now_ns()},
        {"bpm": 1e9, "beat_ns": 0},
    ):
        capture.on_command({"clock": broken})
    capture.on_command({"clock": {"source": "link", "bpm": 99.0, "beat_ns": now_ns(), "beat_of_bar": None}})
    told = {"source": "midi", "bpm": 133.0, "beat_ns": now_ns(), "beat_of_bar": 2}
    capture.on_command({"clock": told})
    run(capture, lambda: capture.health["tempo_from"] == "midi")
    heard = capture.regions.features.read()
    assert heard is not None and heard.tempo_bpm == 133.0 and 0.5 <= heard.bar_phase < 0.8
    run(capture, lambda: capture.sentence == "MIDI clock stopped: the beat of the music is followed.")
    assert capture.health["tempo_from"] == "heard"
    capture.settings = {**capture.settings, "tempo.source": "internal"}
    capture.on_settings({"tempo.source": "internal"})
    run(capture, lambda: capture.sentence == "")
