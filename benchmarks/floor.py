"""What a generator's convolutions cost by themselves, at this machine's speed for their shapes: the floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

TAPS = 9
N_ROUNDS = 40
N_WARM = 3


def convolutions_of(channels: Sequence[int]) -> Iterator[tuple[int, int, int, bool]]:
    """Of channels by resolution from 4 px on: (in, out, px of what goes in, whether it is transposed)."""
    for index, n_out in enumerate(channels):
        px = 4 << index
        if index:
            yield channels[index - 1], n_out, px // 2, True
        yield n_out, n_out, px, False


def macs_of(channels: Sequence[int]) -> int:
    """Multiply-adds of all of them."""
    return sum(TAPS * n_in * n_out * px * px for n_in, n_out, px, _ in convolutions_of(channels))


def measure(channels: Sequence[int], kind: str, n_threads: int = 1) -> dict[str, float]:
    """`ms` of all convolutions in OpenVINO, one after the other, alone, and `gmac_per_s`.

    `kind` is f32, bf16 or i8, with made-up scales. Nothing else of a generator is in it: no noise, no
    activation, no low-pass.
    """
    total_ms = sum(_one(*each, kind, n_threads) for each in convolutions_of(channels))
    return {"ms": round(total_ms, 2), "gmac_per_s": round(macs_of(channels) / total_ms / 1e6, 1)}


def _one(n_in: int, n_out: int, px: int, is_transposed: bool, kind: str, n_threads: int) -> float:
    """The least time in ms, for what else runs on the machine only adds to it."""
    import openvino as ov
    import openvino.opset13 as op

    random = np.random.default_rng(0)
    shape = (n_in, n_out, 3, 3) if is_transposed else (n_out, n_in, 3, 3)
    type = ov.Type.bf16 if kind == "bf16" else ov.Type.f32  # what flows between a network's layers
    given = op.parameter([1, n_in, px, px], type)
    weights = op.convert(op.constant((0.02 * random.standard_normal(shape)).astype(np.float32)), type)
    taken, factor = (_round(op, given, 0.0, 1.0, 256), _round(op, weights, -0.1, 0.1, 255))
    if kind != "i8":
        taken, factor = given, weights
    if is_transposed:
        made = op.convolution_backprop_data(taken, factor, [2, 2], pads_begin=[0, 0], pads_end=[0, 0])
    else:
        made = op.convolution(taken, factor, [1, 1], [1, 1], [1, 1], [1, 1])
    if kind == "i8":
        made = _round(op, op.relu(made), 0.0, 4.0, 256)
    model = ov.Model([op.result(made)], [given], "convolution")
    settings = {
        "INFERENCE_PRECISION_HINT": "f32" if kind == "f32" else "bf16",
        "INFERENCE_NUM_THREADS": n_threads,
        "ENABLE_CPU_PINNING": False,
        "PERF_COUNT": True,
    }
    request = ov.Core().compile_model(model, "CPU", settings).create_infer_request()
    inputs = {0: ov.Tensor(type, ov.Shape([1, n_in, px, px]))}
    times_ms = []
    for i in range(N_WARM + N_ROUNDS):
        request.infer(inputs)
        if i >= N_WARM:
            parts = (p.real_time.total_seconds() for p in request.get_profiling_info() if _is_work(p))
            times_ms.append(1e3 * sum(parts))
    return min(times_ms)


def _is_work(part: Any) -> bool:
    return "Convolution" in part.node_type


def _round(op: Any, value: Any, low: float, high: float, n_levels: int) -> Any:
    """`value` in so many levels, as a calibrated network has it."""
    ends = [op.constant(np.float32(end)) for end in (low, high)]
    return op.fake_quantize(value, *ends, *ends, n_levels)
