"""StyleGAN2 in its published formulation, eager torch: the reference that speed is measured against.

Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020), section 2.2:
the weights themselves are modulated and demodulated for each image, and a batch becomes the groups of one
convolution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from visualizer.networks.stylegan2 import (
    EPSILON,
    LEAK,
    Block,
    StyledConv,
    Synthesis,
    ToRGB,
    blur_kernel,
)


def synthesize(synthesis: Synthesis, w: Tensor, noises: Sequence[Tensor]) -> Tensor:
    """w (B, n_layers, n_w), a noise picture (1, 1, r, r) a layer → image (B, 3, S, S) in [-1, 1]."""
    x = synthesis.const.expand(len(w), -1, -1, -1)
    picture: Tensor | None = None
    layer = 0
    for block in synthesis.blocks:
        assert isinstance(block, Block)
        for conv in block.convs():
            x = _convolve(conv, x, w[:, layer])
            x = x + noises[layer] * conv.noise_strength
            x = F.leaky_relu(x + conv.bias[:, None, None], LEAK) * math.sqrt(2)
            layer += 1
        rgb = _to_rgb(block.to_rgb, x, w[:, layer])
        picture = rgb if picture is None else _double(picture) + rgb
    assert picture is not None
    return picture.clamp(-1, 1)


def _convolve(conv: StyledConv, x: Tensor, w: Tensor) -> Tensor:
    weights = conv.weight[None] * conv.affine(w)[:, None, :, None, None]
    weights = weights * torch.rsqrt(weights.square().sum((2, 3, 4), keepdim=True) + EPSILON)
    if not conv.up:
        return _grouped(x, weights)
    n, _, height, width = x.shape
    kernels = weights.transpose(1, 2).flatten(0, 1)
    x = F.conv_transpose2d(x.reshape(1, -1, height, width), kernels, stride=2, groups=n)
    return _low_pass(x.reshape(n, -1, *x.shape[2:]), 4.0, 1)


def _grouped(x: Tensor, weights: Tensor) -> Tensor:
    """x (B, C, H, W) by weights (B, O, C, k, k), each image by its own."""
    n, _, height, width = x.shape
    x = x.reshape(1, -1, height, width)
    x = F.conv2d(x, weights.flatten(0, 1), padding=weights.shape[-1] // 2, groups=n)
    return x.reshape(n, -1, height, width)


def _to_rgb(layer: ToRGB, x: Tensor, w: Tensor) -> Tensor:
    weights = layer.weight[None] * layer.affine(w)[:, None, :, None, None]
    return _grouped(x, weights) + layer.bias[:, None, None]


def _double(picture: Tensor) -> Tensor:
    """Zeros between the pixels, then the low-pass."""
    n, channels, height, width = picture.shape
    spread = picture.new_zeros(n, channels, height, 2, width, 2)
    spread[:, :, :, 0, :, 0] = picture
    return _low_pass(spread.reshape(n, channels, 2 * height, 2 * width), 4.0, (2, 1))


def _low_pass(x: Tensor, gain: float, padding: int | tuple[int, int]) -> Tensor:
    first, last = (padding, padding) if isinstance(padding, int) else padding
    kernel = blur_kernel(gain).to(x).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, (first, last, first, last)), kernel, groups=x.shape[1])
