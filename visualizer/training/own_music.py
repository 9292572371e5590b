"""A user's own folder of music for the tagger: any audio files, cut into clips that the teachers label."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

from visualizer.audio.decoding import open_decoder
from visualizer.training.music import CLIP, Clip, Samples, room, unknown
from visualizer.training.sounds import RATE_HZ
from visualizer.types import UserError

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff"})
HELD_OUT = 6
"""One file in so many is kept for validation, and one at least."""
LEAST_S = 4.0
MOST_CLIPS = 300
"""Clips of a shard: 75 minutes."""


def find_music(folder: Path, held_out: bool) -> list[Path]:
    """The audio files of one side, the same ones each time; UserError where there are not two files."""
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; name a folder of music with --data")
    paths = [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES]
    if len(paths) < 2:
        raise UserError(
            f"{folder} holds {len(paths)} audio files, not 2 or more, one of them to judge by; "
            "name another folder of music with --data"
        )
    paths.sort(key=lambda path: (zlib.crc32(path.name.encode()), path.name))
    n_held = max(1, len(paths) // HELD_OUT)
    return paths[:n_held] if held_out else paths[n_held:]


def read_mono(path: Path) -> Samples:
    """A file as (n,) float32 mono at 16 kHz; UserError where nobody can read it."""
    decoder = open_decoder(path)
    mono = np.concatenate([block.mean(axis=1) for block in decoder.blocks()])
    return np.asarray(soxr.resample(mono, decoder.rate_hz, RATE_HZ), np.float32)


def cut(sound: Samples) -> list[Samples]:
    """Clips of CLIP samples; what is shorter than one comes again, what is under LEAST_S is nothing."""
    if len(sound) < LEAST_S * RATE_HZ:
        return []
    if len(sound) < CLIP:
        sound = np.tile(sound, CLIP // len(sound) + 1)[:CLIP]
    return [np.ascontiguousarray(sound[i : i + CLIP]) for i in range(0, len(sound) - CLIP + 1, CLIP)]


def clips(folder: Path, held_out: bool, part: slice, rng: np.random.Generator) -> Iterator[Clip]:
    """Clips of a part of the files, MOST_CLIPS at most, as they are and in other rooms; none says why not."""
    n_made = n_readable = 0
    for path in find_music(folder, held_out)[part]:
        try:
            found = cut(read_mono(path))
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
