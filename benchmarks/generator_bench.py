"""The generator as the show runs it, against the published StyleGAN2 formulation with the same weights."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import threads_to_compare, time_together
from visualizer.checkpoints import cards, styles, weights
from visualizer.modes.networks import GENERATOR, load_generator
from visualizer.runtime.base import Array
from visualizer.types import Float32, UserError

N_TURNS, N_IN_TURN = 8, 8
N_COMPARED = 16
"""Images whose pixels are compared."""
PUBLIC_BASE, SIZE_PX = 8192, 256


def run() -> dict[str, Any]:
    """`ratio` = reference / ours at batch 1 on as many threads, medians of wall time, turn by turn.

    The figures at the top are those of two threads, or of one where the machine is busy.

    `floor` is what its convolutions would cost alone, in ms on one thread.
    `mean_abs_diff_255` and `p99_abs_diff_255` compare the pictures in grey levels. `base_8192` is the same
    with random weights and the channels of the public configuration at this size.
    """
    try:
        import torch

        from visualizer.checkpoints import modules
    except ImportError as error:
        raise UserError("This bench compares with torch: pip install 'klangbild[train]'.") from error
    model = cards.find_model(GENERATOR)
    rows: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as made:
        public = make_random(SIZE_PX, PUBLIC_BASE, Path(made) / "public")
        ours, theirs = (modules.build(each.card, each.folder) for each in (model, public))
        for n_threads in threads_to_compare():
            torch.set_num_threads(n_threads)
            row = _compare(model, ours, _styles_of(model), n_threads)
            row[f"base_{PUBLIC_BASE}"] = _compare(public, theirs, None, n_threads)
            rows[f"threads_{n_threads}"] = row
    return {"model": model.card.id, **list(rows.values())[-1], "floor": _floor(model), **rows}


def _floor(model: cards.Model) -> dict[str, Any]:
    """What the convolutions of the shipped generator cost alone, on one thread, by precision."""
    try:
        from benchmarks import floor

        return {kind: floor.measure(model.card.architecture["channels"], kind) for kind in ("bf16", "i8")}
    except ImportError:
        return {"missing": "openvino is not installed"}


def make_random(size_px: int, channel_base: int, folder: Path) -> cards.Model:
    """A generator of random weights, which serve for timing, published in `folder`."""
    import torch

    from visualizer.checkpoints import modules
    from visualizer.checkpoints.export import publish
    from visualizer.networks.stylegan2 import Generator, GeneratorShape

    torch.manual_seed(0)
    generator = Generator(GeneratorShape.from_base(size_px, channel_base))
    architecture = modules.generator_architecture(generator.shape)
    title = f"Random weights, {size_px} px, channel base {channel_base}"
    card = cards.Card(folder.name, "generator", title, "", "", "none", "none", "", "", architecture)
    publish(generator, modules.generator_graphs(generator, ()), card, folder)
    return cards.Model(folder, cards.load_card(folder))


def _styles_of(model: cards.Model) -> Float32:
    """Styles that the model's own mapping makes, (n, n_w)."""
    stored = weights.load_state(model.folder / cards.WEIGHTS)
    n_w = int(model.card.architecture["n_w"])
    z = np.random.default_rng(0).standard_normal((N_COMPARED, n_w), dtype=np.float32)
    return styles.map_styles(stored, z)


def _compare(model: cards.Model, module: Any, made: Float32 | None, n_threads: int) -> dict[str, Any]:
    import torch

    from benchmarks.stylegan2_public import synthesize

    with closing(load_generator(model, n_threads)) as ours:
        given = example(ours.inputs)
        if made is None:
            made = np.random.default_rng(1).standard_normal((4, given["w"].shape[2]), dtype=np.float32)
        noises = [torch.from_numpy(value) for name, value in given.items() if name.startswith("noise_")][1:]
        shape = given["w"].shape

        def paint() -> Float32:
            return ours.run(given)["image"]

        def paint_publicly() -> Float32:
            with torch.inference_mode():
                image: Float32 = synthesize(module.synthesis, torch.from_numpy(given["w"]), noises).numpy()
            return image

        off = []
        for style in made:
            given["w"] = np.broadcast_to(style, shape).copy()
            off.append(np.abs(paint() - paint_publicly()).ravel() * 127.5)
        times = time_together({"ours": paint, "reference": paint_publicly}, N_TURNS, 1, n_in_turn=N_IN_TURN)
    differences = np.concatenate(off)
    return {
        "ratio": round(times["reference"]["median_ms"] / times["ours"]["median_ms"], 2),
        "cpu_ratio": round(times["reference"]["cpu_ms"] / times["ours"]["cpu_ms"], 2),
        "images_per_s": round(1e3 / times["ours"]["median_ms"], 1),
        "mean_abs_diff_255": round(float(differences.mean()), 3),
        "p99_abs_diff_255": round(float(np.percentile(differences, 99)), 2),
        "threads": n_threads,
        "runtime": ours.name,
        "ours_ms": times["ours"],
        "reference_ms": times["reference"],
    }


def example(shapes: dict[str, tuple[int, ...]]) -> dict[str, Array]:
    """Noise and neutral bending in the order of the graph's inputs."""
    random = np.random.default_rng(0)
    given: dict[str, Array] = {}
    for name, shape in shapes.items():
        if name == "offset":
            given[name] = np.zeros(shape, np.float32)
        elif name in ("gain", "noise_strength"):
            given[name] = np.ones(shape, np.float32)
        else:
            given[name] = random.standard_normal(shape, dtype=np.float32)
    return given
