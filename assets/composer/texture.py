"""What is no music: harsh noise, and a room in which almost nothing sounds."""

from __future__ import annotations

import numpy as np
from scipy import signal

from composer.sound import RATE_HZ, Signal, at_level, band, pan, sweep_lowpass, times


def compose_noise(rng: np.random.Generator) -> Signal:
    """Eight seconds of harsh noise: a screaming moving band, crushed and torn by gates."""
    length_s = 8.0
    t = times(length_s)
    out = np.zeros((len(t), 2))
    for side in range(2):
        white = rng.standard_normal(len(t))
        cutoff = 500 * 2 ** (
            2.2 + 2.2 * np.sin(2 * np.pi * 0.21 * t + side) + 0.8 * np.sin(2 * np.pi * 3.1 * t)
        )
        scream = np.tanh(4 * sweep_lowpass(white, cutoff, 9.0))
        held = np.repeat(scream[::14], 14)[: len(t)]
        tears = np.repeat(rng.uniform(0, 1, len(t) // 2_400 + 1) > 0.25, 2_400)[: len(t)]
        tears = signal.sosfilt(signal.butter(1, 90, fs=RATE_HZ, output="sos"), tears.astype(float))
        out[:, side] = 0.5 * scream + 0.5 * held * tears + 0.35 * white
    return at_level(np.tanh(out), -14)


def compose_silence(rng: np.random.Generator) -> Signal:
    """Room tone at about −65 dBFS: a soft rumble, a trace of mains hum, and three faint far tones."""
    t = times(9.0)
    tone = band(rng.standard_normal((len(t), 2)), 60, 700, 1) + 0.08 * rng.standard_normal((len(t), 2))
    tone = at_level(tone, -66) + pan(10 ** (-78 / 20) * np.sin(2 * np.pi * 100 * t), 0.0)
    for f, start_s in ((440.0, 1.5), (587.3, 4.0), (523.3, 6.2)):
        bell = np.clip((t - start_s) / 0.5, 0, 1) * np.exp(-np.maximum(0, t - start_s) / 1.2)
        tone += pan(10 ** (-66 / 20) * bell * np.sin(2 * np.pi * f * t), rng.uniform(-0.5, 0.5))
    return tone
