"""Video files by FFmpeg (PyAV), with all the oddities that files hold."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from visualizer.content.fitting import Size, cover_size, cut_middle, fitted_size, frozen
from visualizer.types import UInt8, UserError

BROKEN = (av.FFmpegError, OSError, ValueError, MemoryError)
"""What FFmpeg and PyAV raise for files that are damaged, cut or gone."""
GUESSED_FPS = 25.0
"""Where neither times nor a sane rate are in the file."""
MIN_FPS, MAX_FPS = 0.2, 240.0
"""A stated rate beyond these is not believed."""
MAX_PX = 40_000_000
"""A larger picture than this (8K) would fill the memory: a decoder holds a dozen of them."""
_NO_TIMES = 0x80
"""FFmpeg's flag of formats without times, such as a bare H.264 stream; what it makes up for them misleads."""
_TEXT_ART = frozenset(["tty", "bin", "xbin", "adf", "idf"])
"""FFmpeg would play any text file as a film of letters."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A decoded picture of a video, not yet converted."""

    start_s: float
    """When it is due, from the start of the file; strictly rising within a pass."""
    lasts_s: float
    """How long the file says it stays; what follows may come earlier or later."""
    picture: av.VideoFrame


class VideoReader:
    """One pass over a video after another, in order of presentation. Owned by one thread.

    Times are the file's own, from its first picture; where it has none, or they do not rise, its rate stands
    in. A damaged packet is left out (`n_damaged`), and what cannot be read any further ends the pass.
    """

    def __init__(self, path: Path, size_px: int) -> None:
        """Opens the file and decodes its first picture; UserError, with the fix, where there is none."""
        self.path, self.name = path, path.name
        self.n_damaged = 0
        self.end_s = 0.0
        """End of the newest picture of this pass; at the end of a whole pass, the length of the video."""
        self._container: InputContainer | None = None
        self._again: Shot | None = None
        self._last_s = -math.inf
        self._has_times, self._origin_s = False, 0.0
        try:
            self._open()
            self._set_origin()
            first = self.read()
            if first is None:
                raise UserError(f"{path} holds no pictures that can be decoded; choose another video.")
            self.size = self._fitted(first.picture, size_px)
            self.rewind()
        except BROKEN as error:
            self.close()
            raise UserError(f"{path} cannot be read as a video; convert it to MP4 (H.264).") from error
        except UserError:
            self.close()
            raise

    def rewind(self, to_s: float = 0.0) -> None:
        """The next picture read is the first one, or a later one at or before `to_s` where it can be found.

        Raises one of `BROKEN` where the file is gone.
        """
        self._open()
        if to_s <= 0 or not self._has_times:
            return
        try:
            self._seek(to_s)
            if (first := self.read()) is not None and first.start_s <= to_s:
                self._again = first
                return
        except BROKEN:
            pass  # this file cannot be searched; its start is always there
        self._open()

    def read(self) -> Shot | None:
        """The next picture, None at the end. Raises one of `BROKEN` for a file that fails at once."""
        if self._again is not None:
            shot, self._again = self._again, None
            return shot
        picture = next(self._pictures, None)
        if picture is None:
            return None
        shot = self._timed(picture)
        self._last_s, self.end_s = shot.start_s, shot.start_s + shot.lasts_s
        return shot

    def pixels(self, shot: Shot) -> UInt8:
        """(H, W, 3) uint8 RGB, upright, fitted to `size`; raises one of `BROKEN` for what is damaged."""
        turns = _turns(shot.picture)
        size = self.size if turns % 2 == 0 else (self.size[1], self.size[0])
        shape = self._shape(shot.picture)
        covering = _converted(shot, cover_size(*shape, size))
        return frozen(np.rot90(cut_middle(covering, size), turns))

    def whole(self, size_px: int) -> UInt8:
        """The next picture, uncut, longer side at most `size_px`. Raises one of `BROKEN`."""
        shot = self.read()
        if shot is None:
            raise ValueError("no picture")
        shape = self._shape(shot.picture)
        scale = min(1.0, size_px / max(shape))
        size = max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))
        return frozen(np.rot90(_converted(shot, size), _turns(shot.picture)))

    def skip_lightly(self, lightly: bool) -> None:
        """To catch up, leaves out pictures that no other one needs; not where counting tells the time."""
        lightly = lightly and self._has_times
        self._stream.codec_context.skip_frame = "NONREF" if lightly else "DEFAULT"

    @property
    def stated_s(self) -> float:
        """The length that the file states; 0 where it does not."""
        stream = self._stream
        if stream.duration and stream.time_base and stream.duration > 0:
            return float(stream.duration * stream.time_base)
        assert self._container is not None
        return max(0.0, (self._container.duration or 0) / av.time_base)

    def close(self) -> None:
        """Gives the file back; may be called twice."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def _open(self) -> None:
        self.close()
        self._again = None
        self._last_s, self.end_s = -math.inf, 0.0
        self._container = _open_container(self.path)
        self._stream = _moving(self.path, self._container)
        self._stream.codec_context.thread_count = 2
        self._stream.codec_context.thread_type = "AUTO"
        stretch = float(self._stream.sample_aspect_ratio or 1)
        self._stretch = stretch if 1 / 8 <= stretch <= 8 else 1.0
        self._pictures = self._decoded(self._container, self._stream)

    def _set_origin(self) -> None:
        first = next(self._pictures, None)
        is_timed = self._container is not None and not self._container.format.flags & _NO_TIMES
        if first is not None and is_timed and first.pts is not None and first.time_base is not None:
            self._has_times, self._origin_s = True, float(first.pts * first.time_base)
        self._open()

    def _seek(self, to_s: float) -> None:
        assert self._container is not None and self._stream.time_base is not None
        offset = math.floor((self._origin_s + to_s) / self._stream.time_base)
        self._container.seek(offset, stream=self._stream)
        self._pictures = self._decoded(self._container, self._stream)

    def _decoded(self, container: InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
        n_read = 0
        try:
            for packet in container.demux(stream):
                try:
                    for picture in packet.decode():
                        n_read += 1
                        yield picture
                except av.InvalidDataError:
                    self.n_damaged += 1
        except BROKEN:
            if not n_read:
                raise
            self.n_damaged += 1

    def _timed(self, picture: av.VideoFrame) -> Shot:
        gap_s = 1 / self._fps()
        if picture.duration and picture.time_base:
            stated_s = float(picture.duration * picture.time_base)
            gap_s = stated_s if 1 / MAX_FPS <= stated_s <= 1 / MIN_FPS else gap_s
        after_s = 0.0 if self._last_s == -math.inf else self.end_s
        if not self._has_times or picture.pts is None or picture.time_base is None:
            return Shot(after_s, gap_s, picture)
        start_s = float(picture.pts * picture.time_base) - self._origin_s
        if start_s <= self._last_s:
            start_s = after_s
        return Shot(start_s, gap_s, picture)

    def _fps(self) -> float:
        for rate in (self._stream.average_rate, self._stream.guessed_rate, self._stream.base_rate):
            if rate and MIN_FPS <= float(rate) <= MAX_FPS:
                return float(rate)
        return GUESSED_FPS

    def _shape(self, picture: av.VideoFrame) -> tuple[float, float]:
        """Width and height as they are to be seen, before any turn."""
        return picture.width * max(1.0, self._stretch), picture.height / min(1.0, self._stretch)

    def _fitted(self, picture: av.VideoFrame, size_px: int) -> Size:
        shape = self._shape(picture)
        return fitted_size(*(shape if _turns(picture) % 2 == 0 else shape[::-1]), size_px)


def damage(reader: VideoReader, length_s: float) -> str:
    """What is wrong with the file, after a pass of `length_s` (0 = not yet at its end); empty for nothing."""
    if length_s and reader.stated_s - length_s > 1 + 0.05 * reader.stated_s:
        return (
            f"{reader.name} has pictures only for the first {length_s:.1f} of {reader.stated_s:.1f} s; they "
            "repeat. If it was cut short, copy it again."
        )
    if reader.n_damaged:
        return f"{reader.name} is damaged in places; convert it again if its pictures look torn."
    return ""


def thumbnail(path: Path, size_px: int) -> UInt8:
    """The first picture of a video in its own shape, longer side at most `size_px`; UserError without one."""
    with contextlib.closing(VideoReader(path, size_px)) as reader:
        try:
            return reader.whole(size_px)
        except BROKEN as error:
            raise UserError(f"{path} cannot be read as a video; convert it to MP4 (H.264).") from error


def has_sound(path: Path) -> bool:
    """Whether it is a video (moving pictures, not a cover) with at least one audio stream."""
    try:
        with _open_container(path) as container:
            _moving(path, container)
            return bool(container.streams.audio)
    except (UserError, *BROKEN):
        return False


def _open_container(path: Path) -> InputContainer:
    """Playlists and the like may name other files, but nothing on a network."""
    return av.open(str(path), timeout=10.0, container_options={"protocol_whitelist": "file"})


def _moving(path: Path, container: InputContainer) -> av.VideoStream:
    """The first moving pictures; UserError for a song (its cover does not count) or a huge video."""
    if container.format.name in _TEXT_ART:
        raise ValueError("text")
    for stream in container.streams.video:
        if "attached_pic" in str(stream.disposition) or stream.codec_context is None:  # no decoder for it
            continue
        if stream.codec_context.width * stream.codec_context.height > MAX_PX:
            raise UserError(f"{path} is larger than 8K; convert it to 1920 × 1080 or less.")
        return stream
    if container.streams.audio:
        raise UserError(
            f"{path} holds sound without pictures; give it as --input file:PATH, and paint over another."
        )
    raise ValueError("no video stream")


def _converted(shot: Shot, size: Size) -> UInt8:
    pixels = shot.picture.reformat(*size, "rgb24", interpolation="AREA").to_ndarray()
    return pixels.astype(np.uint8, copy=False)


def _turns(picture: av.VideoFrame) -> int:
    """Quarter turns anticlockwise that set it upright."""
    return round((picture.rotation or 0) / 90) % 4
