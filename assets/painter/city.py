"""A city at night across the water: towers in three depths, lit windows, a bridge, and all of it mirrored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from painter.light import Array, bloom, colour, develop, fbm, mix, noise, smoothstep

SEED = 61
SHORE = 0.635
"""Row of the water's edge, in heights of the picture."""
LAMPS = ("#ffc46b", "#ffd9a0", "#ffe9c9", "#ffb04d", "#cfe4ff")
SIGNS = ("#ff3b5c", "#2fd6ff", "#7dff8a", "#ff9a1f", "#b86bff")


def paint(size: tuple[int, int], scale: float = 1.5) -> Array:
    """The picture in sRGB [0, 1], (H, W, 3)."""
    width, height = round(size[0] * scale), round(size[1] * scale)
    rng = np.random.default_rng(SEED)
    picture = _sky(width, height)
    shore = round(SHORE * height)
    for depth in (0, 1, 2):
        _towers(picture, shore, depth, rng)
        haze = (0.34, 0.18, 0.05)[depth]
        rows = np.arange(height)[:, None] / height
        low = smoothstep(0.25, SHORE, rows) * haze
        picture[:] = mix(
            picture,
            colour("#5a4468") * 0.55 + colour("#c77a4a") * 0.10,
            np.broadcast_to(low, picture.shape[:2]),
        )
    _quay(picture, shore, rng)
    _bridge(picture, shore)
    picture = _water(picture, shore)
    return develop(bloom(picture, 0.16, 2.6 * scale, 0.55), size, SEED, 1.2, vignette=0.3)


def _sky(width: int, height: int) -> Array:
    u, v = np.meshgrid(
        np.linspace(0, 1, width, dtype=np.float32), np.arange(height, dtype=np.float32) / height / SHORE
    )
    sky = mix(colour("#060b22") * 1.2, colour("#1d2a5c") * 1.0, smoothstep(0.0, 0.6, v))
    sky = mix(sky, colour("#6a3f6e") * 0.8, smoothstep(0.45, 0.95, v))
    sky = (
        sky
        + colour("#ff8a4a")
        * (0.45 * smoothstep(0.62, 1.05, v) * np.exp(-(((u - 0.60) / 0.45) ** 2)))[..., None]
    )
    far = 1 / (1.25 - np.minimum(v, 1.05))
    heap = fbm(u * 3.2 * far + 3, far * 2.6, 8, 11, 0.54)
    toward = fbm(u * 3.2 * far + 3, far * 2.6 + 0.12, 8, 11, 0.54)
    cover = smoothstep(-0.02, 0.42, heap) * smoothstep(0.05, 0.35, v)
    moon = np.hypot((u - 0.215) * width, (v * SHORE - 0.15) * height) / height
    halo = np.exp(-moon / 0.05) * 0.30 + np.exp(-moon / 0.16) * 0.12
    belly = np.clip((heap - toward) * 2.2 + 0.25, 0, 1)
    cloud = colour("#2c2f55") * 0.55 + colour("#e08a5c") * (0.42 * belly * v**1.5)[..., None]
    cloud = cloud + colour("#cfd9ff") * (1.0 * halo * (1 - 0.5 * belly))[..., None]
    stars = np.random.default_rng(SEED + 1).random((height, width)) ** 2600
    sky = (
        sky
        + gaussian_filter(stars.astype(np.float32), 0.8)[..., None]
        * 1.5
        * (1 - smoothstep(0.2, 0.75, v))[..., None]
    )
    disc = smoothstep(0.0300, 0.0285, moon)
    maria = 0.75 + 0.3 * fbm(u * 60, v * 40, 4, 13)
    sky = sky + colour("#dfe6ff") * (halo + 1.1 * disc * maria)[..., None]
    return mix(sky, cloud, np.clip(cover * (1 - 0.35 * disc), 0, 0.92)).astype(np.float32)


def _towers(picture: Array, shore: int, depth: int, rng: np.random.Generator) -> None:
    """One row of the skyline, from left to right; taller toward two centres, larger when nearer."""
    height, width = picture.shape[:2]
    unit_px = width / 1024
    left = -30.0 * unit_px
    while left < width:
        wide = rng.uniform(*((20, 46), (30, 66), (40, 84))[depth]) * unit_px
        at = (left + wide / 2) / width
        middle = 0.9 * np.exp(-(((at - 0.60) / 0.17) ** 2)) + 0.55 * np.exp(-(((at - 0.27) / 0.10) ** 2))
        tall = (0.15 + 0.40 * middle, 0.11 + 0.36 * middle, 0.07 + 0.17 * middle)[depth] * rng.uniform(
            0.55, 1.12
        )
        _tower(picture, shore, left, wide, tall * height, depth, rng)
        left += wide * rng.uniform(0.86, 1.25 if depth else 1.0)


