"""MVNet's encoder: each window anew, or tick by tick at the cost of what is new in it.

Away from a window's ends, columns of every layer depend on the sound alone, and a tick moves them: by three
columns of a stage whenever its stride comes round, which is every 2, 4, 8 and 16 ticks. So the columns of
each such turn are kept, and a tick makes only the newest and those at the ends, which padding touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import Protocol

import numpy as np

from visualizer import runtime
from visualizer.checkpoints import cards
from visualizer.checkpoints.cards import ENDS, MODEL, STAGES
from visualizer.runtime import Precision, Runtime
from visualizer.types import Float32

N_WINDOW = 256
"""Columns of each third of the window."""
N_STEP = 3
"""New columns of the window at each tick, and of every stage when its turn comes round."""
N_LEFT, N_RIGHT = 2, 5
"""Columns of every stage that a tick makes at either end; networks/mvnet_stages.py says why."""
N_MOST_MOVED = 8
"""Ticks that a window may have moved on and still be known for the same."""


class Encoder(Protocol):
    """What sees windows; the last one must stay as it was until the next. Owned by one thread."""

    name: str
    """Which runtime sees."""
    reason: str
    """Why that one."""

    def see(self, window: Float32) -> Float32:
        """(3, 128, 256) float32 mel power of mean 1 → v (n_v,) float32; a new array.

        Quickest for windows whose memory is column after column, as EraWindow gives them.
        """

    def close(self) -> None:
        """Gives the networks back."""


def load(
    model: cards.Model, threads: int, precision: Precision = "auto", prefer: str = "auto"
) -> WholeEncoder | SlidingEncoder:
    """An encoder that sees tick by tick where it was published for that, else the whole window each time.

    UserError where a file of it is missing or damaged.
    """

    def start(file: str) -> Runtime:
        loaded = runtime.load(model.folder / file, threads=threads, precision=precision, prefer=prefer)
        return given_back.enter_context(closing(loaded))

    encoder: WholeEncoder | SlidingEncoder
    with ExitStack() as given_back:
        if {*STAGES, *ENDS} <= {graph.file for graph in model.card.graphs}:
            encoder = SlidingEncoder([start(file) for file in ENDS], [start(file) for file in STAGES])
        else:
            encoder = WholeEncoder(start(MODEL))
        given_back.pop_all()
    return encoder


class WholeEncoder:
    """An encoder that computes every window anew."""

    def __init__(self, network: Runtime) -> None:
        self.name, self.reason = network.name, network.reason
        self._network = network

    def see(self, window: Float32) -> Float32:
        """See `Encoder.see`."""
        return self._network.run({"mel": window[np.newaxis]})["v"].reshape(-1).astype(np.float32)

    def close(self) -> None:
        """See `Encoder.close`."""
        self._network.close()


class SlidingEncoder:
    """An encoder that computes what is new.

    Law: whatever windows it is given, the answer is that of all stages on the whole window, to rounding.
    A window that goes on from the one before it, by its content, costs the ends of every stage; after another
    one, or a tick that nobody asked for, a stage is run whole once in each of its turns. Nothing needs to be
    told of resets, gaps and levels, and no tick ever costs more than the whole window.
    """

    def __init__(self, ends: Sequence[Runtime], wholes: Sequence[Runtime]) -> None:
        """The stages at the ends of the window, and the same on all of it."""
        self.name, self.reason = ends[0].name, ends[0].reason
        self._stages = [_Stage(i, *both) for i, both in enumerate(zip(ends, wholes, strict=True))]
        self._now = 0
        self._before: Float32 | None = None
        """The last window, (3, 256, 128); None where there was none, or all did not go well with it."""
        self._v: Float32 = np.zeros(0, np.float32)

    @property
    def n_ends_run(self) -> tuple[int, ...]:
        """Of each stage: how often only its ends were computed so far."""
        return tuple(stage.n_ends_run for stage in self._stages)

    @property
    def n_wholes_run(self) -> tuple[int, ...]:
        """Of each stage: how often it was computed whole so far."""
        return tuple(stage.n_wholes_run for stage in self._stages)

    def see(self, window: Float32) -> Float32:
        """See `Encoder.see`."""
        n_moved = self._n_moved(window)
        if n_moved == 0:
            return self._v.copy()
        self._before = None  # until all went well
        if n_moved is None:
            for stage in self._stages:
                stage.forget()
        self._now += n_moved or 1
        columns = window.transpose(2, 1, 0)
        for stage in self._stages:
            columns = stage.follow(self._now, columns)
        self._v = columns[..., 0].T.ravel()
        self._before = window.transpose(0, 2, 1)
        return self._v.copy()

    def close(self) -> None:
        """See `Encoder.close`."""
        for stage in self._stages:
            stage.close()

    def _n_moved(self, window: Float32) -> int | None:
        """Ticks by which this window is the last one moved on; None where it is another."""
        before, columns = self._before, window.transpose(0, 2, 1)
        if before is None or before.shape != columns.shape:
            return None
        for n in (1, 0, *range(2, N_MOST_MOVED + 1)):
            n_kept = N_WINDOW - n * N_STEP
            if np.array_equal(columns[:, n_kept - 1], before[:, -1]) and np.array_equal(
                columns[:, :n_kept], before[:, n * N_STEP :]
            ):
                return n
        return None


class _Stage:
    """One stage with the columns that it made, kept for each of its turns."""

    def __init__(self, index: int, ends: Runtime, whole: Runtime) -> None:
        self._ends, self._whole = ends, whole
        (shape,) = whole.outputs.values()
        self._n = shape[1]
        self._n_turns = 2 << index
        n_rows = self._n + self._n // 2
        # Room for more: what is kept moves to the front every so often, not with each tick.
        self._rows: Float32 = np.zeros((self._n_turns, n_rows, *shape[2:]), np.float32)
        self._first = [0] * self._n_turns
        self._made: list[int | None] = [None] * self._n_turns
        self._n_left, self._n_right = (ends.inputs[name][1] for name in ("left", "right"))
        self.n_ends_run = 0
        self.n_wholes_run = 0

    def forget(self) -> None:
        """Another window: nothing that was kept holds."""
        self._made = [None] * self._n_turns

    def follow(self, now: int, columns: Float32) -> Float32:
        """Columns (2n, F, C) of the stage before → its own (n, F/2, C'), until the turn comes round."""
        turn = now % self._n_turns
        is_known, self._made[turn] = self._made[turn] == now - self._n_turns, None
        if not is_known:
            self._first[turn] = 0
            own = self._rows[turn, : self._n]
            own[...] = self._whole.run({"columns": columns[np.newaxis]})["made"][0]
            self.n_wholes_run += 1
        else:
            given = {
                "left": columns[np.newaxis, : self._n_left],
                "right": columns[np.newaxis, -self._n_right :],
            }
            made = self._ends.run(given)["made"][0]
            own = self._moved(turn)
            own[:N_LEFT] = made[:N_LEFT]
            own[-N_RIGHT:] = made[N_LEFT:]
            self.n_ends_run += 1
        self._made[turn] = now
        return own

    def _moved(self, turn: int) -> Float32:
        """The kept columns moved on; the newest of them are still to be made."""
        rows, first = self._rows[turn], self._first[turn] + N_STEP
        if first + self._n > len(rows):
            rows[: self._n - N_STEP] = rows[first : first + self._n - N_STEP]
            first = 0
        self._first[turn] = first
        return rows[first : first + self._n]

    def close(self) -> None:
        self._ends.close()
        self._whole.close()
