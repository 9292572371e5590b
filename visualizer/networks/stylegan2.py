"""StyleGAN2 with a skip generator: mapping, synthesis with early exits, and the residual discriminator.

Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020). The convolutions scale
the activations by the style instead of the weights (their equation 1 seen from the other side of the linear
map), so the weights stay static and a batch needs no grouped convolution; the result is the same.

Weights are stored as they are used. The paper's "equalised learning rate" (stored weight = used weight /
gain) is the same as Adam with a learning rate times that gain, so it lives in `rates` and costs nothing in
the graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MIN_SIZE_PX = 4
MAX_SIZE_PX = 1024
LEAK = 0.2
EPSILON = 1e-8


@dataclass(frozen=True)
class GeneratorShape:
    """What fixes a generator: size in px, channels from 4 px upwards, width of w, depth of the mapping.

    `exits_px` are the early exits with layers of their own (`Exit`).
    """

    size_px: int
    channels: tuple[int, ...]
    n_w: int = 512
    n_mapping: int = 2
    exits_px: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not MIN_SIZE_PX < self.size_px <= MAX_SIZE_PX or self.size_px & (self.size_px - 1):
            raise ValueError(f"a generator's size is a power of two from 8 to 1024 px, not {self.size_px}")
        if len(self.channels) != self.n_blocks:
            raise ValueError(
                f"{self.size_px} px needs {self.n_blocks} channel counts, not {len(self.channels)}"
            )
        if unknown := set(self.exits_px) - set(self.resolutions_px[:-1]):
            raise ValueError(f"a generator of {self.size_px} px has no early exit at {unknown.pop()} px")

    @classmethod
    def from_base(
        cls, size_px: int, channel_base: int, channel_max: int = 512, n_w: int = 512, n_mapping: int = 2
    ) -> GeneratorShape:
        """The paper's rule: min(channel_max, channel_base / resolution) channels at each resolution."""
        n_blocks = int(math.log2(size_px)) - 1
        channels = tuple(max(1, min(channel_max, channel_base // (4 << i))) for i in range(n_blocks))
        return cls(size_px, channels, n_w, n_mapping)

    @property
    def n_blocks(self) -> int:
        return int(math.log2(self.size_px)) - 1

    @property
    def n_layers(self) -> int:
        """Number of w inputs: one a convolution, and one for the last toRGB."""
        return 2 * int(math.log2(self.size_px)) - 2

    @property
    def n_noises(self) -> int:
        return self.n_layers - 1

    @property
    def resolutions_px(self) -> tuple[int, ...]:
        return tuple(4 << i for i in range(self.n_blocks))

    def noise_px(self, layer: int) -> int:
        """Side in px of the noise picture of a convolution layer (layer 0: 4 px, 1 and 2: 8 px, ...)."""
        return 4 << ((layer + 1) // 2)


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU (0.2) times √2, which keeps the variance of unit inputs."""
    return F.leaky_relu(x, LEAK) * math.sqrt(2)


def blur_kernel(gain: float = 1.0) -> Tensor:
    """The (4, 4) low-pass [1,3,3,1] ⊗ [1,3,3,1] with sum `gain`."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    return torch.outer(taps, taps) / taps.sum() ** 2 * gain


def blur(x: Tensor, gain: float, padding: Sequence[int], stride: int = 1) -> Tensor:
    """Depthwise blur of x (B,C,H,W), zero padded by (left, right, top, bottom)."""
    n_channels = x.shape[1]
    kernel = blur_kernel(gain).to(x).expand(n_channels, 1, 4, 4)
    left, right, top, bottom = padding
    if left == right and top == bottom:
        return F.conv2d(x, kernel, stride=stride, padding=(top, left), groups=n_channels)
    return F.conv2d(F.pad(x, (left, right, top, bottom)), kernel, stride=stride, groups=n_channels)


def upsample_image(image: Tensor) -> Tensor:
    """The RGB skip, twice the size: zero insertion and the [1,3,3,1] low-pass: (B,C,H,W) → (B,C,2H,2W)."""
    n_channels = image.shape[1]
    kernel = blur_kernel(4.0).to(image).expand(n_channels, 1, 4, 4)
    return F.conv_transpose2d(image, kernel, stride=2, padding=1, groups=n_channels)


class Rated(nn.Module):
    """A layer whose `rates` say how each of its own parameters scales the learning rate (else 1)."""

    rates: dict[str, float]


class Dense(Rated):
    """A linear layer with equalised learning rate."""

    def __init__(self, n_in: int, n_out: int, bias: float = 0.0, lr_multiplier: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) / math.sqrt(n_in))
        self.bias = nn.Parameter(torch.full((n_out,), bias))
        self.rates = {"weight": lr_multiplier / math.sqrt(n_in), "bias": lr_multiplier}

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class Mapping(nn.Module):
    """z (B, n_w) → w (B, n_w): put on the sphere, then dense layers at a hundredth of the learning rate."""

    def __init__(self, n_w: int, n_mapping: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Dense(n_w, n_w, lr_multiplier=0.01) for _ in range(n_mapping))

    def forward(self, z: Tensor) -> Tensor:
        x = z * torch.rsqrt(z.square().mean(1, keepdim=True) + EPSILON)
        for layer in self.layers:
            x = activate(layer(x))
        return x


class StyledConv(Rated):
    """A modulated, demodulated 3×3 convolution (`up`: twice the size), noise, bias, activation, bending."""

    def __init__(self, n_in: int, n_out: int, n_w: int, up: bool) -> None:
        super().__init__()
        self.affine = Dense(n_w, n_in, bias=1.0)
        self.weight = nn.Parameter(torch.randn(n_out, n_in, 3, 3) / math.sqrt(n_in * 9))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.rates = {"weight": 1 / math.sqrt(n_in * 9)}
        self.up = up

    def style(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """w (B, n_w) → scale of the inputs (B, n_in) and demodulation of the outputs (B, n_out)."""
        scale = self.affine(w)
        power = self.weight.square().sum((2, 3))
        return scale, torch.rsqrt(F.linear(scale.float().square(), power) + EPSILON)

    def convolve(self, x: Tensor) -> Tensor:
        weight = self.weight.to(x.dtype)
        if not self.up:
            return F.conv2d(x, weight, padding=1)
        return blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), 4.0, (1, 1, 1, 1))

    def forward(
        self, x: Tensor, w: Tensor, noise: Tensor | None, gain: Tensor | None, offset: Tensor | None
    ) -> Tensor:
        scale, demodulation = self.style(w)
        x = (
            self.convolve(x * scale.to(x.dtype)[:, :, None, None])
            * demodulation.to(x.dtype)[:, :, None, None]
        )
        if noise is not None:
            x = x + (noise * self.noise_strength).to(x.dtype)
        x = activate(x + self.bias.to(x.dtype)[:, None, None])
        return bend(x, gain, offset)


class ToRGB(Rated):
    """A modulated 1×1 convolution without demodulation: features (B,C,H,W) → picture (B,3,H,W).

    Or one of another size, to another number of channels.
    """

    def __init__(self, n_in: int, n_w: int, n_out: int = 3, size: int = 1) -> None:
        super().__init__()
        fan_in = n_in * size * size
        self.affine = Dense(n_w, n_in, bias=1.0)
        self.weight = nn.Parameter(torch.randn(n_out, n_in, size, size) / math.sqrt(fan_in))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.rates = {"weight": 1 / math.sqrt(fan_in)}

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        scale = self.affine(w)
        weight = self.weight.to(x.dtype)
        x = x * scale.to(x.dtype)[:, :, None, None]
        return F.conv2d(x, weight, self.bias.to(x.dtype), padding=weight.shape[-1] // 2)


class Exit(nn.Module):
    """What an early exit adds to its picture, (B,C,H,W) → (B,3,H,W): detail that later blocks would paint.

    Its toRGB serves the full size as well, which fills in what is missing; alone it is soft.
    """

    N_INNER = 24

    def __init__(self, n_in: int, n_w: int) -> None:
        super().__init__()
        self.mix = ToRGB(n_in, n_w, self.N_INNER)
        self.paint = ToRGB(self.N_INNER, n_w, size=3)
        with torch.no_grad():
            self.paint.weight.zero_()

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        return self.paint(activate(self.mix(x, w)), w)  # type: ignore[no-any-return]


class Block(nn.Module):
    """One resolution of the skip generator: the up-convolution (absent at 4 px), a convolution and toRGB."""

    def __init__(self, n_in: int, n_out: int, n_w: int) -> None:
        super().__init__()
        self.conv0 = StyledConv(n_in, n_out, n_w, up=True) if n_in else None
        self.conv1 = StyledConv(n_out, n_out, n_w, up=False)
        self.to_rgb = ToRGB(n_out, n_w)

    def convs(self) -> list[StyledConv]:
        return [self.conv1] if self.conv0 is None else [self.conv0, self.conv1]


def bend(x: Tensor, gain: Tensor | None, offset: Tensor | None) -> Tensor:
    """Network bending by the performer: x · gain + offset, each a scalar tensor or None for neutral."""
    if gain is not None:
        x = x * gain.to(x.dtype)
    return x if offset is None else x + offset.to(x.dtype)


class Synthesis(nn.Module):
    """w for each layer → picture; the picture after each block is a finished coarse one (the early exits)."""

    def __init__(self, shape: GeneratorShape) -> None:
        super().__init__()
        self.shape = shape
        self.const = nn.Parameter(torch.randn(1, shape.channels[0], 4, 4))
        inputs = (0, *shape.channels[:-1])
        self.blocks = nn.ModuleList(
            Block(i, o, shape.n_w) for i, o in zip(inputs, shape.channels, strict=True)
        )
        channels = dict(zip(shape.resolutions_px, shape.channels, strict=True))
        self.exits = nn.ModuleDict({str(px): Exit(channels[px], shape.n_w) for px in shape.exits_px})

    def forward(
        self,
        w: Tensor,
        noises: Sequence[Tensor] | None = None,
        noise_strength: float | Tensor = 1.0,
        gain: Tensor | None = None,
        offset: Tensor | None = None,
        exit_px: int | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """w (B, n_layers, n_w) → image (B, 3, S, S) float32, about [-1, 1] (not clamped), S = `exit_px` or
        the full size.

        `noises`: n_noises pictures (1 or B, 1, r, r), None for none; `gain`, `offset`: (n_layers,), whose
        last element bends the picture itself; `dtype` of the feature maps (pictures are summed in float32).
        """
        return self.pictures(w, noises, noise_strength, gain, offset, exit_px, dtype)[-1]

    def pictures(
        self,
        w: Tensor,
        noises: Sequence[Tensor] | None = None,
        noise_strength: float | Tensor = 1.0,
        gain: Tensor | None = None,
        offset: Tensor | None = None,
        exit_px: int | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> list[Tensor]:
        """As `forward`, but the pictures of all resolutions up to the exit, coarsest first."""
        resolutions = self.shape.resolutions_px
        if exit_px is not None and exit_px not in resolutions:
            raise ValueError(f"no early exit at {exit_px} px; there are {resolutions}")
        last = (None if gain is None else gain[-1], None if offset is None else offset[-1])
        pictures: list[Tensor] = []
        for i, (x, picture) in enumerate(self.stages(w, noises, noise_strength, gain, offset, dtype)):
            leaves = picture.shape[-2] == exit_px
            if leaves and str(exit_px) in self.exits:
                picture = picture + self.exits[str(exit_px)](x, w[:, 2 * i + 1]).float()
            pictures.append(bend(picture, *last))
            if leaves:
                break
        return pictures

    def stages(
        self,
        w: Tensor,
        noises: Sequence[Tensor] | None = None,
        noise_strength: float | Tensor = 1.0,
        gain: Tensor | None = None,
        offset: Tensor | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Features (B, C, r, r) and picture (B, 3, r, r) of each block, coarsest first, as asked for."""
        shape = self.shape
        if w.ndim != 3 or w.shape[1] != shape.n_layers:
            raise ValueError(f"w must be (B, {shape.n_layers}, {shape.n_w}), not {tuple(w.shape)}")
        x = self.const.to(dtype).expand(len(w), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        skip: Tensor | None = None
        layer = 0
        for block in self.blocks:
            assert isinstance(block, Block)
            for conv in block.convs():
                noise = None if noises is None else noises[layer] * noise_strength
                bent = (None if gain is None else gain[layer], None if offset is None else offset[layer])
                x = conv(x, w[:, layer], noise, *bent)
                layer += 1
            rgb = block.to_rgb(x, w[:, layer]).float()
            skip = rgb if skip is None else upsample_image(skip) + rgb
            yield x, skip


class Generator(nn.Module):
    """Mapping and synthesis: z (B, n_w) → image (B, 3, S, S)."""

    def __init__(self, shape: GeneratorShape) -> None:
        super().__init__()
        self.shape = shape
        self.mapping = Mapping(shape.n_w, shape.n_mapping)
        self.synthesis = Synthesis(shape)

    def forward(
        self,
        z: Tensor,
        noises: Sequence[Tensor] | None = None,
        exit_px: int | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        w = self.mapping(z)[:, None].expand(-1, self.shape.n_layers, -1)
        return self.synthesis(w, noises, exit_px=exit_px, dtype=dtype)


def make_noises(
    shape: GeneratorShape, n_images: int, generator: torch.Generator | None = None, exit_px: int | None = None
) -> list[Tensor]:
    """Standard normal noise pictures (n_images, 1, r, r), one a convolution layer up to the exit."""
    n_noises = shape.n_noises if exit_px is None else 2 * int(math.log2(exit_px)) - 3
    sides = [shape.noise_px(i) for i in range(n_noises)]
    return [torch.randn(n_images, 1, side, side, generator=generator) for side in sides]


def parameter_groups(modules: Sequence[nn.Module], learning_rate: float) -> list[dict[str, Any]]:
    """Optimiser groups of all parameters of `modules`, by the learning rate that their layers ask for."""
    groups: dict[float, list[nn.Parameter]] = {}
    for module in modules:
        for layer in module.modules():
            rates = layer.rates if isinstance(layer, Rated) else {}
            for name, parameter in layer.named_parameters(recurse=False):
                groups.setdefault(rates.get(name, 1.0), []).append(parameter)
    return [{"params": parameters, "lr": learning_rate * rate} for rate, parameters in groups.items()]
