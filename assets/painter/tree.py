"""A lone oak on a hill in the evening: branches grow by rule, leaves gather at their ends, the sun is low."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from painter.land import Camera, View, look
from painter.light import Array, bloom, colour, develop, fbm, mix, noise, smoothstep, unit

SEED = 53
SUN_U, SUN_SLOPE = -0.235, 0.052
"""Where the sun stands: x / z and y / z."""
TREE_X, TREE_Z = 3.6, 30.0
"""Metres."""
N_LEAVES = 24_000


Projection = Callable[[Sequence[float]], tuple[float, float, float]]
"""Metres from the foot of the tree to column, row and depth."""


@dataclass(frozen=True)
class Branch:
    """A straight piece of wood, in metres from the foot of the tree."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    thick: tuple[float, float]


def paint(size: tuple[int, int], scale: float = 1.5) -> Array:
    """The picture in sRGB [0, 1], (H, W, 3). Lengths are metres."""
    camera = Camera(round(size[0] * scale), round(size[1] * scale), 1.1, 1.7, 0.62)
    u, slope = np.meshgrid(camera.columns(), camera.rows())
    sky = _sky(u, slope)
    view = look(camera, _height, 1.6, 2600, 1500, 0.10, soft=0.8)
    light = _land(view, sky, u)
    light = _tree(camera, light)
    light = _grass(camera, light)
    rays = _rays(camera, u, slope)
    light = light + colour("#ffb765") * (0.34 * rays)[..., None]
    return develop(bloom(light, 0.07, 6 * scale, 1.0), size, SEED, 1.1, vignette=0.3)


def _height(x: Array, z: Array) -> Array:
    """The hill with the tree, the slope at the eye, and ridges behind."""
    hill = 2.6 * np.exp(-(((x - TREE_X - 1) / 15) ** 2) - ((z - TREE_Z - 2) / 13) ** 2)
    near = 0.5 * smoothstep(14, 2, z) + 0.25 * fbm(x * 0.13, z * 0.13, 3, 3)
    dip = -7 * smoothstep(36, 70, z) - 30 * smoothstep(60, 300, z)
    far = smoothstep(110, 600, z) * (24 + 52 * fbm(x * 0.006 + 4, z * 0.0034, 7, 5, 0.46))
    range_ = smoothstep(900, 2200, z) * (85 + 190 * fbm(x * 0.0016, z * 0.0016 + 3, 8, 6, 0.5, ridged=True))
    woods = (
        smoothstep(120, 260, z)
        * np.abs(noise(x * 0.12, z * 0.06, 8))
        * 9
        * smoothstep(-0.1, 0.2, noise(x * 0.012, z * 0.009, 10))
    )
    return (hill + near + dip + far + range_ * 0.55 + woods + 0.05 * fbm(x * 2, z * 2, 3, 9)).astype(
        np.float32
    )


def _sky(u: Array, slope: Array) -> Array:
    height = np.clip(slope / 0.5, 0, 1)
    sky = mix(colour("#ffcf86") * 1.05, colour("#e59a6c") * 0.85, smoothstep(0.0, 0.18, height))
    sky = mix(sky, colour("#7d7fa8") * 0.75, smoothstep(0.12, 0.55, height))
    sky = mix(sky, colour("#2f4780") * 0.62, smoothstep(0.45, 1.1, height))
    near = np.hypot(u - SUN_U, slope - SUN_SLOPE)
    sky = sky + colour("#ffb35a") * (1.3 * np.exp(-near / 0.11) + 0.35 * np.exp(-near / 0.3))[..., None]
    far = 1 / (np.maximum(slope, 0) + 0.10)
    x, y = u * far * 1.1, far * 0.75
    bend = fbm(x * 0.6, y * 0.6 + 4, 3, 11)
    heap = fbm(x * 0.8 + 0.3 * bend, y + 0.3 * bend, 8, 23, 0.52)
    toward = fbm(
        x * 0.8 + 0.3 * bend - 0.12 * np.tanh((u - SUN_U) / 0.12), y + 0.3 * bend + 0.16, 8, 23, 0.52
    )
    edge = np.clip((heap - toward) * 2.4 + 0.35, 0, 1.5)
    cover = smoothstep(0.02, 0.36, heap + 0.10 * smoothstep(0.1, 0.35, slope)) * smoothstep(
        0.015, 0.09, slope
    )
    under = mix(colour("#6a5a78") * 0.8, colour("#4a4a6c") * 0.75, height)
    glow = np.exp(-near / 0.42)
    lit = mix(colour("#ff9c5c") * 1.2, colour("#ffc98c") * 1.5, glow)
    cloud = under + lit * (edge * (0.22 + 0.75 * glow))[..., None]
    streak = smoothstep(0.15, 0.5, fbm(u * 3, slope * 40 + u * 3, 6, 31)) * np.exp(
        -((slope - 0.09) ** 2) / 0.003
    )
    sky = mix(sky, cloud, np.clip(cover, 0, 0.95))
    sky = mix(sky, colour("#ff8f52") * 1.0, 0.6 * streak)
    disc = smoothstep(0.0165, 0.0145, near)
    return (sky + colour("#fff0c8") * (5.0 * disc)[..., None]).astype(np.float32)


