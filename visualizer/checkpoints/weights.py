"""Weights in safetensors, fp16 or per-channel int8, read with NumPy alone and so also on the live path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save as serialize

from visualizer.types import UserError

Precision = Literal["fp32", "fp16", "int8"]

SCALE = ".scale"
"""`name` in int8 has its scales beside it under `name.scale`."""

MIN_REDUCED = 4096
"""Tensors with fewer elements (biases, norms, small kernels) stay fp32: they cost nothing and matter most."""

_HEADER_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 16 << 20
_DTYPES: dict[str, type[np.generic]] = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "I64": np.int64,
    "I32": np.int32,
    "I16": np.int16,
    "I8": np.int8,
    "U8": np.uint8,
    "BOOL": np.bool_,
}

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor lies in the file: `offset` bytes from the start of the file, `n_bytes` long."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int
    n_bytes: int


def quantize(values: NDArray[Any], axis: int = 0) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 with one scale for each index of `axis` (the out-channel).

    Returns the integers in [-127, 127] and float32 scales of the same number of axes (1 everywhere but at
    `axis`), so that `integers * scales` is within half a scale of `values` everywhere.
    """
    values = np.asarray(values, np.float32)
    others = tuple(i for i in range(values.ndim) if i != axis % values.ndim)
    peak = np.abs(values).max(axis=others, keepdims=True)
    # A channel of nothing, or of numbers so small that their scale would lose its own digits, becomes zero.
    scale = np.where(peak > 1e-30, peak / np.float32(127), np.float32(1)).astype(np.float32)
    return np.clip(np.rint(values / scale), -127, 127).astype(np.int8), scale


def pack(
    state: Mapping[str, NDArray[Any]],
    precision: Precision,
    *,
    keep: Iterable[str] = (),
    axes: Mapping[str, int] | None = None,
) -> Arrays:
    """Reduce float tensors of at least two axes and `MIN_REDUCED` elements to `precision`; leave the rest.

    `keep` names tensors that stay fp32; `axes` gives the out-channel axis of a tensor where it is not 0.
    Raises ValueError for values that are not finite.
    """
    keep, axes = set(keep), axes or {}
    stored: Arrays = {}
    for name, values in state.items():
        values = np.asarray(values, order="C")
        if values.dtype.kind != "f":
            stored[name] = values
            continue
        if not np.isfinite(values).all():
            raise ValueError(f"the tensor {name} holds values that are not finite")
        values = values.astype(np.float32)
        reduced = values.ndim >= 2 and values.size >= MIN_REDUCED and name not in keep
        if reduced and precision == "int8":
            stored[name], stored[name + SCALE] = quantize(values, axes.get(name, 0))
        elif reduced and precision == "fp16" and np.abs(values).max() < np.finfo(np.float16).max:
            stored[name] = values.astype(np.float16)
        else:
            stored[name] = values
    return stored


def unpack(stored: Mapping[str, NDArray[Any]]) -> Arrays:
    """The float32 tensors that `pack` stored, as every runtime computes with them."""
    state: Arrays = {}
    for name, values in stored.items():
        if name.endswith(SCALE) and stored.get(name[: -len(SCALE)], values).dtype == np.int8:
            continue
        if values.dtype == np.int8 and name + SCALE in stored:
            state[name] = values.astype(np.float32) * stored[name + SCALE].astype(np.float32)
        elif values.dtype == np.float16:
            state[name] = values.astype(np.float32)
        else:
            state[name] = values
    return state


def save(path: Path, stored: Mapping[str, NDArray[Any]]) -> None:
    """Write safetensors in one step: a reader sees the old file or the new one, never half of it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(serialize({name: np.asarray(v, order="C") for name, v in stored.items()}))
    partial.replace(path)


def load(path: Path) -> Arrays:
    """All tensors as stored; raises UserError where the file is missing, damaged or cut short."""
    entries = read_header(path)
    stored: Arrays = {}
    try:
        with path.open("rb") as file:
            for name, entry in entries.items():
                file.seek(entry.offset)
                data = file.read(entry.n_bytes)
                stored[name] = np.frombuffer(data, entry.dtype).reshape(entry.shape)
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    return stored


def load_state(path: Path) -> Arrays:
    """All tensors in float32, dequantised; errors as `load`."""
    return unpack(load(path))


def read_header(path: Path) -> dict[str, Entry]:
    """Where each tensor lies, without reading any; raises UserError as `load` does."""
    try:
        n_file = path.stat().st_size
        with path.open("rb") as file:
            n_header = int.from_bytes(file.read(_HEADER_LENGTH_BYTES), "little")
            if not 2 <= n_header <= min(_MAX_HEADER_BYTES, n_file - _HEADER_LENGTH_BYTES):
                raise _damaged(path, "its header does not fit")
            header = json.loads(file.read(n_header))
    except FileNotFoundError:
        raise UserError(f"There is no {path}: fetch the model's folder again, whole.") from None
    except (OSError, ValueError, SafetensorError) as error:
        raise _damaged(path, "its header cannot be read") from error
    start = _HEADER_LENGTH_BYTES + n_header
    try:
        entries = {
            name: _entry(described, start) for name, described in header.items() if name != "__metadata__"
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, "its header makes no sense") from error
    n_wanted = max((entry.offset + entry.n_bytes for entry in entries.values()), default=start)
    if n_wanted != n_file:
        raise _damaged(path, f"it has {n_file} bytes where {n_wanted} belong")
    return entries


def _entry(described: Mapping[str, Any], start: int) -> Entry:
    dtype = np.dtype(_DTYPES[described["dtype"]])
    shape = tuple(int(n) for n in described["shape"])
    begin, end = (int(n) for n in described["data_offsets"])
    if begin < 0 or min(shape, default=0) < 0 or end - begin != dtype.itemsize * int(np.prod(shape)):
        raise ValueError("offsets and shape disagree")
    return Entry(dtype, shape, start + begin, end - begin)


def _damaged(path: Path, why: str) -> UserError:
    return UserError(f"The weights {path} are damaged ({why}): fetch the model's folder again, whole.")
