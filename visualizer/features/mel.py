"""Mel windows of the networks, cut from one endless stream: the tagger's (3.69 s) and the era's (8.91 s).

Column k covers samples [k·hop, k·hop + n_fft) counted from the first sample pushed, so its newest sample has
index k·hop + n_fft - 1 and `n_samples_heard` is k·hop + n_fft. Nothing is padded: librosa's `center=False`
column k is our column k, and its `center=True` columns of a cut window are ours but for the edge columns that
reach over the cut (n_fft/2/hop on the left, and as many on the right when the cut lies on the hop grid).
"""

from collections.abc import Iterator

import numpy as np

from visualizer.features.filterbank import Scale, mel_filterbank
from visualizer.features.spectrum import (
    FrameCutter,
    WindowName,
    clean_samples,
    periodic_window,
    power_spectra,
)

# Columns turned into mels in one go: keeps memory small when a whole song is pushed at once.
BATCH_COLUMNS = 512


class MelStream:
    """Mel columns of an endless mono stream, with the newest ones kept. Owner: the thread that pushes.

    Laws: any split of the samples gives the same columns; `reset` equals fresh; NaN and infinity count as 0.
    """

    def __init__(
        self,
        *,
        rate_hz: int,
        n_fft: int,
        hop: int,
        window: WindowName,
        n_mels: int,
        high_hz: float,
        scale: Scale,
        n_window_columns: int,
        columns_per_tick: int,
        floor: float,
    ) -> None:
        self.rate_hz = rate_hz
        self.n_fft = n_fft
        self.hop = hop
        self.n_mels = n_mels
        self.n_window_columns = n_window_columns
        self.columns_per_tick = columns_per_tick
        self.floor = floor
        self._taper = periodic_window(window, n_fft)
        self._filters = mel_filterbank(rate_hz, n_fft, n_mels, 0.0, high_hz, scale)
        self._cutter = FrameCutter(n_fft, hop)
        # Room for a second window: the kept columns move to the front once a window, not with each column.
        self._n_kept = n_window_columns + columns_per_tick
        self._columns = np.empty((n_mels, 2 * self._n_kept + BATCH_COLUMNS), dtype=np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget everything heard: the window is silence again."""
        self._cutter.reset()
        self._columns[:] = self.floor
        self._end = self._n_kept
        self.n_columns = 0

    @property
    def tick_rate_hz(self) -> float:
        """Ticks a second."""
        return self.rate_hz / (self.hop * self.columns_per_tick)

    @property
    def n_ticks(self) -> int:
        """Whole ticks heard so far: tick t is complete when columns_per_tick·t columns are."""
        return self.n_columns // self.columns_per_tick

    @property
    def n_samples_heard(self) -> int:
        """Index one past the newest sample in the newest column; 0 before the first column."""
        return self.samples_at_column(self.n_columns)

    @property
    def n_samples_at_tick(self) -> int:
        """Index one past the newest sample in the newest whole tick; 0 before the first tick."""
        return self.samples_at_column(self.n_ticks * self.columns_per_tick)

    def samples_at_column(self, n_columns: int) -> int:
        """How many samples had to be heard for the first n_columns columns."""
        return (n_columns - 1) * self.hop + self.n_fft if n_columns else 0

    def analyse(self, samples: np.ndarray) -> np.ndarray:
        """All whole columns (n_mels, n) float32 of samples (m,), apart from the stream. For training."""
        samples = _mono(samples)
        n_columns = max(0, 1 + (len(samples) - self.n_fft) // self.hop)
        columns = np.empty((self.n_mels, n_columns), dtype=np.float32)
        for first, batch in self._batches(samples, n_columns):
            columns[:, first : first + batch.shape[1]] = batch
        return columns

    def push(self, samples: np.ndarray) -> int:
        """Hear samples (n,) float32, full scale ±1; the number of new columns."""
        stretch = self._cutter.push(_mono(samples))
        n_new = max(0, 1 + (len(stretch) - self.n_fft) // self.hop)
        for _, batch in self._batches(stretch, n_new):
            self._append(batch)
        return n_new

    def ticks(self, samples: np.ndarray) -> Iterator[int]:
        """Hear samples (n,) tick by tick: yields `n_ticks` whenever a tick is complete.

        At each yield `window()` ends with the tick. Consume it to the end, or the rest goes unheard.
        """
        samples = _mono(samples)
        while True:
            n_columns_missing = self.columns_per_tick - self.n_columns % self.columns_per_tick
            n_samples = self._cutter.n_missing + (n_columns_missing - 1) * self.hop
            if len(samples) < n_samples:
                self.push(samples)
                return
            self.push(samples[:n_samples])
            samples = samples[n_samples:]
            yield self.n_ticks

    def window(self, out: np.ndarray | None = None) -> np.ndarray:
        """The newest columns, oldest first, as the network wants them: a float32 copy, contiguous.

        `out`, one from before, is filled instead of a new one.
        """
        newest = self._shape(self._newest(0))
        if out is None:
            return newest.copy()
        np.copyto(out, newest)
        return out

    def tick_window(self) -> np.ndarray:
        """As `window`, but ending with the newest whole tick: the same whatever the blocks of samples."""
        return self._shape(self._newest(self.n_columns % self.columns_per_tick)).copy()

    def _newest(self, n_skipped: int) -> np.ndarray:
        end = self._end - n_skipped
        return self._columns[:, end - self.n_window_columns : end]

    def _shape(self, columns: np.ndarray) -> np.ndarray:
        """A view as the network wants it, which the next push changes."""
        return columns

    def _scale_power(self, power: np.ndarray) -> np.ndarray:
        return power

    def _batches(self, samples: np.ndarray, n_columns: int) -> Iterator[tuple[int, np.ndarray]]:
        for first in range(0, n_columns, BATCH_COLUMNS):
            n_batch = min(BATCH_COLUMNS, n_columns - first)
            start = first * self.hop
            part = samples[start : start + (n_batch - 1) * self.hop + self.n_fft]
            power = self._filters @ power_spectra(part, self._taper, self.hop).T
            yield first, self._scale_power(power).astype(np.float32)

    def _append(self, batch: np.ndarray) -> None:
        n_batch = batch.shape[1]
        if self._end + n_batch > self._columns.shape[1]:
            self._columns[:, : self._n_kept] = self._columns[:, self._end - self._n_kept : self._end].copy()
            self._end = self._n_kept
        self._columns[:, self._end : self._end + n_batch] = batch
        self._end += n_batch
        self.n_columns += n_batch


class TaggerMel(MelStream):
    """The tagger's log-mel at 16 kHz: `window()` is (128, 231) float32 in dB, -100 (silence) or more.

    n_fft 512, hop 256, Hann, power, 128 HTK mels 0–8 kHz without norm, 10·log10(max(x, 1e-10)).
    A tick is 2 columns = 512 samples: 31.25 a second. 231 columns are what a centred transform makes of the
    59,049 samples (3.69 s) of the published tagger. Source: traeumerai.md and design.md.
    """

    POWER_FLOOR = 1e-10

    def __init__(self) -> None:
        super().__init__(
            rate_hz=16000,
            n_fft=512,
            hop=256,
            window="hann",
            n_mels=128,
            high_hz=8000.0,
            scale="htk",
            n_window_columns=231,
            columns_per_tick=2,
            floor=10.0 * np.log10(self.POWER_FLOOR),
        )

    def _scale_power(self, power: np.ndarray) -> np.ndarray:
        return 10.0 * np.log10(np.maximum(power, self.POWER_FLOOR))


class EraMel(MelStream):
    """MVNet's mel at 22.05 kHz: `window()` is (3, 128, 256) float32, linear power, 0 in silence.

    Hamming 1024, hop 256, 128 mels; 768 columns = 8.91 s, the oldest third in channel 0. No logarithm, as in
    the released inference. The paper says only "librosa", hence librosa's defaults: Slaney scale and norm,
    0 Hz to half the rate. A tick is 3 columns. Source: crossing-you-in-style.md, section 4, and design.md.
    """

    N_CHANNELS = 3

    def __init__(self) -> None:
        super().__init__(
            rate_hz=22050,
            n_fft=1024,
            hop=256,
            window="hamming",
            n_mels=128,
            high_hz=11025.0,
            scale="slaney",
            n_window_columns=768,
            columns_per_tick=3,
            floor=0.0,
        )

    def newest(self, n_columns: int) -> np.ndarray:
        """The newest columns (n_mels, n), at most a window of them: a view, until the next push."""
        return self._columns[:, self._end - n_columns : self._end]

    def newest_power(self) -> np.ndarray:
        """Mean power of each mel in the newest tick, (n_mels,) float32."""
        return self._columns[:, self._end - self.columns_per_tick : self._end].mean(axis=1)

    def _shape(self, columns: np.ndarray) -> np.ndarray:
        thirds = columns.reshape(self.n_mels, self.N_CHANNELS, -1)
        return thirds.transpose(1, 0, 2)


def _mono(samples: np.ndarray) -> np.ndarray:
    samples = clean_samples(samples)
    if samples.ndim != 1:
        raise ValueError(f"mono samples of shape (n,) wanted, got {samples.shape}")
    return samples
