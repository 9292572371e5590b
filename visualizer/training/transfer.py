"""Fits the map from the tagger's embedding to the generator's style, on pairs chosen by the house taste.

L1 through tanh, as in TräumerAI's equation 1. Two hundred pairs cannot fix 512 × 512 weights, and a plain fit
answers everything with the median, so the fit works on the few directions in which clips differ from one
another more than from themselves (discriminant analysis, folded into W and b) and starts from ridge
regression. Its slope is then leaned toward the taste where many more samples tell how (training/leaning.py),
and raised until the styles of the training music spread `SPREAD` times as widely as the generator's own.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg
from torch import Tensor

from visualizer.checkpoints.cards import Card, load_card
from visualizer.checkpoints.export import Graph, publish
from visualizer.networks.stylegan2 import Generator
from visualizer.networks.transfer import Transfer
from visualizer.paths import MODELS, data_dir
from visualizer.training import leaning, own_pairs, provenance, taste, transfer_material, years
from visualizer.training.corpus import DEFAULT_FOLDER
from visualizer.training.judge import cut_windows, hear
from visualizer.training.leaning import Directions
from visualizer.training.music import N_WINDOWS
from visualizer.training.ship_tagger import load_shipped
from visualizer.training.transfer_material import (
    LEAST_CLIPS,
    Gallery,
    Music,
    choose_clips,
    find_sounds,
    hang,
    load_generator,
    look,
    paint,
)
from visualizer.training.years import MusicYears, PictureYears
from visualizer.types import UserError

ID = "transfer-house"
OWN_ID = "transfer-own"
N_SEEN = 2000
"""Samples that tell along which directions of w the terms of the taste can be seen."""
N_HELD_OUT = 80
N_DIRECTIONS = 32
RIDGE = 0.3
SPREAD = 0.9
N_STEPS = 400
LIMITS = (
    "A taste of four terms: era, energy, brightness and roughness; it knows nothing of motifs. Years are "
    "uncertain on both sides (docs/decisions/0009), so earlier and later agree only roughly."
)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class About:
    """What a map's card says of it: the two models it belongs to, by name, and how it was made."""

    tagger: str
    generator: str
    options: str
    data: str
    limits: str


def discriminants(z: Floats, n: int) -> Floats:
    """Directions (d, n) in which clips differ most, measured in how much a clip differs from itself.

    `z` is (clips, windows, d). Within-clip covariance is shrunk towards its diagonal, since d is larger than
    the number of clips.
    """
    clip_means = z.mean(axis=1, keepdims=True)
    inner = (z - clip_means).reshape(-1, z.shape[2])
    within = inner.T @ inner / len(inner)
    total = np.cov(z.reshape(-1, z.shape[2]).T)
    floor = np.diag(np.diag(within)) + 0.05 * np.trace(total) / len(total) * np.eye(len(total))
    _, directions = linalg.eigh(total, 0.5 * within + 0.5 * floor)
    return np.asarray(directions[:, ::-1][:, :n])


def fit(
    z: Floats,
    targets: Floats,
    gallery: Gallery,
    heard: Floats | None = None,
    directions: Directions | None = None,
) -> Transfer:
    """The map for embeddings z (clips, windows, d) and a style (clips, n_w) for each clip.

    With the scores (clips, n_terms) of what is heard in them and `directions` it leans toward the taste.
    """
    flat, wanted = z.reshape(-1, z.shape[2]), np.repeat(targets, z.shape[1], axis=0)
    centre = flat.mean(axis=0)
    basis = discriminants(z, N_DIRECTIONS)
    basis = basis / ((flat - centre) @ basis).std(axis=0)
    features = (flat - centre) @ basis
    # Where tanh should be: styles beyond 1.9 deviations are pulled in, as no map can reach past 2.
    inner = np.arctanh(((wanted - gallery.mean) / (2 * gallery.deviation)).clip(-0.95, 0.95))
    gram = features.T @ features + RIDGE * len(features) * np.eye(N_DIRECTIONS)
    slope = np.linalg.solve(gram, features.T @ (inner - inner.mean(axis=0)))
    small = Transfer(torch.from_numpy(gallery.mean), torch.from_numpy(gallery.deviation), N_DIRECTIONS)
    with torch.no_grad():
        small.dense.weight.copy_(torch.from_numpy(slope.T))
        small.dense.bias.copy_(torch.from_numpy(inner.mean(axis=0)))
    _descend(small, torch.from_numpy(features).float(), torch.from_numpy(wanted).float())
    with torch.no_grad():
        if heard is not None and directions is not None:
            scores = np.repeat(heard, z.shape[1], axis=0)
            # Near the middle w is 2σ times what goes into tanh.
            leant = leaning.lean(2 * small.dense.weight.double().numpy().T, features, scores, directions) / 2
            small.dense.weight.copy_(torch.from_numpy(leant.T))
        steepen(small, torch.from_numpy(features).float())
        whole = Transfer(small.style_mean, small.style_deviation, z.shape[2])
        whole.dense.weight.copy_((small.dense.weight.double() @ torch.from_numpy(basis).T).float())
        offset = whole.dense.weight.double() @ torch.from_numpy(centre)
        whole.dense.bias.copy_((small.dense.bias.double() - offset).float())
    return whole.eval()


