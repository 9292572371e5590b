"""Learn what tells a beat: from scores rendered at known tempi, with drums and without, and from clicks.

Two multinomial logistic regressions. The first weighs how onsets repeat at fractions and multiples of each
candidate's period, and knows the true tempo; the second weighs what is struck around each candidate's beat,
and knows the true beat. The weights are written into `features/tempo_learned.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from visualizer.features import tempo_learned
from visualizer.features.beat import N_TEMPLATE, UPDATE_S, BeatTracker
from visualizer.features.fast import FastFeatures
from visualizer.features.tempo import (
    FASTEST_BPM,
    MEMORY_S,
    N_CANDIDATES,
    SLOWEST_BPM,
    USUAL_BPM,
    TempoEstimator,
)
from visualizer.training import tempo_music
from visualizer.training.tempo_music import RATE_HZ, Take

DATA = Path("../shared/data")
OUT = Path(tempo_learned.__file__)
N_SCORES = 60
CLICK_TEMPI_BPM = tuple(range(58, 190, 6))
CLICK_COPIES = 4
"""Clicks are few beside the scores, and must be read right whatever those teach."""
FIRST_S = 3.0
TEMPO_STD = 0.015
"""Of the logarithm: candidates as near as this are right as well."""
PHASE_STD = 0.03
TEMPO_DECAY, PHASE_DECAY = 3e-4, 1e-3
N_STEPS = 100
HEAD = '"""What was learned from scores about beats; `klangbild train tempo` writes this file."""\n'


@dataclass(frozen=True, slots=True)
class Heard:
    """A take with how much begins in each hop, (n_hops,)."""

    take: Take
    strengths: np.ndarray


def hear(take: Take) -> Heard:
    """The take through the ears of the show."""
    ears, strengths = FastFeatures(RATE_HZ), []
    for first in range(0, len(take.samples) - ears.hop + 1, ears.hop):
        ears.push(take.samples[first : first + ears.hop], 0)
        strengths.append(ears.strength)
    return Heard(take, np.array(strengths))


def windows(heard: Heard, hop_s: float, every_s: float) -> Iterable[tuple[np.ndarray, float]]:
    """What the tracker remembers each `every_s`, and the time of its end in seconds."""
    n_memory = round(MEMORY_S / hop_s)
    for end in range(round(FIRST_S / hop_s), len(heard.strengths) + 1, round(every_s / hop_s)):
        yield heard.strengths[max(0, end - n_memory) : end], end * hop_s


def fit(features: np.ndarray, truth: np.ndarray, decay: float) -> np.ndarray:
    """Features (N, candidates, F) and which candidates are right (N, candidates) → weights (F,)."""
    x, y = torch.from_numpy(features.astype(np.float32)), torch.from_numpy(truth.astype(np.float32))
    weights = torch.zeros(x.shape[2], requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=N_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        missed = -(y * torch.log_softmax(x @ weights, 1)).sum(1).mean() + decay * weights.square().sum()
        missed.backward()  # type: ignore[no-untyped-call]
        return missed

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return np.asarray(weights.detach())


def fit_tempo(all_heard: Sequence[Heard], hop_s: float) -> np.ndarray:
    """Weights of likeness at each ratio, of its square, and of octaves and their square, (28,)."""
    estimator = TempoEstimator(hop_s)
    tempi_bpm = np.geomspace(SLOWEST_BPM, FASTEST_BPM, N_CANDIDATES)
    octaves = np.log2(tempi_bpm / USUAL_BPM)
    features, truth = [], []
    for heard in all_heard:
        right = np.exp(-0.5 * (np.log(tempi_bpm / heard.take.tempo_bpm) / TEMPO_STD) ** 2)
        for window, _ in windows(heard, hop_s, 3 * UPDATE_S):
            similarity = estimator.repeats(window)
            if similarity is not None:
                at = estimator.samples(similarity)
                features.append(np.concatenate([at, np.square(at), [octaves, octaves**2]]).T)
                truth.append(right / right.sum())
    return fit(np.array(features), np.array(truth), TEMPO_DECAY)


def fit_phase(all_heard: Sequence[Heard], hop_s: float) -> np.ndarray:
    """Weights of what is struck by its place around the beat, (N_TEMPLATE,)."""
    tracker, middles = BeatTracker(hop_s), (np.arange(N_TEMPLATE) + 0.5) / N_TEMPLATE
    around = (np.arange(N_TEMPLATE)[:, None] + np.arange(N_TEMPLATE)[None, :]) % N_TEMPLATE
    features, truth = [], []
    for heard in all_heard:
        tracker.tempo_bpm = heard.take.tempo_bpm
        for window, end_s in windows(heard, hop_s, 4 * UPDATE_S):
            if end_s < MEMORY_S:
                continue
            phase = (end_s - heard.take.beats_s[0]) * heard.take.tempo_bpm / 60.0
            away = (middles - phase + 0.5) % 1.0 - 0.5
            right = np.exp(-0.5 * (away / PHASE_STD) ** 2)
            features.append(tracker.pattern(window)[around])
            truth.append(right / right.sum())
    return fit(np.array(features), np.array(truth), PHASE_DECAY)


def write(path: Path, tempo: np.ndarray, phase: np.ndarray) -> None:
    """The weights as a module."""
    n = len(tempo_learned.RATIOS)

    def row(values: Iterable[Any]) -> str:
        return ", ".join(f"{value:.2f}" for value in values)

    path.write_text(
        f'''{HEAD}
# fmt: off
RATIOS = (0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.0, 4 / 3, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Of a period: where the onsets are compared with themselves."""
REPEAT_WEIGHTS = ({row(tempo[:n])})
"""How much it speaks for a beat that they are alike there, as a logarithm of likelihood; and their square."""
SQUARE_WEIGHTS = ({row(tempo[n : 2 * n])})
OCTAVE_WEIGHTS = ({row(tempo[2 * n :])})
"""How likely a tempo is, by its octaves from 120 BPM and their square."""
PHASE_WEIGHTS = (
    {row(phase[: N_TEMPLATE // 2])},
    {row(phase[N_TEMPLATE // 2 :])},
)
"""How much it speaks for a beat that something is struck so far of a beat before it."""
''',
        "utf-8",
    )


def main(arguments: list[str]) -> int:
    """Renders, hears, fits and writes; minutes on two cores."""
    parser = argparse.ArgumentParser(prog="klangbild train tempo", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with midi/ (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=OUT, help="the module to write (default: ours)")
    parser.add_argument("--scores", type=int, default=N_SCORES, help="with drums, and as many without")
    args = parser.parse_args(arguments)
    hop_s = FastFeatures(RATE_HZ).hop_s
    heard = [hear(take) for take in tempo_music.clicks(CLICK_TEMPI_BPM)] * CLICK_COPIES
    n_clicks = len(heard)
    for with_drums in (True, False):
        for take in tempo_music.rendered(args.data, "train", with_drums, args.scores):
            heard.append(hear(take))
            print(f"heard {take.name}, {take.kind}, {take.tempo_bpm:.0f} BPM", flush=True)
    torch.manual_seed(0)
    write(args.out, fit_tempo(heard, hop_s), fit_phase(heard[n_clicks:], hop_s))
    print(f"wrote {args.out}")
    return 0
