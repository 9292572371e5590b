"""The mel windows: against librosa on the same samples, the three laws, ticks and the edge columns."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.features.mel import EraMel, MelStream, TaggerMel

STREAMS = [TaggerMel, EraMel]


def music(rate_hz: int, seconds: float, seed: int = 5) -> np.ndarray:
    """A chord that swells, clicks and noise: loud, quiet and silent stretches, (n,) float32."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    chord = sum(np.sin(2 * np.pi * f * t) / (i + 1) for i, f in enumerate([110.0, 277.2, 440.0, 1318.5]))
    swell = 0.15 * (1 + np.sin(2 * np.pi * 0.7 * t)) * chord
    noise = 0.02 * rng.standard_normal(len(t)) * (np.sin(2 * np.pi * 1.3 * t) > 0)
    return (swell + noise).astype(np.float32)


def librosa_mel(stream: MelStream, samples: np.ndarray, *, center: bool) -> np.ndarray:
    """Mel power by librosa, in float64, with the settings that the design names."""
    librosa = pytest.importorskip("librosa", reason="librosa comes with the extra train")
    tagger = isinstance(stream, TaggerMel)
    return librosa.feature.melspectrogram(
        y=samples.astype(np.float64),
        sr=16000 if tagger else 22050,
        n_fft=512 if tagger else 1024,
        hop_length=256,
        window="hann" if tagger else "hamming",
        center=center,
        power=2.0,
        n_mels=128,
        fmin=0.0,
        fmax=8000.0 if tagger else 11025.0,
        htk=tagger,
        norm=None if tagger else "slaney",
    )


def power_of(stream: MelStream, columns: np.ndarray) -> np.ndarray:
    return 10.0 ** (columns / 10.0) if isinstance(stream, TaggerMel) else columns


@pytest.mark.parametrize("make", STREAMS)
def test_equals_librosa_on_the_same_samples(make: type[MelStream]) -> None:
    stream = make()
    samples = music(stream.rate_hz, 10.0)
    ours = stream.analyse(samples)
    theirs = librosa_mel(stream, samples, center=False)
    assert ours.shape == theirs.shape
    power = power_of(stream, ours)
    assert np.abs(power - theirs).max() <= 1e-4 * theirs.max()
    # Absolute and relative to the loudest value: whichever reaches deeper.
    audible = theirs > min(1e-8, theirs.max() * 1e-8)
    gap_db = 10 * np.log10(power[audible]) - 10 * np.log10(theirs[audible])
    assert audible.mean() > 0.6
    assert np.abs(gap_db).max() < 0.01


@pytest.mark.parametrize(
    ("make", "n_samples", "n_left", "n_right"), [(TaggerMel, 59049, 1, 1), (EraMel, 196465, 2, 2)]
)
def test_only_the_edge_columns_differ_from_a_centred_window(
    make: type[MelStream], n_samples: int, n_left: int, n_right: int
) -> None:
    stream = make()
    half_window = stream.n_fft // 2
    before = 8 * stream.hop
    sound = music(stream.rate_hz, (n_samples + 2 * before) / stream.rate_hz)
    cut = sound[before : before + n_samples]
    centred = librosa_mel(stream, cut, center=True)
    assert centred.shape == (128, stream.n_window_columns)
    # The endless stream sees the sound on both sides of the cut where librosa sees zeros.
    endless = power_of(stream, stream.analyse(sound[before - half_window :])[:, : stream.n_window_columns])
    same = np.abs(endless - centred).max(axis=0) < 1e-5 * centred.max()
    assert same[n_left:-n_right].all()
    assert not same[:n_left].any()
    assert not same[-n_right:].any()


@pytest.mark.parametrize("make", STREAMS)
def test_a_sine_peaks_in_its_band(make: type[MelStream]) -> None:
    stream = make()
    t = np.arange(2 * stream.rate_hz) / stream.rate_hz
    columns = stream.analyse(0.5 * np.sin(2 * np.pi * 440.0 * t).astype(np.float32))
    peak = columns.mean(axis=1).argmax()
    librosa = pytest.importorskip("librosa", reason="librosa comes with the extra train")
    tagger = make is TaggerMel
    centres = librosa.mel_frequencies(130, fmin=0, fmax=8000 if tagger else 11025, htk=tagger)[1:-1]
    assert abs(centres[peak] - 440.0) < 0.75 * stream.rate_hz / stream.n_fft


@pytest.mark.parametrize("make", STREAMS)
@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 4096), min_size=1, max_size=8))
def test_chunked_equals_whole(make: type[MelStream], sizes: list[int]) -> None:
    whole, chunked = make(), make()
    samples = music(whole.rate_hz, 0.8)
    whole.push(samples)
    first = 0
    for n in itertools.cycle(sizes):
        if first >= len(samples):
            break
        chunked.push(samples[first : first + n])
        first += n
    assert chunked.n_columns == whole.n_columns == 1 + (len(samples) - whole.n_fft) // whole.hop
    np.testing.assert_array_equal(chunked.window(), whole.window())


