"""Pictures for training: a folder of paintings as one uint8 array, balanced batches of it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from visualizer.training import house
from visualizer.types import UserError

DEFAULT_DATA = Path("../shared/data/paintings")
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
MIN_PICTURES = 16


def find_pictures(folder: Path, split: str = "train") -> tuple[list[Path], list[int | None]]:
    """The pictures of a folder and their years: of `split` where it has `paintings.csv`, else all of it."""
    if not folder.is_dir():
        raise UserError(
            f"there are no pictures to learn from at {folder}; name a folder of pictures with --data"
        )
    table = folder / "paintings.csv"
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == split]
        return [folder / row["file"] for row in rows], [_year(row["year"]) for row in rows]
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return paths, [None] * len(paths)


def _year(text: str) -> int | None:
    try:
        return int(float(text))
    except ValueError:
        return None


def read_square(path: Path, size_px: int) -> np.ndarray:
    """The centre square of a picture file, (size, size, 3) uint8, Lanczos."""
    with Image.open(path) as image:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = image.convert("RGB").crop((left, top, left + side, top + side))
        return np.asarray(square.resize((size_px, size_px), Image.Resampling.LANCZOS))


def load_pictures(folder: Path, size_px: int, cache_dir: Path) -> tuple[np.ndarray, np.ndarray]:
    """All training pictures, (N, size, size, 3) uint8, and the weights to draw them by, (N,), sum 1.

    The array is cached in `cache_dir`; unreadable pictures are left out and counted on the way.
    """
    paths, years = find_pictures(folder)
    name = f"{folder.resolve().name}-{len(paths)}-{size_px}"
    pixels_path, kept_path = cache_dir / f"{name}.npy", cache_dir / f"{name}-kept.npy"
    if not (pixels_path.is_file() and kept_path.is_file()):
        _fill_cache(paths, size_px, pixels_path, kept_path)
    kept = np.load(kept_path)
    pixels = np.load(pixels_path, mmap_mode="r")
    if len(pixels) < MIN_PICTURES:
        raise UserError(
            f"{folder} holds {len(pixels)} readable pictures, not {MIN_PICTURES}; name another with --data"
        )
    return pixels, balance([years[i] for i in kept])


def _fill_cache(paths: list[Path], size_px: int, pixels_path: Path, kept_path: Path) -> None:
    pictures, kept = [], []
    for i, path in enumerate(paths):
        try:
            pictures.append(read_square(path, size_px))
            kept.append(i)
        except (OSError, ValueError) as error:
            print(f"left out {path.name}: {error}")
    pixels = np.stack(pictures) if pictures else np.zeros((0, size_px, size_px, 3), np.uint8)
    for path, array in ((pixels_path, pixels), (kept_path, np.array(kept, np.int64))):
        with house.writing(path) as part, part.open("wb") as file:
            np.save(file, array)


def balance(years: list[int | None], power: float = 0.5) -> np.ndarray:
    """Weights (N,), sum 1, that draw each half-century in proportion to its count to the power (1 - `power`).

    0.5 is a compromise: full balance (1.0) would show the few pictures before 1600 too often.
    """
    halves = [None if year is None else year // 50 for year in years]
    counts = Counter(halves)
    weights = np.array([counts[half] ** -power for half in halves], np.float64)
    return weights / weights.sum()


class Batches:
    """Endless random batches of a picture array: (B, 3, S, S) float32 in [-1, 1], flipped at random.

    `crop_px`: random squares of that side instead of whole pictures.
    """

    def __init__(
        self, pixels: np.ndarray, weights: np.ndarray, n_batch: int, seed: int, crop_px: int | None = None
    ):
        self._pixels = pixels
        self._weights = np.cumsum(weights)
        self._n_batch = n_batch
        self._crop_px = crop_px
        self._rng = np.random.default_rng(seed)

    def next(self) -> Tensor:
        chosen = np.searchsorted(self._weights, self._rng.random(self._n_batch) * self._weights[-1])
        pictures = []
        for i in np.minimum(chosen, len(self._pixels) - 1):
            picture = np.asarray(self._pixels[i])
            if self._crop_px:
                top, left = self._rng.integers(0, picture.shape[0] - self._crop_px + 1, 2)
                picture = picture[top : top + self._crop_px, left : left + self._crop_px]
            pictures.append(picture[:, ::-1] if self._rng.random() < 0.5 else picture)
        batch = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
        return batch.float() / 127.5 - 1