def _tower(
    picture: Array, shore: int, left: float, wide: float, tall: float, depth: int, rng: np.random.Generator
) -> None:
    """One to three blocks, each set back on the one below, with two faces; a spire, a mast or a sign."""
    unit_px = picture.shape[1] / 1024
    hue = colour(str(rng.choice(["#1a2036", "#232033", "#2b2530", "#182732", "#2a2438"])))
    n_blocks = 1 if tall < 90 * unit_px else int(rng.integers(1, 4))
    foot, share = 0.0, 1.0
    pace = np.array([rng.uniform(4.4, 6.2), rng.uniform(5.6, 7.6)]) * unit_px * (0.78, 0.92, 1.1)[depth]
    style = rng.random()
    lit_share = rng.uniform(0.22, 0.62)
    lamp = colour(str(rng.choice(LAMPS)))
    facade = Facade((pace[0], pace[1]), hue, lamp, lit_share, style, depth)
    for block in range(n_blocks):
        top = tall if block == n_blocks - 1 else foot + (tall - foot) * rng.uniform(0.45, 0.75)
        x0, x1 = left + wide * (1 - share) / 2, left + wide * (1 + share) / 2
        _block(picture, shore, (x0, x1, foot, top), facade, int(rng.integers(1 << 20)))
        foot, share = top, share * rng.uniform(0.55, 0.82)
    middle, roof = left + wide / 2, shore - tall
    if style < 0.33 and tall > 150 * unit_px:
        _spire(picture, middle, roof, wide * 0.16, tall * 0.22, hue)
    elif rng.random() < 0.3 and tall > 80 * unit_px:
        column, rows = int(middle), slice(max(0, int(roof - 26 * unit_px)), max(0, int(roof)))
        if 0 <= column < picture.shape[1] - 2:
            picture[rows, column : column + max(1, round(unit_px))] = colour("#3a3a4a") * 0.5
            _glow(picture, column, rows.start, 1.6 * unit_px, colour("#ff2a2a") * 3)
    if depth and rng.random() < 0.30:
        sign = colour(str(rng.choice(SIGNS)))
        x, y = round(left + wide * rng.uniform(0.1, 0.6)), round(shore - tall * rng.uniform(0.35, 0.9))
        w, h = round(rng.uniform(3, 6) * unit_px), round(rng.uniform(12, 30) * unit_px)
        picture[max(0, y) : y + h, max(0, x) : x + w] = sign * 1.6


@dataclass(frozen=True)
class Facade:
    """What a tower is like, whatever its shape."""

    cell: tuple[float, float]
    """Width and height of a window with its frame, in pixels."""
    hue: Array
    lamp: Array
    lit_share: float
    style: float
    """[0, 1]: near 1 wide panes and a lit edge of the roof."""
    depth: int
    """0 far to 2 near."""


