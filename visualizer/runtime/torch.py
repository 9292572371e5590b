"""Torch as the last runtime: builds the module again from its card and weights. Imported only when chosen."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from visualizer.checkpoints.cards import CARD, load_card
from visualizer.runtime.base import Array, Buffers, Unavailable, fixed_shape


class Torch:
    """An eager module in fp32 on the CPU. Raises Unavailable where torch or the module cannot be had.

    Torch has one thread count for a process: the newest network loaded sets it.
    """

    def __init__(
        self, path: Path, *, threads: int, batch: int = 1, sizes: Mapping[str, int] | None = None
    ) -> None:
        if not (path.parent / CARD).exists():
            raise Unavailable("torch needs the card beside the model")
        card = load_card(path.parent)
        graph = card.graph(path.name)
        try:
            self._torch: Any = importlib.import_module("torch")
            modules: Any = importlib.import_module("visualizer.checkpoints.modules")
        except ImportError as error:
            raise Unavailable(f"{error.name or 'torch'} is not installed") from error
        self._torch.set_num_threads(threads)
        self._view = modules.view(modules.build(card, path.parent), card.kind, path.name)
        self.name = "torch"
        self.reason = ""
        self._buffers = Buffers(
            {t.name: np.zeros(fixed_shape(t.shape, batch, sizes), t.dtype) for t in graph.inputs},
            {t.name: np.zeros(fixed_shape(t.shape, batch, sizes), t.dtype) for t in graph.outputs},
        )
        self.inputs, self.outputs = self._buffers.input_shapes(), self._buffers.output_shapes()
        self._given = [self._torch.from_numpy(buffer) for buffer in self._buffers.inputs.values()]

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """As `Runtime.run`."""
        self._buffers.fill(inputs)
        with self._torch.inference_mode():
            result = self._view(*self._given)
        results = [result] if self._torch.is_tensor(result) else list(result)
        for buffer, value in zip(self._buffers.outputs.values(), results, strict=True):
            np.copyto(buffer, value.numpy())
        return self._buffers.outputs

    def close(self) -> None:
        """As `Runtime.close`."""
        self._view = None
