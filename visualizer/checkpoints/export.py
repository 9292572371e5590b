"""Torch modules to model folders: ONNX graphs that point into one weights.safetensors, checked for parity."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from visualizer.checkpoints import weights
from visualizer.checkpoints.cards import (
    CARD,
    MODEL,
    WEIGHTS,
    Card,
    GraphSpec,
    TensorSpec,
    dump_card,
    parse_card,
    sum_file,
)
from visualizer.checkpoints.layout import even_ranks, merge_paddings

MAX_INLINE = 1024
"""Constants that are no weights may be this many elements; a larger one means a weight was baked."""

MAX_PARITY = 1e-3
"""Largest difference from torch, relative to the largest output, that may be published."""

OPSET = 18

_ONNX_TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.float16): TensorProto.FLOAT16,
    np.dtype(np.int8): TensorProto.INT8,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.int32): TensorProto.INT32,
}


@dataclass(frozen=True)
class Graph:
    """One ONNX file to be made.

    `example` names the inputs in the order of `module.forward`, with tensors whose values also serve the
    parity check. With `free_batch` axis 0 of every input and output is free; give examples of batch 1.
    `module` may be, or hold, the published module: weights are matched by identity, so wrappers and early
    exits share them.
    """

    module: nn.Module
    example: Mapping[str, Tensor]
    outputs: Sequence[str]
    file: str = MODEL
    free_batch: bool = False
    shapes: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    """Shapes of inputs and outputs with free sizes, such as (1, 3, "4*height", "4*width")."""


@dataclass(frozen=True)
class Parity:
    """How far a runtime is from torch, relative to the largest output: at most, and on average."""

    max_error: float
    mean_error: float


def publish(
    module: nn.Module,
    graphs: Sequence[Graph],
    card: Card,
    folder: Path,
    *,
    precision: weights.Precision = "fp16",
    keep: Iterable[str] = (),
    axes: Mapping[str, int] | None = None,
    extras: Mapping[str, NDArray[Any]] | None = None,
    preview: Path | None = None,
    stored: weights.Arrays | None = None,
) -> dict[str, dict[str, Parity]]:
    """Write weights, graphs, sums and card of `module` to `folder`, all or nothing.

    `extras` are arrays stored with the weights that no graph reads (statistics, say). `keep` and `axes` as in
    `weights.pack`; with `stored`, weights that are stored already, nothing is packed. Files in `folder` that
    are not written here stay. Returns the parity of each graph with each installed runtime; raises ValueError
    where one is worse than `MAX_PARITY`, and then writes nothing.
    """
    module, graphs = _detached(module, graphs)
    stored = stored or weights.pack(_state(module), precision, keep=keep, axes=axes)
    _restore(module, weights.unpack(stored))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        made = Path(temporary) / folder.name
        made.mkdir()
        weights.save(made / WEIGHTS, {**stored, **_extras(stored, extras)})
        specs = tuple(write_graph(graph, module, made) for graph in graphs)
        if preview is not None:
            shutil.copyfile(preview, made / preview.name)
            card = replace(card, preview=preview.name)
        _carry_over(folder, made, card.preview)
        sums = {path.name: sum_file(path) for path in sorted(made.iterdir()) if path.name != CARD}
        text = dump_card(replace(card, graphs=specs, files=sums))
        parse_card(json.loads(text))
        (made / CARD).write_text(text, "utf-8")
        parity = {graph.file: check_parity(graph, made) for graph in graphs}
        _swap(made, folder, Path(temporary) / "old")
    return parity


def write_graph(graph: Graph, module: nn.Module, folder: Path) -> GraphSpec:
    """Export one graph into `folder`, which already holds the weights of `module`.

    Every weight stays a reference into weights.safetensors followed by Cast (and Mul with its scales), and
    all that is derived from weights stays computed in the graph; runtimes fold both when they load it.
    """
    proto = _trace(graph)
    merge_paddings(proto)
    even_ranks(proto)
    stored = weights.read_header(folder / WEIGHTS)
    by_identity = {_identity(tensor): name for name, tensor in _named_tensors(module)}
    local = dict(_named_tensors(graph.module))
    nodes: list[onnx.NodeProto] = []
    initializers: list[TensorProto] = []
    for initializer in proto.graph.initializer:
        tensor = local.get(initializer.name)
        name = None if tensor is None else by_identity.get(_identity(tensor))
        if tensor is not None and name in stored:
            if not np.array_equal(numpy_helper.to_array(initializer), tensor.numpy()):
                raise ValueError(f"{graph.file}: the exporter changed the weight {initializer.name}")
            reference, decode = _decode(initializer.name, str(name), stored)
            initializers += reference
            nodes += decode
        elif int(np.prod(initializer.dims)) <= MAX_INLINE:
            initializers.append(initializer)
        else:
            raise ValueError(
                f"{graph.file}: the constant {initializer.name} {list(initializer.dims)} is not one of the "
                "published module's weights; register it there, or derive it from them in forward()"
            )
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(initializers)
    nodes += list(proto.graph.node)
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    data = proto.SerializeToString()
    (folder / graph.file).write_bytes(data)
    onnx.checker.check_model(str(folder / graph.file))
    return GraphSpec(graph.file, _specs(proto.graph.input), _specs(proto.graph.output))


def check_parity(graph: Graph, folder: Path, n_threads: int = 1) -> dict[str, Parity]:
    """Compare every installed runtime with the torch module on the example inputs, in fp32.

    Raises ValueError where an output differs by more than `MAX_PARITY` of its largest value.
    """
    from visualizer import runtime

    given = {name: value.detach().cpu().numpy() for name, value in graph.example.items()}
    with torch.no_grad():
        result = graph.module(*graph.example.values())
    wanted = [result] if isinstance(result, Tensor) else list(result)
    parities: dict[str, Parity] = {}
    for name in (name for name in runtime.installed() if name != "torch"):
        with contextlib.closing(
            runtime.load(
                folder / graph.file,
                threads=n_threads,
                prefer=name,
                fallback=False,
                sizes=example_sizes(graph.shapes, {k: v.shape for k, v in given.items()}),
            )
        ) as loaded:
            got = loaded.run(given)
            pairs = [(got[key], value.numpy()) for key, value in zip(graph.outputs, wanted, strict=True)]
            parities[loaded.name] = Parity(
                max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-12)) for a, b in pairs),
                max(float(np.abs(a - b).mean() / max(np.abs(b).max(), 1e-12)) for a, b in pairs),
            )
    for name, parity in parities.items():
        if not parity.max_error <= MAX_PARITY:
            raise ValueError(f"{graph.file} differs from torch by {parity.max_error:.2g} on {name}")
    return parities


def example_sizes(
    shapes: Mapping[str, tuple[int | str, ...]], given: Mapping[str, tuple[int, ...]]
) -> dict[str, int]:
    """The free sizes that the examples have, by name."""
    sizes: dict[str, int] = {}
    for name, shape in given.items():
        for axis, n in zip(shapes.get(name, ()), shape, strict=False):
            if isinstance(axis, str):
                factor, _, size = axis.rpartition("*")
                sizes[size] = n // int(factor or 1)
    return sizes


def _trace(graph: Graph) -> onnx.ModelProto:
    """The plain graph of a module in evaluation mode, its weights under their names in the module."""
    module = graph.module.eval()
    inputs = tuple(graph.example.values())
    shapes: Any = None
    if graph.free_batch:
        inputs = tuple(torch.cat((value, value)) for value in inputs)
        batch = torch.export.Dim("batch", min=1, max=4096)
        shapes = tuple({0: batch} for _ in inputs)
    elif graph.shapes:
        shapes = _free_sizes(graph)
    heard = logging.root.manager.disable
    logging.disable(logging.ERROR)  # torch tells of every step, and of packages that are not there
    try:
        with warnings.catch_warnings(), torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module,
                inputs,
                dynamo=True,
                optimize=False,
                verbose=False,
                opset_version=OPSET,
                input_names=list(graph.example),
                output_names=list(graph.outputs),
                dynamic_shapes=shapes,
            )
    finally:
        logging.disable(heard)
    assert program is not None
    proto = _simplify(program.model)
    for value in (*proto.graph.input, *proto.graph.output):
        for i, name in enumerate(graph.shapes.get(value.name, ())):
            if isinstance(name, str):
                value.type.tensor_type.shape.dim[i].dim_param = name
    return proto


def _free_sizes(graph: Graph) -> tuple[Any, ...]:
    """The free axes of each input for the exporter, those of *others in a tuple of their own.

    The same name is the same size everywhere.
    """
    made: dict[str, Any] = {}
    shapes: list[dict[int, Any]] = []
    for name in graph.example:
        free: dict[int, Any] = {}
        for i, axis in enumerate(graph.shapes.get(name, ())):
            if isinstance(axis, str):
                factor, _, size = axis.rpartition("*")
                dim = made.setdefault(size, torch.export.Dim(size, min=2, max=4096))
                free[i] = int(factor) * dim if factor else dim
        shapes.append(free)
    *named, last = inspect.signature(graph.module.forward).parameters.values()
    if last.kind is inspect.Parameter.VAR_POSITIONAL:
        return (*shapes[: len(named)], tuple(shapes[len(named) :]))
    return tuple(shapes)


def _simplify(model: Any) -> onnx.ModelProto:
    """Fold the exporter's chains of shape constants, never a weight, and drop what only debuggers read.

    The whole optimiser of onnxscript will not do: it folds batch norms into new weights under old names.
    """
    import onnx_ir
    from onnx_ir.passes import common
    from onnxscript import optimizer

    for _ in range(2):
        optimizer.fold_constants(model, input_size_limit=64, output_size_limit=256, should_fold=_should_fold)
        common.RemoveUnusedNodesPass()(model)
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    common.CommonSubexpressionEliminationPass()(model)
    proto: onnx.ModelProto = onnx_ir.serde.serialize_model(model)
    proto.doc_string = ""
    del proto.metadata_props[:]
    del proto.graph.metadata_props[:]
    del proto.graph.value_info[:]
    for node in proto.graph.node:
        node.doc_string = ""
        node.name = ""
        del node.metadata_props[:]
    for value in (*proto.graph.input, *proto.graph.output, *proto.graph.initializer):
        value.doc_string = ""
        del value.metadata_props[:]
    return proto


def _should_fold(node: Any) -> bool | None:
    """Leave weights alone that the exporter would turn into constants of its own; all else as usual."""
    return False if node.op_type == "Transpose" else None


def _decode(
    target: str, name: str, stored: Mapping[str, weights.Entry]
) -> tuple[list[TensorProto], list[onnx.NodeProto]]:
    """References to a stored weight, and the nodes that make float32 `target` of them."""
    entry = stored[name]
    if entry.dtype == np.float16:
        nodes = [helper.make_node("Cast", [target + ".fp16"], [target], to=TensorProto.FLOAT)]
        return [_reference(target + ".fp16", entry)], nodes
    if entry.dtype == np.int8 and name + weights.SCALE in stored:
        inner, scale = target + ".int8", target + weights.SCALE
        nodes = [
            helper.make_node("Cast", [inner], [target + ".cast"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [target + ".cast", scale], [target]),
        ]
        return [_reference(inner, entry), _reference(scale, stored[name + weights.SCALE])], nodes
    return [_reference(target, entry)], []


def _reference(name: str, entry: weights.Entry) -> TensorProto:
    """An initializer whose bytes lie in weights.safetensors."""
    tensor = TensorProto(name=name, data_type=_ONNX_TYPES[entry.dtype], dims=entry.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", WEIGHTS), ("offset", entry.offset), ("length", entry.n_bytes)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def _specs(values: Iterable[onnx.ValueInfoProto]) -> tuple[TensorSpec, ...]:
    specs = []
    for value in values:
        kind = value.type.tensor_type
        shape = tuple(d.dim_param or d.dim_value for d in kind.shape.dim)
        dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type)
        specs.append(TensorSpec(value.name, shape, dtype.name))
    return tuple(specs)


def _detached(module: nn.Module, graphs: Sequence[Graph]) -> tuple[nn.Module, list[Graph]]:
    """Copies on the CPU in float32 that share weights as the originals do; the originals stay as they are."""
    copies = copy.deepcopy(nn.ModuleList([module, *(graph.module for graph in graphs)])).cpu().float().eval()
    for parameter in copies.parameters():
        parameter.requires_grad_(False)
    kept = [
        replace(graph, module=made, example={k: v.detach().cpu() for k, v in graph.example.items()})
        for graph, made in zip(graphs, list(copies)[1:], strict=True)
    ]
    return copies[0], kept


def _named_tensors(module: nn.Module) -> Iterable[tuple[str, Tensor]]:
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def _identity(tensor: Tensor) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    return tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride())


def _state(module: nn.Module) -> dict[str, NDArray[Any]]:
    return {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}


def _restore(module: nn.Module, state: Mapping[str, NDArray[Any]]) -> None:
    """Give the module the weights as stored, so that parity is measured against what ships."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            tensor.copy_(torch.from_numpy(np.array(state[name])))


def _extras(
    stored: Mapping[str, NDArray[Any]], extras: Mapping[str, NDArray[Any]] | None
) -> dict[str, NDArray[Any]]:
    taken = sorted(set(stored) & set(extras or ()))
    if taken:
        raise ValueError(f"the extra array {taken[0]} has the name of a weight")
    return dict(extras or {})


def _carry_over(old: Path, new: Path, preview: str) -> None:
    """Keep what somebody else put beside the model, but no graph of an earlier version."""
    for path in old.iterdir() if old.is_dir() else ():
        is_ours = path.suffix == ".onnx" or path.name in (WEIGHTS, CARD)
        if path.is_file() and not is_ours and not (new / path.name).exists():
            shutil.copyfile(path, new / path.name)
    if preview and not (new / preview).exists():
        raise ValueError(f"the card names the preview {preview}, which is not there")


def _swap(new: Path, folder: Path, aside: Path) -> None:
    if folder.exists():
        folder.replace(aside)
    new.replace(folder)
