"""Avatar-Net, live: the style decorator lays patches of the style, the decoder wears its statistics."""

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

STATISTICS_FLOOR = 1e-4
"""Of the variances of the skips, as in the torch reference."""
SKIPS = (2, 1)


@dataclass(frozen=True, slots=True)
class AvatarContent:
    """Whitened features (C, h·w), the plain ones after the mix layer (m, h·w), statistics of the skips."""

    size: tuple[int, int]
    white: Float32
    mixed: Float32
    """With mean (m, 1) and deviation (m, 1)."""
    mean: Float32
    deviation: Float32
    skips: tuple[Float32, ...]
    """Mean and deviation (w,) of level 2, then of level 1."""


@dataclass(frozen=True, slots=True)
class AvatarStyle:
    """As the content's; `norms` (h - 2, w - 2) of the whitened patches."""

    size: tuple[int, int]
    white: Float32
    mixed: Float32
    mean: Float32
    deviation: Float32
    skips: tuple[Float32, ...]
    norms: Float32


class Avatar(StyleTransfer):
    """Avatar-Net (Sheng et al. 2018) with relu3_1 as its deepest level."""

    def __init__(self, name: str, parts: Parts) -> None:
        super().__init__(name, parts)
        stored = parts.network.weights
        self._mix = Mix.of(stored, "mix")
        self._share = np.float32(parts.network.share)
        self._skips = {level: stored[f"skip{level}.weight"][:, :, 0, 0] for level in SKIPS}

    def read_content(self, pixels: UInt8) -> AvatarContent:
        """As `StyleTransfer.read_content`: whitening, the mix layer and the statistics of the skips."""
        return AvatarContent(*self._read(take_pixels(pixels)))

    def read_style(self, image: Float32) -> AvatarStyle:
        """As `StyleTransfer.read_style`."""
        read = self._read(take_style(image))
        size, white = read[:2]
        return AvatarStyle(*read, maths.patch_norms(white, size))

    def paint(
        self, content: AvatarContent, style: AvatarStyle, strength: float, out: Float32 | None = None
    ) -> Float32:
        """As `StyleTransfer.paint`."""
        s = np.float32(clamp_strength(strength))
        mixed, (height, width) = content.mixed, content.size
        if s > 0:
            mixed = self._dress(content, style, s) + (s * self._share) * self._decorate(content, style)
        skips = [(1 - s) * a + s * b for a, b in zip(content.skips, style.skips, strict=True)]
        names = [f"{what}{level}" for level in SKIPS for what in ("mean", "deviation")]
        given = {name: value[np.newaxis] for name, value in zip(names, skips, strict=True)}
        given["mixed"] = mixed.reshape(1, -1, height, width)
        return give_image(self.parts.network.at(4 * height, 4 * width).run(given)["image"], out)

    def _dress(self, content: AvatarContent, style: AvatarStyle, s: np.float32) -> Float32:
        """(1 - s) of the mixed features and s of the share that wears the style's statistics, (m, h·w)."""
        part = s * (1 - self._share)
        gain = style.deviation / content.deviation
        return content.mixed * (1 - s + part * gain) + part * (style.mean - gain * content.mean)

    def _decorate(self, content: AvatarContent, style: AvatarStyle) -> Float32:
        """The style's mixed features, laid where its whitened patches correlate most; (m, h·w)."""
        height, width = content.size
        alike = maths.correlate(content.white, style.white, content.size, style.size) / style.norms
        best = alike.reshape(height, width, -1).argmax(axis=2)
        n = style.size[1] - 2
        chosen = best // n * style.size[1] + best % n
        share = maths.lay(chosen, content.size, style.size[1], style.white.shape[1])
        return np.asarray(style.mixed @ share.T, np.float32)

    def _read(
        self, image: Float32
    ) -> tuple[tuple[int, int], Float32, Float32, Float32, Float32, tuple[Float32, ...]]:
        features = self.parts.encode(image)
        flat = maths.flatten(features)
        mean, centred = maths.centre(maths.thin(features))
        network = self.parts.network
        whiten = maths.power(maths.covariance(centred), network.epsilon, network.variance_floor, -0.5)
        mixed = self._mix.matrix @ flat + self._mix.bias[:, np.newaxis]
        white = np.asarray(whiten @ flat - (whiten @ mean)[:, np.newaxis])
        skips: list[Float32] = []
        for level in SKIPS:
            values = np.maximum(self._skips[level] @ self.parts.thin_encode(image, level), 0)
            skips += [values.mean(axis=1), np.sqrt(values.var(axis=1) + np.float32(STATISTICS_FLOOR))]
        spread = np.sqrt(mixed.var(axis=1, keepdims=True) + np.float32(network.variance_floor))
        own = mixed.mean(axis=1, keepdims=True), spread
        return (features.shape[2], features.shape[3]), white, mixed, *own, tuple(skips)
