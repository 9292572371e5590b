"""PNG files: one still, or each picture of a sequence."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import PIL.Image

from visualizer import clock
from visualizer.output.output import Output
from visualizer.output.relay import Relay
from visualizer.types import Image, UInt8, UserError

_QUICK = 1
"""PNG compression of a sequence, of 9: it has a thirtieth of a second."""


def check_still(path: Path) -> None:
    """UserError unless a still can be written at `path`; creates nothing."""
    if path.suffix.lower() != ".png":
        raise UserError(f"{path} should end in .png.")
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file in it.")
    if not path.absolute().parent.is_dir():
        raise UserError(f"There is no folder {path.absolute().parent} to write {path.name} into; create it.")


class Still(Output):
    """Writes the next picture that is shown."""

    def __init__(self, path: Path) -> None:
        """UserError for an impossible path."""
        check_still(path)
        self._path = path
        self._is_done = False
        self._begun_ns = clock.now_ns()

    def show(self, image: Image) -> None:
        """See `Output`; a picture from before is left out."""
        if not self._is_done and image.made_ns >= self._begun_ns:
            _write(image.pixels, self._path, level=6)
            self._is_done = True

    @property
    def is_done(self) -> bool:
        """Whether it is written."""
        return self._is_done


class Sequence(Output):
    """Writes `000001.png`, `000002.png` … into a folder at a constant rate, after those that are there.

    A disk that is too slow repeats the picture before (a hard link where there are any) and counts it.
    """

    def __init__(self, folder: Path, fps: float) -> None:
        """UserError where the folder cannot be made or written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{folder} cannot be made ({error.strerror}); name another folder for the pictures."
            ) from error
        if not os.access(folder, os.W_OK):
            raise UserError(f"{folder} cannot be written; name another folder for the pictures.")
        self._folder, self._fps = folder, fps
        there = [int(path.stem) for path in folder.glob("*.png") if path.stem.isdecimal()]
        self._n_before = max(there, default=0)
        self._n_written = 0
        self._n_repeated = 0
        self._start_ns = 0
        self._last: Path | None = None
        self._relay = Relay("sequence", self._write)

    def wants_picture(self, now_ns: int) -> bool:
        """See `Output`."""
        return not self._start_ns or self._place(now_ns) >= self._n_written

    def show(self, image: Image) -> None:
        """See `Output`."""
        self._start_ns = self._start_ns or image.made_ns
        if self._place(image.made_ns) >= self._n_written:
            self._relay.offer(image)

    def figures(self) -> dict[str, Any]:
        """See `Output`."""
        told = {"folder": str(self._folder), "n_pictures": self._n_written, "n_repeated": self._n_repeated}
        return {"sequence": told}

    def close(self) -> None:
        """Writes what waits."""
        self._relay.close()

    def _place(self, time_ns: int) -> int:
        return round(clock.seconds(time_ns - self._start_ns) * self._fps)

    def _write(self, image: Image) -> None:
        place = self._place(image.made_ns)
        try:
            while self._last is not None and self._n_written < place:
                _link(self._last, self._next())
                self._n_written += 1
                self._n_repeated += 1
        except OSError as error:
            raise _unwritable(self._next(), error) from error
        path = self._next()
        _write(image.pixels, path, _QUICK)
        self._last = path
        self._n_written += 1

    def _next(self) -> Path:
        return self._folder / f"{self._n_before + self._n_written + 1:06d}.png"


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError:  # a file system without links
        shutil.copyfile(old, new)


def _write(pixels: UInt8, path: Path, level: int) -> None:
    """An RGB picture from (H, W, 4), whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        PIL.Image.fromarray(pixels[:, :, :3]).save(part, "PNG", compress_level=level)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UserError:
    reason = error.strerror or str(error)
    return UserError(f"{path} cannot be written ({reason}); free some space or choose another place.")
