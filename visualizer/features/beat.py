"""Beats and bars: an oscillator that stays in step with the onsets, with a hand, or with another clock."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from visualizer.features.taps import FASTEST_BPM, SLOWEST_BPM, TapLead
from visualizer.features.tempo import MEMORY_S, SAME_TEMPO, TempoEstimator
from visualizer.features.tempo_learned import PHASE_WEIGHTS

LEAST_HEARD_S = 3.0
UPDATE_S = 0.25
LOST = 0.05
"""Below this confidence the beat is lost, and found anew."""
HURRY = 0.15
NUDGE_BEATS = 1 / 16
MOST_NUDGE_BEATS = 0.5
N_TEMPLATE = len(PHASE_WEIGHTS)


class Beat(NamedTuple):
    """The beat at the end of a hop."""

    tempo_bpm: float
    """0 while unknown."""
    phase: float
    """0 on the beat, [0, 1)."""
    confidence: float
    """[0, 1]."""
    n_beats: int
    """Beats so far: rises when the phase wraps, never falls."""
    bar_phase: float
    """0 on the first beat of a bar, [0, 1)."""


class ClockNow(NamedTuple):
    """Where another clock is at the end of a hop."""

    bpm: float
    beats: float
    """Since any of its beats."""
    beat_of_bar: int | None
    """Which one of the bar that beat is, from 0; None where nobody knows."""


class BeatTracker:
    """Tempo, beat, bar and confidence from the flux and from taps. Causal; owner: the thread that pushes.

    The oscillator never jumps backwards: it hurries or waits until the onsets fall on phase 0 (only a hand,
    another clock, a first lock, or one after the beat was lost, sets the phase at once).

    Two or more taps set the tempo, each sets the beat. From then on the music is listened to near them only:
    the tempo within a few per cent, the beat among the onsets around phase 0, so that it neither halves nor
    doubles nor moves to the offbeat, and goes on where nothing is struck. `TapLead` says when that ends.
    """

    PHASE_BINS = 2 * N_TEMPLATE
    # The beat is recognised by what is struck around it, over so long; its exact place over less.
    PATTERN_MEMORY_S = 5.0
    PHASE_MEMORY_S = 3.0
    # A beat near the one that was is this much likelier, as a logarithm.
    KEEPING = 1.0
    # How long after an attack its flux peaks, measured with clicks and drums at 512-sample hops.
    FLUX_DELAY_HOPS = 0.7
    PULL = 0.9
    LARGEST_PULL = 0.35
    CONFIDENCE_S = 0.8
    # What a hand has shown is the beat, however faintly it is played.
    SHOWN_CONFIDENCE = 0.8
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
        turned = (np.arange(N_TEMPLATE)[:, None] - np.arange(N_TEMPLATE)[None, :]) % N_TEMPLATE
        self._template = np.array(PHASE_WEIGHTS)[-turned % N_TEMPLATE]
        self._n_heard = 0
        self._clarity = 0.0
        self._error = 0.0
        self._beats = 0.0
        self._nudge = 0.0
        self._n_beats = 0
        self._bar_zero = 0
        self._confidence = 0.0
        self._is_led = False
        self.tempo_bpm = 0.0
        self.is_locked = False
        """While it is, tempo and beat go on as they are, and nothing is heard; a hand may still move them."""
        self.beats_per_bar = 4

    @property
    def is_tapped(self) -> bool:
        """Whether a tempo that a hand showed leads."""
        return self._lead.bpm > 0.0

    @property
    def is_led(self) -> bool:
        """Whether another clock led in the newest hop."""
        return self._is_led

    # What a hand does ----------------------------------------------------------------------------------

    def tap(self, ago_s: float) -> None:
        """A tap so many seconds before the end of the hop that is pushed next."""
        now_s = (self._n_heard + 1) * self._hop_s
        beat_s = self._lead.tap(now_s - ago_s)
        if beat_s is None:
            return
        self.tempo_bpm = self._lead.bpm or self.tempo_bpm
        self._show_beat(now_s - beat_s)

    def resync(self, ago_s: float) -> None:
        """So many seconds before the end of the hop that is pushed next a bar began."""
        if self._is_led:
            since = self.tempo_bpm / 60.0 * (ago_s - self._hop_s)
        else:
            since = self._show_beat(ago_s)
            self._lead.holds_beat = self.tempo_bpm > 0.0
        self._bar_zero = round(self._place - since)

    def scale_tempo(self, factor: float) -> None:
        """Half or twice the tempo from now on; bars go on from the same first beat."""
        bpm = factor * self.tempo_bpm
        if self._is_led or not SLOWEST_BPM <= bpm <= FASTEST_BPM:
            return
        self._lead.take(bpm)
        self.tempo_bpm, self._error = bpm, 0.0
        in_bar = factor * (self._place - self._bar_zero)
        self._nudge *= factor
        self._bar_zero = self._n_beats - math.floor(in_bar)
        self._beats = self._bar_zero + in_bar - self._nudge

    def nudge(self, beats: float) -> None:
        """Moves the phase on; against the onsets it stays moved."""
        moved = min(MOST_NUDGE_BEATS, max(-MOST_NUDGE_BEATS, self._nudge + beats))
        self._nudge = moved if self.tempo_bpm > 0.0 else 0.0

    def _show_beat(self, ago_s: float) -> float:
        """A beat fell so many seconds before the next hop's end; how many beats before this one's end."""
        since = self.tempo_bpm / 60.0 * (ago_s - self._hop_s)
        self._beats = self._place + _shortest(since - self._place)
        self._nudge = self._error = 0.0
        return since

    # What is heard -------------------------------------------------------------------------------------

    def push(self, strength: float, openness: float, clock: ClockNow | None = None) -> Beat:
        """How much begins in a hop, and how open the gate is, [0, 1] → the beat at its end.

        `clock` is followed where there is one.
        """
        at = self._n_heard % self._n_memory
        self._envelope[at] = self._envelope[at + self._n_memory] = strength
        self._n_heard += 1
        self._is_led = clock is not None
        is_kept = self.is_locked and self.tempo_bpm > 0.0
        if clock is not None:
            self._follow(clock)
            self._fade(openness)
            return self._result()
        if not is_kept:
            self._lead.rest(openness, self._hop_s)
            if self._n_heard % self._n_update == 0 and self._n_heard >= self._n_least:
                self._listen()
        is_shown = self.is_tapped or is_kept
        self._fade((max(self._clarity, self.SHOWN_CONFIDENCE) if is_shown else self._clarity) * openness)
        if self._confidence < 1e-4 and self._clarity == 0.0 and not is_shown:
            # The beat is long gone: the tempo is unknown again and the phase rests.
            self._confidence = self.tempo_bpm = self._nudge = 0.0
        self._turn()
        return self._result()

    @property
    def _place(self) -> float:
        """Beats so far as they are told: as they are heard, and nudged."""
        return self._beats + self._nudge

    def _result(self) -> Beat:
        place = self._place
        self._n_beats = max(self._n_beats, math.floor(place))
        bar_phase = _wrapped((place - self._bar_zero) / self.beats_per_bar)
        return Beat(self.tempo_bpm, _wrapped(place), self._confidence, self._n_beats, bar_phase)

    def _follow(self, clock: ClockNow) -> None:
        self._lead.let_go()
        self._error = self._clarity = 0.0
        step = clock.bpm / 60.0 * self._hop_s
        self.tempo_bpm = clock.bpm
        self._beats += step + _shortest(clock.beats - self._beats - step)
        if clock.beat_of_bar is not None:
            self._bar_zero = round(self._beats - clock.beats) - clock.beat_of_bar

    def _fade(self, target: float) -> None:
        was_lost = self._confidence < LOST
        self._confidence = target + self._fading * (self._confidence - target)
        if self._confidence < LOST and not was_lost:
            self._lead.holds_beat = False

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
            # What a hand showed is a beat of the tempo that was.
            self._lead.holds_beat = False
            self._nudge = 0.0
        self.tempo_bpm = tempo_bpm
        if self._lead.holds_beat:
            self._error = self._error_near(envelope)
            return
        # Half a beat off is as far either way: hurry, rather than stand still between the two.
        ahead = (self._heard_phase(envelope, is_first) - self._beats) % 1.0
        self._error = ahead if ahead < 0.5 + HURRY else ahead - 1.0
        if is_first:
            self._beats, self._error = self._beats + self._error, 0.0

    def _hear_tempo(self, envelope: np.ndarray) -> tuple[float, float]:
        """Tempo in BPM and how clearly it repeats, [0, 1]: near the one that leads while one does."""
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

    def _fold(self, envelope: np.ndarray, memory_s: float) -> np.ndarray:
        """What is struck by where in the beat we are if that starts it, (PHASE_BINS,)."""
        period = 60.0 / self.tempo_bpm / self._hop_s
        ago = np.arange(len(envelope) - 1, -1, -1) + self.FLUX_DELAY_HOPS
        weights = envelope * np.exp(-ago * (self._hop_s / memory_s))
        bins = ((ago / period) % 1.0 * self.PHASE_BINS).astype(np.int64) % self.PHASE_BINS
        return np.bincount(bins, weights, minlength=self.PHASE_BINS)

    def pattern(self, envelope: np.ndarray) -> np.ndarray:
        """What is struck by where in the beat we are if that starts it, (N_TEMPLATE,), largest 1."""
        folded = self._fold(envelope, self.PATTERN_MEMORY_S).reshape(N_TEMPLATE, 2).sum(axis=1)
        return folded / max(float(folded.max()), 1e-12)

    def _heard_phase(self, envelope: np.ndarray, is_first: bool) -> float:
        """Where in the beat the newest sample is, by what is usually struck around a beat: [0, 1)."""
        score = self._template @ self.pattern(envelope)
        if not is_first:
            middles = (np.arange(N_TEMPLATE) + 0.5) / N_TEMPLATE
            away = (middles - self._beats + 0.5) % 1.0 - 0.5
            score = score + self.KEEPING * np.exp(-0.5 * (away / self.BEAT_TOLERANCE) ** 2)
        best = int(np.argmax(score))
        folded = self._fold(np.square(envelope), self.PHASE_MEMORY_S)
        around = 2 * best + np.arange(-1, 3)
        best = int(around[np.argmax(folded[around % self.PHASE_BINS])])
        return self._centre(folded, best)

    def _centre(self, folded: np.ndarray, best: int) -> float:
        """The phase [0, 1) around a bin, at a fraction of a bin."""
        near = folded[np.arange(best - 3, best + 4) % self.PHASE_BINS]
        centre = best + 0.5 + float(near @ np.arange(-3, 4)) / max(float(near.sum()), 1e-12)
        return (centre / self.PHASE_BINS) % 1.0

    def _error_near(self, envelope: np.ndarray) -> float:
        """How far the oscillator is behind the onsets near it, in beats; else behind those of the offbeat."""
        folded = self._fold(np.square(envelope), self.PHASE_MEMORY_S)
        turns = ((-2, 0.3), (-1, 0.8), (0, 1.0), (1, 0.8), (2, 0.3))
        smooth = np.asarray(sum(weight * np.roll(folded, k) for k, weight in turns))
        middles = (np.arange(self.PHASE_BINS) + 0.5) / self.PHASE_BINS
        for offset in (0.0, 0.5):
            expected = self._beats + offset
            away = (middles - expected + 0.5) % 1.0 - 0.5
            best = int(np.argmax(smooth * np.exp(-0.5 * (away / self.BEAT_TOLERANCE) ** 2)))
            if abs(away[best]) < 2 * self.BEAT_TOLERANCE and smooth[best] > self.LEAST_STRUCK * smooth.max():
                return _shortest(self._centre(folded, best) - expected)
        return 0.0

    def _turn(self) -> None:
        step = self.tempo_bpm / 60.0 * self._hop_s
        pull = min(self.LARGEST_PULL, max(-self.LARGEST_PULL, self.PULL * self._error))
        self._error -= pull * step
        self._beats += step * (1.0 + pull)


def _shortest(beats: float) -> float:
    """The way to the same phase that is at most half a beat, [-0.5, 0.5)."""
    return (beats + 0.5) % 1.0 - 0.5


def _wrapped(place: float) -> float:
    phase = place % 1.0
    return phase if phase < 1.0 else 0.0  # a tiny negative one rounds to 1
