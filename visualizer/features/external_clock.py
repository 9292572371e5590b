"""The clock of another machine (MIDI, Link): its beats as a line in time, smoothed."""

from __future__ import annotations

from dataclasses import dataclass

from visualizer.clock import NS_PER_S

YOUNG_S = 3.0
"""A clock that was not heard of for longer has stopped."""
FOLLOWING = 0.25
"""How much of the way each message moves the beat: jitter of cables is evened out."""
JUMP = 0.1
"""A beat that is so much of a beat off was moved on purpose: it is followed at once."""


@dataclass(frozen=True, slots=True)
class ClockTold:
    """What a clock says: its tempo, when one of its beats is, and which one of the bar, counted from 0."""

    bpm: float
    beat_ns: int
    beat_of_bar: int | None = None


class ExternalClock:
    """Tempo and beats of a clock that tells them now and then. Owner: the thread that pushes."""

    def __init__(self) -> None:
        self.bpm = 0.0
        """0 while there is none."""
        self._beat_ns = 0.0
        self._told_ns = 0
        self._beat_of_bar: int | None = None

    def hear(self, told: ClockTold, now_ns: int) -> None:
        """Takes a message that came at `now_ns`."""
        beat_ns = float(told.beat_ns)
        if self.is_young(now_ns):
            off = self.beats_since(told.beat_ns)
            near = round(off)
            if abs(off - near) < JUMP:
                beat_ns = self._beat_ns + near * self._period_ns
                beat_ns += FOLLOWING * (told.beat_ns - beat_ns)
        self.bpm, self._beat_ns, self._told_ns = told.bpm, beat_ns, now_ns
        self._beat_of_bar = told.beat_of_bar

    def is_young(self, now_ns: int) -> bool:
        """Whether it was heard of lately."""
        return self.bpm > 0.0 and now_ns - self._told_ns < YOUNG_S * NS_PER_S

    def beats_since(self, time_ns: int) -> float:
        """Beats from the one that was told last to that time, negative before it."""
        return (time_ns - self._beat_ns) / self._period_ns

    @property
    def beat_of_bar(self) -> int | None:
        """Which one of the bar the beat that was told last is, from 0; None where nobody knows."""
        return self._beat_of_bar

    @property
    def _period_ns(self) -> float:
        return 60.0 * NS_PER_S / self.bpm
