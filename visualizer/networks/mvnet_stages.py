"""MVNet's encoder in four stages, for windows that slide: each on the whole window, and at its ends alone.

Away from the window's ends a column depends on the sound alone, so that a window that moved on by N_STEP
columns of a stage holds the columns that it held before. What is left to make: the newest N_STEP, and the
N_TOUCHED at either end that the zero padding touches.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.mvnet import ENCODER_CHANNELS, N_COLUMNS, N_MELS, N_THIRDS, Encoder

N_STAGES = len(ENCODER_CHANNELS) - 1
N_STEP = 3
N_TOUCHED = 2
N_LEFT, N_RIGHT = N_TOUCHED, N_TOUCHED + N_STEP
"""Columns that a tick makes of every stage's answer, at either end."""


class Stage(nn.Module):
    """Stage `index` (from 1) of an encoder: columns (1, 2n, F, C) → columns (1, n, F/2, C'), time first.

    The first takes the window's columns (1, 256, 128, 3), power over its mean, and does the first two layers;
    the last gives columns of v, (1, 16, 8, 1). A column lies whole in memory.
    """

    outputs = ("made",)

    def __init__(self, encoder: Encoder, index: int) -> None:
        super().__init__()
        self.encoder, self.index = encoder, index
        self.n_columns = N_COLUMNS >> (index - 1)
        """Columns that it takes."""
        self.n_mels = N_MELS >> (index - 1)
        self.n_channels = ENCODER_CHANNELS[index - 1] if index > 1 else N_THIRDS

    def forward(self, columns: Tensor) -> Tensor:
        x = columns.permute(0, 3, 1, 2)
        if self.index == 1:
            x = self._layer(0, self._compress(x), 1, 1)
        return self._give(self._layer(self.index, F.max_pool2d(x, 2), 1, 1))

    def example_inputs(self) -> dict[str, Tensor]:
        """Columns in the range of what they stand for, always the same."""
        return {"columns": self._example(self.n_columns)}

    def _example(self, n_columns: int) -> Tensor:
        random = torch.Generator().manual_seed(self.index)
        values = torch.rand((1, n_columns, self.n_mels, self.n_channels), generator=random)
        return values**8 * 9 if self.index == 1 else values

    def _compress(self, x: Tensor) -> Tensor:
        return self.encoder.compress(x.clamp(min=0.0))

    def _layer(self, index: int, x: Tensor, pad_left: int, pad_right: int) -> Tensor:
        """Convolution, norm and ReLU number `index` of the encoder, on maps whose time comes before mels."""
        at = [i for i, layer in enumerate(self.encoder.layers) if isinstance(layer, nn.Conv2d)][index]
        conv, norm = self.encoder.layers[at], self.encoder.layers[at + 1]
        assert isinstance(conv, nn.Conv2d)
        x = F.pad(x, (1, 1, pad_left, pad_right))
        return torch.relu(norm(F.conv2d(x, conv.weight.transpose(2, 3))))

    def _give(self, x: Tensor) -> Tensor:
        if self.index == N_STAGES:
            head = self.encoder.head
            x = F.conv2d(x, head.weight, head.bias)
        return x.permute(0, 2, 3, 1)


class Ends(Stage):
    """A stage at the ends of its window: the columns that they need → the N_LEFT and N_RIGHT made of them.

    `left` and `right` (1, n, F, C) → (1, N_LEFT + N_RIGHT, F/2, C').
    """

    def __init__(self, encoder: Encoder, index: int) -> None:
        super().__init__(encoder, index)
        n_more = 1 if index == 1 else 0  # its first layer takes one more
        self.n_left, self.n_right = 2 * (N_LEFT + 1) + n_more, 2 * (N_RIGHT + 1) + n_more

    def forward(self, left: Tensor, right: Tensor) -> Tensor:  # type: ignore[override]
        left, right = (x.permute(0, 3, 1, 2) for x in (left, right))
        if self.index == 1:
            left = self._layer(0, self._compress(left), 1, 0)
            right = self._layer(0, self._compress(right), 0, 1)
        left = self._layer(self.index, F.max_pool2d(left, 2), 1, 0)
        right = self._layer(self.index, F.max_pool2d(right, 2), 0, 1)
        return self._give(torch.cat((left, right), dim=2))

    def example_inputs(self) -> dict[str, Tensor]:
        """As the stage's, from either end of what it takes."""
        columns = self._example(self.n_columns)
        return {"left": columns[:, : self.n_left].clone(), "right": columns[:, -self.n_right :].clone()}
