"""The reference VGG of style transfer: features that teach, losses that judge, the published WCT."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.style_transforms import apply, covariance, moments, wct
from visualizer.types import UserError

DEFAULT_VGG = Path("../shared/weights/vgg")
PUBLISHED_EPSILON = 1e-5

_ENCODER = ("0", "2r", "5r", "pool", "9r", "12r", "pool", "16r")
"""Layers up to relu3_1 by their index in the state dict; r: reflected edges and ReLU."""
_TAPS = {"2r": 1, "9r": 2, "16r": 3}
_INVERTERS = {1: ("1",), 2: ("1r", "up", "5r", "8"), 3: ("1r", "up", "5r", "8r", "up", "12r", "15")}


def _load(folder: Path, name: str) -> dict[str, Tensor]:
    path = folder / f"{name}.pth"
    if not path.is_file():
        raise UserError(f"there is no {path}; name the folder of the reference VGG with --vgg")
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _conv(state: dict[str, Tensor], index: str) -> nn.Conv2d:
    weight = state[f"{index}.weight"]
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[-1])
    conv.load_state_dict({"weight": weight, "bias": state[f"{index}.bias"]})
    return conv.requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


class ReferenceVGG(nn.Module):
    """Normalised VGG-19: pictures (B, 3, H, W) in [0, 1] → relu1_1, relu2_1, relu3_1."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        state = _load(folder, "vgg_normalised_conv3_1")
        names = [name for name in _ENCODER if name != "pool"]
        self.layers = nn.ModuleDict({name: _conv(state, name.rstrip("r")) for name in names})

    def forward(self, picture: Tensor, n_levels: int = 3) -> list[Tensor]:
        x, levels = picture.contiguous(memory_format=torch.channels_last), []
        for name in _ENCODER:
            if name == "pool":
                x = F.max_pool2d(x, 2)
                continue
            if name != "0":
                x = F.pad(x, (1, 1, 1, 1), mode="reflect")
            x = self.layers[name](x)
            x = F.relu(x) if name.endswith("r") else x
            if name in _TAPS:
                levels.append(x)
                if len(levels) == n_levels:
                    break
        return levels


class PublishedWCT(nn.Module):
    """The published encoder, inverters and transform (Li et al. 2017), one level or relu3_1 to relu1_1."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.vgg = ReferenceVGG(folder)
        self.inverters = nn.ModuleDict()
        for level, names in _INVERTERS.items():
            state = _load(folder, f"feature_invertor_conv{level}_1")
            convs = {name: _conv(state, name.rstrip("r")) for name in names if name != "up"}
            self.inverters[str(level)] = nn.ModuleDict(convs)

    def invert(self, features: Tensor, level: int) -> Tensor:
        x = features
        for name in _INVERTERS[level]:
            if name == "up":
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
                continue
            x = self.inverters[str(level)][name](F.pad(x, (1, 1, 1, 1), mode="reflect"))  # type: ignore[index]
            x = F.relu(x) if name.endswith("r") else x
        return x

    def forward(self, content: Tensor, style: Tensor, levels: Sequence[int] = (3,)) -> Tensor:
        """Pictures (1, 3, H, W) in [0, 1] of both → (1, 3, H, W), clipped."""
        style_levels = self.vgg(style)
        x = content
        for level in levels:
            features = self.vgg(x, level)[-1]
            matrix, offset = wct(features, style_levels[level - 1], PUBLISHED_EPSILON)
            x = self.invert(apply(matrix, offset, features), level)
        return x.clamp(0, 1)


def relative_error(got: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference in units of the mean square of what is wanted."""
    wanted = wanted.float()
    return F.mse_loss(got.float(), wanted) / wanted.square().mean().clamp_min(1e-6)


def standardise(features: Tensor) -> Tensor:
    """Each channel to mean 0 and deviation 1: where things are, without their colours."""
    mean, variance = moments(features)
    return (features.float() - mean[:, :, None, None]) / (variance[:, :, None, None] + 1e-3).sqrt()


def content_distance(got: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """How far standardised relu3_1 are apart, about 0 to 2; relu2_1 would hold on to the content's hues."""
    return F.mse_loss(standardise(got[2]), standardise(wanted[2]))


def style_distance(got: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Means, deviations and covariances of all levels, relative to the style's, mean over the levels."""
    total = torch.zeros(())
    for a, b in zip(got, wanted, strict=True):
        (mean_a, variance_a), (mean_b, variance_b) = moments(a), moments(b)
        total = total + relative_error(mean_a, mean_b)
        total = total + relative_error((variance_a + 1e-4).sqrt(), (variance_b + 1e-4).sqrt())
        total = total + 0.3 * relative_error(covariance(a), covariance(b))
    return total / len(got)


def content_loss(got: Sequence[Tensor], content: Sequence[Tensor]) -> float:
    """What the cards and the bench report: mean squared difference of relu3_1 (Huang and Belongie 2017)."""
    return float(F.mse_loss(got[2].float(), content[2].float()))


def style_loss(got: Sequence[Tensor], style: Sequence[Tensor]) -> float:
    """Squared differences of means and deviations over all levels (Huang and Belongie 2017, eq. 13)."""
    total = 0.0
    for a, b in zip(got, style, strict=True):
        (mean_a, variance_a), (mean_b, variance_b) = moments(a), moments(b)
        total += float(F.mse_loss(mean_a, mean_b) + F.mse_loss(variance_a.sqrt(), variance_b.sqrt()))
    return total
