"""The window with four filters on: what a frame and an image cost, and what a whole show then shows."""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from benchmarks.measuring import time_together
from scripts.shader_sheets import SCENE_PX, Easel, heard, load
from tests.show import Show
from tests.virtual import Unavailable, VirtualLineIn, VirtualScreen
from visualizer import paths, shaders
from visualizer.audio.sources import demo_path
from visualizer.display import isf
from visualizer.display.canvas import Canvas
from visualizer.display.offscreen import Offscreen
from visualizer.display.renderer import Renderer
from visualizer.display.window import Window
from visualizer.shaders.header import Role
from visualizer.types import Features, Image, UserError

SIZES_PX = ((1280, 720), (1920, 1080))
IMAGES_PX = (256, 512)
FILTERS = ("bloom", "flow", "painterly", "vignette")
"""Two that cost little, and the two that cost most."""
N_FRAMES = 60
N_UPLOADS = 40
SMALL_PX = (64, 36)
DRAWN_PX: dict[Role, tuple[int, int]] = {
    "filter": SCENE_PX,
    "generator": (410, 230),
    "transition": (256, 256),
}
CONTENTS = ("alpine-lake", "still-life")
N_DRAWS = 24
FPS = 30.0
WARM_UP_S = 10.0
SHOW_S = 20.0


def run() -> dict[str, Any]:
    """By size a frame without filters and with four, their `ratio`, the show with four; uploads; each shader.

    A frame is drawn, swapped and waited for, in a window of its own without anything beside it.
    """
    try:
        return {
            **{f"{width}x{height}": _at((width, height)) for width, height in SIZES_PX},
            "upload": _uploads(),
            "shaders_cpu_ms": _shaders(),
            "filters": list(FILTERS),
        }
    except Unavailable as reason:
        raise UserError(f"This bench needs a virtual screen and line-in: {reason}.") from None


def _at(size_px: tuple[int, int]) -> dict[str, Any]:
    frames = _frames(size_px)
    bare, filtered = frames["bare"], frames["four_filters"]
    return {
        **frames,
        "ratio": round(filtered["median_ms"] / bare["median_ms"], 2),
        "show": _show(size_px),
    }


def _frames(size_px: tuple[int, int]) -> dict[str, dict[str, float]]:
    """Frames alone: a new image every second one, as at 15 images and 30 frames a second."""
    with VirtualScreen(*size_px) as screen, screen.applied():
        window = Window(*size_px)
        renderer = Renderer(window.context, size_px)
        window.show()
        pictures = itertools.cycle([_image(256, number) for number in range(4)])
        counted = itertools.count()

        def frame(settings: dict[str, Any]) -> Callable[[], None]:
            def draw() -> None:
                n = next(counted)
                if n % 4 < 2:  # both kinds of frame get as many
                    renderer.set_image(next(pictures))
                heard = Features(bass=0.6, level_dbfs=-15.0, beat_phase=n / 15 % 1.0, beat_confidence=1.0)
                renderer.draw(n / FPS, heard, settings, target=window.screen)
                window.swap()
                window.context.finish()

            return draw

        calls = {"bare": frame({}), "four_filters": frame({f"shader.{name}.on": True for name in FILTERS})}
        told = time_together(calls, N_FRAMES, n_warm=6, most_s=30.0)
        renderer.release()
        window.close()
        return told


def _image(side_px: int, number: int) -> Image:
    pixels = np.random.default_rng(number).integers(0, 256, (side_px, side_px, 4), np.uint8)
    return Image(pixels, number + 1, 0, 0)


def _uploads() -> dict[str, dict[str, float]]:
    """What taking up a new image adds to a small frame, and beside it the copy to a texture alone."""
    result = {}
    for side_px in IMAGES_PX:
        with Offscreen(*SMALL_PX) as offscreen:
            told = time_together(_uploading(offscreen, _image(side_px, 0)), N_UPLOADS)
        added = {kind: told["new"][kind] - told["same"][kind] for kind in ("median_ms", "cpu_ms")}
        result[f"{side_px}"] = {
            "added_ms": round(added["median_ms"], 3),
            "added_cpu_ms": round(added["cpu_ms"], 3),
            "copy_alone_ms": told["copy"]["median_ms"],
        }
    return result


