"""The performer's offset between sound and picture: later as a whole, or the beat ahead of itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar

from visualizer import clock
from visualizer.modulation.values import get
from visualizer.types import Features

Item = TypeVar("Item")


class Delay(Generic[Item]):
    """Hands things on when they are old enough. Owned by one thread."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Item]] = deque()

    def push(self, time_ns: int, item: Item) -> None:
        """Something of that time; times do not fall."""
        self._waiting.append((time_ns, item))

    def take(self, now_ns: int, offset_ms: float) -> list[Item]:
        """All that is at least `offset_ms` old and was not taken yet, oldest first; 0 or less is at once."""
        due_ns = now_ns - clock.nanoseconds(offset_ms / 1e3)
        taken = []
        while self._waiting and (offset_ms <= 0.0 or self._waiting[0][0] <= due_ns):
            taken.append(self._waiting.popleft()[1])
        return taken

    def newest(self, now_ns: int, offset_ms: float, before: Item) -> Item:
        """The newest that is old enough, or what it was `before`."""
        return (self.take(now_ns, offset_ms) or [before])[-1]


def lead(features: Features, settings: Mapping[str, Any]) -> Features:
    """The features with the beat ahead by a negative offset: a steady tempo is known before it sounds."""
    offset_ms = get(settings, "show.offset_ms")
    if offset_ms >= 0.0 or features.tempo_bpm <= 0.0:
        return features
    ahead = -offset_ms / 1e3 * features.tempo_bpm / 60.0
    phase = features.beat_phase + ahead
    beats_per_bar = int(get(settings, "tempo.beats_per_bar"))
    return replace(
        features,
        beat=features.beat + int(phase),
        beat_phase=phase % 1.0,
        bar_phase=(features.bar_phase + ahead / beats_per_bar) % 1.0,
    )
