"""Moments between two images: what moves is half-way and once, what does not is left alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from visualizer.display import isf
from visualizer.display.between import Between
from visualizer.display.canvas import Canvas
from visualizer.display.dissolve import Deck
from visualizer.display.offscreen import create_context
from visualizer.types import Float32, Image, UInt8, UserError

PX = 128
SHIFT_PX = 8
HEIGHT = 160


class Stage:
    """One deck and what it shows."""

    def __init__(self) -> None:
        self.context = create_context()
        self.between = Between(self.context)
        self.dissolve = isf.Effect(self.context, isf.load("dissolve"))

    def moment(self, start: UInt8, end: UInt8, progress: float, flows: bool) -> Float32:
        """RGB [0, 255] of what a deck shows `progress` of the way from `start` to `end`, top row first."""
        deck = Deck(self.context, self.dissolve, self.between)
        deck.flows = flows
        interval_s = 0.1
        time_s = 0.0
        for number in range(40):  # so that it knows how often images come
            time_s = number * interval_s
            deck.set(Image(end if number == 39 else start, number, 0, 0), time_s, 0.0, 1.0)
        target = Canvas(self.context, (start.shape[1], start.shape[0]))
        deck.draw(target, time_s + progress * interval_s, 0.0)
        pixels = np.frombuffer(target.texture.read(), np.float16).reshape(*start.shape)
        target.release()
        deck.release()
        return pixels[::-1, :, :3].astype(np.float32) * 255

    def close(self) -> None:
        self.between.release()
        self.dissolve.release()
        self.context.release()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    try:
        made = Stage()
    except UserError as reason:
        pytest.skip(str(reason))
    yield made
    made.close()


def bar(left_px: int) -> UInt8:
    """A light bar on a dark ground."""
    pixels = np.full((PX, PX, 4), 20, np.uint8)
    pixels[30:98, left_px : left_px + 30, :3] = 20 + HEIGHT
    return pixels


def clouds(seed: int, turn_px: int = 0, px: int = PX) -> UInt8:
    """A soft random picture, moved to the right."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:px, 0:px] * (2 * np.pi / px)
    waves = np.zeros((px, px, 3))
    for _ in range(24):
        kx, ky = random.integers(-6, 7, 2)
        waves += np.cos(kx * (x - turn_px * 2 * np.pi / px) + ky * y + random.uniform(0, 6.28))[
            ..., None
        ] * random.uniform(0.3, 1.0, 3)
    pixels = np.full((px, px, 4), 255, np.uint8)
    pixels[..., :3] = np.clip(128 + 22 * waves, 0, 255)
    return pixels


def middle_row(frame: Float32) -> Float32:
    return frame[PX // 2, :, 0]


def rms(a: Float32, b: UInt8 | Float32) -> float:
    return float(np.sqrt(np.square(a - b[..., :3].astype(np.float32)).mean()))


def test_a_moved_edge_is_half_way_and_single(stage: Stage) -> None:
    row = middle_row(stage.moment(bar(40), bar(40 + SHIFT_PX), 0.5, flows=True))
    rising = np.diff(row)[20:60]
    where = (np.arange(20, 60) + 1) @ rising / rising.sum()
    assert abs(where - (40 + SHIFT_PX / 2)) < 1.0
    between = np.flatnonzero((row[:60] > 20 + 0.15 * HEIGHT) & (row[:60] < 20 + 0.85 * HEIGHT))
    assert len(between) <= 3  # one edge, no step before or after it


def test_blending_shows_it_twice(stage: Stage) -> None:
    row = middle_row(stage.moment(bar(40), bar(40 + SHIFT_PX), 0.5, flows=False))
    between = np.flatnonzero((row[:60] > 20 + 0.15 * HEIGHT) & (row[:60] < 20 + 0.85 * HEIGHT))
    assert len(between) == SHIFT_PX


@pytest.mark.parametrize("progress", [0.25, 0.5, 0.75])
def test_what_moves_is_where_it_should_be_at_each_moment(stage: Stage, progress: float) -> None:
    start, end, true = (clouds(1, turn) for turn in (0, SHIFT_PX, round(SHIFT_PX * progress)))
    flow, blend = (stage.moment(start, end, progress, flows) for flows in (True, False))
    inner = slice(12, -12)
    assert rms(flow[inner, inner], true[inner, inner]) < 0.25 * rms(blend[inner, inner], true[inner, inner])


def test_a_cut_is_blended_not_smeared(stage: Stage) -> None:
    start, end = clouds(2), clouds(3)
    flow, blend = (stage.moment(start, end, 0.5, flows) for flows in (True, False))
    assert rms(flow, blend) < 0.1 * rms(blend, start)


def test_a_picture_that_only_grows_lighter_does_not_move(stage: Stage) -> None:
    start = clouds(4)
    end = start.copy()
    end[..., :3] = np.clip(start[..., :3].astype(int) + 40, 0, 255)
    flow, blend = (stage.moment(start, end, 0.5, flows) for flows in (True, False))
    assert rms(flow, blend) < 1.0


def test_the_same_image_stays_what_it_is(stage: Stage) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (PX, PX, 4), dtype=np.uint8)
    assert np.abs(stage.moment(pixels, pixels, 0.5, flows=True) - pixels[..., :3]).max() < 0.3


def test_the_ends_are_the_images_themselves(stage: Stage) -> None:
    start, end = clouds(6), clouds(6, SHIFT_PX)
    assert rms(stage.moment(start, end, 0.0, flows=True), start) < 0.1
    assert rms(stage.moment(start, end, 1.0, flows=True), end) < 0.1


def test_the_same_images_give_the_same_moment(stage: Stage) -> None:
    pair = clouds(7), clouds(7, 5)
    once = stage.moment(*pair, 0.4, flows=True)
    stage.moment(clouds(8), clouds(9), 0.5, flows=True)
    assert (stage.moment(*pair, 0.4, flows=True) == once).all()


def test_any_shape_of_picture_flows(stage: Stage) -> None:
    start, end, true = (clouds(1, turn, 180)[:101] for turn in (0, SHIFT_PX, SHIFT_PX // 2))
    flow, blend = (stage.moment(start, end, 0.5, flows) for flows in (True, False))
    assert rms(flow[12:-12, 12:-12], true[12:-12, 12:-12]) < 0.4 * rms(
        blend[12:-12, 12:-12], true[12:-12, 12:-12]
    )
