"""A Gothic nave by sphere tracing: piers, arches and ribs repeat into the depth, the sun falls in."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from painter.light import Array, bloom, colour, develop, fbm, mix, noise, smoothstep, unit
from painter.solid import march, normals, rays

SEED = 31
EYE = np.array([-0.55, 1.9, -9.0], np.float32)
TARGET = np.array([0.25, 5.6, 12.0], np.float32)
BAY, HALF, AISLE = 4.0, 3.6, 7.2
"""Metres: length of a bay, from the axis to the piers, and to the outer wall."""
SPRING, CROWN = 9.2, 13.0
"""Where the vault begins and how high it reaches."""
END = 38.0
"""Where the choir's wall closes it."""
SUN = unit(np.array([0.78, 0.62, 0.22], np.float32))
N_FOG = 44


def paint(size: tuple[int, int], scale: float = 1.25) -> Array:
    """The picture in sRGB [0, 1], (H, W, 3)."""
    width, height = round(size[0] * scale), round(size[1] * scale)
    direction = rays(width, height, EYE, TARGET, 0.78)
    n = len(direction)
    t = march(
        EYE, direction, _distance, np.full(n, 0.05, np.float32), np.full(n, 60, np.float32), 130, 1.2e-3
    )
    t = np.minimum(t, 60)
    points = EYE + t[:, None] * direction
    light = _stone(points, direction)
    beams = _beams(direction, t, width, height)
    haze = 1 - np.exp(-t / 75)
    light = mix(light, colour("#b9a888") * 0.30, haze) + colour("#ffd898") * (1.5 * beams)[:, None]
    picture = light.reshape(height, width, 3)
    return develop(bloom(picture, 0.10, 5 * scale, 0.9), size, SEED, 1.25, vignette=0.35)


def _pointed(u: Array, v: Array, half: float, spring: float) -> Array:
    """Distance to a pointed opening of half width `half` whose arch begins at height `spring`; inside < 0.

    Each side of the arch is a circle about the far end of the span (an equilateral arch).
    """
    u = np.abs(u)
    arch = np.hypot(u + half, v - spring) - 2 * half
    jamb = u - half
    return np.where(v > spring, arch, jamb)


def _repeat(z: Array) -> Array:
    return z - BAY * np.round(z / BAY)


def _distance(points: Array) -> Array:
    """The nearest stone; free space is the nave under its vault, the aisles, and the openings between."""
    x, y, z = points.T
    side = np.abs(x)
    within, between = _repeat(z), _repeat(z - BAY / 2)
    nearest = np.minimum(_walls(side, y, between), _piers(side, within, y))
    nearest = np.minimum(nearest, _vault(x, y, within, between))
    east = np.maximum(END - z, -np.maximum(_pointed(x, y - 2.4, 2.5, 3.6), 2.4 - y))
    nearest = np.minimum(nearest, np.maximum(east, z - END - 1))
    return (np.minimum(nearest, y) * 0.8).astype(np.float32)


def _walls(side: Array, y: Array, between: Array) -> Array:
    """The nave's wall on its arcade, with the windows above it; the aisle's wall and its flat roof."""
    arcade = _pointed(between, y, BAY / 2 - 0.62, 4.3)
    wall = np.maximum(np.maximum(side - HALF - 0.9, HALF - 0.15 - side), y - CROWN - 2)
    wall = np.maximum(np.maximum(wall, -arcade), -_clerestory(between, y))
    moulding = np.hypot(np.maximum(np.abs(arcade + 0.02) - 0.05, 0), side - HALF + 0.16) - 0.09
    ledge = np.hypot(np.maximum(np.abs(y - 7.45) - 0.07, 0), side - HALF + 0.16) - 0.11
    outer = np.maximum(np.maximum(AISLE - side, side - AISLE - 0.8), -_low_window(between, y))
    roof = np.where(side > HALF + 0.5, np.maximum(6.9 - y, 0), 9)
    nearest = np.minimum(np.minimum(wall, ledge), np.where(y > 3.8, moulding, 9))
    return np.minimum(nearest, np.minimum(outer, roof))


def _clerestory(between: Array, y: Array) -> Array:
    return np.maximum(_pointed(between, y - 8.3, 0.95, 1.6), 7.9 - y)


