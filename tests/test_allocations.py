"""What is done a hop, a tick, an image or a frame takes no arrays anew in steady state."""

from __future__ import annotations

import importlib.util
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.allocations import LEAST_BYTES, Allocations
from visualizer.display.offscreen import Offscreen
from visualizer.features.mel import EraMel, TaggerMel
from visualizer.modes.era_window import EraWindow
from visualizer.modes.smoothing import StyleHistory
from visualizer.types import Features, Image, UserError

PACKAGE = Path(__file__).resolve().parent.parent / "visualizer"
N_ROUNDS = 12
IMAGE_PX = 256
W_WIDTH = 512


@pytest.fixture(autouse=True)
def _stop_tracing() -> Iterator[None]:
    yield
    tracemalloc.stop()


def taken(folder: Path, do: Callable[[int], object]) -> dict[str, int]:
    """Bytes of large objects a round by line, after as many rounds in which things are made once."""
    for i in range(N_ROUNDS):
        do(i)
    watch = Allocations(folder)
    for i in range(N_ROUNDS, 2 * N_ROUNDS):
        with watch:
            do(i)
    return watch.per(N_ROUNDS)


def test_what_is_taken_and_given_back_is_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "work.py"
    file.write_text("def do(n):\n    a = 1\n\n    bytearray(n)\n    return a\n")
    spec = importlib.util.spec_from_file_location("work", file)
    assert spec and spec.loader
    work = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(work)
    told = taken(tmp_path, lambda _: work.do(1_000_000))
    assert list(told) == ["work.py:4"] and 1_000_000 <= told["work.py:4"] < 1_100_000
    assert taken(tmp_path, lambda _: work.do(LEAST_BYTES // 8)) == {}


def test_windows_and_styles_are_handed_on_in_the_same_memory() -> None:
    tagger, era = TaggerMel(), EraMel()
    sound = np.random.default_rng(0).standard_normal(22050 * 12).astype(np.float32) * 0.1
    era.push(sound)
    window, seen = EraWindow(era), tagger.window()
    window.push(window.n_ticks)
    view = window.view()
    history = StyleHistory(np.zeros(W_WIDTH, np.float32))
    style = np.ones(W_WIDTH, np.float32)
    for i in range(N_ROUNDS * 10):
        history.push(i * 0.03, 0.03, style)

    def hand_on(i: int) -> None:
        tagger.window(seen)
        window.push(window.n_ticks)
        window.view(view)
        history.push((N_ROUNDS * 10 + i) * 0.03, 0.03, style)
        history.average(2.0)

    assert taken(PACKAGE, hand_on) == {}


def test_a_frame_with_a_new_image_takes_no_arrays() -> None:
    try:
        twin = Offscreen(64, 36, seed=3)
    except UserError as reason:
        pytest.skip(str(reason))
    pixels = np.full((IMAGE_PX, IMAGE_PX, 4), 120, np.uint8)
    heard = Features(time_ns=1, level_dbfs=-12.0, bass=0.4, mid=0.5, treble=0.3)
    with twin:
        target = twin.context.simple_framebuffer((64, 36))

        def draw(i: int) -> None:
            twin.set_image(Image(pixels, i + 1, 0, 0))
            twin.renderer.draw(i / 30, heard, {}, target=target)

        assert taken(PACKAGE, draw) == {}
