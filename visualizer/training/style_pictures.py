"""Batches of contents and styles: random squares of pictures, photographs and paintings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from visualizer.training.pictures import SUFFIXES, find_pictures
from visualizer.types import UserError

DEFAULT_DATA = Path("../shared/data")
SHARES = {"paintings": 0.35, "affect": 0.4, "pictures": 0.25}
"""How often a content comes from which folder, where the folders are there."""
STYLE_PX = 64
"""What MVNet paints, and so what a live style has."""
MIN_PICTURES = 4


class Pictures:
    """Draws squares from folders of pictures, the same for the same seed. Owned by one thread."""

    def __init__(self, data: Path, seed: int, split: str = "train") -> None:
        self._rng = np.random.default_rng(seed)
        folders = {name: data / name for name in SHARES if (data / name).is_dir()} or {"": data}
        self._sources = {name: find_pictures(folder, split)[0] for name, folder in folders.items()}
        self._sources = {name: paths for name, paths in self._sources.items() if paths}
        n = sum(len(paths) for paths in self._sources.values())
        if n < MIN_PICTURES:
            raise UserError(
                f"{data} holds {n} pictures ({', '.join(sorted(SUFFIXES))}); name another folder with --data"
            )
        self._names = list(self._sources)
        shares = np.array([SHARES.get(name, 1.0) for name in self._names])
        self._shares = shares / shares.sum()
        self._bad: set[Path] = set()

    def contents(self, n: int, px: int) -> Tensor:
        """(n, 3, px, px) in [0, 1]."""
        names = self._rng.choice(self._names, n, p=self._shares)
        return _stack([self._square(self._draw(str(name)), px) for name in names])

    def styles(self, n: int, px: int) -> Tensor:
        """(n, 3, px, px) in [0, 1]: small ones are whole paintings, some blurred; larger ones squares."""
        name = "paintings" if "paintings" in self._sources else self._names[0]
        return _stack([self._style(self._draw(name), px) for _ in range(n)])

    def _style(self, image: Image.Image, px: int) -> Image.Image:
        if px > STYLE_PX or self._rng.random() < 0.2:
            return self._square(image, px)
        image = image.resize((px, px), Image.Resampling.LANCZOS)
        if self._rng.random() < 0.4:
            image = image.filter(ImageFilter.GaussianBlur(self._rng.uniform(0.4, 1.5)))
        return image

    def _draw(self, name: str) -> Image.Image:
        """A readable picture of a folder; unreadable ones are named once and passed over."""
        paths = self._sources[name]
        for _ in range(100):
            path = paths[self._rng.integers(len(paths))]
            if path in self._bad:
                continue
            try:
                with Image.open(path) as image:
                    return image.convert("RGB")
            except (OSError, ValueError) as error:
                self._bad.add(path)
                print(f"left out {path.name}: {error}")
        raise UserError(f"hardly a picture of {paths[0].parent} can be read; name another folder with --data")

    def _square(self, image: Image.Image, px: int) -> Image.Image:
        """A random square, at a random size between just fitting and as it is, flipped at random."""
        side = int(self._rng.integers(min(px, min(image.size)), min(image.size) + 1))
        left = int(self._rng.integers(image.width - side + 1))
        top = int(self._rng.integers(image.height - side + 1))
        box = (left, top, left + side, top + side)
        image = image.resize((px, px), Image.Resampling.BICUBIC, box=box)
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self._rng.random() < 0.5 else image


def _stack(images: list[Image.Image]) -> Tensor:
    pixels = np.stack([np.asarray(image) for image in images])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
