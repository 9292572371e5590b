"""Work that may take long, such as reading a file, done in a thread while frames go on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Aside(Generic[T]):
    """One piece of work at a time; what is begun later takes its place. Owned by one thread.

    With `live` an answer is there when it is ready; without, who asks waits for it: the same frames always.
    """

    def __init__(self, name: str, live: bool) -> None:
        self._live = live
        self._thread = ThreadPoolExecutor(1, name)
        self._work: Future[T] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to be taken."""
        return self._work is not None

    def begin(self, work: Callable[[], T]) -> None:
        """Starts `work`; the answer of what was begun before is not wanted any more."""
        self.drop()
        self._work = self._thread.submit(work)

    def take(self) -> T | None:
        """The answer, once; None before it is there. Raises what the work raised."""
        if self._work is None or (self._live and not self._work.done()):
            return None
        work, self._work = self._work, None
        return work.result()

    def drop(self) -> None:
        """No answer is wanted."""
        if self._work is not None:
            self._work.cancel()
            self._work = None

    def close(self) -> None:
        """Ends the thread, after what it is doing."""
        self.drop()
        self._thread.shutdown(wait=False, cancel_futures=True)
