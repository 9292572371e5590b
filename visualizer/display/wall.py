"""How the finished picture meets the wall: turned, pinned at its corners, with soft edges and a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import moderngl
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from visualizer.display import isf
from visualizer.display.aside import Aside
from visualizer.paths import path_of
from visualizer.types import UInt8, UserError

CORNERS = ("lower_left", "lower_right", "upper_right", "upper_left")
_UNIT = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
"""The corners of a picture in that order, u to the right and v upwards."""
_MOST_MASK_PX = 4096
_SMALLEST = 1e-3
"""Corners whose quadrilateral is thinner than this share of the wall are no picture any more."""


class Values(Protocol):
    """Parameter values by id."""

    def __getitem__(self, id: str, /) -> Any: ...


def is_plain(values: Values) -> bool:
    """Whether the picture fills the window as it is."""
    return not (
        int(values["wall.rotate"])
        or values["wall.flip_x"]
        or values["wall.flip_y"]
        or values["wall.test_pattern"]
        or values["wall.mask"]
        or any(values[f"wall.{corner}.{axis}"] for corner in CORNERS for axis in "xy")
        or any(values[f"wall.edge.{side}"] for side in ("left", "right", "top", "bottom"))
    )


def picture_size(values: Values, window: tuple[int, int]) -> tuple[int, int]:
    """Width and height in px in which the picture is drawn for a window of that size."""
    named = str(values["wall.resolution"])
    if named != "window":
        width, _, height = named.partition("x")
        return int(width), int(height)
    turned = int(values["wall.rotate"]) in (90, 270)
    return (window[1], window[0]) if turned else window


def to_picture(values: Values) -> NDArray[np.float64]:
    """The 3 × 3 homography from places on the wall, (u, v, 1) with v upwards, to places in the picture.

    UserError for corners that cross each other.
    """
    moved = _UNIT + [[values[f"wall.{c}.x"], -values[f"wall.{c}.y"]] for c in CORNERS]
    if not _is_convex(moved):
        raise UserError("The corners of the wall cross each other: bring them back (wall.… to 0).")
    shown = _UNIT.copy()
    for _ in range(int(values["wall.rotate"]) // 90):
        shown = np.stack([1.0 - shown[:, 1], shown[:, 0]], axis=1)
    if values["wall.flip_x"]:
        shown[:, 0] = 1.0 - shown[:, 0]
    if values["wall.flip_y"]:
        shown[:, 1] = 1.0 - shown[:, 1]
    return _homography(moved, shown)


def _is_convex(corners: NDArray[np.float64]) -> bool:
    """Whether corners counted against the clock make a convex quadrilateral of some size."""
    sides = np.roll(corners, -1, axis=0) - corners
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    return bool((turns > _SMALLEST).all())


def _homography(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The projective map that takes four points to four others."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solved = np.linalg.solve(np.array(rows), target.reshape(-1))
    return np.append(solved, 1.0).reshape(3, 3)


def read_mask(file: str) -> UInt8:
    """The mask in a picture file, (H, W, 4) uint8; UserError where it is none."""
    try:
        path = path_of(file)
        if path.exists() and not path.is_file():
            raise UserError(f"The mask {file} is no file: name a picture in wall.mask.")
        with Picture.open(path) as opened:
            opened.thumbnail((_MOST_MASK_PX, _MOST_MASK_PX))
            return np.asarray(opened.convert("L").convert("RGBA"))
    except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "not a picture"
        raise UserError(f"The mask {file} cannot be read ({reason}): name a picture in wall.mask.") from error


class Wall:
    """Draws a picture onto a wall. Owner: the thread of its GL context."""

    def __init__(self, context: moderngl.Context, shaders: Path | None = None, live: bool = False) -> None:
        """With `live` a mask shows when it has been read; without, the frame waits for it."""
        self._context = context
        self._reading = Aside[UInt8]("mask", live)
        self._effect = isf.Effect(context, isf.load("wall", shaders))
        self._white = context.texture((1, 1), 4, b"\xff\xff\xff\xff")
        self._mask: moderngl.Texture | None = None
        self._mask_of = ""
        self._map = np.eye(3)
        self._problems = {"mask": "", "corners": ""}

    @property
    def sentence(self) -> str:
        """What is wrong, with the fix; "" when all is well. The last good wall stays."""
        return " ".join(text for text in self._problems.values() if text)

    def draw(self, picture: moderngl.Texture, target: moderngl.Framebuffer, values: Values) -> None:
        """The picture over the whole of `target`."""
        try:
            self._map, self._problems["corners"] = to_picture(values), ""
        except UserError as error:
            self._problems["corners"] = str(error)
        self._load_mask(str(values["wall.mask"]))
        rows = {
            name: (*(float(x) for x in row), 0.0)
            for name, row in zip(("toU", "toV", "toW"), self._map, strict=True)
        }
        edges = tuple(float(values[f"wall.edge.{side}"]) for side in ("left", "right", "top", "bottom"))
        given: dict[str, isf.Uniform] = {
            **rows,
            "edges": edges,
            "gamma": float(values["wall.edge.gamma"]),
            "pattern": bool(values["wall.test_pattern"]),
            "shape": (float(picture.width), float(picture.height)),
        }
        self._effect.draw(target, {"inputImage": picture, "mask": self._mask or self._white}, given)

    def _load_mask(self, file: str) -> None:
        """Begins to read another mask, and takes it when it is there."""
        if file != self._mask_of:
            self._mask_of, self._problems["mask"] = file, ""
            self._hang_mask(None)
            if file:
                self._reading.begin(lambda: read_mask(file))
            else:
                self._reading.drop()
        try:
            pixels = self._reading.take()
        except UserError as error:
            self._problems["mask"] = str(error)
            return
        if pixels is not None:
            self._hang_mask(pixels)

    def _hang_mask(self, pixels: UInt8 | None) -> None:
        if self._mask is not None:
            self._mask.release()
            self._mask = None
        if pixels is not None:
            size = (pixels.shape[1], pixels.shape[0])
            self._mask = self._context.texture(size, 4, np.ascontiguousarray(pixels[::-1]))
            self._mask.repeat_x = self._mask.repeat_y = False

    def release(self) -> None:
        """Frees the program, textures and thread."""
        self._reading.close()
        self._effect.release()
        self._white.release()
        if self._mask is not None:
            self._mask.release()
