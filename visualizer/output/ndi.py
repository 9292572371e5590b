"""Picture and sound to NDI receivers, by cyndilib, which brings the NDI runtime along."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from visualizer import ndi_runtime
from visualizer.ipc.ring import Block
from visualizer.output.output import Output
from visualizer.output.relay import Relay
from visualizer.types import Float32, Image

_MOST_SAMPLES = 4800


class NDI(Output):
    """An NDI source with this name. A receiver that is slow, or gone, costs only its own thread."""

    def __init__(self, name: str, fps: float, everywhere: bool) -> None:
        """UserError where NDI is missing."""
        ndi_runtime.load(everywhere)
        self._name, self._fps = name, Fraction(fps).limit_denominator(1001)
        self._sender: Any = None
        self._video: Any = None
        self._size: tuple[int, int] = (0, 0)
        self._rate_hz = 0
        self._n_receivers = 0
        self._relay = Relay("ndi", self._send, self._sing)

    def show(self, image: Image) -> None:
        """See `Output`."""
        self._relay.offer(image)

    def hear(self, block: Block, is_new: bool, now_ns: int) -> None:
        """See `Output`."""
        self._rate_hz = block.rate_hz
        self._relay.play(block.samples)

    def figures(self) -> dict[str, Any]:
        """See `Output`."""
        told = {
            "name": self._name,
            "n_receivers": self._n_receivers,
            "n_sent": self._relay.n_shown,
            "n_dropped": self._relay.n_dropped,
        }
        return {"ndi": told}

    def close(self) -> None:
        """The source disappears."""
        self._relay.close()
        self._close_sender()

    def _send(self, image: Image) -> None:
        height, width = image.pixels.shape[:2]
        if (width, height) != self._size:
            self._open(width, height)
        self._sender.write_video(image.pixels.reshape(-1))
        if self._relay.n_shown % 30 == 0:
            self._n_receivers = self._sender.get_num_connections(0)

    def _open(self, width: int, height: int) -> None:
        from cyndilib.audio_frame import AudioSendFrame
        from cyndilib.audio_reference import AudioReference
        from cyndilib.sender import Sender
        from cyndilib.video_frame import VideoSendFrame
        from cyndilib.wrapper.ndi_structs import FourCC

        self._close_sender()
        video = VideoSendFrame()
        video.set_resolution(width, height)
        video.set_frame_rate(self._fps)
        video.set_fourcc(FourCC.RGBX)
        sender = Sender(self._name, clock_video=False, clock_audio=False)
        sender.set_video_frame(video)
        if self._rate_hz:
            sound = AudioSendFrame(_MOST_SAMPLES)
            sound.sample_rate, sound.num_channels = self._rate_hz, 2
            sound.reference_level = AudioReference.dBVU
            sender.set_audio_frame(sound)
        sender.open()
        self._sender, self._video, self._size = sender, video, (width, height)

    def _sing(self, samples: Float32) -> None:
        if self._sender is None or not self._sender.has_audio_frame:
            return
        for start in range(0, len(samples), _MOST_SAMPLES):
            part = samples[start : start + _MOST_SAMPLES]
            self._sender.write_audio(np.ascontiguousarray(part.T, np.float32))

    def _close_sender(self) -> None:
        sender, self._sender, self._size = self._sender, None, (0, 0)
        if sender is not None:
            sender.close()
