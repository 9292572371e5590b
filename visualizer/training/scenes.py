"""Scenes: excerpts of scores dressed in chosen instruments, with the tags that are true of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from visualizer.networks.tagger import N_TAGS, TAGS
from visualizer.training import patterns
from visualizer.training.midi import DRUM_CHANNEL, Note, cut

Truth = NDArray[np.float32]
UNKNOWN = np.nan

INSTRUMENTS = (
    "guitar", "strings", "drums", "piano", "violin", "synth", "harpsichord", "flute", "sitar", "harp",
    "cello", "choir", "choral", "beat", "beats",
)  # fmt: skip
VOICES = (
    "vocal", "female", "male", "singing", "vocals", "woman", "man", "voice", "opera", "indian",
    "male vocal", "female vocal", "male voice", "female voice",
)  # fmt: skip
SECTIONS = (44, 45, 48, 49, 50, 51)
"""String sections: violins and cellos are somewhere in them."""
HEARD_S, ABSENT_S = 0.6, 0.15
"""An instrument that sounds this long in a window is there; below the second it is not; between, unknown."""


@dataclass(frozen=True)
class Scene:
    """Notes from time 0 on, and the tags that hold for the whole scene: tag → truth in [0, 1]."""

    kind: str
    notes: list[Note]
    tags: dict[str, float]


def program_tags(program: int, drum: bool) -> set[str]:
    """The instrument tags that a General MIDI program makes true."""
    if drum:
        return {"drums", "beat", "beats"}
    groups: list[tuple[Iterable[int], str]] = [
        (range(0, 4), "piano"),
        ((6,), "harpsichord"),
        (range(24, 32), "guitar"),
        ((38, 39, 50, 51, *range(80, 104)), "synth"),
        (range(40, 46), "strings"),
        (range(48, 52), "strings"),
        ((40,), "violin"),
        ((42,), "cello"),
        ((46,), "harp"),
        ((52, 53), "choir choral"),
        (range(72, 76), "flute"),
        ((104,), "sitar"),
    ]
    return {tag for programs, tags in groups if program in programs for tag in tags.split()}


def truth(scene: Scene, start_s: float, length_s: float) -> Truth:
    """True tags of one window of a scene, (50,) float32 in [0, 1], NaN where nothing is known."""
    out = np.full(N_TAGS, UNKNOWN, np.float32)
    sounding: dict[str, float] = dict.fromkeys(INSTRUMENTS, 0.0)
    any_s = 0.0
    for note in scene.notes:
        drum = note.channel == DRUM_CHANNEL
        # A struck or plucked string rings on; so does a drum.
        tail_s = 0.3 if drum or note.program < 32 else 0.05
        overlap_s = min(note.start_s + note.length_s + tail_s, start_s + length_s) - max(
            note.start_s, start_s
        )
        if overlap_s > 0:
            any_s += overlap_s
            for tag in program_tags(note.program, drum):
                sounding[tag] += overlap_s
    for tag, seconds in sounding.items():
        if seconds >= HEARD_S or seconds <= ABSENT_S:
            out[TAGS.index(tag)] = float(seconds >= HEARD_S)
    if any(n.program in SECTIONS for n in scene.notes):
        for tag in ("violin", "cello"):
            if sounding[tag] < HEARD_S:
                out[TAGS.index(tag)] = UNKNOWN
    if "choir" not in {t for t, s in sounding.items() if s > ABSENT_S}:
        for tag in VOICES:
            out[TAGS.index(tag)] = 0.0
    for tag, value in scene.tags.items():
        out[TAGS.index(tag)] = value
    if any_s < HEARD_S:
        out[:] = 0.0
        out[TAGS.index("quiet")] = UNKNOWN
    return out


ACOUSTIC = {"techno": 0.0, "electronic": 0.0, "rock": 0.0, "classical": 1.0, "drums": 0.0, "dance": 0.0}
SOLO = {**ACOUSTIC, "solo": 0.8}
TECHNO = {
    "techno": 1.0,
    "electronic": 0.95,
    "beat": 0.9,
    "beats": 0.8,
    "classical": 0.0,
    "dance": 0.8,
    "rock": 0.0,
}
BAND = {"classical": 0.0, "techno": 0.0, "opera": 0.0}

# Kind of scene → weight with soundfonts, weight with the synthesizer of our own.
KINDS: dict[str, tuple[float, float]] = {
    "piano": (0.12, 0.12),
    "strings": (0.13, 0.14),
    "violin": (0.05, 0.03),
    "cello": (0.05, 0.02),
    "guitar": (0.07, 0.05),
    "harpsichord": (0.05, 0.02),
    "flute": (0.05, 0.03),
    "harp": (0.03, 0.02),
    "choir": (0.04, 0.0),
    "organ": (0.03, 0.02),
    "sitar": (0.02, 0.01),
    "as_written": (0.07, 0.03),
    "orchestra": (0.05, 0.0),
    "rock": (0.06, 0.03),
    "pop": (0.04, 0.02),
    "ambient": (0.04, 0.09),
    "techno": (0.07, 0.17),
    "drums": (0.05, 0.1),
    "drums_and_bass": (0.04, 0.1),
}
SOLO_PROGRAMS: dict[str, tuple[int, ...]] = {
    "piano": (0, 0, 1, 2),
    "violin": (40,),
    "cello": (42,),
    "guitar": (24, 24, 25, 26, 27),
    "harpsichord": (6,),
    "flute": (73, 73, 74, 72),
    "harp": (46,),
    "choir": (52, 52, 53),
    "organ": (19, 16, 20),
    "sitar": (104,),
}


def draw_kind(rng: np.random.Generator, synthesized: bool) -> str:
    weights = np.array([w[int(synthesized)] for w in KINDS.values()])
    return str(rng.choice(list(KINDS), p=weights / weights.sum()))


def make_scene(kind: str, score: list[Note], length_s: float, rng: np.random.Generator) -> Scene:
    """Dress an excerpt of `score` (of `length_s`, from a place where much happens) as `kind`."""
    speed = float(2 ** rng.uniform(-0.35, 0.35))
    excerpt = _excerpt(score, length_s, speed, rng)
    shift = int(rng.integers(-4, 5))
    excerpt = [
        replace(n, key=int(np.clip(n.key + shift, 24, 100))) for n in excerpt if n.channel != DRUM_CHANNEL
    ]
    root = int(rng.integers(28, 41))
    if kind == "as_written":
        return Scene(kind, excerpt, {})
    if kind in SOLO_PROGRAMS:
        return _solo(kind, excerpt, rng)
    if kind == "strings":
        return Scene(kind, _strings(excerpt, rng), {**ACOUSTIC, "piano": 0.0})
    if kind == "orchestra":
        family = {0: (48, 49), 1: (60, 61, 57), 2: (73, 71, 68), 3: (48, 42), 4: (47, 43)}
        chosen = {
            c: int(rng.choice(family[i % 5])) for i, c in enumerate(sorted({n.channel for n in excerpt}))
        }
        return Scene(
            kind, [replace(n, program=chosen[n.channel]) for n in excerpt], {**ACOUSTIC, "piano": 0.0}
        )
    if kind == "ambient":
        program = int(rng.choice([88, 89, 91, 92, 93, 94, 95, 97, 99]))
        notes = patterns.pad(program, length_s, root + 12, rng)
        if rng.random() < 0.4:
            notes += [replace(n, program=98, velocity=50) for n in excerpt if n.key > 60][:20]
        return Scene(kind, notes, {"ambient": 0.9, "classical": 0.0, "techno": 0.0, "rock": 0.0, "slow": 0.8})
    return _with_drums(kind, excerpt, length_s, root, rng)


def _excerpt(score: list[Note], length_s: float, speed: float, rng: np.random.Generator) -> list[Note]:
    end_s = score[-1].start_s
    best: list[Note] = []
    for _ in range(3):
        part = cut(score, float(rng.uniform(0, max(end_s - length_s * speed, 0.01))), length_s, speed)
        best = max(best, part, key=len)
    return best


def _solo(kind: str, excerpt: list[Note], rng: np.random.Generator) -> Scene:
    program = int(rng.choice(SOLO_PROGRAMS[kind]))
    notes = [replace(n, program=program) for n in excerpt]
    low = {"violin": 55, "flute": 60, "cello": 36, "guitar": 40, "sitar": 48}.get(kind)
    if low is not None:
        top = {"cello": 67, "guitar": 84, "sitar": 79}.get(kind, 96)
        # A melody instrument plays the upper voice alone, or double stops.
        notes = _fold([n for n in notes if n.key >= low - 7 or rng.random() < 0.3], low, top)
        if kind in ("violin", "flute", "cello", "sitar"):
            notes = _monophonic(notes)
    tags = dict(SOLO)
    if kind in ("violin", "flute", "cello") and rng.random() < 0.4:
        under = int(rng.choice([0, 6, 24, 46, 48]))
        notes = notes + [
            replace(n, program=under, channel=14, velocity=n.velocity * 2 // 3) for n in excerpt if n.key < 64
        ]
        tags = dict(ACOUSTIC)
    elif kind not in ("piano", "violin", "cello", "guitar", "harpsichord", "flute"):
        tags.pop("solo")
    if kind == "guitar" and program > 24:
        del tags["classical"]
    if kind == "sitar":
        tags |= {"classical": UNKNOWN, "indian": 0.9}
    return Scene(kind, notes, tags)


def _fold(notes: list[Note], low: int, top: int) -> list[Note]:
    def key(k: int) -> int:
        while k < low:
            k += 12
        while k > top:
            k -= 12
        return k

    return [replace(n, key=key(n.key)) for n in notes]


def _monophonic(notes: list[Note]) -> list[Note]:
    out: list[Note] = []
    for n in sorted(notes, key=lambda n: (round(n.start_s, 2), -n.key)):
        if out and n.start_s - out[-1].start_s < 0.03:
            continue
        if out:
            out[-1] = replace(out[-1], length_s=max(0.05, min(out[-1].length_s, n.start_s - out[-1].start_s)))
        out.append(replace(n, length_s=max(n.length_s, 0.25)))
    return out


def _strings(excerpt: list[Note], rng: np.random.Generator) -> list[Note]:
    """A quartet by register, a section, or pizzicato; slow scores are held over."""
    hold = float(rng.uniform(1.0, 2.0))
    notes = [replace(n, length_s=max(n.length_s * hold, 0.15)) for n in excerpt]
    way = rng.random()
    if way < 0.45:
        bounds = ((43, 43), (55, 42), (62, 41), (128, 40))
        return [replace(n, program=next(p for top, p in bounds if n.key < top)) for n in notes]
    program = int(rng.choice([48, 48, 49, 49, 44, 51]) if way < 0.93 else 45)
    return [replace(n, program=program) for n in notes]


def _with_drums(
    kind: str, excerpt: list[Note], length_s: float, root: int, rng: np.random.Generator
) -> Scene:
    groove = {
        "rock": ("rock", "rock_ride"),
        "pop": ("rock", "hip_hop", "shuffle", "two_step"),
        "techno": ("techno", "techno", "techno_hard"),
        "drums": tuple(k for k in patterns.GROOVES if not k.startswith("techno")),
        "drums_and_bass": ("breakbeat", "two_step", "breakbeat", "hip_hop", "rock"),
    }[kind]
    chosen = str(rng.choice(groove))
    bpm = patterns.tempo_for(chosen, rng)
    notes = patterns.drums(chosen, bpm, length_s, rng)
    if kind == "drums":
        return Scene(kind, notes, {**BAND, "solo": UNKNOWN, "techno": UNKNOWN})
    if kind == "techno":
        notes += patterns.bass_line(int(rng.choice([38, 39, 81, 87])), bpm, length_s, root, rng)
        if rng.random() < 0.75:
            notes += patterns.riff(int(rng.choice([80, 81, 84, 87, 90])), bpm, length_s, root, rng)
        if rng.random() < 0.4:
            notes += patterns.pad(int(rng.choice([88, 89, 90, 95])), length_s, root + 12, rng)
        return Scene(kind, notes, {**TECHNO, "synth": 0.9})
    if kind == "drums_and_bass":
        notes += patterns.bass_line(int(rng.choice([32, 33, 34, 36, 38, 39])), bpm, length_s, root, rng)
        return Scene(kind, notes, {"classical": 0.0, "opera": 0.0, "techno": UNKNOWN, "synth": UNKNOWN})
    notes += patterns.bass_line(int(rng.choice([33, 34, 35])), bpm, length_s, root, rng)
    if kind == "rock":
        program = int(rng.choice([29, 30, 30, 27]))
        riff = patterns.riff(program, bpm, length_s, root - 5, rng)
        chords = [
            replace(n, key=int(np.clip(n.key, 40, 76)), program=program, channel=4)
            for n in excerpt
            if n.key < 72
        ]
        return Scene(
            kind, notes + (riff if rng.random() < 0.5 else chords), {**BAND, "rock": 1.0, "loud": UNKNOWN}
        )
    melody = int(rng.choice([0, 4, 24, 25, 27, 48, 73, 81, 16, 11]))
    return Scene(kind, notes + [replace(n, program=melody, channel=4) for n in excerpt], dict(BAND))
