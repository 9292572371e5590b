"""The house taste: which picture suits which music, written down as a score so that anybody can change it.

TräumerAI's author chose by ear and eye. Ours ranks 200 clips by what can be heard and 200 pictures by what
can be seen, and asks that the ranks agree:

    era (the year MVNet hears)                      ↔  era (the year that a picture looks of)
    energy (fullness, how much the spectrum moves)  ↔  contrast and saturation
    brightness of timbre (spectral centroid)        ↔  lightness
    roughness (spectral flatness)                   ↔  fineness of texture

Each clip gets a picture so that the sum of squared differences of ranks, as normal scores, is least, each
term weighed by `WEIGHTS`; no picture is given away more than `MAX_USES` times, or a few favourites would make
the map dull. Both years come from `training/years.py`: they are uncertain, and only their ranks are taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, signal, special

HEARD = ("era", "energy", "brightness", "roughness")
SEEN = ("era", "vividness", "lightness", "fineness")
WEIGHTS = (2.0, 3.0, 1.0, 1.0)
MAX_USES = 3
RATE_HZ = 16_000
N_BANDS = 16
RANGE_DB = 50.0
FLOOR_POWER = 1e-7
"""A sine at about −60 dBFS: what stays below is silence, however full."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """A clip and the picture chosen for it, by index, with the squared distance of their ranks."""

    clip: int
    picture: int
    distance: float


def normal_scores(values: NDArray[np.floating]) -> Floats:
    """Ranks of each column as normal scores: (n, k) → (n, k), mean 0, whatever the units."""
    ranks = np.argsort(np.argsort(values, axis=0, kind="stable"), axis=0)
    return np.asarray(special.ndtri((ranks + 0.5) / len(values)))


def hear(sound: NDArray[np.float32]) -> Floats:
    """What is heard in a clip (n,) at 16 kHz: fullness dB, flux dB, centroid octaves, flatness dB → (4,).

    Above silence nothing here changes with the level: gain is the mixer's, and the tagger ignores it too.
    Fullness is how near the bands stay to their peak, flux how much they rise from frame to frame (32 ms).
    """
    _, _, spectra = signal.stft(sound, RATE_HZ, nperseg=1024, noverlap=512)
    power = np.abs(spectra) ** 2 + 1e-12
    hz = np.fft.rfftfreq(1024, 1 / RATE_HZ)[:, None]
    share = power.sum(axis=0) / power.sum()
    centroid = (hz * power).sum(axis=0) / power.sum(axis=0)
    flatness = np.exp(np.log(power).mean(axis=0)) / power.mean(axis=0)
    edges = np.searchsorted(hz[:, 0], np.geomspace(60, 7800, N_BANDS + 1))
    bands = np.stack([power[a : max(b, a + 1)].mean(axis=0) for a, b in pairwise(edges)])
    level_db = np.maximum(10 * np.log10(bands / max(bands.max(), FLOOR_POWER)), -RANGE_DB)
    flux_db = np.maximum(np.diff(level_db, axis=1), 0).mean()
    return np.array(
        [
            level_db.mean(),
            flux_db,
            (share * np.log2(centroid + 20)).sum(),
            (share * 10 * np.log10(flatness)).sum(),
        ]
    )


def see(picture: NDArray[np.float32]) -> Floats:
    """What is seen in a picture (3, S, S) in [-1, 1]: contrast, saturation, lightness, fineness → (4,)."""
    rgb = (picture.astype(np.float64).clip(-1, 1) + 1) / 2
    luma = np.tensordot(np.array([0.299, 0.587, 0.114]), rgb, 1)
    contrast = luma.std()
    saturation = (rgb.max(axis=0) - rgb.min(axis=0)).mean()
    steps = np.abs(np.diff(luma, axis=0)).mean() + np.abs(np.diff(luma, axis=1)).mean()
    return np.array([contrast, saturation, luma.mean(), steps / (contrast + 1e-3)])


def scores(features: Floats) -> Floats:
    """(n, 5) features, a year and what is heard or seen → (n, 4) normal scores; energy's two are joined."""
    ranks = normal_scores(features)
    joined = np.stack([ranks[:, 0], ranks[:, 1] + ranks[:, 2], ranks[:, 3], ranks[:, 4]], axis=1)
    return normal_scores(joined)


def pair(heard: Floats, seen: Floats) -> list[Pair]:
    """Choose a picture for every clip; both are (n, 5): the year, then what `hear` and `see` give."""
    a, b = scores(heard), scores(seen)
    distance = (((a[:, None] - b[None]) ** 2) * np.array(WEIGHTS)).sum(axis=2)
    clips, slots = optimize.linear_sum_assignment(np.tile(distance, (1, MAX_USES)))
    pictures = slots % len(seen)
    return [Pair(int(c), int(p), float(distance[c, p])) for c, p in zip(clips, pictures, strict=True)]
