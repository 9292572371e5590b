"""A user's own folder of music: audio and MIDI files with any names, cut into clips."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

from visualizer.audio.decoding import open_decoder
from visualizer.training.midi import read_notes
from visualizer.training.music import CLIP, Clip, Samples, find_soundfonts, play_tape, room, unknown
from visualizer.training.sounds import RATE_HZ
from visualizer.types import UserError

AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff"})
MIDI_SUFFIXES = frozenset({".mid", ".midi"})
SUFFIXES = AUDIO_SUFFIXES | MIDI_SUFFIXES
HELD_OUT = 6
"""One file in so many is kept for validation, and one at least."""
LEAST_S = 4.0
MOST_MIDI_S, TAIL_S = 300.0, 1.0
MOST_CLIPS = 300
"""Clips of a shard: 75 minutes."""


def find_music(folder: Path, held_out: bool) -> list[Path]:
    """The audio and MIDI files of one side, the same ones each time; UserError where there are not two."""
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; name a folder of music with --data")
    paths = [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES]
    if len(paths) < 2:
        raise UserError(
            f"{folder} holds {len(paths)} audio or MIDI files, not 2 or more, one of them to judge by; "
            "name another folder of music with --data"
        )
    paths.sort(key=lambda path: (zlib.crc32(path.name.encode()), path.name))
    n_held = max(1, len(paths) // HELD_OUT)
    return paths[:n_held] if held_out else paths[n_held:]


def read_mono(path: Path, rate_hz: int = RATE_HZ) -> Samples:
    """An audio or MIDI file as (n,) float32 mono; UserError where nobody can read it."""
    if path.suffix.lower() in MIDI_SUFFIXES:
        return play(path, rate_hz)
    decoder = open_decoder(path)
    mono = np.concatenate([block.mean(axis=1) for block in decoder.blocks()])
    return np.asarray(soxr.resample(mono, decoder.rate_hz, rate_hz), np.float32)


def play(path: Path, rate_hz: int) -> Samples:
    """What FluidSynth makes of a MIDI file, MOST_MIDI_S of it at most, always with the same soundfont."""
    soundfonts = find_soundfonts()
    try:
        notes = read_notes(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is no MIDI file that can be read ({error})") from error
    ends_s = [note.start_s + note.length_s for note in notes]
    length_s = min(max(ends_s, default=0.0) + TAIL_S, MOST_MIDI_S)
    told = zlib.crc32(path.name.encode())
    rng, heard = np.random.default_rng(told), [note for note in notes if note.start_s < length_s]
    (sound,) = play_tape([heard], round(length_s * rate_hz), rate_hz, soundfonts[told % len(soundfonts)], rng)
    return sound


def cut(sound: Samples) -> list[Samples]:
    """Clips of CLIP samples; what is shorter than one comes again, what is under LEAST_S is nothing."""
    if len(sound) < LEAST_S * RATE_HZ:
        return []
    if len(sound) < CLIP:
        sound = np.tile(sound, CLIP // len(sound) + 1)[:CLIP]
    return [np.ascontiguousarray(sound[i : i + CLIP]) for i in range(0, len(sound) - CLIP + 1, CLIP)]


def clips(
    folder: Path, held_out: bool, part: slice, rng: np.random.Generator, n_each: int = MOST_CLIPS
) -> Iterator[Clip]:
    """Clips of a part of the files, MOST_CLIPS at most, as they are and in other rooms; none says why not.

    `n_each` of a file at most, spread over it.
    """
    n_made = n_readable = 0
    paths = find_music(folder, held_out)
    if all(path.suffix.lower() in MIDI_SUFFIXES for path in paths):
        find_soundfonts()
    for path in paths[part]:
        try:
            found = cut(read_mono(path))
            found = found[:: max(1, len(found) // n_each)][:n_each]
        except UserError as error:
            print(f"left out: {error}", flush=True)
            continue
        n_readable += bool(found)
        for i, sound in enumerate(found):
            if n_made == MOST_CLIPS:
                return
            n_made += 1
            yield Clip(f"own_{path.stem}", sound if held_out or i % 2 else room(sound, rng), unknown())
    if not n_readable and part == slice(None):
        raise UserError(
            f"{folder} holds too little music that can be read ({LEAST_S:g} s a file at least); "
            "name another folder with --data"
        )
