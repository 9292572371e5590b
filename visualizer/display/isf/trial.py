"""Draws a shader a few times and judges what comes; runs in a throwaway process."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import moderngl
import numpy as np

from visualizer import clock
from visualizer.display.canvas import Canvas
from visualizer.display.isf.effect import Effect
from visualizer.display.isf.shader import Shader, load_file
from visualizer.display.isf.sound import sound_images
from visualizer.shaders.header import Uniform
from visualizer.types import Float32, UInt8, UserError

TIMES_S = (0.0, 1 / 30, 2 / 30, 0.5, *(n / 30 for n in range(16, 40)), 2.7, 3.1, 5.9, 13.7, 21.0, 60.5)
"""When it is drawn: at most so often, for some remember many frames before they show one."""
ENOUGH = 4
"""So many frames do where something was seen."""
MAX_ODD_SHARE = 0.9
"""Of pixels that are no numbers: a window shows them black, and some are common in shaders."""
BLACK = 2 / 255
_RATE_HZ = 48000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a trial."""

    ok: bool
    reason: str = ""
    notes: tuple[str, ...] = ()


def try_file(
    context: moderngl.Context, file: Path, size: tuple[int, int], most_frame_s: float = math.inf
) -> Verdict:
    """Loads, compiles and draws the shader of a file with its default inputs, a picture and a sound.

    For a show, a frame of that size may take no longer than `most_frame_s`.
    """
    try:
        effect = Effect(context, load_file(file))
    except UserError as error:
        return Verdict(False, str(error))
    try:
        return _judge(context, effect, size, most_frame_s)
    except UserError as error:
        return Verdict(False, str(error))
    finally:
        effect.release()


def _judge(context: moderngl.Context, effect: Effect, size: tuple[int, int], most_frame_s: float) -> Verdict:
    shader = effect.shader
    canvas = Canvas(context, size, "f4")
    images = dict(test_images(context, shader, size))
    was_seen, odd = False, 0.0
    try:
        for index, time_s in enumerate(TIMES_S):
            begun_ns = clock.now_ns()
            effect.draw(canvas.framebuffer, images, _values(shader, index, time_s))
            pixels = np.frombuffer(canvas.framebuffer.read(components=4, dtype="f4"), np.float32)
            took_s = clock.seconds(clock.now_ns() - begun_ns)
            odd = float(1.0 - np.isfinite(pixels).mean())
            if odd > MAX_ODD_SHARE:
                return Verdict(False, f"Shader {shader.name}: {odd:.0%} of its picture are no numbers.")
            was_seen = was_seen or _shows(np.nan_to_num(pixels).reshape(-1, 4))
            if index >= ENOUGH // 2 and took_s > most_frame_s:
                return Verdict(
                    False, f"Shader {shader.name} takes {took_s:.1f} s a frame: too long for a show."
                )
            if was_seen and index + 1 >= ENOUGH:
                return Verdict(True, notes=tuple(effect.notes))
    finally:
        canvas.release()
        for texture in set(images.values()):
            texture.release()
    return Verdict(False, f"Shader {shader.name} is black with its default inputs.", tuple(effect.notes))


def _shows(pixels: Float32) -> bool:
    """Whether (N, 4) RGBA is anything but uniformly black."""
    return float(pixels[:, :3].max()) > BLACK or float(np.ptp(np.clip(pixels[:, 3], 0.0, 1.0))) > BLACK


def _values(shader: Shader, index: int, time_s: float) -> Mapping[str, Uniform]:
    before_s = TIMES_S[index - 1] if index else 0.0
    values: dict[str, Uniform] = {"TIME": time_s, "TIMEDELTA": time_s - before_s, "FRAMEINDEX": index}
    values |= {"u_bass": 0.6, "u_mid": 0.5, "u_treble": 0.4, "u_level": 0.6, "u_flow": time_s}
    values |= {
        "u_onset": float(index % 3 == 0),
        "u_beat": 0.5,
        "u_beat_phase": time_s % 1.0,
        "u_bar_phase": 0.25 * time_s % 1.0,
        "u_tempo": 120.0,
    }
    for declared in shader.inputs:
        if declared.kind == "event":
            values[declared.name] = index % 4 == 1
        elif declared.name == "progress" and shader.header.role == "transition":
            values["progress"] = 0.5 - 0.5 * math.cos(math.pi * index / 6)
    return values


def test_images(
    context: moderngl.Context, shader: Shader, size: tuple[int, int]
) -> Iterator[tuple[str, moderngl.Texture]]:
    """A texture for each input that is one: pictures that differ from each other, and a sound."""
    samples = test_sound()
    n_pictures = 0
    for declared in shader.inputs:
        if declared.kind == "image":
            pixels = test_picture(size, n_pictures)
            n_pictures += 1
            texture = context.texture(size, 4, pixels.tobytes())
        elif declared.kind in ("audio", "audioFFT"):
            wave = sound_images(samples, declared.kind == "audioFFT", declared.columns)
            texture = context.texture((declared.columns, wave.shape[0]), 4, wave.tobytes(), dtype="f4")
        else:
            continue
        texture.repeat_x = texture.repeat_y = False
        yield declared.name, texture
    if not any(i.name == "inputImage" for i in shader.inputs):  # used undeclared by version 1
        texture = context.texture(size, 4, test_picture(size, 0).tobytes())
        texture.repeat_x = texture.repeat_y = False
        yield "inputImage", texture


@lru_cache(maxsize=8)
def test_picture(size: tuple[int, int], number: int) -> UInt8:
    """(H, W, 4) uint8, opaque, bottom row first: soft colours, an edge, a disc, fine noise."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / max(width - 1, 1), y / max(height - 1, 1)
    phase = 2.1 * number
    picture = np.stack([0.5 + 0.4 * np.sin(6.0 * u + phase), v, 0.5 + 0.4 * np.cos(5.0 * (u - v) + phase)], 2)
    disc = (u - 0.4 - 0.1 * number) ** 2 + (v - 0.55) ** 2 < 0.05
    picture[disc] = (0.95, 0.9, 0.7) if number % 2 == 0 else (0.2, 0.5, 0.9)
    picture[(v < 0.25) & (u > 0.6)] *= 0.3
    picture += np.random.default_rng(number).normal(0.0, 0.03, (height, width, 1))
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., :3] = np.clip(picture, 0.0, 1.0) * 255
    return pixels


@lru_cache(maxsize=1)
def test_sound() -> Float32:
    """(n, 2) float32: a low and a high tone with some noise, different left and right."""
    t = np.arange(8192) / _RATE_HZ
    noise = np.random.default_rng(3).normal(0.0, 0.05, (len(t), 2))
    tones = 0.5 * np.sin(2 * np.pi * 110 * t) + 0.25 * np.sin(2 * np.pi * 1800 * t)
    return (tones[:, None] * (1.0, 0.7) + noise).astype(np.float32)
