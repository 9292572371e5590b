"""Fits the map from the tagger's embedding to the generator's style, on pairs chosen by the house taste.

L1 through tanh, as in TräumerAI's equation 1. Two hundred pairs cannot fix 512 × 512 weights, and a plain fit
answers everything with the median, so the fit works on the few directions in which clips differ from one
another more than from themselves (discriminant analysis, folded into W and b), starts from ridge regression,
and its slope is raised at the end until the styles of the training music spread `SPREAD` times as widely as
the generator's own.
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
from visualizer.checkpoints.modules import build
from visualizer.checkpoints.weights import load_state as load_weights
from visualizer.networks.stylegan2 import Generator, make_noises
from visualizer.networks.tagger import ShortChunkCNN
from visualizer.networks.transfer import Transfer
from visualizer.paths import MODELS, data_dir
from visualizer.training import own_pairs, taste
from visualizer.training.corpus import DEFAULT_FOLDER, Corpus, shard_paths
from visualizer.training.judge import cut_windows, hear, windows
from visualizer.training.music import N_WINDOWS
from visualizer.training.ship_tagger import current_commit, load_shipped
from visualizer.types import UserError

ID = "transfer-house"
OWN_ID = "transfer-own"
PICTURE_PX = 64
N_DIRECTIONS = 32
RIDGE = 0.3
SPREAD = 0.9
N_STEPS = 400
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Music:
    """Embeddings of all windows (n, N_WINDOWS, 512), what is heard in each clip (n, 4), and its kind."""

    embeddings: Floats
    heard: Floats
    kinds: list[str]


@dataclass(frozen=True)
class Gallery:
    """Styles (n, n_w), what is seen in their pictures (n, 4), mean and deviation of all styles (n_w,)."""

    styles: Floats
    seen: Floats
    mean: Floats
    deviation: Floats


def load_generator(folder: Path) -> tuple[Generator, dict[str, NDArray[np.float32]]]:
    """A published generator in torch, and the arrays stored beside its weights."""
    generator = build(load_card(folder), folder)
    assert isinstance(generator, Generator)
    stored, wanted = load_weights(folder / "weights.safetensors"), generator.state_dict()
    return generator.eval(), {name: value for name, value in stored.items() if name not in wanted}


@torch.no_grad()
def paint(generator: Generator, styles: Tensor, seed: int) -> NDArray[np.float32]:
    """Pictures (n, 3, 64, 64) of styles (n, n_w), one w for all layers."""
    random = torch.Generator().manual_seed(seed)
    pictures = []
    for part in styles.split(25):
        noises = make_noises(generator.shape, len(part), random, PICTURE_PX)
        w = part[:, None].expand(-1, generator.shape.n_layers, -1)
        pictures.append(generator.synthesis(w, noises, exit_px=PICTURE_PX).numpy())
    return np.concatenate(pictures)


def gallery_z(n: int, n_w: int, seed: int) -> NDArray[np.float32]:
    """The z (n, n_w) of the pictures that clips are paired with."""
    return torch.randn(n, n_w, generator=torch.Generator().manual_seed(seed)).numpy()


@torch.no_grad()
def hang(generator: Generator, extras: dict[str, NDArray[np.float32]], n: int, seed: int) -> Gallery:
    """Sample n styles and look at their pictures."""
    styles = generator.mapping(torch.from_numpy(gallery_z(n, generator.shape.n_w, seed)))
    seen = np.stack([taste.see(picture) for picture in paint(generator, styles, seed)])
    mean, deviation = (extras[name].astype(np.float64) for name in ("w_mean", "w_std"))
    return Gallery(styles.double().numpy(), seen, mean, deviation)


def choose_clips(kinds: list[str], n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """n clips, the kinds taken in turn, so that the many scores do not outweigh the few recordings."""
    by_kind: dict[str, list[int]] = {}
    for i in rng.permutation(len(kinds)):
        name = "mix" if "+" in kinds[i] else kinds[i].removesuffix("_synth")
        by_kind.setdefault(name, []).append(int(i))
    chosen: list[int] = []
    while len(chosen) < n and any(by_kind.values()):
        chosen += [clips.pop() for clips in by_kind.values() if clips]
    return np.array(chosen[:n])


def listen(network: ShortChunkCNN, corpus: Corpus, clips: NDArray[np.intp]) -> Music:
    embeddings, _ = hear(network, windows(corpus, clips))
    heard = np.stack([taste.hear(corpus.samples[i].astype(np.float32) / 32768) for i in clips])
    return Music(
        embeddings.reshape(len(clips), N_WINDOWS, -1).astype(np.float64),
        heard,
        [corpus.kinds[i] for i in clips],
    )


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


def fit(z: Floats, targets: Floats, gallery: Gallery) -> Transfer:
    """The map for embeddings z (clips, windows, d) and a style (clips, n_w) for each clip."""
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


def agreement(transfer: Transfer, generator: Generator, music: Music) -> dict[str, float]:
    """Rank correlation of what is heard in held-out clips and seen in the pictures that they become."""
    z = torch.from_numpy(music.embeddings.mean(axis=1)).float()
    with torch.no_grad():
        pictures = paint(generator, transfer(z), seed=5)
    a = taste.join_first_two(music.heard)
    b = taste.join_first_two(np.stack([taste.see(picture) for picture in pictures]))
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
        "--data", type=Path, default=DEFAULT_FOLDER, help="folder with the tagger's music shards"
    )
    parser.add_argument("--tagger", type=Path, default=MODELS / "tagger-house")
    parser.add_argument("--generator", type=Path, default=MODELS / "generator-paintings")
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
        "--minutes", type=float, default=5.0, help="taken as it comes: the fit needs about one"
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
    if args.pairs is None and (not shard_paths(args.data, False) or not shard_paths(args.data, True)):
        raise UserError(
            f"{args.data} holds no music shards; make them with klangbild train tagger, or name --data"
        )
    torch.set_num_threads(1)
    if args.pairs is not None:
        return fit_own(args)
    rng = np.random.default_rng(args.seed)
    network = load_shipped(args.tagger)
    corpus, held_out = Corpus(shard_paths(args.data, False)), Corpus(shard_paths(args.data, True))
    music = listen(network, corpus, choose_clips(corpus.kinds, args.n_clips, rng))
    unheard = listen(network, held_out, choose_clips(held_out.kinds, 80, rng))
    generator, extras = load_generator(args.generator)
    gallery = hang(generator, extras, args.n_pictures, args.seed)
    pairs = taste.pair(music.heard, gallery.seen)
    targets = gallery.styles[[p.picture for p in pairs]]
    transfer = fit(music.embeddings[[p.clip for p in pairs]], targets, gallery)
    figures = measure(transfer, generator, music, unheard, gallery)
    for name, value in figures.items():
        print(f"{name:28} {value:.3f}")
    listed = [{**asdict(p), "kind": music.kinds[p.clip], "distance": round(p.distance, 3)} for p in pairs]
    about = {"seed": args.seed, "n_pictures": args.n_pictures, "heard": taste.HEARD, "seen": taste.SEEN}
    data = (
        f"{len(pairs)} clips of the tagger's music, each with one of {args.n_pictures} samples of the "
        "generator, chosen by the written house taste (training/taste.py); the pairs are in pairs.json."
    )
    limits = "A taste of energy, brightness and roughness only: it knows nothing of eras or motifs."
    write(transfer, args.out or MODELS / ID, music, {**about, "pairs": listed}, figures, data, limits)
    return 0


def fit_own(args: argparse.Namespace) -> int:
    """The map of a person's own pairs."""
    folder = args.out or data_dir() / "models" / OWN_ID
    if not set(folder.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") or folder.name == ID:
        raise UserError(f"--out is a model's folder: small letters, digits, hyphens, and not {ID}")
    pairs = own_pairs.read_pairs(args.pairs)
    targets = own_pairs.styles_of(pairs, args.generator)
    clips = own_pairs.clips_of(pairs)
    network = load_shipped(args.tagger)
    embeddings, _ = hear(network, cut_windows(np.stack(clips)))
    heard = np.stack([taste.hear(clip) for clip in clips])
    kinds = [pair.music.stem for pair in pairs]
    music = Music(embeddings.reshape(len(pairs), N_WINDOWS, -1).astype(np.float64), heard, kinds)
    _, extras = load_generator(args.generator)
    gallery = Gallery(
        targets,
        np.zeros((len(pairs), 4)),
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
    write(transfer, folder, music, listed, figures, data, "A person's own taste.")
    print(f"{folder}: take it with --set traumer.map={args.out or OWN_ID}")
    return 0


def measure(
    transfer: Transfer, generator: Generator, music: Music, unheard: Music, gallery: Gallery
) -> dict[str, float]:
    """Spread, separation of clips and agreement with the taste, on music that was not trained on."""
    with torch.no_grad():
        styles = transfer(torch.from_numpy(unheard.embeddings).float().flatten(0, 1))
        trained = transfer(torch.from_numpy(music.embeddings).float().flatten(0, 1))
    clips = np.repeat(np.arange(len(unheard.kinds)), N_WINDOWS)
    figures = {
        "n_pairs": float(len(music.kinds)),
        "spread_train": spread(trained, transfer),
        "spread_val": spread(styles, transfer),
        "clip_separation_val": separation(styles.double().numpy(), clips, gallery.deviation),
    }
    return figures | agreement(transfer, generator, unheard)


def write(
    transfer: Transfer,
    folder: Path,
    music: Music,
    pairs: Mapping[str, Any],
    figures: dict[str, float],
    data: str,
    limits: str,
) -> None:
    """The model folder: weights, graph, card, and the pairs in pairs.json."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pairs.json").write_text(json.dumps(pairs, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}); choose another --out") from error
    is_house = folder.name == ID
    card = Card(
        id=folder.name,
        kind="transfer",
        title="House map" if is_house else "Map of your own",
        summary="From what the house tagger hears to styles of the paintings: w = 2σ·tanh(Wz+b)+μ.",
        paper="TräumerAI 2020, equation 1",
        data=data,
        rights="MIT, as the project",
        command="klangbild train transfer" if is_house else "klangbild train transfer --pairs FILE",
        commit=current_commit(),
        architecture={"n_embedding": transfer.dense.in_features, "n_style": transfer.dense.out_features},
        figures={name: round(value, 4) for name, value in figures.items()},
        limits=f"{limits} It belongs to one tagger and one generator; when either is trained again, so must "
        "this be.",
    )
    example = {"embedding": torch.from_numpy(music.embeddings[0, :1]).float()}
    publish(transfer, [Graph(transfer, example, ("w",), free_batch=True)], card, folder, precision="fp16")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
