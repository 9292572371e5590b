"""A picture that another program sends by NDI, received like a camera's; by cyndilib."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from visualizer import ndi_runtime
from visualizer.types import UInt8, UserError

LOOK_S = 3.0
"""How long is waited for a source to be announced."""
READ_S = 0.5
"""How long is waited for a frame."""
_POLL_S = 0.01


class Receiver:
    """One NDI source; see `camera.Capture`. Belongs to one thread."""

    def __init__(self, wanted: str, everywhere: bool) -> None:
        """The first source whose name holds `wanted`; may take seconds. UserError where there is none."""
        ndi_runtime.load(everywhere)
        from cyndilib.receiver import Receiver as Connection
        from cyndilib.video_frame import VideoFrameSync
        from cyndilib.wrapper.ndi_recv import RecvBandwidth, RecvColorFormat

        source, self._finder = _find(wanted)
        self._frame: Any = VideoFrameSync()
        self._connection: Any = Connection(
            color_format=RecvColorFormat.RGBX_RGBA, bandwidth=RecvBandwidth.highest
        )
        self._connection.frame_sync.set_video_frame(self._frame)
        self._connection.set_source(source)
        self._stamp = 0.0

    def isOpened(self) -> bool:
        """Whether there is a connection."""
        return bool(self._connection.is_connected())

    def read(self) -> tuple[bool, UInt8 | None]:
        """The next frame as (H, W, 3) uint8 BGR, as a camera's; False where none came in time."""
        deadline_s = time.monotonic() + READ_S
        while time.monotonic() < deadline_s:
            if self._connection.is_connected():
                self._connection.frame_sync.capture_video()
                stamp = self._frame.get_timestamp_posix()
                if self._frame.xres and stamp != self._stamp:  # else it is the one before, once more
                    self._stamp = stamp
                    return True, self._pixels()
            time.sleep(_POLL_S)
        return False, None

    def release(self) -> None:
        """Lets go of the source."""
        self._connection.disconnect()
        self._finder.close()

    def _pixels(self) -> UInt8:
        width, height = self._frame.xres, self._frame.yres
        rows = np.array(self._frame.get_array(), np.uint8).reshape(height, -1)
        return rows[:, : 4 * width].reshape(height, width, 4)[..., 2::-1]


def _find(wanted: str) -> tuple[Any, Any]:
    """A source and the finder that found it."""
    from cyndilib.finder import Finder

    finder = Finder()
    finder.open()
    deadline_s, names = time.monotonic() + LOOK_S, []
    while time.monotonic() < deadline_s:
        finder.wait_for_sources(0.2)
        sources = list(finder)
        found = next((each for each in sources if wanted.casefold() in each.name.casefold()), None)
        if found is not None:
            return found, finder
        names = [each.name for each in sources]
    finder.close()
    there = f" (there are: {', '.join(names)})" if names else ""
    raise UserError(
        f"There is no NDI source {wanted!r}{there}; start it, or write ndi-network: for other machines. "
        "It is looked for again and again."
    )
