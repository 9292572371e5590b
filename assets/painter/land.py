"""Landscapes: heights seen from a camera, column by column, with the sun from the side and its shadows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from painter.light import Array

Height = Callable[[Array, Array], Array]
"""Height at (x, z), all in the same unit; z leads away from the camera."""


@dataclass(frozen=True)
class Camera:
    """Stands at x = 0, z = 0 and looks level along z."""

    width: int
    height: int
    focal: float
    """In widths of the picture: 1 sees 53°."""
    above: float
    """Height of the eye."""
    horizon: float
    """Row of the horizon, in heights of the picture from its top."""

    def columns(self) -> Array:
        """x / z of each column, (width,)."""
        return ((np.arange(self.width, dtype=np.float32) + 0.5) / self.width - 0.5) / np.float32(self.focal)

    def rows(self) -> Array:
        """Slope (up is positive) of each row, (height,)."""
        from_horizon = self.horizon * self.height - (np.arange(self.height, dtype=np.float32) + 0.5)
        return from_horizon / np.float32(self.width * self.focal)


@dataclass(frozen=True)
class View:
    """What each pixel sees; fields are (height, width), meaningless where `hit` is False."""

    hit: Array
    distance: Array
    x: Array
    y: Array
    normal: Array
    """(height, width, 3): right, up, away."""
    lit: Array
    """1 in the sun, 0 in a shadow that something higher throws."""


def look(
    camera: Camera,
    height: Height,
    near: float,
    far: float,
    n_depths: int,
    sun_slope: float,
    sun_side: float = -1.0,
    soft: float = 0.02,
    mirrored: bool = False,
) -> View:
    """The first ground that each pixel meets.

    Heights are sampled along each column's ray, at depths that grow in proportion; the running maximum of the
    slope to the eye rises along it, so each pixel's depth is found by bisection. The sun stands exactly left
    (`sun_side` -1) or right, so shadows are a running maximum too, along x. `mirrored` looks from below the
    level 0 upward: what still water reflects, top to bottom.
    """
    eye = -camera.above if mirrored else camera.above
    depths = np.geomspace(near, far, n_depths).astype(np.float32)
    inner = camera.columns()
    step = inner[1] - inner[0]
    n_beyond = camera.width // 2
    outer = np.concatenate(
        [inner[0] - step * np.arange(n_beyond, 0, -1), inner, inner[-1] + step * np.arange(1, n_beyond + 1)]
    ).astype(np.float32)
    x = depths[:, None] * outer
    z = np.broadcast_to(depths[:, None], x.shape)
    y = height(x, z)
    towards = y - sun_side * x * sun_slope  # along a ray of the sun this stays the same
    order = slice(None) if sun_side < 0 else slice(None, None, -1)
    highest = np.maximum.accumulate(towards[:, order], axis=1)[:, order]
    lit = np.clip(1 - (highest - towards) / (soft * (1 + z * 0.2)), 0, 1)
    by_column = np.gradient(y, axis=1) / (step * z)
    by_depth = np.gradient(y, axis=0) / np.gradient(depths)[:, None] - by_column * outer
    return _bisect(camera, eye, depths, y, lit, (by_column, by_depth), n_beyond, mirrored)


def _bisect(
    camera: Camera,
    eye: float,
    depths: Array,
    y: Array,
    lit: Array,
    slopes: tuple[Array, Array],
    n_beyond: int,
    mirrored: bool,
) -> View:
    inside = slice(n_beyond, n_beyond + camera.width)
    if mirrored:
        y = np.where(y <= 0, -1e6, y)  # the water itself does not hide what it mirrors
    rise = np.maximum.accumulate((y[:, inside] - eye) / depths[:, None], axis=0)
    rows = camera.rows()
    if mirrored:
        rows = -rows
    at = np.empty((camera.height, camera.width), np.float32)
    for column in range(camera.width):
        steps = rise[:, column]
        index = np.searchsorted(steps, rows)
        before = np.clip(index - 1, 0, len(depths) - 1)
        after = np.clip(index, 0, len(depths) - 1)
        gap = steps[after] - steps[before]
        at[:, column] = before + np.where(gap > 0, (rows - steps[before]) / np.maximum(gap, 1e-9), 0)
        at[index >= len(depths), column] = np.nan
    hit = np.isfinite(at)
    at = np.clip(np.nan_to_num(at), 0, len(depths) - 1)
    where = [at, np.broadcast_to(np.arange(camera.width) + n_beyond, at.shape)]

    def sample(field: Array) -> Array:
        return map_coordinates(field, where, order=1, mode="nearest").astype(np.float32)

    distance = np.interp(at, np.arange(len(depths)), depths).astype(np.float32)
    normal = np.stack([-sample(slopes[0]), np.ones_like(at), -sample(slopes[1])], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    x = distance * camera.columns()[None, :]
    return View(hit, distance, x, sample(y), normal.astype(np.float32), sample(lit))
