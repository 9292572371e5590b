"""Music at known tempi, to learn beats from and to measure with: clicks, and scores at one tempo."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from visualizer.training import patterns
from visualizer.training.midi import Note, cut, read_meters, read_notes, read_tempo_bpm
from visualizer.training.music import find_soundfonts, play_tape
from visualizer.types import Float32, UserError

RATE_HZ = 48_000
LENGTH_S = 30.0
TEMPI_BPM = (60.0, 180.0)
CLICK_TEMPI_BPM = tuple(range(60, 181, 10))
N_PIECES = 40
"""With drums, and as many without."""
TAPE_TAKES = 10
GRID_SHARE = 0.98
"""So much of a score must begin on twelfths or sixteenths of a quarter: no played-in performances."""
LEAST_NOTES_A_BEAT = 0.75
PEAK = 0.5
_SPARE_S = 2.0


@dataclass(frozen=True, slots=True)
class Take:
    """Sound (n,) float32 mono at 48 kHz, its beats (n_beats,) in seconds, and its tempo."""

    name: str
    kind: str
    """`clicks`, `drums` or `no drums`."""
    tempo_bpm: float
    samples: Float32
    beats_s: np.ndarray


@dataclass(frozen=True, slots=True)
class Score:
    """A score in one meter of quarters; `start` is the quarter its first whole bar begins with."""

    name: str
    data: bytes
    start: float
    n_quarters: float
    beats_per_bar: int
    own_bpm: float


def clicks(tempi_bpm: Iterable[int] = CLICK_TEMPI_BPM) -> Iterator[Take]:
    """Clicks of 5 ms over faint noise, each tempo from somewhere between two beats on."""
    rng = np.random.default_rng(0)
    t = np.arange(RATE_HZ // 20) / RATE_HZ
    click = np.sin(2 * np.pi * 1000 * t) * np.exp(-t / 0.005)
    for bpm in tempi_bpm:
        samples = 1e-4 * rng.standard_normal(round(LENGTH_S * RATE_HZ))
        beats_s = np.arange(rng.uniform(0.05, 0.4), LENGTH_S - 0.1, 60.0 / bpm)
        for at in np.round(beats_s * RATE_HZ).astype(int):
            samples[at : at + len(click)] += PEAK * click[: len(samples) - at]
        yield Take(f"{bpm} BPM", "clicks", float(bpm), samples.astype(np.float32), beats_s)


def read_scores(data: Path, split: str) -> list[Score]:
    """The scores of a split of `data`/midi that keep a meter of quarters and lie on its grid."""
    index, archive = data / "midi" / "midi.csv", data / "midi" / "midi.tar.gz"
    if not index.is_file() or not archive.is_file():
        raise UserError(f"{data} holds no midi/midi.csv and midi/midi.tar.gz: put them there.")
    with index.open(encoding="utf-8", newline="") as file:
        wanted = {row["file"] for row in csv.DictReader(file) if row["split"] == split}
    scores = []
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            content = tar.extractfile(member) if name in wanted else None
            score = _read_score(name, content.read()) if content is not None else None
            if score is not None:
                scores.append(score)
    return sorted(scores, key=lambda score: score.name)


def _read_score(name: str, data: bytes) -> Score | None:
    try:
        meters, notes = read_meters(data), read_notes(data, 60.0)  # at 60 a second is a quarter
        own_bpm = read_tempo_bpm(data)
    except ValueError:
        return None
    # An upbeat is a short bar of its own, and the beat begins anew after it.
    main = [meter for meter in meters if meter[2] == 4 and meter[1] in (2, 3, 4)]
    if not main or not notes or any(m[0] > main[0][0] and m[1:] != main[0][1:] for m in meters):
        return None
    start = main[0][0] if main[0][0] < 4.5 else 0.0
    onsets = np.array([note.start_s for note in notes]) - start
    off_grid = np.minimum(*(np.abs(onsets * n - np.round(onsets * n)) / n for n in (3, 4)))
    n_quarters = float(onsets[-1])
    if np.mean(off_grid < 0.02) < GRID_SHARE or len(set(onsets)) < LEAST_NOTES_A_BEAT * n_quarters:
        return None
    return Score(name, data, start, n_quarters, main[0][1], own_bpm)


def rendered(data: Path, split: str, with_drums: bool, n: int = N_PIECES, seed: int = 0) -> Iterator[Take]:
    """`n` scores at tempi spread evenly over 60 to 180 BPM, the slow scores at the slow tempi.

    Soundfont, reverb and volumes change from tape to tape; drums are patterns that a score is played over.
    """
    rng = np.random.default_rng(seed + with_drums)
    scores = [s for s in read_scores(data, split) if not with_drums or s.beats_per_bar != 3]
    tempi_bpm = np.linspace(*TEMPI_BPM, n)
    chosen = _choose(scores, tempi_bpm, rng)
    soundfonts = find_soundfonts()
    length = round((LENGTH_S + _SPARE_S) * RATE_HZ)
    order = rng.permutation(len(chosen))
    for k, first in enumerate(range(0, len(order), TAPE_TAKES)):
        some = [(chosen[i], float(tempi_bpm[i])) for i in order[first : first + TAPE_TAKES]]
        delays_s = rng.uniform(0.0, 1.0, len(some))
        takes = [
            [note.moved(float(delay_s)) for note in _perform(score, bpm, with_drums, rng)]
            for (score, bpm), delay_s in zip(some, delays_s, strict=True)
        ]
        sounds = play_tape(takes, length, RATE_HZ, soundfonts[k % len(soundfonts)], rng)
        for (score, bpm), delay_s, sound in zip(some, delays_s, sounds, strict=True):
            samples = sound[: round(LENGTH_S * RATE_HZ)]
            samples = samples * np.float32(PEAK / max(float(np.abs(samples).max()), 1e-6))
            beats_s = np.arange(delay_s, LENGTH_S, 60.0 / bpm)
            yield Take(score.name, "drums" if with_drums else "no drums", bpm, samples, beats_s)


def _choose(scores: list[Score], tempi_bpm: np.ndarray, rng: np.random.Generator) -> list[Score]:
    """As many scores as tempi, each long enough for its own; the order of their own tempi is kept."""
    n = len(tempi_bpm)
    needed = LENGTH_S * tempi_bpm / 60.0 + 1.0
    long = [score for score in scores if score.n_quarters > needed.max()]
    if len(long) < n:
        raise UserError(f"Only {len(long)} scores are long enough, {n} are needed.")
    drawn = [long[i] for i in rng.permutation(len(long))[:n]]
    return sorted(drawn, key=lambda score: score.own_bpm)


def _perform(score: Score, bpm: float, with_drums: bool, rng: np.random.Generator) -> list[Note]:
    beat_s = 60.0 / bpm
    n_bars = (score.n_quarters - LENGTH_S / beat_s) / score.beats_per_bar
    start = score.start + score.beats_per_bar * int(rng.integers(max(1, int(n_bars))))
    notes = cut(read_notes(score.data, bpm), start * beat_s - 1e-6, LENGTH_S)
    if not with_drums:
        return notes
    groove = str(rng.choice(list(patterns.GROOVES)))
    return [*notes, *patterns.drums(groove, bpm, LENGTH_S, rng)]
