"""Rock: two overdriven guitars, a bass and a hard-hit kit, straight eighths with a lead above."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composer.drums import electric_bass, kick, metal, snare, tom
from composer.sound import (
    RATE_HZ,
    Signal,
    add,
    at_level,
    band,
    hz,
    pan,
    peak,
    reverberate,
    room,
    times,
)

BPM = 138.0
N_BARS = 8
CHORDS = (40, 40, 43, 45, 40, 40, 36, 38)
"""The root of each bar; fifth and octave come with it."""
LEAD = (  # (step of sixteen, midi, steps held), two bars that repeat
    ((0, 64, 3), (3, 67, 3), (6, 69, 4), (10, 71, 2), (12, 69, 4)),
    ((0, 67, 3), (3, 64, 3), (6, 62, 4), (10, 64, 6)),
)


def string(midi: float, held_s: float, muted: bool, rng: np.random.Generator) -> Signal:
    """A picked steel string: partials under a pick's comb, which the palm damps where it is muted."""
    t = times(held_s + 0.06)
    f0 = hz(midi)
    out = np.zeros(len(t))
    for n in range(1, 34):
        f = n * f0 * np.sqrt(1 + 4e-5 * n**2)
        if f > 6_500:
            break
        decay = (5.5 + 1.6 * n) if muted else (0.5 + 0.16 * n)
        gain = np.abs(np.sin(np.pi * n * 0.12)) / n
        out += gain * np.sin(2 * np.pi * f * t + rng.uniform(0, 6.3)) * np.exp(-t * decay)
    pick = band(rng.standard_normal(len(t)), 900, 5_000) * np.exp(-t / 0.004) * 0.3
    fade = np.exp(-np.maximum(0, t - held_s) / 0.012)
    return (out + pick) * np.minimum(1, t / 0.0015) * fade


def amplifier(dry: Signal, drive: float) -> Signal:
    """Overdrive and loudspeaker: a valve that clips one side first, then a box without top or bottom."""
    tight = band(dry, 110, None)
    loud = np.tanh(drive * tight + 0.25) - np.tanh(0.25)
    loud = np.tanh(1.4 * loud)
    box = band(band(loud, 85, 4_600, 3), None, 5_200)
    return peak(peak(box, 420, -4, 1.0), 2_600, 6, 1.3)


def power_chord(root: int, held_s: float, muted: bool, rng: np.random.Generator) -> Signal:
    voices = [string(root + above + rng.normal(0, 0.02), held_s, muted, rng) for above in (0, 7, 12)]
    return np.asarray(sum(voices)) / 3


def rhythm_guitar(step_s: float, length_s: float, rng: np.random.Generator) -> Signal:
    """One take of the riff, mono: an open chord on the first beat, palm-muted eighths, an open push."""
    dry = np.zeros((round(length_s * RATE_HZ), 1))
    for bar, root in enumerate(CHORDS):
        for step in range(0, 16, 2):
            is_open = step in (0, 6, 14) or (bar % 4 == 3 and step >= 8)
            held_s = (3.6 if step == 0 else 1.8) * step_s
            chord = power_chord(root, held_s, not is_open, rng) * rng.uniform(0.9, 1.05)
            add(dry, chord[:, None], (bar * 16 + step) * step_s + 0.03 + abs(rng.normal(0, 0.004)))
    return amplifier(dry[:, 0], 9.0)


def lead_guitar(step_s: float, length_s: float, rng: np.random.Generator) -> Signal:
    dry = np.zeros((round(length_s * RATE_HZ), 1))
    for bar in range(2, N_BARS):
        for step, midi, steps in LEAD[bar % 2]:
            note = string(midi, steps * step_s * 0.97, False, rng)
            t = times(len(note) / RATE_HZ)
            shake = 1 + 0.12 * np.sin(2 * np.pi * 5.6 * t) * np.clip((t - 0.18) / 0.2, 0, 1)
            add(dry, (note * shake)[:, None], (bar * 16 + step) * step_s + 0.03)
    return amplifier(dry[:, 0], 14.0)


def hit(kit: Signal, bar: int, at_s: Sequence[float], rng: np.random.Generator) -> None:
    """A bar of the beat; `at_s` are its sixteen steps."""
    fill = bar == N_BARS - 1
    for step in (0, 3, 8, 10) if bar % 2 else (0, 8, 10):
        add(kit, 0.95 * kick(rng.uniform(0.9, 1.0), rng), at_s[step])
    for step in (4,) if fill else (4, 12):
        add(kit, 1.7 * snare(rng.uniform(0.93, 1.0), rng), at_s[step])
    for step in range(0, 12 if fill else 16, 2):
        open_hat = metal(0.34, 0.12, 3_600, rng)
        add(kit, pan(0.26 * rng.uniform(0.85, 1.1) * open_hat, 0.35), at_s[step])
    if bar % 4 == 0:
        add(kit, pan(0.4 * metal(2.4, 0.8, 1_700, rng), -0.4), at_s[0])
    if fill:
        for step, midi in ((10, 50), (11, 50), (12, 46), (13, 46), (14, 41), (15, 41)):
            add(kit, 0.9 * tom(midi, rng), at_s[step])


def compose(rng: np.random.Generator) -> Signal:
    step_s = 15 / BPM
    length_s = N_BARS * 16 * step_s + 0.6
    kit = np.zeros((round(length_s * RATE_HZ), 2))
    low = np.zeros_like(kit)
    for bar, root in enumerate(CHORDS):
        hit(kit, bar, [0.03 + (bar * 16 + s) * step_s + rng.normal(0, 0.002) for s in range(16)], rng)
        for step in range(0, 16, 2):
            note = electric_bass(root - 12, 1.9 * step_s, rng.uniform(0.9, 1.0), rng)
            add(low, note, 0.03 + (bar * 16 + step) * step_s)
    left, right = (at_level(rhythm_guitar(step_s, length_s, rng), -20) for _ in range(2))
    lead = at_level(lead_guitar(step_s, length_s, rng), -21)
    guitars = (
        pan(left, -0.8) + pan(right, 0.8) + reverberate(pan(lead, 0.1), room(rng, 0.9, 3_500, 0.03), 0.3)
    )
    kit = np.tanh(1.5 * reverberate(kit, room(rng, 0.6, 4_500, 0.004), 0.3)) / 1.5
    return at_level(np.tanh(0.75 * at_level(kit, -18) * 3 + 2.6 * guitars + 0.2 * low), -13)
