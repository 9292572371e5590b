"""How far pictures are apart to the eye: CIE L*a*b*, D65."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
    np.float32,
)
"""Linear sRGB to XYZ, IEC 61966-2-1."""
_WHITE = _TO_XYZ.sum(axis=1)
_KNEE = (6 / 29) ** 3


def lab(pixels: NDArray[np.uint8]) -> Float32:
    """(H, W, 3 or 4) sRGB uint8 → (H, W, 3) float32: L* in [0, 100], a* and b*."""
    steps = np.arange(256) / 255
    linear = np.where(steps <= 0.04045, steps / 12.92, ((steps + 0.055) / 1.055) ** 2.4).astype(np.float32)
    xyz = linear[pixels[..., :3]] @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > _KNEE, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29).astype(np.float32)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def delta_e(a: Float32, b: Float32) -> float:
    """Mean over the pixels of the distance (CIE 1976) of two pictures in L*a*b*."""
    return float(np.linalg.norm(a - b, axis=-1).mean())
