"""The head: it paints as the whole generator does, learns alone, stays true to the stem; publishing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")

from visualizer.networks.stylegan2 import GeneratorShape, make_noises  # noqa: E402
from visualizer.training import generator as trainer  # noqa: E402
from visualizer.training import generator_exit as exits  # noqa: E402
from visualizer.training import generator_head as head  # noqa: E402
from visualizer.training import house  # noqa: E402
from visualizer.types import UserError  # noqa: E402

TINY = GeneratorShape(256, (8, 8, 8, 8, 8, 6, 4), n_w=16)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(trainer, "SHAPE", TINY)
    monkeypatch.setattr(head, "SHAPE", TINY)
    for module in (head, exits):
        monkeypatch.setattr(module, "JUDGE_CHANNELS", (8, 8, 8, 8, 8))


def make_run() -> head.HeadRun:
    return head.HeadRun(TINY, trainer.Settings(n_batch=4), torch.device("cpu"))


def test_untrained_head_enlarges_the_picture_of_the_stem():
    generator = make_run().average
    z, noises = torch.randn(2, TINY.n_w), make_noises(TINY, 2)
    small, large = generator(z, noises, exit_px=64), generator(z, noises)
    inner = (slice(None), slice(None), slice(4, -4), slice(4, -4))
    assert torch.allclose(head.shrink(large, 64)[inner], small[inner], atol=0.1 * float(small.std()))


def test_patches_are_windows_of_the_whole_picture(monkeypatch):
    """Without noise, a patch painted from a window is that place of the whole picture, edges included."""
    run = make_run()
    torch.manual_seed(3)
    for block in list(run.generator.synthesis.blocks)[run.n_stem :]:
        block.to_rgb.weight.data.normal_()
    run.average.load_state_dict(run.generator.state_dict())
    w = torch.randn(1, TINY.n_layers, TINY.n_w)
    stages = list(run.generator.synthesis.stages(w))
    features, picture = stages[run.n_stem - 1]
    whole = [stages[-1][1], stages[-2][1], picture]
    monkeypatch.setattr(head, "paint_stem", lambda *_: (features, picture, w))
    for corner in ([0, 0], [17, 30], [48, 48]):
        monkeypatch.setattr(torch, "randint", lambda *_, corner=corner: torch.tensor([corner, corner]))
        patches = head.paint_patches(run, 1, torch.float32)
        for patch, image, scale in zip(patches, whole, (4, 2, 1), strict=True):
            top, left = (start * scale for start in corner)
            side = 16 * scale
            expected = image[:, :, top : top + side, left : left + side]
            assert torch.allclose(patch[:1], expected, atol=1e-3), (corner, scale)


def test_only_the_head_learns_and_it_stays_true_to_the_stem():
    run = make_run()
    before = {name: p.clone() for name, p in run.generator.named_parameters()}
    for _ in range(3):
        figures = head.step(run, torch.randn(4, 3, 64, 64), torch.float32)
    assert all(np.isfinite(value) for value in figures.values())
    moved = {name for name, p in run.generator.named_parameters() if not torch.equal(p, before[name])}
    assert moved and all(name.startswith(("synthesis.blocks.5.", "synthesis.blocks.6.")) for name in moved)
    assert "synthesis.blocks.6.to_rgb.weight" in moved
    assert figures["agree_stem"] < 0.5


@pytest.mark.timeout(400)
def test_from_pictures_to_a_model_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Stem, head and publishing in a row, resumed once: card, one weights file, graphs."""
    from visualizer import runtime
    from visualizer.checkpoints.cards import load_card
    from visualizer.runtime.base import fixed_shape
    from visualizer.training import generator_publish

    monkeypatch.setattr(generator_publish, "EXITS_PX", (128,))
    monkeypatch.setattr(generator_publish, "N_PREVIEW", 4)

    pictures = tmp_path / "pictures"
    pictures.mkdir()
    random = np.random.default_rng(0)
    for i in range(16):
        Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(pictures / f"{i}.png")
    common = ["--data", str(pictures), "--out", str(tmp_path / "run"), "--threads", "1", "--batch", "4"]
    with pytest.raises(UserError, match="no trained stem"):
        trainer.main([*common, "--stage", "head"])
    assert trainer.main([*common, "--minutes", "0.01"]) == 0
    assert trainer.main([*common, "--stage", "head", "--minutes", "0.01"]) == 0
    first = house.load_state(tmp_path / "run" / "head.pt")
    assert trainer.main([*common, "--stage", "head", "--minutes", "0.01", "--resume"]) == 0
    second = house.load_state(tmp_path / "run" / "head.pt")
    assert second["counters"]["n_steps"] > first["counters"]["n_steps"] > 0

    assert trainer.main([*common, "--stage", "exit", "--minutes", "0.01"]) == 0
    with_exit = house.load_state(tmp_path / "run" / "exit.pt")
    unchanged = {name: value for name, value in with_exit["average"].items() if "exits" not in name}
    assert all(torch.equal(value, second["average"][name]) for name, value in unchanged.items())
    assert with_exit["average"]["synthesis.exits.128.paint.weight"].any(), "the exit has learned nothing"

    stem = house.load_state(tmp_path / "run" / "state.pt")["average"]
    assert torch.equal(second["average"]["synthesis.const"], stem["synthesis.const"])

    model = tmp_path / "model"
    arguments = ["--stage", "publish", "--models", str(model), "--figure", "mmd_texture_64=1.5"]
    assert trainer.main([*common, *arguments]) == 0
    card = load_card(model)
    assert card.figures["mmd_texture_64"] == 1.5 and card.figures["n_updates_head"] > 0
    assert {"model.onnx", "model-128.onnx"} <= {graph.file for graph in card.graphs}
    assert json.loads((model / "card.json").read_text())["preview"] == "preview.jpg"
    assert card.architecture["exits_px"] == [128] and card.figures["n_updates_exit"] > 0
    loaded = runtime.load(model / "model-128.onnx", threads=1)
    inputs = card.graph("model-128.onnx").inputs
    given = {spec.name: np.zeros(fixed_shape(spec.shape, 1), np.float32) for spec in inputs}
    given["gain"] = np.ones_like(given["gain"])
    assert loaded.run(given)["image"].shape == (1, 3, 128, 128)
    loaded.close()
