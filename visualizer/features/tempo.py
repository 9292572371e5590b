"""Tempo and beat: what repeats in the last 8 s of onsets, and an oscillator that stays in step with it."""

import math

import numpy as np
import scipy.fft

MEMORY_S = 8.0
LEAST_HEARD_S = 3.0
UPDATE_S = 0.25
SLOWEST_BPM = 55.0
FASTEST_BPM = 200.0
USUAL_BPM = 120.0
PRIOR_OCTAVES_STD = 0.7
N_CANDIDATES = 180
# A tempo is believed when its period and the multiples of it repeat, and doubted when half of it does too.
COMB_WEIGHTS = (1.0, 0.8, 0.6, 0.4)
HALF_PERIOD_DOUBT = 0.45
# Flux with a smaller standard deviation than this is the ripple of steady sound.
LEAST_DEVIATION = 0.02
# A pattern that repeats less than the first is chance, as much as the second is a clear beat.
CHANCE = 0.12
CLEAR = 0.5


class TempoEstimator:
    """Period of the onset envelope by autocorrelation, a comb of multiples and a prior around 120 BPM."""

    def __init__(self, hop_s: float) -> None:
        self._hop_s = hop_s
        n_memory = round(MEMORY_S / hop_s)
        self._n_fft = scipy.fft.next_fast_len(2 * n_memory, real=True)
        self._bpm = np.geomspace(SLOWEST_BPM, FASTEST_BPM, N_CANDIDATES)
        self._lags = 60.0 / self._bpm / hop_s
        self._n_lags = math.ceil(len(COMB_WEIGHTS) * self._lags[0]) + 3
        octaves = np.log2(self._bpm / USUAL_BPM)
        self._prior = np.exp(-0.5 * (octaves / PRIOR_OCTAVES_STD) ** 2)

    def estimate(self, envelope: np.ndarray, previous_bpm: float) -> tuple[float, float]:
        """Envelope (n,) of the newest hops → tempo in BPM (0 = none) and how clearly it repeats, [0, 1]."""
        n = len(envelope)
        varying = envelope - envelope.mean()
        variance = float(varying @ varying) / n
        if variance < LEAST_DEVIATION**2:
            return 0.0, 0.0
        spectrum = scipy.fft.rfft(varying, self._n_fft)
        raw = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, self._n_fft)[: min(self._n_lags, n // 2)]
        # Unbiased, for a short memory must not favour short periods.
        similarity = raw / (variance * (n - np.arange(len(raw))))
        # An attack spans a few hops and a player is never exact: widen the peaks.
        similarity = np.convolve(similarity, (0.25, 0.5, 0.25), mode="same")
        grid = np.arange(len(similarity))
        comb, total = np.zeros(N_CANDIDATES), 0.0
        for multiple, weight in enumerate(COMB_WEIGHTS, start=1):
            lags = multiple * self._lags
            comb += weight * np.where(lags <= grid[-1], np.interp(lags, grid, similarity), 0.0)
            total = total + weight * (lags <= grid[-1])
        comb /= np.maximum(total, COMB_WEIGHTS[0])
        first = np.interp(self._lags, grid, similarity)
        half = np.interp(0.5 * self._lags, grid, similarity)
        score = (0.5 * comb + 0.5 * first - HALF_PERIOD_DOUBT * np.maximum(half, 0.0)) * self._prior
        if previous_bpm > 0.0:
            # What has been the tempo needs less evidence: no jumping between a tempo and its double.
            score = score * (1.0 + 0.2 * (np.abs(np.log2(self._bpm / previous_bpm)) < 0.06))
        best = int(np.argmax(score))
        clarity = min(
            1.0, max(0.0, (float(0.5 * comb[best] + 0.5 * first[best]) - CHANCE) / (CLEAR - CHANCE))
        )
        return 60.0 / (self._refine(similarity, float(self._lags[best])) * self._hop_s), clarity

    def _refine(self, similarity: np.ndarray, lag: float) -> float:
        """The lag in hops, sharpened by the peaks near its multiples, each at a fraction of a hop."""
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


class BeatTracker:
    """Tempo, beat phase and confidence from the flux. Causal; owner: the thread that pushes.

    The oscillator never jumps backwards: it hurries or waits until the onsets fall on phase 0 (only a
    first lock, or one after the beat was lost, sets the phase at once).
    """

    PHASE_BINS = 48
    PHASE_MEMORY_S = 3.0
    # How long after an attack its flux peaks, measured with clicks and drums at 512-sample hops.
    FLUX_DELAY_HOPS = 0.7
    PULL = 0.9
    LARGEST_PULL = 0.35
    CONFIDENCE_S = 0.8

    def __init__(self, hop_s: float) -> None:
        self._hop_s = hop_s
        self._estimator = TempoEstimator(hop_s)
        self._envelope = np.zeros(2 * round(MEMORY_S / hop_s))
        self._n_memory = len(self._envelope) // 2
        self._n_least = round(LEAST_HEARD_S / hop_s)
        self._n_update = max(1, round(UPDATE_S / hop_s))
        self._fading = math.exp(-hop_s / self.CONFIDENCE_S)
        self._n_heard = 0
        self._clarity = 0.0
        self._error = 0.0
        self._phase = 0.0
        self._confidence = 0.0
        self.tempo_bpm = 0.0

    def push(self, flux: float, openness: float) -> tuple[float, float, float]:
        """Flux of a hop → tempo_bpm (0 = unknown), beat_phase [0, 1) and confidence [0, 1]."""
        at = self._n_heard % self._n_memory
        self._envelope[at] = self._envelope[at + self._n_memory] = flux * openness
        self._n_heard += 1
        if self._n_heard % self._n_update == 0 and self._n_heard >= self._n_least:
            self._listen()
        target = self._clarity * openness
        self._confidence = target + self._fading * (self._confidence - target)
        if self._confidence < 1e-4 and self._clarity == 0.0:
            # The beat is long gone: the tempo is unknown again and the phase rests.
            self._confidence = self.tempo_bpm = 0.0
        self._turn()
        return self.tempo_bpm, self._phase, self._confidence

    def _listen(self) -> None:
        n = min(self._n_heard, self._n_memory)
        end = (self._n_heard - 1) % self._n_memory + 1 + self._n_memory
        envelope = self._envelope[end - n : end] if n == self._n_memory else self._envelope[:n]
        tempo_bpm, self._clarity = self._estimator.estimate(envelope, self.tempo_bpm)
        if self._clarity <= 0.0:
            # Without a beat the oscillator runs on at the last tempo, and confidence tells.
            self._error = 0.0
            return
        is_first = self._confidence < 0.05
        self.tempo_bpm = tempo_bpm
        heard = self._heard_phase(envelope)
        self._error = (heard - self._phase + 0.5) % 1.0 - 0.5
        if is_first:
            self._phase, self._error = heard, 0.0

    def _heard_phase(self, envelope: np.ndarray) -> float:
        """Where in the beat the newest sample is, by folding the envelope at the period: [0, 1)."""
        period = 60.0 / self.tempo_bpm / self._hop_s
        ago = np.arange(len(envelope) - 1, -1, -1) + self.FLUX_DELAY_HOPS
        weights = np.square(envelope) * np.exp(-ago * (self._hop_s / self.PHASE_MEMORY_S))
        bins = ((ago / period) % 1.0 * self.PHASE_BINS).astype(np.int64) % self.PHASE_BINS
        folded = np.bincount(bins, weights, minlength=self.PHASE_BINS)
        smooth = sum(w * np.roll(folded, k) for k, w in ((-2, 0.3), (-1, 0.8), (0, 1.0), (1, 0.8), (2, 0.3)))
        best = int(np.argmax(smooth))
        near = folded[np.arange(best - 3, best + 4) % self.PHASE_BINS]
        centre = best + 0.5 + float(near @ np.arange(-3, 4)) / max(float(near.sum()), 1e-12)
        return (centre / self.PHASE_BINS) % 1.0

    def _turn(self) -> None:
        step = self.tempo_bpm / 60.0 * self._hop_s
        pull = min(self.LARGEST_PULL, max(-self.LARGEST_PULL, self.PULL * self._error))
        self._error -= pull * step
        self._phase = (self._phase + step * (1.0 + pull)) % 1.0
