"""Streaming resampling by soxr, the same whatever the blocks are."""

from __future__ import annotations

import numpy as np
import soxr

from visualizer.types import Float32

QUALITY = "HQ"
"""soxr's high quality: within 0.01 dB up to 0.95 of the lower Nyquist frequency, aliases below −110 dB."""


class Resampler:
    """A stream at one rate becomes a stream at another. Owned by one thread.

    Output depends on the samples alone, never on how they were cut into blocks: soxr's variable-rate filters
    run in the time domain with a constant latency. (Its fixed-rate filters work on FFT blocks and hand out
    their samples in bursts, up to 37 ms late from 48 to 16 kHz.) The phase of those filters is quantised:
    output is at most 0.11 ms early, constantly; it does not drift.
    """

    def __init__(self, from_hz: float, to_hz: float, n_channels: int = 1) -> None:
        """Rates in Hz; with one channel blocks are (n,), else (n, n_channels)."""
        if from_hz <= 0 or to_hz <= 0:
            raise ValueError(f"rates are positive, not {from_hz} and {to_hz}")
        self.from_hz, self.to_hz, self.n_channels = from_hz, to_hz, n_channels
        self.reset()

    def reset(self) -> None:
        """As fresh."""
        self.n_in = 0
        self.n_out = 0
        self._stream: soxr.ResampleStream | None = None
        if self.from_hz != self.to_hz:
            self._stream = soxr.ResampleStream(
                self.from_hz, self.to_hz, self.n_channels, dtype="float32", quality=QUALITY, vr=True
            )

    @property
    def latency_s(self) -> float:
        """How much of what was pushed has not come out yet: 12.5 ms from 48 kHz to 16 or 22.05 kHz."""
        return self.n_in / self.from_hz - self.n_out / self.to_hz

    def push(self, samples: Float32) -> Float32:
        """Samples at `from_hz` in, whatever is ready at `to_hz` out; float32. NaN and infinity become 0."""
        clean = np.nan_to_num(np.asarray(samples, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        self.n_in += len(clean)
        return self._run(clean, last=False)

    def flush(self) -> Float32:
        """The end of the stream; afterwards as fresh, so that the object can be used again."""
        shape = (0,) if self.n_channels == 1 else (0, self.n_channels)
        rest = self._run(np.zeros(shape, np.float32), last=True)
        self.reset()
        return rest

    def _run(self, samples: Float32, last: bool) -> Float32:
        made = samples if self._stream is None else self._stream.resample_chunk(samples, last)
        self.n_out += len(made)
        return np.asarray(made, np.float32)
