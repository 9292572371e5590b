"""Style transfer in torch: a light encoder, decoders, the linear network and Avatar-Net's decoder.

The encoder gives features like relu1_1, relu2_1 and relu3_1 of the normalised VGG-19 that taught it. Every
decoder begins with a pointwise layer, `mix`; a transform that is affine in the features (AdaIN, WCT, linear)
is folded into it, so that a picture costs the decoder and nothing else (docs/decisions/0011).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.style_transforms import covariance, inverse_root, root, thin

N_LEVELS = 3

INPUT_GAIN = 8.0
"""The teacher's first layer has weights of about 3; with this ours need not grow for minutes to follow."""


@dataclass(frozen=True)
class StyleShape:
    """Channels of the encoder and the decoders; the default is what ships."""

    features: tuple[int, int, int] = (64, 128, 256)
    """Of the three levels, as the teacher has them."""
    trunk: tuple[int, int, int, int] = (48, 64, 96, 128)
    """Inside the encoder: two layers at half and two at a quarter of the size."""
    mix: tuple[int, int, int] = (32, 64, 128)
    """After the first, pointwise layer of the decoder of each level."""
    widths: tuple[int, int, int, int] = (96, 48, 48, 16)
    """Inside the decoder: one layer at a quarter, two at half, one at full size."""
    n_codes: int = 48
    """Rows of the linear network's matrix T."""

    @classmethod
    def from_json(cls, sizes: Mapping[str, Any]) -> StyleShape:
        """From a card or a training state; KeyError or TypeError where sizes are missing or unknown."""
        made: dict[str, Any] = {name: n if isinstance(n, int) else tuple(n) for name, n in sizes.items()}
        return cls(**made)

    def to_json(self) -> dict[str, Any]:
        """Lists and numbers."""
        return {name: list(n) if isinstance(n, tuple) else n for name, n in asdict(self).items()}


class Conv(nn.Module):
    """A convolution with reflected edges and, unless told not to, ReLU."""

    def __init__(self, n_in: int, n_out: int, size: int = 3, stride: int = 1, active: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, size, stride)
        nn.init.kaiming_normal_(self.conv.weight)
        if not active:  # what paints begins near grey
            self.conv.weight.data.mul_(0.05)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]
        self.margin = size // 2
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        if self.margin:
            x = F.pad(x, (self.margin,) * 4, mode="reflect")
        x = self.conv(x)
        return F.relu(x) if self.active else x


