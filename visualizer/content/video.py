"""A video for rendering: a function of time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from visualizer.content.content import Frame
from visualizer.content.fitting import frozen
from visualizer.content.video_reader import BROKEN, Shot, VideoReader, damage
from visualizer.types import UserError

_SCAN_FROM_S = 5.0
"""A step forward longer than this seeks instead of decoding all that lies between."""
_SLACK_S = 1e-6
"""A picture due this soon is due: times on the video's own grid may fall short of it by a rounding."""


class Video:
    """A video for rendering: `frame` is a function of its time alone, whatever was asked for before.

    Shown at `time_s` is the newest picture at or before it, modulo the true length of the file, which is
    learned from its end when it is first passed. Owned by one thread.
    """

    is_still = False

    def __init__(self, path: Path, size_px: int) -> None:
        """Raises UserError for what holds no pictures."""
        self.name = path.name
        self.sentence = ""
        self._reader = VideoReader(path, size_px)
        self._length_s = 0.0
        """0 until the end was seen."""
        self._now: Shot | None = None
        self._next: Shot | None = None
        self._shown_s = -1.0
        self._shown = Frame(frozen(np.zeros((*self._reader.size[::-1], 3), np.uint8)), 0)
        self.frame(0.0)
        if not self._shown.number:
            self.close()
            raise UserError(f"{path} holds no pictures that can be decoded; choose another video.")

    def frame(self, time_s: float) -> Frame:
        """See `Content`; nothing is late here. `number` names the picture within the file."""
        try:
            self._go_to(self._position(max(0.0, time_s) + _SLACK_S))
            if self._now is not None and self._now.start_s != self._shown_s:
                number = 1 + round(self._now.start_s * 1e6)
                self._shown, self._shown_s = Frame(self._reader.pixels(self._now), number), self._now.start_s
            self.sentence = damage(self._reader, self._length_s)
        except BROKEN:
            self.sentence = f"{self.name} cannot be read any more; see whether the file is still there."
        return self._shown

    def close(self) -> None:
        """Gives the file back; may be called twice."""
        self._reader.close()

    def _position(self, time_s: float) -> float:
        if not self._length_s and time_s >= self._reader.stated_s:
            self._learn_length()
        return time_s % self._length_s if self._length_s else time_s

    def _go_to(self, position_s: float) -> None:
        far = self._next is not None and position_s - self._next.start_s > _SCAN_FROM_S
        if far or self._now is None or position_s < self._now.start_s:
            self._reader.rewind(position_s)
            self._now, self._next = self._reader.read(), self._reader.read()
        while self._next is not None and self._next.start_s <= position_s:
            self._now, self._next = self._next, self._reader.read()
        if self._next is None and not self._length_s:  # the file is shorter than it says
            self._length_s = self._reader.end_s
            self._go_to(position_s % self._length_s)

    def _learn_length(self) -> None:
        self._now = self._next = None
        self._reader.rewind(self._reader.stated_s)
        while self._reader.read() is not None:
            pass
        self._length_s = self._reader.end_s
