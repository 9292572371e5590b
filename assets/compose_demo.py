"""Composes and renders the demo track: six sections that a listener, human or network, tells apart at once.

    python assets/compose_demo.py [FOLDER]

writes `demo.ogg` (stereo, 48 kHz) and `demo.json` (name, start_s, end_s and tempo_bpm of each section). All of it is
synthesised here from numpy: no samples, no soundfonts. The same seed and library versions give the same samples.
Stereo signals are (n, 2) float64; levels are dBFS of the RMS over both channels.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray
from scipy import signal

RATE_HZ = 48_000
SEED = 20_061
FADE_S = 0.35
VORBIS_QUALITY = 0.45

Signal = NDArray[np.float64]


@dataclass(frozen=True)
class Section:
    """One part of the track; `tempo_bpm` is None where there is no beat."""

    name: str
    start_s: float
    end_s: float
    tempo_bpm: float | None


# ---------------------------------------------------------------- tools


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


# ---------------------------------------------------------------- solo piano


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
    felt_hz = (350 + 1_500 * velocity**1.3) * (0.55 + 0.45 * (f0 / 262) ** 0.5)
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


PIANO_BPM = 80.0
PIANO_LEFT = (  # eighths, a bar a row
    (38, 45, 50, 53, 57, 53, 50, 45),
    (34, 41, 46, 50, 53, 50, 46, 41),
    (41, 48, 53, 57, 60, 57, 53, 48),
    (40, 48, 52, 55, 60, 55, 52, 48),
    (43, 50, 53, 58, 62, 58, 53, 50),
    (45, 52, 57, 62, 45, 52, 57, 61),
)
PIANO_RIGHT = (  # (notes, beats), a bar a row
    ((69,), 1.5, (74,), 0.5, (77, 69), 1, (76, 67), 1),
    ((74, 65), 1.5, (72,), 0.5, (69, 65), 1, (65,), 1),
    ((72, 69), 1.5, (77,), 0.5, (81, 72), 1, (79, 70), 1),
    ((76, 67), 1.5, (77,), 0.5, (79, 72), 1, (72, 64), 1),
    ((74, 67), 1, (79,), 0.5, (81,), 0.5, (82, 74), 1, (81,), 0.5, (79, 70), 0.5),
    ((81, 74), 1, (79,), 0.5, (76,), 0.5, (74, 69), 1, (73, 67), 1),
)


def compose_piano(rng: np.random.Generator) -> Signal:
    beat_s = 60 / PIANO_BPM
    mix = np.zeros((round(20.0 * RATE_HZ), 2))

    def strike(midi: int, beat: float, velocity: float, beats: float) -> None:
        loose_s = rng.normal(0, 0.006)
        note = piano_note(midi, float(np.clip(velocity + rng.normal(0, 0.03), 0.1, 1)), beats * beat_s, rng)
        add(mix, note, 0.06 + beat * beat_s + loose_s)

    for bar, row in enumerate(PIANO_LEFT):
        for step, midi in enumerate(row):
            pedal = 4 - step / 2  # the pedal holds until the harmony changes
            strike(midi, bar * 4 + step / 2, 0.46 if step == 0 else 0.34 + 0.02 * bar, pedal)
    for bar, phrase in enumerate(PIANO_RIGHT):
        beat = 4.0 * bar
        for notes, beats in zip(phrase[::2], phrase[1::2], strict=True):
            assert isinstance(notes, tuple) and isinstance(beats, int | float)
            for voice, midi in enumerate(notes):
                strike(midi, beat, (0.64 + 0.03 * bar) * (1 if voice == 0 else 0.72), beats + 0.6)
            beat += beats
    for place, midi in enumerate((38, 45, 50, 57, 62, 65, 74)):
        strike(midi, 24 + 0.06 * place, 0.5, 4)
    board = band(rng.standard_normal((round(0.12 * RATE_HZ), 2)), 80, 2_200)
    board *= np.exp(-times(0.12) / 0.025)[:, None]
    body = reverberate(mix, board / np.sqrt(np.sum(board**2, axis=0)), 0.35)
    return at_level(reverberate(body, room(rng, 1.9, 2_600, 0.012), 0.32), -21)


# ---------------------------------------------------------------- strings


def bowed_line(
    notes: Sequence[tuple[float, float, float]],
    n_players: int,
    place: float,
    dark_hz: float,
    length_s: float,
    rng: np.random.Generator,
) -> Signal:
    """A desk of players bowing one line of (midi, start_s, end_s), each with a bow, a vibrato and a pitch of his own.

    The string's sawtooth is read from a band-limited table; a fixed row of resonances is the body.
    """
    t = times(length_s)
    out = np.zeros((len(t), 2))
    for _ in range(n_players):
        pitch, bow = np.full(len(t), float(notes[0][0])), np.zeros(len(t))
        for midi, start_s, end_s in notes:
            late_s = start_s + abs(rng.normal(0, 0.025))
            pitch = np.where(t >= late_s, midi + rng.normal(0, 0.035), pitch)
            swell = np.clip((t - late_s) / 0.22, 0, 1) * np.clip((end_s + 0.10 - t) / 0.20, 0, 1)
            arch = 0.75 + 0.25 * np.sin(np.pi * np.clip((t - late_s) / (end_s - late_s), 0, 1))
            bow = np.maximum(bow, np.sin(0.5 * np.pi * swell) * arch)
        glide = signal.butter(2, 14, fs=RATE_HZ, output="sos")
        pitch = signal.sosfilt(glide, pitch - notes[0][0]) + notes[0][0]
        depth = np.clip(bow * 1.3 - 0.3, 0, 1) * rng.uniform(0.10, 0.20)
        wander = band(rng.standard_normal(len(t)), None, 3.0) * 6
        pitch += depth * np.sin(2 * np.pi * rng.uniform(5.0, 6.2) * t + rng.uniform(0, 6.3)) + 0.035 * wander
        phase = np.cumsum(440.0 * 2 ** ((pitch - 69) / 12)) / RATE_HZ + rng.uniform()
        top = max(midi for midi, _, _ in notes)
        k = np.arange(1, int(min(15_000 / hz(top), 120)) + 1)
        table_at = np.arange(4_096) / 4_096
        table = (np.sin(2 * np.pi * np.outer(table_at, k)) / k**1.05) @ np.ones(len(k))
        tone = np.interp(phase % 1.0, np.append(table_at, 1.0), np.append(table, table[0]))
        grip = 1 + 0.25 * band(rng.standard_normal(len(t)), None, 30) * 8  # uneven bow pressure
        hair = band(rng.standard_normal(len(t)), 1_200, 7_000) * 0.045
        voice = (tone * grip + hair) * bow
        bright = band(voice, None, dark_hz)
        voice = bright + 0.35 * bow**2 * (voice - bright)
        out += pan(voice, place + rng.normal(0, 0.12)) / np.sqrt(n_players)
    for centre_hz, gain_db, q in (
        (280, 6, 5),
        (460, 5, 6),
        (700, -4, 3),
        (1_050, 4, 3),
        (1_500, -5, 3),
        (2_500, 5, 1.6),
        (5_500, -8, 0.8),
    ):
        out = peak(out, centre_hz * rng.uniform(0.96, 1.04), gain_db, q)
    return out


STRINGS_BPM = 80.0
STRING_CHORDS = (  # bass, cello, viola, second violin; a bar of three beats a row
    (38, 50, 57, 65),
    (43, 50, 58, 67),
    (36, 52, 58, 64),
    (41, 53, 57, 65),
    (34, 50, 58, 65),
    (40, 52, 58, 67),
    (33, 49, 55, 64),
    (38, 50, 57, 65),
)
STRING_MELODY = (
    (77, 2),
    (81, 1),
    (82, 2),
    (81, 0.5),
    (79, 0.5),
    (79, 2),
    (76, 1),
    (77, 2),
    (79, 0.5),
    (81, 0.5),
    (86, 2),
    (84, 0.5),
    (82, 0.5),
    (79, 1),
    (82, 1),
    (86, 1),
    (85, 2),
    (81, 1),
    (86, 3),
)


def compose_strings(rng: np.random.Generator) -> Signal:
    beat_s, length_s = 60 / STRINGS_BPM, 19.0
    mix = np.zeros((round(length_s * RATE_HZ), 2))
    desks = (
        (0, 3, 0.5, 900.0, 0.9),
        (1, 4, 0.35, 1_500.0, 1.0),
        (2, 4, 0.1, 2_000.0, 0.75),
        (3, 5, -0.25, 3_200.0, 0.75),
    )
    for voice, n_players, place, dark_hz, gain in desks:
        notes = [
            (row[voice], 0.05 + bar * 3 * beat_s, 0.05 + (bar + 1) * 3 * beat_s)
            for bar, row in enumerate(STRING_CHORDS)
        ]
        mix += gain * bowed_line(notes, n_players, place, dark_hz, length_s, rng)
    melody, beat = [], 0.0
    for midi, beats in STRING_MELODY:
        melody.append((midi, 0.05 + beat * beat_s, 0.05 + (beat + beats) * beat_s))
        beat += beats
    mix += 1.15 * bowed_line(melody, 6, -0.45, 3_600.0, length_s, rng)
    return at_level(reverberate(mix, room(rng, 2.3, 3_000, 0.02), 0.5), -19)


# ---------------------------------------------------------------- drums and bass


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
    """A fingered string under a pickup: decaying partials, a comb from the pickup's place, soft saturation."""
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


