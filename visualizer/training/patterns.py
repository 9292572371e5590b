"""Made-up parts for training music: drum patterns, bass lines and synthesizer riffs as lists of notes."""

from __future__ import annotations

import numpy as np

from visualizer.training.midi import DRUM_CHANNEL, Note

KICK, SNARE, RIM, CLAP, HAT, OPEN_HAT, CRASH, RIDE = 36, 38, 37, 39, 42, 46, 49, 51
TOMS = (41, 43, 45, 47, 48, 50)
BASS_CHANNEL, RIFF_CHANNEL, PAD_CHANNEL = 1, 2, 3
SCALES = ((0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 5, 7, 9, 11), (0, 3, 5, 7, 10), (0, 1, 4, 5, 7, 8, 10))

# Sixteenths of a bar at which each drum is struck; x is sure, o is likely, - is rest.
GROOVES: dict[str, dict[int, str]] = {
    "techno": {
        KICK: "x---x---x---x---",
        CLAP: "----x-------x---",
        HAT: "o-o-o-o-o-o-o-o-",
        OPEN_HAT: "--x---x---x---x-",
    },
    "techno_hard": {
        KICK: "x---x---x---x---",
        HAT: "xxxxxxxxxxxxxxxx",
        RIM: "---o--o---o--o--",
        OPEN_HAT: "--x---x---x---x-",
    },
    "rock": {KICK: "x-----o-x-o-----", SNARE: "----x-------x---", HAT: "x-x-x-x-x-x-x-x-"},
    "rock_ride": {
        KICK: "x--o----x-x---o-",
        SNARE: "----x--o----x---",
        RIDE: "x-x-x-x-x-x-x-x-",
        CRASH: "o---------------",
    },
    "breakbeat": {KICK: "x-x-------xo----", SNARE: "----x--o-o--x--o", HAT: "x-x-x-x-x-x-x-x-"},
    "two_step": {KICK: "x---------x-----", SNARE: "----x-------x---", HAT: "x-xox-xox-xox-xo"},
    "hip_hop": {KICK: "x--o---x--x-----", SNARE: "----x-------x---", HAT: "x-x-x-xxx-x-xoxo"},
    "shuffle": {KICK: "x-------x--o----", RIM: "----x-------x---", RIDE: "x--xx--xx--xx--x"},
    "toms": {
        KICK: "x---o---x---o---",
        45: "--x---x-o-x---x-",
        41: "x---x-o-x---x-xo",
        50: "------x-------xx",
    },
    "hand": {63: "x--x--x-x--x--x-", 60: "--x-x-o---x-x-ox", 70: "xxxxxxxxxxxxxxxx"},
    "march": {KICK: "x-------x-------", SNARE: "x-xxx-xxx-xxxxxx"},
}
TEMPI_BPM: dict[str, tuple[float, float]] = {
    "techno": (118, 145),
    "techno_hard": (128, 150),
    "rock": (90, 150),
    "rock_ride": (95, 170),
    "breakbeat": (95, 178),
    "two_step": (160, 178),
    "hip_hop": (68, 100),
    "shuffle": (80, 140),
    "toms": (80, 150),
    "hand": (80, 130),
    "march": (90, 125),
}


def tempo_for(groove: str, rng: np.random.Generator) -> float:
    """A likely tempo in BPM for a groove."""
    low, high = TEMPI_BPM[groove]
    return float(rng.uniform(low, high))


def drums(groove: str, bpm: float, length_s: float, rng: np.random.Generator) -> list[Note]:
    """A drum part with ghost notes, dropped voices and a fill now and then."""
    step_s = 15.0 / bpm
    voices = {key: p for key, p in GROOVES[groove].items() if key == KICK or rng.random() < 0.85}
    jitter_s = rng.choice([0.0, 0.004, 0.01])
    notes: list[Note] = []
    for step in range(int(length_s / step_s)):
        fill = step // 16 % 4 == 3 and step % 16 >= 12 and rng.random() < 0.3
        for key, pattern in voices.items():
            mark = pattern[step % 16]
            if mark == "x" or (mark == "o" and rng.random() < 0.5):
                accent = 1.0 if step % 4 == 0 else 0.8
                velocity = int(np.clip(rng.normal(105 * accent, 8), 30, 127))
                start_s = max(0.0, step * step_s + rng.normal(0, jitter_s))
                notes.append(Note(start_s, 0.15, key, velocity, DRUM_CHANNEL, 0))
        if fill:
            notes.append(Note(step * step_s, 0.15, int(rng.choice(TOMS)), 100, DRUM_CHANNEL, 0))
    return notes


def bass_line(program: int, bpm: float, length_s: float, root: int, rng: np.random.Generator) -> list[Note]:
    """A line of eighths or sixteenths around `root` (MIDI key), repeated every two bars."""
    step_s = 15.0 / bpm
    scale = SCALES[rng.integers(len(SCALES))]
    density = rng.uniform(0.35, 0.9)
    row = [
        (
            root + int(rng.choice([0, 0, 0, 12, scale[rng.integers(len(scale))]]))
            if rng.random() < density
            else -1
        )
        for _ in range(32)
    ]
    row[0] = root
    offbeat = rng.random() < 0.3
    notes = []
    for step in range(int(length_s / step_s)):
        key = row[step % 32]
        if offbeat:
            key = root if step % 4 == 2 else -1
        if key >= 0:
            notes.append(
                Note(
                    step * step_s,
                    step_s * rng.uniform(0.6, 1.8),
                    key,
                    int(rng.integers(85, 115)),
                    BASS_CHANNEL,
                    program,
                )
            )
    return notes


def riff(program: int, bpm: float, length_s: float, root: int, rng: np.random.Generator) -> list[Note]:
    """An arpeggio or a stab pattern of one bar, repeated with small changes."""
    step_s = 15.0 / bpm
    scale = SCALES[rng.integers(len(SCALES))]
    chord = [root + 24 + scale[i % len(scale)] + 12 * (i // len(scale)) for i in (0, 2, 4, 6)]
    stabs = rng.random() < 0.4
    mask = rng.random(16) < rng.uniform(0.25, 0.8)
    order = rng.integers(0, len(chord), 16)
    notes = []
    for step in range(int(length_s / step_s)):
        if not mask[step % 16]:
            continue
        keys = chord[:3] if stabs else [chord[order[step % 16]]]
        for key in keys:
            velocity = int(rng.integers(70, 110))
            notes.append(Note(step * step_s, step_s * 0.9, min(key, 108), velocity, RIFF_CHANNEL, program))
    return notes


def pad(program: int, length_s: float, root: int, rng: np.random.Generator) -> list[Note]:
    """Long chords, one every 2 to 6 s."""
    notes: list[Note] = []
    start_s = 0.0
    scale = SCALES[rng.integers(len(SCALES))]
    while start_s < length_s - 0.5:
        hold_s = min(float(rng.uniform(2, 6)), length_s - start_s)
        degree = int(rng.integers(len(scale)))
        for i in (0, 2, 4, 7)[: int(rng.integers(2, 5))]:
            at = degree + i
            key = root + 12 + scale[at % len(scale)] + 12 * (at // len(scale))
            notes.append(
                Note(start_s, hold_s, min(key, 108), int(rng.integers(60, 100)), PAD_CHANNEL, program)
            )
        start_s += hold_s
    return notes
