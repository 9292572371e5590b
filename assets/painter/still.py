"""A still life by ray casting: fruit, a bowl and a jug on a cloth, in the light of a window to the left."""

from __future__ import annotations

import numpy as np

from painter.light import Array, bloom, colour, develop, fbm, mix, noise, smoothstep, unit
from painter.solid import Distance, Solid, cast, normals, occlusion, rays, shadow, turned, union

SEED = 23
EYE = np.array([0.05, 0.62, -2.35], np.float32)
TARGET = np.array([0.02, 0.27, 0.0], np.float32)
LAMP = np.array([-2.1, 2.1, -1.2], np.float32)
CLOTH, APPLE, PEAR, ORANGE, GRAPE, BOWL, JUG, STALK, LEMON = range(9)


def paint(size: tuple[int, int], scale: float = 1.6) -> Array:
    """The picture in sRGB [0, 1], (H, W, 3)."""
    width, height = round(size[0] * scale), round(size[1] * scale)
    solids = _solids()
    direction = rays(width, height, EYE, TARGET, 1.36)
    t, which = cast(EYE, direction, solids)
    light = _wall(direction, width, height)
    for index, solid in enumerate(solids):
        pixels = np.flatnonzero(which == index)
        if len(pixels):
            points = EYE + t[pixels, None] * direction[pixels]
            light[pixels] = _lit(points, direction[pixels], solid, solids, index)
    picture = light.reshape(height, width, 3)
    return develop(bloom(picture, 0.05, 4 * scale, 0.9), size, SEED, 1.15, vignette=0.4)


def _ball(x: float, y: float, z: float, radius: float, material: int, squash: float = 1.0) -> Solid:
    """A fruit of this radius; apples get a hollow at the stalk, oranges pores."""
    centre = np.array([x, y, z], np.float32)

    def distance(points: Array) -> Array:
        local = points - centre
        r = np.hypot(local[:, 0], local[:, 2])
        h = local[:, 1] / squash
        gap = np.sqrt(r * r + h * h) - radius
        if material == APPLE:
            gap = gap + 0.30 * radius * np.exp(-((r / (0.30 * radius)) ** 2)) * (h > 0)
            gap = gap + 0.10 * radius * smoothstep(0.0, -radius, h) * (r / radius)
        return gap * 0.8

    return Solid(distance, (x, y, z), radius * 1.15 * max(1.0, squash), material)


def _pear(x: float, z: float, lean: float, size: float, lying: float = 0.0) -> Solid:
    def distance(points: Array) -> Array:
        local = (points - np.array([x, 0, z], np.float32)) / size
        a, b = np.cos(lying), np.sin(lying)
        px, py = a * local[:, 0] - b * (local[:, 1] - 0.11), b * local[:, 0] + a * (local[:, 1] - 0.11) + 0.11
        px = px - lean * np.maximum(py - 0.1, 0)
        belly = np.sqrt(px**2 + (py - 0.115) ** 2 + local[:, 2] ** 2) - 0.118
        neck = np.sqrt(px**2 + (py - 0.27) ** 2 + local[:, 2] ** 2) - 0.052
        k = 0.14
        h = np.clip(0.5 + 0.5 * (neck - belly) / k, 0, 1)
        return (neck + (belly - neck) * h - k * h * (1 - h)) * 0.75 * size

    return Solid(distance, (x, 0.16 * size, z), 0.30 * size, PEAR)


def _stalk(x: float, y: float, z: float, dx: float, length: float = 0.07) -> Solid:
    foot = np.array([x, y, z], np.float32)
    axis = np.array([dx, 1.0, 0.1], np.float32) * length

    def distance(points: Array) -> Array:
        local = points - foot
        t = np.clip(local @ axis / (axis @ axis), 0, 1)
        bent = local - t[:, None] * axis
        bent[:, 0] -= 0.02 * t * t
        return np.linalg.norm(bent, axis=1) - (0.005 + 0.003 * t)

    return Solid(distance, (x, y + length / 2, z), length, STALK)


def _cloth() -> Solid:
    """The table is under it: folds run toward the eye and gather on the left, and it hangs over the edge."""

    def height(x: Array, z: Array) -> Array:
        pull = smoothstep(-0.15, -0.95, x + 0.25 * z)
        folds = np.sin(9 * x + 5 * z + 1.6 * fbm(x * 1.3, z * 1.3, 3, 5)) * 0.5 + noise(
            x * 3 + 1.5 * z, z * 1.2, 8
        )
        near = smoothstep(-0.45, -0.95, z)
        hang = -0.55 * smoothstep(-0.72, -1.05, z) - 0.1 * near
        ripple = 0.035 * np.sin(13 * x + 2.5 * fbm(x * 2, z, 3, 6)) * near
        return 0.085 * folds * pull + 0.006 * fbm(x * 6, z * 6, 4, 7) + hang + ripple - 0.006

    def distance(points: Array) -> Array:
        return (points[:, 1] - height(points[:, 0], points[:, 2])) * 0.55

    return Solid(distance, (0.0, 0.0, 0.4), 3.2, CLOTH)


