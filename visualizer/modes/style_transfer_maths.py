"""The transforms of style transfer in NumPy, float32: what the torch reference in `networks` does, live.

Feature maps are (C, n) with n positions. All are finite for constant pictures and for features that are not
finite: variances have a floor, covariances are regularised, what is not a number counts as 0.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from visualizer.types import Float32

N_PLACES = 6144
"""As in the torch reference: statistics of larger maps are taken on a grid of about so many places."""
HALF_BAND = np.array([-1, 4, 10, 4, -1], np.float32) / 16
"""Taps of a low-pass filter: 0 at a period of two pixels, flat at the longest."""

INPUT_GAIN = 8.0
"""Of the encoder's first layer."""


def soften(image: Float32) -> Float32:
    """A picture (H, W, 3) in [0, 1] without what alternates from pixel to pixel; a copy.

    Transposed convolutions such as MVNet's leave such a pattern, and every style-transfer network would weave
    it into the picture. Of what takes four pixels three quarters stay.
    """
    rows = ndimage.correlate1d(image, HALF_BAND, axis=0, mode="mirror")
    both = ndimage.correlate1d(rows, HALF_BAND, axis=1, mode="mirror", output=rows)
    return np.asarray(np.clip(both, 0, 1, out=both))


def stride(height: int, width: int) -> int:
    """k, so that every k-th row and column are at most N_PLACES places."""
    k = 1
    while (height // k) * (width // k) > N_PLACES:
        k += 1
    return k


def thin(features: Float32) -> Float32:
    """(1, C, h, w) → (C, n), n at most N_PLACES: every k-th row and column; finite, see `flatten`."""
    k = stride(*features.shape[2:])
    return flatten(features[:, :, ::k, ::k])


def thin_first_level(image: Float32, weight: Float32, bias: Float32) -> Float32:
    """The encoder's first level of an image (1, 3, H, W), thinned: (64, n).

    One convolution at the places that `thin` would leave; at full size its 64 channels are 16 MB a picture.
    """
    height, width = image.shape[2:]
    k = stride(height, width)
    wide = np.pad((image[0] - np.float32(0.5)) * np.float32(INPUT_GAIN), ((0, 0), (1, 1), (1, 1)), "reflect")
    seen = [wide[:, dy : dy + height : k, dx : dx + width : k] for dy in range(3) for dx in range(3)]
    patches = np.stack(seen, axis=1).reshape(27, -1)
    return np.maximum(weight.reshape(len(weight), 27) @ patches + bias[:, np.newaxis], np.float32(0))


def flatten(features: Float32) -> Float32:
    """(1, C, h, w) → (C, h·w), finite; a view where it can be."""
    flat = features.reshape(features.shape[1], -1).astype(np.float32, copy=False)
    if not np.isfinite(flat.sum()):
        flat = np.nan_to_num(flat, nan=0.0, posinf=0.0, neginf=0.0)
    return flat


def centre(flat: Float32) -> tuple[Float32, Float32]:
    """(C, n) → its mean (C,) and what is left without it (C, n)."""
    mean = flat.mean(axis=1)
    return mean, flat - mean[:, np.newaxis]


def covariance(centred: Float32) -> Float32:
    """Centred (C, n) → (C, C)."""
    return centred @ centred.T / np.float32(centred.shape[1])


def power(c: Float32, epsilon: float, floor: float, exponent: float) -> Float32:
    """(C + ε·(mean of its diagonal + floor)·I) to a power, by its eigenvalues; (C, C)."""
    size = np.float32(epsilon) * (np.trace(c) / np.float32(len(c)) + np.float32(floor))
    values, vectors = np.linalg.eigh(c + size * np.eye(len(c), dtype=np.float32))
    scaled = vectors * np.maximum(values, np.float32(1e-12)) ** np.float32(exponent)
    return np.asarray(scaled @ vectors.T, np.float32)


def lean(matrix: Float32, offset: Float32, folded: Float32, strength: float) -> tuple[Float32, Float32]:
    """Between the mix layer as it is, `folded` (m, C), and with the whole transform, both (m, C) and (m,).

    Strength 0 leaves the features as they are, 1 transforms them; the offsets are without the layer's bias.
    `matrix` and `offset` are written over.
    """
    s = np.float32(strength)
    matrix *= s
    offset *= s
    if s < 1:
        matrix += (1 - s) * folded
    return matrix, offset


def correlate(
    content: Float32, style: Float32, size: tuple[int, int], style_size: tuple[int, int]
) -> Float32:
    """Correlation of every 3×3 patch of a content (C, h·w) with every whole one of a style (C, h_s·w_s).

    (h, w, h_s - 2, w_s - 2): a patch's products are summed over its nine places. The products of single
    places are one matrix product; the sum over a patch is separable, since both pictures shift together.
    The content's edges are reflected.
    """
    (height, width), (style_height, style_width) = size, style_size
    products = (content.T @ style).reshape(height, width, style_height, style_width)
    rows = np.pad(products, ((1, 1), (0, 0), (0, 0), (0, 0)), mode="reflect")
    n = style_height - 2
    columns = rows[:-2, :, :n] + rows[1:-1, :, 1 : n + 1]
    columns += rows[2:, :, 2 : n + 2]
    columns = np.pad(columns, ((0, 0), (1, 1), (0, 0), (0, 0)), mode="reflect")
    n = style_width - 2
    total = columns[:, :-2, :, :n] + columns[:, 1:-1, :, 1 : n + 1]
    total += columns[:, 2:, :, 2 : n + 2]
    return total


def patch_norms(style: Float32, size: tuple[int, int]) -> Float32:
    """Norms of the whole 3×3 patches of a style (C, h·w), (h - 2, w - 2)."""
    square = (style**2).sum(axis=0).reshape(size)
    rows = square[:-2] + square[1:-1] + square[2:]
    total = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return np.maximum(np.sqrt(total), np.float32(1e-6))


def lay(chosen: Float32, size: tuple[int, int], style_width: int, n_style: int) -> Float32:
    """How much of each place of the style lies at each place: (h·w, n_style), rows sum to 1.

    `chosen` (h, w) is the place of the style at the upper left of the patch laid around each place; where
    patches overlap they count alike. Patches reach beyond the edge, where nothing is shown.
    """
    height, width = size
    share = np.zeros((height * width, n_style), np.float32)
    places = np.arange(height * width).reshape(height, width)
    for dy in range(3):
        for dx in range(3):
            to_y, from_y = _shift(dy - 1, height)
            to_x, from_x = _shift(dx - 1, width)
            share[places[to_y, to_x], chosen[from_y, from_x] + dy * style_width + dx] += 1
    share /= share.sum(axis=1, keepdims=True)
    return share


def _shift(by: int, n: int) -> tuple[slice, slice]:
    """Where something moved by `by` lands, and what of it does."""
    return slice(max(by, 0), n + min(by, 0)), slice(max(-by, 0), n - max(by, 0))
