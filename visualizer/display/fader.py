"""Where the mix of both decks stands: it moves to the deck on air in the time of a crossfade."""

from __future__ import annotations


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

    def update(self, time_s: float, on_air: str, fade_s: float) -> float:
        """The mix at that time, on its way to the deck on air; a whole fade takes `fade_s`, 0 cuts."""
        dt_s = 0.0 if self._time_s is None else max(time_s - self._time_s, 0.0)
        self._time_s = time_s
        self._target = float(on_air == "b")
        step = dt_s / fade_s if fade_s > 0.0 else 1.0
        self._share += min(max(self._target - self._share, -step), step)
        return self._share