def _uploading(offscreen: Offscreen, image: Image) -> dict[str, Callable[[], None]]:
    times = itertools.count()
    texture = offscreen.context.texture(image.pixels.shape[1::-1], 4)

    def same() -> None:
        offscreen.renderer.draw(next(times) / FPS, None, {})
        offscreen.context.finish()

    def new() -> None:
        offscreen.set_image(image)
        same()

    def copy() -> None:
        texture.write(np.ascontiguousarray(image.pixels[::-1]))
        offscreen.context.finish()

    return {"new": new, "same": same, "copy": copy}


def _shaders() -> dict[str, float]:
    """Median CPU ms of each shipped shader, at what it draws in a window of 1280×720 under software GL."""
    easel = Easel()
    shipped = shaders.scan([paths.SHADERS])
    pictures: dict[str, moderngl.Texture] = {}
    for name, content in {
        "inputImage": CONTENTS[0],
        "startImage": CONTENTS[0],
        "endImage": CONTENTS[1],
    }.items():
        size_px = DRAWN_PX["filter" if name == "inputImage" else "transition"]
        pictures[name] = easel.texture(load(content, size_px))
    told = {}
    for role, size_px in DRAWN_PX.items():
        canvas = Canvas(easel.context, size_px, "f1" if role == "filter" else "f2")
        for name in shipped.of(role):
            told[name] = _cost_ms(easel, easel.effect(shipped.shaders[name]), canvas, pictures)
    easel.context.release()
    return told


def _cost_ms(
    easel: Easel, effect: isf.Effect, canvas: Canvas, pictures: Mapping[str, moderngl.Texture]
) -> float:
    images = {"noise": easel.noise, **easel.sound.of(effect.shader), **pictures}
    counted = itertools.count()

    def draw() -> None:
        n = next(counted)
        told = heard(n / FPS) | {"progress": n % 20 / 20}
        effect.draw(canvas.framebuffer, images, told)
        easel.context.finish()

    return time_together({"it": draw}, N_DRAWS)["it"]["cpu_ms"]


def _show(size_px: tuple[int, int]) -> dict[str, Any]:
    """The default show with four filters in full screen, while the demo plays into its line-in."""
    settings = [word for name in FILTERS for word in ("--set", f"shader.{name}.on=on")]
    with ExitStack() as stack:
        screen = stack.enter_context(VirtualScreen(*size_px))
        line = stack.enter_context(VirtualLineIn())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = os.environ | screen.env | line.env
        show = stack.enter_context(Show(folder, environment, "--fullscreen", *settings))
        show.wait_for_images()
        line.play(demo_path())
        time.sleep(WARM_UP_S)
        start_s = show.lines[-1]["time_s"]
        time.sleep(SHOW_S)
        lines = [told for told in show.lines if told["time_s"] >= start_s]
    seen = [told["workers"]["display"]["health"] for told in lines]
    span_s = lines[-1]["time_s"] - lines[0]["time_s"]
    return {
        "size": "{}x{}".format(*seen[-1]["size"]),
        "shown_fps": round((lines[-1]["n_shown"] - lines[0]["n_shown"]) / span_s, 1),
        "images_per_s": round((lines[-1]["n_images"] - lines[0]["n_images"]) / span_s, 1),
        "frame_ms": statistics.median(health["frame_cost_ms"] for health in seen),
        "longest_gap_ms": max(health["longest_gap_ms"] or 0.0 for health in seen),
        "gaps_over_100_ms": seen[-1]["n_gaps_over_100_ms"] - seen[0]["n_gaps_over_100_ms"],
        "active": ", ".join(seen[-1]["shaders"]["active"]),
    }
