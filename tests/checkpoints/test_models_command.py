"""`models check` passes what is sound and names what is not; `models sample` paints."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visualizer.checkpoints import cli
from visualizer.checkpoints.check import check
from visualizer.types import UserError


@pytest.fixture
def models(tmp_path: Path, tiny_generator: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder of our own with one generator."""
    shutil.copytree(tiny_generator, tmp_path / "models" / "tiny-generator")
    monkeypatch.setattr("visualizer.checkpoints.cards.models_dirs", lambda: [tmp_path / "models"])
    monkeypatch.setattr(cli, "models_dirs", lambda: [tmp_path / "models"])
    return tmp_path / "models"


def test_a_sound_model_passes_with_parity(tiny_tagger: Path) -> None:
    report = check(tiny_tagger)
    assert report.problems == []
    assert any("within" in note and "of torch" in note for note in report.notes)


def test_check_goes_through_all_and_gives_0(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check"]) == 0
    said = capsys.readouterr().out
    assert "tiny-generator: sound" in said and "model-8.onnx" in said


@pytest.mark.parametrize("file", ["weights.safetensors", "model.onnx"])
@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_a_harmed_model_gives_2_and_is_named(
    models: Path, capsys: pytest.CaptureFixture[str], file: str, harm: str
) -> None:
    path = models / "tiny-generator" / file
    data = bytearray(path.read_bytes())
    if harm == "flip":
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
    elif harm == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.unlink()
    assert cli.main(["check", "tiny-generator"]) == 2
    said = capsys.readouterr().out
    assert "NOT SOUND" in said and file in said and "fetch" in said


def test_a_broken_card_gives_2(models: Path) -> None:
    (models / "tiny-generator" / "card.json").write_text("{", "utf-8")
    assert cli.main(["check"]) == 2
    assert cli.main(["check", "tiny-generator"]) == 2


def test_no_models_and_unknown_models_are_one_sentence(models: Path) -> None:
    with pytest.raises(UserError, match="tiny-generator"):
        cli.main(["info", "nothing"])
    shutil.rmtree(models / "tiny-generator")
    with pytest.raises(UserError, match="no models"):
        cli.main(["check"])


def test_list_and_info_tell_the_card(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    assert cli.main(["info", "tiny-generator"]) == 0
    said = capsys.readouterr().out
    assert "tiny-generator" in said and "rights" in said and "MIT" in said and "model-8.onnx" in said


def test_sampling_paints_the_same_pictures_for_a_seed(models: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        out = str(tmp_path / name)
        assert cli.main(["sample", "generator", "-n", "2", "--seed", seed, "--out", out]) == 0
    pictures = {
        name: [np.asarray(Image.open(path)) for path in sorted((tmp_path / name).iterdir())]
        for name in ("a", "b", "c")
    }
    assert [p.shape for p in pictures["a"]] == [(16, 16, 3)] * 2
    assert np.array_equal(pictures["a"], pictures["b"])
    assert not np.array_equal(pictures["a"], pictures["c"])
    assert not np.array_equal(pictures["a"][0], pictures["a"][1])
    assert cli.main(["sample", "generator", "-n", "1", "--px", "8", "--out", str(tmp_path / "d")]) == 0
    with pytest.raises(UserError, match="4 px: choose one of 16, 8"):
        cli.main(["sample", "generator", "-n", "1", "--px", "4", "--out", str(tmp_path / "e")])
    with pytest.raises(UserError, match="--seed"):
        cli.main(["sample", "generator", "-n", "1", "--seed", "-1", "--out", str(tmp_path / "e")])


def test_sampling_into_a_file_is_one_sentence(models: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UserError, match="--out"):
        cli.main(["sample", "generator", "-n", "1", "--out", str(tmp_path / "taken")])


def test_graphs_are_written_anew_from_the_weights_that_are_stored(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = models / "tiny-generator"
    weights, graph = (folder / "weights.safetensors").read_bytes(), (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(b"an older one")
    assert cli.main(["graphs", "tiny-generator"]) == 0
    assert "wrote model.onnx" in capsys.readouterr().out
    assert (folder / "weights.safetensors").read_bytes() == weights
    assert (folder / "model.onnx").read_bytes() == graph
    assert check(folder).problems == []


def test_graphs_that_only_a_script_can_write_are_told(models: Path) -> None:
    card = (models / "tiny-generator" / "card.json").read_text("utf-8")
    (models / "tiny-generator" / "card.json").write_text(card.replace('"generator"', '"other"', 1), "utf-8")
    with pytest.raises(UserError, match="other"):
        cli.main(["graphs", "tiny-generator"])
