"""A storm: sharpened waves under torn clouds, a rock in the surf, and a lighthouse that throws its beam."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from painter.land import Camera, View, look
from painter.light import Array, bloom, colour, develop, fbm, mix, noise, smoothstep, unit

SEED = 47
TOWER_X, TOWER_Z, TOWER_FOOT, TOWER_TOP = 11.0, 52.0, 4.2, 14.6
"""Metres."""
SUN = unit(np.array([-0.75, 0.22, 0.62], np.float32))
_WAVES = 34


def paint(size: tuple[int, int], scale: float = 1.5) -> Array:
    """The picture in sRGB [0, 1], (H, W, 3). Lengths are metres."""
    camera = Camera(round(size[0] * scale), round(size[1] * scale), 1.05, 3.4, 0.60)
    sky = _sky(np.broadcast_to(camera.columns(), (camera.height, camera.width)), camera.rows()[:, None])
    view = look(camera, _height, 2.2, 420, 1300, 0.35, soft=0.6)
    picture = _sea(camera, view, sky)
    picture = _tower(camera, picture, view)
    picture = _spray(camera, picture, view)
    picture = _beam(camera, picture)
    return develop(bloom(picture, 0.10, 5 * scale, 0.95), size, SEED, 1.15, vignette=0.35)


def _swell(x: Array, z: Array) -> Array:
    """Waves from the left front, longer ones higher, crests sharper than troughs; about [-1.6, 2.2] m."""
    rng = np.random.default_rng(SEED)
    total = np.zeros(np.broadcast(x, z).shape, np.float32)
    warp = 1.4 * fbm(x * 0.05, z * 0.05, 3, 7)
    for k in range(_WAVES):
        length = 24.0 * 0.87**k
        angle = -0.5 + rng.normal(0, 0.42)
        phase = (x * np.cos(angle) + z * np.sin(angle)) * (2 * np.pi / length) + rng.uniform(0, 6.28) + warp
        total += 0.034 * length**0.93 * ((1 + np.sin(phase)) / 2) ** 1.9
    return (total - 1.55 + 0.14 * fbm(x * 1.1, z * 0.7, 4, 5, ridged=True)).astype(np.float32)


def _rock(x: Array, z: Array) -> Array:
    away = np.hypot((x - TOWER_X) / 1.9, (z - TOWER_Z) * 0.7)
    crags = fbm(x * 0.16 + 4, z * 0.16, 7, 9, 0.52, ridged=True)
    low = np.hypot((x - TOWER_X + 17) / 2.0, z - TOWER_Z + 3)
    hill = 5.2 * smoothstep(10.0, 1.5, away) + 2.8 * smoothstep(6.0, 0.5, low)
    return (hill * (0.45 + 0.85 * crags) - 0.7 - 0.1 * np.minimum(away, low)).astype(np.float32)


def _height(x: Array, z: Array) -> Array:
    near_rock = smoothstep(13, 6, np.hypot((x - TOWER_X) / 1.9, z - TOWER_Z))
    surge = 0.9 * near_rock * np.maximum(noise(x * 0.5, z * 0.5, 3), 0)
    return np.maximum(_swell(x, z) * (1 - 0.35 * near_rock) + surge, _rock(x, z))


def _sky(u: Array, slope: Array) -> Array:
    """Storm clouds, torn open low on the left where the light comes from; also what the water mirrors."""
    u, slope = np.broadcast_arrays(np.asarray(u, np.float32), np.asarray(slope, np.float32))
    slope = np.maximum(slope, 0.0)
    far = 1 / (slope + 0.16)
    x, y = u * far * 0.9, far * 0.8
    bend = fbm(x * 0.7 + 2, y * 0.7, 4, 11)
    heap = fbm(x + 0.35 * bend, y + 0.3 * bend, 8, 13, 0.5)
    shifted = fbm(x + 0.35 * bend + 0.12, y + 0.3 * bend + 0.06, 8, 13, 0.5)
    edge = np.clip((heap - shifted) * 2.6, -1, 1)
    thick = smoothstep(-0.45, 0.5, heap)
    rift = np.exp(-((u + 0.33) ** 2 / 0.045 + (slope - 0.085) ** 2 / 0.006))
    wide = np.exp(-((u + 0.30) ** 2 / 0.22 + (slope - 0.06) ** 2 / 0.03))
    gap = np.clip(rift * 1.05 - 0.75 * thick, 0, 1)
    cloud = mix(colour("#77828c"), colour("#1b222b"), thick)
    cloud = cloud * (0.85 + 0.45 * edge)[..., None]
    cloud = cloud + colour("#f0b877") * (0.42 * wide * np.clip(0.25 + edge, 0, 1.2))[..., None]
    clear = mix(colour("#ffd9a0") * 0.85, colour("#8fb0b8") * 0.8, smoothstep(0.03, 0.2, slope))
    sky = mix(cloud, clear, np.clip(gap * 1.35, 0, 1))
    rain = smoothstep(0.25, 0.0, slope) * smoothstep(-0.2, 0.5, fbm(u * 5 - slope * 2.2, slope * 0.5, 4, 17))
    return mix(sky, colour("#56626b") * 0.75, rain * 0.55 * (1 - rift) * smoothstep(-0.1, 0.3, u))


def _sea(camera: Camera, view: View, sky: Array) -> Array:
    u = camera.columns()[None, :]
    ray = unit(np.stack(np.broadcast_arrays(u, camera.rows()[:, None], np.float32(1)), -1).astype(np.float32))
    x, z = view.x, view.distance
    chop = np.stack(
        [noise(x * 2.3, z * 1.6, 21) + 0.5 * noise(x * 6, z * 4, 22), 0 * x, noise(x * 2.1, z * 1.9, 23)], -1
    )
    normal = unit(view.normal + 0.10 * chop * np.exp(-z / 60)[..., None])
    cos = np.clip(-(ray * normal).sum(-1), 0.02, 1)
    mirrored = ray + 2 * cos[..., None] * normal
    mirrored = mirrored / np.maximum(np.abs(mirrored[..., 2:]), 0.15)
    seen = _sky(np.clip(mirrored[..., 0], -1.4, 1.4), np.abs(mirrored[..., 1]))
    fresnel = 0.03 + 0.97 * (1 - cos) ** 5
    tall = smoothstep(-0.2, 2.0, view.y)
    through = np.clip(normal @ unit(np.array([0.6, 0.1, -0.7], np.float32)), 0, 1)
    body = mix(colour("#07202a"), colour("#1e6f6c"), np.clip(tall * (0.35 + 0.9 * through), 0, 1))
    water = mix(body, seen, np.clip(fresnel * 1.05, 0, 0.9))
    glint = np.clip((mirrored / np.linalg.norm(mirrored, axis=-1, keepdims=True)) @ SUN, 0, 1) ** 60
    water = water + colour("#ffdca6") * (0.9 * glint)[..., None]
    lace = fbm(x * 0.8 + 0.3 * noise(x, z, 31), z * 0.8, 7, 33, 0.6, ridged=True)
    crest = smoothstep(0.75, 1.9, view.y + 0.5 * noise(x * 0.3, z * 0.3, 35))
    veins = smoothstep(0.50, 0.80, lace) * smoothstep(-0.6, 1.3, view.y + 0.7 * noise(x * 0.12, z * 0.12, 37))
    by_rock = smoothstep(-1.6, -0.1, _rock(x, z) - view.y) * (0.55 + 0.6 * lace)
    foam = np.clip(0.9 * crest * smoothstep(0.22, 0.6, lace) + 0.55 * veins + by_rock, 0, 1)
    white = colour("#e6ecec") * (0.45 + 0.55 * np.clip(normal @ SUN, 0, 1))[..., None]
    water = mix(water, white, foam * 0.92)
    is_rock = (_rock(x, z) >= view.y - 0.02) & view.hit
    water = np.where(is_rock[..., None], _stone(view, foam), water)
    haze = 1 - np.exp(-z / 190)
    horizon = sky[np.clip(int(camera.horizon * camera.height) - 3, 0, camera.height - 1)][None]
    water = mix(water, horizon * 0.92, haze)
    return np.where(view.hit[..., None], water, sky).astype(np.float32)


def _stone(view: View, foam: Array) -> Array:
    x, z = view.x, view.distance
    grit = fbm(x * 1.4 + view.y, z * 1.4 + 2 * view.y, 6, 41)
    dry = mix(colour("#2a2725"), colour("#6b6259"), smoothstep(-0.5, 0.6, grit))
    wet = smoothstep(2.6, 0.6, view.y + 0.6 * grit)
    stone = mix(dry, colour("#14161a"), wet * 0.75)
    light = (
        0.35
        + 0.25 * view.normal[..., 1]
        + 1.9 * np.clip(view.normal @ unit(np.array([-0.8, 0.45, -0.3], np.float32)), 0, 1) * view.lit
    )
    shine = wet * np.clip(view.normal @ unit(np.array([-0.5, 0.6, -0.6], np.float32)), 0, 1) ** 14
    grass = smoothstep(0.7, 0.85, view.normal[..., 1]) * smoothstep(2.6, 3.4, view.y + grit)
    stone = mix(stone, colour("#4a4f2b"), grass * 0.8)
    return stone * (colour("#d9d2c4") * light[..., None]) + colour("#c9d6dd") * (0.16 * shine)[..., None]


def _project(camera: Camera, x: float, y: float, z: float) -> tuple[float, float]:
    column = (x / z * camera.focal + 0.5) * camera.width
    return column, camera.horizon * camera.height - (y - camera.above) / z * camera.width * camera.focal


def _tower(camera: Camera, picture: Array, view: View) -> Array:
    """A tapered round tower in red and white, its gallery, lantern and cap, and the keeper's house."""
    middle, foot = _project(camera, TOWER_X, TOWER_FOOT - 1.2, TOWER_Z)
    _, top = _project(camera, TOWER_X, TOWER_TOP, TOWER_Z)
    metre = camera.width * camera.focal / TOWER_Z
    column, row = np.meshgrid(np.arange(camera.width) - middle, np.arange(camera.height, dtype=np.float32))
    up = (foot - row) / metre
    side = column / metre
    tall = (foot - top) / metre
    free = (view.distance > TOWER_Z) | ~view.hit
    out = picture

    def put(radius: Array | float, low: float, high: float, base: Array) -> None:
        nonlocal out
        where = (np.abs(side) < radius) & (up >= low) & (up < high) & free
        across = np.clip(side / np.maximum(radius, 1e-6), -1, 1)
        toward = np.clip(-0.80 * across + 0.52 * np.sqrt(1 - across**2), 0, 1)
        shade = 0.13 + 0.62 * toward + 0.08 * smoothstep(0.6, 1.0, across)
        seen = mix(base * shade[..., None], colour("#56626b") * 0.6, 0.16)  # the rain between
        out = np.where(where[..., None], seen, out)

    taper = 1.75 - 0.70 * np.clip(up / tall, 0, 1) - 0.25 * smoothstep(0.25, 0.0, up / tall) * -1
    streak = 1 - 0.22 * smoothstep(0.1, 0.6, fbm(side * 3, up * 0.35, 5, 51))
    band = np.where((np.floor((up - 0.4) / 2.45) % 2)[..., None] > 0, colour("#7e2a22"), colour("#c9c2b2"))
    put(taper, 0.0, tall, band * streak[..., None])
    for level in (2.3, 5.2, 8.1):
        window = (np.abs(side + 0.15) < 0.20) & (np.abs(up - level) < 0.38) & free
        out = np.where(window[..., None], colour("#e8a84a") * 0.7, out)
    put(1.55, tall, tall + 0.28, np.broadcast_to(colour("#2c2c2e"), picture.shape))
    rail = (np.abs(side) < 1.5) & (up > tall + 0.28) & (up < tall + 1.0) & free
    posts = ((side * 5.5) % 1 < 0.16) | (np.abs(up - tall - 0.96) < 0.06) | (np.abs(up - tall - 0.62) < 0.04)
    lamp = (np.abs(side) < 0.78) & (up > tall + 0.28) & (up < tall + 2.0) & free
    pane = np.exp(-((side / 0.55) ** 2 + ((up - tall - 1.15) / 0.6) ** 2))
    out = np.where(lamp[..., None], colour("#ffdf94") * (0.9 + 7 * pane)[..., None], out)
    bars = lamp & (((side * 2.6 + 0.5) % 1 < 0.10) | (np.abs(up - tall - 1.2) < 0.03))
    out = np.where(bars[..., None], colour("#30302f"), out)
    out = np.where((rail & posts)[..., None], colour("#1d1d1f"), out)
    cap = 0.98 * np.sqrt(np.clip(1 - (up - tall - 2.0) / 0.95, 0, 1))
    put(cap, tall + 2.0, tall + 2.95, np.broadcast_to(colour("#8a231d"), picture.shape))
    put(0.06, tall + 2.9, tall + 3.9, np.broadcast_to(colour("#202020"), picture.shape))
    return _house(out, side, up, free).astype(np.float32)