def _land(view: View, sky: Array, u: Array) -> Array:
    x, z = view.x, view.distance
    sun = unit(np.array([SUN_U, SUN_SLOPE + 0.06, 1.0], np.float32))
    tufts = fbm(x * 3.5, z * 2.0, 5, 41)
    patch = fbm(x * 0.25, z * 0.25, 4, 43)
    grass = mix(colour("#2d3a16"), colour("#6f7430"), smoothstep(-0.5, 0.6, tufts + 0.5 * patch))
    grass = mix(grass, colour("#8a6f34"), 0.5 * smoothstep(0.0, 0.6, patch))
    wood = mix(colour("#20301c"), colour("#46522a"), smoothstep(-0.4, 0.4, noise(x * 0.1, z * 0.06, 8)))
    ground = mix(grass, wood, smoothstep(90, 200, z))
    facing = np.clip(view.normal @ sun + 0.12, 0, 1)
    rim = np.clip(1 - np.abs(view.normal[..., 2] + view.normal[..., 1] * 0.2), 0, 1)
    glow = np.exp(-np.abs(u - SUN_U) / 0.5)
    shade = _tree_shadow(x, z)
    direct = (1.9 * facing + 0.35 * rim * smoothstep(0.1, 0.5, tufts)) * (0.35 + 0.9 * glow) * shade
    light = (
        colour("#ffab5c") * direct[..., None]
        + colour("#7d86b4") * (0.48 + 0.4 * view.normal[..., 1])[..., None]
    )
    seen = ground * light
    haze = mix(colour("#b48a8c") * 0.75, colour("#ffbe7a") * 1.05, glow)
    low = np.exp(-np.maximum(view.y + 38, 0) / 55)
    amount = 1 - np.exp(-np.maximum(z - 60, 0) / 1500 * (0.45 + 2.4 * low))
    return np.where(view.hit[..., None], mix(seen, haze, amount), sky).astype(np.float32)


def _tree_shadow(x: Array, z: Array) -> Array:
    """The long shadow comes toward the eye, away from the sun."""
    back = TREE_Z - z
    middle = TREE_X - SUN_U * back * 1.0
    width = 0.45 + 0.19 * np.clip(back - 3, 0, 30)
    inside = np.exp(-(((x - middle) / width) ** 4)) * smoothstep(-0.5, 1.5, back) * smoothstep(28, 18, back)
    return 1 - 0.82 * inside * (0.75 + 0.4 * noise(x * 1.4, z * 0.7, 47))


def _grow(rng: np.random.Generator) -> list[Branch]:
    """Each branch goes on, bent toward the light, and sends out one or two thinner ones (area is kept)."""
    branches: list[Branch] = []

    def grow(start: np.ndarray, heading: np.ndarray, thick: float, length: float, level: int) -> None:
        n_pieces = 4 if level < 3 else 3
        for piece in range(n_pieces):
            heading = unit(heading + rng.normal(0, 0.11 + 0.035 * level, 3) + np.array([0, 0.045, 0]))
            end = start + heading * length / n_pieces
            thin = thick * (0.93 if level else 0.9)
            branches.append(Branch(tuple(start), tuple(end), (thick, thin)))
            start, thick = end, thin
            if level and piece == 1 and rng.random() < 0.75 and level < 7:
                aside = unit(heading + 0.9 * unit(rng.normal(0, 1, 3)))
                grow(start, aside, thick * 0.55, length * 0.62, level + 1)
        if level >= 7 or thick < 0.008:
            return
        n_forks = 4 if level == 0 else int(rng.choice([2, 2, 3]))
        turn = rng.uniform(0, 2 * np.pi)
        for fork in range(n_forks):
            angle = turn + 2 * np.pi * fork / n_forks + rng.normal(0, 0.25)
            spread = rng.uniform(0.55, 0.95) if level else rng.uniform(0.6, 1.15)
            away = np.array([np.cos(angle), 0.05, np.sin(angle)])
            grow(
                start,
                unit(heading + spread * away),
                thick * rng.uniform(0.62, 0.74),
                length * rng.uniform(0.68, 0.84),
                level + 1,
            )

    grow(np.zeros(3), np.array([0.05, 1.0, 0.0]), 0.52, 2.3, 0)
    return branches


