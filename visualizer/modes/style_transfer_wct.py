"""Multi-level WCT, live: relu3_1, then relu2_1, then relu1_1 of what the level before painted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visualizer.modes import style_transfer_maths as maths
from visualizer.modes.style_transfer_parts import (
    Mix,
    Parts,
    clamp_strength,
    give_image,
    take_image,
    take_pixels,
)
from visualizer.types import Float32, UInt8

LEVELS = (3, 2, 1)
"""From coarse to fine, as the paper (Li et al. 2017, section 3.3)."""


@dataclass(frozen=True, slots=True)
class White:
    """Features (1, C, h, w) with their mean (C,) and what whitens them, (C, C)."""

    features: Float32
    mean: Float32
    whiten: Float32


@dataclass(frozen=True, slots=True)
class Colours:
    """Of each level 1 to 3: the style's mean (C,) and mix·(what colours), (m, C)."""

    means: tuple[Float32, ...]
    maps: tuple[Float32, ...]


class WCT:
    """Whitening and colouring at three levels; at strength 0 the content passes through all decoders."""

    def __init__(self, name: str, parts: Parts) -> None:
        self.name = name
        self.parts = parts
        self._mixes = [Mix.of(parts.network.weights, f"levels.{i}.mix") for i in range(len(LEVELS))]

    def read_content(self, pixels: UInt8) -> White:
        """As `StyleTransfer.read_content`: the first level's whitening; the others follow from the style."""
        return self._whiten(self.parts.encode(take_pixels(pixels)))

    def read_style(self, image: Float32) -> Colours:
        """As `StyleTransfer.read_style`."""
        taken = take_image(image)
        means, maps = [], []
        for level, mix in zip((1, 2, 3), self._mixes, strict=True):
            mean, centred = maths.centre(maths.flatten(self.parts.encode(taken, level)))
            means.append(mean)
            maps.append(mix.matrix @ self._power(maths.covariance(centred), 0.5))
        return Colours(tuple(means), tuple(maps))

    def paint(self, content: White, style: Colours, strength: float) -> Float32:
        """As `StyleTransfer.paint`."""
        white, image = content, content.features
        for level in LEVELS:
            if level != LEVELS[0]:
                white = self._whiten(self.parts.encode(np.clip(image, np.float32(0), np.float32(1)), level))
            mix = self._mixes[level - 1]
            matrix = style.maps[level - 1] @ white.whiten
            offset = mix.matrix @ style.means[level - 1] - matrix @ white.mean
            matrix, offset = maths.lean(matrix, offset, mix.matrix, clamp_strength(strength))
            image = self.parts.decode(white.features, matrix, offset + mix.bias, level)
        return give_image(image)

    def _whiten(self, features: Float32) -> White:
        mean, centred = maths.centre(maths.flatten(features))
        return White(features, mean, self._power(maths.covariance(centred), -0.5))

    def _power(self, c: Float32, exponent: float) -> Float32:
        network = self.parts.network
        return maths.power(c, network.epsilon, network.variance_floor, exponent)

    def describe(self) -> str:
        """As `StyleTransfer.describe`."""
        return self.parts.describe(self.name)

    def reasons(self) -> list[str]:
        """As `StyleTransfer.reasons`."""
        return self.parts.reasons()

    def close(self) -> None:
        """As `StyleTransfer.close`."""
        self.parts.close()