DRUMS_BPM = 100.0
KICKS = ((0, 7, 10), (0, 6, 10, 11))
GHOSTS = ((3, 7, 9, 15), (2, 7, 9, 14))
BASS = (  # (step of sixteen, midi, steps held), two bars that repeat over four roots
    ((0, 0, 3), (3, 0, 1), (6, 12, 1), (7, 10, 2), (10, 0, 3), (14, 7, 2)),
    ((0, 0, 2), (3, 0, 1), (4, 7, 2), (7, 10, 1), (8, 12, 2), (10, 0, 2), (13, 3, 1), (14, 5, 2)),
)
BASS_ROOTS = (28, 28, 31, 33, 28, 28, 36, 35)


def compose_drums(rng: np.random.Generator) -> Signal:
    step_s, n_bars = 15 / DRUMS_BPM, 8
    kit = np.zeros((round(19.7 * RATE_HZ), 2))
    low = np.zeros_like(kit)

    def at(bar: int, step: float) -> float:
        swing_s = 0.014 if int(step) % 2 else 0.0
        return 0.03 + (bar * 16 + step) * step_s + swing_s + rng.normal(0, 0.0025)

    for bar in range(n_bars):
        fill = bar == n_bars - 1
        for step in KICKS[bar % 2]:
            add(kit, 1.0 * kick(0.95 if step == 0 else 0.8, rng), at(bar, step))
        for step in (4,) if fill else (4, 12):
            add(kit, 0.85 * snare(rng.uniform(0.88, 1.0), rng), at(bar, step))
        for step in GHOSTS[bar % 2][: 2 if fill else 4]:
            add(kit, 0.75 * snare(rng.uniform(0.14, 0.24), rng), at(bar, step))
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
    squeezed = np.tanh(3.0 * reverberate(np.zeros_like(kit) + kit, room(rng, 0.5, 4_500, 0.003), 0.35)) / 2
    return at_level(np.tanh(0.75 * kit + 0.55 * squeezed + 0.38 * low), -16)