def _descend(small: Transfer, features: Tensor, wanted: Tensor) -> None:
    """Full-batch Adam on the L1 loss, in units of the style's deviation."""
    optimiser = torch.optim.Adam(small.parameters(), 0.01)
    for step in range(N_STEPS):
        optimiser.param_groups[0]["lr"] = 0.01 * (1 - step / N_STEPS)
        loss = ((small(features) - wanted) / small.style_deviation).abs().mean()
        loss = loss + 0.02 * small.dense.weight.square().sum(dim=1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def spread(styles: Tensor, transfer: Transfer) -> float:
    """Standard deviation of styles (n, n_w) in units of the generator's own, mean over elements."""
    return float((styles.std(dim=0) / transfer.style_deviation).mean())


def steepen(small: Transfer, features: Tensor) -> None:
    """Scale W and b about the music's mean until the styles spread as widely as `SPREAD`."""
    weight, bias = small.dense.weight.clone(), small.dense.bias - small.dense.bias.mean()
    low, high = 0.1, 30.0
    for _ in range(30):
        gain = (low * high) ** 0.5
        small.dense.weight.copy_(weight * gain)
        small.dense.bias.copy_(bias)
        low, high = (gain, high) if spread(small(features), small) < SPREAD else (low, gain)


def agreement(
    transfer: Transfer, generator: Generator, music: Music, read_years: PictureYears
) -> dict[str, float]:
    """Rank correlation of what is heard in held-out clips and seen in the pictures that they become."""
    z = torch.from_numpy(music.embeddings.mean(axis=1)).float()
    with torch.no_grad():
        pictures = paint(generator, transfer(z), seed=5)
    a, b = taste.scores(music.heard), taste.scores(look(pictures, read_years))
    return {
        f"rank_{x}_{y}": float(np.corrcoef(a[:, i], b[:, i])[0, 1])
        for i, (x, y) in enumerate(zip(taste.HEARD, taste.SEEN, strict=True))
    }


def separation(styles: Floats, sections: NDArray[np.intp], deviation: Floats) -> float:
    """Mean distance of styles of different sections over that of styles of one section."""
    x = styles / deviation
    square = (x**2).sum(axis=1)
    distance = np.sqrt(np.maximum(square[:, None] + square[None] - 2 * x @ x.T, 0))
    same = sections[:, None] == sections[None]
    others = ~np.eye(len(x), dtype=bool)
    return float(distance[~same].mean() / distance[same & others].mean())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, default=DEFAULT_FOLDER, help="the tagger's music shards, or any folder of music"
    )
    parser.add_argument("--tagger", type=Path, default=MODELS / "tagger-house")
    parser.add_argument("--generator", type=Path, default=MODELS / "generator-paintings")
    parser.add_argument("--mvnet", type=Path, default=MODELS / "mvnet-house", help="hears years")
    parser.add_argument("--encoder", type=Path, default=MODELS / "style-encoder", help="sees years")
    parser.add_argument(
        "--paintings",
        type=Path,
        metavar="FOLDER",
        help="learn anew, from pictures with years, what year a picture looks of (ten minutes; "
        f"default: as {ID} knows it)",
    )
    parser.add_argument(
        "--pairs", type=Path, metavar="FILE", help="pairs of your own instead (docs/training.md)"
    )
    parser.add_argument(
        "--out", type=Path, help=f"the model folder to write (default {ID}; with --pairs {OWN_ID}, yours)"
    )
    parser.add_argument("--n-clips", type=int, default=200)
    parser.add_argument("--n-pictures", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--minutes", type=float, default=5.0, help="taken as it comes: the fit needs about three"
    )
    parser.add_argument("--device", default="cpu", choices=["cpu"], help="the fit is small")
    parser.add_argument("--resume", action="store_true", help="nothing to resume: the fit starts anew")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="klangbild train transfer", description=(__doc__ or "").splitlines()[0]
    )
    add_arguments(parser)
    args = parser.parse_args(argv)
    if args.dry_run:
        print(f"would pair {args.n_clips} clips with {args.n_pictures} pictures and write {args.out or ID}")
        return 0
    if args.out is not None:
        provenance.check_name(args.out, "--out")
    torch.set_num_threads(1)
    return fit_own(args) if args.pairs is not None else fit_house(args)


