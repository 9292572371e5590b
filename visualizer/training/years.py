"""The two years that the house taste compares: the one music sounds of, and the one a picture looks of.

Music is heard by the shipped MVNet. Pictures are read by a ridge regression of paintings' years on means and
deviations of the style encoder's features: 902 numbers, kept beside the map's weights, so that the map can be
fitted anew without the paintings. Neither is good at years (docs/decisions/0009), so only ranks are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from visualizer import runtime
from visualizer.checkpoints.cards import MODEL, WEIGHTS, Model, load_card
from visualizer.checkpoints.modules import build
from visualizer.checkpoints.weights import load_state
from visualizer.features.mel import EraMel
from visualizer.modes.era_networks import read_eras
from visualizer.training.dated import dated_pictures
from visualizer.training.music import Samples
from visualizer.training.mvnet_data import N_WINDOW, thirds
from visualizer.training.pictures import balance, read_square
from visualizer.training.sounds import RATE_HZ
from visualizer.types import UserError

PICTURE_PX = 64
RIDGE = 0.1
N_BATCH = 64
MIN_PICTURES = 40
EXTRAS = ("picture_year_weight", "picture_year_bias")
Floats = NDArray[np.float64]


class MusicYears:
    """The year that MVNet expects of a clip: the middle of each era, weighed by its probability.

    Owned by one thread; close it.
    """

    def __init__(self, folder: Path) -> None:
        self._eras = read_eras(Model(folder, load_card(folder)))
        self._encoder = runtime.load(folder / MODEL, threads=1)
        self._mel = EraMel()

    def __call__(self, sound: Samples) -> float:
        """The year of a clip (n,) float32 at 16 kHz, from its first and its last window of 8.91 s."""
        heard = np.asarray(soxr.resample(sound, RATE_HZ, self._mel.rate_hz), np.float32)
        columns = self._mel.analyse(heard)
        looks = [thirds(part) for part in (columns[:, :N_WINDOW], columns[:, -N_WINDOW:])]
        told = [self._encoder.run({"mel": mel[np.newaxis]})["v"].ravel() for mel in looks]
        return float(np.mean([self._eras.hear(v) @ self._eras.middles for v in told]))

    def close(self) -> None:
        self._encoder.close()


@dataclass(frozen=True)
class PictureYears:
    """The year that a picture looks of: encoder, weight (n_statistics,) and bias."""

    encoder: nn.Module
    weight: Floats
    bias: float

    def __call__(self, pictures: NDArray[np.float32]) -> Floats:
        """Years (n,) of pictures (n, 3, 64, 64) in [-1, 1]."""
        seen = torch.from_numpy(pictures.clip(-1, 1) / 2 + 0.5)
        return statistics(self.encoder, seen) @ self.weight + self.bias

    def extras(self) -> dict[str, NDArray[Any]]:
        """What is stored beside the map."""
        return {
            EXTRAS[0]: self.weight.astype(np.float32),
            EXTRAS[1]: np.array([self.bias], np.float32),
        }


def load_encoder(folder: Path) -> nn.Module:
    """The style encoder in torch: pictures (n, 3, 64, 64) in [0, 1] → features of three levels."""
    return build(load_card(folder), folder)


def read_shipped(encoder: nn.Module, folder: Path) -> PictureYears:
    """The reading of years stored beside the map in `folder`; UserError where it has none."""
    stored: Mapping[str, NDArray[Any]] = load_state(folder / WEIGHTS) if folder.is_dir() else {}
    if any(name not in stored for name in EXTRAS):
        raise UserError(
            f"{folder} does not say how years of pictures are read; name dated paintings with --paintings"
        )
    return PictureYears(encoder, np.asarray(stored[EXTRAS[0]], np.float64), float(stored[EXTRAS[1]][0]))


@torch.no_grad()
def statistics(encoder: nn.Module, pictures: Tensor) -> Floats:
    """Mean and deviation of every channel of all levels and of the pixels: (n, 3, H, W) → (n, statistics)."""
    told = []
    for part in pictures.split(N_BATCH):
        levels = [*encoder(part), part]
        told.append(torch.cat([x for level in levels for x in (level.mean((2, 3)), level.std((2, 3)))], 1))
    return torch.cat(told).double().numpy()


def fit(encoder: nn.Module, data: Path) -> tuple[PictureYears, dict[str, float]]:
    """Ridge regression on the dated paintings of `data`, and its figures on those of other artists.

    Half-centuries weigh by the root of their count, as the generator saw them. Years are whole pictures'
    centre squares at 64 px, framed as the generator's pictures are.
    """
    seen, years = read_dated(encoder, data, "train")
    mean, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-4
    x = (seen - mean) / spread
    share = balance([int(year) for year in years])
    middle, centre = float(share @ years), share @ x
    weighted = (x - centre) * share[:, np.newaxis]
    gram = weighted.T @ (x - centre) + RIDGE * np.eye(x.shape[1])
    weight = np.linalg.solve(gram, weighted.T @ (years - middle)) / spread
    reading = PictureYears(encoder, weight, middle - float(centre @ (weight * spread) + mean @ weight))
    return reading, judge(reading, encoder, data, float(np.median(years)))


def judge(reading: PictureYears, encoder: nn.Module, data: Path, median: float) -> dict[str, float]:
    """Correlation and error in years on held-out pictures, and the error of always saying the median."""
    seen, years = read_dated(encoder, data, "val")
    told = seen @ reading.weight + reading.bias
    return {
        "picture_year_correlation": float(np.corrcoef(told, years)[0, 1]),
        "picture_year_error": float(np.abs(told - years).mean()),
        "picture_year_error_constant": float(np.abs(median - years).mean()),
    }


def read_dated(encoder: nn.Module, data: Path, split: str) -> tuple[Floats, Floats]:
    """Statistics (n, n_statistics) and years (n,) of the readable dated pictures of a split."""
    told: list[Floats] = []
    years: list[float] = []
    batch: list[NDArray[np.uint8]] = []

    def flush(pixels: Sequence[NDArray[np.uint8]]) -> None:
        if pixels:
            pictures = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255
            told.append(statistics(encoder, pictures))

    for one in dated_pictures(data, split):
        try:
            batch.append(read_square(one.path, PICTURE_PX))
        except (OSError, ValueError) as error:
            print(f"left out {one.path.name}: {error}")
            continue
        years.append(one.year)
        if len(batch) == N_BATCH:
            flush(batch)
            batch.clear()
    flush(batch)
    if len(years) < (MIN_PICTURES if split == "train" else 2):
        raise UserError(
            f"{data} holds {len(years)} readable {split} pictures with a year, not {MIN_PICTURES} or more; "
            "name another folder with --paintings"
        )
    return np.concatenate(told), np.array(years)
