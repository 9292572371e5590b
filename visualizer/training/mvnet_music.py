"""MVNet's music: windows of scores by year of composition, rendered, heard as mel spectra and kept in shards.

A clip is 11.9 s, so that a window of 8.91 s can be cut out of it anywhere. Its mel is kept as the fourth root
in 8 bits (96 dB), its greatest value beside it.
"""

from __future__ import annotations

import csv
import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from visualizer.features.mel import EraMel
from visualizer.training import house
from visualizer.training.midi import Note, cut, read_notes
from visualizer.training.music import find_soundfonts, play_tape, room
from visualizer.training.mvnet_eras import Eras
from visualizer.types import UserError

RATE_HZ = 22_050
N_COLUMNS = 1024
CLIP = (N_COLUMNS - 1) * 256 + 1024
PRE_ROLL_S = 0.5
"""Music begins this much before a clip, so that its first notes already sound."""
TAPE_TAKES = 8
MIN_NOTES = 10
N_SHARDS = 24
N_TRAIN_PER_ERA = 384
N_VAL_PER_ERA = 64
MAX_VAL_SEGMENTS = 6

RECORDED_YEARS = {
    "vivaldi": 1725,
    "handel-largo": 1738,
    "beethoven-moonlight": 1801,
    "brahms-hungarian": 1869,
    "Hungarian_Dance": 1869,
    "grieg-m": 1875,
    "dvorak": 1893,
    "Sugar_Plum": 1892,
}
"""Years of composition of recordings whose file names say what they are."""


@dataclass(frozen=True)
class Piece:
    """A score: its file, year of composition, composer and title."""

    file: str
    year: int
    composer: str
    title: str


@dataclass(frozen=True)
class Clip:
    """Sound (CLIP,) float32 mono at 22.05 kHz and what it is; `segment` 0 begins at a third of the piece."""

    samples: NDArray[np.float32]
    piece: Piece
    segment: int


class Library:
    """The scores of one split of `data`/midi that have a year."""

    def __init__(self, data: Path, split: str) -> None:
        index, self._archive = data / "midi" / "midi.csv", data / "midi" / "midi.tar.gz"
        if not index.is_file() or not self._archive.is_file():
            raise UserError(
                f"{data} holds no midi/midi.csv and midi/midi.tar.gz; name the data folder with --data"
            )
        self.pieces: list[Piece] = []
        with index.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["split"] == split and row["year"].strip():
                    year = int(float(row["year"]))
                    self.pieces.append(Piece(row["file"], year, row["composer"], row["title"]))
        if not self.pieces:
            raise UserError(
                f"{data}/midi holds no {split} scores with a year; name another data folder with --data"
            )
        self._bytes: dict[str, bytes] = {}

    def notes(self, piece: Piece) -> list[Note]:
        """The notes of a piece; none where its file is missing or no MIDI file."""
        if not self._bytes:
            with tarfile.open(self._archive) as tar:
                for member in tar:
                    content = tar.extractfile(member)
                    if content is not None:
                        self._bytes[member.name.removeprefix("./")] = content.read()
        try:
            return read_notes(self._bytes[piece.file])
        except (KeyError, ValueError):
            return []


def take(notes: list[Note], segment: int, rng: np.random.Generator) -> list[Note] | None:
    """The notes of one clip: from a third of the piece on (`segment` 0, as in the paper), else from anywhere.

    Speed and pitch vary a little. None where too little is played there.
    """
    if len(notes) < MIN_NOTES:
        return None
    length_s = CLIP / RATE_HZ + PRE_ROLL_S
    end_s = notes[-1].start_s
    start_s = end_s / 3 if segment == 0 else float(rng.uniform(0, max(0.0, end_s - length_s)))
    part = cut(notes, max(0.0, start_s - PRE_ROLL_S), length_s, float(2 ** rng.uniform(-0.2, 0.2)))
    shift = int(rng.integers(-2, 3))
    moved = [
        n if n.channel == 9 else Note(n.start_s, n.length_s, n.key + shift, n.velocity, n.channel, n.program)
        for n in part
        if 0 <= n.key + shift < 128
    ]
    return moved if len(moved) >= MIN_NOTES and moved[-1].start_s > length_s / 2 else None


