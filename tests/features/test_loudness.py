"""Level, K-weighting and the gate against the figures of the standard."""

import numpy as np
import pytest

from visualizer.features.fast import FastFeatures
from visualizer.features.filters import StreamFilter, k_weighting
from visualizer.features.loudness import FLOOR_DB, Gate, MomentaryLoudness

# ITU-R BS.1770-5, tables 1 and 2: the coefficients at 48 kHz.
STANDARD_SHELF = [
    1.53512485958697,
    -2.69169618940638,
    1.19839281085285,
    1.0,
    -1.69065929318241,
    0.73248077421585,
]
STANDARD_HIGH_PASS = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]


def sine(frequency_hz: float, seconds: float, rate_hz: int, amplitude: float = 1.0) -> np.ndarray:
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * frequency_hz * t)).astype(np.float32)


def test_k_weighting_gives_the_tables_of_the_standard() -> None:
    np.testing.assert_allclose(k_weighting(48000), [STANDARD_SHELF, STANDARD_HIGH_PASS], atol=1e-8)


@pytest.mark.parametrize("rate_hz", [16000, 44100, 48000, 96000])
@pytest.mark.parametrize(
    ("gains", "expected_lufs"),
    [((1.0, 0.0), -3.01), ((1.0, 1.0), 0.0), ((0.1, 0.1), -20.0), ((1.0, -1.0), 0.0)],
)
def test_a_997_hz_sine_reads_what_the_standard_says(
    rate_hz: int, gains: tuple[float, float], expected_lufs: float
) -> None:
    mono = sine(997.0, 1.0, rate_hz)
    last = FastFeatures(rate_hz).push(np.stack([g * mono for g in gains], axis=1), 0)[-1]
    assert last.loudness_lufs == pytest.approx(expected_lufs, abs=0.05)


def test_low_notes_weigh_less_than_high_ones() -> None:
    def loudness(frequency_hz: float) -> float:
        return FastFeatures().push(sine(frequency_hz, 1.0, 48000), 0)[-1].loudness_lufs

    assert loudness(40.0) < loudness(200.0) < loudness(997.0) < loudness(4000.0)
    assert loudness(4000.0) - loudness(997.0) == pytest.approx(3.3, abs=0.3)


def test_momentary_loudness_forgets_after_400_ms() -> None:
    meter = MomentaryLoudness(48000, 1, 512)
    sound = sine(997.0, 2.0, 48000)[None, :]
    readings = []
    for i in range(0, 48000 - 511, 512):
        readings.append(meter.push(sound[:, i : i + 512]))
    silence = np.zeros((1, 512), np.float32)
    half, gone = [meter.push(silence) for _ in range(45)][18::20]
    assert readings[-1] == pytest.approx(-3.01, abs=0.05)
    assert half == pytest.approx(-6.0, abs=0.3)
    assert gone < -60.0


def test_filter_by_parts_equals_the_recursion() -> None:
    signal = pytest.importorskip("scipy.signal")
    sections = k_weighting(48000)
    samples = np.random.default_rng(3).standard_normal((2, 512 * 40))
    stream = StreamFilter(sections, 2, 512, 4)
    hops = [stream.push(hop).transpose(1, 2, 0).reshape(2, 512) for hop in np.split(samples, 40, axis=1)]
    expected = signal.sosfilt(sections, samples, axis=1)
    np.testing.assert_allclose(np.concatenate(hops, axis=1), expected, atol=1e-9)


def test_level_is_rms_and_peak_is_the_largest_sample() -> None:
    last = FastFeatures().push(sine(1000.0, 1.0, 48000, amplitude=0.5), 0)[-1]
    assert last.level_dbfs == pytest.approx(-3.01 - 6.02, abs=0.1)
    assert last.peak == pytest.approx(0.5, abs=1e-3)


def test_silence_reads_the_floor() -> None:
    last = FastFeatures().push(np.zeros(48000, np.float32), 0)[-1]
    assert last.level_dbfs == last.loudness_lufs == FLOOR_DB


def test_gate_opens_at_once_and_closes_softly() -> None:
    gate = Gate(hop_s=0.01)
    assert gate.push(-61.0, -60.0) == 0.0
    assert gate.push(-59.0, -60.0) == 1.0
    closing = [gate.push(-80.0, -60.0) for _ in range(400)]
    assert closing[30] == 1.0
    assert 0.0 < closing[60] < 1.0
    assert closing == sorted(closing, reverse=True)
    assert closing[-1] < 1e-4
    assert not gate.is_open
