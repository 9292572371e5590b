"""Where sound comes from: a device, a file or the demo track; chosen by one text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import soxr

from visualizer import paths
from visualizer.audio import decoding, devices
from visualizer.types import Float32, UserError

RATE_HZ = 48_000
"""Rate of every source and of the shared ring."""

DEMO, SYSTEM, DEFAULT, FILE = "demo", "system", "default", "file:"

Kind = Literal["device", "file", "demo"]


class Source(Protocol):
    """Something to listen to."""

    name: str
    """As shown to the user."""
    kind: Kind
    rate_hz: int
    n_channels: int
    """2, always; what the device or file itself has is its own matter."""


class PullSource(Source, Protocol):
    """A source that is read, by whoever paces it."""

    def read(self, n: int) -> Float32:
        """The next n samples, (n, 2) float32 in [-1, 1]; fewer at the end, none after it."""


@dataclass(frozen=True, slots=True)
class DeviceSource:
    """A capture device and the pair of its channels that is heard; `capture` opens it."""

    device: devices.Device
    channels: tuple[int, int] = (1, 2)
    """Counted from 1."""
    kind: Kind = "device"
    rate_hz: int = RATE_HZ
    n_channels: int = 2

    @property
    def name(self) -> str:
        """The device's name."""
        return self.device.name


class FileSource:
    """An audio file as 48 kHz stereo, decoded and resampled as it is read; once, or over and over.

    Mono goes to both sides; of more channels than two, `channels` chooses the pair. Each pass is decoded
    anew, but the resampler runs on across the seam, so a loop has no click of ours. Owned by one thread.
    """

    kind: Kind = "file"
    rate_hz = RATE_HZ
    n_channels = 2

    def __init__(
        self, path: str | Path, loop: bool = False, channels: tuple[int, int] = (1, 2), name: str = ""
    ) -> None:
        """Raises UserError for a missing, empty, unreadable or soundless file."""
        self.path = Path(path).expanduser()
        self.name = name or self.path.name
        self.loop = loop
        self._decoder = decoding.open_decoder(self.path)
        self._pair = _pair(channels, self._decoder.n_channels, self.name)
        self.rewind()

    @property
    def duration_s(self) -> float:
        """Length of one pass as the file states it; 0 where it does not."""
        return self._decoder.duration_s

    @property
    def ended(self) -> bool:
        """Whether everything was read; never with `loop`."""
        return self._ended and not len(self._rest)

    def rewind(self) -> None:
        """Starts again from the first sample, as fresh."""
        self._rest = np.zeros((0, 2), np.float32)
        self._ended = False
        self._blocks = self._decoder.blocks()
        self._resampler: soxr.ResampleStream | None = None
        if self._decoder.rate_hz != RATE_HZ:
            self._resampler = soxr.ResampleStream(self._decoder.rate_hz, RATE_HZ, 2, "float32", quality="HQ")

    def read(self, n: int) -> Float32:
        """The next n samples, (n, 2) float32 in [-1, 1]; fewer at the end, none after it."""
        parts, n_have = [self._rest], len(self._rest)
        while n_have < n and not self._ended:
            part = self._next()
            parts.append(part)
            n_have += len(part)
        joined = np.concatenate(parts)
        self._rest = joined[n:]
        return joined[:n]

    def _next(self) -> Float32:
        block = next(self._blocks, None)
        if block is None and self.loop:
            self._blocks = self._decoder.blocks()
            block = next(self._blocks, None)  # None: the file was cut short meanwhile
        if block is None:
            self._ended = True
            return self._resample(np.zeros((0, 2), np.float32), last=True)
        return self._resample(np.ascontiguousarray(block[:, self._pair]), last=False)

    def _resample(self, block: Float32, last: bool) -> Float32:
        if self._resampler is None:
            return block
        return np.asarray(self._resampler.resample_chunk(block, last), np.float32)


class DemoSource(FileSource):
    """The demo track, looped unless told otherwise."""

    kind: Kind = "demo"

    def __init__(self, loop: bool = True) -> None:
        """Raises UserError where the track is missing."""
        super().__init__(demo_path(), loop=loop, name="demo")


def demo_path() -> Path:
    """Where the demo track lies; UserError where it does not."""
    for extension in ("flac", "ogg", "mp3", "wav"):
        path = paths.ASSETS / f"demo.{extension}"
        if path.is_file():
            return path
    raise UserError(f"The demo track is missing from {paths.ASSETS}; check out the project again.")


def open_source(
    wanted: str,
    channels: tuple[int, int] = (1, 2),
    loop: bool = True,
    present: Sequence[devices.Device] | None = None,
) -> DeviceSource | FileSource:
    """What `--input` names: demo, file:PATH, system, default, or a device by name or part of it.

    `loop` is for files: live they start again, offline they do not. `present` is the list of devices where
    the caller has one. UserError for everything that cannot be had.
    """
    wanted = wanted.strip()
    if wanted == DEMO:
        return DemoSource(loop=loop)
    if wanted.startswith(FILE):
        return FileSource(wanted.removeprefix(FILE), loop=loop, channels=channels)
    known = devices.list_devices() if present is None else present
    if wanted == SYSTEM:
        device = devices.system_device(known)
    elif wanted == DEFAULT:
        device = devices.default_device(known)
    else:
        device = devices.find(known, wanted)
    return DeviceSource(device, _checked(channels, device))


def parse_channels(text: str) -> tuple[int, int]:
    """ "3,4" as (3, 4) and "3" as (3, 3), counted from 1; UserError for anything else."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) in (1, 2) and all(part.isdecimal() and 1 <= int(part) <= 512 for part in parts):
        return int(parts[0]), int(parts[-1])
    raise UserError(f"--channels takes two channel numbers counted from 1, as in 3,4; not {text!r}.")


def read_all(source: PullSource, n_max: int | None = None) -> Float32:
    """Everything up to the end (or n_max samples), (n, 2) float32. Never call it on a loop without n_max."""
    parts = list(iterate(source, RATE_HZ, n_max))
    return np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)


def iterate(source: PullSource, n_block: int, n_max: int | None = None) -> Iterator[Float32]:
    """Blocks of n_block samples, the last one shorter, to the end (or up to n_max samples)."""
    left = math.inf if n_max is None else n_max
    while left > 0:
        block = source.read(int(min(n_block, left)))
        if not len(block):
            return
        left -= len(block)
        yield block


def _checked(channels: tuple[int, int], device: devices.Device) -> tuple[int, int]:
    """The pair where the device has it; a mono device is heard on both sides."""
    if device.n_channels == 1 and channels == (1, 2):
        return 1, 1
    if max(channels) > device.n_channels:
        raise UserError(
            f"{device.name} has {device.n_channels} channels; {channels[0]},{channels[1]} is out of reach. "
            "Choose others with --channels."
        )
    return channels


def _pair(channels: tuple[int, int], n_channels: int, name: str) -> list[int]:
    if n_channels == 1:
        return [0, 0]
    if max(channels) > n_channels:
        raise UserError(f"{name} has {n_channels} channels; choose a pair of them with --channels.")
    return [channels[0] - 1, channels[1] - 1]
