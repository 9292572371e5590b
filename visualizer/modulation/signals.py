"""Everything that may move a knob, by name and as a number in [0, 1].

| signal | law |
| --- | --- |
| level | 0 at −60 dBFS, 1 at full scale |
| loudness | 0 at −50 LUFS, 1 at −10 LUFS, momentary |
| bass, mid, treble, onset | as heard |
| flux | 1 − exp(−flux / 0.1) |
| centroid | 0 at 100 Hz, 1 at 8 kHz, in octaves |
| brightness | share of the spectrum's bands above 1.5 kHz |
| beat | confidence · exp(−5 · beat phase): 1 on the beat |
| beat_phase, bar_phase | rising from 0 to 1 in each beat and bar; 0 while the tempo is unknown |
| tempo | 0 at 60 BPM, 1 at 180 BPM |
| lfo.N, walk.N | see `oscillators` |
| era.year | 0 in 1400, 1 in 2030; 0 outside era mode |
| tag.NAME | its probability; 0 outside traumer mode |
| chroma.C … chroma.B | as heard |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from visualizer.modulation.oscillators import Oscillators
from visualizer.modulation.values import get
from visualizer.parameters.modulating import N_LFOS, N_WALKS, PITCHES, TAG
from visualizer.types import N_SPECTRUM, Features

SILENT_DBFS = -60.0
QUIET_LUFS, LOUD_LUFS = -50.0, -10.0
FLUX_SCALE = 0.1
LOW_HZ, HIGH_HZ = 100.0, 8000.0
SLOW_BPM, FAST_BPM = 60.0, 180.0
BEAT_DECAY = 5.0
FIRST_BRIGHT_BAND = round(N_SPECTRUM * math.log(1500.0 / 40.0) / math.log(16000.0 / 40.0))
"""Bands go from 40 Hz to 16 kHz in equal steps of pitch."""
YEARS = 1400.0, 2030.0
USUAL_BPM = 120.0
"""The tempo of oscillators as long as none was ever heard."""
DEAF_AFTER_S = 0.5
"""Features so late are not heard any more."""


def year_share(year: float) -> float:
    """Where a year lies, [0, 1]."""
    return _limit((year - YEARS[0]) / (YEARS[1] - YEARS[0]))


class Beats:
    """Beats as a number that runs on between features and through silence. Owned by one thread."""

    def __init__(self) -> None:
        self.position = 0.0
        """Beats so far, with a whole number at each beat and a multiple of a bar's beats at each bar."""
        self._bpm = USUAL_BPM
        self._time_s: float | None = None
        self._shift: float | None = 0.0
        """Whole bars by which the position differs from the count of what is heard; None while none is."""

    def update(self, time_s: float, features: Features, late_s: float, beats_per_bar: int) -> None:
        """Moves on to a time; `late_s`: how much later than its sound the picture should be."""
        self._bpm = features.tempo_bpm or self._bpm
        expected = self.position + (time_s - (self._time_s or 0.0)) * self._bpm / 60.0
        if features.tempo_bpm > 0.0:
            ahead_s = max(time_s - features.time_ns / 1e9 - late_s, 0.0)
            counted = _position(features, beats_per_bar) + ahead_s * self._bpm / 60.0
            is_new = self._shift is None or abs(counted + self._shift - expected) > beats_per_bar
            if is_new and self._time_s is not None:
                # Where a tempo begins, what swings slowly goes on from the bar that is nearest.
                self._shift = beats_per_bar * round((expected - counted) / beats_per_bar)
            self.position = counted + (self._shift or 0.0)
        else:
            self.position, self._shift = expected, None
        self._time_s = time_s


def _position(features: Features, beats_per_bar: int) -> float:
    """With a multiple of a bar's beats on the first beat of each bar, wherever the count began."""
    in_bar = round(features.bar_phase * beats_per_bar - features.beat_phase)
    return features.beat - (features.beat - in_bar) % beats_per_bar + features.beat_phase