def _house(picture: Array, side: Array, up: Array, free: Array) -> Array:
    front = (side > -5.0) & (side < -1.6) & (up > -0.8) & (up < 2.5) & free
    roof = (
        (up >= 2.5)
        & (up < 4.0)
        & (side > -5.3 + (up - 2.5) * 0.55)
        & (side < -1.3 - (up - 2.5) * 0.25)
        & free
    )
    plaster = colour("#cfc7b6") * (0.75 + 0.15 * noise(side * 2, up * 2, 61))[..., None]
    picture = np.where(front[..., None], plaster * 0.5, picture)
    tiles = 0.75 + 0.25 * np.sin(up * 30)
    picture = np.where(roof[..., None], colour("#54302a") * tiles[..., None] * 0.6, picture)
    chimney = (side > -2.6) & (side < -2.1) & (up > 3.4) & (up < 4.6) & free
    picture = np.where(chimney[..., None], colour("#5b4a40") * 0.6, picture)
    for at in (-4.3, -2.6):
        window = (np.abs(side - at) < 0.33) & (np.abs(up - 1.2) < 0.5) & free
        cross = window & ((np.abs(side - at) < 0.04) | (np.abs(up - 1.2) < 0.04))
        picture = np.where(window[..., None], colour("#ffbe5c") * 0.9, picture)
        picture = np.where(cross[..., None], colour("#3a332c"), picture)
    return picture


