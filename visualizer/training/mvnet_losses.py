"""The losses of MVNet: triplet, Gram style, relativistic average adversarial (paper, equations 1 to 3)."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.types import UserError

MARGIN = 1.0
STYLE_SCALE = 5.0
"""Grams are divided by C·H·W; with this and the paper's β = 10 style pulls at an image three times as hard
as the discriminator does."""
VGG_FILE = "vgg_normalised_conv3_1.pth"


def triplet_loss(v: Tensor, eras: Tensor, margin: float = MARGIN) -> Tensor:
    """L_tri: the mean of [|a − p|² − |a − n|² + margin]₊ over every triplet of the batch (equation 1).

    v (B, …), eras (B,) int. a and p are of one era, n is of another; 0 where there is no such triplet.
    """
    flat = v.float().flatten(1)
    distances = (flat[:, None] - flat[None]).square().sum(-1)
    same = eras[:, None] == eras[None]
    positive = same & ~torch.eye(len(eras), dtype=torch.bool, device=v.device)
    triplets = positive[:, :, None] & ~same[:, None, :]
    if not triplets.any():
        return flat.sum() * 0.0
    return F.relu(distances[:, :, None] - distances[:, None, :] + margin)[triplets].mean()


def gram(features: Tensor) -> Tensor:
    """(B, C, H, W) → the mean product of any two channels, (B, C, C), divided by C."""
    b, c, h, w = features.shape
    flat = features.float().reshape(b, c, h * w)
    return flat @ flat.transpose(1, 2) / (c * h * w)


class StyleVGG(nn.Module):
    """The normalised VGG-19 up to relu3_1: image (B, 3, H, W) in [-1, 1] → relu1_1, relu2_1, relu3_1."""

    def __init__(self) -> None:
        super().__init__()
        self.colour = nn.Conv2d(3, 3, 1)
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3) for a, b in ((3, 64), (64, 64), (64, 128), (128, 128), (128, 256))
        )
        self.requires_grad_(False)

    @classmethod
    def load(cls, folder: Path) -> StyleVGG:
        """With the published weights of `folder`; UserError where they are missing or damaged."""
        path = folder / VGG_FILE
        if not path.is_file():
            raise UserError(f"the style loss needs {VGG_FILE}; name its folder with --vgg")
        network = cls()
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            layers = [network.colour, *network.convs]
            for number, layer in zip((0, 2, 5, 9, 12, 16), layers, strict=True):
                layer.load_state_dict({key: state[f"{number}.{key}"] for key in ("weight", "bias")})
        except Exception as error:
            raise UserError(f"{path} is damaged or of another network; fetch it again") from error
        return network.eval()

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.colour(image * 0.5 + 0.5)
        kept = []
        for i, conv in enumerate(self.convs):
            x = F.relu(conv(F.pad(x, (1, 1, 1, 1), mode="reflect")))
            if i % 2 == 0:
                kept.append(x)
            elif i < len(self.convs) - 1:
                x = F.max_pool2d(x, 2)
        return kept


def style_loss(made: list[Tensor], wanted: list[Tensor]) -> Tensor:
    """L_sty: the L1 distance of Gram matrices, averaged over the entries of each layer, summed over layers.

    Features as from `StyleVGG` (equation 2).
    """
    distances = [(gram(a) - gram(b)).abs().mean() for a, b in zip(made, wanted, strict=True)]
    return torch.stack(distances).sum() * STYLE_SCALE


def adversarial_losses(real: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
    """Relativistic average losses of D̄'s outputs (B, …): D's, then G's (equation 3 and its mirror image).

    Each output of one side is compared with the mean of the other side over the batch. D wants real above
    made, G made above real.
    """
    real_over_made = real - made.mean(0, keepdim=True)
    made_over_real = made - real.mean(0, keepdim=True)
    loss_d = F.softplus(-real_over_made).mean() + F.softplus(made_over_real).mean()
    loss_g = F.softplus(real_over_made).mean() + F.softplus(-made_over_real).mean()
    return loss_d, loss_g
