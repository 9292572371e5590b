"""The report on what the HUD says: words and years of the recordings in `audio/`, by the modes themselves."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from visualizer import clock, parameters
from visualizer.audio.ear import Ear
from visualizer.audio.sources import RATE_HZ
from visualizer.content.content import our_pictures
from visualizer.modes import era, traumer
from visualizer.modes.mode import Mode
from visualizer.training import music
from visualizer.training.mvnet_music import RECORDED_YEARS
from visualizer.training.report_pages import Desk, Figures, Part, Target, table
from visualizer.types import Features, Float32, UserError

LISTENED_S = 14.0
LEAST_S = 1.2
"""One-second snippets are shorter than anything a HUD could tell; only those of silence are looped."""
SETTLED_S = 4.5
"""From here the tagger's window holds nothing but the recording."""
N_BLOCK = RATE_HZ // 4
N_LEAST = 3
"""Recordings of a tag that make a row of the table."""

CONCEPTS: dict[str, tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]] = {
    "classical": (
        frozenset({"classical", "classic", "opera", "strings", "violin", "cello", "harpsichord"}),
        ("classical",),
        ("electronic", "hip hop", "lo-fi", "rock", "drum/amb", "speech", "chiptune", "silence", "nature"),
    ),
    "drums, a beat": (
        frozenset({"drums", "beat", "beats"}),
        ("hip hop", "lo-fi", "rock", "electronic 2021", "country"),
        ("classical", "speech", "silence", "nature", "silent-film", "solo"),
    ),
    "electronic": (
        frozenset({"electronic", "techno", "synth", "dance"}),
        ("electronic", "rock/electronic", "chiptune"),
        ("classical", "speech", "silence", "nature", "country", "silent-film", "solo", "folk"),
    ),
    "a voice": (
        frozenset(
            {"vocals", "vocal", "voice", "singing", "choir", "choral", "opera", "woman", "female", "man"}
        )
        | {"male", "female vocal", "female voice", "male vocal", "male voice"},
        ("speech", "folk/country vocal"),
        ("classical", "electronic", "chiptune", "silence", "nature", "silent-film", "drum/amb"),
    ),
    "quiet, or nothing": (
        frozenset({"quiet", "soft"}),
        ("silence",),
        ("hip hop", "lo-fi", "rock", "electronic", "country", "chiptune", "speech"),
    ),
}
"""What is named: the HUD's words for it, and the beginnings of the tags it is true and untrue of."""


@dataclass(frozen=True)
class Recording:
    """A recording of `audio/`, stereo at 48 kHz, LISTENED_S long at most, short ones looped."""

    name: str
    tag: str
    year: int | None
    is_held_out: bool
    sound: Float32
    """(n, 2)."""


@dataclass(frozen=True)
class Said:
    """What the HUD showed of a recording: of each word the share of seconds, and the year at the end."""

    words: dict[str, float]
    year: int | None


def recordings(data: Path) -> list[Recording]:
    """Those long enough for a HUD to be read."""
    index = data / "audio" / "audio.csv"
    if not index.is_file():
        raise UserError(f"{data} holds no audio/audio.csv; name the data folder with --data")
    with index.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in rows:
        sound, rate_hz = soundfile.read(index.parent / row["file"], dtype="float32", always_2d=True)
        if len(sound) < LEAST_S * rate_hz and not row["tag"].startswith("silence"):
            continue
        found.append(
            Recording(
                row["name"],
                row["tag"],
                known_year(row["name"]),
                music.is_held_out(row["tag"], row["name"], row["file"]),
                looped(soxr.resample(sound, rate_hz, RATE_HZ)),
            )
        )
    return found


def known_year(name: str) -> int | None:
    """The year that a recording's music was written in, where its name says what it is."""
    year = next((y for key, y in RECORDED_YEARS.items() if name.startswith(key)), None)
    return year or next((y for key, y in RECORDED_YEARS.items() if key in name), None)


