"""A device stream over a stand-in for PortAudio: channels, rates, losses and hanging drivers."""

from __future__ import annotations

import os
import threading
import types
from typing import Any

import numpy as np
import pytest

from visualizer.audio import stream
from visualizer.audio.devices import Device
from visualizer.audio.sources import DeviceSource


class PortAudioError(Exception):
    """Stands for sounddevice's."""


class FakeStream:
    """Takes what InputStream takes; tests push blocks by hand."""

    opened: list[FakeStream]
    rates: tuple[float, ...]
    hangs: threading.Event | None

    def __init__(self, **options: Any) -> None:
        if options["samplerate"] not in self.rates:
            raise PortAudioError("Invalid sample rate")
        self.options = options
        self.closed = False
        self.opened.append(self)

    def start(self) -> None: ...

    def abort(self) -> None:
        if self.hangs is not None:
            self.hangs.wait(10)

    def close(self) -> None:
        self.closed = True
        self.options["finished_callback"]()

    def push(self, block: np.ndarray) -> None:
        self.options["callback"](block, len(block), None, None)


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch) -> type[FakeStream]:
    class Fresh(FakeStream):
        opened: list[FakeStream] = []  # noqa: RUF012
        rates = (48_000, 44_100.0)
        hangs = None

    entries = [
        {"name": "pulse", "hostapi": 0, "max_input_channels": 32},
        {"name": "Scarlett", "hostapi": 0, "max_input_channels": 8},
        {"name": "Speakers [Loopback]", "hostapi": 1, "max_input_channels": 2},
    ]
    fake = types.SimpleNamespace(
        InputStream=Fresh,
        PortAudioError=PortAudioError,
        WasapiSettings=lambda **options: options,
        query_devices=lambda: entries,
        query_hostapis=lambda: [{"name": "ALSA"}, {"name": "Windows WASAPI"}],
    )
    monkeypatch.setattr(stream, "load_portaudio", lambda: fake)
    return Fresh


def source(channels: tuple[int, int] = (1, 2), rate_hz: float = 48_000.0, **changes: Any) -> DeviceSource:
    fields = {
        "id": "portaudio:ALSA:Scarlett",
        "name": "Scarlett",
        "host_api": "ALSA",
        "n_channels": 8,
    } | changes
    return DeviceSource(Device(kind="input", rate_hz=rate_hz, is_default=False, **fields), channels)


def collect(heard: list[tuple[np.ndarray, int]]) -> stream.Sink:
    return lambda block, time_ns: heard.append((block.copy(), time_ns))


def test_the_chosen_pair_is_heard_in_fixed_blocks(portaudio: type[FakeStream]) -> None:
    heard: list[tuple[np.ndarray, int]] = []
    opened = stream.DeviceStream(source((3, 4)), collect(heard))
    driver = portaudio.opened[0]
    assert (driver.options["blocksize"], driver.options["channels"]) == (128, 4)
    block = np.random.default_rng(0).uniform(-1, 1, (128, 4)).astype(np.float32)
    driver.push(block)
    driver.push(np.tile(block, (3, 1)))  # larger than asked for: still all of it
    assert np.array_equal(np.concatenate([b for b, _ in heard]), np.tile(block[:, 2:], (4, 1)))
    assert (opened.n_callbacks, opened.n_samples) == (2, 512)
    assert opened.mark == (512, heard[-1][1]) and opened.last_ns == heard[-1][1]
    assert opened.close() and driver.closed and opened.finished


def test_a_mono_channel_is_heard_on_both_sides(portaudio: type[FakeStream]) -> None:
    heard: list[tuple[np.ndarray, int]] = []
    stream.DeviceStream(source((1, 1)), collect(heard))
    portaudio.opened[0].push(np.full((128, 1), 0.25, np.float32))
    assert np.array_equal(heard[0][0], np.full((128, 2), 0.25, np.float32))


