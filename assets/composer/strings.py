"""A string orchestra: desks of bowed sawtooths under wooden bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal

from composer.sound import RATE_HZ, Signal, at_level, band, hz, pan, peak, reverberate, room, times

Note = tuple[float, float, float]
"""MIDI pitch, start and end in seconds."""

BODY = (  # centre_hz, gain_db, q: air, wood, the dip that makes it nasal, the hill of the bridge
    (280, 5, 5),
    (460, 5, 6),
    (700, -3, 3),
    (1_050, 5, 3),
    (1_500, -4, 3),
    (2_600, 8, 1.3),
    (8_500, -8, 0.9),
)


@dataclass(frozen=True)
class Desk:
    """Players of one line: how many, where they sit [-1, 1], how bright, how quick their bows speak."""

    n_players: int
    place: float
    dark_hz: float
    gain: float
    attack_s: float
    vibrato: float
    """Depth in semitones."""


def bowed_line(desk: Desk, notes: Sequence[Note], length_s: float, rng: np.random.Generator) -> Signal:
    """`notes` bowed by a desk, each player with a bow, a vibrato and a pitch of his own.

    The string's sawtooth is read from a band-limited table; a fixed row of resonances is the body.
    """
    t = times(length_s)
    out = np.zeros((len(t), 2))
    for _ in range(desk.n_players):
        pitch, bow = _play(desk, notes, t, rng)
        tone = _sawtooth(pitch, max(midi for midi, _, _ in notes), rng)
        grip = 1 + 2.0 * band(rng.standard_normal(len(t)), None, 30)  # uneven bow pressure
        hair = band(rng.standard_normal(len(t)), 1_500, 9_000) * 0.07
        voice = (tone * grip + hair) * bow
        soft = band(voice, None, desk.dark_hz)
        voice = soft + 0.55 * bow**2 * (voice - soft)
        out += pan(voice, desk.place + rng.normal(0, 0.12)) / np.sqrt(desk.n_players)
    for centre_hz, gain_db, q in BODY:
        out = peak(out, centre_hz * rng.uniform(0.96, 1.04), gain_db, q)
    return desk.gain * out


def _play(desk: Desk, notes: Sequence[Note], t: Signal, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Pitch (MIDI) and bow strength [0, 1] over time."""
    first = notes[0][0]
    pitch, bow = np.full(len(t), float(first)), np.zeros(len(t))
    for midi, start_s, end_s in notes:
        late_s = start_s + abs(rng.normal(0, 0.018))
        pitch = np.where(t >= late_s, midi + rng.normal(0, 0.035), pitch)
        swell = np.clip((t - late_s) / desk.attack_s, 0, 1) * np.clip((end_s + 0.05 - t) / 0.14, 0, 1)
        arch = 0.75 + 0.25 * np.sin(np.pi * np.clip((t - late_s) / (end_s - late_s), 0, 1))
        bow = np.maximum(bow, np.sin(0.5 * np.pi * swell) * arch)
    glide = signal.butter(2, 16, fs=RATE_HZ, output="sos")
    pitch = signal.sosfilt(glide, pitch - first) + first
    depth = np.clip(bow * 1.3 - 0.3, 0, 1) * desk.vibrato * rng.uniform(0.7, 1.3)
    shake = np.sin(2 * np.pi * rng.uniform(5.2, 6.3) * t + rng.uniform(0, 6.3))
    wander = 0.2 * band(rng.standard_normal(len(t)), None, 3.0)
    return pitch + depth * shake + wander, bow


def _sawtooth(pitch: Signal, top: float, rng: np.random.Generator) -> Signal:
    n = np.arange(1, int(min(17_000 / hz(top), 140)) + 1)
    at = np.arange(4_096) / 4_096
    table = np.sin(2 * np.pi * np.outer(at, n)) @ (1 / n**0.95)
    phase = np.cumsum(440.0 * 2 ** ((pitch - 69) / 12)) / RATE_HZ + rng.uniform()
    return np.interp(phase % 1.0, np.append(at, 1.0), np.append(table, table[0]))


BPM = 80.0
BEATS_A_BAR = 3
CHORDS = (  # bass, cello, viola, second violin; a bar a row
    (38, 50, 57, 65),
    (43, 50, 58, 67),
    (36, 52, 58, 64),
    (41, 53, 57, 65),
    (34, 50, 58, 65),
    (40, 52, 58, 67),
    (33, 49, 55, 64),
    (38, 50, 57, 65),
)
MELODY = (  # a bar a row, in rows of (midi, beats)
    ((77, 1.5), (76, 0.5), (77, 0.5), (81, 0.5)),
    ((82, 1.5), (81, 0.5), (79, 0.5), (77, 0.5)),
    ((79, 1), (76, 0.5), (77, 0.5), (79, 0.5), (82, 0.5)),
    ((81, 2), (77, 0.5), (81, 0.5)),
    ((86, 1), (84, 0.5), (82, 0.5), (81, 0.5), (82, 0.5)),
    ((79, 0.5), (82, 0.5), (86, 0.5), (88, 0.5), (86, 0.5), (82, 0.5)),
    ((85, 0.5), (81, 0.5), (79, 0.5), (81, 0.5), (85, 0.5), (88, 0.5)),
    ((86, 3),),
)
BASSES = Desk(2, 0.5, 1_200, 0.55, 0.16, 0.05)
CELLOS = Desk(3, 0.35, 2_400, 0.8, 0.14, 0.12)
VIOLAS = Desk(3, 0.1, 3_200, 0.7, 0.14, 0.14)
SECONDS = Desk(4, -0.25, 4_500, 0.75, 0.12, 0.16)
FIRSTS = Desk(3, -0.45, 5_500, 1.9, 0.08, 0.22)


def compose(rng: np.random.Generator) -> Signal:
    """Eight bars: long notes below, a violin tune above; inner voices bow every beat in the second half."""
    beat_s, length_s, start_s = 60 / BPM, 19.0, 0.05
    mix = np.zeros((round(length_s * RATE_HZ), 2))
    for voice, desk in enumerate((BASSES, CELLOS, VIOLAS, SECONDS)):
        notes = []
        for bar, chord in enumerate(CHORDS):
            n_strokes = BEATS_A_BAR if voice > 0 and 4 <= bar < 7 else 1
            stroke_s = BEATS_A_BAR * beat_s / n_strokes
            for stroke in range(n_strokes):
                at_s = start_s + bar * BEATS_A_BAR * beat_s + stroke * stroke_s
                notes.append((chord[voice], at_s, at_s + stroke_s))
        mix += bowed_line(desk, notes, length_s, rng)
    tune, at_s = [], start_s
    for midi, beats in (note for bar in MELODY for note in bar):
        tune.append((midi, at_s, at_s + beats * beat_s))
        at_s += beats * beat_s
    mix += bowed_line(FIRSTS, tune, length_s, rng)
    return at_level(reverberate(mix, room(rng, 1.9, 4_000, 0.02), 0.35), -19)
