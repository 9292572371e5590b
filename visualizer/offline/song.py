"""The song that `render` and `listen` are given, and the options that both take."""

from __future__ import annotations

import argparse
import math
import os

from visualizer.audio.sources import DEMO, RATE_HZ, DemoSource, FileSource, PullSource
from visualizer.types import Float32, UserError


def add_options(parser: argparse.ArgumentParser, is_needed: bool = True) -> None:
    """`song`, `--duration` and `--threads`."""
    what = "an audio file (wav, flac, ogg, mp3, m4a …), or demo"
    if is_needed:
        parser.add_argument("song", help=what)
    else:
        parser.add_argument("song", nargs="?", help=f"{what}; without it a --content video is heard")
    parser.add_argument("--duration", type=float, metavar="S", help="only the first S seconds")
    parser.add_argument(
        "--threads", type=int, default=os.cpu_count() or 1, help="processor threads (default: all)"
    )


def check_options(options: argparse.Namespace) -> None:
    """UserError where `--duration` or `--threads` makes no sense."""
    if options.duration is not None and not 0 < options.duration < math.inf:
        raise UserError("--duration takes a number of seconds above 0.")
    if options.threads < 1:
        raise UserError("--threads takes a whole number from 1.")


def open_song(text: str) -> FileSource:
    """The file named so, or the demo for `demo`; it plays once. UserError where it cannot be read."""
    return DemoSource(loop=False) if text == DEMO else FileSource(text, loop=False)


def begin_song(song: FileSource, duration_s: float | None) -> tuple[PullSource, float]:
    """All of it, or its first seconds; and how many seconds that is, infinity where nobody knows."""
    length_s = min(song.duration_s or math.inf, duration_s or math.inf)
    return Cut(song, round(duration_s * RATE_HZ)) if duration_s else song, length_s


class Cut:
    """A source that ends after `n_samples`."""

    def __init__(self, source: PullSource, n_samples: int) -> None:
        self.name, self.kind = source.name, source.kind
        self.rate_hz, self.n_channels = source.rate_hz, source.n_channels
        self._source, self._n_left = source, n_samples

    def read(self, n: int) -> Float32:
        """As for the source."""
        samples = self._source.read(min(n, self._n_left))
        self._n_left -= len(samples)
        return samples
