"""Era mode without trained networks: an encoder, a generator and a style transfer of plain functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from visualizer import clock, parameters
from visualizer.content.content import Frame
from visualizer.modes.era import Era
from visualizer.modes.era_content import Canvas
from visualizer.modes.era_encoder import WholeEncoder
from visualizer.modes.era_networks import EraNetworks
from visualizer.modes.eras import Eras, find_lasts
from visualizer.types import Features, Float32, UInt8

FIRSTS = (1700, 1710, 1730, 1800, 1810, 1950)
LABELS = ("1700s", "1710–1729", "1730s", "1800s", "1810s", "1950s")
V_SHAPE, Z_SHAPE = (1, 1, 8, 16), (1, 4, 8, 8)
FPS = 30
_RANDOM = np.random.default_rng(8)
_LOOK = _RANDOM.normal(size=(128, 3 * 64 * 64)).astype(np.float32) / 8
_TOUCH = _RANDOM.normal(size=(256, 3 * 64 * 64)).astype(np.float32) / 64


class Function:
    """A runtime that computes with NumPy and counts its calls."""

    name, reason = "numpy", "a test"

    def __init__(self, function: Any) -> None:
        self._function = function
        self.inputs: dict[str, tuple[int, ...]] = {}
        self.outputs: dict[str, tuple[int, ...]] = {}
        self.n_runs = 0
        self.is_closed = False

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        self.n_runs += 1
        return self._function(**inputs)

    def close(self) -> None:
        self.is_closed = True


def encode(mel: Float32) -> dict[str, Float32]:
    """Share of the power by 8 bands and 16 moments, which the generator can tell apart."""
    power = mel.reshape(1, 3, 8, 16, 16, 16).mean(axis=(1, 3, 5)) + 1e-9
    return {"v": np.log10(power / power.sum() + 1e-4).reshape(V_SHAPE).astype(np.float32) + 2.0}


def generate(v: Float32, z: Float32) -> dict[str, Float32]:
    """A pattern for each v; z is the touch of it."""
    image = np.tanh(v.reshape(1, -1) @ _LOOK + 0.3 * z.reshape(1, -1) @ _TOUCH)
    return {"image": image.reshape(1, 3, 64, 64).astype(np.float32)}


def eras() -> Eras:
    """Six eras, each known by its own direction of v."""
    random = np.random.default_rng(2)
    centres = random.normal(size=(len(FIRSTS), 128)).astype(np.float32)
    lasts = find_lasts(FIRSTS, LABELS)
    return Eras(LABELS, FIRSTS, lasts, centres, centres / 8, np.zeros(len(FIRSTS), np.float32))


def networks() -> EraNetworks:
    """An MVNet of functions."""
    encoder = WholeEncoder(Function(encode))
    return EraNetworks("mvnet-fake", encoder, Function(generate), V_SHAPE, Z_SHAPE, eras())


@dataclass
class Transfer:
    """Mean and deviation of the style's colours onto the content: AdaIN on pixels."""

    name = "fake"
    n_contents = 0
    n_painted = 0
    is_closed = False

    def read_content(self, pixels: UInt8) -> Float32:
        self.n_contents += 1
        return pixels.astype(np.float32) / np.float32(255.0)

    def read_style(self, image: Float32) -> tuple[Float32, Float32]:
        assert image.shape == (64, 64, 3) and 0.0 <= image.min() <= image.max() <= 1.0
        return image.mean(axis=(0, 1)), image.std(axis=(0, 1))

    def paint(
        self,
        content: Float32,
        style: tuple[Float32, Float32],
        strength: float,
        out: Float32 | None = None,
    ) -> Float32:
        self.n_painted += 1
        level, spread = content.mean(axis=(0, 1)), content.std(axis=(0, 1)) + np.float32(0.01)
        styled = (content - level) / spread * style[1] + style[0]
        painted = content + np.float32(strength) * (styled - content)
        return np.clip(painted, 0.0, 1.0, out=out if out is not None and out.shape == painted.shape else None)

    def describe(self) -> str:
        return "numpy"

    def reasons(self) -> list[str]:
        return []

    def close(self) -> None:
        self.is_closed = True


class Pictures:
    """A content of random pictures that change when `number` is set. `sentence` can be set too."""

    def __init__(self, size: tuple[int, int] = (16, 32), is_still: bool = True) -> None:
        self.name, self.is_still, self.sentence = "random", is_still, ""
        self.size, self.number = size, 1
        self.is_closed = False

    def frame(self, time_s: float) -> Frame:
        random = np.random.default_rng(self.number)
        return Frame(random.integers(0, 256, (*self.size, 3), dtype=np.uint8), self.number)

    def close(self) -> None:
        self.is_closed = True


def settings(**changes: Any) -> dict[str, Any]:
    """The defaults, without drift; `era__dial=1` sets era.dial."""
    calm = {"era.drift": 0.0}
    return parameters.defaults() | calm | {k.replace("__", "."): v for k, v in changes.items()}


def make_era(content: Any = None, **changes: Any) -> Era:
    """The mode on fakes."""
    values = settings(**changes)
    pictures = content or Pictures()
    return Era(networks(), Transfer(), Canvas(lambda _: pictures, values), values)


def film(mode: Era, sound: Float32, n_block: int = 1600, start: int = 0) -> list[UInt8]:
    """The frames at 30 a second, fed in blocks of `n_block` samples (n, 2) of 48 kHz, from frame `start`."""
    frames = []
    for i in range(len(sound) // 1600):
        for first in range(1600 * i, 1600 * (i + 1), n_block):
            block = sound[first : min(first + n_block, 1600 * (i + 1))]
            mode.hear(block, round((start / FPS + (first + len(block)) / 48000) * clock.NS_PER_S), Features())
        frames.append(mode.paint(round((start + i + 1) / FPS * clock.NS_PER_S)).pixels[..., :3].copy())
    return frames