def _low_window(between: Array, y: Array) -> Array:
    return np.maximum(_pointed(between, y - 1.6, 0.8, 2.6), 1.9 - y)


def _piers(side: Array, within: Array, y: Array) -> Array:
    """A round pier with four shafts, its base and capital; the shaft toward the nave runs up to the vault."""
    across = side - HALF - 0.35
    core = np.hypot(across, within)
    shafts = np.hypot(np.abs(across), np.abs(within) - 0.5) - 0.15
    tall = np.maximum(np.hypot(across + 0.52, within) - 0.15, y - SPRING - 0.2)
    capital = np.maximum(core - 0.56 - 0.22 * smoothstep(4.0, 4.6, y), np.abs(y - 4.3) - 0.3)
    step = 0.033 * np.round(y * 3)
    base = np.maximum(np.maximum(np.abs(across), np.abs(within)) - 0.64 - 0.1 + step, y - 0.62)
    low = np.maximum(np.minimum(core - 0.46, shafts), y - 4.6)
    return np.minimum(np.minimum(low, capital), np.minimum(base, tall))


def _vault(x: Array, y: Array, within: Array, between: Array) -> Array:
    """Stone begins where two pointed tunnels end, along the nave and across each bay; ribs under it."""
    along = _pointed(x, y, HALF, SPRING - 0.6)
    across = _pointed(between, y, BAY / 2 + 0.02, SPRING + 1.9)
    side = np.abs(x)
    cell = np.where((y > SPRING - 0.6) & (side < HALF + 0.3), -np.minimum(along, across), 9)
    flat = np.maximum(np.abs(within) - 0.13, 0)
    transverse = np.hypot(np.maximum(np.abs(along + 0.10) - 0.10, 0), flat) - 0.05
    slant = np.abs(np.abs(between) - (BAY / 2) * np.clip(side / HALF, 0, 1)) * 0.87
    diagonal = np.hypot(np.maximum(np.abs(along + 0.06) - 0.06, 0), np.maximum(slant - 0.07, 0)) - 0.04
    ribs = np.where(y > SPRING - 1.0, np.minimum(transverse, diagonal), 9)
    return np.minimum(cell, ribs)


def _windows(y: Array, z: Array) -> Array:
    """1 where the light passes the clerestory at (y, z), 0 at its stone and tracery."""
    between = _repeat(z - BAY / 2)
    tracery = np.minimum(np.abs(between) - 0.05, np.abs(y - 9.7) - 0.05)
    return smoothstep(0.06, -0.06, _clerestory(between, y)) * smoothstep(0.0, 0.05, tracery)


def _sunlit(points: Array) -> Array:
    """How much of the sun comes in through the windows to each point, [0, 1]."""
    x = points[:, 0]

    def where(wall: float) -> Array:
        return points + ((wall - x) / SUN[0])[:, None] * SUN

    inner, outer, aisle = where(HALF + 0.1), where(HALF + 0.8), where(AISLE + 0.2)
    high = _windows(inner[:, 1], inner[:, 2]) * _windows(outer[:, 1], outer[:, 2]) * (x < HALF + 0.1)
    opening = _low_window(_repeat(aisle[:, 2] - BAY / 2), aisle[:, 1])
    low = smoothstep(0.06, -0.06, opening) * (x > HALF + 0.6) * (x < AISLE)
    return np.maximum(high, low).astype(np.float32)


def _glass(points: Array) -> Array:
    """Stained glass: small panes of colour, leaded."""
    x, y, z = points.T
    u = np.where(z > END - 0.5, x, z) * 3.2
    pane = noise(np.floor(u) * 1.7, np.floor(y * 2.6) * 2.3, 7)
    hue = noise(np.floor(u) * 3.1, np.floor(y * 2.6) * 1.3, 9)
    tint = mix(colour("#2f62c9"), colour("#d8a030"), smoothstep(-0.2, 0.5, hue))
    tint = mix(tint, colour("#b42a2a"), smoothstep(0.25, 0.6, pane))
    lead = smoothstep(0.02, 0.10, np.minimum(np.abs(u - np.round(u)), np.abs(y * 2.6 - np.round(y * 2.6))))
    return tint * (0.25 + 0.75 * lead)[:, None]