def _spray(camera: Camera, picture: Array, view: View) -> Array:
    """Where the swell meets the rock it goes up: plumes of soft and fine drops."""
    rng = np.random.default_rng(SEED + 1)
    mist = np.zeros(picture.shape[:2], np.float32)
    drops = np.zeros_like(mist)
    for x, z, high in ((1.2, 47.0, 6.4), (4.5, 46.0, 3.6), (-8.5, 47.0, 4.6), (19.5, 47.0, 3.8)):
        column, row = _project(camera, x, 0.2, z)
        metre = camera.width * camera.focal / z
        n = 2600
        rise = rng.beta(1.3, 2.6, n) * high
        lean = rng.normal(0, 1, n) * (0.35 + 0.32 * rise) - 0.10 * rise
        columns = np.clip(column + lean * metre, 0, camera.width - 1).astype(int)
        rows = np.clip(row - rise * metre, 0, camera.height - 1).astype(int)
        np.add.at(mist, (rows, columns), 1.0)
        np.add.at(drops, (rows, columns), (rng.random(n) < 0.35).astype(np.float32))
    unit_px = camera.width / 1024
    soft = gaussian_filter(mist, 7 * unit_px) + 0.35 * gaussian_filter(mist, 2.5 * unit_px)
    soft = (soft / soft.max()) ** 0.75
    fine = gaussian_filter(drops, 0.7 * unit_px)
    fine = 0.35 * fine / fine.max()
    drift = 0.75 + 1.1 * fbm(
        np.arange(camera.width)[None] / (40 * unit_px),
        np.arange(camera.height)[:, None] / (40 * unit_px),
        4,
        71,
    )
    return mix(
        picture, colour("#e9e6dc") * 0.95, np.clip(soft * np.clip(drift, 0, 1.4) * 0.62 + fine, 0, 0.85)
    )


def _beam(camera: Camera, picture: Array) -> Array:
    """Two cones of light from the lantern, seen in the rain."""
    column, row = _project(camera, TOWER_X, TOWER_TOP + 1.2, TOWER_Z)
    x, y = np.meshgrid(np.arange(camera.width) - column, np.arange(camera.height) - row)
    total = np.zeros(picture.shape[:2], np.float32)
    for angle, strength in ((np.pi + 0.13, 1.0), (0.20, 0.5)):
        along = x * np.cos(angle) + y * np.sin(angle)
        across = -x * np.sin(angle) + y * np.cos(angle)
        width = 0.010 * camera.width + 0.085 * np.maximum(along, 0)
        cone = np.exp(-((across / width) ** 2)) * (along > 0) * np.exp(-along / (0.42 * camera.width))
        total += strength * cone.astype(np.float32)
    unit_px = camera.width / 1024
    dust = 0.8 + 0.4 * fbm(x / (60 * unit_px), y / (45 * unit_px), 4, 77)
    halo = np.exp(-np.hypot(x, y) / (22 * unit_px))
    return picture + colour("#ffe7b0") * (0.5 * total * dust + 0.9 * halo)[..., None]
