"""`klangbild listen`: what is heard in a piece of music, over the whole of it and second by second."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from visualizer import clock, parameters, runtime
from visualizer.audio.ear import Ear
from visualizer.audio.resampling import Resampler
from visualizer.audio.sources import RATE_HZ, PullSource
from visualizer.checkpoints import cards
from visualizer.modes.eras import Guess, name_years
from visualizer.modes.hearing import Heard, Hearing, HearTagger
from visualizer.modes.incremental import WholeTagger
from visualizer.modes.networks import TAGGER
from visualizer.modes.words import best
from visualizer.offline import song
from visualizer.offline.era_ear import EraEar, load_era_ear
from visualizer.offline.progress import Progress
from visualizer.types import Float32

TICKS_PER_S = 4
"""Of the 31.25 ticks a second that the show can hear, the file is judged by these: eight times as fast."""
SAME_TEMPO = 0.03
"""Tempi this near to each other, relatively, are one tempo."""
LEAST_CONFIDENCE = 0.1
LEAST_PROBABILITY = 0.1
SILENCE_DBFS = -120.0


@dataclass(frozen=True, slots=True)
class Second:
    """One second of the time line."""

    time_s: float
    """Where it begins."""
    level_dbfs: float
    """RMS of the file itself, before any gain."""
    tempo_bpm: float
    """0 where there is none."""
    tags: list[tuple[str, float]]
    """At most five (tag, probability), best first, of the windows whose middle lies in this second."""
    era: str = ""
    """The years it sounds like, such as "1870s"; empty where that is unknown."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was heard."""

    file: str
    duration_s: float
    level_dbfs: float
    tempo_bpm: float
    """0 where there is none."""
    tags: list[tuple[str, float]]
    """All tags with their mean probability where there was sound, best first; empty for a silent file."""
    era: Guess | None = None
    """The years it sounds like; None where it is silent or no MVNet is installed."""
    timeline: list[Second] = field(default_factory=list)
    ticks_per_s: float = TICKS_PER_S

    @property
    def is_silent(self) -> bool:
        """Whether nothing was above the gate."""
        return not self.tags


class Listener:
    """Hears a 48 kHz stereo stream a block of 1 / TICKS_PER_S seconds at a time, and keeps account."""

    n_block = RATE_HZ // TICKS_PER_S

    def __init__(
        self,
        tagger: HearTagger,
        tags: tuple[str, ...],
        settings: Mapping[str, Any],
        era_ear: EraEar | None = None,
    ) -> None:
        self._tags = tags
        self._era_ear = era_ear
        self._ear = Ear(settings)
        self._gain_db = 0.0
        self._resampler = Resampler(RATE_HZ, Hearing.RATE_HZ)
        self._hearing = Hearing(tagger, float(settings["audio.gate_db"]))
        self._heard: list[Heard] = []
        self._powers: list[float] = []
        self._tempi: dict[int, list[tuple[float, float]]] = {}
        """(bpm, confidence) of each hop, by second."""
        self._centred: dict[int, list[Heard]] = {}
        """Ticks by the second that the middle of their window lies in."""
        self.n_samples = 0

    def push(self, samples: Float32) -> None:
        """(n, 2) float32; n is `n_block`, but for the last."""
        self.n_samples += len(samples)
        for features in self._ear.push(samples, clock.nanoseconds(self.n_samples / RATE_HZ)):
            second = (features.sample - 1) // RATE_HZ
            self._tempi.setdefault(second, []).append((features.tempo_bpm, features.beat_confidence))
            self._gain_db = features.gain_db
        gain = np.float32(10.0 ** (self._gain_db / 20.0))
        mono = self._resampler.push(samples.mean(axis=1, dtype=np.float32) * gain)
        self._hearing.gate_db = self._ear.gate_db
        for heard in self._hearing.push(mono, 1):
            self._heard.append(heard)
            middle_s = heard.sample / Hearing.RATE_HZ - self._hearing.window_s / 2
            self._centred.setdefault(math.floor(middle_s), []).append(heard)
        if self._era_ear is not None:
            self._era_ear.push(samples)
        clean = np.nan_to_num(samples, posinf=0.0, neginf=0.0)
        self._powers.append(float(np.square(clean, dtype=np.float64).mean()))

    def report(self, file: str) -> Report:
        """All that was heard so far."""
        n_seconds = math.ceil(self.n_samples / RATE_HZ)
        timeline = [self._second(index) for index in range(n_seconds)]
        sounding = [heard for heard in self._heard if heard.presence > 0.0]
        tags = self._mean(sounding)
        order = np.argsort(tags)[::-1] if sounding else ()
        return Report(
            file=file,
            duration_s=round(self.n_samples / RATE_HZ, 3),
            level_dbfs=_dbfs(self._powers),
            tempo_bpm=main_tempo([pair for pairs in self._tempi.values() for pair in pairs]),
            tags=[(self._tags[i], round(float(tags[i]), 4)) for i in order],
            era=self._era_ear.guess() if self._era_ear else None,
            timeline=timeline,
        )

    def _second(self, index: int) -> Second:
        powers = self._powers[index * TICKS_PER_S : (index + 1) * TICKS_PER_S]
        told = best(
            self._tags, self._mean(self._centred.get(index, self._heard[-1:])), least=LEAST_PROBABILITY
        )
        return Second(
            time_s=float(index),
            level_dbfs=_dbfs(powers),
            tempo_bpm=main_tempo(self._tempi.get(index, [])),
            tags=[(tag, round(probability, 4)) for tag, probability in told],
            era=self._era_ear.label(index) if self._era_ear else "",
        )

    def _mean(self, ticks: list[Heard]) -> Float32:
        """Tag probabilities (n_tags,) over `ticks`, weighted by how present the music was."""
        total = np.zeros(len(self._tags), np.float32)
        for heard in ticks:
            total += heard.tags  # already faded by presence
        return total / np.float32(max(sum(heard.presence for heard in ticks), 1.0))


