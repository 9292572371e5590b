"""What era mode paints over: any content, opened again when its size changes, or TräumerAI's own images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from visualizer import clock
from visualizer.content.content import CAMERA, Content, Frame
from visualizer.modes.mode import Mode
from visualizer.types import Features, Float32, UInt8, UserError

TRAUMER = "traumer"
"""The content that is TräumerAI's own images."""
DREAMS_PER_S = 8.0
REOPEN_AFTER_S = 0.4
"""A slider that is being dragged has rested for so long when the content is opened at its new size."""

Opener = Callable[[Mapping[str, Any]], Content]
"""Opens the content that the settings name; UserError for what can never work."""


class Dreams:
    """TräumerAI's images as a content: a mode inside the mode, at a lower rate. Owned by one thread."""

    name = TRAUMER
    is_still = False
    sentence = ""

    def __init__(self, mode: Mode, size_px: int) -> None:
        """`size_px`: the longest side of the pictures; they are never larger than the generator's own."""
        self.mode = mode
        self.size_px = size_px
        self._frame: Frame | None = None
        self._slot = -1
        self._heard: list[Float32] = []
        self._newest: tuple[int, Features, int | None] = (0, Features(), None)

    def hear(
        self, samples: Float32, heard_ns: int, features: Features, n_most_ticks: int | None = None
    ) -> None:
        """Kept until the next picture is due: then only the newest ticks need the tagger, when live."""
        self._heard.append(samples.copy())
        self._newest = (heard_ns, features, n_most_ticks)

    def frame(self, time_s: float) -> Frame:
        """See `Content.frame`."""
        slot = int(time_s * DREAMS_PER_S)
        if self._frame is None or slot != self._slot:
            self._slot = slot
            if self._heard:
                self.mode.hear(np.concatenate(self._heard), *self._newest)
                self._heard.clear()
            image = self.mode.paint(clock.nanoseconds(time_s))
            self._frame = Frame(_shrink(image.pixels[..., :3], self.size_px), image.number)
        return self._frame

    def reset(self) -> None:
        """As fresh."""
        self.mode.reset()
        self._frame, self._slot = None, -1
        self._heard.clear()

    def close(self) -> None:
        """See `Content.close`."""
        self.mode.close()


def _shrink(pixels: UInt8, size_px: int) -> UInt8:
    """Every n-th pixel averaged, so that the sides are at most `size_px`; a copy."""
    n = -(-pixels.shape[0] // max(size_px, 16))
    while pixels.shape[0] % (16 * n) and n > 1:
        n -= 1
    if n == 1:
        return pixels.copy()
    height, width = pixels.shape[0] // n, pixels.shape[1] // n
    return pixels.reshape(height, n, width, n, 3).mean(axis=(1, 3)).astype(np.uint8)


class Canvas:
    """The content of the settings, opened again when its size changes. Owned by one thread.

    A content that cannot be opened again stays as it was, with a sentence.
    """

    def __init__(self, open_content: Opener, settings: Mapping[str, Any]) -> None:
        """UserError for a content that can never work."""
        self._open = open_content
        self._settings = dict(settings)
        self._opened = self._wanted
        self._content = open_content(self._settings)
        self._changed_s: float | None = None
        self._trouble = ""

    @property
    def _wanted(self) -> tuple[Any, ...]:
        return self._settings["era.size_px"], self._settings["era.slide_s"]

    @property
    def name(self) -> str:
        """The content's."""
        return self._content.name

    @property
    def is_still(self) -> bool:
        """The content's."""
        return self._content.is_still

    @property
    def sentence(self) -> str:
        """What is wrong with the content now; "" when all is well."""
        return self._trouble or self._content.sentence

    def apply(self, settings: Mapping[str, Any]) -> None:
        """Another size or pace of slides is taken up a little later, when the sliders rest."""
        before, self._settings = self._wanted, dict(settings)
        if before != self._wanted:
            self._changed_s = None
        if isinstance(self._content, Dreams):
            self._content.size_px = settings["era.size_px"]
            self._content.mode.apply(settings)

    def hear(
        self, samples: Float32, heard_ns: int, features: Features, n_most_ticks: int | None = None
    ) -> None:
        """For a content that listens."""
        if isinstance(self._content, Dreams):
            self._content.hear(samples, heard_ns, features, n_most_ticks)

    def frame(self, time_s: float) -> Frame:
        """What is to be painted over now."""
        if self._wanted != self._opened and not isinstance(self._content, Dreams):
            if self._changed_s is None:
                self._changed_s = time_s
            elif time_s - self._changed_s >= REOPEN_AFTER_S:
                self._reopen()
        return self._content.frame(time_s)

    def _reopen(self) -> None:
        self._opened = self._wanted
        if str(self._settings["era.content"]).startswith(CAMERA):
            self._content.close()  # a camera is nobody's twice
        try:
            fresh = self._open(self._settings)
        except UserError as error:
            self._trouble = str(error)
            return
        self._content.close()
        self._content, self._trouble = fresh, ""

    def reset(self) -> None:
        """As freshly opened."""
        if isinstance(self._content, Dreams):
            self._content.reset()

    def close(self) -> None:
        """Gives the content back."""
        self._content.close()
