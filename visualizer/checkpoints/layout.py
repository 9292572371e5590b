"""Graphs rewritten, with the same answer: no turning of feature maps, no padding that is stored first."""

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


def merge_paddings(proto: onnx.ModelProto) -> None:
    """Let convolutions pad by themselves what a Pad of zeros gave them, in place.

    Padding on one side cannot be said in torch; a convolution that knows of it skips the zeros' products.
    """
    constants = {tensor.name: tensor for tensor in proto.graph.initializer}
    pads = {
        node.output[0]: before_after
        for node in proto.graph.node
        if node.op_type == "Pad" and (before_after := _zeros_around(node, constants)) is not None
    }
    sources = {node.output[0]: node.input[0] for node in proto.graph.node if node.op_type == "Pad"}
    for node in proto.graph.node:
        if node.op_type != "Conv" or node.input[0] not in pads:
            continue
        own = next((a for a in node.attribute if a.name == "pads"), None)
        if any(a.name == "auto_pad" and a.s != b"NOTSET" for a in node.attribute):
            continue
        around = pads[node.input[0]]
        both = [n + m for n, m in zip(around, own.ints, strict=True)] if own else around
        kept = [a for a in node.attribute if a.name != "pads"]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute("pads", both)])
        node.input[0] = sources[node.input[0]]
    used = {name for node in proto.graph.node for name in node.input} | {v.name for v in proto.graph.output}
    left = [node for node in proto.graph.node if node.op_type != "Pad" or node.output[0] in used]
    kept_nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in left]
    del proto.graph.node[:]
    proto.graph.node.extend(kept_nodes)


def _zeros_around(node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]) -> list[int] | None:
    """What a Pad adds around the spatial axes of (N, C, …), as a convolution says it, or None."""
    if any(a.name == "mode" and a.s != b"constant" for a in node.attribute):
        return None
    inputs = [*node.input, "", "", ""]
    if inputs[1] not in constants or inputs[3]:
        return None
    if inputs[2] and (inputs[2] not in constants or numpy_helper.to_array(constants[inputs[2]]).any()):
        return None
    amounts = [int(n) for n in numpy_helper.to_array(constants[inputs[1]])]
    n_axes = len(amounts) // 2
    channels = amounts[:2] + amounts[n_axes : n_axes + 2]
    if any(channels) or min(amounts) < 0:
        return None
    return amounts[2:n_axes] + amounts[n_axes + 2 :]


def _leading_axes(proto: onnx.ModelProto, n_axes: int) -> str:
    """The name of a constant that lists the first axes."""
    name = f"leading_{n_axes}_axes"
    if all(tensor.name != name for tensor in proto.graph.initializer):
        proto.graph.initializer.append(numpy_helper.from_array(np.arange(n_axes, dtype=np.int64), name))
    return name
