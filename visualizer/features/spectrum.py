"""Power spectra of frames cut from one endless stream, and the rim where samples are made safe."""

from typing import Literal

import numpy as np
import scipy.fft

# Full scale is 1. Beyond +36 dB a sample is an error of its source; the limit keeps powers finite in float32.
SAMPLE_LIMIT = 64.0

WindowName = Literal["hann", "hamming"]


def clean_samples(samples: np.ndarray) -> np.ndarray:
    """The samples as float32, NaN and infinities replaced by 0, limited to ±SAMPLE_LIMIT. Any shape."""
    samples = np.asarray(samples, dtype=np.float32)
    # One reduction tells the common case, for NaN and infinity fail the comparison.
    if np.abs(samples).max(initial=0.0) <= SAMPLE_LIMIT:
        return samples
    finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(finite, -SAMPLE_LIMIT, SAMPLE_LIMIT)


def periodic_window(name: WindowName, n_fft: int) -> np.ndarray:
    """The periodic (not symmetric) Hann or Hamming window (n_fft,) float64."""
    centre = 0.5 if name == "hann" else 0.54
    return centre - (1.0 - centre) * np.cos(2.0 * np.pi * np.arange(n_fft) / n_fft)


def power_spectra(samples: np.ndarray, window: np.ndarray, hop: int) -> np.ndarray:
    """|rfft|² of every whole frame, (n_frames, n_fft // 2 + 1) float64, without any padding.

    Frame k covers samples [k·hop, k·hop + n_fft). Float64 because a float32 transform leaves rounding
    noise only some 120 dB below the loudest bin, which shows in a logarithm.
    """
    n_fft = len(window)
    if len(samples) < n_fft:
        return np.zeros((0, n_fft // 2 + 1))
    samples = np.ascontiguousarray(samples)
    n_frames, n_bytes = 1 + (len(samples) - n_fft) // hop, samples.itemsize
    # A view of overlapping frames, as `sliding_window_view` makes, which takes longer than three transforms.
    frames = np.ndarray((n_frames, n_fft), samples.dtype, samples, strides=(hop * n_bytes, n_bytes))
    spectra = scipy.fft.rfft(frames * window, axis=1, overwrite_x=True)
    return spectra.real**2 + spectra.imag**2


class FrameCutter:
    """Keeps what the next frames need of an endless stream. Owner: the thread that pushes."""

    def __init__(self, n_fft: int, hop: int) -> None:
        self._n_fft = n_fft
        self._hop = hop
        self._rest = np.zeros(0, dtype=np.float32)

    @property
    def n_missing(self) -> int:
        """Samples still to come before the next frame is whole (at least 1)."""
        return self._n_fft - len(self._rest)

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Samples (n,) float32 → a stretch that begins at the next frame; whole frames in it are consumed."""
        stretch = np.concatenate([self._rest, samples])
        n_frames = max(0, 1 + (len(stretch) - self._n_fft) // self._hop)
        self._rest = stretch[n_frames * self._hop :].copy()
        return stretch

    def reset(self) -> None:
        """Forget everything heard."""
        self._rest = np.zeros(0, dtype=np.float32)
