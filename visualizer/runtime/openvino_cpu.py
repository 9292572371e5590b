"""OpenVINO on the CPU: the fastest here, in fp32 or, where the processor computes in it, bf16."""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from visualizer.runtime.base import Array, Buffers, Precision, Unavailable, fixed_shape


class OpenVino:
    """A compiled model with one request and bound buffers. Raises Unavailable where it is not installed."""

    def __init__(
        self,
        path: Path,
        *,
        threads: int,
        batch: int = 1,
        sizes: Mapping[str, int] | None = None,
        precision: Precision = "fp32",
    ) -> None:
        ov = _import_silent()
        core = ov.Core()
        has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if precision == "bf16" and not has_bf16:
            raise Unavailable("this processor does not compute in bf16")
        kind = "bf16" if has_bf16 and precision in ("auto", "bf16") else "fp32"
        model = core.read_model(path)
        declared = _declared_shapes(path)
        free = {
            port.any_name: list(fixed_shape(declared.get(port.any_name, _own_shape(port)), batch, sizes))
            for port in model.inputs
            if port.partial_shape.is_dynamic
        }
        if free:
            model.reshape(free)
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if kind == "bf16" else "f32",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            # Off, or int8 weights would quantise the activations of dense layers too (0.7 % off).
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
            # Several processes share the cores; two that pin to the same one would starve each other.
            "ENABLE_CPU_PINNING": False,
        }
        self._compiled = core.compile_model(model, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        self.name = f"openvino {kind}"
        self.reason = ""
        # Compiling may give an output the names of steps before it as well: only the model's own are told.
        self._buffers = Buffers(
            {port.any_name: _buffer(port) for port in self._compiled.inputs},
            {
                own.any_name: _buffer(port)
                for own, port in zip(model.outputs, self._compiled.outputs, strict=True)
            },
        )
        self.inputs, self.outputs = self._buffers.input_shapes(), self._buffers.output_shapes()
        for name, buffer in (*self._buffers.inputs.items(), *self._buffers.outputs.items()):
            self._request.set_tensor(name, ov.Tensor(buffer, shared_memory=True))

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """As `Runtime.run`."""
        self._buffers.fill(inputs)
        self._request.infer(share_outputs=True)  # in this thread: handing it to another costs 0.05 ms a run
        return self._buffers.outputs

    def close(self) -> None:
        """As `Runtime.close`."""
        self._request = None
        self._compiled = None
        _leave_signal_stack()


class _SignalStack(ctypes.Structure):
    """`stack_t` of Linux."""

    _fields_ = (("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("n_bytes", ctypes.c_size_t))


def _leave_signal_stack() -> None:
    """Puts this thread's signals back on its own stack.

    OpenVINO 2026.4 gives the thread that runs some models an alternate signal stack and frees it with the
    model, still registered; Python's handlers run on the alternate stack, so the next Ctrl-C would crash.
    """
    if sys.platform == "linux":
        disabled = _SignalStack(None, 2, 0)
        ctypes.CDLL(None).sigaltstack(ctypes.byref(disabled), None)


def _import_silent() -> Any:
    """Import OpenVINO without its telemetry, which would otherwise be sent at import.

    Its model converter falls back to a stub when `openvino_telemetry` cannot be imported; None in
    `sys.modules` makes that so, for this process only.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        return importlib.import_module("openvino")
    except ImportError as error:
        raise Unavailable("openvino is not installed") from error


def _declared_shapes(path: Path) -> dict[str, tuple[int | str, ...]]:
    """The inputs' shapes as the card beside a graph tells them: OpenVINO forgets the names of free axes."""
    from visualizer.checkpoints.cards import CARD, load_card

    if not (path.parent / CARD).exists():
        return {}
    return {tensor.name: tensor.shape for tensor in load_card(path.parent).graph(path.name).inputs}


def _own_shape(port: Any) -> tuple[int | str, ...]:
    return tuple("batch" if d.is_dynamic else int(d.get_length()) for d in port.partial_shape)


def _buffer(port: Any) -> Array:
    return np.zeros(tuple(port.shape), port.element_type.to_dtype())
