"""Medleys of validation pieces with known sections, heard as the show hears them, and how apart they lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import silhouette_score

from visualizer.modes.hearing import Hearing, HearTagger
from visualizer.training import music
from visualizer.training.music import CLIP, Clip, Samples, Scores
from visualizer.training.report_pages import Desk
from visualizer.training.scenes import draw_kind, make_scene
from visualizer.training.sounds import RATE_HZ, Synth
from visualizer.types import UserError

N_MEDLEYS = 20
N_RENDERED = 3
"""Pieces of a medley by FluidSynth; one by our own synthesizer and one recording follow."""
STEP_TICKS = 10
"""Ticks between two looks, 0.32 s: the paper's figure 4 has one every third of a second."""
N_MFCC, N_FFT, HOP = 20, 512, 256
NO_MUSIC = ("silence", "speech", "nature", "music snippets")
SEED = 4

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Medley:
    """Sound (n,) float32 mono at 16 kHz; sections of CLIP samples each, and what they are."""

    sound: Samples
    kinds: tuple[str, ...]

    def parts(self) -> list[Samples]:
        """The sound of each section."""
        return np.split(self.sound, len(self.kinds))


@dataclass(frozen=True)
class Heard:
    """What lies wholly inside a section: a row a window of 3.69 s."""

    sections: NDArray[np.intp]
    """(n,) the section of each window."""
    embeddings: Floats
    """(n, 512)."""
    mfcc: Floats
    """(n, N_MFCC − 1) means of mel cepstra over the same windows."""


def make_medleys(data: Path, n: int = N_MEDLEYS, seed: int = SEED) -> list[Medley]:
    """Medleys of five pieces each: val scores in five different dresses, a recording that was held out."""
    rng = np.random.default_rng(seed)
    scores = Scores(data, "val")
    recorded = [c for c in music.recordings(data, True, 1, slice(None), rng) if is_music(c)]
    order = rng.permutation(len(recorded))
    medleys = []
    for i in range(n):
        clips = dressed(scores, rng)
        if recorded:
            clips.append(recorded[order[i % len(order)]])
        clips = [clips[k] for k in rng.permutation(len(clips))]
        sound = np.concatenate([level(clip.samples) for clip in clips])
        medleys.append(Medley(sound, tuple(clip.kind for clip in clips)))
    return medleys


def is_music(clip: Clip) -> bool:
    return not clip.kind.removeprefix("rec_").startswith(NO_MUSIC)


def level(samples: Samples) -> Samples:
    """At an RMS of −20 dBFS: sections must not be told apart by how loud they were made."""
    rms = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    return (samples * (0.1 / max(rms, 1e-6))).astype(np.float32)


def dressed(scores: Scores, rng: np.random.Generator) -> list[Clip]:
    """N_RENDERED scores by FluidSynth and one by our synthesizer, all of different kinds."""
    kinds: list[str] = []
    while len(kinds) < N_RENDERED + 1:
        kind = draw_kind(rng, synthesized=len(kinds) == N_RENDERED)
        if kind not in kinds:
            kinds.append(kind)
    scenes = [make_scene(kind, scores.draw(rng), music.CLIP_S, rng) for kind in kinds]
    soundfonts = music.find_soundfonts()
    font = soundfonts[int(rng.integers(len(soundfonts)))]
    played = [*music.render_tape(scenes[:-1], font, rng), Synth(rng).play(scenes[-1].notes, music.CLIP_S)]
    return [
        Clip(kind, music.room(np.pad(sound, (0, CLIP))[:CLIP], rng), music.unknown())
        for kind, sound in zip(kinds, played, strict=True)
    ]


def cached_medleys(data: Path, folder: Path, n: int = N_MEDLEYS) -> list[Medley]:
    """The same from `folder`, where they were made before. UserError where there is neither."""
    path = folder / f"medleys-{n}.npz"
    if not path.is_file():
        made = make_medleys(data, n)
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            kinds = np.array([medley.kinds for medley in made])
            sound = np.stack([(m.sound.clip(-1, 1) * 32767).round() for m in made]).astype(np.int16)
            np.savez(file, sound=sound, kinds=kinds)
        part.replace(path)
    try:
        with np.load(path, allow_pickle=False) as stored:
            sounds, kinds = stored["sound"].astype(np.float32) / 32768, stored["kinds"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path} is damaged; delete it to have it made anew") from error
    return [Medley(s, tuple(map(str, k))) for s, k in zip(sounds, kinds, strict=True)]


def cached_hearing(desk: Desk, made: list[Medley], tagger: HearTagger) -> list[Heard]:
    """What this tagger hears in these medleys, kept in `desk.runs` until its weights change."""
    told = "-".join(desk.sums([desk.tagger]).values()) or "unknown"
    folder = desk.runs / f"heard-{told}"
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for i, medley in enumerate(made):
        path = folder / f"{i:03d}.npz"
        if not path.is_file():
            heard = hear(medley, tagger)
            part = path.with_name(path.name + ".part")
            with part.open("wb") as file:
                np.savez(file, sections=heard.sections, embeddings=heard.embeddings, mfcc=heard.mfcc)
            part.replace(path)
            print(f"  heard {i + 1} of {len(made)} medleys", flush=True)
        with np.load(path, allow_pickle=False) as stored:
            found.append(Heard(stored["sections"], stored["embeddings"], stored["mfcc"]))
    return found


def hear(medley: Medley, tagger: HearTagger) -> Heard:
    """The windows that lie inside one section, by the live path's own hearing."""
    hearing = Hearing(tagger)
    n_step = STEP_TICKS * round(hearing.tick_s * RATE_HZ)
    n_window, n_section = round(hearing.window_s * RATE_HZ), len(medley.sound) // len(medley.kinds)
    sections, embeddings, cepstra = [], [], []
    means = mel_cepstra(medley.sound)
    for first in range(0, len(medley.sound) - n_step + 1, n_step):
        for heard in hearing.push(medley.sound[first : first + n_step], 1):
            start, section = heard.sample - n_window, (heard.sample - 1) // n_section
            if start < section * n_section or section >= len(medley.kinds):
                continue
            sections.append(section)
            embeddings.append(heard.embedding)
            cepstra.append(means[:, start // HOP : (heard.sample - N_FFT) // HOP + 1].mean(axis=1))
    return Heard(np.array(sections), np.array(embeddings, np.float64), np.array(cepstra, np.float64))


def mel_cepstra(sound: Samples) -> Floats:
    """Mel cepstra, column t from samples t·HOP on, without the first, the level: (N_MFCC − 1, T)."""
    cepstra = librosa.feature.mfcc(
        y=sound, sr=RATE_HZ, n_mfcc=N_MFCC, n_fft=N_FFT, hop_length=HOP, center=False
    )
    return np.asarray(cepstra[1:], np.float64)


def silhouettes(medleys: list[Heard], see: Callable[[Heard], Floats]) -> Floats:
    """Mean silhouette by section of each medley, (n,) in [-1, 1], Euclidean."""
    return np.array([float(silhouette_score(see(heard), heard.sections)) for heard in medleys])


def standardiser(rows: Floats) -> Callable[[Floats], Floats]:
    """Brings each number to mean 0 and deviation 1 over all of `rows` (n, d)."""
    mean, deviation = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    return lambda x: np.asarray((x - mean) / deviation)
