"""What is done with sound before anything else hears it, live and offline: gain, then the fast analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visualizer.audio.gain import InputGain
from visualizer.audio.sources import RATE_HZ
from visualizer.features.fast import FastFeatures
from visualizer.types import Features, Float32


class Ear:
    """Gain and fast features of a 48 kHz stereo stream. Owned by one thread; laws as for its parts."""

    def __init__(self, settings: Mapping[str, Any], sample: int = 0) -> None:
        """`settings`: all parameter values by id; `sample`: index of the first sample to come."""
        self._gain = InputGain(RATE_HZ)
        self._fast = FastFeatures(RATE_HZ)
        self._fast.reset(sample)
        self.configure(settings)

    def configure(self, settings: Mapping[str, Any]) -> None:
        """New settings; the gain glides there."""
        self._gate_db = float(settings["audio.gate_db"])
        self._gain.configure(float(settings["audio.gain_db"]), bool(settings["audio.agc"]), self._gate_db)

    def forget_level(self) -> None:
        """Another source: the automatic gain begins anew."""
        self._gain.reset()

    def skip_to(self, sample: int) -> None:
        """Samples were lost: the analysis begins anew with this index."""
        self._fast.reset(sample)

    def tap(self, time_ns: int) -> None:
        """A tap on the beat, at a time of the clock of `push`."""
        self._fast.tap(time_ns)

    @property
    def is_tapped(self) -> bool:
        """Whether the tempo is the one that was tapped."""
        return self._fast.is_tapped

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
