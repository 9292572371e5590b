"""Paddings go into the convolutions they are for, where that says the same; work is counted from shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="rewriting graphs needs the extra `train`")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from visualizer.checkpoints.layout import merge_paddings  # noqa: E402
from visualizer.checkpoints.work import count_macs  # noqa: E402

RANDOM = np.random.default_rng(0)
GIVEN = RANDOM.standard_normal((1, 2, 5, 4)).astype(np.float32)


def _padded(amounts: list[int], value: float = 0.0, mode: str = "constant", is_shared: bool = False):  # type: ignore[no-untyped-def]
    """x → Pad → Conv 3×3 that pads the last axis by one itself → y; `is_shared` gives out what was padded."""
    constants = [
        numpy_helper.from_array(np.array(amounts, np.int64), "amounts"),
        numpy_helper.from_array(np.array(value, np.float32), "value"),
        numpy_helper.from_array(RANDOM.standard_normal((3, 2, 3, 3)).astype(np.float32), "w"),
    ]
    nodes = [
        helper.make_node("Pad", ["x", "amounts", "value"], ["padded"], mode=mode),
        helper.make_node("Conv", ["padded", "w"], ["y"], pads=[0, 1, 0, 1], strides=[2, 1]),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    if is_shared:
        outputs.append(helper.make_tensor_value_info("padded", TensorProto.FLOAT, None))
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, GIVEN.shape)],
        outputs,
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def _answers(model) -> list[np.ndarray]:  # type: ignore[no-untyped-def]
    return ReferenceEvaluator(model).run(None, {"x": GIVEN})


@pytest.mark.parametrize("amounts", [[0, 0, 1, 0, 0, 0, 0, 0], [0, 0, 0, 2, 0, 0, 1, 0]])
@pytest.mark.parametrize("is_shared", [False, True])
def test_one_sided_zeros_become_the_convolutions_own(amounts: list[int], is_shared: bool) -> None:
    model = _padded(amounts, is_shared=is_shared)
    wanted = _answers(model)
    merge_paddings(model)
    conv = next(node for node in model.graph.node if node.op_type == "Conv")
    assert conv.input[0] == "x"
    assert ("Pad" in {node.op_type for node in model.graph.node}) == is_shared
    for ours, theirs in zip(_answers(model), wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("amounts", "value", "mode"),
    [
        ([0, 0, 1, 0, 0, 0, 1, 0], 0.5, "constant"),
        ([0, 0, 1, 0, 0, 0, 1, 0], 0.0, "reflect"),
        ([0, 0, 1, 0, 0, 0, -1, 0], 0.0, "constant"),
    ],
)
def test_what_no_convolution_can_say_stays(amounts: list[int], value: float, mode: str) -> None:
    model = _padded(amounts, value, mode)
    before = model.SerializeToString()
    merge_paddings(model)
    assert model.SerializeToString() == before


def test_work_is_outputs_times_what_goes_into_each(tmp_path: Path) -> None:
    onnx.save(_padded([0, 0, 1, 0, 0, 0, 1, 0]), str(tmp_path / "a.onnx"))
    assert count_macs(tmp_path / "a.onnx") == (3 * 3 * 4) * (2 * 3 * 3)
