"""Pictures on walls of another shape, and two of different shape mixed where they hang."""

from __future__ import annotations

import numpy as np
import pytest

from tests.display.test_renderer import NEUTRAL, twin
from visualizer.display.hanging import between, hang
from visualizer.display.offscreen import Offscreen
from visualizer.types import Image

__all__ = ["twin"]

WALL = (1920, 1080)
SQUARE, WIDE = (256, 256), (448, 256)


def _image(width: int, height: int, number: int = 1) -> Image:
    """Red grows to the right, green downwards, with a blue left third."""
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., 0] = np.linspace(40, 220, width)[None]
    pixels[..., 1] = np.linspace(60, 200, height)[:, None]
    pixels[..., 2] = np.where(np.arange(width) < width // 3, 200, 40)[None]
    return Image(pixels, number, 0, 0)


@pytest.mark.parametrize(
    ("picture", "wall", "fill", "wanted"),
    [
        (SQUARE, WALL, "mirror", (16 / 9, 1.0)),
        (SQUARE, WALL, "crop", (1.0, 9 / 16)),
        (WIDE, WALL, "mirror", (1.0, 63 / 64)),  # a few rows are cut, nothing is mirrored
        (WIDE, (1024, 768), "mirror", (16 / 21, 1.0)),  # 4:3: the sides are cut
        (WIDE, (2560, 1080), "mirror", (256 / 189, 1.0)),  # 21:9: it goes on mirrored
        (WIDE, (1080, 1920), "mirror", (1.0, 28 / 9)),
        (WIDE, WALL, "fit", (64 / 63, 1.0)),
    ],
)
def test_a_picture_fills_the_wall(
    picture: tuple[int, int], wall: tuple[int, int], fill: str, wanted: tuple[float, float]
) -> None:
    assert hang(picture, wall, fill) == pytest.approx(wanted)


def test_the_way_from_one_hanging_to_another_begins_and_ends_there() -> None:
    start, end = hang(SQUARE, WALL, "mirror"), hang(WIDE, WALL, "mirror")
    assert between(start, end, 0.0) == start and between(start, end, 1.0) == end


@pytest.mark.parametrize("fill", ["mirror", "crop", "surround", "fit"])
def test_a_fade_from_square_to_wide_begins_and_ends_without_a_jump(twin: Offscreen, fill: str) -> None:
    settings = NEUTRAL | {"display.fill": fill}
    twin.set_image(_image(64, 64), "a")
    twin.set_image(_image(112, 64), "b")
    frames = [twin.render(t, None, settings, mix=t) for t in (0.0, 0.002, 0.5, 0.998, 1.0)]
    square, leaving, half, coming, wide = (frame[..., :3].astype(int) for frame in frames)
    assert np.abs(leaving - square).mean() < 2.0 and np.abs(coming - wide).mean() < 2.0
    assert np.abs(square - wide).mean() > 4.0
    if fill in ("mirror", "crop"):  # each part of either picture stays where it is: their light adds up
        light = np.sqrt((square**2 + wide**2) / 2)
        assert np.abs(half - light).mean() < 6.0


def test_a_wide_picture_fills_the_wall_from_edge_to_edge(twin: Offscreen) -> None:
    twin.set_image(_image(112, 64))
    frame = twin.render(0.0, None, NEUTRAL | {"display.fill": "mirror"})
    red = frame[18, :, 0].astype(int)
    assert (np.diff(red)[1:-1] >= -1).all() and red[0] < 50 and red[-1] > 210
