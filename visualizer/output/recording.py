"""A recording of the running show as an output; its encoder keeps pace in the loop itself."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from visualizer import clock
from visualizer.ipc.ring import Block
from visualizer.output.output import Output
from visualizer.output.recorder import Codec, check_path
from visualizer.output.take import GRACE_S, Take
from visualizer.types import Image

_COST_SHARE = 0.05
_SIZE_EVERY_S = 1.0
_N_BEFORE = 40
"""Blocks of sound that are kept while the first picture is on its way: it heard them."""


class Recording(Output):
    """Writes one file, from the first picture that is shown on.

    An encoder that falls behind repeats frames of the file and counts them; it never slows the display, which
    only ever writes its newest frame.
    """

    def __init__(self, path: Path, fps: float, rate_hz: int, session_start_s: float, codec: Codec) -> None:
        """`session_start_s`: Unix time the show began, see `free_path`. UserError for an impossible path."""
        check_path(path)
        self._path, self._fps, self._rate_hz, self._codec = path, fps, rate_hz, codec
        self._session_start_s = session_start_s
        self._take: Take | None = None
        self._before: deque[tuple[Block, bool]] = deque(maxlen=_N_BEFORE)
        self._cost_s = 0.0
        self._n_bytes = 0
        self._next_size_ns = 0

    def show(self, image: Image) -> None:
        """See `Output`; the first one begins the file."""
        start_ns = clock.now_ns()
        if self._take is None:
            if start_ns - image.made_ns <= clock.nanoseconds(GRACE_S):  # else it is long gone
                path = free_path(self._path, self._session_start_s)
                self._take = Take(path, image, self._fps, self._rate_hz, self._codec)
                for block, is_new in self._before:
                    self.hear(block, is_new, start_ns)
                self._before.clear()
            return
        recorder = self._take.recorder
        n_before = recorder.n_frames
        self._take.show(image)
        n_encoded = recorder.n_frames - n_before
        if n_encoded:
            cost_s = clock.seconds(clock.now_ns() - start_ns) / n_encoded
            self._cost_s += (_COST_SHARE if self._cost_s else 1.0) * (cost_s - self._cost_s)

    def hear(self, block: Block, is_new: bool, now_ns: int) -> None:
        """See `Output`."""
        if self._take is None:
            self._before.append((block, is_new))
        else:
            self._take.hear(block.samples, block.time_ns, block.rate_hz, is_new, now_ns)

    def go_on(self, now_ns: int) -> None:
        """Repeats what nobody showed."""
        if self._take is not None:
            self._take.catch_up(now_ns)

    def figures(self) -> dict[str, Any]:
        """See `Output`."""
        take, now_ns = self._take, clock.now_ns()
        if take is None:
            return {"recording": ""}
        recorder = take.recorder
        if now_ns >= self._next_size_ns:
            self._next_size_ns = now_ns + clock.nanoseconds(_SIZE_EVERY_S)
            self._n_bytes = recorder.path.stat().st_size if recorder.path.exists() else 0
        return {
            "recording": str(recorder.path),
            "encoder": recorder.encoder,
            "n_frames": recorder.n_frames,
            "n_repeated": take.n_repeated,
            "n_dropped": take.n_dropped,
            "seconds": round(recorder.seconds, 2),
            "silence_s": round(take.n_silence / (recorder.audio_rate or 1), 3),
            "cut_s": round(take.n_cut / (recorder.audio_rate or 1), 3),
            "frame_ms": round(1e3 * self._cost_s, 1),
            "n_bytes": self._n_bytes,
        }

    def close(self) -> None:
        """Ends the file."""
        take, self._take = self._take, None
        if take is not None:
            take.close()


def free_path(path: Path, session_start_s: float) -> Path:
    """`path`, or `path` with a number where this session has recorded into it already.

    `session_start_s` is a Unix time. So a restart in the middle of a show never destroys what was recorded,
    and the next show replaces the last one's file.
    """
    number, free = 1, path
    while free.exists() and free.stat().st_mtime >= session_start_s:
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free
