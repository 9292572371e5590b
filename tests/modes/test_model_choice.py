"""Models by the settings: found by id or folder; a sentence where one is of another kind or does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tiny_models import make_card, tiny_generator
from visualizer import parameters, paths
from visualizer.checkpoints.cards import GraphSpec, TensorSpec, dump_card
from visualizer.ipc.regions import DECK_PX
from visualizer.modes import era_networks, networks, traumer
from visualizer.types import UserError

__all__ = ["tiny_generator"]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models, empty but for cards: nothing that is refused by its card needs weights."""
    monkeypatch.setattr(paths, "MODELS", tmp_path / "models")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user"))
    return tmp_path / "models"


def _write(
    models: Path, id: str, kind: str, takes: dict[str, tuple[int, ...]], gives: dict[str, int]
) -> None:
    inputs = tuple(TensorSpec(name, ("batch", *shape)) for name, shape in takes.items())
    outputs = tuple(TensorSpec(name, ("batch", n)) for name, n in gives.items())
    card = replace(make_card(id, kind, {}), graphs=(GraphSpec("model.onnx", inputs, outputs),))
    (models / id).mkdir(parents=True)
    (models / id / "card.json").write_text(dump_card(card), "utf-8")


def _write_three(models: Path, n_embedding: int = 512, n_w: int = 512) -> None:
    _write(models, "tagger-house", "tagger", {"mel": (1, 128, 231)}, {"embedding": 512, "tags": 50})
    _write(models, "transfer-house", "transfer", {"embedding": (n_embedding,)}, {"w": n_w})
    _write(models, "generator-paintings", "generator", {"w": (14, 512)}, {"image": 3})


@pytest.mark.parametrize(
    ("id", "value", "said"),
    [
        ("traumer.tagger", "transfer-house", "is a transfer: traumer.tagger takes a tagger model"),
        ("traumer.map", "generator-paintings", "is a generator: traumer.map takes a transfer model"),
        ("traumer.generator", "tagger-house", "takes a generator model; installed: generator-paintings."),
        ("traumer.generator", "nothing", "There is no model 'nothing'"),
        ("traumer.generator", "", "There is no model ''"),
    ],
)
def test_a_model_of_another_kind_is_a_sentence(models: Path, id: str, value: str, said: str) -> None:
    _write_three(models)
    with pytest.raises(UserError, match=said):
        traumer.load(parameters.defaults() | {id: value}, 1)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [({"n_embedding": 256}, "takes embeddings of 256"), ({"n_w": 64}, "makes styles of 64 values")],
)
def test_models_that_do_not_fit_together_are_a_sentence(
    models: Path, sizes: dict[str, int], said: str
) -> None:
    _write_three(models, **sizes)
    with pytest.raises(UserError, match=said):
        networks.load(1)


def test_era_mode_takes_an_mvnet(models: Path) -> None:
    _write_three(models)
    wanted = "The model tagger-house is a tagger: era.mvnet takes an mvnet model; installed: none."
    with pytest.raises(UserError, match=wanted):
        era_networks.load(parameters.defaults() | {"era.mvnet": "tagger-house"})


def test_a_folder_serves_as_well_as_an_id(models: Path, tiny_generator: Path) -> None:
    found = networks.find_of_kind(str(tiny_generator), "generator", "traumer.generator")
    assert found.folder == tiny_generator
    with pytest.raises(UserError, match="tiny-generator is a generator"):
        networks.find_of_kind(str(tiny_generator), "tagger", "traumer.tagger")


def test_an_mvnet_without_its_decades_is_a_sentence(models: Path, tmp_path: Path) -> None:
    _write(models, "mvnet-house", "mvnet", {"mel": (3, 128, 256)}, {"v": 16})
    with pytest.raises(UserError, match=r"has no generator\.onnx"):
        era_networks.load(parameters.defaults())


@pytest.mark.parametrize(("px", "said"), [(256, ""), (512, ""), (1024, "1792×1024 px, more than a deck")])
def test_wide_pictures_are_painted_where_a_deck_can_hand_them_over(px: int, said: str) -> None:
    image = TensorSpec("image", (1, 3, px, f"{px // 4}*columns"))
    card = replace(make_card("own", "generator", {}), graphs=(GraphSpec("model.onnx", (), (image,)),))
    sentence = networks._why_not_wide(card)
    assert said in sentence if said else (sentence == "" and px * px * 7 // 4 <= DECK_PX**2)
