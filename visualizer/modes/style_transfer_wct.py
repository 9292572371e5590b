"""Multi-level WCT, live: relu3_1, then relu2_1, then relu1_1 of what the level before painted.

From coarse to fine, as the paper (Li et al. 2017, section 3.3); the last level is one graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visualizer.checkpoints.cards import STYLE_LEVELS
from visualizer.modes import style_transfer_maths as maths
from visualizer.modes.style_transfer_parts import (
    Mix,
    Parts,
    StyleTransfer,
    clamp_strength,
    give_image,
    take_pixels,
    take_style,
)
from visualizer.types import Float32, UInt8


@dataclass(frozen=True, slots=True)
class White:
    """Features (1, C, h, w), or the image of level 1, with mean (C,) and what whitens, (C, C)."""

    features: Float32
    mean: Float32
    whiten: Float32


@dataclass(frozen=True, slots=True)
class Colours:
    """Of each level 1 to 3: the style's mean (C,) and mix·(what colours), (m, C)."""

    means: tuple[Float32, ...]
    maps: tuple[Float32, ...]


class WCT(StyleTransfer):
    """Whitening and colouring at three levels; at strength 0 the content passes through all decoders."""

    def __init__(self, name: str, parts: Parts) -> None:
        super().__init__(name, parts)
        self._mixes = [Mix.of(parts.network.weights, f"levels.{i}.mix") for i in range(3)]

    def read_content(self, pixels: UInt8) -> White:
        """As `StyleTransfer.read_content`: the first level's whitening; the others follow from the style."""
        features = self.parts.encode(take_pixels(pixels)).copy()
        return self._whiten(features, maths.thin(features))

    def read_style(self, image: Float32) -> Colours:
        """As `StyleTransfer.read_style`."""
        taken = take_style(image)
        means, maps = [], []
        for level, mix in zip((1, 2, 3), self._mixes, strict=True):
            mean, centred = maths.centre(self.parts.thin_encode(taken, level))
            means.append(mean)
            maps.append(mix.matrix @ self._power(maths.covariance(centred), 0.5))
        return Colours(tuple(means), tuple(maps))

    def paint(self, content: White, style: Colours, strength: float, out: Float32 | None = None) -> Float32:
        """As `StyleTransfer.paint`."""
        strength = clamp_strength(strength)
        image = self.parts.decode(content.features, *self._lead(content, style, 3, strength))
        features = self.parts.encode(_clip(image), 2)
        white = self._whiten(features, maths.thin(features))
        image = _clip(self.parts.decode(features, *self._lead(white, style, 2, strength), level=2))
        white = self._whiten(image, self.parts.thin_encode(image, 1))
        matrix, offset = self._lead(white, style, 1, strength)
        given = {"image": image, "matrix": matrix[np.newaxis], "offset": offset[np.newaxis]}
        network = self.parts.network.at(image.shape[2], image.shape[3], STYLE_LEVELS[1])
        return give_image(network.run(given)["painted"], out)

    def _lead(self, white: White, style: Colours, level: int, strength: float) -> tuple[Float32, Float32]:
        """Matrix and offset of a level's decoder."""
        mix = self._mixes[level - 1]
        matrix = style.maps[level - 1] @ white.whiten
        offset = mix.matrix @ style.means[level - 1] - matrix @ white.mean
        matrix, lifted = maths.lean(matrix, np.asarray(offset), mix.matrix, strength)
        return matrix, np.asarray(lifted + mix.bias)

    def _whiten(self, features: Float32, places: Float32) -> White:
        mean, centred = maths.centre(places)
        return White(features, mean, self._power(maths.covariance(centred), -0.5))

    def _power(self, c: Float32, exponent: float) -> Float32:
        network = self.parts.network
        return maths.power(c, network.epsilon, network.variance_floor, exponent)


def _clip(image: Float32) -> Float32:
    """In [0, 1], a copy."""
    return np.asarray(np.clip(image, np.float32(0), np.float32(1)))
