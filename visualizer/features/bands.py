"""Colour of the sound, ready for shaders: bass, mid, treble, 64 bands, centroid and chroma."""

import math

import numpy as np
import scipy.fft
import scipy.sparse

from visualizer.features.loudness import power_db
from visualizer.features.spectrum import periodic_window
from visualizer.types import N_CHROMA, N_SPECTRUM

BASS_HZ = (20.0, 150.0)
MID_HZ = (150.0, 2000.0)
TREBLE_HZ = (2000.0, 16000.0)
SPECTRUM_HZ = (40.0, 16000.0)
CHROMA_HZ = (60.0, 4200.0)
CONCERT_A_HZ = 440.0
PITCH_CLASS_OF_A = 9


class HopSpectrum:
    """Power spectrum of the newest window, scaled so that its bins add up to the mean square of the sound."""

    def __init__(self, n_fft: int) -> None:
        taper = periodic_window("hann", n_fft)
        self._taper = taper.astype(np.float32)
        self._tapered = np.empty((0, n_fft), np.float32)
        self._scale = np.float32(2.0 / (n_fft * np.square(taper).sum()))

    def power(self, samples: np.ndarray) -> np.ndarray:
        """Samples (n_channels, n_fft) float32 → power (n_fft // 2 + 1,) float32, mean of the channels.

        Powers are averaged, not samples: a pair wired out of phase is heard all the same.
        """
        if samples.shape != self._tapered.shape:
            self._tapered = np.empty(samples.shape, np.float32)
        np.multiply(samples, self._taper, out=self._tapered)
        spectra = scipy.fft.rfft(self._tapered, axis=1)
        power, rest = spectra.real, spectra.imag  # views, in which the squares find room
        power *= power
        rest *= rest
        power += rest
        total = power[0] if len(power) == 1 else power.sum(axis=0)
        return total * (self._scale / np.float32(len(power)))