class Signals:
    """All signals at one moment. Owned by one thread; the same calls give the same values.

    `update`, then `signals["bass"]`; an unknown name is 0, as is a tag that nobody hears.
    """

    def __init__(self) -> None:
        self.beats = Beats()
        self.oscillators = Oscillators()
        self._heard = Features()
        self._from_deck: Mapping[str, float] = {}
        self._beats_per_bar = 4

    def update(
        self,
        time_s: float,
        features: Features | None,
        settings: Mapping[str, Any],
        from_deck: Mapping[str, float] | None = None,
    ) -> None:
        """Moves on to a time on the clock of the features, which are None while nothing is heard.

        `from_deck`: what the deck on air hears, tag.NAME and era.year, [0, 1].
        """
        late_s = max(get(settings, "show.offset_ms"), 0.0) / 1e3
        is_heard = features and time_s - features.time_ns / 1e9 - late_s < DEAF_AFTER_S
        self._heard = features if features and is_heard else _NOTHING
        self._from_deck = from_deck or {}
        self._beats_per_bar = int(get(settings, "tempo.beats_per_bar"))
        self.beats.update(time_s, self._heard, late_s, self._beats_per_bar)
        self.oscillators.update(time_s, self.beats.position, settings)

    def __getitem__(self, name: str) -> float:
        if name.startswith(TAG) or name == "era.year":
            return _limit(self._from_deck.get(name, 0.0))
        if name in _BEATS:
            return self._of_beat(name) if self._heard.tempo_bpm > 0.0 else 0.0
        if name in _HEARD:
            return _limit(_HEARD[name](self._heard))
        if name in _LFO:
            return self.oscillators.lfo(_LFO[name])
        return self.oscillators.walk(_WALK[name]) if name in _WALK else 0.0

    def _of_beat(self, name: str) -> float:
        if name == "bar_phase":
            return self.beats.position / self._beats_per_bar % 1.0
        phase = self.beats.position % 1.0
        return phase if name == "beat_phase" else self._heard.beat_confidence * math.exp(-BEAT_DECAY * phase)


def _limit(value: float) -> float:
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0


def _brightness(heard: Features) -> float:
    whole = float(heard.spectrum.sum())
    return float(heard.spectrum[FIRST_BRIGHT_BAND:].sum()) / whole if whole > 0.0 else 0.0


def _centroid(heard: Features) -> float:
    hz = heard.centroid_hz
    return math.log(hz / LOW_HZ) / math.log(HIGH_HZ / LOW_HZ) if hz > LOW_HZ else 0.0


def _pitch(index: int) -> Callable[[Features], float]:
    return lambda heard: float(heard.chroma[index])


_NOTHING = Features()
_BEATS = ("beat", "beat_phase", "bar_phase")
_LFO = {f"lfo.{n}": n for n in range(1, N_LFOS + 1)}
_WALK = {f"walk.{n}": n for n in range(1, N_WALKS + 1)}
_HEARD: dict[str, Callable[[Features], float]] = {
    "level": lambda heard: 1.0 - heard.level_dbfs / SILENT_DBFS,
    "loudness": lambda heard: (heard.loudness_lufs - QUIET_LUFS) / (LOUD_LUFS - QUIET_LUFS),
    "bass": lambda heard: heard.bass,
    "mid": lambda heard: heard.mid,
    "treble": lambda heard: heard.treble,
    "onset": lambda heard: heard.onset,
    "flux": lambda heard: 1.0 - math.exp(-max(heard.flux, 0.0) / FLUX_SCALE),
    "centroid": _centroid,
    "brightness": _brightness,
    "tempo": lambda heard: (heard.tempo_bpm - SLOW_BPM) / (FAST_BPM - SLOW_BPM),
    **{f"chroma.{pitch}": _pitch(index) for index, pitch in enumerate(PITCHES)},
}
