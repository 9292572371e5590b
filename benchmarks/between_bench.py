"""Frames between images: how far blending and flow miss the true moment, how evenly they go, at what cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any

import moderngl
import numpy as np
from PIL import Image as Pictures

from benchmarks.flicker_bench import section
from benchmarks.measuring import time_together
from visualizer import clock, parameters
from visualizer.audio.ear import Ear
from visualizer.audio.sources import RATE_HZ
from visualizer.display import isf
from visualizer.display.between import Between, new_way
from visualizer.display.canvas import Canvas
from visualizer.display.dissolve import Deck
from visualizer.display.offscreen import create_context
from visualizer.modes import traumer
from visualizer.modes.traumer import Traumer
from visualizer.types import Float32, Image, UInt8

RATES = (15, 30, 60)
"""Images a second."""
TRUE_HZ = 2 * max(RATES)
"""Of the moments that are compared with."""
LENGTH_S = 2.0
SHOWN_AFTER_S = 1.0
"""When the deck has learnt the rate; the second that follows is looked at."""
MUSIC = "techno"
LEAD_S = 6.0
WALK_S = 1.0
"""A new style every second: the quickest that a show asks for."""
PAN_PX_S = 60.0
PAN_SIDE_PX = 128
WAYS = ("blend", "flow")


def run() -> dict[str, Any]:
    """By source and rate, RMS on the scale of 255: the error half-way, the share of its detail, and of frames
    at twice the rate how unevenly they follow each other (standard deviation of the steps over their mean).
    """
    mode = traumer.load(parameters.defaults(), threads=1, precision="fp32")
    with closing(mode):
        sources = {"show": list(_show(mode)), "walk": list(_walk(mode))}
    sources["pan"] = list(_pan(sources["walk"][0]))
    context = create_context()
    try:
        return {
            **{
                name: {f"{hz} images/s": _judge(context, moments, hz) for hz in RATES}
                for name, moments in sources.items()
            },
            "cost": _cost(context, sources["walk"]),
        }
    finally:
        context.release()


def _show(mode: Traumer) -> Iterator[UInt8]:
    """What the default show paints over the demo's beat, TRUE_HZ times a second."""
    sound, ear = section(MUSIC), Ear(parameters.defaults())
    n_step = RATE_HZ // TRUE_HZ
    for index in range(round((LEAD_S + LENGTH_S) * TRUE_HZ)):
        samples = sound[index * n_step : (index + 1) * n_step]
        now_ns = clock.nanoseconds((index + 1) / TRUE_HZ)
        heard = ear.push(samples, now_ns)
        if heard:
            features = heard[-1]
        if heard or index:
            mode.hear(samples, now_ns, features)
        if index >= LEAD_S * TRUE_HZ:
            yield mode.paint(now_ns).pixels.copy()


def _walk(mode: Traumer) -> Iterator[UInt8]:
    """The generator alone, through a new style every WALK_S."""
    mode.reset()
    quick = {"traumer.drift": 1.0, "traumer.drift_period_s": WALK_S, "traumer.noise": 0.0}
    mode.apply(parameters.defaults() | quick)
    for index in range(round(LENGTH_S * TRUE_HZ)):
        yield mode.paint(clock.nanoseconds(index / TRUE_HZ)).pixels.copy()


def _pan(pixels: UInt8) -> Iterator[UInt8]:
    """A picture that moves evenly, without any other change."""
    picture = Pictures.fromarray(pixels)
    side = pixels.shape[0]
    for index in range(round(LENGTH_S * TRUE_HZ)):
        x = index * PAN_PX_S / TRUE_HZ
        box = (x, 0.0, x + PAN_SIDE_PX, float(PAN_SIDE_PX))
        yield np.asarray(picture.resize((side, side), Pictures.Resampling.BICUBIC, box=box))


def _judge(context: moderngl.Context, moments: list[UInt8], hz: int) -> dict[str, float]:
    step = TRUE_HZ // hz
    between, dissolve = Between(context), isf.Effect(context, isf.load("dissolve"))
    figures: dict[str, float] = {}
    for way in WAYS:
        deck = Deck(context, dissolve, between)
        deck.flows = way == "flow"
        size = (moments[0].shape[1], moments[0].shape[0])
        target = Canvas(context, size, "f1")
        frames, truth = [], []
        for index in range(0, len(moments), step // 2):
            time_s = index / TRUE_HZ
            if index % step == 0:
                deck.set(Image(moments[index], index, 0, 0), time_s, 0.5 / hz, 1.0)
            deck.draw(target, time_s, 0.5 / hz)
            if time_s >= SHOWN_AFTER_S:
                frames.append(_read(target))
                truth.append(moments[index - step // 2][..., :3].astype(np.float32))
        half, true_half = frames[::2], truth[::2]  # an image's first frame is half-way to it
        figures[f"{way}_error"] = _mean([_rms(a - b) for a, b in zip(half, true_half, strict=True)])
        figures[f"{way}_detail"] = _mean([_detail(a) for a in half]) / _mean([_detail(a) for a in true_half])
        figures[f"{way}_unevenness"] = _unevenness(frames)
        figures["true_unevenness"] = _unevenness(truth)
        target.release()
        deck.release()
    between.release()
    dissolve.release()
    return {name: round(value, 3) for name, value in figures.items()}


def _read(canvas: Canvas) -> Float32:
    pixels = np.frombuffer(canvas.texture.read(), np.uint8).reshape(*canvas.size[::-1], 4)
    return pixels[::-1, :, :3].astype(np.float32)


def _mean(values: list[float]) -> float:
    return float(np.mean(values))


def _rms(difference: Float32) -> float:
    return float(np.sqrt(np.square(difference).mean()))


def _detail(frame: Float32) -> float:
    """How much neighbouring pixels differ."""
    return _rms(np.diff(frame, axis=1)[1:]) + _rms(np.diff(frame, axis=0)[:, 1:])


def _unevenness(frames: list[Float32]) -> float:
    steps = [_rms(b - a) for a, b in pairwise(frames)]
    return float(np.std(steps)) / max(_mean(steps), 1e-6)


def _cost(context: moderngl.Context, moments: list[UInt8]) -> dict[str, Any]:
    """ms of finding the way of a new image, and of a frame by either."""
    between, dissolve = Between(context), isf.Effect(context, isf.load("dissolve"))
    size = (moments[0].shape[1], moments[0].shape[0])
    start, end = (context.texture(size, 4, moments[index].tobytes()) for index in (0, 8))
    way, target = new_way(context), Canvas(context, size)

    def find() -> None:
        between.find(start, end, way)
        context.finish()

    def flow() -> None:
        between.draw(target, start, end, way, 0.5)
        context.finish()

    def blend() -> None:
        dissolve.draw(target.framebuffer, {"startImage": start, "endImage": end}, {"progress": 0.5})
        context.finish()

    return time_together({"new_image": find, "flow_frame": flow, "blend_frame": blend}, 60)