def test_a_device_without_48_khz_is_resampled_outside_the_callback(portaudio: type[FakeStream]) -> None:
    portaudio.rates = (44_100.0,)
    heard: list[tuple[np.ndarray, int]] = []
    opened = stream.DeviceStream(source(rate_hz=44_100.0), collect(heard))
    t = np.arange(44_100) / 44_100
    tone = np.repeat(np.sin(2 * np.pi * 440 * t)[:, None], 2, 1).astype(np.float32)
    for start in range(0, 44_100, 128):
        portaudio.opened[0].push(tone[start : start + 128])
    assert not heard
    opened.drain()
    samples = np.concatenate([b for b, _ in heard])
    assert opened.rate_hz == 44_100 and len(samples) == pytest.approx(48_000, abs=1_000)
    assert np.argmax(np.abs(np.fft.rfft(samples[:40_000, 0]))) * 48_000 / 40_000 == pytest.approx(440, abs=2)
    assert all(time_ns < opened.last_ns for _, time_ns in heard)  # what comes out is older by the latency


def test_a_device_that_does_not_open_says_why(portaudio: type[FakeStream]) -> None:
    portaudio.rates = ()
    with pytest.raises(stream.DeviceError, match="Scarlett does not open: Invalid sample rate"):
        stream.DeviceStream(source(), collect([]))


def test_a_device_that_is_not_there_says_so(portaudio: type[FakeStream]) -> None:
    with pytest.raises(stream.DeviceError, match="Gone is not in PortAudio's list"):
        stream.DeviceStream(source(name="Gone"), collect([]))


def test_a_sound_servers_source_is_chosen_by_the_environment(
    portaudio: type[FakeStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SOURCE", "another")
    served = source(
        (3, 4), id="pulse:usb.monitor", name="Monitor of USB", host_api="PulseAudio", n_channels=18
    )
    stream.DeviceStream(served, collect([]))
    assert os.environ["PULSE_SOURCE"] == "usb.monitor"
    options = portaudio.opened[0].options
    assert (options["device"], options["channels"]) == (0, 18)  # fewer would be mixed down


def test_wasapi_converts_rates_by_itself(portaudio: type[FakeStream]) -> None:
    name = "Speakers [Loopback]"
    loopback = source(
        id=f"portaudio:Windows WASAPI:{name}", name=name, host_api="Windows WASAPI", n_channels=2
    )
    stream.DeviceStream(loopback, collect([]))
    assert portaudio.opened[0].options["extra_settings"] == {"auto_convert": True}


def test_a_driver_that_hangs_on_closing_is_told(
    portaudio: type[FakeStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "CLOSE_LIMIT_S", 0.05)
    portaudio.hangs = threading.Event()
    opened = stream.DeviceStream(source(), collect([]))
    assert not opened.close()
    portaudio.hangs.set()


def test_gaps_between_callbacks_are_measured(
    portaudio: type[FakeStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000_000_000]
    monkeypatch.setattr(stream, "now_ns", lambda: now[0])
    opened = stream.DeviceStream(source(), collect([]))
    block = np.zeros((128, 2), np.float32)
    for gap_ms in (700, 3, 42, 3):
        now[0] += gap_ms * 1_000_000
        portaudio.opened[0].push(block)
    assert opened.longest_gap_ns == 42_000_000  # the wait for the first block is no gap


def test_a_portaudio_that_did_not_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once its start has failed there is nothing to terminate, which it refuses as well."""
    answers: list[Exception | None] = [PortAudioError("no host API"), None]

    def refuse() -> None:
        raise PortAudioError("PortAudio not initialized")

    def initialize() -> None:
        if error := answers.pop(0):
            raise error

    fake = types.SimpleNamespace(PortAudioError=PortAudioError, _terminate=refuse, _initialize=initialize)
    monkeypatch.setattr(stream, "load_portaudio", lambda: fake)
    with pytest.raises(stream.DeviceError, match="no host API"):
        stream.refresh_portaudio()
    stream.refresh_portaudio()
    assert answers == []
