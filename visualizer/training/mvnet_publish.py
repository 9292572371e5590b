"""Measures a trained MVNet and puts it into `models/`: weights, two graphs, its eras, card, preview."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizer.checkpoints.cards import Card
from visualizer.checkpoints.export import publish
from visualizer.checkpoints.modules import mvnet_graphs
from visualizer.networks.mvnet import Classifier, MVNet
from visualizer.training import house, mvnet_judge, mvnet_sheet, mvnet_statistics, provenance
from visualizer.training.mvnet import ID, N_CLASSIFIED
from visualizer.training.mvnet_data import Pairs, read_paintings
from visualizer.training.mvnet_data import centres as centres_of
from visualizer.training.mvnet_eras import Eras
from visualizer.training.mvnet_judge import (
    accuracy,
    balanced,
    classify,
    eras_of,
    hear_once,
    paint,
    year_correlation,
)
from visualizer.training.mvnet_music import Music, read_music
from visualizer.training.mvnet_run import read_eras
from visualizer.types import UserError

N_HEARD_PER_ERA = 48
"""Training windows of each era that the centres and the reading of years come from."""
N_JUDGED_PER_ERA = {"train": 20, "val": 64}
"""Windows of each era, as far as there are so many."""
N_JUDGED_Z = 3
N_CENTRE_Z = 32
N_CURVE_Z = 3
N_CURVE_POINTS = 4
N_JUDGE_STEPS = 1500
N_PREVIEW_Z = 5
FIGURES = "figures.json"


@dataclass(frozen=True)
class Trained:
    """The averaged MVNet of a run with its classifier, its eras and how many images it learned from."""

    mvnet: MVNet
    classifier: Classifier
    eras: Eras
    n_images: int
    n_steps: int
    folder: Path

    def hear(self, music: Music, chosen: NDArray[np.int64], split: str) -> Tensor:
        """v (n, 1, 8, 16) of clips of a split."""
        return hear_once(self.mvnet.encoder, music, chosen, self.folder / f"heard-{split}.pt")

    @classmethod
    def load(cls, folder: Path) -> Trained:
        state = house.load_state(folder / "state.pt")
        eras = read_eras(state)
        classifier = Classifier(len(eras))
        classifier.load_state_dict(state["classifier"])
        counted = state["counters"]
        mvnet = mvnet_judge.load_average(state)
        return cls(mvnet, classifier.eval(), eras, counted["n_images"], counted["n_steps"], folder)


def main(a: argparse.Namespace) -> None:
    """The stages judge, publish and sheet of `klangbild train mvnet`."""
    trained = Trained.load(a.out)
    if a.stage == "judge":
        figures = measure(trained, a.data, a.music, a.vgg, a.out, a.without, a.picture)
        print(json.dumps(figures, indent=2))
    elif a.stage == "publish":
        publish_run(trained, a.music, a.out, a.models)
    else:
        mvnet_sheet.draw_pieces(trained.mvnet, read_music(a.music, "val"), trained.eras, a.picture)
        print(f"drawn: {a.picture}")


def measure(
    trained: Trained, data: Path, music_dir: Path, vgg: Path, out: Path, without: Path, picture: Path
) -> dict[str, float]:
    """Every figure of the card; kept in `out`/figures.json, and the course of era accuracy in `picture`."""
    eras = trained.eras
    train, val = read_music(music_dir, "train"), read_music(music_dir, "val")
    paintings = {split: read_paintings(data, split, music_dir) for split in ("train", "val")}
    pairs = Pairs(train, paintings["train"], eras, 2, 1, mvnet_judge.JUDGE_SEED)
    seen = eras_of(paintings["train"].years, eras)
    judge = mvnet_judge.train_judge(pairs, len(eras), N_JUDGE_STEPS, music_dir)
    second = mvnet_statistics.train_judge(paintings["train"], seen, eras, vgg, music_dir)
    numbers = {"train": eras_of(train.years, eras), "val": eras_of(val.years, eras)}
    figures: dict[str, float] = {
        "n_images": trained.n_images,
        "n_steps": trained.n_steps,
        "chance": 1 / len(eras),
        "judge_accuracy_train_paintings": _seen_accuracy(judge, pairs),
        "classifier_accuracy_val_paintings": mvnet_judge.painting_accuracy(
            trained.classifier, paintings["val"], eras
        ),
    }
    real = np.flatnonzero(eras_of(paintings["val"].years, eras) >= 0)
    crops, years = centres_of(paintings["val"], real), paintings["val"].years[real]
    for name, one in (("", judge), ("second_", second)):
        judged = classify(one, crops)
        figures[f"{name}judge_accuracy_val_paintings"] = accuracy(judged, eras_of(years, eras))
        figures[f"{name}year_correlation_val_paintings"] = year_correlation(judged, years, eras)
    places = {split: balanced(numbers[split], N_JUDGED_PER_ERA[split]) for split in numbers}
    for split, music in (("train", train), ("val", val)):
        v = trained.hear(music, places[split], split)
        wanted = numbers[split][places[split]]
        figures |= _judge_music(trained, v, music.years[places[split]], wanted, split, judge, second)
        if split == "train":
            figures["variety_of_z"] = mvnet_judge.variety(trained.mvnet, v[::24])
            curves = _curves(out, without, judge, v, wanted)
    figures |= _compare(curves)
    centres, reading = _eras_heard(trained, train)
    figures |= _judge_centres(trained, centres, judge)
    known = np.flatnonzero(numbers["val"] >= 0)
    v = trained.hear(val, known, "val")
    figures |= mvnet_judge.year_errors(reading, v, val.years[known], eras)
    mvnet_sheet.draw_curves(curves, 1 / len(eras), picture)
    rounded = {name: float(f"{value:.4g}") for name, value in figures.items()}
    (out / FIGURES).write_text(json.dumps(rounded, indent=2) + "\n", "utf-8")
    return rounded


def _judge_music(
    trained: Trained,
    v: Tensor,
    years: NDArray[np.int32],
    wanted: NDArray[np.int64],
    split: str,
    judge: torch.nn.Module,
    second: torch.nn.Module,
) -> dict[str, float]:
    """What the judges, and C itself, say of images of music that they have not heard, N_JUDGED_Z a window."""
    images = paint(trained.mvnet, v.repeat_interleave(N_JUDGED_Z, 0))
    wanted, years = wanted.repeat(N_JUDGED_Z), years.repeat(N_JUDGED_Z)
    figures = {
        f"n_judged_{split}": float(len(images)),
        f"own_era_accuracy_{split}": accuracy(classify(trained.classifier, images), wanted),
    }
    for name, one in (("", judge), ("second_", second)):
        judged = classify(one, images)
        figures[f"{name}era_accuracy_{split}"] = accuracy(judged, wanted)
        figures[f"{name}year_correlation_{split}"] = year_correlation(judged, years, trained.eras)
    return figures | (mvnet_judge.colour_distance(images, wanted) if split == "train" else {})


Curves = dict[str, list[tuple[int, float]]]


def _curves(out: Path, without: Path, judge: torch.nn.Module, v: Tensor, wanted: NDArray[np.int64]) -> Curves:
    """Era accuracy by images learned from, with and without the loss; N_CURVE_Z images a window."""
    v, wanted = v.repeat_interleave(N_CURVE_Z, 0), wanted.repeat(N_CURVE_Z)
    runs = (("with", out), ("without", without))
    return {name: mvnet_judge.curve(run, judge, v, wanted, N_CURVE_POINTS) for name, run in runs}


def _compare(curves: Curves) -> dict[str, float]:
    """The end of both curves, and their accuracies after as many images as the shorter one learned from."""
    figures: dict[str, float] = {}
    for name, points in curves.items():
        if points:
            figures[f"curve_{name}_best"] = max(share for _, share in points)
            figures[f"curve_{name}_last"] = points[-1][1]
    if all(curves.values()):
        last = min(points[-1][0] for points in curves.values())
        figures["compared_at_images"] = float(last)
        for name, points in curves.items():
            counts, shares = zip(*points, strict=True)
            figures[f"compared_{name}"] = float(np.interp(last, counts, shares))
    return figures


def _seen_accuracy(judge: torch.nn.Module, pairs: Pairs) -> float:
    batch = pairs.paintings(0, 16 * N_CLASSIFIED)
    return accuracy(classify(judge, batch.image), batch.era.numpy())


def _judge_centres(trained: Trained, centres: Tensor, judge: torch.nn.Module) -> dict[str, float]:
    """What the judge says of images of the eras' mean v, with N_CENTRE_Z z each."""
    judged = classify(judge, paint(trained.mvnet, centres.repeat_interleave(N_CENTRE_Z, 0)))
    wanted = np.arange(len(centres)).repeat(N_CENTRE_Z)
    years = np.array([trained.eras.middle(int(era)) for era in wanted], np.int32)
    return {
        "era_accuracy_centres": accuracy(judged, wanted),
        "year_correlation_centres": year_correlation(judged, years, trained.eras),
    }


