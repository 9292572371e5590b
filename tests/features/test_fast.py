"""The fast features: what they mean, and the three laws."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.features.bands import spectrum_corners_hz
from visualizer.features.fast import FastFeatures
from visualizer.types import Features

RATE_HZ = 48000


def tone(frequency_hz: float, seconds: float = 1.0, amplitude: float = 0.3) -> np.ndarray:
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * frequency_hz * t)).astype(np.float32)


def song(seconds: float) -> np.ndarray:
    """Stereo: a chord on the left, noise bursts on the right, (n, 2) float32."""
    n = int(seconds * RATE_HZ)
    left = tone(220.0, seconds) + tone(554.4, seconds)
    bursts = (np.arange(n) % 24000 < 4000) * 0.3 * np.random.default_rng(8).standard_normal(n)
    return np.stack([left, bursts], axis=1).astype(np.float32)


def hear_in(analysis: FastFeatures, sound: np.ndarray, sizes: list[int]) -> list[Features]:
    heard: list[Features] = []
    first = 0
    for size in itertools.cycle(sizes):
        block = sound[first : first + size]
        first += len(block)
        heard += analysis.push(block, round(first * 1e9 / RATE_HZ), gain_db=6.0)
        if first >= len(sound):
            return heard
    return heard


def assert_same(some: list[Features], others: list[Features]) -> None:
    assert len(some) == len(others) > 0
    for a, b in zip(some, others, strict=True):
        assert max(abs(a.time_ns - b.time_ns), abs(a.onset_ns - b.onset_ns)) <= 1  # rounded with the block
        a, b = (dataclasses.replace(one, time_ns=0, onset_ns=0) for one in (a, b))
        assert a.to_bytes() == b.to_bytes()


def assert_finite_and_in_range(features: Features) -> None:
    assert np.isfinite([v for v in dataclasses.astuple(features) if isinstance(v, float)]).all()
    units = [features.bass, features.mid, features.treble, features.onset, features.beat_confidence]
    for values in (units, features.chroma, features.spectrum):
        assert np.min(values) >= 0.0
        assert np.max(values) <= 1.0
    assert 0.0 <= features.beat_phase < 1.0
    assert features.chroma.dtype == features.spectrum.dtype == np.float32


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(1, 4096), min_size=1, max_size=8))
def test_chunked_equals_whole(sizes: list[int]) -> None:
    if max(sizes) < 32:
        sizes = [*sizes, 4096]
    sound = song(1.0)
    assert_same(hear_in(FastFeatures(), sound, sizes), hear_in(FastFeatures(), sound, [len(sound)]))


def test_chunked_equals_whole_over_a_tempo_memory() -> None:
    sound = song(9.0)
    assert_same(hear_in(FastFeatures(), sound, [333, 4096, 1]), hear_in(FastFeatures(), sound, [len(sound)]))


def test_single_samples_equal_whole() -> None:
    sound = song(0.06)
    assert_same(hear_in(FastFeatures(), sound, [1]), hear_in(FastFeatures(), sound, [len(sound)]))


def test_reset_equals_fresh() -> None:
    used = FastFeatures()
    hear_in(used, song(4.0), [1000])
    used.reset()
    assert_same(hear_in(used, song(1.0), [480]), hear_in(FastFeatures(), song(1.0), [480]))


@pytest.mark.parametrize(
    ("rate_hz", "hop"),
    [(16000, 128), (22050, 256), (44100, 512), (48000, 512), (96000, 1024), (192000, 2048)],
)
def test_at_least_80_results_a_second_at_any_rate(rate_hz: int, hop: int) -> None:
    analysis = FastFeatures(rate_hz)
    heard = analysis.push(0.1 * np.random.default_rng(0).standard_normal((rate_hz, 2)).astype(np.float32), 0)
    assert analysis.hop == hop
    assert len(heard) == rate_hz // hop >= 80
    for features in heard[:: len(heard) // 5]:
        assert_finite_and_in_range(features)


def test_results_carry_the_time_and_index_of_their_newest_sample() -> None:
    heard = FastFeatures().push(np.zeros(1200, np.float32), time_ns=5_000_000_000, gain_db=-3.0)
    assert [f.sample for f in heard] == [512, 1024]
    assert [f.time_ns for f in heard] == [
        5_000_000_000 - round((1200 - n) * 1e9 / 48000) for n in (512, 1024)
    ]
    assert {f.gain_db for f in heard} == {-3.0}


def test_index_goes_on_from_where_reset_puts_it() -> None:
    analysis = FastFeatures()
    analysis.reset(sample=10_000)
    assert analysis.push(np.zeros(600, np.float32), 0)[0].sample == 10_512


@pytest.mark.parametrize("frequency_hz", [60.0, 110.0, 440.0, 1000.0, 3000.0, 12000.0])
def test_a_sine_peaks_in_its_band(frequency_hz: float) -> None:
    last = FastFeatures().push(tone(frequency_hz), 0)[-1]
    low_hz, _, high_hz = spectrum_corners_hz(RATE_HZ, 2048)[int(last.spectrum.argmax())]
    assert low_hz < frequency_hz < high_hz
    bands = {"bass": last.bass, "mid": last.mid, "treble": last.treble}
    expected = "bass" if frequency_hz < 150 else "mid" if frequency_hz < 2000 else "treble"
    assert max(bands, key=lambda name: bands[name]) == expected
    assert bands.pop(expected) > 0.9
    assert max(bands.values()) < 0.35
    assert last.centroid_hz == pytest.approx(frequency_hz, rel=0.25)


def test_bands_adapt_to_quiet_music() -> None:
    loud, quiet = (FastFeatures().push(tone(440.0, 3.0, amplitude), 0)[-1] for amplitude in (0.5, 0.02))
    assert quiet.mid == pytest.approx(loud.mid, abs=0.05)


@pytest.mark.parametrize(
    ("frequency_hz", "pitch_class"), [(440.0, 9), (261.63, 0), (880.0, 9), (185.0, 6), (1975.5, 11)]
)
def test_chroma_of_a_note_is_its_pitch_class(frequency_hz: float, pitch_class: int) -> None:
    chroma = FastFeatures().push(tone(frequency_hz), 0)[-1].chroma
    assert chroma[pitch_class] == pytest.approx(1.0)
    assert np.delete(chroma, pitch_class).max() < 0.2


def test_chroma_of_a_chord_is_its_notes() -> None:
    chord = tone(220.0) + tone(277.18) + tone(329.63)
    chroma = FastFeatures().push(chord, 0)[-1].chroma
    assert set(np.argsort(chroma)[-3:]) == {9, 1, 4}


def test_centroid_equals_librosas() -> None:
    librosa = pytest.importorskip("librosa", reason="librosa comes with the extra train")
    sound = 0.1 * np.random.default_rng(2).standard_normal(RATE_HZ).astype(np.float32) + tone(700.0)
    ours = [f.centroid_hz for f in FastFeatures().push(sound, 0)][3:]
    theirs = librosa.feature.spectral_centroid(y=sound, sr=RATE_HZ, n_fft=2048, hop_length=512, center=False)[
        0
    ]
    # Ours has no bin at 0 Hz: the offset is filtered out.
    np.testing.assert_allclose(ours, theirs, rtol=5e-3)


def test_a_pair_wired_out_of_phase_is_heard() -> None:
    mono = tone(440.0)
    last = FastFeatures().push(np.stack([mono, -mono], axis=1), 0)[-1]
    assert last.mid > 0.9
    assert last.chroma[9] == pytest.approx(1.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30, 1.0, -1.0, 1e-42])
def test_stays_finite_on_bad_samples(bad: float) -> None:
    analysis = FastFeatures()
    analysis.push(song(1.0), 0)
    for features in analysis.push(np.full((RATE_HZ // 2, 2), bad, np.float32), 0):
        assert_finite_and_in_range(features)
    for features in analysis.push(song(1.0), 0):
        assert_finite_and_in_range(features)


@pytest.mark.parametrize("level", ["zeros", "hiss below the gate", "offset"])
def test_silence_and_offset_are_calm(level: str) -> None:
    hiss = 10 ** (-70 / 20) * np.random.default_rng(4).standard_normal((6 * RATE_HZ, 2))
    sound = {"zeros": 0.0 * hiss, "hiss below the gate": hiss, "offset": 0.0 * hiss + 0.5}[level].astype(
        np.float32
    )
    analysis = FastFeatures()
    analysis.push(song(3.0), 0)
    last = analysis.push(sound, 0)[-1]
    assert last.bass == last.mid == last.treble == last.spectrum.max() == 0.0
    assert max(last.onset, last.beat_confidence, last.chroma.max()) < 5e-3


def test_the_gate_can_be_moved() -> None:
    murmur = tone(440.0, amplitude=10 ** (-66 / 20))
    closed, opened = FastFeatures(), FastFeatures()
    opened.gate_db = -80.0
    assert closed.push(murmur, 0)[-1].mid == 0.0
    assert opened.push(murmur, 0)[-1].mid > 0.5


def test_a_change_of_channels_needs_a_reset() -> None:
    analysis = FastFeatures()
    analysis.push(np.zeros(100, np.float32), 0)
    with pytest.raises(ValueError, match="reset"):
        analysis.push(np.zeros((100, 2), np.float32), 0)
    analysis.reset()
    assert analysis.push(np.zeros((600, 2), np.float32), 0)
