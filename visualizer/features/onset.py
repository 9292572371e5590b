"""Onsets: spectral flux of log-compressed bands, an adaptive threshold and a flash that decays."""

import math

import numpy as np

# Bands enter as log(1 + amplitude / QUIET_AMPLITUDE): below it changes hardly count, above it ratios do.
QUIET_AMPLITUDE = 1e-3
# Flux compares with two hops ago: the window spreads an attack over several hops.
LAG_HOPS = 2


class SpectralFlux:
    """Mean rise of the log-compressed bands, over all of them and over the low ones. Owner: who pushes.

    Each band is compared with the largest of its neighbourhood two hops ago, so that vibrato and glides,
    which only move energy to the next band, do not count as attacks (Böck and Widmer, SuperFlux, 2013).
    """

    def __init__(self, n_bands: int, n_low_bands: int) -> None:
        self._n_low = n_low_bands
        self._past = [np.zeros(n_bands, np.float32)] * LAG_HOPS

    def push(self, band_powers: np.ndarray) -> tuple[float, float]:
        """Powers (n_bands,) float32 of a hop → flux of all bands and flux of the low bands, 0 or more."""
        bands = np.log1p(np.sqrt(band_powers) * np.float32(1.0 / QUIET_AMPLITUDE))
        past = self._past.pop(0)
        self._past.append(bands)
        around = past.copy()
        np.maximum(around[1:], past[:-1], out=around[1:])
        np.maximum(around[:-1], past[1:], out=around[:-1])
        rise = np.maximum(bands - around, 0.0)
        return float(rise.sum()) / len(rise), float(rise[: self._n_low].sum()) / self._n_low


class OnsetFlash:
    """1 at each onset, then decaying. Owner: the thread that pushes.

    An onset is flux above mean + 2.2 standard deviations of about the last second, and above a floor that
    steady noise does not reach; at most one every 90 ms.
    """

    MEMORY_S = 1.2
    DECAY_S = 0.13
    REST_S = 0.09
    N_DEVIATIONS = 2.2
    FLOOR = 0.06

    def __init__(self, hop_s: float) -> None:
        self._memory = 1.0 - math.exp(-hop_s / self.MEMORY_S)
        self._decay = math.exp(-hop_s / self.DECAY_S)
        self._n_rest_hops = round(self.REST_S / hop_s)
        self._n_hops_since = self._n_rest_hops
        self._mean = 0.0
        self._variance = 0.0
        self._flash = 0.0

    @property
    def is_onset(self) -> bool:
        """Whether the hop of the last push was one."""
        return self._n_hops_since == 0

    def push(self, flux: float, openness: float) -> float:
        """Flux of a hop → flash [0, 1]."""
        self._n_hops_since += 1
        self._flash *= self._decay
        threshold = self._mean + self.N_DEVIATIONS * math.sqrt(self._variance) + self.FLOOR
        if flux > threshold and openness > 0.5 and self._n_hops_since > self._n_rest_hops:
            self._flash = 1.0
            self._n_hops_since = 0
        # An attack far above the rest counts as the threshold in the memory: it must not deafen it.
        heard = min(flux, threshold + self.FLOOR)
        away = heard - self._mean
        self._mean += self._memory * away
        self._variance += self._memory * (away * away - self._variance)
        return self._flash * openness
