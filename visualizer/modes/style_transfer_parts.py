"""What the live style-transfer networks are made of: graphs by size, the encoder, pictures in and out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visualizer import runtime
from visualizer.checkpoints import cards, weights
from visualizer.checkpoints.cards import MODEL, STYLE_LEVELS, WEIGHTS, Model
from visualizer.modes import style_transfer_maths as maths
from visualizer.runtime import Precision, Runtime
from visualizer.runtime.choose import verify_files
from visualizer.types import Float32, UInt8, UserError

N_SIZES = 3
"""So many sizes of pictures are kept ready at once; another one takes about a tenth of a second."""


def find_part(id: str) -> Model:
    model = cards.find_model(id)
    if model.card.kind != "style_transfer":
        raise UserError(
            f"{model.card.id} is a {model.card.kind}, not a style_transfer: fetch models/{id} again, whole."
        )
    return model


class Graphs:
    """The graphs of one model, loaded when a size of picture first asks for them. Belongs to one thread."""

    def __init__(self, model: Model, threads: int, precision: Precision) -> None:
        self.card = model.card
        self.weights = weights.load_state(model.folder / WEIGHTS)
        self._folder: Path = model.folder
        self._threads, self._precision = threads, precision
        self._loaded: dict[tuple[str, int, int], Runtime] = {}
        self.name, self.reason = "", ""
        verify_files(model.onnx_path)

    def at(self, height: int, width: int, file: str = MODEL) -> Runtime:
        """A graph for pictures of this height and width (px), the one unused for longest given back."""
        key = (file, height, width)
        if key in self._loaded:
            self._loaded[key] = self._loaded.pop(key)
            return self._loaded[key]
        same = [other for other in self._loaded if other[0] == file]
        if len(same) >= N_SIZES:
            self._loaded.pop(same[0]).close()
        sizes = {"height": height // 4, "width": width // 4}
        loaded = runtime.load(
            self._folder / file, threads=self._threads, precision=self._precision, sizes=sizes, verify=False
        )
        self._loaded[key] = loaded
        self.name, self.reason = loaded.name, loaded.reason
        return loaded

    @property
    def epsilon(self) -> float:
        """What regularises covariances (see the torch reference)."""
        return float(self.card.architecture["epsilon"])

    @property
    def variance_floor(self) -> float:
        """What keeps variances from 0 (see the torch reference)."""
        return float(self.card.architecture["variance_floor"])

    @property
    def share(self) -> float:
        """Avatar-Net's: how much of its picture is patches, the rest coloured content, (0, 1]."""
        return float(self.card.architecture.get("share", 1.0))

    def close(self) -> None:
        """Gives all graphs back."""
        for loaded in self._loaded.values():
            loaded.close()
        self._loaded.clear()


@dataclass(frozen=True, slots=True)
class Parts:
    """The encoder, which all networks share, and one network. Belongs to one thread."""

    encoder: Graphs
    network: Graphs

    def encode(self, image: Float32, level: int = 3) -> Float32:
        """(1, 3, H, W) in [0, 1] → features (1, C, ·, ·) of level 2 or 3, until the next call."""
        loaded = self.encoder.at(image.shape[2], image.shape[3], STYLE_LEVELS[level])
        return loaded.run({"image": image})["features"]

    def thin_encode(self, image: Float32, level: int) -> Float32:
        """(1, 3, H, W) in [0, 1] → features of a level, 1 to 3, thinned for statistics: (C, n)."""
        if level > 1:
            return maths.thin(self.encode(image, level))
        stored = self.encoder.weights
        return maths.thin_first_level(image, stored["level1.conv.weight"], stored["level1.conv.bias"])

    def decode(self, features: Float32, matrix: Float32, offset: Float32, level: int = 3) -> Float32:
        """Features (1, C, ·, ·) through the matrix (m, C) and offset (m,) → an image (1, 3, H, W), a view."""
        factor = 4 >> (3 - level)
        height, width = factor * features.shape[2], factor * features.shape[3]
        loaded = self.network.at(height, width, STYLE_LEVELS[level])
        given = {"features": features, "matrix": matrix[np.newaxis], "offset": offset[np.newaxis]}
        return loaded.run(given)["image"]


