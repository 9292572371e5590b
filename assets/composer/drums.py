"""A drum kit in a room and a fingered electric bass."""

from __future__ import annotations

import numpy as np

from composer.sound import RATE_HZ, Signal, add, at_level, band, hz, pan, reverberate, room, times


def kick(velocity: float, rng: np.random.Generator) -> Signal:
    t = times(0.45)
    sweep = 52 + 75 * np.exp(-t / 0.018)
    shell = np.sin(2 * np.pi * np.cumsum(sweep) / RATE_HZ) * np.exp(-t / 0.11)
    skin = 0.25 * np.sin(2 * np.pi * 118 * t) * np.exp(-t / 0.05)
    beater = band(rng.standard_normal(len(t)), 1_500, 6_000) * np.exp(-t / 0.006) * 0.5
    return pan((shell + skin + beater * velocity) * velocity, 0.0)


def snare(velocity: float, rng: np.random.Generator) -> Signal:
    """Two skins, shell modes and wires; a soft stroke is duller and shorter, as on a drum."""
    t = times(0.5)
    modes = ((188, 0.07, 1.0), (286, 0.05, 0.6), (336, 0.06, 0.7), (545, 0.03, 0.35), (780, 0.02, 0.2))
    skin = np.zeros(len(t))
    for f, decay_s, gain in modes:
        skin += gain * np.sin(2 * np.pi * f * (1 + 0.04 * np.exp(-t / 0.012)) * t) * np.exp(-t / decay_s)
    wires = band(rng.standard_normal(len(t)), 1_100, 4_500 + 6_000 * velocity) * np.exp(
        -t / (0.05 + 0.09 * velocity)
    )
    stick = band(rng.standard_normal(len(t)), 2_500, 11_000) * np.exp(-t / 0.004)
    return pan(
        (0.55 * skin + 1.0 * wires * np.minimum(1, t / 0.002) + 1.3 * stick * velocity) * velocity, 0.05
    )


def metal(duration_s: float, decay_s: float, low_hz: float, rng: np.random.Generator) -> Signal:
    """A struck plate: a crowd of inharmonic modes, high ones dying first, over a little noise."""
    t = times(duration_s)
    out = np.zeros(len(t))
    for f in np.sort(rng.uniform(low_hz, 15_500, 70)):
        fade = decay_s * rng.uniform(0.4, 1.3) * (5_000 / f) ** 0.4
        out += rng.uniform(0.3, 1) * np.sin(2 * np.pi * f * t + rng.uniform(0, 6.3)) * np.exp(-t / fade)
    hiss = band(rng.standard_normal(len(t)), low_hz, None) * np.exp(-t / decay_s)
    return (out / 12 + 0.9 * hiss) * np.minimum(1, t / 0.0015)


def tom(midi: float, rng: np.random.Generator) -> Signal:
    t = times(0.7)
    sweep = hz(midi) * (1 + 0.35 * np.exp(-t / 0.04))
    skin = np.sin(2 * np.pi * np.cumsum(sweep) / RATE_HZ) * np.exp(-t / 0.16)
    ring = 0.3 * np.sin(2 * np.pi * 1.59 * np.cumsum(sweep) / RATE_HZ) * np.exp(-t / 0.07)
    stick = band(rng.standard_normal(len(t)), 900, 5_000) * np.exp(-t / 0.006)
    return pan(skin + ring + 0.4 * stick, (48 - midi) / 20)


def electric_bass(midi: int, held_s: float, velocity: float, rng: np.random.Generator) -> Signal:
    """A fingered string under a pickup: decaying partials, a comb from the pickup's place, saturation."""
    t = times(held_s + 0.12)
    f0 = hz(midi)
    out = np.zeros(len(t))
    for n in range(1, 26):
        gain = (
            np.abs(np.sin(np.pi * n * 0.21))
            * np.abs(np.sin(np.pi * n * 0.13))
            / n**0.9
            * np.exp(-n * f0 / 1_500)
        )
        f = n * f0 * np.sqrt(1 + 6e-5 * n**2)
        out += gain * np.sin(2 * np.pi * f * t) * np.exp(-t * (0.9 + 0.35 * n))
    finger = band(rng.standard_normal(len(t)), 300, 2_500) * np.exp(-t / 0.012) * 0.05
    out = np.tanh(2.2 * (out + finger) * velocity) * np.minimum(1, t / 0.004)
    return pan(out * np.exp(-np.maximum(0, t - held_s) / 0.025), -0.05)


BPM = 100.0
KICKS = ((0, 7, 10), (0, 6, 10, 11))
GHOSTS = ((3, 7, 9, 15), (2, 7, 9, 14))
BASS = (  # (step of sixteen, midi, steps held), two bars that repeat over four roots
    ((0, 0, 3), (3, 0, 1), (6, 12, 1), (7, 10, 2), (10, 0, 3), (14, 7, 2)),
    ((0, 0, 2), (3, 0, 1), (4, 7, 2), (7, 10, 1), (8, 12, 2), (10, 0, 2), (13, 3, 1), (14, 5, 2)),
)
BASS_ROOTS = (28, 28, 31, 33, 28, 28, 36, 35)


def compose(rng: np.random.Generator) -> Signal:
    step_s, n_bars = 15 / BPM, 8
    kit = np.zeros((round(19.7 * RATE_HZ), 2))
    low = np.zeros_like(kit)

    def at(bar: int, step: float) -> float:
        swing_s = 0.014 if int(step) % 2 else 0.0
        return 0.03 + (bar * 16 + step) * step_s + swing_s + rng.normal(0, 0.0025)

    for bar in range(n_bars):
        fill = bar == n_bars - 1
        for step in KICKS[bar % 2]:
            add(kit, 0.8 * kick(0.95 if step == 0 else 0.8, rng), at(bar, step))
        for step in (4,) if fill else (4, 12):
            add(kit, 1.35 * snare(rng.uniform(0.88, 1.0), rng), at(bar, step))
        for step in GHOSTS[bar % 2][: 2 if fill else 4]:
            add(kit, 1.2 * snare(rng.uniform(0.14, 0.24), rng), at(bar, step))
        for step in range(0, 12 if fill else 16, 2):
            wide = step == 14 and bar % 2 == 1
            hat = metal(0.5 if wide else 0.16, 0.16 if wide else 0.03, 4_200, rng)
            add(
                kit,
                pan((0.24 if step % 4 == 0 else 0.15) * rng.uniform(0.85, 1.1) * hat, 0.35),
                at(bar, step),
            )
        if bar in (0, 4):
            add(kit, pan(0.26 * metal(2.2, 0.7, 1_800, rng), -0.4), at(bar, 0))
        if fill:
            for step, midi in ((10, 50), (11, 50), (12, 46), (13, 46), (14, 41), (15, 41)):
                add(kit, 0.7 * tom(midi, rng), at(bar, step))
        for step, above, steps in BASS[bar % 2]:
            midi = BASS_ROOTS[bar] + above
            add(low, electric_bass(midi, steps * step_s * 0.9, rng.uniform(0.8, 1), rng), at(bar, step))
    add(kit, pan(0.3 * metal(1.0, 0.7, 1_800, rng), -0.4), at(n_bars, 0))
    squeezed = np.tanh(3.0 * reverberate(kit, room(rng, 0.5, 4_500, 0.003), 0.35)) / 2
    return at_level(np.tanh(0.8 * kit + 0.8 * squeezed + 0.22 * low), -16)
