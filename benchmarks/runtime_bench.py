"""Tagger and generator on every runtime that is here, against torch eager in fp32 with the same weights."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import load_average, time_together
from visualizer import runtime
from visualizer.checkpoints.cards import MODEL, Card, find_models
from visualizer.runtime import Precision, Runtime, Unavailable
from visualizer.runtime.base import Array
from visualizer.types import UserError

N_ROUNDS = 20
N_THREADS = (1, 2)
VARIANTS: tuple[tuple[str, Precision], ...] = (
    ("torch", "fp32"),
    ("onnxruntime", "fp32"),
    ("openvino", "fp32"),
    ("openvino", "bf16"),
    ("cuda", "fp32"),
)
REFERENCE = "torch"


def run() -> dict[str, Any]:
    """Medians in ms, `ratio` = reference / ours on as many threads, errors relative to the largest output."""
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as made:
        for kind in ("tagger", "generator"):
            path, about = _model(kind, Path(made))
            result[kind] = {"model": about}
            for n_threads in N_THREADS:
                result[kind][f"threads_{n_threads}"] = _unless_busy(path, n_threads)
    return result


def _unless_busy(path: Path, n_threads: int) -> dict[str, Any]:
    """Threads that wait for each other say nothing where other programs hold the cores: torch then spins."""
    load = load_average()
    if n_threads > 1 and load > 1.5 * (os.cpu_count() or 1):
        return {"missing": f"the machine is busy (load {load}): run it again alone"}
    return _compare(path, n_threads)


def _compare(path: Path, n_threads: int) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    with ExitStack() as stack:
        loaded: dict[str, Runtime] = {}
        for name, precision in VARIANTS:
            start_s = time.perf_counter()
            try:
                network = runtime.load(
                    path, threads=n_threads, prefer=name, precision=precision, fallback=False, verify=False
                )
            except (UserError, Unavailable) as error:
                rows[f"{name} {precision}"] = {"missing": str(error)}
                continue
            stack.enter_context(closing(network))
            loaded[network.name] = network
            rows[network.name] = {"load_s": round(time.perf_counter() - start_s, 3)}
        given = _inputs(next(iter(loaded.values())))
        answers = {name: {k: v.copy() for k, v in n.run(given).items()} for name, n in loaded.items()}
        times = _times(loaded, given)
    for name in loaded:
        rows[name] |= times[name]
        if REFERENCE in loaded:
            rows[name]["ratio"] = round(times[REFERENCE]["median_ms"] / times[name]["median_ms"], 2)
            rows[name]["cpu_ratio"] = round(times[REFERENCE]["cpu_ms"] / times[name]["cpu_ms"], 2)
            rows[name] |= _errors(answers[name], answers[REFERENCE])
    return rows


def _times(loaded: dict[str, Runtime], given: dict[str, Array]) -> dict[str, dict[str, float]]:
    def call(network: Runtime) -> Any:
        return lambda: network.run(given)

    return time_together({name: call(network) for name, network in loaded.items()}, N_ROUNDS)


def _errors(ours: dict[str, Array], reference: dict[str, Array]) -> dict[str, float]:
    pairs = [(ours[name], value, max(float(np.abs(value).max()), 1e-12)) for name, value in reference.items()]
    return {
        "max_rel_error": float(f"{max(float(np.abs(a - b).max()) / top for a, b, top in pairs):.3g}"),
        "mean_rel_error": float(f"{max(float(np.abs(a - b).mean()) / top for a, b, top in pairs):.3g}"),
    }


def _inputs(network: Runtime) -> dict[str, Array]:
    """Log-mel in its range for the tagger, noise for the generator, neutral bending."""
    random = np.random.default_rng(0)
    given: dict[str, Array] = {}
    for name, shape in network.inputs.items():
        values = random.standard_normal(shape).astype(np.float32)
        if name == "mel":
            values = values * 15 - 30
        elif name in ("gain", "noise_strength"):
            values = np.ones(shape, np.float32)
        elif name == "offset":
            values = np.zeros(shape, np.float32)
        elif name == "w":
            values = np.broadcast_to(values[:, :1], shape).copy()
        given[name] = values
    return given


def _model(kind: str, made: Path) -> tuple[Path, str]:
    """The installed model of a kind, or one of random weights, which serve for timing."""
    models = find_models(kind=kind)
    if models:
        return models[0].onnx_path, models[0].card.id
    import torch

    from visualizer.checkpoints import modules
    from visualizer.checkpoints.export import publish
    from visualizer.networks.stylegan2 import Generator, GeneratorShape
    from visualizer.networks.tagger import ShortChunkCNN

    torch.manual_seed(0)
    if kind == "tagger":
        tagger = ShortChunkCNN()
        graphs, architecture = modules.tagger_graphs(tagger), modules.tagger_architecture(tagger)
        module: torch.nn.Module = tagger
    else:
        generator = Generator(GeneratorShape.from_base(256, 8192))
        graphs = modules.generator_graphs(generator, ())
        architecture, module = modules.generator_architecture(generator.shape), generator
    card = Card(f"{kind}-random", kind, "Random weights", "", "", "none", "none", "", "", architecture)
    publish(module, graphs, card, made / kind)
    return made / kind / MODEL, f"{kind} of random weights"
