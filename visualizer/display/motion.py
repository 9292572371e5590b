"""What moves the shaders: the heard features, smoothed in time so that 30 and 144 fps look alike."""

from __future__ import annotations

import math

from visualizer.types import Features

ATTACK_S = 0.03
RELEASE_S = 0.25
LEVEL_RELEASE_S = 0.8
SILENT_DBFS = -60.0
BEAT_DECAY = 5.0
"""The beat's pulse is exp(-5 · phase): down to a third after a fifth of the beat."""
CALM_FLOW = 0.6
LOUD_FLOW = 1.6
"""Seconds that the flow clock advances a second: in silence, and what bass and level add."""


def approach(value: float, target: float, dt_s: float, time_constant_s: float) -> float:
    """One step of an exponential towards `target`; the same whatever the frame rate."""
    return target + (value - target) * math.exp(-dt_s / time_constant_s)


class Motion:
    """Smoothed values in [0, 1], and a clock that runs faster with the music. Deterministic in its inputs."""

    def __init__(self) -> None:
        self.bass = self.mid = self.treble = self.level = self.onset = self.beat = 0.0
        self.beat_phase = self.bar_phase = 0.0
        self.tempo = 0.0
        self.flow = 0.0

    def update(self, dt_s: float, features: Features | None) -> None:
        """Moves on by dt; without features everything calms down."""
        heard = features or Features()
        self.bass = self._follow(self.bass, heard.bass, dt_s)
        self.mid = self._follow(self.mid, heard.mid, dt_s)
        self.treble = self._follow(self.treble, heard.treble, dt_s)
        self.onset = self._follow(self.onset, heard.onset, dt_s)
        loud = min(max(1.0 - heard.level_dbfs / SILENT_DBFS, 0.0), 1.0)
        self.level = approach(self.level, loud, dt_s, ATTACK_S if loud > self.level else LEVEL_RELEASE_S)
        pulse = heard.beat_confidence * math.exp(-BEAT_DECAY * heard.beat_phase)
        self.beat = self._follow(self.beat, pulse, dt_s)
        self.beat_phase, self.bar_phase = heard.beat_phase, heard.bar_phase
        self.tempo = heard.tempo_bpm
        self.flow += dt_s * (CALM_FLOW + LOUD_FLOW * (0.6 * self.bass + 0.4 * self.level))

    @staticmethod
    def _follow(value: float, target: float, dt_s: float) -> float:
        target = min(max(target, 0.0), 1.0) if math.isfinite(target) else 0.0
        return approach(value, target, dt_s, ATTACK_S if target > value else RELEASE_S)

    def uniforms(self) -> dict[str, float]:
        """`u_bass` and so on, as `isf.HEARD` names them."""
        return {
            "u_bass": self.bass,
            "u_mid": self.mid,
            "u_treble": self.treble,
            "u_level": self.level,
            "u_onset": self.onset,
            "u_beat": self.beat,
            "u_beat_phase": self.beat_phase,
            "u_bar_phase": self.bar_phase,
            "u_tempo": self.tempo,
            "u_flow": self.flow,
        }
