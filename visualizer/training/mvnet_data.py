"""What MVNet learns from: paintings and music of the same eras, paired anew in every batch."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from visualizer.networks.mvnet import N_COLUMNS, N_MELS, N_THIRDS
from visualizer.training import house
from visualizer.training.dated import Dated, dated_pictures, paintings_table
from visualizer.training.mvnet_eras import Eras
from visualizer.training.mvnet_music import Music, unpack
from visualizer.types import UserError

PAINTING_PX = 96
CROP_PX = 64
N_WINDOW = N_THIRDS * N_COLUMNS
SHORTEST = 86
"""Columns in 1 s: the least music a window holds, repeated to its length, as a piece that just began."""
P_SHORT = 0.3
TILT_DB = 6.0
PER_ERA = 2
"""Clips of each era in a batch, so that every clip has another of its era."""


@dataclass(frozen=True)
class Paintings:
    """Pixels (n, 96, 96, 3) uint8, years (n,) and artists."""

    pixels: NDArray[np.uint8]
    years: NDArray[np.int32]
    artists: list[str]

    def __len__(self) -> int:
        return len(self.years)


def read_paintings(data: Path, split: str, cache_dir: Path) -> Paintings:
    """All readable dated pictures of a split, squashed to 96 px as in the paper; cached in `cache_dir`."""
    dated = dated_pictures(data, split)
    names = "\n".join(str(one.path) for one in dated)
    is_table = paintings_table(data).is_file()
    told = "" if is_table else f"-{zlib.crc32(names.encode()):08x}"
    path = cache_dir / f"paintings-{split}-{len(dated)}{told}.npz"
    if not path.is_file():
        _fill_cache(dated, path)
    with np.load(path, allow_pickle=False) as kept:
        chosen, pixels = kept["chosen"], kept["pixels"]
    if not len(chosen):
        raise UserError(f"{data} holds no readable {split} pictures with a year; name another folder")
    years = np.array([dated[i].year for i in chosen], np.int32)
    return Paintings(pixels, years, [dated[i].maker for i in chosen])


def _fill_cache(dated: Sequence[Dated], path: Path) -> None:
    pixels, chosen = [], []
    for i, one in enumerate(dated):
        try:
            with Image.open(one.path) as image:
                small = image.convert("RGB").resize((PAINTING_PX, PAINTING_PX), Image.Resampling.LANCZOS)
                pixels.append(np.asarray(small))
                chosen.append(i)
        except (OSError, ValueError) as error:
            print(f"left out {one.path.name}: {error}")
    empty = np.zeros((0, PAINTING_PX, PAINTING_PX, 3), np.uint8)
    with house.writing(path) as part, part.open("wb") as file:
        np.savez(file, pixels=np.stack(pixels) if pixels else empty, chosen=np.array(chosen, np.int64))


@dataclass(frozen=True)
class Batch:
    """mel (B, 3, 128, 256) linear power, image (B, 3, 64, 64) in [-1, 1] and the era of both, (B,) int64."""

    mel: Tensor
    image: Tensor
    era: Tensor


class Pairs:
    """Batches by number: eras drawn evenly, PER_ERA clips of each, each clip with paintings of its era.

    `n_clips` clips, and `n_images` paintings a clip. The same number gives the same batch, so that a resumed
    run goes on as if it had never stopped.
    """

    def __init__(
        self, music: Music, paintings: Paintings, eras: Eras, n_clips: int, n_images: int, seed: int
    ) -> None:
        self._music, self._paintings = music, paintings
        self._clips = _by_era(music.years, eras)
        self._pictures = _by_era(paintings.years, eras)
        both = zip(self._clips, self._pictures, strict=True)
        self._eras = [i for i, (a, b) in enumerate(both) if len(a) and len(b)]
        if len(self._eras) < 2:
            raise UserError(
                "music and paintings share fewer than two eras; name a larger data folder with --data"
            )
        self._n_eras, self._n_images = max(2, min(len(self._eras), n_clips // PER_ERA)), n_images
        self._seed = seed

    def batch(self, number: int) -> Batch:
        """Its images are `n_images` times its mels: image i belongs to clip i // n_images."""
        rng = np.random.default_rng((self._seed, number))
        eras = np.repeat(rng.permutation(self._eras)[: self._n_eras], PER_ERA)
        mels = [self._window(int(rng.choice(self._clips[era])), rng) for era in eras]
        images = [self._crop(era, rng) for era in eras.repeat(self._n_images)]
        return Batch(
            torch.from_numpy(np.stack(mels)), to_tensor(np.stack(images)), torch.from_numpy(eras.copy())
        )

    def music(self, number: int, n_eras: int, n_per_era: int) -> tuple[Tensor, Tensor]:
        """Windows alone, (B, 3, 128, 256), and their eras (B,)."""
        rng = np.random.default_rng((self._seed, number, 2))
        eras = np.repeat(rng.permutation(self._eras)[:n_eras], n_per_era)
        mels = np.stack([self._window(int(rng.choice(self._clips[era])), rng) for era in eras])
        return torch.from_numpy(mels), torch.from_numpy(eras)

    def paintings(self, number: int, n: int) -> Batch:
        """Paintings of eras drawn evenly, without music: what the classifier learns from."""
        rng = np.random.default_rng((self._seed, abs(number), 1 if number >= 0 else 3))
        eras = rng.choice(self._eras, n)
        images = np.stack([self._crop(era, rng) for era in eras])
        return Batch(torch.zeros(0), to_tensor(images), torch.from_numpy(eras))

    def _window(self, clip: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """A window (3, 128, 256) from anywhere in a clip, tilted, sometimes as if the piece just began."""
        packed = self._music.mels[clip]
        n = int(rng.integers(SHORTEST, N_WINDOW)) if rng.random() < P_SHORT else N_WINDOW
        first = int(rng.integers(0, packed.shape[1] - n + 1))
        mel = thirds(unpack(packed[:, first : first + n], float(self._music.tops[clip])))
        tilt_db = np.linspace(-1, 1, N_MELS) * rng.uniform(-TILT_DB, TILT_DB)
        tilted: NDArray[np.float32] = mel * (10 ** (tilt_db / 10)).astype(np.float32)[None, :, None]
        return tilted

    def _crop(self, era: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        picture = int(rng.choice(self._pictures[era]))
        top, left = rng.integers(0, PAINTING_PX - CROP_PX + 1, 2)
        pixels = self._paintings.pixels[picture, top : top + CROP_PX, left : left + CROP_PX]
        return pixels[:, ::-1] if rng.random() < 0.5 else pixels


def _by_era(years: NDArray[np.int32], eras: Eras) -> list[NDArray[np.int64]]:
    numbers = np.array([-1 if (era := eras.of(int(year))) is None else era for year in years])
    return [np.flatnonzero(numbers == era) for era in range(len(eras))]


def thirds(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Columns (128, n) → a window (3, 128, 256), the oldest third first; short ones are repeated."""
    whole = mel[:, np.arange(N_WINDOW) % mel.shape[1]]
    return np.ascontiguousarray(whole.reshape(N_MELS, N_THIRDS, N_COLUMNS).transpose(1, 0, 2))


def to_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """(B, H, W, 3) uint8 → (B, 3, H, W) float32 in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))).float() / 127.5 - 1


def windows(music: Music, chosen: Sequence[int] | NDArray[np.int64]) -> Tensor:
    """The whole windows (n, 3, 128, 256) in the middle of clips: what is judged."""
    first = (music.mels.shape[2] - N_WINDOW) // 2
    cut = (unpack(music.mels[i, :, first : first + N_WINDOW], float(music.tops[i])) for i in chosen)
    return torch.from_numpy(np.stack([thirds(mel) for mel in cut]))


def centres(paintings: Paintings, chosen: Sequence[int] | NDArray[np.int64]) -> Tensor:
    """The middle crops (n, 3, 64, 64) in [-1, 1] of paintings: what classifiers are judged on."""
    first = (PAINTING_PX - CROP_PX) // 2
    part = slice(first, first + CROP_PX)
    return to_tensor(paintings.pixels[np.asarray(chosen)][:, part, part])
