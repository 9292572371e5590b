"""A camera by OpenCV: opened, read and given back in a daemon thread, and looked for again after a loss."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from visualizer import clock
from visualizer.content.content import Frame, open_content
from visualizer.content.fitting import cover_size, cut_middle, fitted_size
from visualizer.ipc.throttle import Throttle
from visualizer.types import UInt8, UserError

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 5.0
"""Back-off between two looks for a camera that is missing."""
STALL_S = 2.0
"""A camera that gives nothing for so long is said to have stopped."""
OPEN_LIMIT_S = 8.0
"""A driver that takes longer to open than this is said to hang."""
N_FAILED_READS = 5
"""So many reads without a picture in a row, and it is opened anew."""
MAX_FPS = 60.0
V4L = Path("/sys/class/video4linux")

_log = logging.getLogger(__name__)


class Capture(Protocol):
    """What is needed of `cv2.VideoCapture`."""

    def isOpened(self) -> bool:
        """Whether it can be read."""

    def read(self) -> tuple[bool, Any]:
        """Whether there was a picture, and it: (H, W, 3) uint8 BGR."""

    def release(self) -> None:
        """Gives the device back."""


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera of this machine."""

    index: int
    """As OpenCV counts, from 0."""
    name: str


def list_cameras() -> list[CameraInfo]:
    """The cameras that can be named without opening any: on Linux all, elsewhere none (they have numbers)."""
    found = []
    for node in V4L.glob("video*"):
        try:
            number = int(node.name.removeprefix("video"))
            if int((node / "index").read_text()) == 0:  # the other nodes of a camera carry metadata
                found.append(CameraInfo(number, (node / "name").read_text().strip()))
        except (OSError, ValueError):
            continue
    return sorted(found, key=lambda camera: camera.index)


def open_capture(wanted: str, size_px: int) -> Capture:
    """Opens the camera that `wanted` names: empty is the first, then a number from 1, part of a name, a path
    or an address. May take seconds. UserError, with the fix, where it is not there or busy."""
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # it would complain at each attempt
    target = _target(wanted)
    api = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_DSHOW}.get(
        sys.platform, cv2.CAP_ANY
    )
    capture = cv2.VideoCapture(target, api if isinstance(target, int) else cv2.CAP_ANY)
    if not capture.isOpened():
        capture.release()
        raise UserError(_refused(wanted))
    if isinstance(target, int):
        width, height = (640, 480) if size_px <= 640 else (1280, 720)
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture, not the oldest of a queue
    return capture


def _target(wanted: str) -> int | str:
    cameras = list_cameras()
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 4 else 1 if not wanted else 0
    if number:
        if sys.platform != "linux":
            return number - 1
        if number <= len(cameras):
            return cameras[number - 1].index
        raise UserError(_missing(wanted, cameras))
    for camera in cameras:
        if wanted.casefold() in camera.name.casefold():
            return camera.index
    device = Path(wanted)
    if device.parent == Path("/dev") and device.name.removeprefix("video").isdecimal() and device.exists():
        return int(device.name.removeprefix("video"))
    if "://" in wanted or device.is_file():
        return wanted
    raise UserError(_missing(wanted, cameras))


def _missing(wanted: str, cameras: list[CameraInfo]) -> str:
    what = f"camera {wanted}" if wanted else "camera"
    if not cameras:
        return f"There is no {what}; plug one in, it is looked for again and again."
    there = ", ".join(f"{index} {camera.name}" for index, camera in enumerate(cameras, 1))
    return f"There is no {what} (there are: {there}); it is looked for again and again."


def _refused(wanted: str) -> str:
    what = f"The camera {wanted}" if wanted else "The camera"
    allow = ", and allow it in System Settings › Privacy › Camera" if sys.platform == "darwin" else ""
    return f"{what} is not there or busy; plug it in, close what uses it{allow}. It is tried again and again."


