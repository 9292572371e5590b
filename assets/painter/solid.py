"""Solids by their distance: rays step as far as the nearest surface is away (sphere tracing, Hart 1996)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.interpolate import PchipInterpolator

from painter.light import Array, unit

Distance = Callable[[Array], Array]
"""Points (n, 3) to distances (n,), at most the true ones."""


@dataclass(frozen=True)
class Solid:
    """One body, with a sphere around all of it, outside of which nobody looks."""

    distance: Distance
    centre: tuple[float, float, float]
    radius: float
    material: int


def rays(width: int, height: int, eye: Array, target: Array, focal: float) -> Array:
    """Unit directions (width · height, 3) of a camera; `focal` in widths of the picture."""
    forward = unit(target - eye)
    right = unit(np.cross(np.array([0, 1, 0], np.float32), forward))
    up = np.cross(forward, right)
    u = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    v = (height / 2 - np.arange(height, dtype=np.float32) - 0.5) / width
    grid = forward * focal + u[None, :, None] * right + v[:, None, None] * up
    return unit(grid.reshape(-1, 3))


def march(
    origin: Array,
    direction: Array,
    distance: Distance,
    start: Array,
    end: Array,
    n_steps: int = 96,
    near: float = 6e-4,
) -> Array:
    """How far each ray (n, 3) goes until it meets the surface between start and end (n,); inf for a miss."""
    reached = np.full(len(direction), np.inf, np.float32)
    going = np.flatnonzero(start < end)
    t = start.astype(np.float32).copy()
    origins = np.broadcast_to(origin, direction.shape)
    for _ in range(n_steps):
        if not len(going):
            break
        gap = distance(origins[going] + t[going, None] * direction[going])
        met = gap < near * (1 + t[going])
        reached[going[met]] = t[going[met]]
        t[going] += gap
        going = going[~met & (t[going] < end[going])]
    return reached


def bounds(origin: Array, direction: Array, solid: Solid) -> tuple[Array, Array]:
    """Where each ray enters and leaves the sphere around the solid; start > end for a miss."""
    to = np.broadcast_to(origin, direction.shape) - np.array(solid.centre, np.float32)
    b = (to * direction).sum(-1)
    inside = b * b - (to * to).sum(-1) + solid.radius**2
    root = np.sqrt(np.maximum(inside, 0))
    start = np.maximum(-b - root, 1e-3)
    return start, np.where(inside > 0, -b + root, -1).astype(np.float32)


def cast(origin: Array, direction: Array, solids: list[Solid]) -> tuple[Array, Array]:
    """Distance (inf for none) and index of the first solid on each ray."""
    nearest = np.full(len(direction), np.inf, np.float32)
    which = np.full(len(direction), -1)
    for index, solid in enumerate(solids):
        start, end = bounds(origin, direction, solid)
        end = np.minimum(end, nearest)
        candidates = np.flatnonzero(start < end)
        if not len(candidates):
            continue
        origins = np.broadcast_to(origin, direction.shape)[candidates]
        t = march(origins, direction[candidates], solid.distance, start[candidates], end[candidates])
        closer = t < nearest[candidates]
        nearest[candidates[closer]] = t[closer]
        which[candidates[closer]] = index
    return nearest, which


def normals(points: Array, distance: Distance, step: float = 1e-3) -> Array:
    """Unit normals of the surface at points (n, 3), by differences over a tetrahedron."""
    total = np.zeros_like(points)
    for corner in np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32):
        total += corner * distance(points + step * corner)[:, None]
    return unit(total)


def shadow(
    points: Array, normal: Array, light: Array, spread: float, solids: list[Solid], n_samples: int, seed: int
) -> Array:
    """How much (n,) of a round lamp of radius `spread` at `light` each point sees, [0, 1]."""
    rng = np.random.default_rng(seed)
    seen = np.zeros(len(points), np.float32)
    start = points + normal * 4e-3
    for _ in range(n_samples):
        lamp = light + spread * rng.uniform(-1, 1, (len(points), 3)).astype(np.float32)
        to = lamp - start
        far = np.linalg.norm(to, axis=1)
        t, _ = cast(start, (to / far[:, None]).astype(np.float32), solids)
        seen += t >= far
    return seen / n_samples


def occlusion(points: Array, normal: Array, distance: Distance, reach: float) -> Array:
    """How open (n,) the space above each point is, [0, 1], from five distances along the normal."""
    closed = np.zeros(len(points), np.float32)
    for k in range(1, 6):
        h = reach * k / 5
        closed += np.clip(h - distance(points + normal * h), 0, h) / h / 2**k
    return np.clip(1 - 1.2 * closed, 0, 1)


def union(solids: list[Solid]) -> Distance:
    """The distance to the nearest of them, by their spheres where those are far."""

    def distance(points: Array) -> Array:
        nearest = np.full(len(points), 1e9, np.float32)
        for solid in solids:
            to_sphere = np.linalg.norm(points - np.array(solid.centre, np.float32), axis=1) - solid.radius
            close = to_sphere < 0.3
            nearest[~close] = np.minimum(nearest[~close], to_sphere[~close] + 0.05)
            if close.any():
                nearest[close] = np.minimum(nearest[close], solid.distance(points[close]))
        return nearest

    return distance


def turned(
    profile: list[tuple[float, float]], at: tuple[float, float, float], thick: float = 0.0
) -> Distance:
    """A body of revolution about the vertical through `at`: (height, radius) along its outline.

    With `thick` it is a shell, open at its top.
    """
    heights, radii = np.array(profile, np.float32).T
    low, high = heights[0], heights[-1]
    fine = np.linspace(low, high, 80)
    curve = np.stack([fine, PchipInterpolator(heights, radii)(fine)], 1).astype(np.float32)

    def distance(points: Array) -> Array:
        local = points - np.array(at, np.float32)
        r, y = np.hypot(local[:, 0], local[:, 2]), local[:, 1]
        nearest = np.full(len(points), 1e9, np.float32)
        for (y0, r0), (y1, r1) in pairwise(curve):
            dy, dr = y1 - y0, r1 - r0
            t = np.clip(((y - y0) * dy + (r - r0) * dr) / (dy * dy + dr * dr), 0, 1)
            nearest = np.minimum(nearest, np.hypot(y - y0 - t * dy, r - r0 - t * dr))
        if thick:
            return nearest - thick
        beyond = np.maximum(low - y, y - high)
        is_within = r < np.interp(np.clip(y, low, high), curve[:, 0], curve[:, 1])
        capped = np.where(is_within & (beyond > 0), np.minimum(nearest, beyond), nearest)
        return np.where(is_within & (beyond <= 0), -nearest, capped).astype(np.float32)

    return distance