def band_matrix(rate_hz: float, n_fft: int) -> scipy.sparse.csr_matrix:
    """(3 + 64, n_fft // 2 + 1) float32: sums of power for bass, mid, treble, then 64 log-spaced triangles.

    A triangle is never narrower than the bins are apart, so that no band is deaf at low frequencies.
    """
    bins_hz = np.arange(n_fft // 2 + 1) * (rate_hz / n_fft)
    rows = [(bins_hz >= low) & (bins_hz < high) for low, high in (BASS_HZ, MID_HZ, TREBLE_HZ)]
    for low, centre, high in spectrum_corners_hz(rate_hz, n_fft):
        rising, falling = (bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)
        rows.append(np.maximum(0.0, np.minimum(rising, falling)))
    return scipy.sparse.csr_matrix(np.array(rows, dtype=np.float32))


def spectrum_corners_hz(rate_hz: float, n_fft: int) -> list[tuple[float, float, float]]:
    """Low corner, centre and high corner in Hz of the 64 bands."""
    centres_hz = np.geomspace(*SPECTRUM_HZ, N_SPECTRUM)
    ratio = centres_hz[1] / centres_hz[0]
    bin_hz = rate_hz / n_fft
    return [(min(c / ratio, c - bin_hz), c, max(c * ratio, c + bin_hz)) for c in map(float, centres_hz)]


class AdaptiveBands:
    """Bass, mid, treble and spectrum in [0, 1] against slowly following peaks. Owner: the thread that pushes.

    A reference rises within 0.15 s, falls by half in some 8 s, and rests while the gate is closed. No band
    is measured against less than a part of the strongest, nor below the gate: hiss does not fill a band.
    """

    RISE_S = 0.15
    FALL_S = 12.0
    RELEASE_S = 0.09
    # What a loud band leaks into its neighbour is at most -20 dB; music has less treble than bass by nature.
    WEAKEST_RATIOS = (0.1, 0.1, 0.03)
    NEGLIGIBLE = 1e-4
    SPECTRUM_RANGE_DB = 55.0

    def __init__(self, hop_s: float) -> None:
        self._rise = 1.0 - math.exp(-hop_s / self.RISE_S)
        self._fall = math.exp(-hop_s / self.FALL_S)
        self._release = math.exp(-hop_s / self.RELEASE_S)
        self._references = [0.0, 0.0, 0.0]
        self._loudest_band = 0.0
        self._bands = [0.0, 0.0, 0.0]
        self._spectrum = np.zeros(N_SPECTRUM, np.float32)

    def push(
        self, powers: np.ndarray, openness: float, is_open: bool, gate_db: float
    ) -> tuple[list[float], np.ndarray]:
        """Powers (67,) float32 of `band_matrix` → [bass, mid, treble] and spectrum (64,) float32, [0, 1]."""
        amplitudes = [math.sqrt(max(0.0, float(power))) for power in powers[:3]]
        loudest = float(np.sqrt(powers[3:].max()))
        if is_open:
            self._references = [self._follow(r, a) for r, a in zip(self._references, amplitudes, strict=True)]
            self._loudest_band = self._follow(self._loudest_band, loudest)
        gate_amplitude = 10.0 ** (gate_db / 20.0)
        strongest = max(self._references)
        for i, amplitude in enumerate(amplitudes):
            least = max(self.WEAKEST_RATIOS[i] * strongest, 4.0 * gate_amplitude)
            value = openness * min(1.0, amplitude / max(self._references[i], least))
            value = max(value, self._bands[i] * self._release)
            self._bands[i] = value if value > self.NEGLIGIBLE else 0.0
        top_db = power_db(max(self._loudest_band, 4.0 * gate_amplitude) ** 2)
        levels_db = 10.0 * np.log10(powers[3:] + np.float32(1e-12))
        shape = np.clip((levels_db - top_db) / self.SPECTRUM_RANGE_DB + 1.0, 0.0, 1.0) * np.float32(openness)
        fading = np.maximum(shape, self._spectrum * np.float32(self._release))
        self._spectrum = np.where(fading > self.NEGLIGIBLE, fading, 0.0).astype(np.float32)
        return self._bands, self._spectrum

    def _follow(self, reference: float, amplitude: float) -> float:
        if amplitude > reference:
            return reference + self._rise * (amplitude - reference)
        return max(amplitude, reference * self._fall)


class Centroid:
    """Spectral centroid of magnitudes, as librosa defines it."""

    def __init__(self, rate_hz: float, n_fft: int) -> None:
        self._bins_hz = (np.arange(n_fft // 2 + 1) * (rate_hz / n_fft)).astype(np.float32)

    def of(self, power: np.ndarray) -> float:
        """Power (n_fft // 2 + 1,) → Hz; 0 for silence."""
        magnitude = np.sqrt(power)
        total = float(magnitude.sum())
        return float((magnitude * self._bins_hz).sum()) / total if total > 1e-9 else 0.0


class Chroma:
    """Pitch classes of the last 8,192 samples at 48 kHz, renewed each fourth hop. Owner: who pushes.

    The window of the other features is too short to tell the semitones below 800 Hz.
    """

    HOPS_PER_UPDATE = 4
    SMOOTHING_S = 0.12
    OCTAVES_STD = 1.7

    def __init__(self, rate_hz: float, n_fft: int, hop_s: float) -> None:
        self.n_fft = n_fft
        self._spectrum = HopSpectrum(n_fft)
        bins_hz = np.arange(n_fft // 2 + 1) * (rate_hz / n_fft)
        used = np.flatnonzero((bins_hz >= CHROMA_HZ[0]) & (bins_hz <= CHROMA_HZ[1]))
        self._used = slice(int(used[0]), int(used[-1]) + 1)
        self._weights = self._pitch_weights(bins_hz[self._used])
        self._smoothing = math.exp(-self.HOPS_PER_UPDATE * hop_s / self.SMOOTHING_S)
        self._classes = np.zeros(N_CHROMA)
        self._chroma = np.zeros(N_CHROMA, np.float32)
        self._n_hops = 0

    def push(self, samples: np.ndarray, openness: float) -> np.ndarray:
        """Samples (n_channels, n_fft) float32 → chroma (12,) float32 from C, largest 1 (0 in silence)."""
        if self._n_hops % self.HOPS_PER_UPDATE == 0:
            magnitude = np.sqrt(self._spectrum.power(samples)[self._used])
            # Only peaks are pitches: the skirts of a loud one would else count for its neighbours.
            inner = magnitude[1:-1]
            is_peak = (inner >= magnitude[:-2]) & (inner > magnitude[2:])
            now = self._weights[:, 1:-1] @ np.where(is_peak, inner, 0.0)
            self._classes = self._smoothing * self._classes + (1.0 - self._smoothing) * now
            largest = float(self._classes.max())
            self._chroma = (self._classes / max(largest, 1e-9)).astype(np.float32)
        self._n_hops += 1
        return self._chroma * np.float32(openness)

    def _pitch_weights(self, bins_hz: np.ndarray) -> scipy.sparse.csr_matrix:
        semitones = 12.0 * np.log2(bins_hz / CONCERT_A_HZ) + PITCH_CLASS_OF_A
        distance = (semitones[None, :] - np.arange(N_CHROMA)[:, None] + 6.0) % 12.0 - 6.0
        near = np.where(np.abs(distance) < 1.0, np.cos(0.5 * np.pi * distance) ** 2, 0.0)
        octaves = np.log2(bins_hz / CONCERT_A_HZ)
        return scipy.sparse.csr_matrix(near * np.exp(-0.5 * (octaves / self.OCTAVES_STD) ** 2))
