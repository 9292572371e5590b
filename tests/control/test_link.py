"""Ableton Link: a calm sentence where its library is missing, and the session's beat where it is there.

The library is played by a stand-in: the real one would talk to the network of whoever runs the tests.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from tests.control.midi_desk import MidiDesk
from visualizer import clock
from visualizer.control.link import MISSING


class Session:
    """What aalink shows of a session at 120 BPM, 2.25 beats into a bar."""

    made: ClassVar[list[Session]] = []

    def __init__(self, bpm: float) -> None:
        self.tempo, self.phase, self.num_peers = 120.0, 2.25, 0
        self.quantum, self.enabled = 4.0, False
        self.made.append(self)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> type[Session]:
    Session.made.clear()
    monkeypatch.setitem(sys.modules, "aalink", SimpleNamespace(Link=Session))
    return Session


def test_the_beat_of_the_session_is_told(session: type[Session], tmp_path: Path) -> None:
    desk = MidiDesk(tmp_path, link__on=True, tempo__beats_per_bar=3)
    assert session.made[0].enabled and desk.done == []  # alone there is nothing to follow
    session.made[0].num_peers = 1
    desk.step(0.2)
    now_ns = clock.now_ns()
    told = desk.done[-1]["clock"]
    assert (told["source"], told["bpm"], told["beat_of_bar"]) == ("link", 120.0, 2)
    assert 0.125 <= clock.seconds(now_ns - told["beat_ns"]) < 5.0
    assert session.made[0].quantum == 3.0
    desk.set("link.on", False)
    desk.step()
    assert not session.made[0].enabled and desk.midi.health["n_peers"] == 0


def test_without_the_library_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)
    desk = MidiDesk(tmp_path, link__on=True)
    assert MISSING in desk.midi.health["sentence"]
    desk.set("link.on", False)
    desk.step()
    assert desk.midi.health["sentence"] == ""


def test_it_is_off_until_it_is_asked_for(session: type[Session], tmp_path: Path) -> None:
    MidiDesk(tmp_path)
    assert session.made == []
