"""Signals and routes as the stages use them: settings in, settings of this moment out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visualizer.modulation.modulator import Modulator
from visualizer.modulation.signals import Signals
from visualizer.parameters import Value
from visualizer.types import Features


class Moving:
    """What moves the knobs of one stage. Owned by one thread; the same calls give the same values."""

    def __init__(self) -> None:
        self.signals = Signals()
        self.values: dict[str, Value] = {}
        """What routes move now, by id, as it was given last."""
        self._modulator = Modulator()

    def settings(
        self,
        time_s: float,
        features: Features | None,
        settings: Mapping[str, Any],
        from_deck: Mapping[str, float] | None = None,
    ) -> Mapping[str, Any]:
        """The settings with what routes move at that time; see `Signals.update`."""
        self.signals.update(time_s, features, settings, from_deck)
        self.values = self._modulator.apply(settings, self.signals, time_s)
        return {**settings, **self.values} if self.values else settings
