"""The residual discriminator of StyleGAN2, with the minibatch standard deviation as an extra channel."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.stylegan2 import Dense, Rated, activate, blur

GROUP = 4


class HalveSize(torch.autograd.Function):
    """The [1,3,3,1] low-pass at every second pixel: (B,C,H,W) → (B,C,H/2,W/2).

    Only its slope is special: zeros put in between and the low-pass again. CPU libraries run the slope of a
    strided depthwise convolution many times slower, which was a quarter of a training step.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return blur(x, 1.0, (1, 1, 1, 1), stride=2)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        n, c, h, w = slope.shape
        spread = slope.new_zeros(n, 2 * h, 2 * w, c).permute(0, 3, 1, 2)
        spread[:, :, ::2, ::2] = slope
        return blur(spread, 1.0, (2, 1, 2, 1))


class EqualConv(Rated):
    """A convolution with equalised learning rate; `down` halves the size after the [1,3,3,1] low-pass."""

    def __init__(self, n_in: int, n_out: int, size: int, down: bool = False, active: bool = True) -> None:
        super().__init__()
        fan_in = n_in * size * size
        self.weight = nn.Parameter(torch.randn(n_out, n_in, size, size) / math.sqrt(fan_in))
        self.bias = nn.Parameter(torch.zeros(n_out)) if active else None
        self.rates = {"weight": 1 / math.sqrt(fan_in)}
        self.size = size
        self.down = down

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.to(x.dtype)
        if self.down and self.size == 1:
            x = F.conv2d(HalveSize.apply(x), weight)
        elif self.down:
            x = F.conv2d(blur(x, 1.0, (2, 2, 2, 2)), weight, stride=2)
        else:
            x = F.conv2d(x, weight, padding=self.size // 2)
        return x if self.bias is None else activate(x + self.bias.to(x.dtype)[:, None, None])


class ResidualBlock(nn.Module):
    """Two convolutions, the second halving the size, beside a 1×1 shortcut: (B,C,H,W) → (B,C',H/2,W/2)."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv0 = EqualConv(n_in, n_in, 3)
        self.conv1 = EqualConv(n_in, n_out, 3, down=True)
        self.skip = EqualConv(n_in, n_out, 1, down=True, active=False)

    def forward(self, x: Tensor) -> Tensor:
        return (self.conv1(self.conv0(x)) + self.skip(x)) / math.sqrt(2)


def minibatch_deviation(x: Tensor, group: int = GROUP) -> Tensor:
    """Appends one channel: the mean over features of the standard deviation within neighbours in the batch.

    Groups are neighbours, so that real and painted pictures can share a batch without sharing a group.
    """
    n, c, h, w = x.shape
    group = math.gcd(n, group)
    y = x.float().reshape(n // group, group, c, h, w)
    deviation = (y.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    plane = deviation.repeat_interleave(group).reshape(n, 1, 1, 1).expand(n, 1, h, w)
    return torch.cat([x, plane.to(x.dtype)], 1)


class Discriminator(nn.Module):
    """Picture (B, n_in, S, S) → realness (B,); `channels` from 4 px upwards, one a power of two."""

    def __init__(self, channels: tuple[int, ...], n_dense: int | None = None, n_in: int = 3) -> None:
        super().__init__()
        widths = channels[::-1]
        self.from_rgb = EqualConv(n_in, widths[0], 1)
        self.blocks = nn.ModuleList(ResidualBlock(i, o) for i, o in pairwise(widths))
        self.last_conv = EqualConv(widths[-1] + 1, widths[-1], 3)
        n_dense = n_dense or widths[-1]
        self.dense = Dense(widths[-1] * 16, n_dense)
        self.score = Dense(n_dense, 1)

    def forward(self, image: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        x = image.to(dtype).contiguous(memory_format=torch.channels_last)
        x = self.from_rgb(x)
        for block in self.blocks:
            x = block(x)
        x = self.last_conv(minibatch_deviation(x)).float().flatten(1)
        return self.score(activate(self.dense(x)))[:, 0]
