"""Tempo and beat: what repeats in the last 8 s of onsets, and an oscillator that stays in step with it."""

import math

import numpy as np
import scipy.fft

from visualizer.features.taps import TapLead

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
# Tempi near a tapped one are tried this many standard deviations to both sides.
NEAR_DEVIATIONS = 2.5
N_NEAR = 51
# Tempi that are as few octaves apart are one.
SAME_TEMPO = 0.06
# Below this confidence the beat is lost, and found anew.
LOST = 0.05


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

    def repeats(self, envelope: np.ndarray) -> np.ndarray | None:
        """Envelope (n,) of the newest hops → its likeness to itself each lag ago, at most 1; None: steady."""
        n = len(envelope)
        varying = envelope - envelope.mean()
        variance = float(varying @ varying) / n
        if variance < LEAST_DEVIATION**2:
            return None
        spectrum = scipy.fft.rfft(varying, self._n_fft)
        raw = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, self._n_fft)[: min(self._n_lags, n // 2)]
        # Unbiased, for a short memory must not favour short periods.
        similarity = raw / (variance * (n - np.arange(len(raw))))
        # An attack spans a few hops and a player is never exact: widen the peaks.
        return np.convolve(similarity, (0.25, 0.5, 0.25), mode="same")

    def estimate(self, similarity: np.ndarray, previous_bpm: float) -> tuple[float, float]:
        """What `repeats` gave → tempo in BPM and how clearly it repeats, [0, 1]."""
        strength = self._strength(similarity, self._lags)
        half = np.interp(0.5 * self._lags, np.arange(len(similarity)), similarity)
        score = (strength - HALF_PERIOD_DOUBT * np.maximum(half, 0.0)) * self._prior
        if previous_bpm > 0.0:
            # What has been the tempo needs less evidence: no jumping between a tempo and its double.
            score = score * (1.0 + 0.2 * (np.abs(np.log2(self._bpm / previous_bpm)) < SAME_TEMPO))
        best = int(np.argmax(score))
        lag = self._refine(similarity, float(self._lags[best]))
        return 60.0 / (lag * self._hop_s), _clarity(float(strength[best]))

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


def _clarity(strength: float) -> float:
    return min(1.0, max(0.0, (strength - CHANCE) / (CLEAR - CHANCE)))


class BeatTracker:
    """Tempo, beat phase and confidence from the flux and from taps. Causal; owner: the thread that pushes.

    The oscillator never jumps backwards: it hurries or waits until the onsets fall on phase 0 (only a tap, a
    first lock, or one after the beat was lost, sets the phase at once).

    Two or more taps set the tempo, each sets the beat. From then on the music is listened to near them only:
    the tempo within a few per cent, the beat among the onsets around phase 0, so that it neither halves nor
    doubles nor moves to the offbeat, and goes on where nothing is struck. `TapLead` says when that ends.
    """

    PHASE_BINS = 48
    PHASE_MEMORY_S = 3.0
    # How long after an attack its flux peaks, measured with clicks and drums at 512-sample hops.
    FLUX_DELAY_HOPS = 0.7
    PULL = 0.9
    LARGEST_PULL = 0.35
    CONFIDENCE_S = 0.8
    # What a hand has shown is the beat, however faintly it is played.
    TAPPED_CONFIDENCE = 0.8
    # Around a tapped beat, in beats, its onsets are looked for: as a standard deviation.
    BEAT_TOLERANCE = 0.1
    # As much of the strongest onsets, squared, must be struck there.
    LEAST_STRUCK = 0.1

    def __init__(self, hop_s: float) -> None:
        self._hop_s = hop_s
        self._estimator = TempoEstimator(hop_s)
        self._lead = TapLead()
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

    @property
    def is_tapped(self) -> bool:
        """Whether a tapped tempo leads."""
        return self._lead.bpm > 0.0

    def tap(self, ago_s: float) -> None:
        """A tap so many seconds before the end of the hop that is pushed next."""
        now_s = (self._n_heard + 1) * self._hop_s
        beat_s = self._lead.tap(now_s - ago_s)
        if beat_s is None:
            return
        self.tempo_bpm = self._lead.bpm or self.tempo_bpm
        self._error = 0.0
        # The hop that is pushed next turns it a step further.
        self._phase = (self.tempo_bpm / 60.0 * (now_s - self._hop_s - beat_s)) % 1.0

    def push(self, flux: float, openness: float) -> tuple[float, float, float]:
        """Flux of a hop → tempo_bpm (0 = unknown), beat_phase [0, 1) and confidence [0, 1]."""
        at = self._n_heard % self._n_memory
        self._envelope[at] = self._envelope[at + self._n_memory] = flux * openness
        self._n_heard += 1
        self._lead.rest(openness, self._hop_s)
        if self._n_heard % self._n_update == 0 and self._n_heard >= self._n_least:
            self._listen()
        sure = max(self._clarity, self.TAPPED_CONFIDENCE) if self.is_tapped else self._clarity
        self._fade(sure * openness)
        self._turn()
        return self.tempo_bpm, self._phase, self._confidence

    def _fade(self, target: float) -> None:
        was_lost = self._confidence < LOST
        self._confidence = target + self._fading * (self._confidence - target)
        if self._confidence < LOST and not was_lost:
            self._lead.holds_beat = False
        if self._confidence < 1e-4 and self._clarity == 0.0 and not self.is_tapped:
            # The beat is long gone: the tempo is unknown again and the phase rests.
            self._confidence = self.tempo_bpm = 0.0

    def _listen(self) -> None:
        n = min(self._n_heard, self._n_memory)
        end = (self._n_heard - 1) % self._n_memory + 1 + self._n_memory
        envelope = self._envelope[end - n : end] if n == self._n_memory else self._envelope[:n]
        tempo_bpm, self._clarity = self._hear_tempo(envelope)
        if self._clarity <= 0.0:
            # Without a beat the oscillator runs on at the last tempo, and confidence tells.
            self._error = 0.0
            return
        is_first = self._confidence < LOST
        if not self.is_tapped and abs(math.log2(tempo_bpm / (self.tempo_bpm or tempo_bpm))) > SAME_TEMPO:
            # One tap showed a beat of the tempo that was.
            self._lead.holds_beat = False
        self.tempo_bpm = tempo_bpm
        if self._lead.holds_beat:
            self._error = self._error_near(envelope)
            return
        heard = self._heard_phase(envelope)
        self._error = (heard - self._phase + 0.5) % 1.0 - 0.5
        if is_first:
            self._phase, self._error = heard, 0.0

    def _hear_tempo(self, envelope: np.ndarray) -> tuple[float, float]:
        """Tempo in BPM and how clearly it repeats, [0, 1]: near the tapped one while that leads."""
        similarity = self._estimator.repeats(envelope)
        if similarity is None:
            return 0.0, 0.0
        lead = self._lead
        if not self.is_tapped:
            return self._estimator.estimate(similarity, self.tempo_bpm)
        free = self._estimator.estimate(similarity, 0.0)
        near = self._estimator.estimate_near(similarity, lead.bpm, lead.tolerance)
        lead.follow(near, free, self._n_update * self._hop_s)
        return (lead.bpm, near[1]) if self.is_tapped else free

    def _fold(self, envelope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Onsets by where in the beat we are if they start it, (PHASE_BINS,): as they are, and smooth."""
        period = 60.0 / self.tempo_bpm / self._hop_s
        ago = np.arange(len(envelope) - 1, -1, -1) + self.FLUX_DELAY_HOPS
        weights = np.square(envelope) * np.exp(-ago * (self._hop_s / self.PHASE_MEMORY_S))
        bins = ((ago / period) % 1.0 * self.PHASE_BINS).astype(np.int64) % self.PHASE_BINS
        folded = np.bincount(bins, weights, minlength=self.PHASE_BINS)
        smooth = sum(w * np.roll(folded, k) for k, w in ((-2, 0.3), (-1, 0.8), (0, 1.0), (1, 0.8), (2, 0.3)))
        return folded, np.asarray(smooth)

    def _centre(self, folded: np.ndarray, best: int) -> float:
        """The phase [0, 1) around a bin, at a fraction of a bin."""
        near = folded[np.arange(best - 3, best + 4) % self.PHASE_BINS]
        centre = best + 0.5 + float(near @ np.arange(-3, 4)) / max(float(near.sum()), 1e-12)
        return (centre / self.PHASE_BINS) % 1.0

    def _heard_phase(self, envelope: np.ndarray) -> float:
        """Where in the beat the newest sample is, by the strongest onsets: [0, 1)."""
        folded, smooth = self._fold(envelope)
        return self._centre(folded, int(np.argmax(smooth)))

    def _error_near(self, envelope: np.ndarray) -> float:
        """How far the oscillator is behind the onsets near it, in beats; else behind those of the offbeat."""
        folded, smooth = self._fold(envelope)
        middles = (np.arange(self.PHASE_BINS) + 0.5) / self.PHASE_BINS
        for offset in (0.0, 0.5):
            expected = self._phase + offset
            away = (middles - expected + 0.5) % 1.0 - 0.5
            best = int(np.argmax(smooth * np.exp(-0.5 * (away / self.BEAT_TOLERANCE) ** 2)))
            if abs(away[best]) < 2 * self.BEAT_TOLERANCE and smooth[best] > self.LEAST_STRUCK * smooth.max():
                return (self._centre(folded, best) - expected + 0.5) % 1.0 - 0.5
        return 0.0

    def _turn(self) -> None:
        step = self.tempo_bpm / 60.0 * self._hop_s
        pull = min(self.LARGEST_PULL, max(-self.LARGEST_PULL, self.PULL * self._error))
        self._error -= pull * step
        self._phase = (self._phase + step * (1.0 + pull)) % 1.0
