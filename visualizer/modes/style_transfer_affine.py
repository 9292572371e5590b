"""AdaIN and the linear network, live: one encoder level, one affine map, one decoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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

CONTENT, STYLE = "content.onnx", "style.onnx"


@dataclass(frozen=True, slots=True)
class AffineContent:
    """Features (1, C, h, w), their mean (C,), and what the network makes of them: a (C,) or (n, C) array."""

    features: Float32
    mean: Float32
    map: Float32


@dataclass(frozen=True, slots=True)
class AffineStyle:
    """Mean (C,) of the style's features, and what the network makes of them: a (C,) or (m, n) array."""

    mean: Float32
    map: Float32


class Affine(StyleTransfer):
    """What AdaIN and the linear network share: f' = A·f + b with A = (style's map)·(content's map)."""

    def _finish(
        self,
        content: AffineContent,
        matrix: Float32,
        style: AffineStyle,
        strength: float,
        out: Float32 | None,
    ) -> Float32:
        """Decode with the mix layer's matrix under the whole transform, (m, C), leaned by the strength."""
        offset = self.mix.matrix @ style.mean - matrix @ content.mean
        matrix, offset = maths.lean(matrix, offset, self.mix.matrix, clamp_strength(strength))
        return give_image(self.parts.decode(content.features, matrix, offset + self.mix.bias), out)

    mix: Mix


class AdaIN(Affine):
    """Each channel takes the style's mean and deviation (Huang and Belongie 2017)."""

    def __init__(self, name: str, parts: Parts) -> None:
        super().__init__(name, parts)
        self.mix = Mix.of(parts.network.weights, "mix")

    def read_content(self, pixels: UInt8) -> AffineContent:
        """As `StyleTransfer.read_content`; the map is 1 / deviation."""
        features = self.parts.encode(take_pixels(pixels)).copy()
        mean, deviation = self._moments(features)
        return AffineContent(features, mean, np.float32(1) / deviation)

    def read_style(self, image: Float32) -> AffineStyle:
        """As `StyleTransfer.read_style`; the map is the deviation."""
        return AffineStyle(*self._moments(self.parts.encode(take_style(image))))

    def paint(
        self, content: AffineContent, style: AffineStyle, strength: float, out: Float32 | None = None
    ) -> Float32:
        """As `StyleTransfer.paint`."""
        return self._finish(content, self.mix.matrix * (style.map * content.map), style, strength, out)

    def _moments(self, features: Float32) -> tuple[Float32, Float32]:
        flat = maths.thin(features)
        return flat.mean(axis=1), np.sqrt(flat.var(axis=1) + np.float32(self.parts.network.variance_floor))


class Linear(Affine):
    """T = M(style)·M(content) between compressed features (Li et al. 2018)."""

    def __init__(self, name: str, parts: Parts) -> None:
        super().__init__(name, parts)
        stored = parts.network.weights
        self.mix = Mix.of(stored, "decoder.mix")
        self._compress = stored["compress.weight"][:, :, 0, 0]
        self._expand = self.mix.matrix @ stored["uncompress.weight"][:, :, 0, 0]

    def read_content(self, pixels: UInt8) -> AffineContent:
        """As `StyleTransfer.read_content`; the map is M(content)·compress, (n, C)."""
        features = self.parts.encode(take_pixels(pixels)).copy()
        return AffineContent(
            features, maths.thin(features).mean(axis=1), self._matrix(features, True) @ self._compress
        )

    def read_style(self, image: Float32) -> AffineStyle:
        """As `StyleTransfer.read_style`; the map is mix·uncompress·M(style), (m, n)."""
        features = self.parts.encode(take_style(image))
        return AffineStyle(maths.thin(features).mean(axis=1), self._expand @ self._matrix(features, False))

    def paint(
        self, content: AffineContent, style: AffineStyle, strength: float, out: Float32 | None = None
    ) -> Float32:
        """As `StyleTransfer.paint`."""
        return self._finish(content, style.map @ content.map, style, strength, out)

    def _matrix(self, features: Float32, of_content: bool) -> Float32:
        """M, (n, n): the root of the codes' covariance, or its inverse, and what the dense layers add."""
        network = self.parts.network
        _, _, height, width = features.shape
        graph = network.at(4 * height, 4 * width, CONTENT if of_content else STYLE)
        _, centred = maths.centre(maths.thin(graph.run({"features": features})["codes"]))
        exponent = -0.5 if of_content else 0.5
        first = maths.power(maths.covariance(centred), network.epsilon, network.variance_floor, exponent)
        prefix = "content_net" if of_content else "style_net"
        down, up = (Mix.of(network.weights, f"{prefix}.{name}") for name in ("down", "up"))
        hidden = np.tanh(down.matrix @ first.ravel() + down.bias)
        return first + (up.matrix @ hidden + up.bias).reshape(first.shape)
