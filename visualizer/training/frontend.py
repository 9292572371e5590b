"""The tagger's front end over whole batches in torch, equal to the live stream's `TaggerMel`."""

from __future__ import annotations

import torch
from torch import Tensor

from visualizer.networks.tagger import N_COLUMNS, N_MELS

RATE_HZ = 16_000
N_FFT = 512
HOP = 256
FLOOR_POWER = 1e-10
WINDOW_SAMPLES = (N_COLUMNS - 1) * HOP + N_FFT
"""What 231 columns of an endless stream reach over: 59,392 samples, without edge padding."""


def mel_filters() -> Tensor:
    """Triangles on the HTK mel scale over 0–8 kHz, not normalised, (257, 128) float32 in [0, 1]."""
    top_mel = 2595.0 * torch.log10(torch.tensor(1 + RATE_HZ / 2 / 700.0, dtype=torch.float64))
    mels = torch.linspace(0, 1, N_MELS + 2, dtype=torch.float64) * top_mel
    edges_hz = 700.0 * (10 ** (mels / 2595.0) - 1)
    bins_hz = torch.linspace(0, RATE_HZ / 2, N_FFT // 2 + 1, dtype=torch.float64).unsqueeze(1)
    rising = (bins_hz - edges_hz[:-2]) / (edges_hz[1:-1] - edges_hz[:-2])
    falling = (edges_hz[2:] - bins_hz) / (edges_hz[2:] - edges_hz[1:-1])
    return torch.minimum(rising, falling).clamp(min=0).float()


class LogMel(torch.nn.Module):
    """Samples (B, n) in [-1, 1] → log-mel power (B, 1, 128, 1 + (n − 512) // 256) in dB, at least −100."""

    window: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)
        self.register_buffer("filters", mel_filters(), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(samples.unfold(-1, N_FFT, HOP) * self.window)
        power = spectrum.real.square() + spectrum.imag.square()
        return 10 * torch.log10((power @ self.filters).clamp(min=FLOOR_POWER)).transpose(1, 2).unsqueeze(1)
