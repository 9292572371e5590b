"""The era's mel, a tick at a time, against librosa that computes the 8.91 s window anew at each tick."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.measuring import time_together
from visualizer.features.mel import EraMel
from visualizer.types import Float32, UserError

N_ROUNDS = 20
TICKS_A_ROUND = 300
"""Ticks of ours that are timed together: one is too short for the clock, and librosa empties the caches."""


def run() -> dict[str, Any]:
    """`ratio` of the CPU time of a tick of 35 ms, and `max_rel_error` in the columns librosa does not pad."""
    try:
        import librosa
    except ImportError as error:
        raise UserError("This bench compares with librosa: pip install 'klangbild[train]'.") from error
    mel = EraMel()
    n_tick, n_window = mel.hop * mel.columns_per_tick, mel.hop * mel.n_window_columns
    sound = _sound(n_window + n_tick * TICKS_A_ROUND * (N_ROUNDS + 10), mel.rate_hz)
    n_heard = n_window + mel.n_fft
    mel.push(sound[:n_heard])

    def hear() -> None:
        nonlocal n_heard
        for _ in range(TICKS_A_ROUND):
            mel.push(sound[n_heard : n_heard + n_tick])
            mel.window()
            n_heard += n_tick

    def recompute() -> Float32:
        """A window whose centred columns are ours, but for those at its ends."""
        middle = mel.n_samples_heard - mel.n_fft // 2
        return librosa.feature.melspectrogram(
            y=sound[middle - n_window : middle],
            sr=mel.rate_hz,
            n_fft=mel.n_fft,
            hop_length=mel.hop,
            window="hamming",
            n_mels=mel.n_mels,
        )

    times = time_together({"ours": hear, "librosa": recompute}, N_ROUNDS)
    cpu_ms = {"ours": times["ours"]["cpu_ms"] / TICKS_A_ROUND, "librosa": times["librosa"]["cpu_ms"]}
    # Their column j + 1 is our column j; they pad for the first and the last ones.
    n_edge = mel.n_fft // 2 // mel.hop
    n_end = mel.n_window_columns - n_edge
    ours = mel.window().transpose(1, 0, 2).reshape(mel.n_mels, -1)[:, n_edge - 1 : n_end]
    theirs = recompute()[:, n_edge : n_end + 1]
    furthest = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    return {
        "tick_ms": round(1e3 * n_tick / mel.rate_hz, 2),
        "ours_cpu_ms": round(cpu_ms["ours"], 4),
        "librosa_cpu_ms": round(cpu_ms["librosa"], 3),
        "ratio": round(cpu_ms["librosa"] / cpu_ms["ours"], 1),
        "max_rel_error": float(f"{furthest:.3g}"),
    }


def _sound(n_samples: int, rate_hz: int) -> Float32:
    """A gliding tone in noise."""
    time_s = np.arange(n_samples) / rate_hz
    noise = np.random.default_rng(0).standard_normal(n_samples) * 0.05
    return (0.3 * np.sin(2 * np.pi * (200 + 40 * time_s) * time_s) + noise).astype(np.float32)
