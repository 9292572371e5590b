"""Graphs rewritten, with the same answer, so that runtimes need not turn the layout of feature maps."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

ELEMENTWISE = frozenset(("Add", "Sub", "Mul", "Div"))


def even_ranks(proto: onnx.ModelProto) -> None:
    """Give every operand of an elementwise step the number of axes of its result, in place.

    OpenVINO keeps the channels last through an elementwise step only where all operands have as many axes as
    the result; a bias (C, 1, 1) or a scalar gain otherwise costs two turns of the whole feature map a layer,
    which was more than half of the generator's time.
    """
    inferred = onnx.shape_inference.infer_shapes(proto).graph
    values = (*inferred.input, *inferred.output, *inferred.value_info)
    ranks = {
        v.name: len(v.type.tensor_type.shape.dim) for v in values if v.type.tensor_type.HasField("shape")
    }
    ranks |= {tensor.name: len(tensor.dims) for tensor in inferred.initializer}
    made: dict[tuple[str, int], str] = {}
    nodes: list[onnx.NodeProto] = []
    for node in proto.graph.node:
        wanted = ranks.get(node.output[0], 0) if node.op_type in ELEMENTWISE else 0
        for i, name in enumerate(node.input):
            n_missing = wanted - ranks.get(name, wanted)
            if n_missing <= 0:
                continue
            if (name, wanted) not in made:
                made[name, wanted] = f"{name}.rank{wanted}"
                axes = _leading_axes(proto, n_missing)
                nodes.append(helper.make_node("Unsqueeze", [name, axes], [made[name, wanted]]))
            node.input[i] = made[name, wanted]
        nodes.append(node)
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del proto.graph.node[:]
    proto.graph.node.extend(kept)


def _leading_axes(proto: onnx.ModelProto, n_axes: int) -> str:
    """The name of a constant that lists the first axes."""
    name = f"leading_{n_axes}_axes"
    if all(tensor.name != name for tensor in proto.graph.initializer):
        proto.graph.initializer.append(numpy_helper.from_array(np.arange(n_axes, dtype=np.int64), name))
    return name
