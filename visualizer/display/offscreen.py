"""The twin of the window: the same frames without a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import moderngl
import numpy as np

from visualizer.display.renderer import Renderer
from visualizer.types import Features, Float32, Image, UInt8, UserError

MIN_VERSION = 330


def create_context() -> moderngl.Context:
    """An OpenGL 3.3 context without a window; UserError where there is none."""
    errors = []
    for options in ({"backend": "egl"}, {}):
        try:
            return moderngl.create_context(standalone=True, require=MIN_VERSION, **options)  # type: ignore[arg-type]
        except Exception as error:  # each platform's loader fails in a way of its own
            errors.append(str(error))
    raise UserError(
        "No OpenGL 3.3 was found without a screen "
        f"({'; '.join(errors)}); install a graphics driver or, on Debian, libegl1 and libgl1-mesa-dri."
    )


class Offscreen:
    """Renders frames into arrays. Owner: the thread that made it."""

    def __init__(self, width: int, height: int, seed: int = 0, scale: float | None = None) -> None:
        self.context = create_context()
        self.renderer = Renderer(self.context, (width, height), seed=seed, scale=scale)

    def set_image(self, image: Image, deck: str = "a") -> None:
        """The newest image of a deck."""
        self.renderer.set_image(image, deck)

    def hear(self, samples: Float32) -> None:
        """Sound for shaders that want it, (n, 2) float32: what came since the last call."""
        self.renderer.chain.hear(samples)

    def render(
        self,
        time_s: float,
        features: Features | None = None,
        settings: Mapping[str, Any] | None = None,
        mix: float = 0.0,
    ) -> UInt8:
        """The frame at `time_s` as (H, W, 4) RGBA uint8, top row first, C-contiguous."""
        framebuffer = self.renderer.draw(time_s, features, settings or {}, mix)
        return read(framebuffer)

    def close(self) -> None:
        """Frees the context."""
        self.renderer.release()
        self.context.release()

    def __enter__(self) -> Offscreen:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(framebuffer: moderngl.Framebuffer) -> UInt8:
    """The framebuffer's pixels, (H, W, 4) RGBA uint8, top row first, C-contiguous."""
    width, height = framebuffer.size
    data = framebuffer.read(components=4, alignment=1)
    return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(height, width, 4)[::-1])
