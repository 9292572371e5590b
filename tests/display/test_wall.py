"""The picture on a wall that is not straight: where its corners come to lie, how edges add up."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import PIL.Image
import pytest

from visualizer import parameters
from visualizer.display import wall
from visualizer.display.canvas import Canvas
from visualizer.display.offscreen import read
from visualizer.display.wall import Wall
from visualizer.types import UInt8, UserError

WIDTH, HEIGHT = 64, 36
COLOURS = {
    "upper_left": (255, 0, 0),
    "upper_right": (0, 255, 0),
    "lower_left": (0, 0, 255),
    "lower_right": (255, 255, 0),
}


def values(**wanted: Any) -> Mapping[str, Any]:
    return parameters.defaults() | {f"wall.{id.replace('__', '.')}": value for id, value in wanted.items()}


def quarters() -> UInt8:
    pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    for (name, colour), rows, columns in zip(
        COLOURS.items(),
        (slice(0, 18), slice(0, 18), slice(18, 36), slice(18, 36)),
        (slice(0, 32), slice(32, 64), slice(0, 32), slice(32, 64)),
        strict=True,
    ):
        assert name
        pixels[rows, columns, :3] = colour
    return pixels


def hang(
    context: moderngl.Context, wanted: Mapping[str, Any], pixels: UInt8, hung: Wall | None = None
) -> UInt8:
    texture = context.texture((pixels.shape[1], pixels.shape[0]), 4, np.ascontiguousarray(pixels[::-1]))
    texture.repeat_x = texture.repeat_y = False
    canvas, made = Canvas(context, (WIDTH, HEIGHT), dtype="f1"), hung or Wall(context)
    made.draw(texture, canvas.framebuffer, wanted)
    shown = read(canvas.framebuffer)[..., :3]
    canvas.release()
    texture.release()
    if hung is None:
        made.release()
    return shown


def corners(shown: UInt8) -> list[str]:
    """Which corners of the picture lie in the upper left, upper right, lower left, lower right."""
    names = {colour: name for name, colour in COLOURS.items()}
    places = ((2, 2), (2, WIDTH - 3), (HEIGHT - 3, 2), (HEIGHT - 3, WIDTH - 3))
    return [names.get(tuple(int(x) for x in shown[place]), "?") for place in places]


def test_untouched_it_is_the_picture(context: moderngl.Context) -> None:
    assert wall.is_plain(values())
    assert np.abs(hang(context, values(), quarters()).astype(int) - quarters()[..., :3]).max() <= 1


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"rotate": "90"}, ["lower_left", "upper_left", "lower_right", "upper_right"]),
        ({"rotate": "180"}, ["lower_right", "lower_left", "upper_right", "upper_left"]),
        ({"rotate": "270"}, ["upper_right", "lower_right", "upper_left", "lower_left"]),
        ({"flip_x": True}, ["upper_right", "upper_left", "lower_right", "lower_left"]),
        ({"flip_y": True}, ["lower_left", "lower_right", "upper_left", "upper_right"]),
        ({"flip_x": True, "rotate": "180"}, ["lower_left", "lower_right", "upper_left", "upper_right"]),
    ],
)
def test_it_is_turned_clockwise_and_flipped(
    context: moderngl.Context, wanted: dict[str, Any], expected: list[str]
) -> None:
    assert not wall.is_plain(values(**wanted))
    assert corners(hang(context, values(**wanted), quarters())) == expected


def test_corners_come_to_lie_where_they_are_pinned(context: moderngl.Context) -> None:
    wanted = values(upper_left__x=0.25, upper_left__y=0.25, lower_right__x=-0.1, lower_right__y=-0.2)
    back = np.linalg.inv(wall.to_picture(wanted))
    for (u, v), (x, y) in {(0, 1): (0.25, 0.75), (1, 0): (0.9, 0.2), (0, 0): (0, 0), (1, 1): (1, 1)}.items():
        place = back @ (u, v, 1.0)
        assert place[:2] / place[2] == pytest.approx((x, y))
    shown = hang(context, wanted, quarters())
    assert shown[2, 2].max() == 0 and shown[HEIGHT - 3, WIDTH - 3].max() == 0
    assert tuple(shown[12, 20]) == COLOURS["upper_left"]


def test_crossed_corners_are_told_and_the_last_wall_stays(context: moderngl.Context) -> None:
    hung = Wall(context)
    good = hang(context, values(upper_left__x=0.25), quarters(), hung)
    crossed = values(upper_left__x=0.5, upper_left__y=0.5, lower_right__x=-0.5, lower_right__y=-0.5)
    assert np.array_equal(hang(context, crossed, quarters(), hung), good)
    assert "cross each other" in hung.sentence
    hang(context, values(), quarters(), hung)
    assert hung.sentence == ""
    hung.release()
    with pytest.raises(UserError, match="cross each other"):
        wall.to_picture(crossed)


def test_two_soft_edges_add_up_to_one_light(context: moderngl.Context) -> None:
    white = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    share = 0.5
    right = hang(context, values(edge__right=share), white)[HEIGHT // 2, :, 0] / 255.0
    left = hang(context, values(edge__left=share), white)[HEIGHT // 2, :, 0] / 255.0
    light = right[WIDTH // 2 :] ** 2.2 + left[: WIDTH // 2] ** 2.2  # what two projectors throw on one place
    assert light == pytest.approx(1.0, abs=0.03)
    assert right[0] == 1.0 and right[-1] < 0.2


def test_a_mask_keeps_its_black_parts_black(context: moderngl.Context, tmp_path: Path) -> None:
    mask = np.full((20, 20), 255, np.uint8)
    mask[:10] = 0
    PIL.Image.fromarray(mask).save(tmp_path / "mask.png")
    hung = Wall(context)
    shown = hang(context, values(mask=str(tmp_path / "mask.png")), quarters(), hung)
    assert shown[: HEIGHT // 2 - 2].max() == 0
    assert corners(shown)[2:] == ["lower_left", "lower_right"]
    for wrong, told in (
        ("~nobody-of-that-name/m.png", "no home folder"),
        (str(tmp_path / "no.png"), "No such file"),
        (__file__, "not a picture"),
    ):
        shown = hang(context, values(mask=wrong), quarters(), hung)
        assert told in hung.sentence and corners(shown) == list(COLOURS)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        hang(context, values(mask=str(tmp_path / "pipe")), quarters(), hung)
        assert "is no file" in hung.sentence
    hung.release()


@pytest.mark.parametrize(
    ("wanted", "size"),
    [
        ({}, (1000, 500)),
        ({"rotate": "90"}, (500, 1000)),
        ({"resolution": "1280x720", "rotate": "90"}, (1280, 720)),
    ],
)
def test_the_size_in_which_it_is_drawn(wanted: dict[str, Any], size: tuple[int, int]) -> None:
    assert wall.picture_size(values(**wanted), (1000, 500)) == size


def test_the_test_pattern_shows_the_whole_border(context: moderngl.Context) -> None:
    shown = hang(context, values(test_pattern=True), quarters())
    for edge in (shown[0], shown[-1], shown[:, 0], shown[:, -1]):
        assert np.median(edge) > 200
    assert shown.std() > 20
