"""ONNX Runtime on an NVIDIA GPU: buffers bound on the device, one CUDA graph a run, fp16 if allowed.

Written by the documented interface and not yet run on a card: docs/performance.md says so.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from visualizer.runtime.base import Array, Precision, Unavailable
from visualizer.runtime.onnx_runtime import buffers_of, quiet_options

CUDA, TENSORRT = "CUDAExecutionProvider", "TensorrtExecutionProvider"
_LIBRARIES = ("libcudart.so.13", "libcudart.so.12", "cudart64_13.dll", "cudart64_12.dll")


class Cuda:
    """A session on the GPU. Raises Unavailable where there is none, whatever onnxruntime was built with.

    Inputs that changed are copied to their place on the device (noise pictures stay there), the network runs
    as one recorded CUDA graph where it can be recorded, and outputs come back into page-locked buffers.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int,
        batch: int = 1,
        sizes: Mapping[str, int] | None = None,
        precision: Precision = "fp32",
        tensorrt: bool = False,
    ) -> None:
        try:
            ort: Any = importlib.import_module("onnxruntime")
        except ImportError as error:
            raise Unavailable("onnxruntime is not installed") from error
        wanted, kind = (TENSORRT, "TensorRT") if tensorrt else (CUDA, "CUDA")
        if wanted not in ort.get_available_providers():
            raise Unavailable(f"this onnxruntime was built without {kind}")
        if hasattr(ort, "preload_dlls"):
            ort.preload_dlls()
        half = in_half_precision(path) if precision == "auto" and not tensorrt else None
        is_half = half is not None or (tensorrt and precision == "auto")
        options = quiet_options(ort, path, threads, batch, sizes)
        self.reason = ""
        for has_graph in (True, False):
            providers = [_provider(wanted, has_graph, is_half), "CPUExecutionProvider"]
            try:
                self._session = ort.InferenceSession(half or str(path), options, providers=providers)
            except Exception:  # onnxruntime's own kinds: some networks cannot be recorded
                if not has_graph:
                    raise
            else:
                break
        if self._session.get_providers()[0] != wanted:
            raise Unavailable(f"onnxruntime names {kind} but could not start it")
        self.name = f"onnxruntime {kind.lower()}{' fp16' if is_half else ''}{' graph' if has_graph else ''}"
        self._buffers = buffers_of(self._session, batch, sizes)
        self.inputs, self.outputs = self._buffers.input_shapes(), self._buffers.output_shapes()
        _lock_pages([*self._buffers.inputs.values(), *self._buffers.outputs.values()])
        given, made = self._buffers.inputs, self._buffers.outputs
        self._given = {name: ort.OrtValue.ortvalue_from_numpy(b, "cuda", 0) for name, b in given.items()}
        self._made = {name: ort.OrtValue.ortvalue_from_numpy(b, "cuda", 0) for name, b in made.items()}
        self._back = {name: ort.OrtValue.ortvalue_from_numpy(b) for name, b in made.items()}
        """The output buffers again, as the runtime sees them."""
        self._binding = self._session.io_binding()
        for name, value in self._given.items():
            self._binding.bind_ortvalue_input(name, value)
        for name, value in self._made.items():
            self._binding.bind_ortvalue_output(name, value)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """As `Runtime.run`."""
        changed = [
            n for n, b in self._buffers.inputs.items() if n in inputs and not np.array_equal(inputs[n], b)
        ]
        self._buffers.fill(inputs)
        for name in changed:
            self._given[name].update_inplace(self._buffers.inputs[name])
        self._session.run_with_iobinding(self._binding)
        for name, value in self._made.items():
            self._back[name].update_inplace(value)
        return self._buffers.outputs

    def close(self) -> None:
        """As `Runtime.close`."""
        self._binding = self._session = None
        self._given.clear()
        self._made.clear()
        _unlock_pages([*self._buffers.inputs.values(), *self._buffers.outputs.values()])


def in_half_precision(path: Path) -> bytes | None:
    """A graph with its weights that computes in fp16, its inputs and outputs as they are; None without onnx.

    The converter is onnxruntime's own.
    """
    try:
        onnx: Any = importlib.import_module("onnx")
        converter: Any = importlib.import_module("onnxruntime.transformers.float16")
    except ImportError:
        return None
    model = converter.convert_float_to_float16(onnx.load(str(path)), keep_io_types=True)
    data: bytes = model.SerializeToString()
    return data


def _provider(name: str, has_graph: bool, is_half: bool) -> tuple[str, dict[str, str]]:
    if name == TENSORRT:
        return name, {"trt_cuda_graph_enable": str(has_graph), "trt_fp16_enable": str(is_half)}
    return name, {"device_id": "0", "enable_cuda_graph": "1" if has_graph else "0", "use_tf32": "1"}


def _library() -> Any:
    """The CUDA runtime that onnxruntime has loaded; None where it cannot be named."""
    for name in _LIBRARIES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _lock_pages(buffers: Iterable[Array]) -> None:
    """Copies from and to locked pages are twice as fast; where they cannot be locked, copies still work."""
    library = _library()
    for buffer in buffers if library else ():
        library.cudaHostRegister(ctypes.c_void_p(buffer.ctypes.data), ctypes.c_size_t(buffer.nbytes), 0)


def _unlock_pages(buffers: Iterable[Array]) -> None:
    library = _library()
    for buffer in buffers if library else ():
        library.cudaHostUnregister(ctypes.c_void_p(buffer.ctypes.data))
