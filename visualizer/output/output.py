"""The output process: records the shown picture with the heard sound; if it dies, the show goes on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from visualizer import clock
from visualizer.ipc.worker import Worker
from visualizer.output.recorder import check_path
from visualizer.output.take import GRACE_S, Take
from visualizer.types import Image, UInt8, UserError

RECORD_FPS = 30.0
_IDLE_S = 0.1
_COST_SHARE = 0.05
_SIZE_EVERY_S = 1.0


class Output(Worker):
    """Writes `output.record` while it names a file. Owner of the encoder; the loop is its only Python thread.

    Options: `record_fps`, the constant rate of the file. An encoder that falls behind repeats frames of the
    file and counts them; it never slows the display, which only ever writes its newest frame.
    """

    name = "output"
    hang_limit_s = 15.0
    """A stick or a network disk may well sleep for seconds; the show does not wait for it."""

    def setup(self) -> None:
        """Takes the present settings; what is wrong with the path is told, not fatal."""
        self._fps = float(self.options.get("record_fps", RECORD_FPS))
        self._path: Path | None = None
        self._take: Take | None = None
        self._counter = 0
        self._epoch = 0
        self._buffer: UInt8 | None = None
        self._cost_s = 0.0
        self._next_size_ns = 0
        self.health.update(recording="", n_frames=0, n_repeated=0, n_dropped=0, seconds=0.0, n_bytes=0)
        self._want(self.settings.get("output.record", ""))

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        """Another path ends this recording and begins another; an empty one only ends it."""
        if "output.record" in changed:
            self._want(changed["output.record"])

    def step(self) -> float:
        """Lays what was shown and heard since the last step into the file."""
        if self._path is None:
            return _IDLE_S
        try:
            if self._take is None:
                self._begin(self._path)
            else:
                self._go_on(self._take)
        except UserError as error:
            self._give_up(str(error))
        return 0.25 / self._fps

    def close(self) -> None:
        """Ends the file."""
        self._end()

    def _want(self, text: str) -> None:
        self._end()
        self.report("")
        self._path = Path(text).expanduser() if text else None
        if self._path is not None:
            try:
                check_path(self._path)
            except UserError as error:
                self._give_up(str(error))

    def _begin(self, path: Path) -> None:
        newest = self.regions.rendered.read_newer(0)
        now_ns = clock.now_ns()
        if newest is None or now_ns - newest[1].made_ns > clock.nanoseconds(GRACE_S):
            return  # nothing is shown yet
        self._counter, image = newest
        ring = self.regions.audio
        self._reader = ring.reader()
        self._epoch = ring.epoch
        path = free_path(path, psutil.Process(os.getppid()).create_time())
        self._take = Take(path, image, self._fps, ring.rate_hz)
        self._buffer = image.pixels
        self.health.update(recording=str(path), encoder=self._take.recorder.encoder)

    def _go_on(self, take: Take) -> None:
        now_ns = clock.now_ns()
        self._hear(take, now_ns)
        if take.wants_frame(now_ns):
            newer = self.regions.rendered.read_newer(self._counter, self._buffer)
            if newer is not None:
                self._counter, image = newer
                self._show(take, image)
        take.catch_up(now_ns)
        self._tell(take, now_ns)

    def _hear(self, take: Take, now_ns: int) -> None:
        while len((block := self._reader.read()).samples):
            is_new = block.n_lost > 0 or block.epoch != self._epoch
            self._epoch = block.epoch
            take.hear(block.samples, block.time_ns, self.regions.audio.rate_hz, is_new, now_ns)

    def _show(self, take: Take, image: Image) -> None:
        self._buffer = image.pixels
        start_ns = clock.now_ns()
        if take.show(image):
            cost_s = clock.seconds(clock.now_ns() - start_ns)
            self._cost_s += (_COST_SHARE if self._cost_s else 1.0) * (cost_s - self._cost_s)

    def _tell(self, take: Take, now_ns: int) -> None:
        recorder = take.recorder
        self.health.update(
            n_frames=recorder.n_frames,
            n_repeated=take.n_repeated,
            n_dropped=take.n_dropped,
            seconds=round(recorder.seconds, 2),
            silence_s=round(take.n_silence / (recorder.audio_rate or 1), 3),
            frame_ms=round(1e3 * self._cost_s, 1),
        )
        if now_ns >= self._next_size_ns:
            self._next_size_ns = now_ns + clock.nanoseconds(_SIZE_EVERY_S)
            self.health["n_bytes"] = recorder.path.stat().st_size if recorder.path.exists() else 0

    def _end(self) -> None:
        take, self._take = getattr(self, "_take", None), None
        if take is None:
            return
        try:
            self._tell(take, clock.now_ns())
            take.close()
        except UserError as error:
            self.report(str(error))
        self.health["recording"] = ""

    def _give_up(self, sentence: str) -> None:
        """The recording ends with `sentence`; the setting must change before another begins."""
        self._end()
        self._path = None
        self.report(sentence)


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
