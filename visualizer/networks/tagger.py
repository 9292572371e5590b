"""The tagger: a short-chunk CNN with residual connections that hears 3.69 s and names 50 tags.

Source: Won et al., "Evaluation of CNN-based automatic music tagging models" (2020), as in TräumerAI (2020).
Its 512-d embedding, what is left after the maximum over time, is what the picture follows.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

# fmt: off
TAGS: tuple[str, ...] = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano",
    "ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing",
    "vocals", "no vocals", "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop",
    "soft", "sitar", "solo", "man", "classic", "choir", "voice", "new age", "dance", "male voice",
    "female vocal", "beats", "harp", "cello", "no voice", "weird", "country", "metal", "female voice",
    "choral",
)
# fmt: on
"""The 50 tags of MagnaTagATune, in the order of the network's output."""

N_TAGS = len(TAGS)
N_MELS = 128
N_COLUMNS = 231
N_EMBEDDING = 512
CHANNELS = (128, 128, 256, 256, 256, 256, 512)


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions, the first with stride 2, beside a 3×3 convolution of stride 2."""

    def __init__(self, n_in: int, n_out: int, folded: bool = False) -> None:
        super().__init__()
        norm = nn.Identity if folded else nn.BatchNorm2d
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=2, padding=1)
        self.norm1 = norm(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.norm2 = norm(n_out)
        self.conv3 = nn.Conv2d(n_in, n_out, 3, stride=2, padding=1)
        self.norm3 = norm(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in, F, T) → (B, n_out, ⌈F/2⌉, ⌈T/2⌉), ≥ 0."""
        inner = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(inner)) + self.norm3(self.conv3(x)))


class ShortChunkCNN(nn.Module):
    """Log-mel dB (B, 1, 128, 231) → (embedding (B, 512) ≥ 0, tag probabilities (B, 50) in [0, 1]).

    `folded` builds the form that ships, whose convolutions carry their BatchNorm: for inference alone.
    """

    def __init__(
        self, channels: tuple[int, ...] = CHANNELS, dropout: float = 0.5, folded: bool = False
    ) -> None:
        super().__init__()
        self.channels = channels
        self.norm = nn.BatchNorm2d(1)
        self.blocks = nn.Sequential(
            *(ResidualBlock(a, b, folded) for a, b in zip((1, *channels[:-1]), channels, strict=True))
        )
        self.dense1 = nn.Linear(channels[-1], channels[-1])
        self.norm_dense = nn.Identity() if folded else nn.BatchNorm1d(channels[-1])
        self.dropout = nn.Dropout(dropout)
        self.dense2 = nn.Linear(channels[-1], N_TAGS)

    def embed(self, mel: Tensor) -> Tensor:
        """(B, 1, 128, 231) float, dB → (B, 512): the last block's ReLU output, maximum over time."""
        return self.blocks(self.norm(mel)).amax(dim=(2, 3))

    def logits(self, embedding: Tensor) -> Tensor:
        """(B, 512) → (B, 50), before the sigmoid."""
        return self.dense2(self.dropout(torch.relu(self.norm_dense(self.dense1(embedding)))))

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.embed(mel)
        return embedding, torch.sigmoid(self.logits(embedding))

    @torch.no_grad()
    def fold_batchnorm(self) -> ShortChunkCNN:
        """A copy in eval mode whose convolutions carry their BatchNorm: the same function, fewer steps.

        The first BatchNorm2d(1) stays: folded into zero-padded convolutions it would be wrong at the edges.
        """
        merged = copy.deepcopy(self)
        for block in merged.blocks:
            for i in (1, 2, 3):
                _fold(getattr(block, f"conv{i}"), getattr(block, f"norm{i}"))
        _fold(merged.dense1, merged.norm_dense)
        folded = ShortChunkCNN(self.channels, self.dropout.p, folded=True)
        wanted = folded.state_dict()
        folded.load_state_dict({name: value for name, value in merged.state_dict().items() if name in wanted})
        return folded.eval()


def _fold(layer: nn.Conv2d | nn.Linear, norm: nn.Module) -> None:
    """Scale and shift `layer` in place so that it does what `layer` and then `norm` did in eval mode."""
    assert isinstance(norm, nn.BatchNorm2d | nn.BatchNorm1d)
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    layer.weight.mul_(scale.view(-1, *[1] * (layer.weight.dim() - 1)))
    assert layer.bias is not None
    layer.bias.copy_((layer.bias - norm.running_mean) * scale + norm.bias)