def _solids() -> list[Solid]:
    bowl = turned(
        [
            (0.0, 0.12),
            (0.012, 0.13),
            (0.03, 0.085),
            (0.06, 0.12),
            (0.11, 0.25),
            (0.19, 0.355),
            (0.235, 0.385),
        ],
        (0.16, 0.0, 0.10),
        thick=0.009,
    )
    jug = turned(
        [
            (0.0, 0.12),
            (0.02, 0.135),
            (0.1, 0.185),
            (0.22, 0.215),
            (0.36, 0.17),
            (0.5, 0.085),
            (0.6, 0.075),
            (0.68, 0.1),
        ],
        (-0.56, 0.0, 0.38),
    )
    handle = _handle(-0.56, 0.38)
    solids = [
        _cloth(),
        Solid(bowl, (0.16, 0.12, 0.10), 0.46, BOWL),
        Solid(jug, (-0.56, 0.34, 0.38), 0.45, JUG),
        Solid(handle, (-0.80, 0.42, 0.38), 0.24, JUG),
        _ball(0.02, 0.225, 0.04, 0.125, APPLE, 0.92),
        _stalk(0.02, 0.31, 0.04, 0.3),
        _ball(0.27, 0.23, -0.02, 0.118, ORANGE),
        _ball(0.20, 0.26, 0.24, 0.125, APPLE, 0.93),
        _stalk(0.20, 0.345, 0.24, -0.4),
        _ball(0.38, 0.25, 0.17, 0.105, ORANGE),
        _ball(0.16, 0.37, 0.10, 0.105, APPLE, 0.93),
        _stalk(0.16, 0.44, 0.10, 0.5),
        _pear(-0.30, -0.06, 0.18, 1.05),
        _stalk(-0.245, 0.335, -0.06, 0.5),
        _pear(-0.60, -0.22, 0.0, 0.95, lying=1.25),
        _ball(-0.06, 0.085, -0.42, 0.09, LEMON, 0.92),
        _ball(0.67, 0.105, -0.14, 0.112, APPLE, 0.93),
        _stalk(0.67, 0.18, -0.14, -0.5),
    ]
    return solids + _grapes()


def _handle(x: float, z: float) -> Distance:
    def distance(points: Array) -> Array:
        px, py, pz = points[:, 0] - x + 0.19, points[:, 1] - 0.42, points[:, 2] - z
        ring = np.hypot(np.hypot(px * 1.25, py) - 0.155, pz) - 0.019
        return np.maximum(ring, px - 0.125) * 0.75

    return distance


def _grapes() -> list[Solid]:
    """A bunch that spills from the front of the bowl onto the cloth."""
    rng = np.random.default_rng(SEED)
    grapes: list[Solid] = []
    placed: list[np.ndarray] = []
    for _ in range(4000):
        along = rng.uniform(0, 1)
        x = 0.34 + 0.16 * along + rng.normal(0, 0.055 * (1 - 0.4 * along))
        z = -0.42 - 0.12 * along + rng.normal(0, 0.05 * (1 - 0.4 * along))
        radius = rng.uniform(0.031, 0.038)
        y = radius + max(0.0, rng.uniform(0, 0.09) * (1 - 1.3 * along))
        spot = np.array([x, y, z])
        if all(np.linalg.norm(spot - other) > 0.057 for other in placed):
            placed.append(spot)
            grapes.append(_ball(x, y, z, radius, GRAPE, 1.08))
        if len(grapes) == 34:
            break
    return grapes


def _wall(direction: Array, width: int, height: int) -> Array:
    """A plastered wall far behind, with the light of the window on it."""
    at = EYE + direction * ((2.2 - EYE[2]) / np.maximum(direction[:, 2], 0.2))[:, None]
    stain = fbm(at[:, 0] * 1.6, at[:, 1] * 1.6, 6, 31) + 0.4 * fbm(at[:, 0] * 9, at[:, 1] * 9, 3, 32)
    base = mix(colour("#3b3026"), colour("#6a563d"), smoothstep(-0.6, 0.7, stain))
    slant = at[:, 0] * 0.8 + at[:, 1] * 0.7
    lit = 0.20 + 1.15 * smoothstep(-0.2, 1.9, slant) * smoothstep(3.3, 1.3, slant)
    return (base * lit[:, None]).astype(np.float32)


