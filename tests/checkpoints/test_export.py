"""What is published computes what torch computes, holds its weights once, and appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tiny_models import make_card, make_generator
from visualizer.checkpoints import weights
from visualizer.checkpoints.cards import load_card
from visualizer.checkpoints.styles import map_styles

torch = pytest.importorskip("torch", reason="exporting needs the extra `train`")
onnx = pytest.importorskip("onnx", reason="exporting needs the extra `train`")

from visualizer.checkpoints import export  # noqa: E402
from visualizer.checkpoints.layout import even_ranks  # noqa: E402


class Scaled(torch.nn.Module):
    """A dense layer and something beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = torch.nn.Linear(64, 80)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dense(x) * self.dense.weight.square().mean()


def _graph(module: torch.nn.Module) -> export.Graph:
    return export.Graph(module, {"x": torch.ones(1, 64)}, ("y",), free_batch=True)


def test_graphs_are_small_and_point_into_the_one_weights_file(tiny_generator: Path) -> None:
    stored = weights.read_header(tiny_generator / "weights.safetensors")
    offsets = {entry.offset for entry in stored.values()}
    n_pointers = 0
    for path in tiny_generator.glob("*.onnx"):
        assert path.stat().st_size < 200_000
        for tensor in onnx.load(str(path), load_external_data=False).graph.initializer:
            places = {entry.key: entry.value for entry in tensor.external_data}
            if places:
                n_pointers += 1
                assert places["location"] == "weights.safetensors" and int(places["offset"]) in offsets
            else:
                assert np.prod(tensor.dims) <= 256, f"{tensor.name} is stored in the graph"
    assert n_pointers > 40
    n_bytes = (tiny_generator / "weights.safetensors").stat().st_size
    assert n_bytes < 1.2 * sum(entry.n_bytes for entry in stored.values())


def test_the_card_describes_the_graphs(tiny_tagger: Path, tiny_generator: Path) -> None:
    tagger = load_card(tiny_tagger)
    assert [t.shape for t in tagger.graph().inputs] == [("batch", 1, 128, 231)]
    assert [(t.name, t.shape) for t in tagger.graph().outputs] == [
        ("embedding", ("batch", 32)),
        ("tags", ("batch", 50)),
    ]
    generator = load_card(tiny_generator)
    assert generator.graph("model-8.onnx").outputs[0].shape == (1, 3, 8, "2*columns")
    assert set(generator.files) == {
        "model.onnx",
        "low.onnx",
        "high.onnx",
        "model-8.onnx",
        "weights.safetensors",
    }


def test_every_runtime_agrees_and_the_module_stays_as_it_was(tmp_path: Path) -> None:
    module = Scaled().train()
    before = module.dense.weight.detach().clone()
    card = make_card("scaled", "other", {})
    parity = export.publish(module, [_graph(module)], card, tmp_path / "scaled", precision="int8")
    assert parity["model.onnx"], "no runtime was there to compare with"
    assert all(p.max_error < 1e-4 for p in parity["model.onnx"].values())
    assert torch.equal(module.dense.weight, before)
    assert module.training and module.dense.weight.requires_grad


def test_a_failed_publication_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, card = Scaled(), make_card("scaled", "other", {})
    folder = tmp_path / "scaled"
    folder.mkdir()
    (folder / "preview.jpg").write_bytes(b"picture")
    (folder / "model-8.onnx").write_bytes(b"of an earlier version")
    export.publish(module, [_graph(module)], card, folder)
    old = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert old["preview.jpg"] == b"picture", "what others put there stays"
    assert "model-8.onnx" not in old, "a graph of other weights does not"
    monkeypatch.setattr(export, "MAX_PARITY", -1.0)
    with pytest.raises(ValueError, match="differs from torch"):
        export.publish(module, [_graph(module)], card, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == old
    assert [path.name for path in tmp_path.iterdir()] == ["scaled"], "nothing half-made is left"


def test_a_weight_baked_into_the_graph_is_refused(tmp_path: Path) -> None:
    class Baking(Scaled):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ torch.from_numpy(np.linspace(0, 1, 64 * 80, dtype=np.float32).reshape(64, 80))

    module = Baking()
    with pytest.raises(ValueError, match="not one of the published module's weights"):
        export.publish(module, [_graph(module)], make_card("baking", "other", {}), tmp_path / "m")


def test_even_ranks_gives_operands_the_axes_of_the_result() -> None:
    graph = onnx.parser.parse_graph("g (float[1,4,8,8] x, float[4,1,1] b, float g) => (float[1,4,8,8] y)"
                                    "{ m = Mul(x, g) y = Add(m, b) }")  # fmt: skip
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)])
    given = {
        "x": np.random.default_rng(0).standard_normal((1, 4, 8, 8)).astype(np.float32),
        "b": np.arange(4, dtype=np.float32).reshape(4, 1, 1),
        "g": np.float32(3),
    }
    before = onnx.reference.ReferenceEvaluator(proto).run(None, given)[0]
    even_ranks(proto)
    onnx.checker.check_model(proto, full_check=True)
    after = onnx.reference.ReferenceEvaluator(proto).run(None, given)[0]
    assert np.array_equal(before, after)
    assert [node.op_type for node in proto.graph.node] == ["Unsqueeze", "Mul", "Unsqueeze", "Add"]


def test_styles_are_those_of_the_mapping_network(tiny_generator: Path) -> None:
    stored = weights.load_state(tiny_generator / "weights.safetensors")
    mapping = make_generator().mapping
    z = np.random.default_rng(1).standard_normal((5, 24)).astype(np.float32)
    with torch.no_grad():
        wanted = mapping(torch.from_numpy(z)).numpy()
    assert np.allclose(map_styles(stored, z), wanted, atol=1e-3)
