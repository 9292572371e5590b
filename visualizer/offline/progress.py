"""How far a long piece of work is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from tqdm import tqdm

LINE_EVERY_S = 10.0


class Progress:
    """Counts steps toward a total, with the time that is left. `total` None: the length is not known."""

    def __init__(
        self,
        total: int | None,
        unit: str,
        stream: TextIO | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.n_done = 0
        self._total, self._unit = total, unit
        self._stream = stream or sys.stderr
        self._now_s = now_s
        self._start_s = self._line_s = now_s()
        self._bar: tqdm | None = None
        if self._stream.isatty():
            self._bar = tqdm(total=total, unit=f" {unit}s", file=self._stream, dynamic_ncols=True)

    def step(self, n: int = 1) -> None:
        """`n` more steps are done."""
        self.n_done += n
        if self._bar is not None:
            self._bar.update(n)
        elif self._now_s() - self._line_s >= LINE_EVERY_S:
            self._line_s = self._now_s()
            print(self.sentence(), file=self._stream, flush=True)

    @property
    def rate(self) -> float:
        """Steps a second since the beginning."""
        return self.n_done / max(self._now_s() - self._start_s, 1e-9)

    def sentence(self) -> str:
        """For example: frame 300 of 1800 (17 %), 12.3 a second, 2:02 left."""
        if not self._total:
            return f"{self._unit} {self.n_done}, {self.rate:.1f} a second"
        share = 100 * self.n_done / self._total
        left_s = round(max(0, self._total - self.n_done) / max(self.rate, 1e-9))
        left = f"{left_s // 60}:{left_s % 60:02d} left"
        return (
            f"{self._unit} {self.n_done} of {self._total} ({share:.0f} %), {self.rate:.1f} a second, {left}"
        )

    def close(self) -> None:
        """Leaves the bar as it is."""
        if self._bar is not None:
            self._bar.close()