def _surface(points: Array, normal: Array, material: int, index: int) -> tuple[Array, Array, float, float]:
    """Colour, bumped normal, gloss (exponent) and its strength."""
    x, y, z = points.T
    bump = np.zeros_like(points)
    if material == APPLE:
        turn = np.arctan2(normal[:, 2], normal[:, 0]) * 3
        streak = fbm(turn * 2.2 + index, normal[:, 1] * 0.9, 4, 51 + index) + 0.25 * noise(turn * 9, y * 5, 7)
        blush = smoothstep(-0.35, 0.45, streak + 0.75 * normal[:, 0] * np.sin(index * 2.0) + 0.35)
        skin = mix(colour("#c9a63c"), colour("#9c1b16"), blush)
        skin = mix(skin, colour("#d9c98a"), 0.5 * smoothstep(0.55, 0.75, noise(turn * 14, y * 90, 9)))
        return skin, normal, 60.0, 0.32
    if material == ORANGE:
        bump[:, 0], bump[:, 1] = noise(x * 110 + z * 60, y * 110, 3), noise(x * 110, y * 110 + z * 70, 4)
        return np.broadcast_to(colour("#dd7a14"), points.shape), unit(normal + 0.10 * bump), 26.0, 0.22
    if material == LEMON:
        bump[:, 0], bump[:, 1] = noise(x * 100 + z * 60, y * 100, 5), noise(x * 100, y * 100 + z * 70, 6)
        return np.broadcast_to(colour("#e3bf2a"), points.shape), unit(normal + 0.08 * bump), 30.0, 0.25
    if material == PEAR:
        freckle = smoothstep(0.35, 0.7, noise(x * 75 + z * 40, y * 75, 13))
        skin = mix(
            colour("#a9a23a"),
            colour("#b8762c"),
            smoothstep(-0.2, 0.6, fbm(x * 7 + z * 6, y * 5, 3, 14) + x + 0.3),
        )
        return mix(skin, colour("#6d5220"), 0.5 * freckle), normal, 34.0, 0.2
    if material == GRAPE:
        dust = smoothstep(-0.3, 0.6, fbm(x * 20 + z * 15, y * 20, 3, 61))
        return mix(colour("#2a1038"), colour("#54406e"), 0.55 * dust), normal, 80.0, 0.35
    if material == BOWL:
        ring = smoothstep(0.012, 0.004, np.abs(y - 0.222)) + smoothstep(0.008, 0.003, np.abs(y - 0.195))
        vine = smoothstep(0.1, 0.3, noise(np.arctan2(z - 0.1, x - 0.16) * 7, y * 36, 66)) * smoothstep(
            0.06, 0.1, y
        )
        glaze = mix(colour("#dfe3e2"), colour("#1f3f7d"), np.clip(ring + 0.85 * vine * (y < 0.185), 0, 1))
        return glaze, normal, 140.0, 0.5
    if material == JUG:
        wear = fbm(x * 8 + z * 5, y * 8, 4, 71)
        clay = mix(colour("#4d2f20"), colour("#7c4a2b"), smoothstep(-0.5, 0.6, wear))
        drip = smoothstep(0.0, 0.04, y - 0.34 - 0.04 * noise(np.arctan2(z - 0.38, x + 0.56) * 4, 0 * y, 72))
        return mix(clay, colour("#2f4a3f"), drip), normal, 70.0, 0.4
    if material == STALK:
        return np.broadcast_to(colour("#3d2a18"), points.shape), normal, 10.0, 0.05
    weave = 0.5 * (np.sin(x * 420) + np.sin(z * 420)) + noise(x * 30, z * 30, 81)
    bump[:, 0], bump[:, 2] = 0.02 * np.sin(x * 420), 0.02 * np.sin(z * 420)
    linen = mix(colour("#cfc4ae"), colour("#e6dfd0"), smoothstep(-1.4, 1.4, weave))
    stripe = smoothstep(0.006, 0.002, np.abs(np.abs(z + 0.60) - 0.035)) + smoothstep(
        0.012, 0.008, np.abs(z + 0.60)
    )
    return mix(linen, colour("#8a2f2a"), 0.8 * np.clip(stripe, 0, 1)), unit(normal + bump), 6.0, 0.02


def _lit(points: Array, direction: Array, solid: Solid, solids: list[Solid], index: int) -> Array:
    normal = normals(points, solid.distance)
    albedo, bumped, gloss, shine = _surface(points, normal, solid.material, index)
    others = union([other for other in solids if other is not solid and other.material != CLOTH])
    open_ = occlusion(points, normal, others, 0.22) * (
        1 if solid.material == CLOTH else smoothstep(-0.06, 0.12, points[:, 1]) * 0.5 + 0.5
    )
    seen = shadow(points, normal, LAMP, 0.32, [s for s in solids if s.material != CLOTH], 10, SEED + index)
    to_lamp = unit(LAMP - points)
    facing = np.clip((bumped * to_lamp).sum(-1), 0, 1)
    half = unit(to_lamp - direction)
    spark = np.clip((bumped * half).sum(-1), 0, 1) ** gloss * shine * seen * (facing > 0)
    rim = (1 - np.clip(-(bumped * direction).sum(-1), 0, 1)) ** 4
    sky = 0.5 + 0.5 * (bumped @ unit(np.array([-0.7, 0.6, -0.4], np.float32)))
    warm = colour("#ffe2b8") * 1.75
    light = warm * (facing * seen)[:, None] + colour("#8fa3bd") * (0.46 * sky * open_)[:, None]
    bounce = colour("#e8d9bd") * (0.22 * np.clip(-bumped[:, 1] + 0.35, 0, 1) * open_)[:, None]
    if solid.material == GRAPE:
        bounce = bounce + colour("#7a2a6a") * (0.25 * rim)[:, None]
    gleam = warm * spark[:, None] + colour("#aebfd4") * (rim * shine * 0.5 * open_)[:, None]
    return (albedo * (light + bounce) + gleam).astype(np.float32)
