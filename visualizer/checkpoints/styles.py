"""Styles of a generator from random z, with NumPy alone: the mapping network read from the stored weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizer.types import UserError

_WEIGHT = re.compile(r"mapping\.layers\.(\d+)\.weight")
_LEAK = np.float32(0.2)


def map_styles(stored: Mapping[str, NDArray[Any]], z: NDArray[np.float32]) -> NDArray[np.float32]:
    """z (B, n_w) float32, standard normal → w (B, n_w) float32, as StyleGAN2's mapping network.

    `stored` is `weights.load_state` of a generator; raises UserError where it holds no mapping network.
    """
    layers = sorted(int(found[1]) for name in stored if (found := _WEIGHT.fullmatch(name)))
    if not layers:
        raise UserError("This generator holds no mapping network: publish it again with its script.")
    x = np.asarray(z, np.float32)
    x = x / np.sqrt(np.mean(np.square(x), axis=1, keepdims=True) + np.float32(1e-8))
    for i in layers:
        x = x @ stored[f"mapping.layers.{i}.weight"].T + stored[f"mapping.layers.{i}.bias"]
        x = np.where(x >= 0, x, x * _LEAK) * np.float32(np.sqrt(2.0))
    return x.astype(np.float32)


def draw_z(n_w: int, seed: int, index: int) -> NDArray[np.float32]:
    """(n_w,) the z of picture `index` of `klangbild models sample --seed`, whatever else is sampled."""
    return np.random.default_rng((seed, index)).standard_normal(n_w).astype(np.float32)


def mean_style(stored: Mapping[str, NDArray[Any]], n_z: int = 4096) -> NDArray[np.float32]:
    """(n_w,) the stored `w_mean`, or else the mean over `n_z` fixed z."""
    if "w_mean" in stored:
        return np.asarray(stored["w_mean"], np.float32)
    n_w = stored["mapping.layers.0.weight"].shape[1]
    z = np.random.default_rng(0).standard_normal((n_z, n_w)).astype(np.float32)
    return map_styles(stored, z).mean(axis=0)
