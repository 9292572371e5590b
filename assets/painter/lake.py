"""A mountain lake in the first sun: ridged noise for the range, its mirror image in the water, mist."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from painter.land import Camera, View, look
from painter.light import Array, bloom, colour, develop, fbm, mix, noise, smoothstep, unit

SUN_SLOPE = 0.42
SEED = 11


def paint(size: tuple[int, int], scale: float = 1.5) -> Array:
    """The picture in sRGB [0, 1], (H, W, 3). Lengths are kilometres."""
    camera = Camera(round(size[0] * scale), round(size[1] * scale), 1.0, 0.035, 0.55)
    sky = _sky(camera)
    direct = look(camera, _height, 0.12, 16, 1500, SUN_SLOPE)
    mirror = look(camera, _height, 0.12, 16, 1500, SUN_SLOPE, mirrored=True)
    above = _shade(direct, sky)
    flipped_sky = sky[_mirrored_rows(camera)]
    below = _shade(mirror, flipped_sky)
    is_water = (direct.hit & (direct.y < 0.0005)) | (~direct.hit & (camera.rows() < 0)[:, None])
    picture = np.where(is_water[..., None], _water(camera, below), above)
    picture = _mist(camera, picture, direct, is_water)
    return develop(bloom(picture, 0.06, 6 * scale, 1.0), size, SEED, 1.05)


def _height(x: Array, z: Array) -> Array:
    """A valley with a lake on its floor, a range across its end, a wooded shore to the left."""
    bend = 0.35 * np.sin(z * 0.55 + 0.6)
    aside = np.abs(x - bend) / (0.75 + 0.12 * z)
    wall = smoothstep(0.75, 3.4, aside) * np.where(x < bend, 0.62, 1.0) + smoothstep(5.0, 10.5, z) * 1.25
    crests = fbm(x * 0.30 + 3.1, z * 0.30 + 1.7, 9, SEED, 0.44, ridged=True)
    rolling = fbm(x * 0.7, z * 0.7, 6, SEED + 5)
    land = wall * (0.15 + 1.75 * crests + 0.35 * rolling) + 0.08 * rolling * (0.4 + wall) - 0.09
    woods = smoothstep(0.0, 0.06, land) * smoothstep(0.95, 0.45, land)
    trees = np.abs(noise(x * 55, z * 32, 3)) * 0.02 + np.abs(noise(x * 110, z * 60, 4)) * 0.014
    return np.where(land > 0, land + woods * trees, 0.0).astype(np.float32)


def _sky(camera: Camera) -> Array:
    u, slope = np.meshgrid(camera.columns(), camera.rows())
    height = np.clip(slope / 0.45, 0, 1)
    sky = mix(colour("#f3d9b4") * 1.1, colour("#86aecb") * 0.95, smoothstep(0.0, 0.55, height))
    sky = mix(sky, colour("#3f6fa3") * 0.75, smoothstep(0.35, 1.2, height))
    sky = (
        sky
        + colour("#ffb56b") * (0.7 * np.exp(-((u + 0.6) ** 2 / 0.18 + (slope - 0.06) ** 2 / 0.02)))[..., None]
    )
    far = 1 / np.maximum(slope + 0.06, 0.02)
    cirrus = fbm(u * far * 0.55 + 2, far * 0.5, 7, 41, 0.55)
    puffs = fbm(u * far * 0.25 + 7, far * 0.42 + 3, 7, 47, 0.52)
    amount = smoothstep(0.02, 0.5, cirrus) * 0.55 + smoothstep(0.1, 0.45, puffs) * 0.5
    amount = amount * smoothstep(0.02, 0.12, slope)
    return mix(sky, colour("#fff0dd") * 1.25, np.clip(amount, 0, 0.9))


def _shade(view: View, sky: Array) -> Array:
    sun = unit(np.array([-1.0, SUN_SLOPE, -0.7], np.float32))
    facing = np.clip(view.normal @ sun, 0, 1) * view.lit
    up = view.normal[..., 1]
    z = view.distance
    grit = fbm(view.x * 9, z * 9 + view.y * 6, 5, 71)
    strata = fbm(view.x * 2, view.y * 22 + grit, 4, 73)
    rock = mix(colour("#5c5650"), colour("#8f8272"), smoothstep(-0.5, 0.6, strata + 0.6 * grit))
    meadow = mix(colour("#4c5a2c"), colour("#7c7a3c"), smoothstep(-0.3, 0.4, grit))
    wood = mix(colour("#14251c"), colour("#2c4226"), smoothstep(-0.4, 0.5, noise(view.x * 40, z * 25, 9)))
    ground = mix(rock, meadow, smoothstep(0.62, 0.82, up) * smoothstep(1.15, 0.75, view.y + 0.2 * grit))
    ground = mix(
        ground, wood, smoothstep(0.9, 0.5, view.y + 0.25 * grit) * smoothstep(0.35, 0.6, up + 0.2 * grit)
    )
    snow = smoothstep(0.95, 1.35, view.y + 0.35 * grit) * smoothstep(0.38, 0.62, up + 0.12 * grit)
    ground = mix(ground, colour("#f2f5fa"), snow)
    light = colour("#ffb570") * (4.2 * facing)[..., None]
    light = light + colour("#9db8e0") * (0.22 + 0.26 * up)[..., None] + colour("#ffd9b0") * 0.06
    seen = ground * light
    haze = mix(
        colour("#93abc8") * 0.85, colour("#ffcf9a"), smoothstep(0.6, -0.9, view.x / np.maximum(z, 0.1)) * 0.55
    )
    seen = mix(seen, haze, (1 - np.exp(-z / 24.0)) * np.exp(-np.maximum(view.y, 0) * 0.6))
    return np.where(view.hit[..., None], seen, sky)


def _mirrored_rows(camera: Camera) -> np.ndarray:
    horizon = camera.horizon * camera.height
    rows = np.round(2 * horizon - np.arange(camera.height) - 1).astype(int)
    return np.clip(rows, 0, camera.height - 1)


def _water(camera: Camera, below: Array) -> Array:
    """The mirror image, drawn out by ripples that grow toward the eye, over the green of the depth."""
    slope = np.minimum(camera.rows(), -1e-4)[:, None]
    u = camera.columns()[None, :]
    z = np.minimum(camera.above / -slope, 6.0)
    x = u * z
    breeze = smoothstep(-0.1, 0.5, fbm(x * 0.9, z * 0.5, 4, 83))
    ripple = noise(x * 60, z * 34, 81) + 0.6 * noise(x * 150, z * 80, 82)
    lift = ripple * (0.25 + 0.75 * breeze) * np.clip(-slope, 0, 0.3) * camera.height * 0.075
    rows, columns = np.mgrid[: camera.height, : camera.width].astype(np.float32)
    soft = gaussian_filter(below, (camera.height / 500, 0.6, 0))
    where = [rows + lift, columns + ripple * 1.2]
    drawn = np.stack([map_coordinates(soft[..., k], where, order=1, mode="nearest") for k in range(3)], -1)
    grazing = np.clip(-slope / 0.5, 0, 1)
    fresnel = 0.12 + 0.8 * (1 - grazing) ** 3
    depth = mix(colour("#0d2b2f"), colour("#1d4a47"), smoothstep(-0.6, 0.6, ripple))
    return mix(depth, drawn * 0.94, np.broadcast_to(fresnel, rows.shape))


def _mist(camera: Camera, picture: Array, view: View, is_water: Array) -> Array:
    """Bands of it lie on the far water and in the trees above; the sun, from the left, colours them."""
    slope, u = camera.rows()[:, None], camera.columns()[None, :]
    z = np.where(is_water, np.minimum(camera.above / np.maximum(-slope, 1e-4), 9.0), view.distance)
    y = np.where(is_water, 0.0, np.maximum(view.y, 0))
    drift = fbm(u * 9 + 1.3, slope * 60, 6, 91, 0.55)
    amount = smoothstep(0.9, 3.2, z) * np.exp(-((y / 0.13) ** 1.4)) * np.clip(0.62 + 0.75 * drift, 0, 1)
    amount = np.where(view.hit | is_water, amount, 0)
    warm = smoothstep(0.5, -0.5, np.broadcast_to(u, amount.shape))
    return mix(
        picture, mix(colour("#c3d0df") * 0.95, colour("#ffe2bd") * 1.25, warm), np.clip(amount * 0.8, 0, 1)
    )
