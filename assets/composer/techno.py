"""Techno: four on the floor, an acid line, claps, hats and echoing chords."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import signal

from composer.drums import metal
from composer.sound import (
    RATE_HZ,
    Signal,
    add,
    at_level,
    band,
    hz,
    pan,
    reverberate,
    room,
    sweep_lowpass,
    times,
)


def saw(f: Signal) -> Signal:
    """A sawtooth of moving frequency, its edge rounded by the two-sample polynomial step."""
    dt = f / RATE_HZ
    phase = np.cumsum(dt) % 1.0
    after, before = phase / dt, (phase - 1) / dt
    edge = np.where(
        after < 1, 2 * after - after**2 - 1, np.where(before > -1, before**2 + 2 * before + 1, 0.0)
    )
    return 2 * phase - 1 - edge


BPM = 132.0
N_BARS = 10
ACID = (
    (33, 1),
    (33, 0),
    (45, 1),
    (33, 0),
    (36, 0),
    (33, 1),
    (0, 0),
    (45, 0),
    (33, 1),
    (40, 0),
    (33, 0),
    (48, 1),
    (0, 0),
    (33, 0),
    (43, 1),
    (45, 0),
)  # (midi or 0 = rest, accent)


def acid_line(length_s: float) -> Signal:
    """Sixteen steps of saw through a screaming filter that opens over the section, more on accents."""
    step_s, t = 15 / BPM, times(length_s)
    index = np.minimum((t / step_s).astype(int), N_BARS * 16)
    within_s = t - index * step_s
    midi = np.array([m for m, _ in ACID])[index % 16]
    accent = np.array([a for _, a in ACID])[index % 16]
    playing = (midi > 0) & (index < N_BARS * 16)
    f = 440.0 * 2 ** ((np.where(midi > 0, midi, 33) - 69) / 12)
    f = signal.sosfilt(signal.butter(1, 60, fs=RATE_HZ, output="sos"), f - f[0]) + f[0]
    progress = t / length_s
    opening = 260 * 2 ** (3.4 * np.sin(np.pi * np.clip(progress * 1.05, 0, 1)) ** 2)
    cutoff = opening * (1 + (2.0 + 2.5 * accent) * np.exp(-within_s / 0.07))
    gate = playing * np.clip(within_s / 0.003, 0, 1) * np.clip((step_s * 0.85 - within_s) / 0.01, 0, 1)
    return np.tanh(1.6 * sweep_lowpass(saw(f) * gate, cutoff, 7.0)) * (0.8 + 0.3 * accent)


def clap(rng: np.random.Generator) -> Signal:
    t = times(0.35)
    bursts = sum(np.exp(-np.maximum(0, t - d) / 0.006) * (t >= d) for d in (0.0, 0.011, 0.021))
    return pan(
        band(rng.standard_normal(len(t)), 900, 5_500) * (bursts + 0.8 * (t > 0.03) * np.exp(-t / 0.09)), 0.1
    )


def club_kick() -> Signal:
    t = times(0.36)
    sweep = 47 + 190 * np.exp(-t / 0.011) + 60 * np.exp(-t / 0.05)
    return pan(np.tanh(2.6 * np.sin(2 * np.pi * np.cumsum(sweep) / RATE_HZ) * np.exp(-t / 0.17)), 0.0)


def stab(notes: Sequence[int], cutoff_hz: float) -> Signal:
    t = times(0.5)
    voices = sum(saw(np.full(len(t), hz(m + c))) for m in notes for c in (-0.09, 0.0, 0.11))
    env = np.minimum(1, t / 0.004) * np.exp(-t / 0.11)
    return pan(np.asarray(sweep_lowpass(np.asarray(voices) / 6, cutoff_hz * (0.3 + env), 1.2)) * env, 0.0)


def compose(rng: np.random.Generator) -> Signal:
    step_s = 15 / BPM
    length_s = N_BARS * 16 * step_s + 0.5
    drums, music = np.zeros((round(length_s * RATE_HZ), 2)), np.zeros((round(length_s * RATE_HZ), 2))
    thump, beat_at = club_kick(), []
    for bar in range(N_BARS):
        for step in range(16):
            start_s = (bar * 16 + step) * step_s
            if step % 4 == 0:
                add(drums, 1.15 * thump, start_s)
                beat_at.append(start_s)
            if step in (4, 12) and bar >= 1:
                add(drums, 0.5 * clap(rng), start_s)
            if step % 4 == 2:
                add(drums, pan(0.30 * metal(0.2, 0.07, 6_500, rng), -0.15), start_s)
            elif bar >= 2:
                add(drums, pan(0.13 * metal(0.08, 0.018, 7_500, rng), 0.25), start_s)
            if bar >= 3 and step in (3, 6, 11):
                chord = (57, 60, 64, 67) if bar % 4 < 2 else (53, 57, 60, 64)
                for echo in range(4):
                    side = np.array([1.0, 0.35]) if echo % 2 else np.array([0.35, 1.0])
                    add(
                        music,
                        0.5 * 0.5**echo * side * stab(chord, 900.0 + 350 * bar),
                        start_s + echo * 3 * step_s,
                    )
    music += pan(0.55 * acid_line(length_s), -0.05)[: len(music)]
    t = times(length_s)
    since = t - np.array(beat_at)[np.searchsorted(beat_at, t, "right") - 1]
    music *= (0.25 + 0.75 * np.clip(since / 0.22, 0, 1))[:, None]  # the kick ducks the rest
    music = reverberate(music, room(rng, 1.1, 5_000, 0.01), 0.18)
    return at_level(np.tanh(0.8 * drums + 0.75 * music), -13)
