"""Signals, oscillators and walks: what they are at a time, in a tempo, at any frame rate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from visualizer import parameters
from visualizer.modulation import Delay, Signals, lead
from visualizer.modulation.oscillators import shape, wander
from visualizer.parameters.modulating import SOURCES
from visualizer.types import N_CHROMA, N_SPECTRUM, Features

BPM = 120.0
SETTINGS = parameters.defaults()


def heard(time_s: float, beats: float = 0.0, **values: object) -> Features:
    """Features of a steady 4/4 at 120 BPM, `beats` after a bar began."""
    beat = math.floor(beats)
    told = {"beat": beat, "beat_phase": beats - beat, "bar_phase": beats / 4 % 1.0, "beat_confidence": 1.0}
    return Features(time_ns=round(time_s * 1e9), tempo_bpm=BPM, **(told | values))  # type: ignore[arg-type]


def at(time_s: float, features: Features | None, **settings: object) -> Signals:
    signals = Signals()
    signals.update(time_s, features, SETTINGS | {id.replace("__", "."): v for id, v in settings.items()})
    return signals


def test_every_signal_stays_in_its_range_whatever_is_heard() -> None:
    rng = np.random.default_rng(4)
    wild = [
        heard(1.0, 7.3, level_dbfs=30.0, loudness_lufs=9.0, flux=1e9, centroid_hz=3e4, bass=1.0),
        heard(1.0, 0.0, level_dbfs=-300.0, loudness_lufs=-math.inf, flux=-1.0, centroid_hz=math.nan),
        heard(
            1.0,
            3.999,
            chroma=np.ones(N_CHROMA, np.float32),
            spectrum=rng.random(N_SPECTRUM).astype(np.float32),
        ),
        Features(),
        None,
    ]
    for features in wild:
        signals = at(1.0, features)
        assert all(0.0 <= signals[name] <= 1.0 for name in SOURCES), [(n, signals[n]) for n in SOURCES]
    assert signals["tag.piano"] == 0.0 and signals["nothing"] == 0.0


def test_the_laws_that_the_guide_states() -> None:
    chroma = np.zeros(N_CHROMA, np.float32)
    chroma[9] = 0.75
    bright = np.zeros(N_SPECTRUM, np.float32)
    bright[-10:] = 1.0
    told = heard(
        1.0, level_dbfs=-30.0, loudness_lufs=-20.0, centroid_hz=800.0, chroma=chroma, spectrum=bright
    )
    signals = at(1.0, told)
    assert signals["level"] == pytest.approx(0.5) and signals["loudness"] == pytest.approx(0.75)
    assert signals["centroid"] == pytest.approx(math.log(8) / math.log(80))
    assert signals["chroma.A"] == 0.75 and signals["chroma.C"] == 0.0
    assert signals["brightness"] == 1.0 and signals["tempo"] == pytest.approx(0.5)
    assert at(1.0, heard(1.0, 3.0))["bar_phase"] == 0.75
    assert at(1.0, heard(1.0, 3.0))["beat"] == 1.0 > at(1.0, heard(1.0, 3.5))["beat"]


def test_a_deck_tells_of_tags_and_the_era() -> None:
    signals = Signals()
    signals.update(0.0, None, SETTINGS, {"tag.piano": 0.4, "era.year": 2.0})
    assert signals["tag.piano"] == 0.4 and signals["era.year"] == 1.0


def test_the_beat_goes_on_between_features_and_through_silence() -> None:
    signals = Signals()
    signals.update(1.0, heard(1.0, 8.0), SETTINGS)
    signals.update(1.125, heard(1.0, 8.0), SETTINGS)
    assert signals["beat_phase"] == pytest.approx(0.25)
    signals.update(2.0, None, SETTINGS)
    assert signals.beats.position == pytest.approx(10.0)  # at the tempo that was
    assert signals["beat_phase"] == 0.0  # but nobody hears a beat


def test_a_tempo_that_begins_moves_slow_oscillators_by_half_a_bar_at_most() -> None:
    signals = Signals()
    signals.update(100.0, None, SETTINGS)
    before = signals.beats.position
    signals.update(100.02, heard(100.02, 7.1), SETTINGS)
    assert abs(signals.beats.position - before) <= 2.1
    assert signals["bar_phase"] == pytest.approx(3.1 / 4)
    signals.update(100.04, heard(100.04, 7.14), SETTINGS)
    assert signals["bar_phase"] == pytest.approx(3.14 / 4)


@pytest.mark.parametrize("beats", [0.0, 2.0, 3.0])
def test_oscillators_keep_to_the_bar_wherever_it_begins(beats: float) -> None:
    """The count of beats may begin anywhere; a period of a bar begins on the first beat of one."""
    features = heard(1.0, beats, beat=5)
    saw = at(1.0, features, lfo__1__shape="saw", lfo__1__period="4")
    assert saw["lfo.1"] == pytest.approx(beats / 4)


@pytest.mark.parametrize("name", ["sine", "triangle", "saw", "square", "hold"])
def test_shapes_have_their_period_and_their_range(name: str) -> None:
    turn = [shape(name, n / 100, seed=3) for n in range(100)]
    assert min(turn) >= 0.0 and max(turn) <= 1.0
    if name == "hold":
        steps = [shape(name, n + 0.5, seed=3) for n in range(50)]
        assert len(set(turn)) == 1 and len(set(steps)) == 50 and np.std(steps) > 0.2
    else:
        assert turn == pytest.approx([shape(name, 7 + n / 100) for n in range(100)], abs=1e-9)
        assert max(turn) - min(turn) > 0.98 and np.mean(turn) == pytest.approx(0.5, abs=0.02)


def test_walks_are_smooth_wide_and_the_same_each_time() -> None:
    way = np.array([wander(n / 100, seed=5) for n in range(5000)])
    assert 0.0 <= way.min() < 0.15 and 0.85 < way.max() <= 1.0
    assert np.abs(np.diff(way)).max() < 0.05
    assert wander(12.3, seed=5) == wander(12.3, seed=5) != wander(12.3, seed=6)


def test_free_oscillators_and_walks_do_not_depend_on_the_frame_rate_and_never_jump() -> None:
    ends = []
    for fps in (20, 144):
        signals, before, slow = Signals(), 0.0, SETTINGS | {"lfo.1.period": "free", "lfo.1.period_s": 5.0}
        for n in range(2 * fps + 1):
            signals.update(1000.0 + n / fps, None, slow)
        before = signals["lfo.1"], signals["walk.1"]
        signals.update(1002.001, None, slow | {"lfo.1.period_s": 3.1, "walk.1.period_s": 2.0})
        assert (signals["lfo.1"], signals["walk.1"]) == pytest.approx(before, abs=0.01)
        ends.append(before)
    assert ends[0] == pytest.approx(ends[1], abs=1e-6)


def test_an_offset_makes_the_beat_later_or_earlier() -> None:
    late = at(1.1, heard(1.0, 4.0), show__offset_ms=100.0)
    assert late["beat_phase"] == pytest.approx(0.0, abs=1e-6)
    early = lead(heard(1.0, 3.9), SETTINGS | {"show.offset_ms": -100.0})
    assert (early.beat, early.beat_phase) == (4, pytest.approx(0.1))
    assert early.bar_phase == pytest.approx(0.025)
    assert lead(early, SETTINGS) is early


def test_a_delay_hands_on_what_is_old_enough_in_order() -> None:
    delay = Delay[str]()
    for n, word in enumerate("abcd"):
        delay.push(n * 10_000_000, word)
    assert delay.take(25_000_000, 10.0) == ["a", "b"]
    assert delay.newest(25_000_000, 10.0, "b") == "b"
    assert delay.take(25_000_000, 0.0) == ["c", "d"]  # the offset was turned back
