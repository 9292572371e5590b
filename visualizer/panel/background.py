"""Work that may take long, such as a slow disk's: done in a thread, its answers fetched by the window."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a piece of work: a value, or the error that it raised."""

    key: str
    value: Any = None
    error: Exception | None = None


class Background:
    """One daemon thread for one kind of work, in the order it was asked for.

    Each piece carries a generation: `forget` makes everything asked for before stale, and its answers are
    dropped. `ask`, `forget`, `collect` and `close` belong to the window's thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._generation = 0
        self._work: queue.SimpleQueue[tuple[int, str, Callable[[], Any]] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[int, Answer]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(self, key: str, work: Callable[[], Any]) -> None:
        """Wants `work()` done; the answer carries `key`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._work.put((self._generation, key, work))

    def forget(self) -> None:
        """Nobody waits any more for what was asked for until now."""
        self._generation += 1

    def collect(self) -> list[Answer]:
        """The answers that have come; never waits."""
        answers = []
        while not self._answers.empty():
            generation, answer = self._answers.get()
            if generation == self._generation:
                answers.append(answer)
        return answers

    def close(self) -> None:
        """The thread ends after what it is doing."""
        self.forget()
        self._work.put(None)

    def _run(self) -> None:
        while (asked := self._work.get()) is not None:
            generation, key, work = asked
            if generation != self._generation:
                continue
            try:
                answer = Answer(key, work())
            except Exception as error:  # told to whoever asked
                answer = Answer(key, error=error)
            self._answers.put((generation, answer))