def _masonry(points: Array, normal: Array) -> Array:
    """Courses of blocks with joints and grime; flags of two stones on the floor."""
    x, y, z = points.T
    u = np.where(np.abs(normal[:, 0]) > 0.5, z, np.where(np.abs(normal[:, 1]) > 0.6, x + z, x))
    course = np.floor(y / 0.42)
    shifted = (u + 0.37 * course) / 0.8
    joint = np.minimum(
        np.abs(y / 0.42 - np.round(y / 0.42)) * 0.42, np.abs(shifted - np.round(shifted)) * 0.8
    )
    block = noise(np.floor(shifted) * 1.3, course * 1.7, 5)
    grime = fbm(u * 1.1, y * 0.7, 5, 6)
    stone = mix(colour("#857a6a"), colour("#c9bb9f"), smoothstep(-0.7, 0.7, grime + 0.5 * block))
    stone = stone * (0.72 + 0.28 * smoothstep(0.0, 0.025, joint))[:, None]
    tile = (np.floor(x / 0.8) + np.floor(z / 0.8)) % 2
    flags = mix(colour("#574b42"), colour("#9c8f7b"), tile) * (0.8 + 0.25 * fbm(x * 2, z * 2, 4, 8))[:, None]
    return np.where((y < 0.07)[:, None], flags, stone).astype(np.float32)


def _open(points: Array, normal: Array) -> Array:
    """How open the space before each point is, [0, 1]."""
    open_ = np.ones(len(points), np.float32)
    for k in range(1, 6):
        h = 0.16 * k
        open_ -= np.clip(h - _distance(points + normal * h) / 0.8, 0, h) / h / 2**k * 1.1
    return np.clip(open_, 0.05, 1)


def _stone(points: Array, direction: Array) -> Array:
    """What the eye receives from each point: sun, the sky's blue, warm light thrown back by the floor."""
    normal = normals(points, _distance, 4e-3)
    x, y, z = points.T
    side = np.abs(x)
    stone, open_ = _masonry(points, normal), _open(points, normal)
    sun = np.clip(normal @ SUN, 0, 1) * _sunlit(points + normal * 0.02)
    sky = 0.30 + 0.30 * smoothstep(12.5, 3.0, y) + 0.30 * (0.5 + 0.5 * normal[:, 1])
    fill = colour("#7f97c4") * (0.36 * open_ * sky)[:, None]
    fill = fill + colour("#e8b673") * (0.20 * open_ * (0.5 + 0.5 * normal[:, 0]))[:, None]
    thrown = open_ * (0.5 - 0.5 * normal[:, 1]) * np.exp(-np.maximum(x + 4.2, 0) / 4)
    fill = fill + colour("#f0a955") * (0.42 * thrown)[:, None]
    lit = stone * (
        colour("#ffd592") * (6.5 * sun)[:, None] + fill * np.where(side > HALF + 0.5, 0.7, 1.0)[:, None]
    )
    gleam = (y < 0.07) * np.clip(1 - np.abs(direction[:, 1]) * 2.2, 0, 1) ** 2
    lit = lit + colour("#e8c48c") * (0.14 * gleam * (0.5 + 0.5 * noise(x * 3, z * 0.4, 9)))[:, None]
    outside = ((side > HALF + 0.75) & (y > 7.2)) | (side > AISLE + 0.6) | (z > END + 0.8)
    bright = np.where(x > 0, 1.0, 0.8)[:, None] * _glass(points) * 2.6 + 0.2
    return np.where(outside[:, None], bright, lit).astype(np.float32)


def _beams(direction: Array, t: Array, width: int, height: int) -> Array:
    """Dust in the sun: how much lit air each ray crosses; its steps begin at random, against bands."""
    rng = np.random.default_rng(SEED)
    offset = rng.random(len(direction)).astype(np.float32)
    total = np.zeros(len(direction), np.float32)
    far = np.minimum(t, 34)
    for k in range(N_FOG):
        way = far * ((k + offset) / N_FOG)
        points = EYE + way[:, None] * direction
        inside = (np.abs(points[:, 0]) < HALF) & (points[:, 1] < CROWN)
        dust = 0.75 + 0.5 * noise(points[:, 0] * 0.5 + points[:, 2] * 0.3, points[:, 1] * 0.5, 12)
        total += _sunlit(points) * inside * dust
    total *= far / N_FOG * 0.055
    return gaussian_filter(total.reshape(height, width), 1.6).reshape(-1)
