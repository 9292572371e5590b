"""Tempo: what repeats in the last 8 s of onsets, and how likely such a pattern is that of a beat."""

from __future__ import annotations

import numpy as np
import scipy.fft

from visualizer.features.tempo_learned import OCTAVE_WEIGHTS, RATIOS, REPEAT_WEIGHTS, SQUARE_WEIGHTS

MEMORY_S = 8.0
SLOWEST_BPM = 55.0
FASTEST_BPM = 200.0
USUAL_BPM = 120.0
N_CANDIDATES = 180
LONGEST_SHARE = 0.75
"""Of the memory: what is longer ago has too little to be compared with."""
COMB_WEIGHTS = (1.0, 0.8, 0.6, 0.4)
"""How clear a tempo is: how much its period and the multiples of it repeat."""
LEAST_DEVIATION = 0.02
"""Flux with a smaller standard deviation is the ripple of steady sound."""
CHANCE = 0.12
CLEAR = 0.5
"""A pattern that repeats less than the first is chance, as much as the second is a clear beat."""
NEAR_DEVIATIONS = 2.5
"""Tempi near a tapped one are tried so many standard deviations to both sides."""
N_NEAR = 51
SAME_TEMPO = 0.06
"""Tempi that are so few octaves apart are one."""
KEEPING = 3.0
"""What has been the tempo is this much likelier, as a logarithm: no jumping between it and its double."""


class TempoEstimator:
    """Period of the onset envelope: how it repeats at fractions and multiples of each period, weighed.

    The weights are learned (multinomial logistic regression over the candidates, `training/tempo.py`): three
    half beats repeat as well as a beat does, but their halves, thirds and multiples do not.
    """

    def __init__(self, hop_s: float) -> None:
        self._hop_s = hop_s
        n_memory = round(MEMORY_S / hop_s)
        self._n_fft = scipy.fft.next_fast_len(2 * n_memory, real=True)
        self._bpm = np.geomspace(SLOWEST_BPM, FASTEST_BPM, N_CANDIDATES)
        self._lags = 60.0 / self._bpm / hop_s
        self._all_lags = np.outer(RATIOS, self._lags)
        self._weights, self._square_weights = np.array(REPEAT_WEIGHTS), np.array(SQUARE_WEIGHTS)
        octaves = np.log2(self._bpm / USUAL_BPM)
        self._prior = OCTAVE_WEIGHTS[0] * octaves + OCTAVE_WEIGHTS[1] * octaves**2

    def repeats(self, envelope: np.ndarray) -> np.ndarray | None:
        """Envelope (n,) of the newest hops → its likeness to itself each lag ago, at most 1; None: steady."""
        n = len(envelope)
        varying = envelope - envelope.mean()
        variance = float(varying @ varying) / n
        if variance < LEAST_DEVIATION**2:
            return None
        spectrum = scipy.fft.rfft(varying, self._n_fft)
        raw = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, self._n_fft)[: int(LONGEST_SHARE * n)]
        # Unbiased, for a short memory must not favour short periods.
        similarity = raw / (variance * (n - np.arange(len(raw))))
        # An attack spans a few hops and a player is never exact: widen the peaks.
        return np.convolve(similarity, (0.25, 0.5, 0.25), mode="same")

    def samples(self, similarity: np.ndarray) -> np.ndarray:
        """What `repeats` gave → its values at each ratio of each candidate's period, (13, N_CANDIDATES)."""
        grid = np.arange(len(similarity))
        at = np.interp(self._all_lags, grid, similarity)
        return np.where(self._all_lags <= grid[-1], at, 0.0)

    def estimate(self, similarity: np.ndarray, previous_bpm: float) -> tuple[float, float]:
        """What `repeats` gave → tempo in BPM and how clearly it repeats, [0, 1]."""
        at = self.samples(similarity)
        score = self._weights @ at + self._square_weights @ np.square(at) + self._prior
        if previous_bpm > 0.0:
            score = score + KEEPING * (np.abs(np.log2(self._bpm / previous_bpm)) < SAME_TEMPO)
        best = int(np.argmax(score))
        lag = float(self._lags[best])
        strength = float(self._strength(similarity, self._lags[best : best + 1])[0])
        return 60.0 / (self._refine(similarity, lag) * self._hop_s), _clarity(strength)

    def estimate_near(self, similarity: np.ndarray, bpm: float, tolerance: float) -> tuple[float, float]:
        """As `estimate`, near a tempo that is known up to a standard deviation of its logarithm."""
        away = np.linspace(-NEAR_DEVIATIONS, NEAR_DEVIATIONS, N_NEAR)
        lags = 60.0 / (bpm * np.exp(tolerance * away)) / self._hop_s
        strength = self._strength(similarity, lags)
        best = int(np.argmax(np.maximum(strength, 0.0) * np.exp(-0.5 * away**2)))
        lag = float(lags[best])
        sharp = self._refine(similarity, lag)
        # Nothing repeats after one beat where only every second one is played: ask two beats.
        lag = sharp if sharp != lag else 0.5 * self._refine(similarity, 2.0 * lag)
        return 60.0 / (lag * self._hop_s), _clarity(float(strength[best]))

    @staticmethod
    def _strength(similarity: np.ndarray, lags: np.ndarray) -> np.ndarray:
        """How much each period (n,) in hops repeats, itself and by its multiples."""
        similarity = _sure(similarity)
        grid = np.arange(len(similarity))
        comb, total = np.zeros(len(lags)), 0.0
        for multiple, weight in enumerate(COMB_WEIGHTS, start=1):
            many = multiple * lags
            comb += weight * np.where(many <= grid[-1], np.interp(many, grid, similarity), 0.0)
            total = total + weight * (many <= grid[-1])
        comb /= np.maximum(total, COMB_WEIGHTS[0])
        return 0.5 * comb + 0.5 * np.interp(lags, grid, similarity)

    def _refine(self, similarity: np.ndarray, lag: float) -> float:
        """The lag in hops, sharpened by the peaks near its multiples, each at a fraction of a hop."""
        similarity = _sure(similarity)
        for multiple in range(1, len(COMB_WEIGHTS) + 1):
            around = max(1, round(0.035 * lag * multiple)) if multiple == 1 else 2
            low = round(multiple * lag) - around
            high = round(multiple * lag) + around + 1
            if low < 1 or high >= len(similarity):
                break
            peak = low + int(np.argmax(similarity[low:high]))
            left, middle, right = similarity[peak - 1 : peak + 2]
            curve = left - 2.0 * middle + right
            if middle <= 0.0 or curve >= 0.0:
                break
            lag = (peak + min(0.5, max(-0.5, float(0.5 * (left - right) / curve)))) / multiple
        return lag


def _sure(similarity: np.ndarray) -> np.ndarray:
    """The lags of half the memory: of longer ones too little is heard to read a strength or a place of."""
    return similarity[: int(len(similarity) * 0.5 / LONGEST_SHARE)]


def _clarity(strength: float) -> float:
    return min(1.0, max(0.0, (strength - CHANCE) / (CLEAR - CHANCE)))
