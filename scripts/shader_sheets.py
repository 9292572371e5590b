"""Contact sheets of the shipped shaders: each drawn as the show draws it, at a loud beat, with its name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import moderngl
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from visualizer import paths, shaders
from visualizer.display import isf
from visualizer.display.canvas import Canvas
from visualizer.display.isf.sound import SoundTextures
from visualizer.display.offscreen import create_context, read
from visualizer.shaders import Found
from visualizer.shaders.header import Role
from visualizer.types import Float32, UInt8

ROOT = Path(__file__).resolve().parent.parent
SHADERS = paths.SHADERS
SCENE_PX = (512, 288)
"""What the scene has at 1280×720 under software GL."""
TILES_PX: dict[Role, tuple[int, int]] = {
    "filter": (304, 171),
    "generator": (304, 171),
    "transition": (224, 126),
}
GAP_PX = 4
NAME_PX = 24
COLUMNS: dict[Role, int] = {"filter": 4, "generator": 4, "transition": 6}
FPS, BPM = 30, 120
LOUD_S = 21.03
"""The moment that is shown: just after a beat."""
LEAD_IN_S = 2.0
"""So long a shader that remembers runs before."""
PROGRESS = (0.25, 0.5, 0.75)
FILTERED = ("lone-tree", "still-life", "gothic-nave", "alpine-lake", "lighthouse", "city-at-night")
"""Taken in turn, but for those that something else suits better."""
SUITED = {
    "bloom": "lone-tree",
    "kaleidoscope": "city-at-night",
    "tile": "alpine-lake",
    "trails": "lighthouse",
    "watercolour": "alpine-lake",
}
MOVED_PX = 10
"""How far the picture moves on a frame before a shader that remembers: it shows only what moves."""
CROSSED = ("alpine-lake", "still-life")
QUALITIES = (85, 80, 75, 70, 65, 60)
MAX_BYTES = 190_000


class Easel:
    """Draws shaders at moments of a made-up piece. Owner: the thread that made it."""

    def __init__(self, size: tuple[int, int] = SCENE_PX) -> None:
        self.size = size
        self.context = create_context()
        self.canvas = Canvas(self.context, size, "f1")
        self.noise = self.context.texture((128, 128), 4, dtype="f2")
        self.noise.write(np.random.default_rng(0).random((128, 128, 4)).astype(np.float16))
        self.sound = SoundTextures(self.context)
        self.sound.hear(pluck())

    def texture(self, picture: Image.Image) -> moderngl.Texture:
        """A picture as the passes get it."""
        pixels = np.asarray(picture.convert("RGBA"))[::-1]
        texture = self.context.texture(picture.size, 4, np.ascontiguousarray(pixels).tobytes())
        texture.repeat_x = texture.repeat_y = False
        return texture

    def effect(self, found: Found) -> isf.Effect:
        """A shader, compiled."""
        return isf.Effect(self.context, isf.load_file(found.file, found.name))

    def draw(
        self,
        effect: isf.Effect,
        pictures: Mapping[str, Image.Image],
        values: Mapping[str, isf.Uniform],
        loud: float = 1.0,
    ) -> UInt8:
        """What is to be seen at `LOUD_S`, (H, W, 4) RGBA uint8, top row first."""
        remembers = any(step.is_persistent for step in effect.shader.passes)
        n_frames = round(LEAD_IN_S * FPS) if remembers else 1
        images = {"noise": self.noise, **self.sound.of(effect.shader)}
        textures = {name: self.texture(picture) for name, picture in pictures.items()}
        effect.reset()
        for index in range(n_frames):
            n_left = n_frames - 1 - index
            for name, texture in textures.items():
                moved = np.roll(np.asarray(pictures[name].convert("RGBA")), n_left * MOVED_PX, 1)
                texture.write(np.ascontiguousarray(moved[::-1]).tobytes())
            told = {**heard(LOUD_S - n_left / FPS, loud), **values}
            effect.draw(self.canvas.framebuffer, {**images, **textures}, told)
        for texture in textures.values():
            texture.release()
        return read(self.canvas.framebuffer)


def heard(time_s: float, loud: float = 1.0) -> dict[str, isf.Uniform]:
    """What shaders hear of a piece with a steady beat; `loud` 0 is silence."""
    beat_phase = time_s * BPM / 60.0 % 1.0
    pulse = math.exp(-5.0 * beat_phase) * loud
    return {
        "TIME": time_s,
        "TIMEDELTA": 1.0 / FPS,
        "FRAMEINDEX": round(time_s * FPS),
        "u_bass": 0.25 * loud + 0.6 * pulse,
        "u_mid": 0.5 * loud,
        "u_treble": 0.4 * loud,
        "u_level": 0.75 * loud,
        "u_onset": pulse,
        "u_beat": pulse,
        "u_beat_phase": beat_phase if loud else 0.0,
        "u_bar_phase": time_s * BPM / 240.0 % 1.0 if loud else 0.0,
        "u_tempo": BPM * float(loud > 0.0),
        "u_flow": (0.6 + loud) * time_s,
    }


def pluck() -> Float32:
    """(n, 2) float32: plucked strings, somewhat different left and right."""
    t = np.arange(8192) / 48000.0
    tones = sum(np.sin(2 * np.pi * 110.0 * n * t + n) / n**1.3 for n in range(1, 9))
    return np.stack([0.4 * tones, 0.4 * np.roll(tones, 190)], 1).astype(np.float32)


def load(name: str, size: tuple[int, int]) -> Image.Image:
    """One of the contents that come with the show, cropped to that size."""
    with Image.open(ROOT / "assets" / "pictures" / f"{name}.jpg") as picture:
        return ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.LANCZOS)


def tiles(easel: Easel, role: Role, names: Iterable[str] = ()) -> list[tuple[str, UInt8]]:
    """Names and frames of one role, or of some of it."""
    found = shaders.scan([SHADERS])
    chosen = [name for name in found.of(role) if not names or name in set(names)]
    made: list[tuple[str, UInt8]] = []
    start, end = (load(name, easel.size) for name in CROSSED)
    for index, name in enumerate(chosen):
        effect = easel.effect(found.shaders[name])
        if role == "transition":
            for progress in PROGRESS:
                frame = easel.draw(effect, {"startImage": start, "endImage": end}, {"progress": progress})
                made.append((f"{name} {progress:.0%}", frame))
        else:
            content = SUITED.get(name, FILTERED[index % len(FILTERED)])
            pictures = {"inputImage": load(content, easel.size)} if role == "filter" else {}
            made.append((name, easel.draw(effect, pictures, {})))
        effect.release()
    return made


def sheet(shown: list[tuple[str, UInt8]], tile_px: tuple[int, int], n_columns: int) -> Image.Image:
    """Frames in rows, each above its name."""
    width, height = tile_px[0] + GAP_PX, tile_px[1] + NAME_PX
    n_rows = math.ceil(len(shown) / n_columns)
    page = Image.new("RGB", (n_columns * width - GAP_PX, n_rows * height), "#17130f")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(14)
    for index, (name, frame) in enumerate(shown):
        x, y = index % n_columns * width, index // n_columns * height
        tile = Image.fromarray(frame[..., :3]).resize(tile_px, Image.Resampling.LANCZOS)
        page.paste(tile, (x, y))
        draw.text((x + 6, y + tile_px[1] + 2), name.replace("_", " "), "#d9cdb8", font)
    return page


def make_sheets(folder: Path) -> None:
    """docs/pictures/shaders-filters.jpg, shaders-generators.jpg, shaders-transitions.jpg."""
    easel = Easel()
    for role, n_columns in COLUMNS.items():
        page = sheet(tiles(easel, role), TILES_PX[role], n_columns)
        file = folder / f"shaders-{role}s.jpg"
        for quality in QUALITIES:
            page.save(file, quality=quality, optimize=True)
            if file.stat().st_size <= MAX_BYTES:
                break