def _eras_heard(trained: Trained, music: Music) -> tuple[Tensor, mvnet_judge.Reading]:
    """The mean v of each era (n, 1, 8, 16) and the reading of the era from v, from training music."""
    numbers = eras_of(music.years, trained.eras)
    chosen = balanced(numbers, N_HEARD_PER_ERA)
    v, wanted = trained.hear(music, chosen, "train"), numbers[chosen]
    if len(np.unique(wanted)) < len(trained.eras):
        raise UserError("some eras have no music any more; make it anew with --stage music")
    centres = torch.stack([v[torch.from_numpy(wanted == era)].mean(0) for era in range(len(trained.eras))])
    return centres, mvnet_judge.fit_reading(v, wanted, len(trained.eras))


def publish_run(trained: Trained, music_dir: Path, out: Path, folder: Path) -> None:
    """Writes the model; the figures are those of `--stage judge`, where it judged these very weights."""
    centres, reading = _eras_heard(trained, read_music(music_dir, "train"))
    extras: dict[str, NDArray[Any]] = {
        "decade_years": np.array(trained.eras.firsts, np.float32),
        "decade_v": centres.numpy().astype(np.float32),
        "year_weight": reading.weight.astype(np.float32),
        "year_bias": reading.bias.astype(np.float32),
    }
    figures = _known_figures(out / FIGURES, trained)
    with tempfile.TemporaryDirectory() as made:
        preview = Path(made) / "preview.jpg"
        house.save_sheet(preview_images(trained.mvnet, centres), preview, len(centres))
        card = make_card(trained, figures, folder.name)
        parity = publish(
            trained.mvnet, mvnet_graphs(trained.mvnet), card, folder, extras=extras, preview=preview
        )
    for file, by_runtime in parity.items():
        print(file, {name: f"{value.max_error:.1e}" for name, value in by_runtime.items()})