def fit_house(args: argparse.Namespace) -> int:
    """The map of the house taste."""
    learned, held_out = find_sounds(args.data)
    read_pictures, year_figures = picture_years(args)
    network, rng = load_shipped(args.tagger), np.random.default_rng(args.seed)
    hear_year = MusicYears(args.mvnet)
    try:
        chosen = choose_clips(learned.kinds, args.n_clips, rng)
        music = transfer_material.listen(network, learned, chosen, hear_year)
        chosen = choose_clips(held_out.kinds, N_HELD_OUT, rng)
        unheard = transfer_material.listen(network, held_out, chosen, hear_year)
    finally:
        hear_year.close()
    generator, extras = load_generator(args.generator)
    gallery = hang(generator, extras, args.n_pictures, args.seed, read_pictures)
    pairs = taste.pair(music.heard, gallery.seen)
    clips = [p.clip for p in pairs]
    transfer = fit(
        music.embeddings[clips],
        gallery.styles[[p.picture for p in pairs]],
        gallery,
        taste.scores(music.heard)[clips],
        look_further(hang(generator, extras, N_SEEN, args.seed + 1, read_pictures)),
    )
    figures = measure(transfer, generator, music, unheard, gallery, read_pictures) | year_figures
    for name, value in figures.items():
        print(f"{name:28} {value:.3f}")
    listed = [{**asdict(p), "kind": music.kinds[p.clip], "distance": round(p.distance, 3)} for p in pairs]
    listed_pairs = {
        "seed": args.seed,
        "n_pictures": args.n_pictures,
        "heard": taste.HEARD,
        "seen": taste.SEEN,
        "weights": taste.WEIGHTS,
        "pairs": listed,
    }
    data = (
        f"{len(pairs)} clips of music, each with one of {args.n_pictures} samples of the "
        "generator, chosen by the written house taste (training/taste.py); the pairs are in pairs.json."
    )
    folder = args.out or MODELS / ID
    options = "--paintings FOLDER" if folder.name == ID else "--data FOLDER"
    about = About(args.tagger.name, args.generator.name, options, data, LIMITS)
    write(transfer, folder, music, listed_pairs, figures, about, read_pictures)
    return 0


def picture_years(args: argparse.Namespace) -> tuple[PictureYears, dict[str, float]]:
    """The reading of years of pictures with its figures: learned anew, or as it ships."""
    encoder = years.load_encoder(args.encoder)
    if args.paintings is not None:
        return years.fit(encoder, args.paintings)
    reading, shipped = years.read_shipped(encoder, MODELS / ID), load_card(MODELS / ID).figures
    return reading, {name: value for name, value in shipped.items() if name.startswith("picture_year")}


def look_further(more: Gallery) -> Directions:
    """The directions of w in which the terms of the taste can be seen."""
    return leaning.find_directions((more.styles - more.mean) / more.deviation, taste.scores(more.seen))


