"""A thread that hands pictures to what may be slow: it gets the newest, the others are counted."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from visualizer.types import Float32, Image, UserError

_CLOSE_S = 2.0
_MAX_BLOCKS = 200
"""Of sound that waits, some seconds; older ones are left out."""

ShowPicture = Callable[[Image], None]
HearSound = Callable[[Float32], None]


class Relay:
    """Calls `show` and `hear` in a thread of its own. `offer`, `play` and `close` belong to one other thread.

    What the thread raises ends it, and comes out of the next `offer` as a UserError.
    """

    def __init__(self, name: str, show: ShowPicture, hear: HearSound | None = None) -> None:
        self.n_shown = 0
        self.n_dropped = 0
        """Pictures that a newer one replaced before they were taken."""
        self._show, self._hear = show, hear
        self._waiting: Image | None = None
        self._sound: deque[Float32] = deque(maxlen=_MAX_BLOCKS)
        self._error: UserError | None = None
        self._is_closed = False
        self._wakes = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits."""
        return self._waiting is None

    def offer(self, image: Image) -> None:
        """Leaves the newest picture; UserError where the thread has failed."""
        with self._wakes:
            if self._error is not None:
                raise self._error
            self.n_dropped += self._waiting is not None
            self._waiting = image
            self._wakes.notify()

    def play(self, samples: Float32) -> None:
        """Leaves sound (n, 2) float32; it is taken in order."""
        with self._wakes:
            self._sound.append(samples)
            self._wakes.notify()

    def close(self) -> None:
        """What waits is still taken, within two seconds."""
        with self._wakes:
            self._is_closed = True
            self._wakes.notify()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        while True:
            with self._wakes:
                while self._waiting is None and not self._sound and not self._is_closed:
                    self._wakes.wait()
                image, self._waiting = self._waiting, None
                sound = list(self._sound)
                self._sound.clear()
                if image is None and not sound:
                    return
            try:
                self._take(image, sound)
            except Exception as error:  # a receiver's library raises what it likes; the others go on
                self._error = error if isinstance(error, UserError) else UserError(_sentence(error))
                return

    def _take(self, image: Image | None, sound: list[Float32]) -> None:
        if self._hear is not None:
            for samples in sound:
                self._hear(samples)
        if image is not None:
            self._show(image)
            self.n_shown += 1


def _sentence(error: Exception) -> str:
    return f"An output failed ({error or type(error).__name__}): switch it off and on again."
