"""Cards say what a model is, and refuse what is not one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_models import make_card
from visualizer.checkpoints.cards import (
    Card,
    FileSum,
    GraphSpec,
    TensorSpec,
    dump_card,
    find_model,
    find_models,
    load_card,
    parse_card,
)
from visualizer.types import UserError


def _card() -> Card:
    made: Card = make_card("paint-1", "generator", {"size_px": 64})
    graph = GraphSpec(
        "model.onnx", (TensorSpec("w", ("batch", 512)),), (TensorSpec("image", (1, 3, 64, 64)),)
    )
    parts = {name: getattr(made, name) for name in Card.__slots__}
    return Card(
        **{**parts, "graphs": (graph,), "files": {"model.onnx": FileSum("0" * 64, 12)}, "labels": ("a",)}
    )


def _write(folder: Path, value: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return folder


def test_a_card_survives_its_file(tmp_path: Path) -> None:
    folder = _write(tmp_path / "paint-1", dump_card(_card()))
    assert load_card(folder) == _card()
    assert load_card(folder).graph("model.onnx").inputs[0].shape == ("batch", 512)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("format", 2, "format"),
        ("kind", "toaster", "kind"),
        ("id", "../up", "id"),
        ("title", 3, "title"),
        ("figures", {"loss": "low"}, "loss"),
        ("architecture", [], "architecture"),
        ("files", {"../../elsewhere": {"sha256": "0" * 64, "n_bytes": 1}}, "file name"),
        ("files", {"model.onnx": {"sha256": "short", "n_bytes": 1}}, "model.onnx"),
        ("surprise", 1, "surprise"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, field: str, value: Any, named: str) -> None:
    wrong = json.loads(dump_card(_card())) | {field: value}
    with pytest.raises(ValueError, match=named):
        parse_card(wrong)
    with pytest.raises(UserError, match="not valid") as caught:
        load_card(_write(tmp_path / "m", wrong))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", '{"format": 1}', "[]"])
def test_a_card_cut_short_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="again"):
        load_card(_write(tmp_path / "m", text))


def test_models_are_found_by_id_and_by_folder(tmp_path: Path) -> None:
    _write(tmp_path / "any-folder", dump_card(_card()))
    _write(tmp_path / "broken", "{")
    assert [model.card.id for model in find_models(tmp_path)] == ["paint-1"]
    assert find_models(tmp_path, kind="tagger") == []
    assert find_model("paint-1", tmp_path).folder == tmp_path / "any-folder"
    assert find_model(str(tmp_path / "any-folder")).card.id == "paint-1"
    with pytest.raises(UserError, match="paint-1"):
        find_model("pant-1", tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        find_model("broken", tmp_path)
