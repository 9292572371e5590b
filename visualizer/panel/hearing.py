"""What is heard: spectrum, the tagger's mel window, words, era, tempo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PyQt6.QtWidgets import QHBoxLayout

from visualizer.panel import theme
from visualizer.panel.feed import Feed
from visualizer.panel.model import Model
from visualizer.panel.painted import Beat, Mel, Spectrum, Words
from visualizer.panel.surfaces import Card, Elided, button, text
from visualizer.types import N_SPECTRUM, Features

_SILENCE = np.zeros(N_SPECTRUM, np.float32)


class Hearing(Card):
    """The ears of the show."""

    def __init__(self, model: Model, feed: Feed) -> None:
        super().__init__()
        self._model, self._feed = model, feed
        self.era = Elided("Hears", "heading")
        self.column.addWidget(self.era)
        self.words = Words()
        self.column.addWidget(self.words)
        beat = QHBoxLayout()
        beat.setSpacing(theme.GAP_PX)
        self.beat, self.tempo = Beat(), text("", "quiet")
        self.tap = button("Tap", tip="Tap the tempo (T)")
        self.tap.clicked.connect(lambda: model.do("tap"))
        beat.addWidget(self.beat)
        beat.addWidget(self.tempo, 1)
        beat.addWidget(self.tap)
        self.column.addLayout(beat)
        self.spectrum = Spectrum()
        self.spectrum.setToolTip("Spectrum, 40 Hz to 16 kHz")
        self.column.addWidget(self.spectrum)
        self.mel = Mel()
        self.mel.setToolTip("The last 3.7 seconds as the tagger sees them: 0 to 8 kHz, newest on the right")
        self.column.addWidget(self.mel)

    def refresh(self, features: Features | None) -> None:
        """What moves; to be called twenty times a second."""
        self.spectrum.show_bands(_SILENCE if features is None else features.spectrum)
        if features is None:
            self.beat.show_phase(1.0, 0.0)
        else:
            self.beat.show_phase(features.beat_phase, features.beat_confidence)

    def refresh_mel(self, features: Features | None) -> None:
        """The scrolling picture; ten times a second is enough."""
        cells = self._feed.mel.cells(features.gain_db if features is not None else 0.0)
        if cells is not None:
            self.mel.show_cells(cells)

    def follow(self, features: Features | None) -> None:
        """What is read; twice a second is enough."""
        painting = self._model.painting
        words = painting.get("words")
        self.words.show_words(words if isinstance(words, list) else [])
        self.era.setText(describe_era(painting) or "Hears")
        bpm = features.tempo_bpm if features is not None else 0.0
        self.tempo.setText(f"{bpm:.0f} beats/min" if bpm else "no beat")


def describe_era(painting: Mapping[str, Any]) -> str:
    """The heard era in words; empty where the mode hears none."""
    era = painting.get("era")
    if not isinstance(era, dict) or not era.get("label"):
        return ""
    spread = era.get("spread")
    return f"{era['label']} ± {spread:.0f} years" if isinstance(spread, int | float) else str(era["label"])
