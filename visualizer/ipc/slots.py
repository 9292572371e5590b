"""The slots that processes hand values through: bytes, features, frames and JSON."""

from __future__ import annotations

import json
import struct
from typing import Any, Self

import numpy as np

from visualizer.ipc.memory import Memory
from visualizer.ipc.triple import TripleSlot, checksum
from visualizer.types import Features, Image, UInt8

_NOTHING = np.empty(0, np.uint8)
_FRAME_HEAD = struct.Struct("<2I3q3d8x")


class Slot(TripleSlot[bytes]):
    """Bytes."""

    @classmethod
    def create(cls, name: str, capacity: int, counter: int = 0) -> Self:
        """A region for values of at most `capacity` bytes; the first is counted `counter` + 1."""
        return cls(cls._lay_out(name, capacity, counter))

    @classmethod
    def attach(cls, name: str) -> Self:
        """The region that another process made; raises FileNotFoundError or ValueError."""
        return cls(Memory(name))

    def write(self, value: bytes) -> int:
        """Publishes `value` and gives its counter; raises ValueError when it is too long."""
        return self._write(value, _NOTHING)

    def _load(self, payload: UInt8, out: UInt8 | None) -> tuple[bytes, int]:
        value = payload.tobytes()
        return value, checksum(value, _NOTHING)


class FeatureSlot(TripleSlot[Features]):
    """The newest `Features`."""

    @classmethod
    def create(cls, name: str, counter: int = 0) -> Self:
        """A region for features; the first are counted `counter` + 1."""
        return cls(cls._lay_out(name, Features.n_bytes(), counter))

    @classmethod
    def attach(cls, name: str) -> Self:
        """The region that another process made; raises FileNotFoundError or ValueError."""
        return cls(Memory(name))

    def write(self, value: Features) -> int:
        """Publishes `value` and gives its counter."""
        return self._write(value.to_bytes(), _NOTHING)

    def _load(self, payload: UInt8, out: UInt8 | None) -> tuple[Features, int] | None:
        value = payload.tobytes()
        if len(value) != Features.n_bytes():
            return None
        return Features.from_bytes(value), checksum(value, _NOTHING)


class FrameSlot(TripleSlot[Image]):
    """The newest `Image` of any size up to the one the region was made for."""

    @classmethod
    def create(cls, name: str, width_px: int = 1024, height_px: int = 1024, counter: int = 0) -> Self:
        """A region for images of at most `width_px` × `height_px` pixels, in any shape."""
        return cls(cls._lay_out(name, _FRAME_HEAD.size + 4 * width_px * height_px, counter))

    @classmethod
    def attach(cls, name: str) -> Self:
        """The region that another process made; raises FileNotFoundError or ValueError."""
        return cls(Memory(name))

    def write(self, value: Image) -> int:
        """Publishes `value` and gives its counter; ValueError for a wrong shape or dtype or a large one."""
        pixels = value.pixels
        if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8 or not pixels.size:
            raise ValueError(f"an image is (H, W, 4) uint8, not {pixels.shape} {pixels.dtype}")
        height_px, width_px, _ = pixels.shape
        times = (value.number, value.heard_ns, value.made_ns, *value.ages_s)
        head = _FRAME_HEAD.pack(height_px, width_px, *times)
        return self._write(head, np.ascontiguousarray(pixels).reshape(-1))

    def read_newer(self, counter: int, out: UInt8 | None = None) -> tuple[int, Image] | None:
        """As for any slot; an `out` of the right shape, C-contiguous, is filled instead of a new array.

        The image then holds `out` itself. After None, `out` may hold the half of a copy.
        """
        return self._newer(counter, out)

    def _load(self, payload: UInt8, out: UInt8 | None) -> tuple[Image, int] | None:
        if len(payload) < _FRAME_HEAD.size:
            return None
        head = payload[: _FRAME_HEAD.size].tobytes()
        height_px, width_px, number, heard_ns, made_ns, *ages_s = _FRAME_HEAD.unpack(head)
        shape = (height_px, width_px, 4)
        if 4 * height_px * width_px != len(payload) - _FRAME_HEAD.size:
            return None
        fits = out is not None and out.shape == shape and out.dtype == np.uint8 and out.flags.c_contiguous
        pixels = out if out is not None and fits else np.empty(shape, np.uint8)
        flat = pixels.reshape(-1)
        flat[:] = payload[_FRAME_HEAD.size :]
        coarse_s, middle_s, fine_s = ages_s
        image = Image(pixels, number, heard_ns, made_ns, (coarse_s, middle_s, fine_s))
        return image, checksum(head, flat)


class JsonSlot(TripleSlot[dict[str, Any]]):
    """The newest small state, a dict of what JSON can hold; NumPy scalars become numbers."""

    @classmethod
    def create(cls, name: str, capacity: int = 16384, counter: int = 0) -> Self:
        """A region for dicts whose JSON has at most `capacity` bytes."""
        return cls(cls._lay_out(name, capacity, counter))

    @classmethod
    def attach(cls, name: str) -> Self:
        """The region that another process made; raises FileNotFoundError or ValueError."""
        return cls(Memory(name))

    def write(self, value: dict[str, Any]) -> int:
        """Publishes `value` and gives its counter; ValueError or TypeError for what does not fit."""
        return self._write(json.dumps(value, separators=(",", ":"), default=_plain).encode(), _NOTHING)

    def _load(self, payload: UInt8, out: UInt8 | None) -> tuple[dict[str, Any], int] | None:
        data = payload.tobytes()
        try:
            value = json.loads(data)
        except ValueError:
            return None
        return (value, checksum(data, _NOTHING)) if isinstance(value, dict) else None


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON")
