"""What every runtime offers, and the buffers they run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from visualizer.checkpoints.cards import SQUARE

Precision = Literal["auto", "fp32", "bf16"]

Array = NDArray[Any]


class Unavailable(Exception):
    """A runtime cannot be had here; its text says why, in a few words."""


class Runtime(Protocol):
    """One loaded network. Belongs to one thread: `run` reuses its buffers."""

    name: str
    """Which runtime, provider and precision, such as "openvino bf16"."""
    reason: str
    """Why this one runs, and what stood against those before it."""
    inputs: dict[str, tuple[int, ...]]
    """Shapes of the inputs, by name."""
    outputs: dict[str, tuple[int, ...]]
    """Shapes of the outputs, by name."""

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """One forward pass. All inputs by name, in the shapes of `inputs`; other dtypes are cast.

        The arrays returned are written over by the next run: copy what should last. Raises ValueError for a
        missing, unknown or misshapen input.
        """

    def close(self) -> None:
        """Free the network; `run` must not be called again."""


@dataclass(frozen=True, slots=True)
class Buffers:
    """One array for each input and output, made once."""

    inputs: dict[str, Array]
    outputs: dict[str, Array]

    def fill(self, given: Mapping[str, Array]) -> None:
        """Copy the given arrays into the input buffers; raises ValueError as `Runtime.run` says."""
        if given.keys() != self.inputs.keys():
            raise ValueError(
                f"this network takes {', '.join(self.inputs)}, not {', '.join(given) or 'nothing'}"
            )
        for name, buffer in self.inputs.items():
            value = given[name]
            if value.shape != buffer.shape:
                raise ValueError(f"the input {name} has the shape {value.shape}, not {buffer.shape}")
            np.copyto(buffer, value, casting="same_kind")

    def input_shapes(self) -> dict[str, tuple[int, ...]]:
        """By name."""
        return {name: buffer.shape for name, buffer in self.inputs.items()}

    def output_shapes(self) -> dict[str, tuple[int, ...]]:
        """By name."""
        return {name: buffer.shape for name, buffer in self.outputs.items()}


def fixed_shape(
    shape: tuple[int | str, ...], batch: int, sizes: Mapping[str, int] | None = None
) -> tuple[int, ...]:
    """A declared shape with its free axes, "height" or "4*height", set by `sizes`, the others to `batch`.

    A generator paints squares where `sizes` says nothing of its columns.
    """
    return tuple(n if isinstance(n, int) else _axis_size(n, batch, sizes or {}) for n in shape)


def _axis_size(axis: str, batch: int, sizes: Mapping[str, int]) -> int:
    factor, _, name = axis.rpartition("*")
    return int(factor or 1) * sizes.get(name, SQUARE.get(name, batch))
