"""What can be listened to: PortAudio's input devices and the sources of PulseAudio or PipeWire, by name."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from visualizer import paths
from visualizer.audio import pulse
from visualizer.types import UserError

Kind = Literal["input", "loopback"]

PROBE_LIMIT_S = 8.0
PULSE = "PulseAudio"
LOOPBACK_MARK = "[Loopback]"
"""PortAudio ends the names of WASAPI's loopback devices with this."""

_API_ORDER = ("PulseAudio", "Core Audio", "Windows WASAPI", "ASIO", "JACK Audio Connection Kit", "ALSA")
"""Where one device appears under several host APIs, the earlier is taken."""
_PULSE_ALIASES = {"pulse", "default", "pipewire", "sysdefault"}
"""PortAudio's ALSA names for the sound server, whose own sources are listed instead."""
_BLUETOOTH = re.compile(r"\bbluez|bluetooth|hands-?free", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Device:
    """One thing to listen to. `id` is stable while the device stays plugged in; users choose by `name`."""

    id: str
    name: str
    kind: Kind
    host_api: str
    n_channels: int
    rate_hz: float
    is_default: bool
    """The default input, or the loopback of the default output."""

    @property
    def is_bluetooth(self) -> bool:
        """Opening such a microphone switches a headset to call quality: only ever done when asked for."""
        return self.kind == "input" and bool(_BLUETOOTH.search(f"{self.id} {self.name}"))

    def to_json(self) -> dict[str, Any]:
        """The entry of `klangbild devices --json`."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "host_api": self.host_api,
            "channels": self.n_channels,
            "default_rate_hz": self.rate_hz,
            "is_default": self.is_default,
        }


def list_devices() -> list[Device]:
    """All inputs and loopbacks now present, defaults first. Takes up to a second; opens none of them."""
    served = list_pulse()
    devices = served + list_portaudio(hide_pulse_aliases=bool(served))
    return sorted(devices, key=lambda d: (not d.is_default, d.kind != "input"))


def list_portaudio(hide_pulse_aliases: bool = False) -> list[Device]:
    """PortAudio's inputs, asked for in a throwaway process; empty when it fails or hangs."""
    search = os.pathsep.join(filter(None, (str(paths.ROOT), os.environ.get("PYTHONPATH"))))
    answer = pulse.run_json(
        [sys.executable, "-m", "visualizer.audio.probe"], PROBE_LIMIT_S, {"PYTHONPATH": search}
    )
    return parse_portaudio(answer, hide_pulse_aliases) if isinstance(answer, dict) else []


def list_pulse() -> list[Device]:
    """The sources of PulseAudio or PipeWire, monitors included; empty where no server runs."""
    sources = pulse.sources()
    return parse_pulse(sources, *pulse.defaults()) if sources else []


def parse_portaudio(answer: Mapping[str, Any], hide_pulse_aliases: bool = False) -> list[Device]:
    """The inputs in what `probe` printed."""
    apis, entries = answer.get("apis", []), answer.get("devices", [])
    output = answer.get("default_output", -1)
    default_output = entries[output]["name"] if 0 <= output < len(entries) else ""
    devices = []
    for index, entry in enumerate(entries):
        name, api = str(entry["name"]), apis[entry["hostapi"]]
        hidden = hide_pulse_aliases and api["name"] == "ALSA" and name in _PULSE_ALIASES
        if entry["max_input_channels"] < 1 or hidden:
            continue
        is_loopback = name.endswith(LOOPBACK_MARK)
        is_default = (
            name.removesuffix(LOOPBACK_MARK).strip() == default_output
            if is_loopback
            else api["default_input_device"] == index and not hide_pulse_aliases
        )
        devices.append(
            Device(
                id=f"portaudio:{api['name']}:{name}",
                name=name,
                kind="loopback" if is_loopback else "input",
                host_api=api["name"],
                n_channels=int(entry["max_input_channels"]),
                rate_hz=float(entry["default_samplerate"]),
                is_default=is_default,
            )
        )
    return devices


def parse_pulse(sources: Sequence[Mapping[str, Any]], default_source: str, default_sink: str) -> list[Device]:
    """Devices from `pactl -f json list sources`."""
    devices = []
    for source in sources:
        specification = re.search(r"(\d+)ch (\d+)Hz", str(source.get("sample_specification", "")))
        monitored = str(source.get("monitor_source") or source.get("monitor_of_sink") or "")
        name = str(source.get("name", ""))
        is_loopback = name.endswith(".monitor") or monitored not in ("", "n/a")
        devices.append(
            Device(
                id=f"pulse:{name}",
                name=str(source.get("description") or name),
                kind="loopback" if is_loopback else "input",
                host_api=PULSE,
                n_channels=int(specification[1]) if specification else 2,
                rate_hz=float(specification[2]) if specification else 48_000.0,
                is_default=name == default_source or (is_loopback and name == f"{default_sink}.monitor"),
            )
        )
    return devices


def default_device(devices: Sequence[Device]) -> Device:
    """The default input; never a Bluetooth microphone by itself. UserError where there is none."""
    pulse_source = pulse.defaults()[0] if any(d.host_api == PULSE for d in devices) else ""
    usable = [d for d in devices if not d.is_bluetooth]
    for device in usable:
        if pulse_source and device.id == f"pulse:{pulse_source}":
            return device
    inputs = [d for d in usable if d.kind == "input"]
    for device in [*(d for d in inputs if d.is_default), *inputs]:
        return device
    raise UserError("No input device was found. Plug one in, or use --input demo or --input file:SONG.")


def system_device(devices: Sequence[Device]) -> Device:
    """The loopback of the default output; UserError that names the way out where there is none."""
    loopbacks = [d for d in devices if d.kind == "loopback"]
    sink = pulse.defaults()[1] if any(d.host_api == PULSE for d in loopbacks) else ""
    for device in loopbacks:
        if device.id == f"pulse:{sink}.monitor":
            return device
    for device in [*(d for d in loopbacks if d.is_default), *loopbacks]:
        return device
    raise UserError(f"The system's own output cannot be heard here: {_loopback_advice(sys.platform)}")


def _loopback_advice(platform: str) -> str:
    if platform == "win32":
        return "enable Stereo Mix or install a virtual cable, and choose it by name with --input."
    if platform == "darwin":
        return "install BlackHole, send the sound to it, and choose it with --input BlackHole."
    return "it needs PulseAudio or PipeWire running, and pactl installed (package pulseaudio-utils)."


def find(devices: Sequence[Device], wanted: str) -> Device:
    """The device of that name or id; else the only one whose name holds that text, in any case.

    Among several, whole words beat parts, inputs beat loopbacks, and a better host API beats a worse one
    for the same name. UserError for none (near names listed) and for several.
    """
    text = wanted.strip().casefold()
    if not text:
        raise UserError("The input's name is empty. `klangbild devices` lists what there is.")
    tests = (
        lambda d: wanted.strip() in (d.name, d.id, _short(d)),
        lambda d: text in (d.name.casefold(), _short(d).casefold()),
        lambda d: re.search(rf"(?<!\w){re.escape(text)}(?!\w)", d.name.casefold()) is not None,
        lambda d: text in d.name.casefold() or text in _short(d).casefold(),
    )
    for fits in tests:
        hits = _narrow([d for d in devices if fits(d)])
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise UserError(_ambiguous(hits, wanted))
    raise UserError(_unknown(devices, wanted))


def _narrow(hits: list[Device]) -> list[Device]:
    hits = [d for d in hits if d.kind == "input"] or hits
    if len({d.name for d in hits}) == 1:
        hits = sorted(hits, key=lambda d: _API_ORDER.index(d.host_api) if d.host_api in _API_ORDER else 99)
        if len(hits) > 1 and hits[0].host_api != hits[1].host_api:
            return hits[:1]
    return hits


def _short(device: Device) -> str:
    """The id without what stands before the name that the sound system itself uses."""
    return device.id.rpartition(":")[2] if device.host_api != PULSE else device.id.removeprefix("pulse:")


def _ambiguous(hits: Sequence[Device], wanted: str) -> str:
    names = sorted({d.name for d in hits})
    if len(names) == 1:  # two of the same make: only their ids differ
        names = sorted({_short(d) for d in hits})
    return f"{wanted!r} fits several inputs: {'; '.join(names)}. Give more of the name."


def _unknown(devices: Sequence[Device], wanted: str) -> str:
    if not devices:
        return (
            f"There is no input device {wanted!r}, nor any other. "
            "Plug one in, or use --input demo or --input file:SONG."
        )
    by_folded = {d.name.casefold(): d.name for d in devices}
    words = {word: d.name for d in devices for word in d.name.casefold().split()}
    near = difflib.get_close_matches(wanted.casefold(), by_folded, n=3, cutoff=0.5)
    near_words = difflib.get_close_matches(wanted.casefold(), words, n=3, cutoff=0.6)
    names = list(dict.fromkeys([by_folded[n] for n in near] + [words[w] for w in near_words]))
    hint = f"Near: {', '.join(names[:3])}." if names else f"There are: {', '.join(by_folded.values())}."
    return f"There is no input device {wanted!r}. {hint} `klangbild devices` lists all."


def main(argv: Sequence[str] | None = None) -> int:
    """`klangbild devices [--json]`: prints what can be listened to."""
    parser = argparse.ArgumentParser(
        prog="klangbild devices",
        description="Lists what Klangbild can listen to, loopbacks of the system's output included.",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    options = parser.parse_args(argv)
    devices = list_devices()
    if options.json:
        print(json.dumps([device.to_json() for device in devices], indent=2, ensure_ascii=False))
        return 0
    if not devices:
        print("No input device was found. Plug one in, or use --input demo or --input file:SONG.")
        return 0
    print(f"  {'name':<48} {'kind':<9} {'host API':<16} {'channels':>8} {'rate':>9}")
    for device in devices:
        mark, rate = "*" if device.is_default else " ", f"{device.rate_hz:.0f} Hz"
        kind, api, n = device.kind, device.host_api, device.n_channels
        print(f"{mark} {device.name:<48} {kind:<9} {api:<16} {n:>8} {rate:>9}")
    print("* default. Choose with --input NAME or part of it; --input system hears the default output.")
    return 0
