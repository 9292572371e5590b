"""Differentiable augmentation of real and painted pictures alike, so that few pictures do not get learned by
heart.

Source: Zhao et al., "Differentiable Augmentation" (2020) for the operations; Karras et al., "Training GANs
with Limited Data" (2020) for the adaptive probability.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SHIFT = 0.125
CUTOUT = 0.4
TARGET = 0.6
SPEED_IMAGES = 400_000


def augment(images: Tensor, probability: float) -> Tensor:
    """Colour, translation and cutout, each with `probability` a picture: (B, 3, S, S) → the same."""
    if probability <= 0:
        return images
    return _cutout(_translate(_colour(images, probability), probability), probability)


def _chosen(images: Tensor, probability: float) -> Tensor:
    return (torch.rand(len(images), 1, 1, 1) < probability).to(images)


def _uniform(images: Tensor, low: float, high: float) -> Tensor:
    return torch.rand(len(images), 1, 1, 1).to(images) * (high - low) + low


def _colour(x: Tensor, probability: float) -> Tensor:
    x = x + _uniform(x, -0.4, 0.4) * _chosen(x, probability)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + _uniform(x, -0.8, 0.8) * _chosen(x, probability))
    middle = x.mean((1, 2, 3), keepdim=True)
    return middle + (x - middle) * (1 + _uniform(x, -0.4, 0.4) * _chosen(x, probability))


def _translate(x: Tensor, probability: float) -> Tensor:
    n, _, side, _ = x.shape
    reach = int(side * SHIFT + 0.5)
    shift = torch.randint(-reach, reach + 1, (n, 2)) * (torch.rand(n, 1) < probability)
    padded = F.pad(x, (reach,) * 4, mode="reflect")
    top, left = reach + shift[:, 0], reach + shift[:, 1]
    crops = [
        padded[i, :, int(t) : int(t) + side, int(s) : int(s) + side]
        for i, (t, s) in enumerate(zip(top, left, strict=True))
    ]
    return torch.stack(crops)


def _cutout(x: Tensor, probability: float) -> Tensor:
    n, _, side, _ = x.shape
    half = CUTOUT * side / 2
    centre = torch.rand(n, 2) * side
    grid = torch.arange(side) + 0.5
    rows = (grid[None] - centre[:, :1]).abs() < half
    columns = (grid[None] - centre[:, 1:]).abs() < half
    hole = (rows[:, None, :, None] & columns[:, None, None, :]).to(x) * _chosen(x, probability)
    return x * (1 - hole)


def adapt(probability: float, realness: float, n_images: int) -> float:
    """The next probability, from the mean sign of D on real pictures: above TARGET it knows them by heart."""
    step = n_images / SPEED_IMAGES
    return min(0.8, max(0.0, probability + (step if realness > TARGET else -step)))
