"""Torch as the last runtime: builds the module again from its card and weights. Imported only when chosen."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from visualizer.checkpoints.cards import WEIGHTS, load_card
from visualizer.checkpoints.weights import load_state
from visualizer.runtime.base import Array, Buffers, Unavailable, fixed_shape

BUILDERS = {
    "tagger": "visualizer.networks.tagger",
    "transfer": "visualizer.networks.transfer",
    "generator": "visualizer.networks.stylegan2",
}
"""Where the `build(architecture)` and `view(module, file)` of each kind are: the module whose weights are
stored, and what one ONNX file of it computes."""


class Torch:
    """An eager module in fp32 on the CPU. Raises Unavailable where torch or the module cannot be had."""

    def __init__(self, path: Path, *, threads: int, batch: int = 1) -> None:
        try:
            self._torch: Any = importlib.import_module("torch")
        except ImportError as error:
            raise Unavailable("torch is not installed") from error
        card = load_card(path.parent)
        graph = card.graph(path.name)
        if card.kind not in BUILDERS:
            raise Unavailable(f"no torch module is known for a {card.kind}")
        self._torch.set_num_threads(threads)
        self._view = build_view(card.kind, card.architecture, path.parent / WEIGHTS, path.name)
        self.name = "torch"
        self.reason = ""
        self._buffers = Buffers(
            {t.name: np.zeros(fixed_shape(t.shape, batch), t.dtype) for t in graph.inputs},
            {t.name: np.zeros(fixed_shape(t.shape, batch), t.dtype) for t in graph.outputs},
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


def build_view(kind: str, architecture: Mapping[str, Any], weights: Path, file: str) -> Any:
    """The torch module behind one ONNX file of a model, with the weights as stored, in evaluation mode."""
    torch: Any = importlib.import_module("torch")
    maker: Any = importlib.import_module(BUILDERS[kind])
    module = maker.build(architecture)
    stored = load_state(weights)
    state = {name: torch.from_numpy(np.array(stored[name])) for name in module.state_dict()}
    module.load_state_dict(state)
    return maker.view(module, file).eval()
