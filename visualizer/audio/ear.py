"""What is done with sound before anything else hears it, live and offline: gain, then the fast analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visualizer.audio.gain import InputGain
from visualizer.audio.sources import RATE_HZ
from visualizer.features.external_clock import ClockTold
from visualizer.features.fast import FastFeatures
from visualizer.types import Features, Float32

INTERNAL = "internal"


class Ear:
    """Gain and fast features of a 48 kHz stereo stream. Owned by one thread; laws as for its parts."""

    def __init__(self, settings: Mapping[str, Any], sample: int = 0) -> None:
        """`settings`: all parameter values by id; `sample`: index of the first sample to come."""
        self._gain = InputGain(RATE_HZ)
        self._fast = FastFeatures(RATE_HZ)
        self._fast.reset(sample)
        self._source = INTERNAL
        self.configure(settings)

    def configure(self, settings: Mapping[str, Any]) -> None:
        """New settings; the gain glides there."""
        self._gate_db = float(settings["audio.gate_db"])
        self._gain.configure(float(settings["audio.gain_db"]), bool(settings["audio.agc"]), self._gate_db)
        source = str(settings["tempo.source"])
        if source != self._source:
            self._fast.forget_clock()
        self._source = source
        self._fast.configure_beat(
            bool(settings["tempo.lock"]), int(settings["tempo.beats_per_bar"]), self._source != INTERNAL
        )

    def forget_level(self) -> None:
        """Another source: the automatic gain begins anew."""
        self._gain.reset()

    def skip_to(self, sample: int) -> None:
        """Samples were lost: the analysis begins anew with this index."""
        self._fast.reset(sample)

    def tap(self, time_ns: int) -> None:
        """A tap on the beat, at a time of the clock of `push`."""
        self._fast.tap(time_ns)

    def move_beat(self, action: str, time_ns: int) -> None:
        """One of `fast.TEMPO_ACTIONS`, at a time of the clock of `push`."""
        self._fast.do(action, time_ns)

    def hear_clock(self, source: str, told: ClockTold, now_ns: int) -> None:
        """What the clock of `source` says; let be unless it is the one that is wanted."""
        if source == self._source:
            self._fast.hear_clock(told, now_ns)

    @property
    def is_tapped(self) -> bool:
        """Whether the tempo is the one that was tapped."""
        return self._fast.is_tapped

    @property
    def tempo_from(self) -> str:
        """Whence the tempo is: `midi`, `link`, `locked`, `tapped`, or `heard`."""
        if self._fast.is_led:
            return self._source
        return "locked" if self._fast.is_locked else "tapped" if self.is_tapped else "heard"

    @property
    def gain_db(self) -> float:
        """The whole gain now applied."""
        return self._gain.gain_db

    @property
    def gate_db(self) -> float:
        """The gate in dBFS after the gain; the setting is meant for the level before the automatic one."""
        return self._gate_db + self._gain.auto_db

    def push(self, samples: Float32, time_ns: int) -> list[Features]:
        """Samples (n, 2) float32, the newest of `time_ns`, as the features of the hops they complete."""
        heard = self._gain.push(samples)
        self._fast.gate_db = self.gate_db
        return self._fast.push(heard, time_ns, self._gain.gain_db)
