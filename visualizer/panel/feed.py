"""What the panel reads from shared memory: features, the decks' newest frames, and a mel of the sound."""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr

from visualizer import clock
from visualizer.features.mel import TaggerMel
from visualizer.ipc.regions import Regions
from visualizer.types import Features, Image, UInt8

DEAF_AFTER_S = 1.0
"""Features older than this are not heard any more."""
_QUIET_DB, _LOUD_DB = -45.0, 35.0
"""What the mel view shows as black and as white."""


class Feed:
    """Reads the newest of everything when asked. One thread; it waits for nobody."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions
        self._features_counter = self._control_counter = 0
        self._frame_counters = {"a": 0, "b": 0}
        self._newest = Features()
        self.mel = MelView(regions)

    def features(self) -> Features | None:
        """The newest features; None while nothing is heard."""
        newer = self._regions.features.read_newer(self._features_counter)
        if newer is not None:
            self._features_counter, self._newest = newer
        is_heard = clock.now_ns() - self._newest.time_ns < DEAF_AFTER_S * clock.NS_PER_S
        return self._newest if self._newest.time_ns and is_heard else None

    def control(self) -> dict[str, Any] | None:
        """The health of the control process; None where nothing newer is told than at the last call."""
        newer = self._regions.health["control"].read_newer(self._control_counter)
        if newer is None:
            return None
        self._control_counter, told = newer
        health = told.get("health")
        return health if isinstance(health, dict) else {}

    def frame(self, deck: str) -> Image | None:
        """The newest image of deck `a` or `b`; None where there is no newer one than at the last call."""
        newer = self._regions.frames(deck).read_newer(self._frame_counters[deck])
        if newer is None:
            return None
        self._frame_counters[deck], image = newer
        return image

    def forget_frame(self, deck: str) -> None:
        """The next call of `frame` gives the newest image again."""
        self._frame_counters[deck] = 0


class MelView:
    """The tagger's own window (3.69 s), from the ring, made only while somebody looks."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions
        self._mel = TaggerMel()
        self._rest()

    def _rest(self) -> None:
        self._reader = self._regions.audio.reader()
        self._resampler: soxr.ResampleStream | None = None
        self._epoch = -1
        self._mel.reset()

    def cells(self, gain_db: float) -> UInt8 | None:
        """(128, 231) uint8, low bins first, as loud as the networks hear it; None where nothing is new."""
        is_new = False
        for _ in range(4):  # an epoch may end between two blocks
            block = self._reader.read()
            if not len(block.samples):
                break
            if block.epoch != self._epoch or block.n_lost or self._resampler is None:
                self._epoch = block.epoch
                self._resampler = soxr.ResampleStream(
                    block.rate_hz, self._mel.rate_hz, 1, "float32", quality="LQ"
                )
            mono = np.ascontiguousarray(block.samples.mean(axis=1))
            is_new |= self._mel.push(self._resampler.resample_chunk(mono)) > 0
        if not is_new:
            return None
        share = (self._mel.window() + (gain_db - _QUIET_DB)) / (_LOUD_DB - _QUIET_DB)
        return (255 * np.clip(share, 0.0, 1.0)).astype(np.uint8)