class StyleTransfer(ABC):
    """One network, loaded. Belongs to one thread."""

    def __init__(self, name: str, parts: Parts) -> None:
        self.name = name
        self.parts = parts

    @abstractmethod
    def read_content(self, pixels: UInt8) -> Any:
        """(H, W, 3) uint8 RGB, H and W multiples of 16 → everything of the content, computed once."""

    @abstractmethod
    def read_style(self, image: Float32) -> Any:
        """(H, W, 3) float32 RGB in [0, 1], H and W multiples of 16, 64 as MVNet paints → its statistics."""

    @abstractmethod
    def paint(self, content: Any, style: Any, strength: float, out: Float32 | None = None) -> Float32:
        """(H, W, 3) float32 in [0, 1]; strength 0 is the content as decoded, 1 the full style.

        An `out` of that shape is filled instead of a new array.
        """

    def describe(self) -> str:
        """Network and runtime, for the HUD."""
        return f"{self.name}, {self.parts.network.name or 'not run yet'}"

    def reasons(self) -> list[str]:
        """Why this runtime, where there was a choice or a fallback."""
        return sorted({self.parts.encoder.reason, self.parts.network.reason} - {""})

    def close(self) -> None:
        """Gives the networks back."""
        self.parts.encoder.close()
        self.parts.network.close()


@dataclass(frozen=True, slots=True)
class Mix:
    """The pointwise first layer of a decoder: matrix (m, C) and bias (m,)."""

    matrix: Float32
    bias: Float32

    @classmethod
    def of(cls, stored: Mapping[str, Any], prefix: str) -> Mix:
        """From a model's weights, by the layer's name."""
        matrix = stored[f"{prefix}.weight"]
        return cls(matrix.reshape(matrix.shape[0], -1), stored[f"{prefix}.bias"])


def take_pixels(pixels: UInt8) -> Float32:
    """(H, W, 3) uint8 → (1, 3, H, W) float32 in [0, 1]; UserError for sizes that no network takes."""
    _check_size(pixels.shape)
    return np.asarray(pixels.transpose(2, 0, 1)[np.newaxis] / np.float32(255.0), order="C")


def take_style(image: Float32) -> Float32:
    """(H, W, 3) float32 → (1, 3, H, W), finite and in [0, 1]."""
    _check_size(image.shape)
    clean = np.nan_to_num(image.astype(np.float32, copy=False), nan=0.5)
    np.clip(clean, 0.0, 1.0, out=clean)
    return np.ascontiguousarray(clean.transpose(2, 0, 1)[np.newaxis])


def give_image(image: Float32, out: Float32 | None = None) -> Float32:
    """(1, 3, H, W) → (H, W, 3) float32 in [0, 1], finite; a copy, in `out` where that has the shape."""
    if not np.isfinite(image.sum()):
        image = np.nan_to_num(image, nan=0.5)
    picture = image[0].transpose(1, 2, 0)
    fits = out is not None and out.shape == picture.shape
    return np.clip(picture, 0.0, 1.0, out=out if fits else np.empty(picture.shape, np.float32))


def _check_size(shape: tuple[int, ...]) -> None:
    if len(shape) != 3 or shape[2] != 3 or shape[0] % 16 or shape[1] % 16 or not shape[0] * shape[1]:
        raise UserError(
            f"Style transfer takes pictures (H, W, 3) with sides that are multiples of 16, not {shape}: "
            "scale the picture first."
        )


def clamp_strength(strength: float) -> float:
    """[0, 1]; what is not a number is 0."""
    return min(max(float(strength), 0.0), 1.0) if strength == strength else 0.0