def test_single_samples_equal_whole() -> None:
    whole, single = TaggerMel(), TaggerMel()
    samples = music(16000, 0.2)
    whole.push(samples)
    for i in range(len(samples)):
        single.push(samples[i : i + 1])
    np.testing.assert_array_equal(single.window(), whole.window())


@pytest.mark.parametrize("make", STREAMS)
def test_window_is_the_end_of_the_whole_analysis_after_many_moves(make: type[MelStream]) -> None:
    stream = make()
    samples = music(stream.rate_hz, 40.0)
    for first in range(0, len(samples), 3001):
        stream.push(samples[first : first + 3001])
    expected = stream.analyse(samples)[:, -stream.n_window_columns :]
    window = stream.window()
    if make is EraMel:
        assert window.shape == (3, 128, 256)
        window = np.concatenate(list(window), axis=1)
    np.testing.assert_array_equal(window, expected)


@pytest.mark.parametrize("make", STREAMS)
def test_ticks_fall_on_the_same_grid_whatever_the_blocks(make: type[MelStream]) -> None:
    one, other = make(), make()
    samples = music(one.rate_hz, 1.5)
    windows = []
    for tick in one.ticks(samples):
        assert one.n_columns == tick * one.columns_per_tick
        assert one.n_samples_heard == (one.n_columns - 1) * one.hop + one.n_fft
        windows.append(one.window())
    assert len(windows) == one.n_ticks > 20
    seen = 0
    for first in range(0, len(samples), 777):
        for tick in other.ticks(samples[first : first + 777]):
            np.testing.assert_array_equal(other.window(), windows[tick - 1])
            seen += 1
    assert seen == len(windows)
    assert one.n_columns == other.n_columns


def test_skipping_to_the_newest_tick_gives_the_window_of_that_tick() -> None:
    stepped, skipping = TaggerMel(), TaggerMel()
    samples = music(16000, 2.0)
    windows = [stepped.window() for _ in stepped.ticks(samples)]
    for first in range(0, len(samples), 1900):
        skipping.push(samples[first : first + 1900])
        if skipping.n_ticks:
            np.testing.assert_array_equal(skipping.tick_window(), windows[skipping.n_ticks - 1])
            assert skipping.n_samples_at_tick <= min(first + 1900, len(samples))
    assert skipping.n_samples_at_tick == 512 * skipping.n_ticks + 256


def test_tagger_ticks_31_25_times_a_second() -> None:
    stream = TaggerMel()
    assert stream.tick_rate_hz == 31.25
    assert sum(1 for _ in stream.ticks(np.zeros(16000 * 4 + 256, np.float32))) == 125


@pytest.mark.parametrize("make", STREAMS)
def test_reset_equals_fresh(make: type[MelStream]) -> None:
    used, fresh = make(), make()
    used.push(music(used.rate_hz, 3.3, seed=1))
    used.reset()
    np.testing.assert_array_equal(used.window(), fresh.window())
    samples = music(used.rate_hz, 0.8, seed=2)
    assert used.push(samples) == fresh.push(samples)
    np.testing.assert_array_equal(used.window(), fresh.window())


@pytest.mark.parametrize("make", STREAMS)
def test_silence_is_the_floor_before_and_after(make: type[MelStream]) -> None:
    stream = make()
    floor = -100.0 if make is TaggerMel else 0.0
    assert (stream.window() == floor).all()
    stream.push(music(stream.rate_hz, 2.0))
    assert (stream.window() != floor).any()
    stream.push(np.zeros(stream.rate_hz * 10, np.float32))
    assert (stream.window() == floor).all()


@pytest.mark.parametrize("make", STREAMS)
def test_stays_finite_on_bad_samples(make: type[MelStream]) -> None:
    stream = make()
    samples = music(stream.rate_hz, 1.0)
    expected = samples.copy()
    samples[100:200] = np.nan
    samples[3000] = np.inf
    samples[4000] = -np.inf
    expected[100:200] = expected[3000] = expected[4000] = 0.0
    np.testing.assert_array_equal(stream.analyse(samples), stream.analyse(expected))
    for bad in (np.full(9000, 3e38, np.float32), np.full(9000, 1.0, np.float32)):
        stream.push(bad)
        assert np.isfinite(stream.window()).all()


def test_stereo_is_refused() -> None:
    with pytest.raises(ValueError, match="mono"):
        TaggerMel().push(np.zeros((100, 2), np.float32))
