"""Puts a trained generator into `models/`: weights, graphs of full size and early exits, card, preview."""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from visualizer.checkpoints.cards import Card
from visualizer.checkpoints.export import publish
from visualizer.checkpoints.modules import EXITS_PX, generator_graphs
from visualizer.networks.stylegan2 import Generator
from visualizer.networks.stylegan2_inference import count_macs
from visualizer.training import house
from visualizer.training.generator import RUN_DIR, Run, sample

N_STATISTICS = 10_000
N_PREVIEW = 64
PREVIEW_PX = 128


@torch.no_grad()
def w_statistics(generator: Generator, seed: int = 0) -> dict[str, np.ndarray]:
    """Mean and standard deviation of w over N_STATISTICS z: `w_mean`, `w_std`, each (n_w,) float32."""
    z = torch.randn(N_STATISTICS, generator.shape.n_w, generator=torch.Generator().manual_seed(seed))
    w = generator.mapping(z)
    return {"w_mean": w.mean(0).numpy(), "w_std": w.std(0).numpy()}


def save_preview(generator: Generator, path: Path) -> None:
    """A sheet of N_PREVIEW pictures of the full size, shrunk to PREVIEW_PX."""
    images: Tensor = sample(generator, N_PREVIEW, seed=1, n_batch=8).clamp(-1, 1)
    factor = generator.shape.size_px // PREVIEW_PX
    house.save_sheet(torch.nn.functional.avg_pool2d(images, factor) if factor > 1 else images, path)


def make_card(run: Run, figures: dict[str, float]) -> Card:
    shape, counters = run.shape, run.counters
    n_parameters = sum(p.numel() for p in run.average.parameters())
    counted = {
        "n_images": counters.n_images,
        "n_updates": counters.n_steps,
        "n_parameters": n_parameters,
        "gmac": round(count_macs(shape) / 1e9, 3),
        "gmac_128": round(count_macs(shape, 128) / 1e9, 3),
        "gmac_64": round(count_macs(shape, 64) / 1e9, 3),
    }
    return Card(
        id="generator-paintings",
        kind="generator",
        title="Paintings",
        summary="Paints pictures in the manner of paintings from 1400 to 1949: a StyleGAN2 skip generator of "
        f"{shape.size_px} px with early exits at {EXITS_PX[1]} and {EXITS_PX[0]} px.",
        paper="Karras et al., Analyzing and Improving the Image Quality of StyleGAN, 2020",
        data="About 8,000 reproductions of paintings in the public domain, 192 px, half-centuries balanced by "
        "the root of their counts.",
        rights="The paintings are in the public domain; the weights are under this project's licence (MIT).",
        command="klangbild train generator",
        commit=_commit(),
        architecture={**asdict(shape), "exits_px": list(EXITS_PX)},
        figures={**counted, **figures},
        limits="Trained for two hours on two CPU cores: composition, colour and brushwork of paintings, but "
        "faces and hands only hinted at. Nothing after 1949 was seen, and little before 1600.",
    )


def _commit() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"


def publish_run(run: Run, folder: Path, figures: dict[str, float]) -> None:
    """Writes the average of a run to `folder`; prints how far each runtime is from torch."""
    generator = run.average.eval()
    graphs = generator_graphs(generator, EXITS_PX)
    with tempfile.TemporaryDirectory() as made:
        preview = Path(made) / "preview.jpg"
        save_preview(generator, preview)
        card, statistics = make_card(run, figures), w_statistics(generator)
        parity = publish(generator, graphs, card, folder, extras=statistics, preview=preview)
    for file, by_runtime in parity.items():
        print(file, {name: f"{value.max_error:.1e}" for name, value in by_runtime.items()})


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=RUN_DIR, help="where the run is kept")
    parser.add_argument("--out", type=Path, default=Path("models/generator-paintings"))
    parser.add_argument("--figure", action="append", default=[], metavar="NAME=VALUE", help="for the card")
    a = parser.parse_args(argv)
    figures = {name: float(value) for name, value in (text.split("=", 1) for text in a.figure)}
    torch.set_num_threads(1)
    publish_run(Run.from_state(house.load_state(a.run / "state.pt"), torch.device("cpu")), a.out, figures)
    return 0


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
