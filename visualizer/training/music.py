"""Training music for the tagger: rendered and synthesized scenes, recordings and mixes, in clips of 14.8 s.

Scores are rendered with FluidSynth and the soundfonts of the machine, or with `sounds.Synth`. Each window
of a clip carries its true tags where they are known by construction. Clips are kept as int16 at 16 kHz.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
import soxr
from scipy import signal

from visualizer.networks.tagger import N_TAGS, TAGS
from visualizer.training.midi import Note, read_notes, write_notes
from visualizer.training.scenes import INSTRUMENTS, VOICES, Scene, Truth, draw_kind, make_scene, truth
from visualizer.training.sounds import RATE_HZ, Samples, Synth
from visualizer.types import UserError

WINDOW = 59_049
N_WINDOWS = 4
CLIP = N_WINDOWS * WINDOW + 512
CLIP_S = CLIP / RATE_HZ
RENDER_HZ = 32_000
TAPE_SCENES = 8
TAPE_GAP_S = 2.0
SOUNDFONT_DIRS = (
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/soundfonts"),
    Path("/usr/local/share/soundfonts"),
)


@dataclass(frozen=True)
class Clip:
    """Sound (CLIP,) float32 mono 16 kHz, true tags (N_WINDOWS, 50) in [0, 1] or NaN, and what it is."""

    kind: str
    samples: Samples
    truth: Truth


def unknown() -> Truth:
    return np.full((N_WINDOWS, N_TAGS), np.nan, np.float32)


def stated(tags: dict[str, float], absent: bool = False) -> Truth:
    """The same tags in every window; with `absent`, no instrument or voice that is not named is there."""
    out = unknown()
    if absent:
        out[:, [TAGS.index(t) for t in (*INSTRUMENTS, *VOICES)]] = 0.0
    for tag, value in tags.items():
        out[:, TAGS.index(tag)] = value
    return out


def find_soundfonts() -> list[Path]:
    """The soundfonts of this machine, without links to the same file twice."""
    found = {path.resolve() for folder in SOUNDFONT_DIRS if folder.is_dir() for path in folder.glob("*.sf2")}
    if not found or shutil.which("fluidsynth") is None:
        raise UserError(
            "rendering scores needs FluidSynth and a soundfont: "
            "apt install fluidsynth fluid-soundfont-gm timgm6mb-soundfont"
        )
    return sorted(found)


class Scores:
    """The notes of the MIDI files of one split of `data`/midi, drawn evenly over where they come from."""

    def __init__(self, data: Path, split: str) -> None:
        index, archive = data / "midi" / "midi.csv", data / "midi" / "midi.tar.gz"
        if not index.is_file() or not archive.is_file():
            raise UserError(
                f"{data} holds no midi/midi.csv and midi/midi.tar.gz; name the data folder with --data"
            )
        with index.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == split]
        self._bytes: dict[str, bytes] = {}
        with tarfile.open(archive) as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is not None:
                    self._bytes[member.name.removeprefix("./")] = content.read()
        self._by_source: dict[str, list[str]] = {}
        for row in rows:
            if row["file"] in self._bytes:
                self._by_source.setdefault(row["source"], []).append(row["file"])
        self._sources = [s for s, files in sorted(self._by_source.items()) if len(files) >= 3]
        if not self._sources:
            raise UserError(
                f"{data}/midi holds no readable {split} files; name another data folder with --data"
            )

    def draw(self, rng: np.random.Generator) -> list[Note]:
        """The notes of one score of at least 12 s and 20 notes."""
        while True:
            files = self._by_source[str(rng.choice(self._sources))]
            try:
                notes = read_notes(self._bytes[files[rng.integers(len(files))]])
            except ValueError:
                continue
            if len(notes) >= 20 and notes[-1].start_s >= 12:
                return notes


def render_tape(scenes: list[Scene], soundfont: Path, rng: np.random.Generator) -> list[Samples]:
    """Play scenes one after the other with FluidSynth; each comes back as (CLIP,) float32 at 16 kHz."""
    length = -(-CLIP * RENDER_HZ // RATE_HZ)
    takes = play_tape([scene.notes for scene in scenes], length, RENDER_HZ, soundfont, rng)
    resampled = (soxr.resample(take, RENDER_HZ, RATE_HZ) for take in takes)
    return [np.pad(take, (0, CLIP))[:CLIP].astype(np.float32) for take in resampled]


def play_tape(
    takes: list[list[Note]], length: int, rate_hz: int, soundfont: Path, rng: np.random.Generator
) -> list[Samples]:
    """Play takes one after the other with FluidSynth, each with a reverb, a chorus and volumes of its own.

    Each comes back as (length,) float32 mono at `rate_hz`.
    """
    notes: list[Note] = []
    controls: list[tuple[float, int, int, int]] = []
    take_s = length / rate_hz
    pitch_s = take_s + TAPE_GAP_S
    for i, take in enumerate(takes):
        at_s = 0.1 + i * pitch_s
        reverb, chorus = int(rng.integers(0, 115)), int(rng.integers(0, 70))
        for channel in range(16):
            volume = int(rng.integers(75, 120))
            controls += [
                (at_s - 0.05, channel, 7, volume),
                (at_s - 0.05, channel, 91, reverb),
                (at_s - 0.05, channel, 93, chorus),
            ]
            controls.append((at_s + take_s + 0.1, channel, 120, 0))
        notes += [replace(n, start_s=n.start_s + at_s) for n in take]
    with tempfile.TemporaryDirectory() as folder:
        midi_path, wav_path = Path(folder) / "tape.mid", Path(folder) / "tape.wav"
        midi_path.write_bytes(write_notes(notes, controls, 0.1 + len(takes) * pitch_s))
        command = ["fluidsynth", "-ni", "-q", "-g", "0.35", "-r", str(rate_hz), "-F", str(wav_path)]
        subprocess.run([*command, str(soundfont), str(midi_path)], check=True, capture_output=True)
        sound, _ = soundfile.read(wav_path, dtype="float32", always_2d=True)
    mono = np.pad(sound.mean(axis=1), (0, length))  # the last notes may end before the last take does
    starts = [int((0.1 + i * pitch_s) * rate_hz) for i in range(len(takes))]
    return [np.ascontiguousarray(mono[s : s + length], np.float32) for s in starts]


def scene_truth(scene: Scene) -> Truth:
    window_s = WINDOW / RATE_HZ
    return np.stack([truth(scene, i * window_s, window_s) for i in range(N_WINDOWS)])


def room(samples: Samples, rng: np.random.Generator, rate_hz: int = RATE_HZ) -> Samples:
    """A place, an equaliser and a level: reverb, tilt, soft clipping now and then, peak at −3 to −24 dBFS."""
    x = samples.astype(np.float64)
    if rng.random() < 0.5:
        t = np.arange(int(rng.uniform(0.15, 1.8) * rate_hz)) / rate_hz
        tail = rng.normal(size=len(t)) * np.exp(-t * 6.9 / t[-1])
        wet = signal.fftconvolve(x, tail / np.sqrt((tail**2).sum()))[: len(x)]
        x = x + float(rng.uniform(0.05, 0.6)) * wet
    corner_hz, gain = 10 ** rng.uniform(2.3, 3.7), 10 ** (rng.uniform(-6, 6) / 20)
    b, a = signal.butter(1, corner_hz / (rate_hz / 2))
    low = np.asarray(signal.lfilter(b, a, x))
    x = low + gain * (x - low)
    peak = float(np.abs(x).max())
    if peak > 0:
        x /= peak
        if rng.random() < 0.15:
            x = np.tanh(x * 2.5) / np.tanh(2.5)
        x *= 10 ** (-rng.uniform(3, 24) / 20)
    return x.astype(np.float32)


def rendered(scores: Scores, n: int, rng: np.random.Generator) -> Iterator[Clip]:
    """Clips by FluidSynth, the soundfont changing from tape to tape."""
    soundfonts = find_soundfonts()
    made = 0
    while made < n:
        scenes = [
            make_scene(draw_kind(rng, False), scores.draw(rng), CLIP_S, rng) for _ in range(TAPE_SCENES)
        ]
        font = soundfonts[int(rng.integers(len(soundfonts)))]
        for scene, sound in zip(scenes, render_tape(scenes, font, rng), strict=True):
            if made < n and np.abs(sound).max() > 1e-3:
                made += 1
                yield Clip(scene.kind, room(sound, rng), scene_truth(scene))


def synthesized(scores: Scores, n: int, rng: np.random.Generator) -> Iterator[Clip]:
    """Clips by our own synthesizer."""
    for _ in range(n):
        scene = make_scene(draw_kind(rng, True), scores.draw(rng), CLIP_S, rng)
        yield Clip(
            scene.kind + "_synth",
            room(Synth(rng).play(scene.notes, CLIP_S + 0.01)[:CLIP], rng),
            scene_truth(scene),
        )


RECORDED: dict[str, dict[str, float]] = {
    "drum/amb loops": {
        "drums": 1,
        "beat": 1,
        "beats": 0.8,
        "piano": 0,
        "strings": 0,
        "violin": 0,
        "classical": 0,
    },
    "silent-film piano": {"piano": 1, "drums": 0, "techno": 0},
    "classical/baroque strings 1725": {"strings": 1, "violin": 1, "classical": 1, "drums": 0, "piano": 0},
    "classical/orchestra 1869": {"strings": 1, "classical": 1, "techno": 0},
    "rock": {"rock": 1, "drums": 1, "guitar": 1, "classical": 0},
    "electronic": {"electronic": 1, "synth": 1, "classical": 0},
    "hip hop/trap": {"drums": 1, "beat": 1, "beats": 1, "classical": 0},
    "lo-fi hip hop": {"beat": 1, "drums": 0.8, "classical": 0},
    "country": {"country": 1, "guitar": 1, "techno": 0},
    "chiptune": {"synth": 1, "electronic": 1, "classical": 0},
    "percussion": {"piano": 0, "strings": 0, "guitar": 0},
}
WITHOUT_MUSIC = ("nature", "silence", "speech")


def is_held_out(tag: str, name: str, file: str) -> bool:
    """Whether a recording is kept from training: one group in six is.

    Parts of one recording stay on one side; the many one-second snippets are told apart by their file.
    """
    stem = re.split(r"[\d\-. ]", name.lower())[0]
    group = tag + (stem if len(stem) > 2 else file)
    return zlib.crc32(group.encode()) % 6 == 0


def recordings(
    data: Path, held_out: bool, n_variants: int, part: slice, rng: np.random.Generator
) -> Iterator[Clip]:
    """Clips of a part of `data`/audio, at changed speeds; one group of recordings in six is held out."""
    folder = data / "audio"
    if not (folder / "audio.csv").is_file():
        raise UserError(f"{data} holds no audio/audio.csv; name the data folder with --data")
    with (folder / "audio.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[part]:
        if is_held_out(row["tag"], row["name"], row["file"]) != held_out:
            continue
        sound, rate_hz = soundfile.read(folder / row["file"], dtype="float32", always_2d=True)
        for variant in range(n_variants if len(sound) > 3 * rate_hz else 1):
            speed = 1.0 if variant == 0 else float(2 ** rng.uniform(-0.3, 0.3))
            mono = soxr.resample(sound.mean(axis=1), rate_hz * speed, RATE_HZ)
            if len(mono) < CLIP:
                mono = np.tile(mono, CLIP // max(len(mono), 1) + 1)
            for i in range(len(mono) // CLIP):
                start = min(i * CLIP + int(rng.integers(0, 4000)), len(mono) - CLIP)
                tags = next((t for key, t in RECORDED.items() if row["tag"].startswith(key)), {})
                known = stated(tags)
                if row["tag"].startswith(WITHOUT_MUSIC):
                    known[:, [TAGS.index(t) for t in (*INSTRUMENTS, "techno", "rock")]] = 0.0
                clip = np.ascontiguousarray(mono[start : start + CLIP], np.float32)
                yield Clip("rec_" + row["tag"], clip if variant == 0 else room(clip, rng), known)


def noises(n: int, rng: np.random.Generator) -> Iterator[Clip]:
    """Noise of many colours, hum, and near or full silence."""
    none = {"techno": 0.0, "rock": 0.0, "classical": 0.0, "fast": 0.0, "dance": 0.0, "pop": 0.0, "metal": 0.0}
    for i in range(n):
        white = rng.normal(size=CLIP)
        if i % 2:
            level = 10 ** (-rng.uniform(55, 110) / 20)
            hum = 0.3 * np.sin(2 * np.pi * 50 * np.arange(CLIP) / RATE_HZ) if rng.random() < 0.3 else 0.0
            x = np.zeros(CLIP) if rng.random() < 0.15 else (white * 0.3 + hum) * level
            quiet = stated({**none, "quiet": 0.9, "loud": 0.0, "electronic": 0.0, "weird": 0.2}, absent=True)
            yield Clip("silence", x.astype(np.float32), quiet)
            continue
        spectrum = np.fft.rfft(white)
        hz = np.maximum(np.fft.rfftfreq(CLIP, 1 / RATE_HZ), 20)
        colour = hz ** -float(rng.uniform(0, 1.3))
        if rng.random() < 0.4:
            centre = 10 ** rng.uniform(2, 3.6)
            colour = colour * np.exp(-(np.log(hz / centre) ** 2) / rng.uniform(0.1, 2))
        x = np.fft.irfft(spectrum * colour, CLIP)
        if rng.random() < 0.4:
            x *= 1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.05, 0.6) * np.arange(CLIP) / RATE_HZ)
        yield Clip(
            "noise",
            room((x / np.abs(x).max()).astype(np.float32), rng),
            stated({**none, "weird": 0.8}, absent=True),
        )


def mix(a: Clip, b: Clip, rng: np.random.Generator) -> Clip:
    """Both at once; a tag is there if it is in either, and not there if it is in neither."""
    level = 10 ** (rng.uniform(-6, 6) / 20)
    rms_a, rms_b = (float(np.sqrt(np.mean(c.samples**2))) + 1e-6 for c in (a, b))
    x = a.samples + b.samples * (rms_a / rms_b * level)
    known = np.maximum(a.truth, b.truth)  # NaN wherever one of them is unknown …
    known = np.where((a.truth == 1) | (b.truth == 1), 1.0, known).astype(
        np.float32
    )  # … unless the other is sure
    known[:, [TAGS.index(t) for t in ("solo", "classical", "techno", "rock", "ambient")]] = np.nan
    return Clip(f"{a.kind}+{b.kind}", (x / max(1.0, float(np.abs(x).max()))).astype(np.float32), known)
