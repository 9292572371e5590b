"""Checks a model folder: sums, weights, shapes, finite outputs, and parity with torch where that is here."""

from __future__ import annotations

import contextlib
import importlib.util
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from visualizer import runtime
from visualizer.checkpoints import weights
from visualizer.checkpoints.cards import (
    COLUMNS,
    SQUARE,
    WEIGHTS,
    WIDE,
    Card,
    GraphSpec,
    load_card,
    sum_file,
)
from visualizer.runtime import Runtime
from visualizer.runtime.base import Array, fixed_shape
from visualizer.types import UserError

MAX_PARITY = 1e-3
"""Largest difference from torch that passes, relative to the largest output."""

SIZES = {"height": 12, "width": 16}
"""What free sizes are checked with."""

MAX_GRAPH_BYTES = 200_000
"""A larger graph has swallowed weights that belong in weights.safetensors."""


@dataclass
class Report:
    """What was found: `notes` in the order of the checks, and `problems`, empty for a sound model."""

    name: str
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def check(folder: Path, n_threads: int = 1) -> Report:
    """Run every check on a model's folder; never raises for a bad model, but reports it."""
    report = Report(folder.name)
    try:
        card = load_card(folder)
        _check_files(folder, card, report)
        if not report.problems:
            _check_weights(folder, report)
            _check_references(folder, card, report)
        if not report.problems:
            for graph in card.graphs:
                for sizes in _sizes(graph):
                    _check_graph(folder, card, graph, sizes, n_threads, report)
    except UserError as error:
        report.problems.append(str(error))
    return report


def _check_files(folder: Path, card: Card, report: Report) -> None:
    for name in (WEIGHTS, *(graph.file for graph in card.graphs)):
        if name not in card.files:
            report.problems.append(f"The card of {card.id} gives no checksum for {name}: publish it again.")
    for name, wanted in card.files.items():
        if not (folder / name).is_file():
            report.problems.append(f"The model {card.id} lacks its {name}: fetch its folder again, whole.")
        elif sum_file(folder / name) != wanted:
            report.problems.append(
                f"The model {card.id} is damaged ({name} differs from its checksum): fetch its folder again."
            )
    if not report.problems:
        n_bytes = sum(entry.n_bytes for entry in card.files.values())
        report.notes.append(f"{len(card.files)} files, {n_bytes / 1e6:.1f} MB: checksums agree")


def _check_weights(folder: Path, report: Report) -> None:
    stored = weights.load(folder / WEIGHTS)
    bad = [
        name for name, values in stored.items() if values.dtype.kind == "f" and not np.isfinite(values).all()
    ]
    if bad:
        report.problems.append(f"The weights of {report.name} are not finite in {bad[0]}: train it again.")
    kinds = sorted({str(values.dtype) for values in stored.values()})
    report.notes.append(f"{len(stored)} tensors ({', '.join(kinds)}): finite")


def _check_references(folder: Path, card: Card, report: Report) -> None:
    """A graph may point into its own weights file and nowhere else."""
    for graph in card.graphs:
        if (folder / graph.file).stat().st_size > MAX_GRAPH_BYTES:
            report.problems.append(f"{graph.file} of {card.id} holds weights of its own: publish it again.")
    if importlib.util.find_spec("onnx") is None:
        report.notes.append("references into the weights: not checked, onnx is not installed")
        return
    import onnx

    for graph in card.graphs:
        proto = onnx.load(str(folder / graph.file), load_external_data=False)
        places = {
            entry.value
            for tensor in proto.graph.initializer
            for entry in tensor.external_data
            if entry.key == "location"
        }
        if places - {WEIGHTS}:
            report.problems.append(f"{graph.file} of {card.id} points outside its folder: do not use it.")


def _sizes(graph: GraphSpec) -> tuple[dict[str, int], ...]:
    """What the free sizes of a graph are checked with: a generator square and wide."""
    axes = {str(axis).rpartition("*")[2] for tensor in graph.inputs for axis in tensor.shape}
    return (SIZES | SQUARE, SIZES | WIDE) if COLUMNS in axes else (SIZES,)


def _check_graph(
    folder: Path, card: Card, graph: GraphSpec, sizes: dict[str, int], n_threads: int, report: Report
) -> None:
    random = np.random.default_rng(0)
    given = {
        tensor.name: random.standard_normal(fixed_shape(tensor.shape, 1, sizes)).astype(tensor.dtype)
        for tensor in graph.inputs
    }
    with contextlib.closing(
        runtime.load(folder / graph.file, threads=n_threads, sizes=sizes, verify=False)
    ) as loaded:
        got = _run(loaded, given)
        for tensor in graph.outputs:
            value, wanted = got.get(tensor.name), fixed_shape(tensor.shape, 1, sizes)
            if value is None or value.shape != wanted:
                report.problems.append(
                    f"{graph.file} does not give {tensor.name} {wanted}: publish it again."
                )
            elif not np.isfinite(value).all():
                report.problems.append(f"{graph.file} gives values that are not finite: train it again.")
        name = loaded.name
    torch_says = "parity not checked, for it is not sound"
    if not report.problems:
        torch_says = _check_parity(folder, card, graph, sizes, given, got, n_threads, report)
    shapes = ", ".join(f"{tensor.name} {list(got[tensor.name].shape)}" for tensor in graph.outputs)
    report.notes.append(f"{graph.file} on {name}: {shapes}, finite; {torch_says}")


def _check_parity(
    folder: Path,
    card: Card,
    graph: GraphSpec,
    sizes: dict[str, int],
    given: dict[str, Array],
    got: dict[str, Array],
    n_threads: int,
    report: Report,
) -> str:
    """Compares with the torch module; what to say of it."""
    if importlib.util.find_spec("torch") is None:
        return "parity not checked, torch is not installed"
    from visualizer.checkpoints import modules

    if card.kind not in modules.KINDS:
        return "parity not checked, its torch module is not known"
    path = folder / graph.file
    torch = runtime.load(path, threads=n_threads, prefer="torch", sizes=sizes, fallback=False, verify=False)
    with contextlib.closing(torch):
        wanted = _run(torch, given)
    furthest = max(
        float(np.abs(got[name] - value).max() / max(np.abs(value).max(), 1e-12))
        for name, value in wanted.items()
    )
    if not furthest <= MAX_PARITY:
        report.problems.append(
            f"{graph.file} differs from its torch module by {furthest:.2g}: publish it again."
        )
    return f"within {furthest:.1e} of torch"


def _run(loaded: Runtime, given: dict[str, Array]) -> dict[str, Array]:
    return {name: value.copy() for name, value in loaded.run(given).items()}
