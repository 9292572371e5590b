"""Audio files as streams of blocks at their own rate: libsndfile first, FFmpeg (PyAV) for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import av
import numpy as np
import soundfile

from visualizer.types import Float32, UserError

N_BLOCK = 4096
READABLE = "wav, flac, ogg, mp3 or m4a"


class Decoder(Protocol):
    """An opened audio file."""

    rate_hz: int
    n_channels: int
    duration_s: float
    """As the file says; 0 where it does not."""

    def blocks(self) -> Iterator[Float32]:
        """From the start: (n, n_channels) float32 in [-1, 1]. May be called again for another pass."""


class SoundfileDecoder:
    """wav, flac, ogg, opus and mp3 by libsndfile."""

    def __init__(self, path: Path) -> None:
        """Raises soundfile.LibsndfileError for what it cannot read."""
        self._path = path
        with soundfile.SoundFile(path) as file:
            self.rate_hz, self.n_channels = int(file.samplerate), int(file.channels)
            self.duration_s = max(0, file.frames) / self.rate_hz

    def blocks(self) -> Iterator[Float32]:
        """See `Decoder`; a damaged rest of the file, or its loss, ends it early."""
        try:
            with soundfile.SoundFile(self._path) as file:
                while len(block := file.read(N_BLOCK, dtype="float32", always_2d=True)):
                    yield block
        except (soundfile.SoundFileError, OSError):
            return


class AvDecoder:
    """m4a (AAC, ALAC) and all else that FFmpeg reads."""

    def __init__(self, path: Path) -> None:
        """Raises av.FFmpegError for what it cannot read, ValueError for a file without sound."""
        self._path = path
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise ValueError("no audio stream")
            stream = container.streams.audio[0]
            self.rate_hz = int(stream.rate or stream.codec_context.sample_rate)
            self.n_channels = int(stream.codec_context.channels)
            length = stream.duration * stream.time_base if stream.duration and stream.time_base else None
            self.duration_s = float(length or (container.duration or 0) / av.time_base)
        if self.rate_hz <= 0 or self.n_channels <= 0:
            raise ValueError("no audio format")

    def blocks(self) -> Iterator[Float32]:
        """See `Decoder`; a damaged packet is left out, a cut or lost file ends early."""
        try:
            with av.open(str(self._path)) as container:
                yield from self._frames(container)
        except (av.FFmpegError, OSError):
            return

    def _frames(self, container: av.container.InputContainer) -> Iterator[Float32]:
        stream = container.streams.audio[0]
        to_float = av.AudioResampler(format="fltp", layout=stream.codec_context.layout, rate=self.rate_hz)
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                continue
            for frame in frames:
                yield from _planes(to_float.resample(frame))
        yield from _planes(to_float.resample(None))


def _planes(frames: list[av.AudioFrame]) -> Iterator[Float32]:
    for frame in frames:
        yield np.ascontiguousarray(frame.to_ndarray().T, np.float32)


def open_decoder(path: str | Path) -> Decoder:
    """The decoder that reads this file; UserError in one sentence for what nobody can read."""
    path = Path(path).expanduser()
    _check_file(path)
    for decoder in (SoundfileDecoder, AvDecoder):
        try:
            opened = decoder(path)
        except (soundfile.SoundFileError, av.FFmpegError, ValueError, OSError):
            continue
        if any(len(block) for block in opened.blocks()):
            return opened
    raise UserError(f"{path} holds no sound that can be read here; give a {READABLE} file.")


def read_tags(path: Path) -> dict[str, str]:
    """The tags of an audio file by their name in small letters; none where it has none or cannot be read."""
    try:
        with av.open(str(path)) as container:
            metadata = [container.metadata, *(stream.metadata for stream in container.streams.audio)]
    except (av.FFmpegError, OSError, ValueError):
        return {}
    return {key.lower(): value for entries in metadata for key, value in entries.items()}


def _check_file(path: Path) -> None:
    try:
        if not path.exists():
            raise UserError(f"There is no file {path}; check the path.")
        if path.is_dir():
            raise UserError(f"{path} is a folder; give an audio file ({READABLE}).")
        if not path.stat().st_size:
            raise UserError(f"{path} is empty; give an audio file ({READABLE}).")
        with path.open("rb"):
            pass
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
