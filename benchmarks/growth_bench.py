"""How cost grows with the image's size, the generator's channels, ticks heard and effects shown."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.generator_bench import example, make_random
from benchmarks.measuring import time_together
from visualizer import parameters, runtime
from visualizer.checkpoints import cards
from visualizer.display.offscreen import Offscreen
from visualizer.features.mel import TaggerMel
from visualizer.modes import incremental
from visualizer.modes.networks import TAGGER
from visualizer.types import Features, Float32, Image

SIZES_PX = (64, 128, 256, 512, 1024)
SIZES_AT_BASE = 4096
BASES = (1024, 2048, 4096, 8192, 16384)
BASES_AT_PX = 256
EVERY = (1, 2, 4, 8)
"""Every so manyth tick is heard."""
EFFECTS = ("effects.bloom", "effects.feedback", "effects.zoom", "effects.vignette", "effects.flash")
WINDOW_PX = (1280, 720)
N_ROUNDS = 12


def run() -> dict[str, Any]:
    """Median CPU time in ms, one thread: an image by size and by channels, a second of hearing, a frame."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        return {
            "image_by_size_px": {px: _image_ms(px, SIZES_AT_BASE, folder) for px in SIZES_PX},
            "image_by_channel_base": {base: _image_ms(BASES_AT_PX, base, folder) for base in BASES},
            "second_by_ticks_between": {n: _hearing_ms(n) for n in EVERY},
            "frame_by_effects": dict(enumerate(_frames_ms())),
        }


def _image_ms(size_px: int, base: int, folder: Path) -> float:
    model = make_random(size_px, base, folder / f"random-{size_px}-{base}")
    with closing(runtime.load(model.onnx_path, threads=1, precision="auto", verify=False)) as network:
        given = example(network.inputs)
        times = time_together({"ours": lambda: network.run(given)}, N_ROUNDS, n_warm=2, most_s=8.0)
    return times["ours"]["cpu_ms"]


def _hearing_ms(n_between: int) -> float:
    """A second of the tagger, when only every `n_between`th tick is asked for."""
    mel = TaggerMel()
    random = np.random.default_rng(0)
    columns = (random.standard_normal((128, 4096)) * 15 - 30).astype(np.float32)
    windows = _windows(columns, mel.n_window_columns, n_between * mel.columns_per_tick)
    with closing(incremental.load(cards.find_model(TAGGER), 1)) as tagger:
        tagger.hear(next(windows))
        times = time_together({"ours": lambda: tagger.hear(next(windows))}, 3 * N_ROUNDS, most_s=8.0)
    return round(times["ours"]["cpu_ms"] * mel.tick_rate_hz / n_between, 1)


def _windows(columns: Float32, n_window: int, n_step: int) -> Iterator[Float32]:
    for first in range(0, columns.shape[1] - n_window, n_step):
        yield columns[:, first : first + n_window]


def _frames_ms() -> Iterator[float]:
    """A frame with none of the effects, with one, with two, and so on."""
    pixels = np.random.default_rng(1).integers(0, 256, (256, 256, 4), dtype=np.uint8)
    settings = parameters.defaults() | dict.fromkeys(EFFECTS, 0.0)
    with ExitStack() as stack:
        screen = Offscreen(*WINDOW_PX)
        stack.callback(screen.close)
        screen.set_image(Image(pixels, 1, 0, 0))
        time_s = 0.0

        def draw() -> None:
            nonlocal time_s
            time_s += 1 / 30
            screen.renderer.draw(time_s, Features(bass=0.5, onset=0.5), settings)
            screen.context.finish()

        for name in (None, *EFFECTS):
            if name:
                settings[name] = 0.5
            yield time_together({"draw": draw}, 2 * N_ROUNDS, n_warm=4, most_s=6.0)["draw"]["cpu_ms"]