def preview_images(mvnet: MVNet, centres: Tensor) -> Tensor:
    """A column an era, a row a z: (n_z · n_eras, 3, 64, 64)."""
    n = len(centres)
    images = torch.cat([paint(mvnet, centres, seed=z)[:n] for z in range(N_PREVIEW_Z)])
    return images


def _known_figures(path: Path, trained: Trained) -> dict[str, float]:
    counted = {"n_images": float(trained.n_images), "n_steps": float(trained.n_steps)}
    if not path.is_file():
        return counted
    figures: dict[str, float] = json.loads(path.read_text("utf-8"))
    return figures if figures.get("n_images") == trained.n_images else counted


def make_card(trained: Trained, figures: dict[str, float], id: str = ID) -> Card:
    """The card of the house MVNet, or of somebody's own where it has another `id`."""
    n_parameters = sum(p.numel() for p in trained.mvnet.parameters())
    power = trained.mvnet.encoder.power
    card = Card(
        id=ID,
        kind="mvnet",
        title="House eras",
        summary="Hears 8.91 s of music and paints a 64 px style image in the manner of the paintings of its "
        f"era, {trained.eras.firsts[0]} to {trained.eras.end - 1}, {len(trained.eras)} eras.",
        paper="Lee et al., Crossing You in Style: Cross-modal Style Transfer from Music to Visual Arts, 2020",
        data="About 7,700 clips of scores from 1490 to 1930 (CC0, public domain, CC BY, CC BY-SA, BSD) "
        "rendered with two soundfonts, a few recordings of known year, and 7,500 reproductions of paintings "
        "in the public domain, 1490 to 1949, by decade of their year.",
        rights="The paintings are in the public domain; the weights are under this project's licence (MIT).",
        command="klangbild train mvnet --stage music, --stage hear --minutes 26, then --gamma 0.3, --stage "
        "judge and --stage publish; the shipped run changed on its way (docs/decisions/0010)",
        commit=provenance.current_commit(),
        architecture={
            "power": power,
            "n_readings": trained.mvnet.generator.standardise.n_channels,
        },
        figures={"n_parameters": float(n_parameters), **figures},
        limits=LIMITS,
        labels=trained.eras.labels,
    )
    return card if id == ID else provenance.as_own(card, "The music and the pictures", id)


LIMITS = (
    "Trained on one busy CPU core. Years are uneven: paintings of 1800 to 1869 are nearly all Japanese "
    "prints, those of 1490 to 1599 are by a handful of painters, about a third of the years are estimates "
    "from the artist's life, and there is nothing after 1949: newer music gets the era it sounds nearest to. "
    "Scores are played by two soundfonts: instruments say more of the era than harmony does. A window tells "
    "its era roughly: earlier or later, seldom the decade. The judge of the figures knows the decade of one "
    "in six real paintings by other artists; compare what it says of style images with that, and see how the "
    "years it expects follow the music's. What differs from the paper is in "
    "docs/decisions/0010. A faint grid of the deconvolutions shows."
)
