"""The transfer map: from a tagger's embedding to a style of the generator.

Source: TräumerAI (2020), equation 1: w = 2σ·tanh(W z + b) + μ, with μ and σ of the generator's own styles.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

N_EMBEDDING = 512
N_STYLE = 512


class Transfer(nn.Module):
    """Embedding (B, 512) → w (B, 512), each element within 2σ of μ. One w serves all layers."""

    style_mean: Tensor
    style_deviation: Tensor

    def __init__(self, style_mean: Tensor, style_deviation: Tensor, n_embedding: int = N_EMBEDDING) -> None:
        """`style_mean` μ and `style_deviation` σ ≥ 0, both (n_style,), of w over random z."""
        super().__init__()
        self.dense = nn.Linear(n_embedding, len(style_mean))
        self.register_buffer("style_mean", style_mean.clone().float())
        self.register_buffer("style_deviation", style_deviation.clone().float())

    def forward(self, embedding: Tensor) -> Tensor:
        return 2 * self.style_deviation * torch.tanh(self.dense(embedding)) + self.style_mean
