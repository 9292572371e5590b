"""How much a graph computes: its multiply-adds, counted from shapes and so the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path

import onnx


def count_macs(path: Path, batch: int = 1) -> int:
    """Multiply-adds of all convolutions and matrix products of an ONNX file, those with padding included.

    Free axes count as `batch`. Raises ValueError for a step whose shapes cannot be inferred.
    """
    proto = onnx.load(str(path), load_external_data=False)
    for value in proto.graph.input:
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param:
                axis.dim_value = batch
    graph = onnx.shape_inference.infer_shapes(proto, data_prop=True).graph
    shapes = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.value_info, *graph.output)
    }
    shapes |= {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    return sum(_macs(node, shapes) for node in graph.node)


def _macs(node: onnx.NodeProto, shapes: Mapping[str, list[int]]) -> int:
    if node.op_type not in ("Conv", "ConvTranspose", "MatMul", "Gemm"):
        return 0
    known = [shapes.get(name, []) for name in (*node.input[:2], node.output[0])]
    if not all(known) or not all(map(all, known)):
        raise ValueError(f"the shapes around {node.output[0]} are not known")
    given, weight, made = known
    if node.op_type == "Conv":
        return prod(made) * prod(weight[1:])
    if node.op_type == "ConvTranspose":
        return prod(given) * prod(weight[1:])
    turned = any(a.name == "transA" and a.i for a in node.attribute)
    return prod(made) * given[0 if turned else -1]
