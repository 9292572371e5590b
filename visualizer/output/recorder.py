"""A picture and a sound into one file: H.264 or HEVC, and AAC, playable however the program ends."""

from __future__ import annotations

import contextlib
import struct
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from visualizer.types import Float32, UInt8, UserError

_FRAGMENTS = {
    # Fragments of a quarter of a second while it runs, so that a kill costs no more than the last of them and
    # what the encoder holds; an ordinary file once closed.
    "movflags": "hybrid_fragmented+frag_keyframe+delay_moov",
    "frag_duration": "250000",
    "flush_packets": "1",
}
CONTAINERS = {
    ".mp4": ("mp4", _FRAGMENTS),
    ".mov": ("mov", _FRAGMENTS),
    ".mkv": ("matroska", {"cluster_time_limit": "1000", "flush_packets": "1"}),
}
"""What a name may end in, with the muxer and its options."""

_KEY_FRAME_S = 1.0
_AUDIO_BIT_RATE = 192_000
_AAC_SAMPLES = 1024
_BT709 = 1
_LIMITED_RANGE = 1
_OPEN_ERRORS = (av.FFmpegError, OSError, ValueError)

_NVENC_PX = (160, 4096)
"""Sides that GPUs encode."""

Speed = Literal["live", "offline"]
Codec = Literal["h264", "hevc"]
_SOFTWARE = {
    "h264": (
        "libx264",
        {
            "live": {"preset": "ultrafast", "tune": "zerolatency", "crf": "20"},
            "offline": {"preset": "veryfast", "crf": "18", "bf": "0"},
        },
    ),
    "hevc": (
        "libx265",
        {
            "live": {"preset": "ultrafast", "tune": "zerolatency", "crf": "23", "x265-params": "log-level=0"},
            "offline": {"preset": "veryfast", "crf": "21", "x265-params": "log-level=0:bframes=0"},
        },
    ),
}
_NVENC = {
    "live": {"preset": "p3", "rc": "vbr", "cq": "20", "bf": "0", "zerolatency": "1"},
    "offline": {"preset": "p5", "rc": "vbr", "cq": "18", "bf": "0"},
}