class Encoder(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] → features (B, 64, H, W), (B, 128, H/2, W/2), (B, 256, H/4, W/4), ≥ 0.

    H and W are multiples of 4.
    """

    def __init__(self, shape: StyleShape) -> None:
        super().__init__()
        self.shape = shape
        (c1, c2, c3), (t0, t1, t2, t3) = shape.features, shape.trunk
        self.level1 = Conv(3, c1)
        self.half0, self.half1 = Conv(c1, t0, stride=2), Conv(t0, t1)
        self.level2 = Conv(t1, c2, 1)
        self.quarter0, self.quarter1 = Conv(t1, t2, stride=2), Conv(t2, t3)
        self.level3 = Conv(t3, c3, 1)

    def forward(self, picture: Tensor, n_levels: int = N_LEVELS) -> list[Tensor]:
        """The features of the first `n_levels` levels."""
        levels = [self.level1((picture - 0.5) * INPUT_GAIN)]
        if n_levels > 1:
            half = self.half1(self.half0(levels[0]))
            levels.append(self.level2(half))
        if n_levels > 2:
            levels.append(self.level3(self.quarter1(self.quarter0(half))))
        return levels


class EncoderView(nn.Module):
    """One level of the encoder, as an ONNX graph gives it."""

    def __init__(self, encoder: Encoder, level: int) -> None:
        super().__init__()
        self.encoder, self.level = encoder, level

    def forward(self, image: Tensor) -> Tensor:
        return self.encoder(image, self.level)[-1]


class Decoder(nn.Module):
    """Features of one level → pictures (B, 3, H, W), about [0, 1] but not clipped."""

    def __init__(self, shape: StyleShape, level: int) -> None:
        super().__init__()
        self.level = level
        n_in, n_mix = shape.features[level - 1], shape.mix[level - 1]
        w0, w1, w2, w3 = shape.widths
        self.mix = nn.Conv2d(n_in, n_mix, 1)
        nn.init.kaiming_normal_(self.mix.weight, nonlinearity="relu")
        nn.init.zeros_(self.mix.bias)  # type: ignore[arg-type]
        layers: list[nn.Module] = []
        if level == 3:
            layers = [Conv(n_mix, w0), nn.Upsample(scale_factor=2), Conv(w0, w1)]
        if level >= 2:
            layers += [Conv(w1 if level == 3 else n_mix, w2), nn.Upsample(scale_factor=2), Conv(w2, w3)]
        self.layers = nn.Sequential(*layers, Conv(n_mix if level == 1 else w3, 3, active=False))

    def forward(self, features: Tensor, matrix: Tensor | None = None, offset: Tensor | None = None) -> Tensor:
        """`matrix` (B or 1, n_mix, n_features), `offset` (B or 1, n_mix) instead of the mix layer's own."""
        if matrix is None or offset is None:
            return self.paint(F.relu(self.mix(features)))
        n_batch, _, height, width = features.shape
        mixed = torch.matmul(matrix, features.flatten(2)) + offset[:, :, None]
        return self.paint(F.relu(mixed.reshape(n_batch, -1, height, width)))

    def paint(self, mixed: Tensor) -> Tensor:
        """What follows the mix layer."""
        return self.layers(mixed) + 0.5  # type: ignore[no-any-return]

    def fold(self, matrix: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
        """An affine map of the features, (B, C, C) and (B, C), made one with the mix layer after it."""
        weight = self.mix.weight.flatten(1)
        assert self.mix.bias is not None
        return weight @ matrix, offset @ weight.T + self.mix.bias


class FirstLevel(nn.Module):
    """The encoder's first level and its decoder in one: features at full size never leave the graph."""

    def __init__(self, encode: Conv, decoder: Decoder) -> None:
        super().__init__()
        self.encode, self.decoder = encode, decoder

    def forward(self, image: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
        return self.decoder(self.encode((image - 0.5) * INPUT_GAIN), matrix, offset)  # type: ignore[no-any-return]


class MatrixNet(nn.Module):
    """Features → a matrix (B, n, n): covariance of learned codes, its root (or inverse root), a dense layer.

    Li et al. 2018 learn T = M(style)·M(content) from covariances by dense layers alone. Here these begin as
    the root of the style's covariance and the inverse root of the content's, which is the answer for codes
    that are linear, and learn what should be added: minutes on one core instead of days.
    """

    RANK = 64

    def __init__(self, shape: StyleShape, is_content: bool, epsilon: float) -> None:
        super().__init__()
        n, n_features = shape.n_codes, shape.features[-1]
        self.is_content, self.epsilon, self.n = is_content, epsilon, n
        self.narrow, self.local = Conv(n_features, n, 1), Conv(n, n)
        self.last = nn.Conv2d(n, n, 1)
        self.down, self.up = nn.Linear(n * n, self.RANK), nn.Linear(self.RANK, n * n)
        for layer in (self.last, self.up):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def add_codes(self, features: Tensor) -> Tensor:
        """What the local layers add to the compressed features, (B, n, h, w)."""
        return self.last(self.local(self.narrow(features)))  # type: ignore[no-any-return]

    def forward(self, codes: Tensor, features: Tensor) -> Tensor:
        return self.matrix((codes + self.add_codes(features)).float())

    def matrix(self, codes: Tensor) -> Tensor:
        c = covariance(thin(codes))
        first = inverse_root(c, self.epsilon) if self.is_content else root(c, self.epsilon)
        added = self.up(torch.tanh(self.down(first.flatten(1))))
        return first + added.reshape(-1, self.n, self.n)


class LinearTransfer(nn.Module):
    """Li et al. 2018: compress, T = M(style)·M(content), uncompress; and a decoder."""

    def __init__(self, shape: StyleShape, epsilon: float = 1e-2) -> None:
        super().__init__()
        n_features = shape.features[-1]
        self.shape = shape
        self.compress = nn.Conv2d(n_features, shape.n_codes, 1, bias=False)
        self.uncompress = nn.Conv2d(shape.n_codes, n_features, 1, bias=False)
        nn.init.orthogonal_(self.compress.weight)
        with torch.no_grad():
            self.uncompress.weight.copy_(self.compress.weight.transpose(0, 1))
        self.content_net = MatrixNet(shape, True, epsilon)
        self.style_net = MatrixNet(shape, False, epsilon)
        self.decoder = Decoder(shape, 3)

    @torch.no_grad()
    def begin_with(self, features: Tensor) -> None:
        """Compress to the principal components of features (B, C, h, w): T = I begins as a likeness."""
        c = covariance(features.float().transpose(0, 1).flatten(1)[None, :, :, None])[0]
        principal = torch.linalg.eigh(c)[1][:, -self.shape.n_codes :]
        self.compress.weight.copy_(principal.T[:, :, None, None])
        self.uncompress.weight.copy_(principal[:, :, None, None])

    def affine(self, content: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Features (B, C, h, w) of both → A (B, C, C) and b (B, C) with f' = A·f + b."""
        codes_c, codes_s = self.compress(content), self.compress(style)
        t = self.style_net(codes_s, style) @ self.content_net(codes_c, content)
        matrix = self.uncompress.weight.flatten(1).float() @ t @ self.compress.weight.flatten(1).float()
        mean_c, mean_s = (thin(x).float().mean(dim=(2, 3)) for x in (content, style))
        return matrix, mean_s - torch.einsum("bij,bj->bi", matrix, mean_c)


class CodesView(nn.Module):
    """The codes of the linear network's matrix CNNs, features (1, C, h, w) → (1, n, h, w), as a graph."""

    def __init__(self, transfer: LinearTransfer, of_content: bool) -> None:
        super().__init__()
        self.transfer, self.of_content = transfer, of_content

    def forward(self, features: Tensor) -> Tensor:
        net = self.transfer.content_net if self.of_content else self.transfer.style_net
        return self.transfer.compress(features) + net.add_codes(features)  # type: ignore[no-any-return]


class AvatarDecoder(nn.Module):
    """Avatar-Net's decoder: at half and at full size its features take the style's mean and deviation.

    The style's own features are projected to the decoder's width first (`skip2`, `skip1`).
    """

    def __init__(self, shape: StyleShape) -> None:
        super().__init__()
        w0, w1, w2, w3 = shape.widths
        self.mix = nn.Conv2d(shape.features[2], shape.mix[2], 1)
        nn.init.kaiming_normal_(self.mix.weight, nonlinearity="relu")
        self.quarter = Conv(shape.mix[2], w0)
        self.half0, self.half1 = Conv(w0, w1), Conv(w1, w2)
        self.full0, self.full1 = Conv(w2, w3), Conv(w3, 3, active=False)
        self.skip2 = nn.Conv2d(shape.features[1], w1, 1, bias=False)
        self.skip1 = nn.Conv2d(shape.features[0], w3, 1, bias=False)

    def project(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """Features of a style's levels 1 and 2 → mean, deviation (B, w) of level 2, then of level 1."""
        statistics: list[Tensor] = []
        for skip, features in ((self.skip2, levels[1]), (self.skip1, levels[0])):
            values = F.relu(skip(thin(features))).float().flatten(2)
            statistics += [values.mean(2), (values.var(2, unbiased=False) + AVATAR_EPSILON).sqrt()]
        return statistics

    def forward(
        self, mixed: Tensor, mean2: Tensor, deviation2: Tensor, mean1: Tensor, deviation1: Tensor
    ) -> Tensor:
        """`mixed` (B, n_mix, h, w) is what the mix layer gives; → pictures (B, 3, 4h, 4w)."""
        x = self.half0(enlarge(self.quarter(F.relu(mixed))))
        x = self.full0(enlarge(self.half1(restyle(x, mean2, deviation2))))
        return self.full1(restyle(x, mean1, deviation1)) + 0.5  # type: ignore[no-any-return]


AVATAR_EPSILON = 1e-4


def enlarge(x: Tensor) -> Tensor:
    """Each pixel becomes four."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def restyle(x: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """x (B, C, h, w) with its channels' means and deviations (B, C) replaced (Avatar-Net's skip, AdaIN)."""
    centred = x - x.mean(dim=(2, 3), keepdim=True)
    own = (centred.square().mean(dim=(2, 3), keepdim=True) + AVATAR_EPSILON).sqrt()
    return centred / own * deviation[:, :, None, None] + mean[:, :, None, None]
