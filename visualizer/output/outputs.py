"""The output process: takes the shown picture and the heard sound further; if it dies, the show goes on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import psutil

from visualizer import clock
from visualizer.ipc.ring import Block
from visualizer.ipc.worker import Worker
from visualizer.output.output import Output
from visualizer.output.recording import Recording
from visualizer.parameters import OUTPUTS
from visualizer.paths import path_of
from visualizer.types import Image, UserError

FPS = 30.0
_IDLE_S = 0.1
_WITH = {
    "output.record": ("output.codec",),
    "output.ndi": ("output.ndi_name", "output.ndi_network"),
    "output.virtual_camera": ("output.virtual_camera_device",),
}
"""What else an output is made from: another value makes it anew."""


class Outputs(Worker):
    """Feeds every output whose parameter is set. The loop is the only thread that owns them.

    Options: `record_fps`, the constant rate of files.
    """

    name = "output"
    hang_limit_s = 15.0
    """A stick or a network disk may well sleep for seconds; the show does not wait for it."""

    def setup(self) -> None:
        """Takes the present settings; what is wrong with them is told, not fatal."""
        self._fps = float(self.options.get("record_fps", FPS))
        self._outputs: dict[str, Output] = {}
        self._problems: dict[str, str] = {}
        self._counter = 0
        ring = self.regions.audio
        self._reader, self._epoch = ring.reader(), ring.epoch
        self.health.update(recording="", n_frames=0, n_repeated=0, n_dropped=0, seconds=0.0, n_bytes=0)
        for id in OUTPUTS:
            self._want(id)

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        """Another value ends that output and begins another; an empty one only ends it."""
        for id in OUTPUTS:
            if id in changed or any(other in changed for other in _WITH.get(id, ()) if self.settings.get(id)):
                self._want(id)

    def step(self) -> float:
        """Hands on what was shown and heard since the last step."""
        if not self._outputs:
            return _IDLE_S
        self._hear()
        now_ns = clock.now_ns()
        if any(output.wants_picture(now_ns) for output in self._outputs.values()):
            newer = self.regions.rendered.read_newer(self._counter)
            if newer is not None:
                self._counter, image = newer
                self._show(image, now_ns)
        self._each(lambda output: output.go_on(now_ns))
        self._tell()
        return 0.25 / self._fps

    def close(self) -> None:
        """Ends all of them."""
        for id in list(getattr(self, "_outputs", {})):
            self._end(id)

    def _show(self, image: Image, now_ns: int) -> None:
        self._each(partial(_show, image, now_ns))
        for id in [id for id, output in self._outputs.items() if output.is_done]:
            self._end(id)
            self.send({"set": {id: ""}})

    def _hear(self) -> None:
        now_ns = clock.now_ns()
        while len((block := self._reader.read()).samples):
            is_new = block.n_lost > 0 or block.epoch != self._epoch
            self._epoch = block.epoch
            self._each(partial(_hear, block, is_new, now_ns))

    def _each(self, do: Callable[[Output], Any]) -> None:
        """Does something with every output; one that fails is ended with its sentence."""
        for id, output in list(self._outputs.items()):
            try:
                do(output)
            except UserError as error:
                self._end(id)
                self._problems[id] = str(error)
        self._report()

    def _want(self, id: str) -> None:
        self._end(id)
        self._problems.pop(id, None)
        if self.settings.get(id):
            try:
                self._outputs[id] = self._make(id)
            except UserError as error:
                self._problems[id] = str(error)
        self._report()

    def _make(self, id: str) -> Output:
        """The output of a parameter; each is imported when it is wanted. UserError where it cannot be."""
        settings = self.settings
        path = path_of(str(settings[id]))
        match id:
            case "output.record":
                start_s = psutil.Process(os.getppid()).create_time()
                codec = settings.get("output.codec", "h264")
                return Recording(path, self._fps, self.regions.audio.rate_hz, start_s, codec)
            case "output.still":
                from visualizer.output.stills import Still

                return Still(path)
            case "output.sequence":
                from visualizer.output.stills import Sequence

                return Sequence(path, self._fps)
            case "output.ndi":
                from visualizer.output.ndi import NDI

                return NDI(settings["output.ndi_name"], self._fps, bool(settings["output.ndi_network"]))
            case _:
                from visualizer.output.virtual_camera import VirtualCamera

                return VirtualCamera(settings["output.virtual_camera_device"], self._fps, sys.platform)

    def _end(self, id: str) -> None:
        output = self._outputs.pop(id, None)
        if output is None:
            return
        self.health.update(output.figures())
        try:
            output.close()
        except UserError as error:
            self._problems[id] = str(error)
        for key in output.figures():
            if isinstance(self.health.get(key), dict):
                del self.health[key]
        if id == "output.record":
            self.health["recording"] = ""

    def _report(self) -> None:
        self.report(" ".join(self._problems.values()))

    def _tell(self) -> None:
        for output in self._outputs.values():
            self.health.update(output.figures())


def _hear(block: Block, is_new: bool, now_ns: int, output: Output) -> None:
    output.hear(block, is_new, now_ns)


def _show(image: Image, now_ns: int, output: Output) -> None:
    if output.wants_picture(now_ns):
        output.show(image)
