"""Taps of a hand: a series of them as tempo and beat, and how long what was tapped leads."""

import math

import numpy as np

LONGEST_INTERVAL_S = 2.0
"""A later tap begins a new series."""
SHORTEST_INTERVAL_S = 0.15
"""A sooner one is a key that bounces."""
SLOWEST_BPM = 40.0
FASTEST_BPM = 240.0
EDGE = 0.02
"""A hand at the edge of the range is not refused."""
MAX_TAPS = 16
JITTER_S = 0.03
"""How exactly people tap, as a standard deviation."""
LEAST_TOLERANCE = 0.02
MOST_TOLERANCE = 0.1
"""Of the tempo, as standard deviations of its logarithm: three of them stay below a ratio of 4:3."""


class TapSeries:
    """Taps that belong together. Times are seconds of any one clock; owner: the thread that taps."""

    def __init__(self) -> None:
        self._times_s: list[float] = []

    def add(self, time_s: float) -> bool:
        """Takes a tap; False for a bounce, or one that comes before the taps that are known."""
        if self._times_s:
            since_s = time_s - self._times_s[-1]
            if since_s < SHORTEST_INTERVAL_S:
                return False
            if since_s > LONGEST_INTERVAL_S:
                self._times_s.clear()
        self._times_s = [*self._times_s, time_s][-MAX_TAPS:]
        return True

    @property
    def tolerance(self) -> float:
        """How far the tempo may be off, as a standard deviation of its logarithm: less with every tap."""
        if len(self._times_s) < 2:
            return MOST_TOLERANCE
        span_s = self._times_s[-1] - self._times_s[0]
        return min(MOST_TOLERANCE, max(LEAST_TOLERANCE, math.sqrt(2.0) * JITTER_S / span_s))

    def fit(self) -> tuple[float, float]:
        """Seconds a beat (0 for a single tap, and outside of 40 to 240 BPM), and when the newest beat was.

        The median interval tells which beat each tap is; a line through all of them evens out the hand.
        """
        times_s = np.array(self._times_s)
        if len(times_s) < 2:
            return 0.0, self._times_s[-1]
        intervals_s = np.diff(times_s)
        # A missed tap makes an interval of two beats.
        n_beats = np.maximum(1.0, np.round(intervals_s / np.median(intervals_s)))
        beats = np.concatenate([[0.0], np.cumsum(n_beats)])
        beats -= beats.mean()
        period_s = float(beats @ times_s) / float(beats @ beats)
        if not SLOWEST_BPM * (1 - EDGE) <= 60.0 / period_s <= FASTEST_BPM * (1 + EDGE):
            return 0.0, self._times_s[-1]
        return period_s, float(times_s.mean() + beats[-1] * period_s)


class TapLead:
    """What of the taps still leads: the tempo, and which onsets are the beat. Owner: the thread that pushes.

    A tapped tempo is over after `REST_S` of silence, and when for `CHANGE_S` a tempo that is none of its
    octaves repeats clearly while it does not. The beat is over when the beat was lost (the music rested), or
    the tempo became another one.
    """

    REST_S = 6.0
    CHANGE_S = 5.0
    # How much more clearly, [0, 1], the other tempo must repeat.
    CLEARER = 0.3
    # From here on, [0, 1], the music's own tempo is found near the tapped one.
    CLEAR = 0.3
    SAME_OCTAVES = 0.06

    def __init__(self) -> None:
        self._series = TapSeries()
        self.bpm = 0.0
        """The tempo that leads, as the music plays it; 0 for none."""
        self.tolerance = MOST_TOLERANCE
        """How far from it the tempo is looked for, as a standard deviation of its logarithm."""
        self.holds_beat = False
        self._resting_s = 0.0
        self._other_s = 0.0

    def tap(self, time_s: float) -> float | None:
        """Takes a tap; the time of the beat it means, None where it means none."""
        if not self._series.add(time_s):
            return None
        self._resting_s = self._other_s = 0.0
        self.holds_beat = True
        period_s, beat_s = self._series.fit()
        if period_s > 0.0:
            self.bpm, self.tolerance = 60.0 / period_s, self._series.tolerance
        return beat_s

    def take(self, bpm: float) -> None:
        """A hand halved or doubled the tempo: this one leads, with the beat as it is."""
        self._series = TapSeries()
        self.bpm, self.tolerance, self.holds_beat = bpm, LEAST_TOLERANCE, True
        self._resting_s = self._other_s = 0.0

    def rest(self, openness: float, seconds: float) -> None:
        """So many seconds went by with the gate so far open, [0, 1]."""
        self._resting_s = self._resting_s + seconds if openness < 0.1 else 0.0
        if self._resting_s >= self.REST_S:
            self.let_go()

    def follow(self, near: tuple[float, float], free: tuple[float, float], dt_s: float) -> None:
        """Tempo and clarity found near the one that leads, those read without taps, and the time between."""
        (bpm, clarity), (other_bpm, other_clarity) = near, free
        is_near = abs(math.log(bpm / self.bpm)) < 3.0 * self.tolerance
        if clarity > self.CLEAR and is_near:
            self.bpm, self.tolerance = bpm, LEAST_TOLERANCE
        octaves = math.log2(other_bpm / self.bpm) if other_clarity > 0.0 else 0.0
        is_octave = abs(octaves - round(octaves)) < self.SAME_OCTAVES
        is_other = not is_octave and other_clarity > clarity + self.CLEARER
        self._other_s = max(0.0, self._other_s + (dt_s if is_other else -dt_s))
        if self._other_s >= self.CHANGE_S:
            self.let_go()

    def let_go(self) -> None:
        """What was tapped is over."""
        self.bpm, self.holds_beat = 0.0, False
