"""The generator as it is run live: batch 1, static weights; every control and the width are inputs.

It shares the parameters of the training form and equals it at the width that was trained. Wider, its learned
constant is stretched and everything after it paints on: convolutions know no width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.stylegan2 import (
    LEAK,
    MIN_SIZE_PX,
    Block,
    Exit,
    Generator,
    GeneratorShape,
    StyledConv,
    Synthesis,
    ToRGB,
    activate,
    upsample_image,
)

LOW_PX = 8
"""Up to this size a generator that is computed in bf16 stays in fp32."""


class InferenceForm(nn.Module):
    """(w (1, n_layers, n_w), noise_strength (1,), noise_0 … , gain (n_layers,), offset (n_layers,)) → image.

    The image is (1, 3, S, S) in [-1, 1], S = `exit_px` or the full size; it is as much wider as noise_0 is
    wider than 4 px, and so must be the other noises. An early exit takes the same w, gain and offset as the
    full size and leaves unused layers alone; it has only the noises of the layers that it runs. The last gain
    and offset bend the picture itself. 1 and 0 are neutral.
    """

    def __init__(self, generator: Generator | Synthesis, exit_px: int | None = None) -> None:
        super().__init__()
        self.synthesis = generator.synthesis if isinstance(generator, Generator) else generator
        shape = self.synthesis.shape
        self.exit_px = exit_px or shape.size_px
        if self.exit_px not in shape.resolutions_px:
            raise ValueError(f"no early exit at {exit_px} px; there are {shape.resolutions_px}")
        self.n_blocks = shape.resolutions_px.index(self.exit_px) + 1

    @property
    def shape(self) -> GeneratorShape:
        return self.synthesis.shape

    @property
    def n_noises(self) -> int:
        return 2 * self.n_blocks - 1

    def forward(self, w: Tensor, noise_strength: Tensor, *others: Tensor) -> Tensor:
        *noises, gain, offset = others
        x, skip = _run_blocks(
            self.synthesis, range(self.n_blocks), None, None, w, noise_strength, noises, gain, offset
        )
        if str(self.exit_px) in self.synthesis.exits:
            own = self.synthesis.exits[str(self.exit_px)]
            assert isinstance(own, Exit)
            inner = activate(_run_rgb(own.mix, x, w[:, self.n_noises]))
            skip = skip + _run_rgb(own.paint, inner, w[:, self.n_noises])
        return _bend(skip, gain, offset)

    def example_inputs(self, seed: int = 0, n_columns: int = MIN_SIZE_PX) -> dict[str, Tensor]:
        """Named inputs in the order of `forward`, from a seed (w is plain noise, bending is neutral).

        `n_columns` is the width of noise_0.
        """
        random = torch.Generator().manual_seed(seed)
        shape = self.shape
        named = {
            "w": torch.randn(1, shape.n_layers, shape.n_w, generator=random),
            "noise_strength": torch.ones(1),
        }
        for i in range(self.n_noises):
            side = shape.noise_px(i)
            width = side // MIN_SIZE_PX * n_columns
            named[f"noise_{i}"] = torch.randn(1, 1, side, width, generator=random)
        return named | {"gain": torch.ones(shape.n_layers), "offset": torch.zeros(shape.n_layers)}


class LowForm(nn.Module):
    """The blocks up to LOW_PX: (w, noise_strength, noise_0 …, gain, offset) → their features and picture.

    Rounding there moves whole parts of the picture, and they cost little: they are worth fp32.
    """

    outputs = ("features", "picture")

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.synthesis = generator.synthesis
        self.n_blocks = self.synthesis.shape.resolutions_px.index(LOW_PX) + 1

    def forward(self, w: Tensor, noise_strength: Tensor, *others: Tensor) -> tuple[Tensor, Tensor]:
        *noises, gain, offset = others
        return _run_blocks(
            self.synthesis, range(self.n_blocks), None, None, w, noise_strength, noises, gain, offset
        )

    def example_inputs(self, n_columns: int = MIN_SIZE_PX) -> dict[str, Tensor]:
        """As `InferenceForm.example_inputs`, with the noises that it takes."""
        named = InferenceForm(self.synthesis).example_inputs(n_columns=n_columns)
        return _noises_between(named, 0, 2 * self.n_blocks - 1)


class HighForm(nn.Module):
    """The blocks above LOW_PX: (features, picture, w, noise_strength, noise_k …, gain, offset) → image."""

    outputs = ("image",)

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.low = LowForm(generator)

    def forward(
        self, features: Tensor, picture: Tensor, w: Tensor, noise_strength: Tensor, *others: Tensor
    ) -> Tensor:
        *noises, gain, offset = others
        synthesis = self.low.synthesis
        blocks = range(self.low.n_blocks, len(synthesis.blocks))
        _, skip = _run_blocks(synthesis, blocks, features, picture, w, noise_strength, noises, gain, offset)
        return _bend(skip, gain, offset)

    def example_inputs(self, n_columns: int = MIN_SIZE_PX) -> dict[str, Tensor]:
        """As `InferenceForm.example_inputs`, with what the low blocks give for it."""
        named = InferenceForm(self.low.synthesis).example_inputs(n_columns=n_columns)
        with torch.no_grad():
            made = self.low(*self.low.example_inputs(n_columns).values())
        first = 2 * self.low.n_blocks - 1
        rest = _noises_between(named, first, self.low.synthesis.shape.n_noises)
        return {**dict(zip(LowForm.outputs, made, strict=True)), **rest}


def _noises_between(named: dict[str, Tensor], first: int, end: int) -> dict[str, Tensor]:
    wanted = {f"noise_{i}" for i in range(first, end)} | {"noise_strength"}
    return {name: value for name, value in named.items() if not name.startswith("noise_") or name in wanted}


def _run_blocks(
    synthesis: Synthesis,
    blocks: range,
    x: Tensor | None,
    skip: Tensor | None,
    w: Tensor,
    noise_strength: Tensor,
    noises: Sequence[Tensor],
    gain: Tensor,
    offset: Tensor,
) -> tuple[Tensor, Tensor]:
    """Features and picture after some blocks; `noises` are theirs."""
    strength = noise_strength.reshape(1, 1, 1, 1)
    features = stretch(synthesis.const, noises[0].shape[-1]) if x is None else x
    first = layer = max(2 * blocks.start - 1, 0)
    for i in blocks:
        block = synthesis.blocks[i]
        assert isinstance(block, Block)
        for conv in block.convs():
            noise = noises[layer - first] * (strength * conv.noise_strength)
            features = _run_conv(conv, features, w[:, layer], noise, gain[layer], offset[layer])
            layer += 1
        rgb = _run_rgb(block.to_rgb, features, w[:, layer])
        skip = rgb if skip is None else upsample_image(skip) + rgb
    assert skip is not None
    return features, skip


def stretch(const: Tensor, n_columns: int) -> Tensor:
    """The learned constant (1, C, 4, 4), linearly as wide as asked: (1, C, 4, n_columns).

    Its own columns stay at both ends, so that each edge of the picture is painted as it was learned.
    """
    return F.interpolate(const, (MIN_SIZE_PX, n_columns), mode="bilinear", align_corners=True)


def _bend(picture: Tensor, gain: Tensor, offset: Tensor) -> Tensor:
    return (picture * gain[-1] + offset[-1]).clamp(-1, 1)


def _run_conv(conv: StyledConv, x: Tensor, w: Tensor, noise: Tensor, gain: Tensor, offset: Tensor) -> Tensor:
    scale, demodulation = conv.style(w)
    x = conv.convolve(x * scale[:, :, None, None])
    x = x * demodulation[:, :, None, None] + (noise + conv.bias[:, None, None])
    return F.leaky_relu(x, LEAK) * (gain * math.sqrt(2)) + offset


def _run_rgb(to_rgb: ToRGB, x: Tensor, w: Tensor) -> Tensor:
    scaled = x * to_rgb.affine(w)[:, :, None, None]
    return F.conv2d(scaled, to_rgb.weight, to_rgb.bias, padding=to_rgb.weight.shape[-1] // 2)


def export_module(generator: Generator, exit_px: int | None = None) -> InferenceForm:
    """The inference form of a generator (sharing its parameters), ready for ONNX export."""
    return InferenceForm(generator, exit_px).eval()


def count_macs(shape: GeneratorShape, exit_px: int | None = None) -> int:
    """Multiplications an image in the inference form: convolutions, blurs and toRGB."""
    n_macs, n_in = 0, 0
    for side, n_out in zip(shape.resolutions_px, shape.channels, strict=True):
        if n_in:
            n_macs += (side // 2) ** 2 * 9 * n_in * n_out + side * side * 16 * (n_out + 3)
        n_macs += side * side * n_out * (9 * n_out + 3)
        n_in = n_out
        if side == exit_px:
            own = Exit.N_INNER * (n_out + 27) if side in shape.exits_px else 0
            return n_macs + side * side * own
    return n_macs
