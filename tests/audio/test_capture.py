"""The capture process end to end: real PulseAudio, real shared memory, real losses."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.virtual import VirtualLineIn
from visualizer.clock import now_ns
from visualizer.ipc.regions import Regions
from visualizer.ipc.ring import Block
from visualizer.ipc.spec import WorkerSpec
from visualizer.ipc.supervisor import Supervisor
from visualizer.parameters import ParameterState
from visualizer.types import Features

LIMIT_S = 20.0


class Listening:
    """A supervisor with nothing but capture, and a reader of its ring."""

    def __init__(self, wanted: str, mute_after_s: float = 60.0, **settings: Any) -> None:
        self.state = ParameterState(
            {"audio.input": wanted, **{f"audio.{id}": value for id, value in settings.items()}}
        )
        self.regions = Regions.create()
        self.supervisor = Supervisor(
            [
                WorkerSpec(
                    "capture", "visualizer.audio.capture:Capture", {"mute_after_s": mute_after_s}, threads=1
                )
            ],
            self.regions,
            self.state,
        )
        self.reader = self.regions.audio.reader()
        self.blocks: list[Block] = []
        self.supervisor.start()

    def close(self) -> None:
        self.supervisor.stop()
        self.regions.unlink()

    def set(self, id: str, value: Any) -> None:
        self.supervisor.send_settings(self.state.set(id, value, "test"))

    @property
    def status(self) -> dict[str, Any]:
        return self.supervisor.status()["capture"]

    @property
    def health(self) -> dict[str, Any]:
        return self.status.get("health") or {}

    def run(self, seconds: float) -> None:
        self.until(lambda: False, seconds, fail=False)

    def until(self, condition: Callable[[], bool], limit_s: float = LIMIT_S, fail: bool = True) -> float:
        """Polls until the condition holds; returns how long that took."""
        started = time.monotonic()
        while time.monotonic() - started < limit_s:
            self.supervisor.poll(0.01)
            block = self.reader.read()
            if len(block.samples):
                self.blocks.append(block)
            if condition():
                return time.monotonic() - started
        assert not fail, f"not within {limit_s} s: {self.status}"
        return limit_s

    def until_listening(self, to: str = "Monitor of vin") -> float:
        return self.until(lambda: self.status["state"] != "starting" and self.health.get("input") == to)

    @property
    def samples(self) -> np.ndarray:
        return np.concatenate([block.samples for block in self.blocks])

    @property
    def n_lost(self) -> int:
        return sum(block.n_lost for block in self.blocks)

    def features(self) -> Features:
        newest = self.regions.features.read()
        assert newest is not None
        return newest


@pytest.fixture
def listen() -> Iterator[Callable[..., Listening]]:
    opened: list[Listening] = []

    def start(wanted: str, **settings: Any) -> Listening:
        opened.append(Listening(wanted, **settings))
        return opened[-1]

    yield start
    for listening in opened:
        listening.close()


Listen = Callable[..., Listening]


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, (round(seconds * 48_000), 2)).astype(np.float32)


def holds(heard: np.ndarray, sent: np.ndarray) -> bool:
    """Whether `sent` is in `heard`, to the bit and without a hole."""
    starts = np.flatnonzero((heard == sent[0]).all(axis=1))
    return any(np.array_equal(heard[s : s + len(sent)], sent) for s in starts)


def assert_heard(line_in: VirtualLineIn, heard: Listening, sent: np.ndarray) -> None:
    """Plays `sent` and finds it in the ring, to the bit and without a hole."""
    heard.blocks.clear()
    player = line_in.play_array(sent)
    heard.until(lambda: player.poll() is not None)
    for _ in range(20):
        heard.run(0.3)
        if holds(heard.samples, sent):
            return
    raise AssertionError(f"it is not in what was heard: {heard.status}")


def test_what_is_played_arrives_to_the_bit_and_comes_back_after_a_loss(
    line_in: VirtualLineIn, listen: Listen
) -> None:
    heard = listen("vin")
    heard.until_listening()
    assert_heard(line_in, heard, noise(2))
    assert heard.n_lost == 0 and heard.health["n_refused"] == 0 and heard.health["n_glitches"] == 0
    assert heard.features().sample == pytest.approx(heard.regions.audio.n_written, abs=0.5 * 48_000)

    line_in.unplug()
    heard.until(lambda: "gone" in heard.status["sentence"], 5)
    assert heard.status["state"] == "degraded" and heard.health["n_losses"] == 1
    n_silence = heard.health["n_silence_filled"]
    heard.run(1.5)
    assert heard.health["n_silence_filled"] - n_silence > 0.8 * 48_000  # readers' time goes on
    assert heard.features().level_dbfs < -100

    line_in.plug()
    plugged = time.monotonic()
    heard.until_listening()
    assert time.monotonic() - plugged < 3
    assert_heard(line_in, heard, noise(1, seed=1))
    heard.until(lambda: heard.status["state"] == "running")
    assert heard.status["restarts"] == 0


def test_a_mute_input_is_named_until_the_first_sound(line_in: VirtualLineIn, listen: Listen) -> None:
    listening = listen("vin", mute_after_s=1.0)
    listening.until(lambda: "is mute" in listening.status["sentence"], LIMIT_S)
    line_in.play_array(0.2 * np.sin(np.arange(48000 * 20) / 20))
    listening.until(lambda: listening.status["sentence"] == "", LIMIT_S)


def test_another_sink_is_never_taken_for_the_lost_one(line_in: VirtualLineIn, listen: Listen) -> None:
    heard = listen("vin")
    heard.until_listening()
    other = line_in.load_sink("vin2", default=True)
    try:
        line_in.unplug()
        heard.until(lambda: "gone" in heard.status["sentence"], 5)
        heard.run(2.5)
        assert heard.health["input"] == "silence"
    finally:
        line_in.unload(other)
    line_in.plug()
    heard.until_listening()


def test_system_is_the_default_output_and_follows_it(line_in: VirtualLineIn, listen: Listen) -> None:
    heard = listen("system")
    heard.until_listening()
    other = line_in.load_sink("headphones", default=True)
    try:
        heard.until_listening("Monitor of headphones")
    finally:
        line_in.unload(other)
    heard.until_listening()


def test_a_mixer_may_move_the_input_and_is_named(line_in: VirtualLineIn, listen: Listen) -> None:
    heard = listen("vin")
    heard.until_listening()
    other = line_in.load_sink("other", default=False)
    try:
        listed = subprocess.run(["pactl", "list", "short", "source-outputs"], capture_output=True, text=True)
        stream = listed.stdout.split()[0]
        subprocess.run(["pactl", "move-source-output", stream, "other.monitor"], check=True)
        heard.until(lambda: heard.status["sentence"] == "A mixer moved the input to other.monitor.")
        subprocess.run(["pactl", "move-source-output", stream, "vin.monitor"], check=True)
        heard.until(lambda: heard.status["state"] == "running")
    finally:
        line_in.unload(other)
    assert heard.health["n_losses"] == 0


def test_a_hanging_server_costs_a_process_and_nothing_else(line_in: VirtualLineIn, listen: Listen) -> None:
    heard = listen("vin")
    heard.until_listening()
    line_in.daemon.send_signal(signal.SIGSTOP)
    try:
        heard.until(lambda: heard.status["restarts"] == 1)
        assert "75" in heard.status["last_end"]
        heard.until(lambda: heard.health.get("n_silence_filled", 0) > 4_800)
    finally:
        line_in.daemon.send_signal(signal.SIGCONT)
    assert heard.until_listening() < 6


def test_a_killed_capture_comes_back_to_the_same_ring(line_in: VirtualLineIn, listen: Listen) -> None:
    heard = listen("vin")
    heard.until_listening()
    n_before = heard.regions.audio.n_written
    os.kill(heard.status["pid"], signal.SIGKILL)
    heard.until(lambda: heard.status["restarts"] == 1)
    heard.until_listening()
    heard.run(0.3)
    assert heard.regions.audio.n_written > n_before
    assert_heard(line_in, heard, noise(0.5))


def test_input_is_switched_live_and_gain_is_told(
    line_in: VirtualLineIn, listen: Listen, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "song.wav", noise(1.5), 48_000, subtype="FLOAT")
    heard = listen("vin", agc=False, gain_db=6.0)
    heard.until_listening()
    heard.set("audio.input", f"file:{tmp_path / 'song.wav'}")
    heard.until_listening("song.wav")
    assert heard.health["kind"] == "file"
    heard.run(0.5)
    assert heard.features().gain_db == pytest.approx(6, abs=0.01)
    assert heard.features().level_dbfs == pytest.approx(20 * np.log10(0.9 / np.sqrt(3)) + 6, abs=1)
    heard.set("audio.gain_db", -6.0)
    heard.until(lambda: heard.features().gain_db < -5.9, 5)
    heard.set("audio.input", "vin")
    heard.until_listening()


def test_an_unknown_device_waits_with_a_sentence_and_file_errors_are_named(
    line_in: VirtualLineIn, listen: Listen
) -> None:
    heard = listen("Skarlett")
    heard.until(lambda: "no input device 'Skarlett'" in heard.status["sentence"])
    heard.set("audio.input", "file:/no/such/song.flac")
    heard.until(lambda: "There is no file" in heard.status["sentence"])
    assert heard.health["n_silence_filled"] > 0 and heard.status["restarts"] == 0
    heard.set("audio.input", "vin")
    heard.until_listening()
    heard.until(lambda: heard.status["state"] == "running")


def no_server(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for variable in ("XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH"):
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setenv("PULSE_SERVER", f"unix:{folder}/none")


def test_a_file_is_heard_in_real_time_with_every_sample(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listen: Listen
) -> None:
    no_server(monkeypatch, tmp_path)
    sent = noise(2.5)
    soundfile.write(tmp_path / "song.wav", sent, 48_000, subtype="FLOAT")
    heard = listen(f"file:{tmp_path / 'song.wav'}", loop=False)
    heard.until(lambda: heard.health.get("kind") == "file")
    started = now_ns()
    heard.until(lambda: "song.wav is over" in heard.status["sentence"])
    assert 1.5 < (now_ns() - started) / 1e9 < 6
    assert holds(heard.samples, sent)
    assert heard.health["n_samples"] == len(sent)


def test_a_silent_file_is_named_until_its_music_comes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listen: Listen
) -> None:
    no_server(monkeypatch, tmp_path)
    song = np.concatenate([np.zeros((5 * 48_000, 2)), noise(20)])
    soundfile.write(tmp_path / "late.wav", song, 48_000)
    heard = listen(f"file:{tmp_path / 'late.wav'}", mute_after_s=1.0)
    heard.until(lambda: "late.wav is silent" in heard.status["sentence"])
    heard.until(lambda: heard.status["sentence"] == "")
    assert heard.health["kind"] == "file"


def test_without_any_device_the_demo_plays_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listen: Listen
) -> None:
    no_server(monkeypatch, tmp_path)
    heard = listen("default")
    heard.until(lambda: heard.health.get("kind") == "demo")
    assert heard.status["sentence"] == "No input device was found: playing the demo."
    heard.run(2.5)
    assert np.abs(heard.samples).max() > 0.01
    assert heard.features().level_dbfs > -60