def _tree(camera: Camera, light: Array) -> Array:
    rng = np.random.default_rng(SEED)
    branches = _grow(rng)
    foot_y = float(_height(np.array([[TREE_X]], np.float32), np.array([[TREE_Z]], np.float32))[0, 0]) - 0.1
    metre = camera.width * camera.focal / TREE_Z

    def at(point: Sequence[float]) -> tuple[float, float, float]:
        z = TREE_Z + point[2]
        column = ((TREE_X + point[0]) / z * camera.focal + 0.5) * camera.width
        return (
            column,
            camera.horizon * camera.height
            - (foot_y + point[1] - camera.above) / z * camera.width * camera.focal,
            z,
        )

    wood = Image.new("L", (camera.width, camera.height), 0)
    rim = Image.new("L", (camera.width, camera.height), 0)
    draw, draw_rim = ImageDraw.Draw(wood), ImageDraw.Draw(rim)
    for branch in branches:
        (x0, y0, _), (x1, y1, _) = at(branch.start), at(branch.end)
        a, b = max(0.6, branch.thick[0] * metre / 2), max(0.6, branch.thick[1] * metre / 2)
        if not branch.start[1] > 0:
            a *= 1.5  # the roots
        across = unit(np.array([y1 - y0, x0 - x1], np.float32))
        corners = [(x0 + across[0] * a, y0 + across[1] * a), (x1 + across[0] * b, y1 + across[1] * b)]
        corners += [(x1 - across[0] * b, y1 - across[1] * b), (x0 - across[0] * a, y0 - across[1] * a)]
        draw.polygon(corners, fill=255)
        draw.ellipse((x1 - b, y1 - b, x1 + b, y1 + b), fill=255)
        edge = [(x - 0.28 * a, y) for x, y in corners]
        draw_rim.polygon(edge, fill=255)
    bark = np.asarray(wood, np.float32) / 255
    lit_edge = np.clip(
        bark - np.roll(np.asarray(rim, np.float32) / 255, max(1, camera.width // 700), axis=1), 0, 1
    )
    rows, columns = np.mgrid[: camera.height, : camera.width].astype(np.float32)
    grain = fbm(columns / metre * 9, rows / metre * 2.2, 4, 61)
    skin = mix(colour("#1c130e"), colour("#4b3626"), smoothstep(-0.5, 0.6, grain))
    left = gaussian_filter(bark, metre * 0.10) - gaussian_filter(
        np.roll(bark, int(metre * 0.16), axis=1), metre * 0.10
    )
    lit = skin * (0.55 + colour("#ffa860") * (4.5 * np.clip(left, 0, 1) + 0.6 * lit_edge)[..., None])
    behind, before = _leaves(camera, branches, at, metre, rng)
    light = _over(light, behind)
    light = mix(light, lit, bark)
    return _over(light, before)


def _over(light: Array, layer: tuple[Array, Array]) -> Array:
    return mix(light, layer[0], layer[1])


def _leaves(
    camera: Camera, branches: list[Branch], at: Projection, metre: float, rng: np.random.Generator
) -> list[tuple[Array, Array]]:
    """Leaves at the thin ends, in two layers, lit through from the sun; each a small ellipse."""
    ends = np.array([b.end for b in branches if b.thick[1] < 0.06])
    picks = ends[rng.integers(0, len(ends), N_LEAVES)]
    spots = picks + rng.normal(0, 0.19, picks.shape) * np.array([1, 0.75, 1])
    centre = ends.mean(0)
    spread = np.abs(ends - centre).max(0)
    toward = (spots - centre) / spread
    open_ = np.clip(-0.55 * toward[:, 0] + 0.35 * toward[:, 1] + 0.5 * toward[:, 2] + 0.35, 0, 1.3)
    edge = np.clip(np.linalg.norm(toward, axis=1), 0, 1.2)
    layers = []
    for front in (False, True):
        chosen = np.flatnonzero((toward[:, 2] < 0.0) == front)
        chosen = chosen[np.argsort(-spots[chosen, 2])]
        image = Image.new("RGB", (camera.width, camera.height))
        mask = Image.new("L", (camera.width, camera.height))
        draw, cover = ImageDraw.Draw(image), ImageDraw.Draw(mask)
        for k in chosen:
            column, row, _ = at(spots[k])
            long_, slim = metre * rng.uniform(0.055, 0.10), metre * rng.uniform(0.028, 0.05)
            angle = rng.uniform(0, np.pi)
            c, s = np.cos(angle), np.sin(angle)
            leaf = [
                (column + c * long_, row + s * long_),
                (column - s * slim, row + c * slim),
                (column - c * long_, row - s * long_),
                (column + s * slim, row - c * slim),
            ]
            through = float(open_[k] * (0.35 + 0.65 * edge[k]) * rng.uniform(0.45, 1.25))
            tint = np.array([26, 34, 12]) + through * np.array([150, 118, 30]) + rng.normal(0, 7, 3)
            draw.polygon(leaf, fill=tuple(int(v) for v in np.clip(tint * (0.85 if front else 1.0), 0, 255)))
            cover.polygon(leaf, fill=255)
        srgb = np.asarray(image, np.float32) / 255
        layers.append(((srgb**2.2 * 1.25).astype(np.float32), np.asarray(mask, np.float32) / 255))
    return layers


def _grass(camera: Camera, light: Array) -> Array:
    """Blades and seed heads before the eye, edged by the sun."""
    rng = np.random.default_rng(SEED + 3)
    unit_px = camera.width / 1024
    image = Image.fromarray((np.clip(light, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))
    mask = Image.new("L", image.size)
    blades = Image.new("RGB", image.size)
    draw, cover = ImageDraw.Draw(blades), ImageDraw.Draw(mask)
    depths = np.sort(rng.uniform(0.0, 1.0, 9000) ** 1.15)
    for depth in depths:
        base = camera.height * (0.735 + 0.30 * depth + rng.normal(0, 0.012))
        column = rng.uniform(-0.02, 1.02) * camera.width
        tall = (2.5 + 66 * depth**2.0) * rng.uniform(0.55, 1.25) * unit_px
        bend = rng.normal(0.18, 0.30) * tall
        near_sun = np.exp(-abs(column / camera.width - (0.5 + SUN_U * camera.focal)) / 0.30)
        tint = np.array([30, 38, 14]) + rng.random() ** 2 * (0.30 + 0.75 * near_sun) * np.array(
            [200, 140, 50]
        )
        fill = tuple(int(v) for v in np.clip(tint + rng.normal(0, 5, 3), 0, 255))
        path = [(column + bend * t * t, base - tall * t) for t in np.linspace(0, 1, 6)]
        width = max(1, round((0.7 + 1.8 * depth) * unit_px))
        draw.line(path, fill=fill, width=width)
        cover.line(path, fill=255, width=width)
        if rng.random() < 0.07 * depth:
            x, y = path[-1]
            r = (0.5 + 0.9 * depth) * unit_px
            draw.ellipse(
                (x - r, y - 3 * r, x + r, y + r),
                fill=(min(255, fill[0] + 70), min(255, fill[1] + 45), fill[2] + 10),
            )
            cover.ellipse((x - r, y - 3 * r, x + r, y + r), fill=255)
    srgb = np.asarray(blades, np.float32) / 255
    return mix(light, srgb**2.2, np.asarray(mask, np.float32) / 255)


def _rays(camera: Camera, u: Array, slope: Array) -> Array:
    angle = np.arctan2(slope - SUN_SLOPE, u - SUN_U)
    away = np.hypot(u - SUN_U, slope - SUN_SLOPE)
    fan = 0.5 + 0.5 * noise(angle * 5, 0 * angle + 2.5, 71) + 0.3 * noise(angle * 13, 0 * angle + 7.5, 72)
    return (np.clip(fan, 0, 1.4) * np.exp(-away / 0.16) * smoothstep(-0.12, 0.02, slope)).astype(np.float32)
