"""The tempo card: what it shows, and that each button asks for its action."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from tests.panel.conftest import Driven
from visualizer import clock
from visualizer.control.commands import ACTIONS, TEMPO_ACTIONS
from visualizer.features import fast
from visualizer.types import Features


def test_each_button_asks_for_its_action(driven: Driven) -> None:
    card = driven.window.inputs.tempo
    assert set(card.deeds) == set(TEMPO_ACTIONS) == set(fast.TEMPO_ACTIONS) <= set(ACTIONS)
    for action, made in card.deeds.items():
        QTest.mouseClick(made, Qt.MouseButton.LeftButton)
        assert driven.sent.pop() == {"do": action}
        assert made.toolTip()


def test_it_shows_the_tempo_and_the_bar(driven: Driven) -> None:
    card = driven.window.inputs.tempo
    card.follow(None)
    assert card.bpm.text() == "no beat"
    driven.hear(**{"tempo.beats_per_bar": 3})
    heard = Features(time_ns=clock.now_ns(), tempo_bpm=127.96, bar_phase=0.7, beat_confidence=1.0)
    card.refresh(heard)
    card.follow(heard)
    assert card.bpm.text() == "128.0 BPM"
    assert (card.bar._n, card.bar._lit) == (3, 2)
