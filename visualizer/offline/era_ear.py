"""The years that a piece of music sounds like, over the whole of it and second by second."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from visualizer.audio.resampling import Resampler
from visualizer.audio.sources import RATE_HZ
from visualizer.checkpoints import cards
from visualizer.modes import era_networks
from visualizer.modes.era_hearing import EraHearing
from visualizer.modes.era_networks import EraNetworks
from visualizer.modes.eras import Guess
from visualizer.types import Float32


class EraEar:
    """Hears a 48 kHz stereo stream, one tick of MVNet's encoder for each push. Owned by one thread."""

    def __init__(self, networks: EraNetworks, gate_db: float) -> None:
        self._networks = networks
        self._resampler = Resampler(RATE_HZ, EraHearing.RATE_HZ)
        self._hearing = EraHearing(networks.see, gate_db)
        self._heard: dict[int, list[Float32]] = {}
        """Probabilities of the eras, faded by presence, by the second that a window's middle lies in."""

    def push(self, samples: Float32) -> None:
        """(n, 2) float32."""
        mono = self._resampler.push(samples.mean(axis=1, dtype=np.float32))
        for heard in self._hearing.push(mono, 1):
            if heard.v is not None:
                middle_s = heard.sample / EraHearing.RATE_HZ - heard.window_s / 2
                probabilities = self._networks.eras.hear(heard.v) * np.float32(heard.presence)
                self._heard.setdefault(math.floor(middle_s), []).append(probabilities)

    def guess(self) -> Guess | None:
        """Of all that was heard; None where it was silent."""
        return self._guess([each for heard in self._heard.values() for each in heard])

    def label(self, second: int) -> str:
        """The era that this second sounds like; "" where that is unknown."""
        last = self._heard[max(self._heard)][-1:] if self._heard and second > max(self._heard) else []
        guess = self._guess(self._heard.get(second, last))
        return guess.label if guess else ""

    def _guess(self, heard: list[Float32]) -> Guess | None:
        total = np.sum(heard, axis=0) if heard else np.zeros(1, np.float32)
        return self._networks.eras.guess(total / total.sum()) if total.sum() > 0.0 else None

    def close(self) -> None:
        """Gives the networks back."""
        self._networks.close()


def load_era_ear(settings: Mapping[str, Any], threads: int) -> EraEar | None:
    """With the model of `era.mvnet`; None where it is not installed, UserError where it is damaged."""
    wanted = str(settings["era.mvnet"])
    if all(model.card.id != wanted for model in cards.find_models(kind="mvnet")):
        return None
    return EraEar(era_networks.load(settings, threads), float(settings["audio.gate_db"]))
