"""How well tempo and beat are heard: clicks and rendered scores through our ears, BeatNet's beside them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.beatnet import HOP as BEATNET_HOP
from benchmarks.beatnet import LOOK_AHEAD_S, BeatNet
from benchmarks.beatnet import RATE_HZ as BEATNET_HZ
from visualizer.features.beat import BeatTracker
from visualizer.features.fast import FastFeatures
from visualizer.training import tempo_music
from visualizer.training.tempo_music import RATE_HZ, Take
from visualizer.types import UserError

SHARED = Path("../shared")
DATA, WEIGHTS = SHARED / "data", SHARED / "weights" / "beat" / "model_1_weights.pt"
SETTLED_S = 8.0
TEMPO_TOLERANCE = 0.04
OCTAVES = (0.25, 0.5, 1.0, 2.0, 4.0)
BEATNET_HOP_S = BEATNET_HOP / BEATNET_HZ

Track = np.ndarray
"""(n, 3): time in s, tempo in BPM (0: unknown) and beat phase [0, 1)."""


class _BeatNetTracker(BeatTracker):
    """Ours, told when the network's frames speak of."""

    FLUX_DELAY_HOPS = LOOK_AHEAD_S / BEATNET_HOP_S


def run() -> dict[str, Any]:
    """For each kind of music and both trackers: mean F-measure, pieces whose tempo is right; and our CPU.

    Scores are of the validation split, by composers that nothing was learned from.
    """
    try:
        from mir_eval.beat import f_measure
    except ImportError as error:
        raise UserError("This bench scores with mir_eval: pip install 'klangbild[dev]'.") from error
    network = BeatNet(WEIGHTS)
    scores: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    cpu_s = heard_s = 0.0
    for take in _takes():
        begun_s = time.process_time()
        ours = hear_ours(take)
        cpu_s, heard_s = cpu_s + time.process_time() - begun_s, heard_s + len(take.samples) / RATE_HZ
        for name, track in (("ours", ours), ("beatnet", hear_beatnet(take, network))):
            beats_s = take.beats_s[take.beats_s > SETTLED_S]
            found_s = beats_of(track)
            f = float(f_measure(beats_s, found_s[found_s > SETTLED_S]))  # ±70 ms, mir_eval's definition
            scores.setdefault(take.kind, {}).setdefault(name, []).append((f, *tempo_shares(take, track)))
    figures: dict[str, Any] = {
        kind: {name: _summary(rows) for name, rows in by_name.items()} for kind, by_name in scores.items()
    }
    return figures | {"ears_percent_of_a_core": round(100 * cpu_s / heard_s, 1)}


def _takes() -> Iterator[Take]:
    yield from tempo_music.clicks()
    for with_drums in (True, False):
        yield from tempo_music.rendered(DATA, "val", with_drums)


def hear_ours(take: Take) -> Track:
    """What the show hears of a take."""
    ears, track = FastFeatures(RATE_HZ), []
    for first in range(0, len(take.samples), RATE_HZ // 100):
        samples = take.samples[first : first + RATE_HZ // 100]
        for heard in ears.push(samples, round((first + len(samples)) * 1e9 / RATE_HZ)):
            track.append((heard.time_ns / 1e9, heard.tempo_bpm, heard.beat_phase))
    return np.array(track)


def hear_beatnet(take: Take, network: BeatNet) -> Track:
    """What our tracker makes of BeatNet's activations; each counts from when it could be known."""
    tracker, track = _BeatNetTracker(BEATNET_HOP_S), []
    for n, activation in enumerate(network.activations(take.samples, RATE_HZ)):
        beat = tracker.push(float(activation), 1.0)
        track.append((n * BEATNET_HOP_S + LOOK_AHEAD_S, beat.tempo_bpm, beat.phase))
    return np.array(track)


def beats_of(track: Track) -> np.ndarray:
    """When the phase returned to 0, in seconds, between the hops."""
    time_s, tempo_bpm, phase = track.T
    last = np.flatnonzero((phase[1:] < phase[:-1] - 0.5) & (tempo_bpm[1:] > 0.0))
    before = 1.0 - phase[last]
    return time_s[last] + (time_s[last + 1] - time_s[last]) * before / (before + phase[last + 1])


def tempo_shares(take: Take, track: Track) -> tuple[float, float]:
    """Shares of the settled time with the tempo right within 4 %: in any octave, and in its own."""
    heard_bpm = track[track[:, 0] > SETTLED_S, 1]
    off = np.abs(heard_bpm[:, None] / (take.tempo_bpm * np.array(OCTAVES)) - 1.0) < TEMPO_TOLERANCE
    return float(off.any(axis=1).mean()), float(off[:, OCTAVES.index(1.0)].mean())


def _summary(rows: list[tuple[float, float, float]]) -> dict[str, Any]:
    f, octave, exact = np.array(rows).T
    return {
        "n": len(rows),
        "f_measure": round(float(f.mean()), 3),
        "f_median": round(float(np.median(f)), 3),
        "tempo_right": round(float((octave >= 0.5).mean()), 3),
        "octave_right": round(float((exact >= 0.5).mean()), 3),
    }
