"""Whole style transfers in torch, from pictures to a picture: the reference of the live networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from visualizer.networks import style_transforms as transforms
from visualizer.networks.style_transfer import AvatarDecoder, Decoder, Encoder, LinearTransfer

Paint = Callable[[Tensor, Tensor, float], Tensor]
"""Content (1, 3, H, W) and style (1, 3, h, w) in [0, 1], strength → (1, 3, H, W), not clipped."""


def _lean_and_decode(decoder: Decoder, features: Tensor, affine: tuple[Tensor, Tensor], s: float) -> Tensor:
    matrix, offset = decoder.fold(*transforms.lean(*affine, s))
    return decoder(features, matrix, offset)  # type: ignore[no-any-return]


def adain_painter(encoder: Encoder, decoder: Decoder) -> Paint:
    """AdaIN at relu3_1."""

    def paint(content: Tensor, style: Tensor, strength: float) -> Tensor:
        features = encoder(content)[2]
        return _lean_and_decode(decoder, features, transforms.adain(features, encoder(style)[2]), strength)

    return torch.no_grad()(paint)


def linear_painter(encoder: Encoder, linear: LinearTransfer) -> Paint:
    """The linear network."""

    def paint(content: Tensor, style: Tensor, strength: float) -> Tensor:
        features = encoder(content)[2]
        affine = linear.affine(features, encoder(style)[2])
        return _lean_and_decode(linear.decoder, features, affine, strength)

    return torch.no_grad()(paint)


def wct_painter(encoder: Encoder, decoders: Sequence[Decoder], epsilon: float) -> Paint:
    """WCT at relu3_1, relu2_1 and relu1_1; `decoders` of levels 1 to 3."""

    def paint(content: Tensor, style: Tensor, strength: float) -> Tensor:
        style_levels, image = encoder(style), content
        for level in (3, 2, 1):
            features = encoder(image, level)[-1]
            affine = transforms.wct(features, style_levels[level - 1], epsilon)
            image = _lean_and_decode(decoders[level - 1], features, affine, strength)
            image = image.clamp(0, 1) if level > 1 else image
        return image

    return torch.no_grad()(paint)


def avatar_painter(encoder: Encoder, avatar: AvatarDecoder, epsilon: float, share: float = 1.0) -> Paint:
    """Avatar-Net: the style decorator, then the decoder with the style's statistics.

    `share` of what is mixed is patches, the rest the content with the statistics of the style.
    """

    def paint(content: Tensor, style: Tensor, strength: float) -> Tensor:
        levels, style_levels = encoder(content), encoder(style)
        own, given = avatar.mix(levels[2]), avatar.mix(style_levels[2])
        laid = avatar.mix(transforms.decorate(levels[2], style_levels[2], epsilon))
        dressed = torch.lerp(transforms.dress(own, given), laid, share)
        mixed = torch.lerp(own, dressed, strength)
        statistics = zip(avatar.project(levels), avatar.project(style_levels), strict=True)
        return avatar(mixed, *(torch.lerp(a, b, strength) for a, b in statistics))  # type: ignore[no-any-return]

    return torch.no_grad()(paint)