def _block(
    picture: Array, shore: int, box: tuple[float, float, float, float], facade: Facade, seed: int
) -> None:
    """A box by its left and right columns and its lowest and highest pixel above the shore."""
    hue, lamp, style, depth = facade.hue, facade.lamp, facade.style, facade.depth
    height, width = picture.shape[:2]
    x0, x1, low, high = box
    rows = np.arange(max(0, round(shore - high)), min(height, round(shore - low)))
    columns = np.arange(max(0, round(x0)), min(width, round(x1)))
    if not len(rows) or not len(columns):
        return
    u, v = np.meshgrid((columns - x0) / (x1 - x0), (shore - rows).astype(np.float32))
    corner = 0.66 + 0.1 * np.sin(x0)
    shade = np.where(u < corner, 1.0 + 0.25 * u, 0.45)
    glow_up = 0.5 + 0.9 * np.exp(-v / (0.10 * height))
    face = hue * (shade * glow_up * (0.9, 0.75, 0.6)[depth])[..., None]
    moonlit = smoothstep(0.05, 0.0, u) * 0.5
    face = face + colour("#8fa4dd") * (0.10 * moonlit)[..., None]
    squeeze = np.where(u < corner, 1.0, 1.7)
    across = (columns[None, :] - x0) * squeeze / facade.cell[0]
    floor_ = v / facade.cell[1]
    i, j = np.floor(across).astype(int), np.floor(floor_).astype(int)
    chance = _table(seed, i, j)
    whole = _table(seed + 1, np.zeros_like(i), j) < 0.10
    pattern = chance < (facade.lit_share * (0.6 + 0.8 * _table(seed + 2, i // 4, j // 5)))
    lit = pattern | (whole & (chance < 0.9))
    fx, fy = across - i, floor_ - j
    margin = 0.12 if style > 0.7 else 0.22
    pane = (fx > margin) & (fx < 1 - margin) & (fy > 0.25) & (fy < (0.95 if style > 0.7 else 0.82))
    strength = (
        (0.12 + 1.25 * _table(seed + 3, i, j) ** 2.5)
        * np.where(u < corner, 1.0, 0.6)
        * (0.55, 0.8, 1.0)[depth]
    )
    tint = np.where((_table(seed + 4, i, j) < 0.18)[..., None], colour("#bcd8ff"), lamp)
    dark = colour("#31406b") * 0.12
    window = np.where(lit[..., None], tint * strength[..., None], dark)
    face = np.where(pane[..., None], window, face)
    rim = (v > high - 2.2 * width / 1024) & (style > 0.45)
    face = np.where(rim[..., None], face + lamp * 0.55 * (style - 0.3), face)
    picture[np.ix_(rows, columns)] = face


def _table(seed: int, i: np.ndarray, j: np.ndarray) -> Array:
    """A number in [0, 1) for each cell."""
    return np.random.default_rng(seed).random((64, 256), dtype=np.float32)[i % 64, j % 256]


def _spire(picture: Array, middle: float, roof: float, half: float, tall: float, hue: Array) -> None:
    for row in range(max(0, round(roof - tall)), max(0, round(roof))):
        share = max(0.0, (row - (roof - tall)) / tall)
        reach = half * share**1.6 + 0.6
        left, right = round(middle - reach), round(middle + reach) + 1
        if left >= 0 and right < picture.shape[1]:
            glow = colour("#ffd08a") * (0.9 * share**0.5 * (0.6 + 0.4 * np.cos(row * 0.55)))
            picture[row, left:right] = hue * 1.2 + glow * np.linspace(1.0, 0.35, right - left)[:, None]


def _glow(picture: Array, x: float, y: float, radius: float, light: Array) -> None:
    reach = int(radius * 5) + 1
    rows = np.arange(max(0, int(y) - reach), min(picture.shape[0], int(y) + reach))
    columns = np.arange(max(0, int(x) - reach), min(picture.shape[1], int(x) + reach))
    if len(rows) and len(columns):
        away = np.hypot(rows[:, None] - y, columns[None] - x) / radius
        picture[np.ix_(rows, columns)] += light * np.exp(-(away**1.5))[..., None]


def _quay(picture: Array, shore: int, rng: np.random.Generator) -> None:
    """A wall of stone, trees before the houses, and lamps."""
    width = picture.shape[1]
    unit_px = width / 1024
    columns = np.arange(width)
    crowns = (
        5
        + 7 * np.abs(noise(columns / (15 * unit_px), 0 * columns, 21))
        + 3 * noise(columns / (4 * unit_px), 0 * columns + 3, 22)
    ) * unit_px
    crowns *= smoothstep(-0.25, 0.1, noise(columns / (110 * unit_px), 0 * columns + 7, 23))
    wall = round(5 * unit_px)
    for row in range(round(shore - 18 * unit_px), shore):
        is_tree = (shore - wall - row) < crowns
        leaves = (
            colour("#0e1a16")
            * (0.6 + 0.5 * noise(columns / (3 * unit_px), row / (3 * unit_px) + 0 * columns, 24))[:, None]
        )
        picture[row] = np.where(is_tree[:, None], leaves, picture[row])
    picture[shore - wall : shore] = colour("#3a2f2c") * 0.35
    for x in np.arange(6 * unit_px, width, 21 * unit_px):
        jitter = rng.normal(0, 1.2 * unit_px)
        _glow(picture, x + jitter, shore - 9 * unit_px, 1.7 * unit_px, colour("#ffb85a") * 5)
        rows = slice(round(shore - 8 * unit_px), shore)
        picture[rows, round(x + jitter)] *= 0.4


def _bridge(picture: Array, shore: int) -> None:
    """A suspension bridge from the left edge toward the middle: deck, towers, cables with lamps, hangers."""
    height, width = picture.shape[:2]
    unit_px = width / 1024
    x = np.arange(width) / width
    level = shore - height * 0.052 + height * 0.018 * ((x - 0.12) / 0.3) ** 2
    end = 0.47
    towers = (0.10, 0.365)
    top = height * 0.20
    span = towers[1] - towers[0]
    sag = np.where(
        x < towers[0],
        (np.maximum(towers[0] - x, 0) / 0.16) ** 1.2,
        np.where(
            x < towers[1],
            1 - (2 * (x - towers[0]) / span - 1) ** 2,
            (np.maximum(x - towers[1], 0) / 0.105) ** 1.2,
        ),
    )
    cable = shore - top + np.clip(sag, 0, 1) * (top - height * 0.068)
    iron = colour("#15121c") * 0.9
    for column in np.flatnonzero(x < end):
        row = level[column]
        picture[round(row) : round(row + 6 * unit_px), column] = iron
        picture[round(row - 1.2 * unit_px) : round(row), column] = colour("#ffb25e") * 0.75
        thick = max(1, round(1.8 * unit_px))
        picture[round(cable[column]) : round(cable[column]) + thick, column] = colour("#4a4258") * 0.8
        if column % max(1, round(7 * unit_px)) == 0 and cable[column] < row:
            picture[round(cable[column]) : round(row), column] = mix(
                picture[round(cable[column]) : round(row), column],
                colour("#3a3348") * 0.7,
                np.full(max(0, round(row) - round(cable[column])), 0.6),
            )
    for column in np.arange(0, round(end * width), max(1, round(11 * unit_px))):
        _glow(picture, column, cable[column], 1.25 * unit_px, colour("#dfe9ff") * 3.2)
        _glow(picture, column, level[column] - 5 * unit_px, 1.1 * unit_px, colour("#ffc070") * 3)
    for tower in towers:
        for aside in (-6.5, 4.5):
            left = round(tower * width + aside * unit_px)
            face = np.linspace(1.4, 0.5, max(2, round(3.5 * unit_px)))[:, None] * (colour("#6b5a68") * 0.55)
            picture[round(shore - top) : shore, left : left + len(face)] = face
        for share in (0.02, 0.34, 0.62):
            row = round(shore - top + share * top)
            picture[
                row : row + round(4 * unit_px),
                round(tower * width - 6 * unit_px) : round(tower * width + 7 * unit_px),
            ] = colour("#5a4a5a") * 0.5
        _glow(picture, tower * width, shore - top - 3 * unit_px, 1.8 * unit_px, colour("#ff3030") * 6)


def _water(picture: Array, shore: int) -> Array:
    """Each point of the river mirrors the city as its ripple tips: lights become trembling columns."""
    height, width = picture.shape[:2]
    unit_px = width / 1024
    rows = np.arange(height - shore, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None]
    depth = rows / (height - shore)
    z = 1 / (depth + 0.045)
    x = (columns / width - 0.5) * z
    long_ = noise(x * 7 + 2, z * 9, 31) + 0.6 * noise(x * 15, z * 21, 32)
    fine = noise(x * 38, z * 55, 33) + 0.7 * noise(x * 80, z * 120, 34)
    total = np.zeros((height - shore, width, 3), np.float32)
    draws = np.linspace(-1.5, 1.5, 17)
    weights = np.exp(-(draws**2))
    for draw, weight in zip(draws, weights / weights.sum(), strict=True):
        lift = (draw * 0.40 + long_ * 0.42 + fine * 0.55) * (4 + 95 * depth) * unit_px
        source = shore - 1 - rows * 1.02 - lift
        aside = columns + (long_ * 2.5 + fine * 1.6) * (0.3 + 1.5 * depth) * unit_px
        at = [np.clip(source, 0, shore - 1), np.broadcast_to(aside, source.shape)]
        total += weight * np.stack(
            [map_coordinates(picture[..., k], at, order=1, mode="nearest") for k in range(3)], -1
        )
    fresnel = 0.82 - 0.34 * depth
    tone = mix(colour("#060a18"), colour("#101a38"), smoothstep(-0.5, 0.8, long_ + 0.5 * fine))
    water = total * fresnel[..., None] + tone * 0.35
    out = picture.copy()
    out[shore:] = water
    out[shore : shore + round(2 * unit_px)] *= 0.4
    return out
