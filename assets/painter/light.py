"""What all pictures share: noise, mixing, and the way from linear light to a JPEG."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

Array = NDArray[np.float32]
"""Linear light or any field, float32."""

MAX_BYTES = 150 * 1000
_GRAIN = 0.006


def colour(text: str) -> Array:
    """ "#rrggbb" in sRGB as linear light, (3,)."""
    values = np.array([int(text[k : k + 2], 16) for k in (1, 3, 5)], np.float32) / 255
    return to_linear(values)


def to_linear(values: Array) -> Array:
    """sRGB [0, 1] as linear light."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_srgb(light: Array) -> Array:
    """Linear light [0, 1] as sRGB."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def mix(a: Array, b: Array, amount: Array | float) -> Array:
    """From colour a (0) to colour b (1); `amount` has no colour axis."""
    amount = np.asarray(amount, np.float32)[..., None]
    return (a + (b - a) * amount).astype(np.float32)


def smoothstep(low: float, high: float, x: Array) -> Array:
    """0 below `low`, 1 above `high`, smooth between; falls where low > high."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def unit(vectors: Array) -> Array:
    """Vectors of length 1 along the last axis."""
    return (vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)).astype(np.float32)


def noise(x: Array, y: Array, seed: int = 0) -> Array:
    """Gradient noise (Perlin 2002, quintic fade) at any coordinates, about [-1, 1]; a cell is a unit."""
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    column, row = np.floor(x), np.floor(y)
    fx, fy = x - column, y - row
    i, j = column.astype(np.int64), row.astype(np.int64)
    u = fx * fx * fx * (fx * (fx * 6 - 15) + 10)
    v = fy * fy * fy * (fy * (fy * 6 - 15) + 10)
    corners = []
    for dj in (0, 1):
        for di in (0, 1):
            angle = _hash(i + di, j + dj, seed) * np.float32(2 * np.pi)
            corners.append(np.cos(angle) * (fx - di) + np.sin(angle) * (fy - dj))
    top = corners[0] + u * (corners[1] - corners[0])
    bottom = corners[2] + u * (corners[3] - corners[2])
    return (1.5 * (top + v * (bottom - top))).astype(np.float32)


def _hash(i: NDArray[np.int64], j: NDArray[np.int64], seed: int) -> Array:
    """A number in [0, 1) for each lattice point."""
    with np.errstate(over="ignore"):
        n = (i * 374_761_393 + j * 668_265_263 + (seed + 1) * 1_442_695_041).astype(np.uint64)
        n = (n ^ (n >> np.uint64(13))) * np.uint64(1_274_126_177)
        n = (n ^ (n >> np.uint64(16))) * np.uint64(2_246_822_519)
    return ((n >> np.uint64(8)) & np.uint64(0xFFFF)).astype(np.float32) / np.float32(65536)


def fbm(x: Array, y: Array, octaves: int, seed: int = 0, gain: float = 0.5, ridged: bool = False) -> Array:
    """Octaves of `noise`, each turned and weaker: clouds; `ridged` has sharp crests, [0, 1]: mountains."""
    total = np.zeros(np.broadcast(x, y).shape, np.float32)
    weight, sum_, strength = np.float32(1), 0.0, np.float32(1)
    for octave in range(octaves):
        value = noise(x, y, seed + 17 * octave)
        if ridged:
            value = (1 - np.abs(value)) ** 2 * weight
            weight = np.clip(value * 1.8, 0, 1)
        total += strength * value
        sum_ += float(strength)
        strength = np.float32(strength * gain)
        x, y = 1.6 * x - 1.2 * y + 5.3, 1.2 * x + 1.6 * y - 2.7
    return (total / sum_).astype(np.float32)


def bloom(light: Array, strength: float, radius_px: float, above: float = 0.8) -> Array:
    """The light with a glow around what is brighter than `above`, at three radii."""
    bright = np.maximum(light - above, 0)
    glow = sum(gaussian_filter(bright, (r, r, 0)) for r in (radius_px, 3 * radius_px, 9 * radius_px))
    return (light + strength * glow).astype(np.float32)


def filmic(light: Array) -> Array:
    """Linear light of any height as [0, 1] with soft shoulders (the curve of Narkowicz 2015)."""
    x = np.maximum(light, 0)
    return np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1).astype(np.float32)


def develop(
    light: Array, size: tuple[int, int], seed: int, exposure: float = 1.0, vignette: float = 0.25
) -> Array:
    """Exposes linear light, darkens the corners, shrinks to `size`, adds fine grain; sRGB [0, 1]."""
    height, width = light.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    shade = 1 - vignette * smoothstep(0.5, 2.2, x * x + y * y)
    shown = filmic(light * (exposure * shade)[..., None])
    planes = [Image.fromarray(shown[..., k]).resize(size, Image.Resampling.LANCZOS) for k in range(3)]
    small = np.stack([np.asarray(plane) for plane in planes], -1)
    grain = np.random.default_rng(seed).normal(0, _GRAIN, small.shape[:2])[..., None]
    return np.clip(to_srgb(small) + grain, 0, 1).astype(np.float32)


def save(picture: Array, path: Path) -> int:
    """Writes sRGB [0, 1] as the best JPEG within `MAX_BYTES`; its quality."""
    image = Image.fromarray((picture * 255 + 0.5).astype(np.uint8))
    for quality in range(95, 30, -1):
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality, optimize=True, progressive=False)
        if data.tell() <= MAX_BYTES:
            path.write_bytes(data.getvalue())
            return quality
    raise ValueError(f"{path.name} is too busy for {MAX_BYTES} bytes")