def choose(pieces: Sequence[Piece], eras: Eras, n_per_era: int, seed: int) -> list[tuple[Piece, int]]:
    """`n_per_era` (piece, segment) of every era, shuffled: each piece's first segment before any second."""
    rng = np.random.default_rng(seed)
    chosen: list[tuple[Piece, int]] = []
    for era in range(len(eras)):
        own = [piece for piece in pieces if eras.of(piece.year) == era]
        order = [own[i] for i in rng.permutation(len(own))]
        chosen += [(order[i % len(order)], i // len(order)) for i in range(n_per_era) if order]
    return [chosen[i] for i in rng.permutation(len(chosen))]


def render(library: Library, chosen: Sequence[tuple[Piece, int]], rng: np.random.Generator) -> Iterator[Clip]:
    """Clips of the chosen segments, the soundfont changing from tape to tape; empty ones are left out."""
    soundfonts = find_soundfonts()
    length = CLIP + int(PRE_ROLL_S * RATE_HZ)
    for first in range(0, len(chosen), TAPE_TAKES):
        batch = chosen[first : first + TAPE_TAKES]
        takes = [(piece, i, take(library.notes(piece), i, rng)) for piece, i in batch]
        played = [(piece, i, notes) for piece, i, notes in takes if notes]
        if not played:
            continue
        font = soundfonts[int(rng.integers(len(soundfonts)))]
        sounds = play_tape([notes for _, _, notes in played], length, RATE_HZ, font, rng)
        for (piece, i, _), sound in zip(played, sounds, strict=True):
            yield Clip(_noisy(room(sound, rng, RATE_HZ)[-CLIP:], rng), piece, i)


def recordings(data: Path, rng: np.random.Generator) -> Iterator[Clip]:
    """Clips of the recordings of `data`/audio whose year is known, every 6 s of them."""
    index = data / "audio" / "audio.csv"
    if not index.is_file():
        return
    with index.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        year = next((y for name, y in RECORDED_YEARS.items() if row["name"].startswith(name)), None)
        year = year or next((y for name, y in RECORDED_YEARS.items() if name in row["name"]), None)
        if year is None:
            continue
        sound, rate_hz = soundfile.read(data / "audio" / row["file"], dtype="float32", always_2d=True)
        mono = soxr.resample(sound.mean(axis=1), rate_hz, RATE_HZ)
        if len(mono) < CLIP:
            mono = np.tile(mono, CLIP // max(len(mono), 1) + 1)
        for i, start in enumerate(range(0, len(mono) - CLIP + 1, 6 * RATE_HZ)):
            piece = Piece(row["file"], year, row["name"], row["tag"])
            yield Clip(room(mono[start : start + CLIP], rng, RATE_HZ), piece, i)


def _noisy(samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The noise of a line or a room, 40 to 90 dB below the loudest sample."""
    level = float(np.abs(samples).max()) * 10 ** (-rng.uniform(40, 90) / 20)
    return samples + (rng.normal(size=len(samples)) * level).astype(np.float32)


def pack(mel: NDArray[np.float32]) -> tuple[NDArray[np.uint8], np.float32]:
    """Linear power (F, T) → its fourth root in 8 bits and the greatest power."""
    top = np.float32(max(float(mel.max()), 1e-12))
    return np.round((mel / top) ** 0.25 * 255).astype(np.uint8), top


_UNPACKED = ((np.arange(256) / 255) ** 4).astype(np.float32)


def unpack(packed: NDArray[np.uint8], top: float) -> NDArray[np.float32]:
    """What `pack` packed, as linear power."""
    return _UNPACKED[packed] * np.float32(top)


def write_shard(path: Path, clips: Sequence[Clip]) -> None:
    """One npz: mels (n, 128, N_COLUMNS) uint8, tops (n,), years (n,), segments (n,), names (JSON bytes)."""
    mel = EraMel()
    packed = [pack(mel.analyse(clip.samples)) for clip in clips]
    names = [[c.piece.file, c.piece.composer, c.piece.title] for c in clips]
    with house.writing(path) as part, part.open("wb") as file:
        np.savez(
            file,
            mels=np.stack([mels for mels, _ in packed]),
            tops=np.array([top for _, top in packed], np.float32),
            years=np.array([c.piece.year for c in clips], np.int32),
            segments=np.array([c.segment for c in clips], np.int32),
            names=np.frombuffer(json.dumps(names).encode(), np.uint8),
        )


@dataclass(frozen=True)
class Music:
    """Packed mels (n, 128, N_COLUMNS) uint8 with their tops (n,), years (n,), segments and names."""

    mels: NDArray[np.uint8]
    tops: NDArray[np.float32]
    years: NDArray[np.int32]
    segments: NDArray[np.int32]
    names: list[list[str]]

    def __len__(self) -> int:
        return len(self.years)


def shard_paths(folder: Path, split: str) -> list[Path]:
    return sorted(folder.glob(f"music-{split}-*.npz"))


def read_music(folder: Path, split: str) -> Music:
    """All shards of a split in memory."""
    paths = shard_paths(folder, split)
    if not paths:
        raise UserError(f"there is no music in {folder}; make it with klangbild train mvnet --stage music")
    try:
        shards = [np.load(path, allow_pickle=False) for path in paths]
        names = [name for s in shards for name in json.loads(s["names"].tobytes())]
        joined = [np.concatenate([s[key] for s in shards]) for key in ("mels", "tops", "years", "segments")]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"the music in {folder} is damaged; delete music-*.npz to make it anew") from error
    return Music(joined[0], joined[1], joined[2], joined[3], names)


def make(data: Path, folder: Path, eras: Eras, n_per_era: int = N_TRAIN_PER_ERA) -> None:
    """Make the shards that are missing, that of the other composers (val) after the first."""
    jobs = [("train", i) for i in range(N_SHARDS)]
    jobs.insert(1, ("val", 0))
    missing = [job for job in jobs if not (folder / f"music-{job[0]}-{job[1]}.npz").exists()]
    print(f"{len(missing)} of {len(jobs)} shards of music to make in {folder}", flush=True)
    libraries = {split: Library(data, split) for split in {split for split, _ in missing}}
    for split, i in missing:
        library, rng = libraries[split], np.random.default_rng(100 * i + (split == "val"))
        if split == "train":
            chosen = choose(library.pieces, eras, n_per_era, seed=1)[i::N_SHARDS]
        else:
            chosen = [
                c for c in choose(library.pieces, eras, N_VAL_PER_ERA, seed=2) if c[1] < MAX_VAL_SEGMENTS
            ]
        clips = list(render(library, chosen, rng))
        if split == "train" and i == N_SHARDS - 1:
            clips += [clip for clip in recordings(data, rng) if eras.of(clip.piece.year) is not None]
        write_shard(folder / f"music-{split}-{i}.npz", clips)
        print(f"{split} {i}: {len(clips)} clips", flush=True)
