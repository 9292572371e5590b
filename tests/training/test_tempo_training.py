"""Scores for learning beats: meters, upbeats, one tempo throughout; and that the fit finds what it should."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra 'train' is not installed")

from visualizer.features import tempo_learned
from visualizer.training import midi, tempo, tempo_music

DIVISION = 480


def score(notes: list[tuple[int, int]], meters: list[tuple[int, int, int]], tempo_bpm: float = 90.0) -> bytes:
    """A MIDI file of notes (tick, key) a sixteenth long, with meters (tick, beats, unit's power of two)."""
    events = [(0, b"\xff\x51\x03" + round(60e6 / tempo_bpm).to_bytes(3, "big"))]
    events += [(tick, bytes([0xFF, 0x58, 4, beats, power, 24, 8])) for tick, beats, power in meters]
    events += [(tick, bytes([0x90, key, 90])) for tick, key in notes]
    events += [(tick + DIVISION // 4, bytes([0x80, key, 0])) for tick, key in notes]
    track, last = b"", 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        track += midi._varlen(tick - last) + message
        last = tick
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, DIVISION)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


def test_notes_come_at_the_tempo_that_is_asked_for() -> None:
    data = score([(tick, 60) for tick in range(0, 8 * DIVISION, DIVISION)], [(0, 4, 2)])
    assert midi.read_tempo_bpm(data) == pytest.approx(90.0, rel=1e-4)
    assert [n.start_s for n in midi.read_notes(data)] == pytest.approx(list(np.arange(8) * 60 / 90), rel=1e-4)
    assert [n.start_s for n in midi.read_notes(data, 150.0)] == pytest.approx(list(np.arange(8) * 0.4))


def test_the_beat_begins_after_the_upbeat_and_odd_scores_are_left_out() -> None:
    eighth, n = DIVISION // 2, 200
    notes = [(tick, 60) for tick in range(0, n * eighth, eighth)]
    upbeat = tempo_music._read_score("upbeat", score(notes, [(0, 1, 3), (eighth, 4, 2)]))
    assert upbeat is not None and (upbeat.start, upbeat.beats_per_bar) == (0.5, 4)
    assert upbeat.n_quarters == pytest.approx((n - 1) / 2 - 0.5)
    assert tempo_music._read_score("6/8", score(notes, [(0, 6, 3)])) is None
    assert tempo_music._read_score("changes", score(notes, [(0, 4, 2), (DIVISION * 8, 3, 2)])) is None
    loose = [(tick + (37 * i) % 100, 60) for i, (tick, _) in enumerate(notes)]
    assert tempo_music._read_score("played in", score(loose, [(0, 4, 2)])) is None
    assert tempo_music._read_score("none", b"RIFF") is None


def test_clicks_fall_on_their_beats() -> None:
    (take,) = tempo_music.clicks((120,))
    at = np.round(take.beats_s * tempo_music.RATE_HZ).astype(int)
    assert np.diff(take.beats_s) == pytest.approx(0.5)
    assert all(np.abs(take.samples[i : i + 240]).max() > 0.2 for i in at[:-1])
    assert all(np.abs(take.samples[i - 480 : i]).max() < 0.01 for i in at[1:])


def test_a_fit_prefers_what_tells_the_right_candidate() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 5, 3))
    truth = np.eye(5)[np.argmax(features[:, :, 1] - features[:, :, 2], axis=1)]
    weights = tempo.fit(features, truth, 1e-3)
    assert weights[1] > 1.0 and weights[2] < -1.0 and abs(weights[0]) < 0.3


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    shipped = [tempo_learned.REPEAT_WEIGHTS, tempo_learned.SQUARE_WEIGHTS, tempo_learned.OCTAVE_WEIGHTS]
    path = tmp_path / "tempo_learned.py"
    tempo.write(path, np.concatenate(shipped), np.array(tempo_learned.PHASE_WEIGHTS))
    assert path.read_text("utf-8") == Path(tempo_learned.__file__).read_text("utf-8")
