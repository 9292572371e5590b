"""The transforms of style transfer in torch: AdaIN, whitening and colouring, Avatar-Net's style decorator.

They are the reference of the live NumPy ones in `modes` and what training backpropagates through. Each is
affine in the content's features, f' = A·f + b, but the decorator, which swaps patches. All are finite for
constant pictures: variances have a floor, covariances are regularised.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

VARIANCE_FLOOR = 1e-3
"""Added to a channel's variance (features are about 1 on average)."""

N_PLACES = 6144
"""Statistics of larger feature maps are taken on a grid of about so many places: covariances of at most 256
channels gain nothing from more, and cost most of the time."""

N_NEWTON = 18
"""Steps of the Newton–Schulz iteration: enough for condition numbers up to about 10⁵."""


def thin(features: Tensor) -> Tensor:
    """Features (B, C, h, w) with every k-th row and column, so that at most N_PLACES are left."""
    height, width = features.shape[2:]
    k = 1
    while (height // k) * (width // k) > N_PLACES:
        k += 1
    return features[:, :, ::k, ::k]


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Features (B, C, h, w) → mean and variance of each channel, (B, C), float32."""
    flat = features.float().flatten(2)
    return flat.mean(2), flat.var(2, unbiased=False)


def covariance(features: Tensor) -> Tensor:
    """Features (B, C, h, w) → covariance over the positions, (B, C, C), float32."""
    flat = features.float().flatten(2)
    flat = flat - flat.mean(2, keepdim=True)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def regularise(c: Tensor, epsilon: float) -> Tensor:
    """C + ε·(mean of its diagonal + VARIANCE_FLOOR)·I: positive definite even where C is 0 or singular."""
    size = c.diagonal(dim1=-2, dim2=-1).mean(-1)[:, None, None] + VARIANCE_FLOOR
    return c + epsilon * size * torch.eye(c.shape[-1], device=c.device)


def newton_schulz(c: Tensor) -> tuple[Tensor, Tensor]:
    """Root and inverse root of positive definite matrices (B, n, n), by matrix products alone.

    Higham, Functions of Matrices, 2008, equation 6.35 (the coupled iteration), scaled by the norm.
    """
    norm = c.square().sum(dim=(1, 2), keepdim=True).sqrt()
    eye = torch.eye(c.shape[-1], device=c.device).expand_as(c)
    y, z = c / norm, eye
    for _ in range(N_NEWTON):
        step = 1.5 * eye - 0.5 * z @ y
        y, z = y @ step, step @ z
    return y * norm.sqrt(), z / norm.sqrt()


def root(c: Tensor, epsilon: float) -> Tensor:
    """The symmetric root of the regularised C."""
    return newton_schulz(regularise(c, epsilon))[0]


def inverse_root(c: Tensor, epsilon: float) -> Tensor:
    """The symmetric inverse root of the regularised C."""
    return newton_schulz(regularise(c, epsilon))[1]


def adain(content: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
    """Adaptive instance normalisation (Huang and Belongie 2017, equation 8) as A (B, C, C), b (B, C)."""
    (mean_c, variance_c), (mean_s, variance_s) = moments(thin(content)), moments(thin(style))
    gain = ((variance_s + VARIANCE_FLOOR) / (variance_c + VARIANCE_FLOOR)).sqrt()
    return torch.diag_embed(gain), mean_s - gain * mean_c


def wct(content: Tensor, style: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """Whitening and colouring (Li et al. 2017, equations 3 and 4) as A (B, C, C), b (B, C).

    By eigenvalues, since 256 channels of a 64 px style are singular and want many Newton steps.
    """
    content, style = thin(content), thin(style)
    whiten = eigen_power(covariance(content), epsilon, -0.5)
    matrix = eigen_power(covariance(style), epsilon, 0.5) @ whiten
    mean_c, mean_s = moments(content)[0], moments(style)[0]
    return matrix, mean_s - torch.einsum("bij,bj->bi", matrix, mean_c)


def eigen_power(c: Tensor, epsilon: float, power: float) -> Tensor:
    """The regularised C to a power, by its eigenvalues."""
    values, vectors = torch.linalg.eigh(regularise(c, epsilon))
    return (vectors * values.clamp_min(1e-12).pow(power)[:, None, :]) @ vectors.transpose(1, 2)


def apply(matrix: Tensor, offset: Tensor, features: Tensor) -> Tensor:
    """f' = A·f + b for features (B, C, h, w)."""
    changed = matrix @ features.float().flatten(2) + offset[:, :, None]
    return changed.reshape(changed.shape[0], -1, *features.shape[2:])


def lean(matrix: Tensor, offset: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """An affine map between staying as it is (strength 0) and the whole (1)."""
    eye = torch.eye(matrix.shape[-1], device=matrix.device)
    return (1 - strength) * eye + strength * matrix, strength * offset


def decorate(content: Tensor, style: Tensor, epsilon: float) -> Tensor:
    """Avatar-Net's style decorator (Sheng et al. 2018, section 3.2) on features (1, C, h, w) of both.

    Both are whitened; at each place the style's 3×3 patch that correlates most with the content's (each patch
    of the style scaled to norm 1) takes its place, overlaps are averaged, and the result is coloured.
    Whitening and colouring a patch of the style undo each other, so the style's own features are laid.
    """
    white_c = whitened(content, epsilon)
    white_s = whitened(style, epsilon)
    kernels = F.unfold(white_s, 3)[0].T
    norms = kernels.square().sum(1, keepdim=True).sqrt().clamp_min(1e-6)
    kernels = (kernels / norms).reshape(-1, white_s.shape[1], 3, 3)
    chosen = F.conv2d(F.pad(white_c, (1,) * 4, mode="reflect"), kernels).argmax(1)
    patches = F.unfold(style.float(), 3)[0].T[chosen.flatten()].T[None]
    height, width = content.shape[2:]
    size = (height + 2, width + 2)
    laid = F.fold(patches, size, 3)
    count = F.fold(torch.ones_like(patches), size, 3)
    return (laid / count)[:, :, 1:-1, 1:-1]


def dress(content: Tensor, style: Tensor) -> Tensor:
    """Content (B, C, h, w) with the mean and deviation of each channel of the style's (B, C, ·, ·)."""
    (mean_c, variance_c), (mean_s, variance_s) = moments(content), moments(style)
    gain = ((variance_s + VARIANCE_FLOOR) / (variance_c + VARIANCE_FLOOR)).sqrt()
    centred = content - mean_c[:, :, None, None]
    return centred * gain[:, :, None, None] + mean_s[:, :, None, None]


def whitened(features: Tensor, epsilon: float) -> Tensor:
    """Features (B, C, h, w) with mean 0 and, as far as ε lets them, covariance I."""
    whiten = eigen_power(covariance(thin(features)), epsilon, -0.5)
    mean = moments(thin(features))[0]
    return apply(whiten, -torch.einsum("bij,bj->bi", whiten, mean), features)
