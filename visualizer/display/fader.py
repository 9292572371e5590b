"""Where the mix of both decks stands: it moves to the deck on air in the time of a crossfade."""

from __future__ import annotations

BY_HAND_S = 0.2
"""The performer's crossfader takes at least so long from end to end."""


class Fader:
    """The share of deck B, [0, 1]; a fade may turn round at any point. Owner: the thread of the display."""

    def __init__(self, on_air: str) -> None:
        self._share = self._target = float(on_air == "b")
        self._time_s: float | None = None

    @property
    def mix(self) -> float:
        """The share of deck B now."""
        return self._share

    @property
    def on_air(self) -> str:
        """`a` or `b` when that deck alone is seen; empty during a fade."""
        return {0.0: "a", 1.0: "b"}.get(self._share, "")

    def update(self, time_s: float, on_air: str, fade_s: float, by_hand: float | None = None) -> float:
        """The mix at that time, on its way to the deck on air; a whole fade takes `fade_s`, 0 cuts.

        `by_hand` is how far the performer has moved towards the other deck, [0, 1]; None where there is
        nothing to move to. A hand is followed at once, but never so fast that it flashes.
        """
        dt_s = 0.0 if self._time_s is None else max(time_s - self._time_s, 0.0)
        self._time_s = time_s
        self._target = float(on_air == "b")
        if by_hand is not None:
            self._target += by_hand if on_air == "a" else -by_hand
            fade_s = BY_HAND_S
        step = dt_s / fade_s if fade_s > 0.0 else 1.0
        self._share += min(max(self._target - self._share, -step), step)
        return self._share
