"""How loud one input is, as JSON lines: run as a throwaway process by the panel, one for each input.

`python -m visualizer.audio.meter NAME` prints {"level_dbfs": …, "peak": …} ten times a second;
`python -m visualizer.audio.meter --list` prints {"devices": […]} once. What cannot be is {"error": sentence}.
A driver may hang in here for as long as it likes: the panel kills a meter that falls silent, and a meter ends
by itself when whoever started it is gone.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from visualizer.audio import devices
from visualizer.audio.devices import Device
from visualizer.audio.sources import DeviceSource
from visualizer.audio.stream import DeviceError, DeviceStream
from visualizer.types import Float32, UserError

PERIOD_S = 0.1
SILENCE_DBFS = -120.0
_OUTLIVED = 3


def describe(device: Device) -> dict[str, Any]:
    """A device as `--list` prints it; `parse` is the inverse."""
    return {**device.to_json(), "is_bluetooth": device.is_bluetooth}


def parse(wanted: str) -> Device:
    """A device by what `--list` printed of it, or by its name; UserError where there is none."""
    if not wanted.startswith("{"):
        return devices.find(devices.list_devices(), wanted)
    try:
        told = json.loads(wanted)
        return Device(
            id=str(told["id"]),
            name=str(told["name"]),
            kind="loopback" if told["kind"] == "loopback" else "input",
            host_api=str(told["host_api"]),
            n_channels=int(told["channels"]),
            rate_hz=float(told["default_rate_hz"]),
            is_default=bool(told["is_default"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"That is no device of `--list`: {wanted[:80]}") from error


class Loudness:
    """Sums up the blocks of a stream. `add` belongs to the driver's thread, `take` to the main one.

    A block of 3 ms that comes in the instant of a `take` may be missed.
    """

    def __init__(self) -> None:
        self._sums: list[tuple[float, int, float]] = []

    def add(self, block: Float32, time_ns: int) -> None:
        """One block, (n, 2) float32."""
        clean = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)
        largest = float(np.abs(clean).max(initial=0.0))
        self._sums.append((float(np.square(clean).sum()), clean.size, largest))

    def take(self) -> tuple[float, float] | None:
        """RMS level in dBFS and peak since the last call; None where nothing came."""
        sums, self._sums = list(self._sums), []
        n = sum(n for _, n, _ in sums)
        if not n:
            return None
        power = sum(power for power, _, _ in sums) / n
        level_dbfs = max(10 * math.log10(power), SILENCE_DBFS) if power > 0 else SILENCE_DBFS
        return level_dbfs, max(peak for _, _, peak in sums)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints lines until it is ended; 2 where the input cannot be heard."""
    wanted = list(sys.argv[1:] if arguments is None else arguments)
    if wanted == ["--list"]:
        _print({"devices": [describe(device) for device in devices.list_devices()]})
        return 0
    if len(wanted) != 1:
        _print({"error": "Name one input, or --list."})
        return 2
    threading.Thread(target=_end_with_owner, name="owner", daemon=True).start()
    try:
        _measure(parse(wanted[0]))
    except (UserError, DeviceError) as error:
        _print({"error": str(error)})
        return 2
    except BrokenPipeError:
        _leave()
    return 0


def _measure(device: Device) -> None:
    """Listens for ever; ends when the device does. Prints nothing while a driver delivers nothing."""
    channels = (1, min(2, device.n_channels))
    # WASAPI's loopbacks deliver nothing while nothing plays: that is silence.
    at_rest = (SILENCE_DBFS, 0.0) if "WASAPI" in device.host_api and device.kind == "loopback" else None
    loudness = Loudness()
    stream = DeviceStream(DeviceSource(device, channels), loudness.add)
    while not stream.finished:
        time.sleep(PERIOD_S)
        stream.drain()
        taken = loudness.take() or at_rest
        if taken is not None:
            _print({"level_dbfs": round(taken[0], 1), "peak": round(taken[1], 4)})
    raise DeviceError(f"{device.name} has gone")


def _print(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def _end_with_owner() -> None:
    """Whoever started us holds our stdin open; when it closes, nobody reads us any more."""
    try:
        while os.read(0, 1024):
            pass
    except OSError:
        pass
    _leave()


def _leave() -> None:
    os._exit(_OUTLIVED)  # the main thread may hang in a driver


if __name__ == "__main__":
    sys.exit(main())