def looped(sound: Float32) -> Float32:
    """(n, c) → (LISTENED_S, 2) at most; what is shorter than 8 s comes again until then."""
    stereo = np.repeat(sound[:, :1], 2, axis=1) if sound.shape[1] == 1 else sound[:, :2]
    n_least = 8 * RATE_HZ
    if len(stereo) < n_least:
        stereo = np.tile(stereo, (n_least // max(len(stereo), 1) + 1, 1))[:n_least]
    return np.ascontiguousarray(stereo[: round(LISTENED_S * RATE_HZ)], np.float32)


def listen(dream: traumer.Traumer, painter: era.Era, sound: Float32) -> Said:
    """What both modes show of a sound: words a quarter of a second apart, and the year at the end."""
    settings = parameters.defaults()
    modes: tuple[Mode, ...] = (dream, painter)
    for mode in modes:
        mode.reset()
    ear, features, shown, n_looks = Ear(settings), Features(), Counter[str](), 0
    for first in range(0, len(sound) - N_BLOCK + 1, N_BLOCK):
        samples = sound[first : first + N_BLOCK]
        now_ns = clock.nanoseconds((first + N_BLOCK) / RATE_HZ)
        features = (ear.push(samples, now_ns) or [features])[-1]
        for mode in modes:
            mode.hear(samples, now_ns, features, 1)
        if first + N_BLOCK >= SETTLED_S * RATE_HZ:
            n_looks += 1
            shown.update(word for word, _ in dream.words())
    guess = painter.guess()
    return Said({word: n / max(n_looks, 1) for word, n in shown.items()}, guess.year if guess else None)


def measure(desk: Desk) -> Figures:
    """What the HUD says of each recording, gathered by tag and by what is named."""
    settings = parameters.defaults() | desk.settings()
    dream = traumer.load(settings, 1)
    painter = era.load(settings | {"era.content": str(our_pictures()[0])}, 1, live=False)
    heard: list[tuple[Recording, Said]] = []
    try:
        for i, one in enumerate(recordings(desk.data)):
            heard.append((one, listen(dream, painter, one.sound)))
            if i % 20 == 19:
                print(f"  heard {i + 1} recordings", flush=True)
    finally:
        dream.close()
        painter.close()
    return {
        "n_recordings": len(heard),
        "n_held_out": sum(one.is_held_out for one, _ in heard),
        "concepts": {name: judge(name, heard) for name in CONCEPTS},
        "concepts_held_out": {
            name: judge(name, [pair for pair in heard if pair[0].is_held_out]) for name in CONCEPTS
        },
        "tags": by_tag(heard),
        "years": [[one.name, one.year, said.year] for one, said in heard if one.year is not None],
    }


def judge(concept: str, heard: Iterable[tuple[Recording, Said]]) -> Figures:
    """Counts of recordings: named and so, named but not so, so but not named; elsewhere nothing is known."""
    words, true_of, untrue_of = CONCEPTS[concept]
    counts = {"hits": 0, "false": 0, "missed": 0, "n_true": 0, "n_untrue": 0}
    for one, said in heard:
        is_true = one.tag.startswith(true_of)
        if not is_true and not one.tag.startswith(untrue_of):
            continue
        is_named = max((said.words.get(word, 0.0) for word in words), default=0.0) >= 0.5
        if concept.startswith("quiet"):
            is_named = is_named or not said.words
        counts["n_true" if is_true else "n_untrue"] += 1
        counts["hits"] += is_true and is_named
        counts["missed"] += is_true and not is_named
        counts["false"] += is_named and not is_true
    return dict(counts)


def by_tag(heard: list[tuple[Recording, Said]]) -> list[list[object]]:
    """[tag, recordings, of them held out, words shown at least a third of the time] of common tags."""
    rows: list[list[object]] = []
    for tag, n in Counter(one.tag for one, _ in heard).most_common():
        said = [(one, words) for one, words in heard if one.tag == tag]
        total: Counter[str] = Counter()
        for _, told in said:
            for word, share in told.words.items():
                total[word] += share / n  # type: ignore[assignment]
        common = [f"{word} {share:.0%}" for word, share in total.most_common(5) if share >= 1 / 3]
        if n >= N_LEAST:
            rows.append([tag, n, sum(one.is_held_out for one, _ in said), ", ".join(common) or "nothing"])
    return rows


def precision(counts: Figures) -> float | None:
    named = counts["hits"] + counts["false"]
    return counts["hits"] / named if named else None


def recall(counts: Figures) -> float | None:
    return counts["hits"] / counts["n_true"] if counts["n_true"] else None


def targets(desk: Desk, figures: Figures) -> list[Target]:
    return []


def page(desk: Desk, figures: Figures) -> str:
    if not figures:
        return "The words and years that the head-up display shows, by recordings whose tag is known.\n"

    def told(value: float | None) -> str:
        return "–" if value is None else f"{value:.0%}"

    rows = [
        (
            name,
            counts["n_true"],
            told(recall(counts)),
            told(precision(counts)),
            f"{held['hits']} of {held['n_true']}, {held['false']} false of {held['n_untrue']}",
        )
        for (name, counts), held in zip(
            figures["concepts"].items(), figures["concepts_held_out"].values(), strict=True
        )
    ]
    years = [row for row in figures["years"] if row[2] is not None]
    errors = [abs(row[1] - row[2]) for row in years]
    text = (
        f"{figures['n_recordings']} recordings, their first {LISTENED_S:g} s, heard by both modes as in the "
        f"show (gain, gate, smoothing and all). {figures['n_held_out']} of them were held out of the "
        "tagger's "
        "training (one group of recordings in six): too few to be figures of their own, so they are counted "
        "beside. Something is named when one of its words stands on the HUD at least half of the time.\n\n"
        + table(("named", "recordings it is true of", "recall", "precision", "held out"), rows)
        + "\n\nWhat stands on the HUD, by tag (share of the time, words of a third or more):\n\n"
        + table(("tag", "recordings", "held out", "words"), figures["tags"])
        + "\n\n"
    )
    if years:
        shown = [(name, year, said, said - year) for name, year, said in years]
        text += (
            f"The era shown after {LISTENED_S:g} s, where the recording's music has a known year. MVNet "
            "learned "
            "scores above all, but these few recordings too: what it makes of music it never heard is in its "
            f"own chapter. It is off by {np.mean(errors):.0f} years in the mean, {np.median(errors):.0f} "
            "in the "
            "median:\n\n" + table(("recording", "year", "HUD", "off by"), shown) + "\n"
        )
    return text


PART = Part("words", "Words and years on the HUD", ("tagger", "mvnet"), measure, page, targets)
