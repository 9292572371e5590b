"""How often the picture flashes, and how far it may change without flashing too often; knows no OpenGL.

A flash is a pair of opposing changes of relative luminance by 0.1 or more, the darker below 0.8; or of
saturated red by 20/320. More than three in a second, over a quarter of the picture or more, are dangerous
(WCAG 2.2, success criterion 2.3.1; ITU-R BT.1702). Here a cell of the picture may make six changes in any
second, and fewer than a quarter of the cells may make more.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from visualizer.types import Float32

N_COLUMNS, N_ROWS = 16, 9
N_CELLS = N_COLUMNS * N_ROWS
WINDOW_S = 0.99
"""A second, but for the jitter of frames: three even flashes a second are as they come."""
MOST_CHANGES = 6
"""In a second: three flashes."""
FEW_CHANGES = 4
"""From here on each frame is looked at before it is shown."""
MOST_CELLS = math.ceil(0.25 * N_CELLS) - 1
"""So many may flash more often."""
_STEP = np.array([[0.1], [20.0 / 320.0]], np.float32)
_DARKER = np.array([[0.8], [np.inf]], np.float32)
"""Luminance and red: how far a change goes, and below what its darker end is."""
_MARGIN = 0.9
_SMOOTH_S = 0.5
_REST_S = 1.0
"""How long the picture stays smooth after what flashed too often."""


class Changes:
    """The opposing changes of each cell. Owned by one thread."""

    def __init__(self) -> None:
        self._extreme: Float32 | None = None
        self._is_rising = np.ones((2, N_CELLS), bool)
        self._is_moving = np.zeros((2, N_CELLS), bool)
        """Whether it is known where a cell is going: not before its first change."""
        self._times_s = np.full((MOST_CHANGES + 1, 2, N_CELLS), -np.inf)
        """When the newest changes were, the newest last."""

    def push(self, time_s: float, cells: Float32) -> None:
        """(2, N_CELLS): luminance and red in linear light, [0, 1], of what is seen from that time on."""
        extreme = cells if self._extreme is None else self._extreme
        further = np.where(self._is_rising, np.maximum(extreme, cells), np.minimum(extreme, cells))
        extreme = np.where(self._is_moving, further, extreme)
        is_dark = np.minimum(extreme, cells) < _DARKER
        turned = (np.abs(cells - extreme) >= _STEP) & is_dark
        if turned.any():
            for older, newer in pairwise(self._times_s):
                np.copyto(older, newer, where=turned)
            np.copyto(self._times_s[-1], time_s, where=turned)
            self._is_rising = np.where(turned, cells > extreme, self._is_rising)
            self._is_moving |= turned
        self._extreme = np.where(turned, cells, extreme)

    def made(self, n: int, time_s: float) -> np.ndarray:
        """(2, N_CELLS) bool: whether there were `n` changes or more in the second before that time."""
        return self._times_s[-n] > time_s - WINDOW_S

    def bounds(self) -> tuple[Float32, Float32]:
        """(2, N_CELLS) each: between these no cell makes another change."""
        assert self._extreme is not None
        step = _MARGIN * _STEP
        low = np.where(self._is_rising, np.minimum(self._extreme - step, _DARKER + 0.01), -np.inf)
        is_high = self._is_rising | (self._extreme >= _DARKER)
        return low.astype(np.float32), np.where(is_high, np.inf, self._extreme + step).astype(np.float32)


def is_wide(cells: np.ndarray) -> bool:
    """Whether (2, N_CELLS) bool holds for a quarter of the picture, in luminance or in red."""
    return int(cells.any(axis=0).sum()) > MOST_CELLS


class FlashBudget:
    """Says how much of each new frame may be shown. Owned by one thread; deterministic.

    What flashes too often is smoothed with a time constant of half a second until a second after its end,
    and what would be one flash too many is held back as far as it must be.
    """

    def __init__(self) -> None:
        self._wanted, self._shown = Changes(), Changes()
        self._rest_s = -math.inf
        self._time_s = 0.0
        self.n_held = 0
        """Frames that were not shown as they came."""

    def is_alert(self, time_s: float) -> bool:
        """Whether frames must be looked at before they are shown."""
        return time_s < self._rest_s or is_wide(self._shown.made(FEW_CHANGES, time_s))

    def is_spent(self, time_s: float) -> bool:
        """Whether one change more would be too many."""
        return is_wide(self._shown.made(MOST_CHANGES, time_s))

    def share(self, time_s: float, wanted: Float32, before: Float32, brightness: float) -> float:
        """How far to go from the picture shown before to the wanted one, [0, 1].

        `wanted` and `before` (2, N_CELLS) as in `Changes.push`, both without the `brightness` of linear light
        [0, 1] with which the frame is shown.
        """
        self._wanted.push(time_s, wanted * np.float32(brightness))
        held = self._held(time_s, wanted * np.float32(brightness), before * np.float32(brightness))
        if held < 1.0 or is_wide(self._wanted.made(MOST_CHANGES + 1, time_s)):
            self._rest_s = time_s + _REST_S
        tau_s = _SMOOTH_S * (self._rest_s - time_s) / _REST_S
        smooth = 1.0 - math.exp(-(time_s - self._time_s) / tau_s) if tau_s > 0.0 else 1.0
        self.n_held += min(held, smooth) < 1.0
        return min(held, smooth)

    def _held(self, time_s: float, wanted: Float32, before: Float32) -> float:
        low, high = self._shown.bounds()
        bound = np.where(wanted < before, low, high)
        room = np.divide(bound - before, wanted - before, out=np.ones_like(wanted), where=wanted != before)
        share = np.where(self._shown.made(MOST_CHANGES, time_s), np.clip(room, 0.0, 1.0), 1.0).min(axis=0)
        over = self._shown.made(MOST_CHANGES + 1, time_s).any(axis=0)
        n_free = max(MOST_CELLS - int(over.sum()), 0)
        return float(np.sort(np.where(over, 1.0, share))[n_free])

    def shown(self, time_s: float, cells: Float32, is_wanted: bool) -> None:
        """What was shown, with its brightness; `is_wanted`: as it came, and not looked at before."""
        self._time_s = time_s
        self._shown.push(time_s, cells)
        if is_wanted:
            self._wanted.push(time_s, cells)
