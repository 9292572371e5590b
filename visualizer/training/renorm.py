"""Batch renormalisation: BatchNorm that trains on the statistics it will run with, for small batches.

Source: Ioffe, "Batch Renormalization" (2017). Where a layer sees 8 to 16 values of a channel in a batch, as
the tagger's last layers do, BatchNorm proper makes the answer for one window depend on its neighbours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

MAX_SCALE = 3.0
MAX_SHIFT = 5.0
MOMENTUM = 0.03


class _Renorm(nn.modules.batchnorm._BatchNorm):
    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        assert self.running_mean is not None and self.running_var is not None
        shape = (1, -1, *[1] * (x.dim() - 2))
        axes = [0, *range(2, x.dim())]
        values = x.float()
        var, mean = torch.var_mean(values, axes, correction=0)
        deviation = torch.sqrt(var + self.eps)
        with torch.no_grad():
            usual = torch.sqrt(self.running_var + self.eps)
            scale = (deviation / usual).clamp(1 / MAX_SCALE, MAX_SCALE)
            shift = ((mean - self.running_mean) / usual).clamp(-MAX_SHIFT, MAX_SHIFT)
            self.running_mean.lerp_(mean, MOMENTUM)
            self.running_var.lerp_(var, MOMENTUM)
        slope = self.weight * scale / deviation
        offset = self.weight * (shift - scale * mean / deviation) + self.bias
        return (values * slope.view(shape) + offset.view(shape)).to(x.dtype)


class Renorm1d(_Renorm, nn.BatchNorm1d):
    """In place of BatchNorm1d, with the same state."""


class Renorm2d(_Renorm, nn.BatchNorm2d):
    """In place of BatchNorm2d, with the same state."""


def renormalise(module: nn.Module) -> None:
    """Put batch renormalisation in the place of every BatchNorm in `module`; the state stays."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
            kind = Renorm1d if isinstance(child, nn.BatchNorm1d) else Renorm2d
            new = kind(child.num_features, child.eps)
            new.load_state_dict(child.state_dict())
            setattr(module, name, new)
        else:
            renormalise(child)
