"""Solo piano: a little piece in D minor on struck, stiff strings."""

from __future__ import annotations

import numpy as np

from composer.sound import RATE_HZ, Signal, add, at_level, band, hz, reverberate, room, times


def piano_note(midi: int, velocity: float, held_s: float, rng: np.random.Generator) -> Signal:
    """A struck note: stiff strings in two- or three-string choirs, two-stage decay, hammer knock, damper.

    Partials lie at n f0 sqrt(1 + B n²); `velocity` [0, 1] sets level and, as felt hardens, brightness.
    """
    f0 = hz(midi)
    stiffness = max(1e-4, np.exp(0.083 * midi - 12.8))
    t = times(min(held_s + 0.9, 7.0))
    n = np.arange(1, 60)
    f = n * f0 * np.sqrt(1 + stiffness * n**2)
    n, f = n[f < 9_500], f[f < 9_500]
    felt_hz = (450 + 2_100 * velocity**1.3) * (0.55 + 0.45 * (f0 / 262) ** 0.5)
    strike = 0.12 + np.abs(np.sin(np.pi * n / 8.3))
    level = strike * np.exp(-f / felt_hz) / n**0.35 * 10 ** (rng.normal(0, 2.0, len(n)) / 20)
    slow = 0.28 * (f0 / 262) ** 0.55 + 1.6e-7 * f**2 + 1.2e-4 * f
    out = np.zeros((len(t), 2))
    choir = np.linspace(-1, 1, 1 if midi < 38 else 2 if midi < 50 else 3)
    for k in range(len(n)):
        envelope = 0.8 * np.exp(-3.6 * slow[k] * t) + 0.2 * np.exp(-0.9 * slow[k] * t)
        tone = np.zeros(len(t))
        for string in choir:
            cents = 0.45 * string + rng.normal(0, 0.12)
            tone += np.sin(2 * np.pi * f[k] * 2 ** (cents / 1200) * t + rng.normal(0, 0.4))
        sides = 1 + rng.normal(0, 0.12, 2)
        out += (level[k] / len(choir)) * (tone * envelope)[:, None] * sides
    rise_s = 0.0045 - 0.003 * velocity
    out *= np.minimum(1, t / rise_s)[:, None] ** 1.5
    knock = band(rng.standard_normal((len(t), 2)), 70, 900 + 1_800 * velocity) * np.exp(-t / 0.022)[:, None]
    out += 0.05 * knock * np.sqrt(np.sum(level**2)) * (0.5 + (midi > 64) * 0.6)
    damper_s = 0.16 if midi < 50 else 0.09
    out *= np.exp(-np.maximum(0, t - held_s) / damper_s)[:, None]
    side = np.clip((midi - 60) / 45, -0.7, 0.7)
    return out * velocity**1.4 * np.array([1 - 0.3 * side, 1 + 0.3 * side]) / (0.6 + f0 / 700)


BPM = 80.0
LEFT_HAND = (  # eighths, a bar a row
    (38, 45, 50, 53, 57, 53, 50, 45),
    (34, 41, 46, 50, 53, 50, 46, 41),
    (41, 48, 53, 57, 60, 57, 53, 48),
    (40, 48, 52, 55, 60, 55, 52, 48),
    (43, 50, 53, 58, 62, 58, 53, 50),
    (45, 52, 57, 62, 45, 52, 57, 61),
)
RIGHT_HAND = (  # (notes, beats), a bar a row
    ((69,), 1.5, (74,), 0.5, (77, 69), 1, (76, 67), 1),
    ((74, 65), 1.5, (72,), 0.5, (69, 65), 1, (65,), 1),
    ((72, 69), 1.5, (77,), 0.5, (81, 72), 1, (79, 70), 1),
    ((76, 67), 1.5, (77,), 0.5, (79, 72), 1, (72, 64), 1),
    ((74, 67), 1, (79,), 0.5, (81,), 0.5, (82, 74), 1, (81,), 0.5, (79, 70), 0.5),
    ((81, 74), 1, (79,), 0.5, (76,), 0.5, (74, 69), 1, (73, 67), 1),
)


def compose(rng: np.random.Generator) -> Signal:
    beat_s = 60 / BPM
    mix = np.zeros((round(20.0 * RATE_HZ), 2))

    def strike(midi: int, beat: float, velocity: float, beats: float) -> None:
        loose_s = rng.normal(0, 0.006)
        note = piano_note(midi, float(np.clip(velocity + rng.normal(0, 0.03), 0.1, 1)), beats * beat_s, rng)
        add(mix, note, 0.06 + beat * beat_s + loose_s)

    for bar, row in enumerate(LEFT_HAND):
        for step, midi in enumerate(row):
            pedal = 4 - step / 2  # the pedal holds until the harmony changes
            strike(midi, bar * 4 + step / 2, 0.46 if step == 0 else 0.34 + 0.02 * bar, pedal)
    for bar, phrase in enumerate(RIGHT_HAND):
        beat = 4.0 * bar
        for notes, beats in zip(phrase[::2], phrase[1::2], strict=True):
            assert isinstance(notes, tuple) and isinstance(beats, int | float)
            for voice, midi in enumerate(notes):
                strike(midi, beat, (0.64 + 0.03 * bar) * (1 if voice == 0 else 0.72), beats + 0.6)
            beat += beats
    for place, midi in enumerate((38, 45, 50, 57, 62, 65, 74)):
        strike(midi, 24 + 0.06 * place, 0.4, 4)
    board = band(rng.standard_normal((round(0.12 * RATE_HZ), 2)), 80, 2_200)
    board *= np.exp(-times(0.12) / 0.025)[:, None]
    body = reverberate(mix, board / np.sqrt(np.sum(board**2, axis=0)), 0.35)
    return at_level(reverberate(body, room(rng, 1.9, 2_600, 0.012), 0.32), -21)
