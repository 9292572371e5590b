"""ONNX Runtime on the CPU: the runtime that is everywhere."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from visualizer.runtime.base import Array, Buffers, Unavailable, fixed_shape

_DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}
_QUIET = 4
"""Log severity: only what is fatal, which raises anyway."""


class OnnxRuntime:
    """A session with bound buffers on the CPU. Raises Unavailable where it is not installed."""

    def __init__(
        self, path: Path, *, threads: int, batch: int = 1, sizes: Mapping[str, int] | None = None
    ) -> None:
        try:
            ort: Any = importlib.import_module("onnxruntime")
        except ImportError as error:
            raise Unavailable("onnxruntime is not installed") from error
        options = quiet_options(ort, path, threads, batch, sizes)
        self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.name = "onnxruntime"
        self.reason = ""
        self._buffers = buffers_of(self._session, batch, sizes)
        self.inputs, self.outputs = self._buffers.input_shapes(), self._buffers.output_shapes()
        self._binding = self._session.io_binding()
        for name, buffer in self._buffers.inputs.items():
            self._binding.bind_input(name, "cpu", 0, buffer.dtype, buffer.shape, buffer.ctypes.data)
        for name, buffer in self._buffers.outputs.items():
            self._binding.bind_output(name, "cpu", 0, buffer.dtype, buffer.shape, buffer.ctypes.data)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """As `Runtime.run`."""
        self._buffers.fill(inputs)
        self._session.run_with_iobinding(self._binding)
        return self._buffers.outputs

    def close(self) -> None:
        """As `Runtime.close`."""
        self._binding = None
        self._session = None


def quiet_options(ort: Any, path: Path, threads: int, batch: int, sizes: Mapping[str, int] | None) -> Any:
    """Options of a session that keeps to its threads, waits without spinning, and knows all its sizes."""
    options = ort.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    for axis in _free_axes(path):
        options.add_free_dimension_override_by_name(axis, *fixed_shape((axis,), batch, sizes))
    return options


def buffers_of(session: Any, batch: int, sizes: Mapping[str, int] | None) -> Buffers:
    """One array for each input and output of a session."""
    return Buffers(
        {value.name: _buffer(value, batch, sizes) for value in session.get_inputs()},
        {value.name: _buffer(value, batch, sizes) for value in session.get_outputs()},
    )


def _free_axes(path: Path) -> set[str]:
    """Names of the free axes as the card beside a graph tells them; fixed, the session can plan ahead."""
    from visualizer.checkpoints.cards import CARD, load_card

    if not (path.parent / CARD).exists():
        return set()
    graph = load_card(path.parent).graph(path.name)
    return {n for tensor in graph.inputs for n in tensor.shape if isinstance(n, str)}


def _buffer(value: Any, batch: int, sizes: Mapping[str, int] | None) -> Array:
    shape = fixed_shape(tuple(n if isinstance(n, int) else str(n) for n in value.shape), batch, sizes)
    return np.zeros(shape, _DTYPES[value.type])