class Camera:
    """What a camera sees; before its first picture one of our own, after a loss its last one.

    The thread "camera" alone touches the device. A driver that hangs holds only that thread; it gives the
    device back when it returns.
    """

    is_still = False

    def __init__(
        self,
        wanted: str,
        size_px: int,
        opener: Callable[[str, int], Capture] = open_capture,
        first_wait_s: float = FIRST_WAIT_S,
        kind: str = "camera",
        mend: str = "plug it in again",
    ) -> None:
        """Starts looking for the camera at once. `opener` may open what is like one; `mend` mends it."""
        self.name = f"{kind} {wanted}" if wanted else kind
        self._mend = mend
        self._wanted, self._size_px = wanted, size_px
        self._opener, self._first_wait_s = opener, first_wait_s
        self._lock = threading.Lock()
        standing = open_content("", size_px).frame(0.0)
        self._frame = Frame(standing.pixels, 1)
        self._read_ns = 0
        """When the newest picture came; 0 before the first."""
        self._opening_ns = 0
        self._complaint = f"Looking for the {self.name}."
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    @property
    def sentence(self) -> str:
        """See `Content`."""
        with self._lock:
            if self._complaint:
                opening_s = (clock.now_ns() - self._opening_ns) / clock.NS_PER_S if self._opening_ns else 0.0
                hangs = f"The {self.name} does not answer; {self._mend}."
                return hangs if opening_s > OPEN_LIMIT_S else self._complaint
            if self._age_s() > STALL_S:
                return f"The {self.name} has stopped; {self._mend}. Its last picture stays."
            return ""

    def frame(self, time_s: float) -> Frame:
        """The newest picture, whatever the time; `age_s` is how long ago it came. See `Content`."""
        with self._lock:
            return Frame(self._frame.pixels, self._frame.number, self._age_s())

    def close(self) -> None:
        """Ends the thread, which gives the camera back; may be called twice."""
        self._stopped.set()
        self._thread.join(2.0)

    def _age_s(self) -> float:
        return (clock.now_ns() - self._read_ns) / clock.NS_PER_S if self._read_ns else 0.0

    # What follows runs in the thread.

    def _run(self) -> None:
        throttle, wait_s = Throttle(_log), self._first_wait_s
        while not self._stopped.is_set():
            n_before = self._frame.number
            try:
                self._watch()
            except UserError as error:
                self._say(str(error))
            except Exception as error:  # drivers raise what they like; the show goes on
                throttle.error("the camera", error)
                self._say(f"The {self.name} failed ({error}); it is tried again and again.")
            wait_s = self._first_wait_s if self._frame.number > n_before else min(2 * wait_s, LONGEST_WAIT_S)
            self._stopped.wait(wait_s)

    def _watch(self) -> None:
        """Opens the camera and reads it until it fails or `close` is called; UserError says what happened."""
        self._opening_ns = clock.now_ns()
        try:
            capture = self._opener(self._wanted, self._size_px)
        finally:
            self._opening_ns = 0
        try:
            n_failed = 0
            while not self._stopped.is_set():
                began_ns = clock.now_ns()
                is_read, picture = capture.read()
                n_failed = 0 if is_read and self._take(picture) else n_failed + 1
                if n_failed >= N_FAILED_READS:
                    raise UserError(f"The {self.name} gives no pictures any more; {self._mend}.")
                spent_s = (clock.now_ns() - began_ns) / clock.NS_PER_S
                self._stopped.wait(max(0.0, 1 / MAX_FPS - spent_s))
        finally:
            capture.release()

    def _take(self, picture: Any) -> bool:
        """Keeps what the device gave; False for what is no picture."""
        if not isinstance(picture, np.ndarray) or not picture.size:
            return False
        pixels = _fitted(picture, self._size_px)
        with self._lock:
            self._frame = Frame(pixels, self._frame.number + 1)
            self._read_ns = clock.now_ns()
            self._complaint = ""
        return True

    def _say(self, complaint: str) -> None:
        with self._lock:
            self._complaint = complaint


def _fitted(picture: np.ndarray, size_px: int) -> UInt8:
    """BGR, grey or BGRA of any size as RGB fitted to `size_px`."""
    import cv2

    if picture.ndim == 2 or picture.shape[2] == 1:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    height, width = picture.shape[:2]
    size = fitted_size(width, height, size_px)
    scaled = cover_size(width, height, size)
    how = cv2.INTER_AREA if scaled[0] < width else cv2.INTER_LINEAR
    rgb = cv2.resize(picture, scaled, interpolation=how)[..., 2::-1]
    return cut_middle(rgb.astype(np.uint8, copy=False), size)


os.environ.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")
"""On macOS OpenCV would ask for permission in the main thread only, and fail in ours."""