class Recorder:
    """Writes frames at a constant rate and the sound beside them. Owned by one thread.

    Frame `i` is shown at i / fps seconds and sample `k` is heard at k / audio_rate seconds, both from the
    start of the file. Nothing is reordered: indices only rise.
    """

    def __init__(
        self,
        path: Path | str,
        width: int,
        height: int,
        fps: float,
        audio_rate: int | None = 48_000,
        speed: Speed = "offline",
        codec: Codec = "h264",
    ) -> None:
        """Creates the file.

        `width` and `height` are rounded down to even numbers, as yuv420p wants; frames of another size are
        fitted in with black bars. `audio_rate` None leaves the sound out. `speed` "live" encodes cheaply.
        UserError for a name whose end is unknown and for a place that cannot be written.
        """
        self.path = Path(path)
        self.width, self.height, self.fps = width & ~1, height & ~1, fps
        self.audio_rate = audio_rate
        self.n_frames = 0
        self.n_samples = 0
        self.encoder = ""
        check_path(self.path)
        if self.width < 2 or self.height < 2:
            raise UserError(f"A recording of {width}×{height} pixels is too small; take at least 16×16.")
        muxer, options = CONTAINERS[self.path.suffix.lower()]
        try:
            self._container: OutputContainer | None = av.open(
                str(self.path), "w", format=muxer, options=options
            )
        except _OPEN_ERRORS as error:
            raise _unwritable(self.path, error) from error
        self._add_video(speed, codec)
        if audio_rate is not None:
            sound = self._container.add_stream(
                "aac", rate=audio_rate, layout="stereo", bit_rate=_AUDIO_BIT_RATE
            )
            self._sound = cast(AudioStream, sound)
        self._pending = np.zeros((0, 2), np.float32)
        self._last: av.VideoFrame | None = None

    def _add_video(self, speed: Speed, codec: Codec) -> None:
        assert self._container is not None
        self._rate = Fraction(self.fps).limit_denominator(1001)
        fits_nvenc = all(_NVENC_PX[0] <= side <= _NVENC_PX[1] for side in (self.width, self.height))
        on_gpu = fits_nvenc and _has_nvenc(codec)
        self.encoder, options = (f"{codec}_nvenc", _NVENC) if on_gpu else _SOFTWARE[codec]
        picture = cast(VideoStream, self._container.add_stream(self.encoder, rate=self._rate))
        picture.width, picture.height, picture.pix_fmt = self.width, self.height, "yuv420p"
        picture.options = {**options[speed]}
        context = picture.codec_context
        if codec == "hevc" and self.path.suffix.lower() in (".mp4", ".mov"):
            context.codec_tag = "hvc1"  # what Apple's players ask for
        context.gop_size = max(1, round(_KEY_FRAME_S * self.fps))
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED_RANGE
        self._picture = picture

    @property
    def is_open(self) -> bool:
        """False once closed, or once the disk refused it."""
        return self._container is not None

    @property
    def seconds(self) -> float:
        """Length of the picture so far."""
        return self.n_frames / self.fps

    def add_frame(self, pixels: UInt8, index: int | None = None) -> None:
        """Shows `pixels` (H, W, 3 or 4) uint8 RGB(A) as frame `index`, by default the next one.

        Where `index` leaves some out, the frame before is repeated until then, which costs little.
        ValueError for an index that is taken; UserError when the disk does not take it.
        """
        index = self.n_frames if index is None else index
        if index < self.n_frames:
            raise ValueError(f"frame {index} comes after frame {self.n_frames - 1}")
        frame = self._convert(pixels)
        while self.n_frames < index:
            self._show(self._last or frame)
        self._show(frame)
        self._last = frame

    def repeat_until(self, index: int) -> int:
        """Shows the last frame again up to, not including, frame `index`; returns how often."""
        n_before = self.n_frames
        while self._last is not None and self.n_frames < index:
            self._show(self._last)
        return self.n_frames - n_before

    def _convert(self, pixels: UInt8) -> av.VideoFrame:
        height, width, channels = pixels.shape
        if (height & ~1, width & ~1) == (self.height, self.width):
            pixels = pixels[: self.height, : self.width]
        else:
            pixels = fit_picture(pixels, self.width, self.height)
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(pixels), format="rgba" if channels == 4 else "rgb24"
        )
        return frame.reformat(
            format="yuv420p", dst_colorspace="ITU709", src_color_range="JPEG", dst_color_range="MPEG"
        )

    def _show(self, frame: av.VideoFrame) -> None:
        frame.pts, frame.time_base = self.n_frames, 1 / self._rate
        self._encode(self._picture, frame)
        self.n_frames += 1

    def add_audio(self, samples: Float32) -> None:
        """Sound (n, 2) float32 in [-1, 1] that follows what was given before; louder is clipped.

        UserError when the disk does not take it.
        """
        samples = np.clip(np.nan_to_num(samples, posinf=0.0, neginf=0.0), -1.0, 1.0)
        self._pending = np.concatenate((self._pending, samples.astype(np.float32)))
        n_whole = len(self._pending) // _AAC_SAMPLES * _AAC_SAMPLES
        for start in range(0, n_whole, _AAC_SAMPLES):
            self._sing(self._pending[start : start + _AAC_SAMPLES])
        self._pending = self._pending[n_whole:]

    def _sing(self, samples: Float32) -> None:
        assert self.audio_rate is not None
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base = self.audio_rate, Fraction(1, self.audio_rate)
        frame.pts = self.n_samples
        self.n_samples += len(samples)
        self._encode(self._sound, frame)

    def _encode(self, stream: VideoStream | AudioStream, frame: Any) -> None:
        """Writes what the encoder gives for `frame`, or for None all that it still holds."""
        if self._container is None:
            raise ValueError("the recording is closed")
        try:
            for packet in stream.encode(frame):
                self._container.mux(packet)
        except (av.FFmpegError, OSError) as error:
            self._abandon()
            raise _unwritable(self.path, error) from error

    def close(self) -> None:
        """Finishes the file, or removes it when it has no frame; a second call does nothing.

        UserError when the disk does not take the end.
        """
        if self._container is None:
            return
        if self.n_frames:
            if len(self._pending):
                self._sing(self._pending)
            self._encode(self._picture, None)
            if self.audio_rate is not None and self.n_samples:
                self._encode(self._sound, None)
        container, self._container = self._container, None
        try:
            container.close()
        except (av.FFmpegError, OSError) as error:
            raise _unwritable(self.path, error) from error
        if not self.n_frames and self.path.is_file():
            self.path.unlink()

    def _abandon(self) -> None:
        """Lets go of a file that can no longer be written; what reached the disk stays playable."""
        container, self._container = self._container, None
        if container is not None:
            with contextlib.suppress(av.FFmpegError, OSError):  # the first error is the one to tell
                container.close()
            with contextlib.suppress(OSError):
                _trim(self.path)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_path(path: Path) -> None:
    """UserError unless a recording can be made at `path`; creates nothing."""
    if path.suffix.lower() not in CONTAINERS:
        raise UserError(f"{path} should end in one of {', '.join(CONTAINERS)}.")
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file in it.")
    if not path.absolute().parent.is_dir():
        raise UserError(f"There is no folder {path.absolute().parent} to write {path.name} into; create it.")


