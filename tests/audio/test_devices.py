"""The list of inputs and the choice by name, on made-up lists and on the virtual line-in."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from tests.virtual import VirtualLineIn
from visualizer.audio import devices, pulse
from visualizer.audio.devices import Device
from visualizer.types import UserError


def device(name: str, kind: devices.Kind = "input", api: str = "PulseAudio", id: str = "") -> Device:
    return Device(id or f"pulse:{name}", name, kind, api, 2, 48_000.0, False)


STUDIO = [
    device("Scarlett 18i8 Analog Stereo", id="pulse:alsa_input.usb-Focusrite"),
    device(
        "Monitor of Scarlett 18i8 Analog Stereo", "loopback", id="pulse:alsa_output.usb-Focusrite.monitor"
    ),
    device("Built-in Audio", id="pulse:alsa_input.pci"),
    device("Monitor of Built-in Audio", "loopback", id="pulse:alsa_output.pci.monitor"),
    device("Headset HSP", id="pulse:bluez_input.00_11"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Built-in Audio", "Built-in Audio"),
        ("scarlett", "Scarlett 18i8 Analog Stereo"),
        ("Monitor of Scar", "Monitor of Scarlett 18i8 Analog Stereo"),
        ("alsa_input.pci", "Built-in Audio"),
        ("pulse:alsa_output.pci.monitor", "Monitor of Built-in Audio"),
        ("HEADSET", "Headset HSP"),
    ],
)
def test_found_by_name_part_or_id(wanted: str, found: str) -> None:
    assert devices.find(STUDIO, wanted).name == found


def test_unknown_names_list_near_ones() -> None:
    with pytest.raises(UserError, match=r"no input device 'Scarlet 2i2'.*Scarlett 18i8.*klangbild devices"):
        devices.find(STUDIO, "Scarlet 2i2")
    with pytest.raises(UserError, match="There are: Scarlett"):
        devices.find(STUDIO, "zzz")
    with pytest.raises(UserError, match="nor any other"):
        devices.find([], "Scarlett")
    with pytest.raises(UserError, match="name is empty"):
        devices.find(STUDIO, "  ")


def test_ambiguous_names_list_what_they_fit() -> None:
    with pytest.raises(
        UserError, match="fits several inputs: Monitor of Built-in Audio; Monitor of Scarlett"
    ):
        devices.find(STUDIO, "monitor")
    twins = [device("USB Audio", id="pulse:usb-1"), device("USB Audio", id="pulse:usb-2")]
    with pytest.raises(UserError, match="usb-1; usb-2"):
        devices.find(twins, "usb audio")
    assert devices.find(twins, "usb-2").id == "pulse:usb-2"


def test_a_whole_word_beats_a_part() -> None:
    both = [device("Monitor of vin", "loopback"), device("Monitor of vin2", "loopback")]
    assert devices.find(both, "vin").name == "Monitor of vin"


def test_one_device_under_several_host_apis_is_taken_once() -> None:
    apis = ["MME", "Windows DirectSound", "Windows WASAPI"]
    line = [device("Line In", api=api, id=f"portaudio:{api}:Line In") for api in apis]
    assert devices.find(line, "line").host_api == "Windows WASAPI"


WINDOWS = {
    "apis": [
        {"name": "MME", "default_input_device": 0},
        {"name": "Windows WASAPI", "default_input_device": 1},
    ],
    "devices": [
        {"name": "Mic", "hostapi": 0, "max_input_channels": 2, "default_samplerate": 44100.0},
        {"name": "Mic", "hostapi": 1, "max_input_channels": 1, "default_samplerate": 48000.0},
        {"name": "Speakers", "hostapi": 1, "max_input_channels": 0, "default_samplerate": 48000.0},
        {"name": "Speakers [Loopback]", "hostapi": 1, "max_input_channels": 2, "default_samplerate": 48000.0},
    ],
    "default_output": 2,
}


def test_portaudio_lists_inputs_and_wasapi_loopbacks() -> None:
    found = devices.parse_portaudio(WINDOWS)
    assert [(d.name, d.kind, d.is_default) for d in found] == [
        ("Mic", "input", True),
        ("Mic", "input", True),
        ("Speakers [Loopback]", "loopback", True),
    ]
    assert devices.system_device(found).name == "Speakers [Loopback]"


def test_the_sound_servers_aliases_are_hidden_behind_its_own_sources() -> None:
    alsa = {
        "apis": [{"name": "ALSA", "default_input_device": 1}],
        "devices": [
            {"name": "pulse", "hostapi": 0, "max_input_channels": 32, "default_samplerate": 44100.0},
            {"name": "default", "hostapi": 0, "max_input_channels": 32, "default_samplerate": 44100.0},
            {"name": "HDA (hw:0,0)", "hostapi": 0, "max_input_channels": 2, "default_samplerate": 44100.0},
        ],
        "default_output": 1,
    }
    assert [d.name for d in devices.parse_portaudio(alsa, hide_pulse_aliases=True)] == ["HDA (hw:0,0)"]
    assert len(devices.parse_portaudio(alsa)) == 3


def test_pulse_sources_are_told_from_monitors() -> None:
    listed = [
        {
            "name": "alsa_input.usb",
            "description": "Scarlett",
            "sample_specification": "s32le 18ch 96000Hz",
            "monitor_source": "",
        },
        {
            "name": "out.monitor",
            "description": "Monitor of Out",
            "sample_specification": "s16le 2ch 44100Hz",
            "monitor_source": "out",
        },
    ]
    scarlett, monitor = devices.parse_pulse(listed, "alsa_input.usb", "out")
    assert (scarlett.kind, scarlett.n_channels, scarlett.rate_hz, scarlett.is_default) == (
        "input",
        18,
        96_000,
        True,
    )
    assert (monitor.kind, monitor.is_default) == ("loopback", True)


def test_the_default_is_never_a_bluetooth_microphone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "defaults", lambda: ("bluez_input.00_11", "alsa_output.pci"))
    assert devices.default_device(STUDIO).name == "Scarlett 18i8 Analog Stereo"
    with pytest.raises(UserError, match="No input device was found"):
        devices.default_device([STUDIO[-1]])


@pytest.mark.parametrize(
    ("platform", "advice"), [("win32", "Stereo Mix"), ("darwin", "BlackHole"), ("linux", "pactl")]
)
def test_without_a_loopback_the_way_out_is_named(
    monkeypatch: pytest.MonkeyPatch, platform: str, advice: str
) -> None:
    monkeypatch.setattr(devices.sys, "platform", platform)
    with pytest.raises(UserError, match=advice):
        devices.system_device([STUDIO[0]])


def test_a_hanging_or_failing_helper_counts_as_nothing() -> None:
    started = time.monotonic()
    assert pulse.run_json([sys.executable, "-c", "import time; time.sleep(30)"], 0.3, {}) is None
    assert time.monotonic() - started < 5
    assert pulse.run_json([sys.executable, "-c", "print('no json')"], 10, {}) is None
    assert pulse.run_json(["/no/such/program"], 1, {}) is None


def test_the_virtual_line_in_is_listed_and_found(
    line_in: VirtualLineIn, capsys: pytest.CaptureFixture[str]
) -> None:
    found = devices.list_devices()
    for wanted in ("vin", "vin.monitor", "Monitor of vin"):
        assert devices.find(found, wanted).id == "pulse:vin.monitor"
    assert devices.system_device(found).id == devices.default_device(found).id == "pulse:vin.monitor"
    assert devices.main(["--json"]) == 0
    (entry,) = [e for e in json.loads(capsys.readouterr().out) if e["id"] == "pulse:vin.monitor"]
    assert entry == {
        "id": "pulse:vin.monitor",
        "name": "Monitor of vin",
        "kind": "loopback",
        "host_api": "PulseAudio",
        "channels": 2,
        "default_rate_hz": 48_000.0,
        "is_default": True,
    }
    assert devices.main([]) == 0
    assert "* Monitor of vin" in capsys.readouterr().out


def test_who_records_what_is_known(line_in: VirtualLineIn) -> None:
    recorder = subprocess.Popen(
        ["parec", "--raw", "--device=vin.monitor"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 10
        while pulse.source_of(recorder.pid) != "vin.monitor":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        recorder.terminate()
        recorder.wait(timeout=10)
    assert pulse.source_of(recorder.pid) == ""


def test_without_a_server_the_list_is_empty_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(devices, "list_devices", list)
    assert devices.main([]) == 0
    assert "--input demo" in capsys.readouterr().out
    assert devices.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
