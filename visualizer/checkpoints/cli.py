"""`klangbild models`: list, info, check, graphs and sample."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visualizer.checkpoints.cards import (
    CARD,
    SQUARE,
    WEIGHTS,
    WIDE,
    Card,
    Model,
    card_folders,
    find_model,
    find_models,
)
from visualizer.paths import models_dirs
from visualizer.types import UserError


def main(argv: Sequence[str]) -> int:
    """Runs `models …`; 0, or 2 where a model is not sound. Raises UserError for bad input."""
    options = _parser().parse_args(argv)
    if options.action == "list":
        return _list(options.json)
    if options.action == "info":
        return _info(options.id, options.json)
    if options.action == "check":
        return _check(options.id)
    if options.action == "graphs":
        return _graphs(options.id)
    return _sample(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="klangbild models", description="The networks that are installed.")
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="list | info | check | graphs | sample"
    )
    listing = actions.add_parser("list", help="the models there are")
    listing.add_argument("--json", action="store_true", help="as JSON")
    info = actions.add_parser("info", help="a model's card")
    info.add_argument("id", help="its id or its folder")
    info.add_argument("--json", action="store_true", help="as JSON")
    check = actions.add_parser("check", help="checksums, shapes, finite outputs, parity with torch")
    check.add_argument("id", nargs="?", help="its id or its folder; all models without")
    graphs = actions.add_parser("graphs", help="write a model's graphs anew from its stored weights")
    graphs.add_argument("id", help="its id or its folder")
    sample = actions.add_parser("sample", help="pictures of a generator from random styles")
    sample.add_argument("id", help="a generator's id or folder, or `generator` for the first there is")
    sample.add_argument("-n", type=int, default=16, metavar="N", help="how many (default 16)")
    sample.add_argument("--seed", type=int, default=0, metavar="S", help="default 0")
    sample.add_argument(
        "--truncation", type=float, default=1.0, metavar="T", help="0 mean style to 1 (default)"
    )
    sample.add_argument("--wide", action="store_true", help="nearly 16:9 instead of square")
    sample.add_argument("--px", type=int, metavar="PX", help="an early exit instead of the full size")
    sample.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the pictures")
    return parser


def _list(as_json: bool) -> int:
    models = find_models()
    if as_json:
        print(json.dumps([{"folder": str(m.folder), **_brief(m.card)} for m in models], indent=2))
        return 0
    if not models:
        folders = " and ".join(str(folder) for folder in models_dirs())
        print(f"There are no models in {folders}.")
    for model in models:
        card = model.card
        n_bytes = sum(entry.n_bytes for entry in card.files.values())
        print(f"{card.id:<24}{card.kind:<16}{n_bytes / 1e6:6.1f} MB  {card.title}")
    return 0


def _brief(card: Card) -> dict[str, object]:
    n_bytes = sum(entry.n_bytes for entry in card.files.values())
    return {"id": card.id, "kind": card.kind, "title": card.title, "n_bytes": n_bytes}


def _info(wanted: str, as_json: bool) -> int:
    model = find_model(wanted)
    card = model.card
    if as_json:
        print(json.dumps(asdict(card), indent=2, ensure_ascii=False))
        return 0
    print(f"{card.id}: {card.title}\n{card.summary}")
    rows = {
        "folder": str(model.folder),
        "kind": card.kind,
        "paper": card.paper,
        "data": card.data,
        "rights": card.rights,
        "trained by": card.command,
        "at commit": card.commit,
        "limits": card.limits,
        "figures": ", ".join(f"{name} {value:g}" for name, value in card.figures.items()),
        "built as": ", ".join(f"{name} {value}" for name, value in card.architecture.items()),
        "outputs": ", ".join(card.labels),
    }
    for graph in card.graphs:
        takes = ", ".join(f"{t.name} {list(t.shape)}" for t in graph.inputs)
        gives = ", ".join(f"{t.name} {list(t.shape)}" for t in graph.outputs)
        rows[graph.file] = f"{takes} → {gives}"
    for name, value in rows.items():
        if value:
            print(f"  {name:<12}{value}")
    return 0


def _check(wanted: str | None) -> int:
    from visualizer.checkpoints.check import check

    if wanted:
        path = Path(wanted)
        named = [p for root in models_dirs() for p in card_folders(root) if p.name == wanted]
        within = card_folders(path) if path.is_dir() and not (path / CARD).is_file() else []
        folders = within or [path] if path.is_dir() else named[:1] or [find_model(wanted).folder]
    else:
        folders = [path for root in models_dirs() for path in card_folders(root)]
    if not folders:
        raise UserError(f"There are no models in {models_dirs()[0]}: fetch the project again, whole.")
    n_bad = 0
    for folder in folders:
        report = check(folder)
        print(f"{report.name}: {'sound' if not report.problems else 'NOT SOUND'}")
        for line in report.notes:
            print(f"  {line}")
        for line in report.problems:
            print(f"  problem: {line}")
        n_bad += bool(report.problems)
    return 2 if n_bad else 0


def _graphs(wanted: str) -> int:
    model = find_model(wanted)
    try:
        from visualizer.checkpoints.modules import publish_again
    except ImportError as error:
        raise UserError(
            f"Writing graphs needs {error.name or 'torch'}: pip install 'klangbild[train]'."
        ) from error
    for file, parities in publish_again(model.folder).items():
        told = ", ".join(f"{name} {parity.max_error:.1e}" for name, parity in parities.items())
        print(f"{model.card.id}: wrote {file}, within {told} of torch")
    return 0


def _sample(options: argparse.Namespace) -> int:
    if options.n < 1:
        raise UserError(f"-n should be 1 or more, not {options.n}.")
    if not -2.0 <= options.truncation <= 2.0:
        raise UserError(f"--truncation takes a number from -2 to 2, not {options.truncation}.")
    if options.seed < 0:
        raise UserError(f"--seed takes a whole number from 0, not {options.seed}.")
    model = _generator(options.id)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        from PIL import Image

        sizes = WIDE if options.wide else SQUARE
        pictures = sample(model, options.n, options.seed, options.truncation, options.px, sizes)
        for i, pixels in enumerate(pictures):
            Image.fromarray(pixels).save(options.out / f"{model.card.id}-{options.seed}-{i:04d}.png")
    except OSError as error:
        raise UserError(f"Cannot write to {options.out} ({error.strerror}): choose another --out.") from error
    print(f"{options.n} pictures of {model.card.id} in {options.out}")
    return 0


def _generator(wanted: str) -> Model:
    if wanted == "generator":
        models = find_models(kind="generator")
        if not models:
            raise UserError("There is no generator installed: train one with `klangbild train generator`.")
        return models[0]
    model = find_model(wanted)
    if model.card.kind != "generator":
        raise UserError(
            f"{model.card.id} is a {model.card.kind}, not a generator: see `klangbild models list`."
        )
    return model


def sample(
    model: Model,
    n_images: int,
    seed: int,
    truncation: float = 1.0,
    px: int | None = None,
    sizes: Mapping[str, int] = SQUARE,
) -> Iterator[NDArray[np.uint8]]:
    """Pictures (H, W, 3) uint8 from standard normal z of this seed through the mapping network.

    `sizes`: SQUARE or WIDE. Raises UserError where the model has no mapping network or no exit at `px`.
    """
    from visualizer import runtime
    from visualizer.checkpoints import styles, weights

    size_px = model.card.architecture.get("size_px")
    file = model.onnx_path if px in (None, size_px) else model.folder / f"model-{px}.onnx"
    if all(graph.file != file.name for graph in model.card.graphs):
        exits = ", ".join(str(graph.outputs[0].shape[-2]) for graph in model.card.graphs)
        raise UserError(f"{model.card.id} paints no pictures of {px} px: choose one of {exits}.")
    stored = weights.load_state(model.folder / WEIGHTS)
    with contextlib.closing(runtime.load(file, threads=1, sizes=sizes)) as painter:
        n_layers, n_w = painter.inputs["w"][1:]
        mean = styles.mean_style(stored)
        for index in range(n_images):
            z = styles.draw_z(n_w, seed, index)[np.newaxis]
            random = np.random.default_rng((seed, index, 1))
            w = mean + np.float32(truncation) * (styles.map_styles(stored, z) - mean)
            given = {
                "w": np.broadcast_to(w[:, None], (1, n_layers, n_w)),
                "noise_strength": np.ones(1, np.float32),
                "gain": np.ones(n_layers, np.float32),
                "offset": np.zeros(n_layers, np.float32),
            }
            for name, shape in painter.inputs.items():
                if name not in given:
                    given[name] = random.standard_normal(shape).astype(np.float32)
            image = painter.run(given)["image"][0]
            pixels = np.clip(image * 127.5 + 128.0, 0, 255).astype(np.uint8)
            yield np.ascontiguousarray(pixels.transpose(1, 2, 0))
