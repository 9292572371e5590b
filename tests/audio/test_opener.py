"""The search for an input: back-off, the same device by name, fallbacks, and drivers that hang."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from visualizer.audio import devices, opener, sources
from visualizer.audio.devices import Device
from visualizer.audio.opener import Opener
from visualizer.audio.sources import DemoSource, DeviceSource

LINE = Device("pulse:line", "Line In", "input", "PulseAudio", 2, 48_000.0, True)
MICROPHONE = Device("pulse:mic", "Line Microphone", "input", "PulseAudio", 2, 48_000.0, False)


class FakeStream:
    """Stands for DeviceStream."""

    opened: list[FakeStream]
    hangs: threading.Event | None = None

    def __init__(self, source: DeviceSource, sink: object) -> None:
        if FakeStream.hangs is not None:
            FakeStream.hangs.wait(10)
        self.source, self.closed = source, False
        FakeStream.opened.append(self)

    def close(self) -> bool:
        self.closed = True
        return True


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> list[Device]:
    """The devices that the sound server has; tests change the list."""
    listed = [LINE, MICROPHONE]
    FakeStream.opened, FakeStream.hangs = [], None
    monkeypatch.setattr(devices, "list_pulse", lambda: list(listed))
    monkeypatch.setattr(devices, "list_devices", lambda: list(listed))
    monkeypatch.setattr(devices.pulse, "defaults", lambda: ("line", ""))
    monkeypatch.setattr(opener, "DeviceStream", FakeStream)
    monkeypatch.setattr(opener, "refresh_portaudio", lambda: None)
    return listed


def until(condition: Callable[[], bool], limit_s: float = 10) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def search(wanted: str, **options: object) -> Opener:
    return Opener(wanted, (1, 2), True, lambda block, time_ns: None, wait_s=0.01, **options)  # type: ignore[arg-type]


def test_a_device_is_opened_by_part_of_its_name(present: list[Device]) -> None:
    found = search("line in")
    until(lambda: found.ended)
    assert found.result is FakeStream.opened[0] and FakeStream.opened[0].source.device is LINE


def test_it_waits_for_what_is_missing_and_says_so(present: list[Device]) -> None:
    present.clear()
    found = search("line in")
    until(lambda: "no input device 'line in'" in found.status)
    assert found.result is None
    present.append(LINE)
    until(lambda: found.result is not None)


def test_a_pinned_device_is_the_only_one_that_will_do(present: list[Device]) -> None:
    present.remove(LINE)
    found = search("line", pinned=LINE)
    until(lambda: found.status == "Line In is gone; waiting for it")
    time.sleep(0.1)
    assert found.result is None
    present.append(Device("pulse:line.2", "Line In", "input", "PulseAudio", 2, 48_000.0, False))
    until(lambda: found.result is not None)
    assert FakeStream.opened[0].source.device.id == "pulse:line.2"  # another socket, the same device


def test_the_default_falls_back_on_the_demo_in_time(present: list[Device]) -> None:
    present.clear()
    at_once = search(sources.DEFAULT)
    until(lambda: at_once.ended)
    assert isinstance(at_once.result, DemoSource) and at_once.fell_back
    later = search(sources.DEFAULT, demo_after_s=0.5)
    until(lambda: "No input device was found" in later.status)
    assert later.result is None
    until(lambda: later.result is not None)
    assert later.fell_back


def test_a_named_device_never_becomes_the_demo(present: list[Device]) -> None:
    present.clear()
    found = search("line in")
    until(lambda: "no input device" in found.status)
    time.sleep(0.05)
    assert found.result is None and not found.fell_back
    found.cancel()
    until(lambda: found.ended)


def test_a_missing_file_is_told_once_and_not_sought(present: list[Device]) -> None:
    found = search("file:/no/such/song.wav")
    until(lambda: found.ended)
    assert found.result is None and "There is no file" in found.status


def test_a_driver_that_hangs_is_noticed_and_its_late_stream_closed(
    present: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opener, "OPEN_LIMIT_S", 0.1)
    FakeStream.hangs = threading.Event()
    found = search("line in")
    assert not found.stuck
    until(lambda: found.stuck)
    found.cancel()
    FakeStream.hangs.set()
    until(lambda: found.ended)
    assert found.result is None and FakeStream.opened[0].closed and not found.stuck