def fit_own(args: argparse.Namespace) -> int:
    """The map of a person's own pairs."""
    folder = args.out or data_dir() / "models" / OWN_ID
    if folder.name == ID:
        raise UserError(f"--out {folder} would be our own map; name a folder of yours")
    pairs = own_pairs.read_pairs(args.pairs)
    targets = own_pairs.styles_of(pairs, args.generator)
    clips = own_pairs.clips_of(pairs)
    network = load_shipped(args.tagger)
    embeddings, _ = hear(network, cut_windows(np.stack(clips)))
    kinds = [pair.music.stem for pair in pairs]
    windows = embeddings.reshape(len(pairs), N_WINDOWS, -1).astype(np.float64)
    music = Music(windows, np.zeros((len(pairs), 5)), kinds)
    _, extras = load_generator(args.generator)
    gallery = Gallery(
        targets,
        np.zeros((len(pairs), 5)),
        extras["w_mean"].astype(np.float64),
        extras["w_std"].astype(np.float64),
    )
    transfer = fit(music.embeddings, targets, gallery)
    with torch.no_grad():
        styles = transfer(torch.from_numpy(music.embeddings).float().flatten(0, 1))
    sections = np.repeat(np.arange(len(pairs)), N_WINDOWS)
    figures = {
        "n_pairs": float(len(pairs)),
        "spread_train": spread(styles, transfer),
        "clip_separation_train": separation(styles.double().numpy(), sections, gallery.deviation),
    }
    for name, value in figures.items():
        print(f"{name:28} {value:.3f}")
    listed = json.loads(args.pairs.read_text("utf-8"))
    data = f"{len(pairs)} places of songs, each with a picture that a person chose; see pairs.json."
    about = About(args.tagger.name, args.generator.name, "--pairs FILE", data, "A person's own taste.")
    write(transfer, folder, music, listed, figures, about)
    print(f"{folder}: take it with --set traumer.map={args.out or OWN_ID}")
    return 0


def measure(
    transfer: Transfer,
    generator: Generator,
    music: Music,
    unheard: Music,
    gallery: Gallery,
    read_years: PictureYears,
) -> dict[str, float]:
    """Spread, separation of clips and agreement with the taste, on music that was not trained on.

    With fewer than LEAST_CLIPS held-out clips nothing is said of them.
    """
    with torch.no_grad():
        styles = transfer(torch.from_numpy(unheard.embeddings).float().flatten(0, 1))
        trained = transfer(torch.from_numpy(music.embeddings).float().flatten(0, 1))
    figures = {"n_pairs": float(len(music.kinds)), "spread_train": spread(trained, transfer)}
    if len(unheard.kinds) < LEAST_CLIPS:
        return figures
    clips = np.repeat(np.arange(len(unheard.kinds)), N_WINDOWS)
    figures |= {
        "spread_val": spread(styles, transfer),
        "clip_separation_val": separation(styles.double().numpy(), clips, gallery.deviation),
    }
    return figures | agreement(transfer, generator, unheard, read_years)


def write(
    transfer: Transfer,
    folder: Path,
    music: Music,
    pairs: Mapping[str, Any],
    figures: dict[str, float],
    about: About,
    read_years: PictureYears | None = None,
) -> None:
    """The model folder: weights, graph, card, the pairs in pairs.json, and how years of pictures are read."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pairs.json").write_text(json.dumps(pairs, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}); choose another --out") from error
    card = Card(
        id=folder.name,
        kind="transfer",
        title="House map" if folder.name == ID else folder.name.replace("-", " ").capitalize(),
        summary=f"From what {about.tagger} hears to styles of {about.generator}: w = 2σ·tanh(Wz+b)+μ.",
        paper="TräumerAI 2020, equation 1",
        data=about.data,
        rights="MIT, as the project" if folder.name == ID else provenance.OWN_RIGHTS,
        command=f"klangbild train transfer {about.options}",
        commit=provenance.current_commit(),
        architecture={"n_embedding": transfer.dense.in_features, "n_style": transfer.dense.out_features},
        figures={name: round(value, 4) for name, value in figures.items()},
        limits=f"{about.limits} It belongs to one tagger and one generator; when either is trained again, so "
        "must this be.",
    )
    example = {"embedding": torch.from_numpy(music.embeddings[0, :1]).float()}
    graph = Graph(transfer, example, ("w",), free_batch=True)
    extras = read_years.extras() if read_years else None
    publish(transfer, [graph], card, folder, precision="fp16", extras=extras)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
