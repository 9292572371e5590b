"""A folder of pictures, one after another; what cannot be read is left out and named."""

from __future__ import annotations

import bisect
import logging
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from visualizer.content import pictures
from visualizer.content.content import PICTURE_SUFFIXES, Frame, list_files, names, sort_key
from visualizer.types import UInt8, UserError

LOOK_EVERY_S = 1.0
"""Between two looks for pictures that were added or removed."""
_CLOCK_SLACK_S = 1e-6

_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slide:
    """A picture file as it was when the folder was looked at; another time or length, another slide."""

    path: Path
    modified_ns: int
    n_bytes: int


def find_slides(folder: Path) -> list[Slide]:
    """The pictures in `folder`, sorted; empty where it cannot be read."""
    slides = []
    for path in list_files(folder, PICTURE_SUFFIXES):
        try:
            about = path.stat()
        except OSError:
            continue  # gone between the two looks
        slides.append(Slide(path, about.st_mtime_ns, about.st_size))
    return slides


def first_readable(folder: Path, read: Callable[[Path], T]) -> T:
    """What `read` makes of the first picture that it can read; UserError where there is none."""
    slides = find_slides(folder)
    if not slides:
        raise UserError(f"{folder} holds no pictures; put some (JPEG, PNG, WebP, TIFF …) into it.")
    last = ""
    for slide in slides:
        try:
            return read(slide.path)
        except UserError as error:
            last = str(error)
    raise UserError(f"None of the {len(slides)} pictures in {folder} can be read; the last one: {last}")


def _slot(time_s: float, slide_s: float) -> int:
    return math.floor(max(0.0, time_s + _CLOCK_SLACK_S) / slide_s)


def _unreadable(folder: Path, bad: Sequence[Path]) -> str:
    if not bad:
        return ""
    return f"Left out of {folder.name}, as unreadable: {names(bad)}; save them again as JPEG or PNG."


class Slideshow:
    """For rendering: which picture is shown depends on the time alone. Owned by one thread.

    The list is fixed at opening; the picture of slot k is the k-th, or the next one that can be read.
    """

    is_still = True

    def __init__(self, folder: Path, size_px: int, slide_s: float) -> None:
        """Raises UserError for a folder without a readable picture."""
        self.name = folder.name or str(folder)
        self._folder, self._size_px, self._slide_s = folder, size_px, slide_s
        self._shown = Frame(first_readable(folder, lambda path: pictures.load(path, size_px)), 0)
        self._slides = find_slides(folder)
        self._bad: set[int] = set()

    @property
    def sentence(self) -> str:
        """See `Content`."""
        return _unreadable(self._folder, [self._slides[index].path for index in sorted(self._bad)])

    def frame(self, time_s: float) -> Frame:
        """See `Content`."""
        first = _slot(time_s, self._slide_s) % len(self._slides)
        for index in (*range(first, len(self._slides)), *range(first)):
            if index in self._bad:
                continue
            if self._shown.number == index + 1:
                return self._shown
            try:
                self._shown = Frame(pictures.load(self._slides[index].path, self._size_px), index + 1)
                return self._shown
            except UserError:
                self._bad.add(index)
        return self._shown

    def close(self) -> None:
        """Nothing is open."""


class LiveSlideshow:
    """For the show: a daemon thread looks at the folder and has the neighbours of what is shown at hand.

    A change of slide goes on from the picture shown in the folder as it is then, so that pictures may come
    and go. A next picture that is not read yet lets the present one stay. The thread "slideshow" reads; the
    owner of this object only exchanges values with it under a condition.
    """

    is_still = True

    def __init__(self, folder: Path, size_px: int, slide_s: float) -> None:
        """Reads the first picture, then starts the thread. Raises UserError where there is none."""
        self.name = folder.name or str(folder)
        self._folder, self._size_px, self._slide_s = folder, size_px, slide_s
        first, pixels = first_readable(folder, lambda path: (path, pictures.load(path, size_px)))
        self._slides = find_slides(folder)
        self._current = next((s for s in self._slides if s.path == first), Slide(first, 0, 0))
        self._target = self._current
        self._shown, self._slot = Frame(pixels, 1), 0
        self._ready: dict[Slide, UInt8] = {self._current: pixels}
        self._bad: set[Slide] = set()
        self._meeting = threading.Condition()
        self._stopped = self._is_asked = False
        self._thread = threading.Thread(target=self._run, name="slideshow", daemon=True)
        self._thread.start()

    @property
    def sentence(self) -> str:
        """See `Content`."""
        with self._meeting:
            if not self._good():
                return f"{self._folder} holds no readable pictures any more; put some into it."
            return _unreadable(self._folder, [slide.path for slide in self._slides if slide in self._bad])

    def frame(self, time_s: float) -> Frame:
        """See `Content`."""
        slot = _slot(time_s, self._slide_s)
        with self._meeting:
            if slot != self._slot:
                self._target = self._neighbour(slot - self._slot)
                if self._target in self._ready:
                    self._show(self._target, slot)
                self._is_asked = True
                self._meeting.notify()
            return self._shown

    def close(self) -> None:
        """Ends the thread; may be called twice."""
        with self._meeting:
            self._stopped = True
            self._meeting.notify()
        self._thread.join(2.0)

    # These are called with the condition held.

    def _show(self, slide: Slide, slot: int) -> None:
        if slide != self._current:
            self._shown = Frame(self._ready[slide], self._shown.number + 1)
        self._current, self._slot = slide, slot

    def _good(self) -> list[Slide]:
        return [slide for slide in self._slides if slide not in self._bad]

    def _neighbour(self, n_steps: int) -> Slide:
        """So many pictures on from the current one, which may be gone; itself where there is no other."""
        good = self._good()
        if not good:
            return self._current
        for index, slide in enumerate(good):
            if slide.path == self._current.path:
                return good[(index + n_steps) % len(good)]
        after = bisect.bisect_left(good, sort_key(self._current.path), key=lambda slide: sort_key(slide.path))
        return good[(after + n_steps - (n_steps > 0)) % len(good)]

    def _missing(self) -> Slide | None:
        """What should be read next; forgets what is far from the current picture."""
        near = [self._target, self._neighbour(1), self._neighbour(-1)]
        self._ready = {slide: self._ready[slide] for slide in (*near, self._current) if slide in self._ready}
        there = set(self._good())
        return next((slide for slide in near if slide in there and slide not in self._ready), None)

    # What follows runs in the thread.

    def _run(self) -> None:
        while not self._stopped:
            slides = find_slides(self._folder)
            with self._meeting:
                self._slides = slides
                self._bad &= set(slides)
            while not self._stopped and (slide := self._next_missing()) is not None:
                self._read(slide)
            with self._meeting:
                self._meeting.wait_for(lambda: self._stopped or self._is_asked, LOOK_EVERY_S)
                self._is_asked = False

    def _next_missing(self) -> Slide | None:
        with self._meeting:
            return self._missing()

    def _read(self, slide: Slide) -> None:
        try:
            pixels = pictures.load(slide.path, self._size_px)
        except UserError as error:
            _log.warning("%s", error)
            with self._meeting:
                self._bad.add(slide)
            return
        with self._meeting:
            self._ready[slide] = pixels