def _trim(path: Path) -> None:
    """Takes the half-written fragment off the end of an MP4 file, at which decoders would stumble."""
    if path.suffix.lower() == ".mkv" or not path.is_file():
        return
    n_bytes, start, whole = path.stat().st_size, 0, 0
    with path.open("r+b") as file:
        while start + 8 <= n_bytes:
            file.seek(start)
            size, kind = struct.unpack(">I4s", file.read(8))
            if size == 1:
                (size,) = struct.unpack(">Q", file.read(8))
            if size < 8 or start + size > n_bytes:
                break
            start += size
            if kind != b"moof":  # the head of a fragment is nothing without its data
                whole = start
        file.truncate(whole)


def _unwritable(path: Path, error: Exception) -> UserError:
    reason = getattr(error, "strerror", None) or str(error)
    return UserError(f"{path} cannot be written ({reason}); free some space or choose another place.")


def fit_picture(pixels: UInt8, width: int, height: int) -> UInt8:
    """`pixels` (h, w, 3 or 4) uint8 scaled into width × height with black bars, same channels."""
    source_height, source_width, channels = pixels.shape
    scale = min(width / source_width, height / source_height)
    inner_width, inner_height = max(1, round(source_width * scale)), max(1, round(source_height * scale))
    format = "rgba" if channels == 4 else "rgb24"
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=format)
    scaled = frame.reformat(width=inner_width, height=inner_height).to_ndarray(format=format)
    canvas = np.zeros((height, width, channels), np.uint8)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    canvas[top : top + inner_height, left : left + inner_width] = scaled
    return canvas


@cache
def _has_nvenc(codec: Codec) -> bool:
    """Whether this machine's GPU encodes this; asked once, by opening an encoder."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.PANIC)
    try:
        context = cast(av.VideoCodecContext, av.CodecContext.create(f"{codec}_nvenc", "w"))
        context.width, context.height, context.pix_fmt = 256, 256, "yuv420p"
        context.time_base = Fraction(1, 30)
        context.open()
        return True
    except (av.FFmpegError, OSError, ValueError):
        return False
    finally:
        av.logging.set_level(level)
