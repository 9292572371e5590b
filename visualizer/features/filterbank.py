"""Mel filterbanks: triangles on the HTK or the Slaney scale, as sparse float64 matrices."""

from typing import Literal

import numpy as np
import scipy.sparse

Scale = Literal["htk", "slaney"]

# The Slaney scale is linear below 1 kHz (3 mels per 200 Hz) and logarithmic above (27 mels per factor 6.4).
SLANEY_HZ_PER_MEL = 200.0 / 3.0
SLANEY_BREAK_HZ = 1000.0
SLANEY_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(frequency_hz: np.ndarray, scale: Scale) -> np.ndarray:
    """Mels of frequencies in Hz (any shape, float64)."""
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + frequency_hz / 700.0)
    break_mel = SLANEY_BREAK_HZ / SLANEY_HZ_PER_MEL
    above = break_mel + np.log(np.maximum(frequency_hz, SLANEY_BREAK_HZ) / SLANEY_BREAK_HZ) / SLANEY_LOG_STEP
    return np.where(frequency_hz < SLANEY_BREAK_HZ, frequency_hz / SLANEY_HZ_PER_MEL, above)


def mel_to_hz(mel: np.ndarray, scale: Scale) -> np.ndarray:
    """Frequencies in Hz of mels (any shape, float64): the inverse of `hz_to_mel`."""
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    break_mel = SLANEY_BREAK_HZ / SLANEY_HZ_PER_MEL
    above = SLANEY_BREAK_HZ * np.exp(SLANEY_LOG_STEP * (np.maximum(mel, break_mel) - break_mel))
    return np.where(mel < break_mel, mel * SLANEY_HZ_PER_MEL, above)


def mel_centres_hz(n_mels: int, low_hz: float, high_hz: float, scale: Scale) -> np.ndarray:
    """The n_mels + 2 corner frequencies of the triangles, evenly spaced in mels; [1:-1] are the centres."""
    ends = hz_to_mel(np.array([low_hz, high_hz]), scale)
    return mel_to_hz(np.linspace(ends[0], ends[1], n_mels + 2), scale)


def mel_filterbank(
    rate_hz: int, n_fft: int, n_mels: int, low_hz: float, high_hz: float, scale: Scale
) -> scipy.sparse.csr_matrix:
    """Filters (n_mels, n_fft // 2 + 1) float64, to be multiplied with a power spectrum.

    HTK triangles have height 1 (no norm, as the tagger's front end); Slaney triangles have area 1 per Hz
    (librosa's default). The matrix is sparse because a triangle covers few bins, and because its product
    then adds the bins of a column in the same order however many columns are multiplied at once.
    """
    corners_hz = mel_centres_hz(n_mels, low_hz, high_hz, scale)
    bins_hz = np.arange(n_fft // 2 + 1) * (rate_hz / n_fft)
    widths_hz = np.diff(corners_hz)
    rising = (bins_hz[None, :] - corners_hz[:-2, None]) / widths_hz[:-1, None]
    falling = (corners_hz[2:, None] - bins_hz[None, :]) / widths_hz[1:, None]
    weights = np.maximum(0.0, np.minimum(rising, falling))
    if scale == "slaney":
        weights *= (2.0 / (corners_hz[2:] - corners_hz[:-2]))[:, None]
    return scipy.sparse.csr_matrix(weights)
