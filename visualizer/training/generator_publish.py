"""Puts a trained generator into `models/`: weights, graphs of full size and early exits, card, preview."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from visualizer.checkpoints.cards import Card
from visualizer.checkpoints.export import publish
from visualizer.checkpoints.modules import EXITS_PX, generator_architecture, generator_graphs
from visualizer.networks.stylegan2 import Generator
from visualizer.networks.stylegan2_inference import count_macs
from visualizer.training import house, provenance
from visualizer.training.generator import Run
from visualizer.training.generator_exit import EXIT_FILE, ExitRun
from visualizer.training.generator_head import HeadRun
from visualizer.training.generator_run import sample

ID = "generator-paintings"
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


def make_card(generator: Generator, figures: dict[str, float], id: str = ID) -> Card:
    """The card of the house generator, or of somebody's own where it has another `id`."""
    shape = generator.shape
    exits = " and ".join(str(px) for px in sorted(EXITS_PX))
    n_parameters = sum(p.numel() for p in generator.parameters())
    counted = {
        "n_parameters": n_parameters,
        "gmac": round(count_macs(shape) / 1e9, 3),
        "gmac_128": round(count_macs(shape, 128) / 1e9, 3),
        "gmac_64": round(count_macs(shape, 64) / 1e9, 3),
    }
    manner = "paintings from 1400 to 1949" if id == ID else "those it was trained on"
    card = Card(
        id=ID,
        kind="generator",
        title="Paintings",
        summary=f"Paints pictures in the manner of {manner}: a StyleGAN2 skip generator of "
        f"{shape.size_px} px with early exits at {exits} px.",
        paper="Karras et al., Analyzing and Improving the Image Quality of StyleGAN, 2020",
        data="About 8,000 reproductions of paintings in the public domain, 192 px; half-centuries balanced "
        "by the root of their counts.",
        rights="The paintings are in the public domain; the weights are under this project's licence (MIT).",
        command="klangbild train generator, then with --stage head, --stage exit and --stage publish; the "
        "shipped run changed its noise limit and rates on the way (docs/decisions/0007).",
        commit=provenance.current_commit(),
        architecture=generator_architecture(shape),
        figures={**counted, **figures},
        limits="Trained for two hours on one busy CPU core: composition, colour, brushwork of paintings; "
        "faces and hands are hinted at. Nothing after 1949 was seen, and little before 1600.",
    )
    return card if id == ID else provenance.as_own(card, "The pictures", id)


def publish_generator(generator: Generator, folder: Path, figures: dict[str, float]) -> None:
    """Writes a generator to `folder`; prints how far each runtime is from torch."""
    graphs = generator_graphs(generator, EXITS_PX)
    with tempfile.TemporaryDirectory() as made:
        preview = Path(made) / "preview.jpg"
        save_preview(generator, preview)
        card, statistics = make_card(generator, figures, folder.name), w_statistics(generator)
        parity = publish(generator, graphs, card, folder, extras=statistics, preview=preview)
    for file, by_runtime in parity.items():
        print(file, {name: f"{value.max_error:.1e}" for name, value in by_runtime.items()})


def publish_runs(folder: Path, models: Path, texts: list[str]) -> None:
    """Publishes what `folder` holds: the exit's run, which has the head's in it, or that, or the stem's."""
    figures = {name: float(value) for name, value in (text.split("=", 1) for text in texts)}
    device = torch.device("cpu")
    run: Run | HeadRun | ExitRun
    if (folder / EXIT_FILE).is_file():
        run = ExitRun.from_state(house.load_state(folder / EXIT_FILE), device)
    elif (folder / "head.pt").is_file():
        run = HeadRun.from_state(house.load_state(folder / "head.pt"), device)
    else:
        run = Run.from_state(house.load_state(folder / "state.pt"), device)
    stem = house.load_state(folder / "state.pt")["counters"]
    counted = {"n_images_stem": stem["n_images"], "n_updates_stem": stem["n_steps"]}
    if not isinstance(run, Run):
        head = house.load_state(folder / "head.pt")["counters"]
        counted |= {"n_patches_head": head["n_images"], "n_updates_head": head["n_steps"]}
    if isinstance(run, ExitRun):
        counted |= {"n_patches_exit": run.counters.n_images, "n_updates_exit": run.counters.n_steps}
    publish_generator(run.average.eval(), models, {**counted, **figures})
