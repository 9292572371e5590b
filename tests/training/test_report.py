"""The report: parts measured with tiny models on made-up material, figures kept, a page that says what is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tiny_models import make_card, tiny_generator, tiny_tagger
from visualizer.networks.tagger import TAGS
from visualizer.training import report, report_medleys, report_pages
from visualizer.training.report_pages import Desk
from visualizer.types import UserError

__all__ = ["tiny_generator", "tiny_tagger"]

SCORE = """import json, sys
from pathlib import Path
n = len(list(Path(sys.argv[1]).glob("*.png")))
print(json.dumps(dict(n=n, mmd_texture=20.0, mmd_layout=14.0, sharpness=0.9, diversity=1.0)))
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, tiny_tagger: Path, tiny_generator: Path) -> Desk:
    """Tiny models, two medleys of two sounds, six paintings, a program that scores without looking."""
    import torch

    from visualizer.checkpoints.export import Graph, publish
    from visualizer.networks.transfer import Transfer

    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("report")
    for path in (tiny_tagger, tiny_generator):
        shutil.copytree(path, root / "models" / path.name)
    told = root / "models" / "tiny-tagger" / "card.json"
    told.write_text(json.dumps(json.loads(told.read_text("utf-8")) | {"labels": TAGS}), "utf-8")
    torch.manual_seed(0)
    transfer = Transfer(torch.zeros(24), torch.full((24,), 0.3), 32).eval()
    card = make_card("tiny-map", "transfer", {})
    example = {"embedding": torch.randn(1, 32)}
    (root / "models" / "tiny-map").mkdir()
    publish(transfer, [Graph(transfer, example, ("w",), free_batch=True)], card, root / "models" / "tiny-map")
    write_medleys(root / "runs")
    write_paintings(root / "data" / "paintings")
    (root / "tools").mkdir()
    (root / "tools" / "paint_score.py").write_text(SCORE, "utf-8")
    (root / "weights").mkdir()
    return Desk(
        root / "data", root / "weights", root / "tools", root / "models", root / "docs" / "models.md",
        root / "docs" / "models.json", root / "docs" / "pictures" / "models", root / "benches",
        root / "runs", n_medleys=2, n_samples=5, tagger="tiny-tagger", transfer="tiny-map",
        generator="tiny-generator", mvnet="none",
    )  # fmt: skip


def write_medleys(folder: Path) -> None:
    """A low chord and bright noise, 5 s each, twice."""
    folder.mkdir()
    t, rng = np.arange(5 * 16_000) / 16_000, np.random.default_rng(0)
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (110, 165, 220)) / 6
    noise = np.diff(rng.normal(size=len(t) + 1)) / 8
    sound = np.stack([np.concatenate([chord, noise]), np.concatenate([noise, chord])])
    kinds = np.array([["chord", "noise"], ["noise", "chord"]])
    np.savez(folder / "medleys-2.npz", sound=(sound.clip(-1, 1) * 32767).astype(np.int16), kinds=kinds)


def write_paintings(folder: Path) -> None:
    folder.mkdir(parents=True)
    rows = ["file,year,split"]
    for i in range(6):
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (40, 40, 3), np.uint8)).save(
            folder / f"{i}.png"
        )
        rows.append(f"{i}.png,{1800 + i},val")
    (folder / "paintings.csv").write_text("\n".join(rows), "utf-8")


@pytest.fixture(scope="module")
def page(desk: Desk) -> str:
    """The page after tagger, generator and map were measured."""
    for name in ("tagger", "generator", "map"):
        report.measure(desk, report.PARTS[name])
    report.write(desk)
    return desk.out.read_text("utf-8")


def test_each_part_keeps_its_figures_and_its_weights(desk: Desk, page: str) -> None:
    kept = json.loads(desk.figures.read_text("utf-8"))
    assert set(kept) == {"tagger", "generator", "map"}
    assert kept["map"]["weights"].keys() == {"tiny-tagger", "tiny-map", "tiny-generator"}
    assert kept["generator"]["figures"]["n_samples"] == 5
    assert kept["tagger"]["figures"]["n_medleys"] == 2


def test_the_page_shows_targets_met_and_short_and_every_picture_there_is(desk: Desk, page: str) -> None:
    assert "| layout distance at 64 px | ≤ 12 | 14.0 | **short** |" in page
    assert "| texture distance at 64 px | ≤ 25 | 20.0 | met |" in page
    shown = {path.name for path in desk.pictures.iterdir()}
    assert {"map-figure-4.jpg", "generator-samples.jpg", "generator-interpolation.jpg"} <= shown
    for name in shown:
        assert f"(pictures/models/{name})" in page
        assert (desk.pictures / name).stat().st_size <= report_pages.MAX_PICTURE_BYTES


def test_what_was_not_measured_and_what_is_not_there_is_said(page: str) -> None:
    assert "There is no model none here." in page
    assert "measured" in page and "klangbild bench styles" in page


def test_sections_that_sound_apart_lie_apart(desk: Desk, page: str) -> None:
    figures = json.loads(desk.figures.read_text("utf-8"))["tagger"]["figures"]
    assert figures["silhouette_mfcc"] > 0.5
    assert figures["cosine_down_12_db"] <= 1.0


def test_newer_weights_are_called_newer(desk: Desk, page: str) -> None:
    kept = json.loads(desk.figures.read_text("utf-8"))
    kept["map"]["weights"]["tiny-map"] = "another"
    origin = report.origin(desk, report.PARTS["map"], kept["map"])
    assert "weights are newer" in origin and "klangbild train report map" in origin
    assert "newer" not in report.origin(desk, report.PARTS["tagger"], kept["tagger"])


def test_what_was_seen_stays_until_the_weights_change(desk: Desk, page: str) -> None:
    report.note_seen(desk, ["generator"], "Brown clouds.")
    report.write(desk)
    assert "Looked at: Brown clouds." in desk.out.read_text("utf-8")
    report.measure(desk, report.PARTS["generator"])
    assert json.loads(desk.figures.read_text("utf-8"))["generator"]["seen"]["text"] == "Brown clouds."
    with pytest.raises(UserError, match="one part"):
        report.note_seen(desk, ["generator", "map"], "Both.")


def test_without_data_a_part_is_left_as_it_is(
    desk: Desk, page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = Desk(tmp_path / "none", models=desk.models, figures=desk.figures, tagger="tiny-tagger")
    before = desk.figures.read_text("utf-8")
    report.measure(away, report.PARTS["tagger"])
    assert "left as it is" in capsys.readouterr().out
    assert desk.figures.read_text("utf-8") == before


def test_bad_words_are_one_sentence(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="choose from tagger"):
        report.main(["nothing"])
    (tmp_path / "models.json").write_text("[", "utf-8")
    with pytest.raises(UserError, match="delete it"):
        report.read(Desk(figures=tmp_path / "models.json"))
    (tmp_path / "medleys-2.npz").write_bytes(b"no")
    with pytest.raises(UserError, match="damaged"):
        report_medleys.cached_medleys(tmp_path, tmp_path, 2)


def test_a_score_that_fails_is_told(desk: Desk, tmp_path: Path) -> None:
    from visualizer.training.report_generator import score

    (tmp_path / "paint_score.py").write_text("import sys; sys.exit('no pictures')", "utf-8")
    with pytest.raises(UserError, match="no pictures"):
        score(Desk(tools=tmp_path), tmp_path, 64)
