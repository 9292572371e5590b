"""Errors of a loop in the log: the first whole, its like as one line now and then."""

from __future__ import annotations

import logging
import traceback

from visualizer import clock

EVERY_S = 5.0


class Throttle:
    """Logs the same error (kind and place) with its traceback once, then at most every five seconds.

    For one thread.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._seen: dict[tuple[str, str, str], tuple[int, int]] = {}

    def error(self, where: str, error: BaseException) -> None:
        """Logs `error`, which happened in `where`, or counts it."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        key = (where, type(error).__name__, place)
        now_ns = clock.now_ns()
        if key not in self._seen:
            self._seen[key] = (now_ns, 0)
            self._log.error("%s failed", where, exc_info=error)
            return
        logged_ns, n_since = self._seen[key]
        if now_ns - logged_ns < EVERY_S * clock.NS_PER_S:
            self._seen[key] = (logged_ns, n_since + 1)
            return
        self._seen[key] = (now_ns, 0)
        self._log.error("%s failed %d times more: %s: %s", where, n_since + 1, type(error).__name__, error)
