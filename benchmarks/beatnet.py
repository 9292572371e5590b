"""BeatNet's published network (Heydari et al., 2021), the yardstick: how likely a beat is, each 20 ms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.fft
import soxr

from visualizer.types import Float32, UserError

RATE_HZ = 22_050
HOP = 441
N_WINDOW = 1411
BANDS_PER_OCTAVE = 24
RANGE_HZ = (30.0, 17_000.0)
CONCERT_A_HZ = 440.0
N_CELLS = 150
N_KERNEL = 10
LOOK_AHEAD_S = 0.5 * N_WINDOW / RATE_HZ
"""Its frames are centred: an activation is known so long after its time."""


class BeatNet:
    """One convolution over the bands of a frame, a dense layer, two LSTM layers, three classes."""

    def __init__(self, weights: Path) -> None:
        """Raises UserError without torch or the file."""
        try:
            import torch
        except ImportError as error:
            raise UserError("BeatNet needs torch: pip install 'klangbild[train]'.") from error
        if not weights.is_file():
            raise UserError(f"{weights} is not there: BeatNet's published weights are the yardstick.")
        self._torch = torch
        self._filters = band_filters()
        n_pooled = (2 * self._filters.shape[1] - N_KERNEL + 1) // 2
        nn = torch.nn
        self._network = nn.ModuleDict(
            {
                "conv1": nn.Conv1d(1, 2, N_KERNEL),
                "linear0": nn.Linear(2 * n_pooled, N_CELLS),
                "lstm": nn.LSTM(N_CELLS, N_CELLS, 2, batch_first=True),
                "linear": nn.Linear(N_CELLS, 3),
            }
        ).eval()
        self._network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))

    def activations(self, samples: Float32, rate_hz: int) -> np.ndarray:
        """Sound (n,) float32 → probability of a beat, down or not, (n_frames,) in [0, 1]; one each 20 ms."""
        torch, network = self._torch, self._network
        with torch.inference_mode():
            x = torch.from_numpy(self._features(soxr.resample(samples, rate_hz, RATE_HZ)))
            pooled = torch.nn.functional.max_pool1d(network["conv1"](x[:, None]).relu(), 2)
            hidden, _ = network["lstm"](network["linear0"](pooled.flatten(1))[None])
            classes = network["linear"](hidden[0]).softmax(1)
        return np.asarray(classes[:, :2].sum(1))

    def _features(self, samples: Float32) -> Float32:
        """Sound (n,) at 22,050 Hz → log10 of one plus each band, and how much it rose, (n_frames, 272)."""
        n_frames = -(-len(samples) // HOP)
        half = N_WINDOW // 2
        padded = np.pad(samples, (half, N_WINDOW + HOP))
        frames = np.lib.stride_tricks.sliding_window_view(padded, N_WINDOW)[::HOP][:n_frames]
        magnitudes = np.abs(scipy.fft.rfft(frames * np.hanning(N_WINDOW), axis=1))[:, : len(self._filters)]
        bands = np.log10(1.0 + magnitudes @ self._filters)
        rises = np.maximum(np.diff(bands, axis=0, prepend=bands[:1]), 0.0)
        rises[0] = 0.0
        return np.concatenate([bands, rises], axis=1).astype(np.float32)


def band_filters() -> np.ndarray:
    """(705, 136): triangles of area 1 whose corners are the bins next to 24 frequencies an octave."""
    n_bins = N_WINDOW // 2
    bins_hz = np.arange(n_bins) * (RATE_HZ / N_WINDOW)
    low, high = (np.log2(hz / CONCERT_A_HZ) * BANDS_PER_OCTAVE for hz in RANGE_HZ)
    steps = np.arange(np.ceil(low), np.floor(high) + 1)
    wanted_hz = CONCERT_A_HZ * 2.0 ** (steps / BANDS_PER_OCTAVE)
    corners = np.unique([int(np.argmin(np.abs(bins_hz - hz))) for hz in wanted_hz])
    filters = np.zeros((n_bins, len(corners) - 2))
    for i, (first, top, last) in enumerate(zip(corners, corners[1:], corners[2:], strict=False)):
        filters[first:top, i] = np.arange(top - first) / (top - first)
        filters[top:last, i] = 1.0 - np.arange(last - top) / (last - top)
    return filters / filters.sum(axis=0)
