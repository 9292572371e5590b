"""The shown picture as a camera that other programs can choose, by pyvirtualcam."""

from __future__ import annotations

from typing import Any

import numpy as np

from visualizer.output.output import Output
from visualizer.output.recorder import fit_picture
from visualizer.output.relay import Relay
from visualizer.types import Image, UserError

_FIX = {
    "linux": "load it with `modprobe v4l2loopback devices=1 exclusive_caps=1`",
    "win32": "install OBS Studio, which brings one along",
    "darwin": "install OBS Studio, which brings one along, and start its camera once",
}


class VirtualCamera(Output):
    """Feeds a virtual camera in the size of the first picture; others are fitted in with black bars."""

    def __init__(self, device: str, fps: float, platform: str) -> None:
        """`device` "" takes the first; `platform` as `sys.platform`. UserError without the package."""
        try:
            import pyvirtualcam
        except ImportError as error:
            raise UserError(
                "The virtual camera is not installed here: pip install 'klangbild[camera]'."
            ) from error
        self._package = pyvirtualcam
        self._device, self._fps = device or None, fps
        self._fix = _FIX.get(platform, "install one")
        self._camera: Any = None
        self._relay = Relay("virtual camera", self._send)

    def show(self, image: Image) -> None:
        """See `Output`."""
        self._relay.offer(image)

    def figures(self) -> dict[str, Any]:
        """See `Output`."""
        told = {
            "device": getattr(self._camera, "device", "") or "",
            "n_sent": self._relay.n_shown,
            "n_dropped": self._relay.n_dropped,
        }
        return {"virtual_camera": told}

    def close(self) -> None:
        """The camera goes dark."""
        self._relay.close()
        if self._camera is not None:
            self._camera.close()

    def _send(self, image: Image) -> None:
        height, width = image.pixels.shape[:2]
        if self._camera is None:
            self._camera = self._open(width & ~1, height & ~1)
        size = (self._camera.width, self._camera.height)
        pixels = image.pixels if size == (width, height) else fit_picture(image.pixels, *size)
        self._camera.send(np.ascontiguousarray(pixels))

    def _open(self, width: int, height: int) -> Any:
        try:
            return self._package.Camera(
                width, height, self._fps, fmt=self._package.PixelFormat.RGBA, device=self._device
            )
        except (RuntimeError, OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise UserError(f"There is no virtual camera ({reason}): {self._fix}.") from error