def main_tempo(tempi: list[tuple[float, float]]) -> float:
    """The tempo in bpm that most of the confidence stands behind, of (bpm, confidence); 0 for none."""
    known = np.array([pair for pair in tempi if pair[0] > 0 and pair[1] >= LEAST_CONFIDENCE])
    if not len(known):
        return 0.0
    bpm, confidence = known[:, 0], known[:, 1]
    candidates = np.unique(np.round(bpm, 1))
    votes = [confidence[np.abs(bpm / c - 1) < SAME_TEMPO].sum() for c in candidates]
    near = np.abs(bpm / candidates[int(np.argmax(votes))] - 1) < SAME_TEMPO
    return round(float(np.average(bpm[near], weights=confidence[near])), 1)


def load_tagger(threads: int) -> tuple[HearTagger, tuple[str, ...], Callable[[], None]]:
    """The shipped tagger as a function, its tags, and what closes it; UserError where it is damaged."""
    model = cards.find_model(TAGGER)
    # A few windows a second have too little in common for a tagger that slides.
    tagger = WholeTagger(runtime.load(model.onnx_path, threads=threads, precision="auto"))
    return tagger.hear, model.card.labels, tagger.close


def listen(source: PullSource, listener: Listener, progress: Progress) -> Report:
    """Hears `source` to its end."""
    while len(samples := source.read(listener.n_block)):
        listener.push(samples)
        progress.step()
    return listener.report(source.name)


def main(argv: Sequence[str]) -> int:
    """Tells what is heard; 0, also for a silent file, which it says."""
    options = _parse(argv)
    source, length_s = song.begin_song(song.open_song(options.song), options.duration)
    n_blocks = math.ceil(length_s * TICKS_PER_S) if math.isfinite(length_s) else None
    tagger, tags, close = load_tagger(options.threads)
    progress = Progress(n_blocks, "quarter second")
    era_ear = load_era_ear(parameters.defaults(), options.threads)
    try:
        report = listen(source, Listener(tagger, tags, parameters.defaults(), era_ear), progress)
    finally:
        progress.close()
        close()
        if era_ear is not None:
            era_ear.close()
    print(_as_json(report) if options.json else _as_text(report))
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="klangbild listen",
        description="Tell what is heard in a piece of music: tags, tempo, level, the years it sounds like, "
        "and a time line of them.",
        epilog=f"The tagger hears {TICKS_PER_S} windows of 3.7 s a second here; the show hears 31.",
    )
    song.add_options(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(list(argv))
    song.check_options(options)
    return options


def _as_json(report: Report) -> str:
    told = asdict(report) | {"silent": report.is_silent, "tags": _pairs(report.tags)}
    told["timeline"] = [asdict(second) | {"tags": _pairs(second.tags)} for second in report.timeline]
    return json.dumps(told, indent=2, ensure_ascii=False)


def _pairs(tags: list[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"tag": tag, "probability": probability} for tag, probability in tags]


def _as_text(report: Report) -> str:
    lines = [
        f"{report.file}: {report.duration_s:.1f} s at {report.level_dbfs:.0f} dBFS, {_bpm(report.tempo_bpm)}"
    ]
    if report.is_silent:
        return "\n".join([*lines, "It is silent: nothing is above the gate."])
    tags, probabilities = zip(*report.tags, strict=True)
    lines.append("heard: " + _words(best(tags, np.array(probabilities, np.float32), least=LEAST_PROBABILITY)))
    if report.era is not None:
        lines.append(f"sounds like {name_years(report.era.label)}, give or take {report.era.spread} years")
    lines += [
        f"{s.time_s:6.0f} s {s.level_dbfs:6.0f} dBFS {_bpm(s.tempo_bpm):>10}  {s.era:>9}  {_words(s.tags)}"
        for s in report.timeline
    ]
    return "\n".join(lines)


def _words(tags: list[tuple[str, float]]) -> str:
    return ", ".join(f"{tag} {100 * probability:.0f} %" for tag, probability in tags) or "–"


def _bpm(tempo_bpm: float) -> str:
    return f"{tempo_bpm:.0f} bpm" if tempo_bpm else "no tempo"


def _dbfs(powers: list[float]) -> float:
    """Level of blocks of these mean squares."""
    mean = float(np.mean(powers)) if powers else 0.0
    return round(max(10 * math.log10(mean), SILENCE_DBFS), 1) if mean > 0 else SILENCE_DBFS
