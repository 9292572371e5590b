"""A video while the show runs: a daemon thread decodes ahead, `frame` takes what is due."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from visualizer import clock
from visualizer.content.content import Frame
from visualizer.content.video_reader import BROKEN, Shot, VideoReader, damage
from visualizer.types import UInt8, UserError

AHEAD_BYTES = 24 * 2**20
MIN_AHEAD, MAX_AHEAD = 3, 24
"""So many pictures wait at least and at most, whatever their size."""
MAX_SHOWN_FPS = 75.0
"""Of a file with more pictures a second, some are left out."""
JUMP_S = 2.0
"""A step of the show's clock that is a jump; backwards, any that is not jitter."""
_JITTER_S = 0.1
_LAG_S = 0.5
"""Further behind than this, only what must be is decoded; one picture per `_LAG_S` is shown nevertheless."""
_LATE_S = 2.0
"""Being behind for so long is worth a sentence."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 5.0
"""Back-off between two attempts to open a file that was lost."""


@dataclass(frozen=True, slots=True)
class _Due:
    start_s: float
    """On the show's clock."""
    pixels: UInt8


class LiveVideo:
    """Plays over and over. Of what goes wrong with the file the audience sees a standing picture at most.

    The thread "video" owns the reader; it and the owner of this object meet under one condition, which both
    hold only to pass values. Memory is bounded: `n_ahead` pictures wait, then the thread does.
    """

    is_still = False

    def __init__(self, path: Path, size_px: int) -> None:
        """Opens the file, decodes its first picture, starts the thread. UserError as `VideoReader`."""
        self.name = path.name
        self._reader = VideoReader(path, size_px)
        try:
            first = self._reader.read()
            if first is None:
                raise ValueError("no picture")
            self._now = _Due(0.0, self._reader.pixels(first))
            self._reader.rewind()
        except BROKEN as error:
            self._reader.close()
            raise UserError(f"{path} cannot be read as a video; convert it to MP4 (H.264).") from error
        self.n_ahead = max(MIN_AHEAD, min(MAX_AHEAD, AHEAD_BYTES // self._now.pixels.nbytes))
        self._number = 1
        self._meeting = threading.Condition()
        self._ahead: deque[_Due] = deque()
        self._wanted_s, self._read_to_s, self._length_s = 0.0, 0.0, 0.0
        self._jumped, self._stopped, self._is_lost = False, False, False
        self._last_put_s, self._catch_up_s = -math.inf, 0.0
        self._complaint = ""
        self._late_ns = 0
        """Since when the thread has been behind; 0 while it is not."""
        self._thread = threading.Thread(target=self._run, name="video", daemon=True)
        self._thread.start()

    @property
    def sentence(self) -> str:
        """See `Content`."""
        if self._complaint:
            return self._complaint
        if self._late_ns and clock.now_ns() - self._late_ns > _LATE_S * clock.NS_PER_S:
            return f"{self.name} cannot be decoded fast enough here; convert it to 1280 × 720 or less."
        return ""

    def frame(self, time_s: float) -> Frame:
        """See `Content`; `age_s` is how long ago the picture shown was due."""
        time_s = max(0.0, time_s)
        with self._meeting:
            if time_s < self._now.start_s - _JITTER_S or time_s - self._wanted_s > JUMP_S:
                self._jumped = True
                self._ahead.clear()
                self._now = _Due(time_s, self._now.pixels)
                self._late_ns = 0
            self._wanted_s = time_s
            self._note_lag()
            while self._ahead and self._ahead[0].start_s <= time_s:
                self._now = self._ahead.popleft()
                self._number += 1
            self._meeting.notify()
            return Frame(self._now.pixels, self._number, max(0.0, time_s - self._now.start_s))

    def _note_lag(self) -> None:
        if self._wanted_s - self._read_to_s < _LAG_S:
            self._late_ns = 0
        elif not self._late_ns:
            self._late_ns = clock.now_ns()

    def close(self) -> None:
        """Ends the thread, which gives the file back; may be called twice."""
        with self._meeting:
            self._stopped = True
            self._meeting.notify()
        self._thread.join(2.0)

    # What follows runs in the thread.

    def _run(self) -> None:
        try:
            base_s = 0.0
            while not self._stopped:
                try:
                    base_s = self._play(base_s)
                    self._reader.rewind()
                except (UserError, *BROKEN):
                    base_s = self._wait_for_file()
        finally:
            self._reader.close()

    def _play(self, base_s: float) -> float:
        """Plays from where the reader is to the end; the show's time at which the next pass begins."""
        held: Shot | None = None
        n_read, is_whole = 0, True
        while not self._stopped:
            if self._jumped:
                base_s, held, is_whole = self._jump(), None, False
            shot = self._reader.read()
            if shot is None and held is None and not is_whole:  # a jump past the last picture
                self._reader.rewind()
                base_s, is_whole = self._wanted_s, True
                continue
            if held is not None:
                self._offer(held, base_s, base_s + (shot.start_s if shot else self._reader.end_s))
            if shot is None:
                break
            self._read_to_s = base_s + shot.start_s
            held, n_read = shot, n_read + 1
        return self._ended(base_s, n_read, is_whole)

    def _ended(self, base_s: float, n_read: int, is_whole: bool) -> float:
        if self._stopped or self._jumped:
            return base_s
        if not n_read:
            raise ValueError("no pictures any more")
        self._length_s = self._reader.end_s
        self._complaint = damage(self._reader, self._length_s)
        if n_read == 1 and is_whole:
            self._pause(1.0)  # a single picture: nothing is gained by opening the file 25 times a second
            return self._wanted_s
        return base_s + self._length_s

    def _jump(self) -> float:
        """Takes the reader to what is wanted now; the show's time at which this pass would have begun."""
        with self._meeting:
            self._jumped = False
            self._ahead.clear()
            wanted_s = self._catch_up_s = self._read_to_s = self._wanted_s
        self._last_put_s = -math.inf
        length_s = self._length_s or self._reader.stated_s
        position_s = wanted_s % length_s if length_s else 0.0
        self._reader.rewind(position_s)
        return wanted_s - position_s

    def _offer(self, shot: Shot, base_s: float, end_s: float) -> None:
        """Puts the picture into the queue (waiting for room) unless it is too late, or too many come."""
        start_s, lag_s = base_s + shot.start_s, self._wanted_s - end_s
        self._reader.skip_lightly(lag_s > _LAG_S)
        if max(start_s - self._last_put_s, end_s - start_s) < 1 / MAX_SHOWN_FPS:
            return
        if lag_s >= 0 and start_s - max(self._last_put_s, self._catch_up_s) <= _LAG_S:
            return
        due = _Due(start_s, self._reader.pixels(shot))
        with self._meeting:
            self._meeting.wait_for(lambda: self._stopped or self._jumped or len(self._ahead) < self.n_ahead)
            if self._jumped or self._stopped:
                return
            self._ahead.append(due)
        self._last_put_s = start_s
        if self._is_lost:
            self._is_lost, self._complaint = False, ""

    def _wait_for_file(self) -> float:
        """Tries to open the file again until it can be; the show's time at which it begins anew."""
        self._is_lost = True
        self._complaint = (
            f"{self.name} cannot be read any more; its last picture stays until the file is back."
        )
        wait_s = _FIRST_WAIT_S
        while not self._stopped:
            self._pause(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            try:
                self._reader.rewind()
                break
            except (UserError, *BROKEN):
                continue
        self._last_put_s, self._catch_up_s = -math.inf, self._wanted_s
        return self._wanted_s

    def _pause(self, wait_s: float) -> None:
        with self._meeting:
            self._meeting.wait_for(lambda: self._stopped, wait_s)
