"""Tools that the sections share: pitch, filters, places, rooms, levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

RATE_HZ = 48_000

Signal = NDArray[np.float64]
"""Mono (n,) or stereo (n, 2), full scale 1."""


def hz(midi: float) -> float:
    """Frequency of a MIDI note, A4 = 69 = 440 Hz."""
    return float(440.0 * 2 ** ((midi - 69) / 12))


def times(duration_s: float) -> Signal:
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def band(x: Signal, low_hz: float | None, high_hz: float | None, order: int = 2) -> Signal:
    """`x` between two corner frequencies, either of which may be None."""
    if low_hz is None:
        sos = signal.butter(order, high_hz, "lowpass", fs=RATE_HZ, output="sos")
    elif high_hz is None:
        sos = signal.butter(order, low_hz, "highpass", fs=RATE_HZ, output="sos")
    else:
        sos = signal.butter(order, (low_hz, high_hz), "bandpass", fs=RATE_HZ, output="sos")
    return np.asarray(signal.sosfilt(sos, x, axis=0))


def peak(x: Signal, centre_hz: float, gain_db: float, q: float) -> Signal:
    """`x` through a peaking equaliser (the bilinear form of an analogue resonance)."""
    a, w = 10 ** (gain_db / 40), 2 * np.pi * centre_hz / RATE_HZ
    alpha = np.sin(w) / (2 * q)
    b = [1 + alpha * a, -2 * np.cos(w), 1 - alpha * a]
    return np.asarray(signal.lfilter(b, [1 + alpha / a, -2 * np.cos(w), 1 - alpha / a], x, axis=0))


def pan(x: Signal, place: float) -> Signal:
    """Mono to stereo with constant power; `place` runs from -1 (left) to 1 (right)."""
    angle = (place + 1) * np.pi / 4
    return np.stack([x * np.cos(angle), x * np.sin(angle)], axis=1)


def add(mix: Signal, x: Signal, start_s: float) -> None:
    """Mixes a stereo `x` into `mix` from `start_s`; what lies beyond the end is cut."""
    start = max(0, round(start_s * RATE_HZ))
    n = min(len(x), len(mix) - start)
    if n > 0:
        mix[start : start + n] += x[:n]


def at_level(x: Signal, level_dbfs: float) -> Signal:
    return x * (10 ** (level_dbfs / 20) / np.sqrt(np.mean(x**2)))


def room(rng: np.random.Generator, seconds: float, dark_hz: float, predelay_s: float) -> Signal:
    """Impulse response of a synthetic room: decaying stereo noise whose treble dies first."""
    t = times(seconds * 1.3)[:, None]
    noise = rng.standard_normal((len(t), 2))
    low = band(noise, 90, dark_hz) * np.exp(-6.9 * t / seconds)
    high = band(noise, dark_hz, None) * np.exp(-6.9 * t / (0.45 * seconds)) * 0.6
    tail = (low + high) * np.minimum(1, t / 0.008)
    for delay_s in rng.uniform(0.004, 0.05, 10):
        tail[round(delay_s * RATE_HZ), rng.integers(2)] += 6 * rng.choice((-1, 1)) * np.exp(-delay_s / 0.03)
    tail = np.concatenate([np.zeros((round(predelay_s * RATE_HZ), 2)), tail])
    return tail / np.sqrt(np.sum(tail**2, axis=0))


def reverberate(dry: Signal, response: Signal, wet: float) -> Signal:
    return dry + wet * signal.oaconvolve(dry, response, axes=0)[: len(dry)]


def sweep_lowpass(x: Signal, cutoff_hz: Signal, q: float) -> Signal:
    """A resonant four-pole low-pass whose corner moves: coefficients are renewed every 32 samples."""
    out, hop = np.empty_like(x), 32
    states = [np.zeros(2), np.zeros(2)]
    for start in range(0, len(x), hop):
        w = 2 * np.pi * min(cutoff_hz[start], 0.42 * RATE_HZ) / RATE_HZ
        y = x[start : start + hop]
        for stage, stage_q in enumerate((0.6, q)):
            alpha = np.sin(w) / (2 * stage_q)
            b = np.array([0.5, 1.0, 0.5]) * (1 - np.cos(w)) / (1 + alpha)
            a = np.array([1.0, -2 * np.cos(w) / (1 + alpha), (1 - alpha) / (1 + alpha)])
            y, states[stage] = signal.lfilter(b, a, y, zi=states[stage])
        out[start : start + hop] = y
    return out