# ---------------------------------------------------------------- techno


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


def saw(f: Signal) -> Signal:
    """A sawtooth of moving frequency, its edge rounded by the two-sample polynomial step."""
    dt = f / RATE_HZ
    phase = np.cumsum(dt) % 1.0
    after, before = phase / dt, (phase - 1) / dt
    edge = np.where(
        after < 1, 2 * after - after**2 - 1, np.where(before > -1, before**2 + 2 * before + 1, 0.0)
    )
    return 2 * phase - 1 - edge


TECHNO_BPM = 132.0
TECHNO_BARS = 10
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
    """Sixteen steps of saw through a screaming filter that opens over the section; accents open it further."""
    step_s, t = 15 / TECHNO_BPM, times(length_s)
    index = np.minimum((t / step_s).astype(int), TECHNO_BARS * 16)
    within_s = t - index * step_s
    midi = np.array([m for m, _ in ACID])[index % 16]
    accent = np.array([a for _, a in ACID])[index % 16]
    playing = (midi > 0) & (index < TECHNO_BARS * 16)
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


def compose_techno(rng: np.random.Generator) -> Signal:
    step_s = 15 / TECHNO_BPM
    length_s = TECHNO_BARS * 16 * step_s + 0.5
    drums, music = np.zeros((round(length_s * RATE_HZ), 2)), np.zeros((round(length_s * RATE_HZ), 2))
    thump, beat_at = club_kick(), []
    for bar in range(TECHNO_BARS):
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


# ---------------------------------------------------------------- noise, near silence, the track


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


COMPOSERS: tuple[tuple[str, float | None, Callable[[np.random.Generator], Signal]], ...] = (
    ("piano", PIANO_BPM, compose_piano),
    ("strings", STRINGS_BPM, compose_strings),
    ("drums and bass", DRUMS_BPM, compose_drums),
    ("techno", TECHNO_BPM, compose_techno),
    ("noise", None, compose_noise),
    ("near silence", None, compose_silence),
)


def compose(seed: int = SEED) -> tuple[Signal, list[Section]]:
    """The whole track (n, 2) within ±1 and its sections; each section draws from a generator of its own."""
    parts, sections, start = [], [], 0
    for index, (name, tempo_bpm, composer) in enumerate(COMPOSERS):
        part = composer(np.random.default_rng((seed, index)))
        n_fade = round(FADE_S * RATE_HZ)
        part[-n_fade:] *= np.cos(np.linspace(0, np.pi / 2, n_fade))[:, None] ** 2
        top = np.abs(part).max()
        if top > 0.95:
            part = np.tanh(part / top * 1.5) / np.tanh(1.5) * 0.95
        end = start + len(part)
        sections.append(Section(name, round(start / RATE_HZ, 3), round(end / RATE_HZ, 3), tempo_bpm))
        parts.append(part)
        start = end
    return np.concatenate(parts), sections


def main(folder: Path) -> None:
    """Writes `demo.ogg` and `demo.json` into `folder`."""
    track, sections = compose()
    with sf.SoundFile(
        folder / "demo.ogg",
        "w",
        RATE_HZ,
        2,
        format="OGG",
        subtype="VORBIS",
        compression_level=1 - VORBIS_QUALITY,
    ) as file:
        for start in range(
            0, len(track), RATE_HZ
        ):  # libsndfile's Vorbis encoder overflows its stack on one big write
            file.write(track[start : start + RATE_HZ].astype(np.float32))
    text = json.dumps([asdict(section) for section in sections], indent=2)
    (folder / "demo.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
