"""Trains the generator: its 64 px stem against a discriminator, on a folder of paintings.

Non-saturating loss with lazy R1, an average of the weights (EMA) that is what gets shown and shipped, and
bf16 feature maps. On a CPU the number of updates counts for more than the number of pictures, so batches are
small.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.discriminator import Discriminator
from visualizer.networks.stylegan2 import Block, Generator, GeneratorShape, make_noises, parameter_groups
from visualizer.training import house
from visualizer.training.augment import adapt, augment
from visualizer.training.pictures import DEFAULT_DATA, Batches, load_pictures

SHAPE = GeneratorShape(256, (256, 256, 128, 64, 32, 48, 16))
STEM_PX = 64
MIXING = 0.5
R1_EVERY = 16
QUIET_PX = 32
"""Up to here the noise of a layer is at most NOISE_LIMIT strong."""
NOISE_LIMIT = 0.05
EMA_IMAGES = 8_000
MODELS_DIR = Path("models/generator-paintings")
RUN_DIR = house.RUNS_DIR / "generator"


@dataclass
class Settings:
    """What a run was started with (kept in its state; --resume goes on with it)."""

    n_batch: int = 8
    learning_rate: float = 2e-3
    gamma: float = 0.5
    seed: int = 7


@torch.no_grad()
def silence_head(generator: Generator) -> None:
    """What is finer than the stem begins as its enlarged picture: toRGB layers that paint nothing."""
    for block in list(generator.synthesis.blocks)[generator.shape.resolutions_px.index(STEM_PX) + 1 :]:
        assert isinstance(block, Block)
        block.to_rgb.weight.zero_()


class Run:
    """All progress of a run in one object: networks, optimisers, counters."""

    def __init__(self, shape: GeneratorShape, settings: Settings, device: torch.device) -> None:
        torch.manual_seed(settings.seed)
        self.shape, self.settings, self.device = shape, settings, device
        self.counters = house.Counters()
        self.generator = Generator(shape).to(device)
        silence_head(self.generator)
        self.average = Generator(shape).to(device).requires_grad_(False)
        self.average.load_state_dict(self.generator.state_dict())
        n_blocks = shape.resolutions_px.index(STEM_PX) + 1
        self.discriminator = Discriminator(shape.channels[:n_blocks]).to(device)
        g, rate = self.generator, settings.learning_rate
        stem = [{"params": [g.synthesis.const], "lr": rate}]
        stem += parameter_groups([g.mapping, *g.synthesis.blocks[:n_blocks]], rate)
        self.optimizer_g = torch.optim.Adam(stem, rate, (0.0, 0.99), fused=True)
        head = parameter_groups([self.discriminator], rate)
        self.optimizer_d = torch.optim.Adam(head, rate, (0.0, 0.99), fused=True)

    def parts(self) -> dict[str, Any]:
        return {
            "generator": self.generator,
            "average": self.average,
            "discriminator": self.discriminator,
            "optimizer_g": self.optimizer_g,
            "optimizer_d": self.optimizer_d,
        }

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = {name: part.state_dict() for name, part in self.parts().items()}
        state |= {
            "shape": asdict(self.shape),
            "settings": asdict(self.settings),
            "counters": asdict(self.counters),
        }
        return state | {"random": torch.get_rng_state()}

    @classmethod
    def from_state(cls, state: dict[str, Any], device: torch.device) -> Run:
        shape = GeneratorShape(**{**state["shape"], "channels": tuple(state["shape"]["channels"])})
        run = cls(shape, Settings(**state["settings"]), device)
        for name, part in run.parts().items():
            part.load_state_dict(state[name])
        run.counters = house.Counters(**state["counters"])
        torch.set_rng_state(state["random"])
        return run

    def mixed_w(self, n: int, generator: Generator) -> Tensor:
        """w for each layer (n, n_layers, n_w), of two z that meet at a random layer in some pictures."""
        z = torch.randn(2 * n, self.shape.n_w, device=self.device)
        n_used = 2 * self.shape.resolutions_px.index(STEM_PX) + 2
        first, second = generator.mapping(z).chunk(2)
        return mix(first, second, self.shape.n_layers, n_used)

    def paint(self, n: int, generator: Generator, dtype: torch.dtype) -> Tensor:
        noises = [x.to(self.device) for x in make_noises(self.shape, n, exit_px=STEM_PX)]
        return generator.synthesis(self.mixed_w(n, generator), noises, exit_px=STEM_PX, dtype=dtype)


def mix(first: Tensor, second: Tensor, n_layers: int, n_used: int | None = None) -> Tensor:
    """Two w (B, n_w) to one a layer (B, n_layers, n_w); MIXING of the pictures change over somewhere."""
    meeting = torch.randint(1, n_used or n_layers, (len(first), 1, 1))
    meeting[torch.rand(len(first)) >= MIXING] = n_layers
    layers = torch.arange(n_layers)[None, :, None]
    return torch.where((layers < meeting).to(first.device), first[:, None], second[:, None])


def step(run: Run, real: Tensor, dtype: torch.dtype) -> dict[str, float]:
    """One update of D (with R1 every R1_EVERY steps) and one of G; returns the losses."""
    g, d, c, n = run.generator, run.discriminator, run.counters, len(real)
    figures: dict[str, float] = {}

    fake = run.paint(n, g, dtype)
    score_real, score_fake = d(augment(torch.cat([real, fake.detach()]), c.p_augment), dtype).chunk(2)
    loss_d = F.softplus(-score_real).mean() + F.softplus(score_fake).mean()
    run.optimizer_d.zero_grad(set_to_none=True)
    loss_d.backward()
    if c.n_steps % R1_EVERY == 0:
        figures["r1"] = _add_r1(run, real)
    run.optimizer_d.step()

    d.requires_grad_(False)
    score = d(augment(fake, c.p_augment), dtype)
    loss_g = F.softplus(-score).mean()
    run.optimizer_g.zero_grad(set_to_none=True)
    loss_g.backward()
    run.optimizer_g.step()
    d.requires_grad_(True)

    c.n_steps += 1
    c.n_images += n
    limit_noise(g)
    follow(run.average, g, n, c.n_images)
    c.realness += 0.01 * (float(score_real.detach().sign().mean()) - c.realness)
    c.p_augment = adapt(c.p_augment, c.realness, n)
    return figures | {"loss_d": float(loss_d.detach()), "loss_g": float(loss_g.detach())}


def _add_r1(run: Run, real: Tensor) -> float:
    """Adds the gradient of R1 = γ/2 · |∇D(real)|² · R1_EVERY to what D has gathered."""
    real = augment(real, run.counters.p_augment).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(run.discriminator(real).sum(), real, create_graph=True)
    penalty = slope.square().sum((1, 2, 3)).mean()
    (penalty * (run.settings.gamma / 2 * R1_EVERY)).backward()
    return float(penalty.detach())


@torch.no_grad()
def limit_noise(generator: Generator) -> None:
    """Keeps the noise of the coarse layers low, so that most of a shape comes from w and moves with it."""
    for block in list(generator.synthesis.blocks)[: generator.shape.resolutions_px.index(QUIET_PX) + 1]:
        assert isinstance(block, Block)
        for conv in block.convs():
            conv.noise_strength.clamp_(-NOISE_LIMIT, NOISE_LIMIT)


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, n_new: int, n_images: int) -> None:
    """Moves the average towards the model; its half-life grows with the run up to EMA_IMAGES."""
    half_life = max(1.0, min(EMA_IMAGES, n_images * 0.1))
    keep = 0.5 ** (n_new / half_life)
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - keep)


@torch.no_grad()
def sample(generator: Generator, n: int, seed: int, exit_px: int | None = None, n_batch: int = 32) -> Tensor:
    """n pictures at truncation 1 with noise, (n, 3, S, S) about [-1, 1]; the same for the same seed."""
    random = torch.Generator().manual_seed(seed)
    pictures = []
    for first in range(0, n, n_batch):
        m = min(n_batch, n - first)
        z = torch.randn(m, generator.shape.n_w, generator=random)
        noises = make_noises(generator.shape, m, random, exit_px)
        pictures.append(generator(z, noises, exit_px))
    return torch.cat(pictures)


def save(run: Run, folder: Path) -> None:
    house.save_atomic(folder / "state.pt", run.state())
    images = sample(run.average, 64, seed=1, exit_px=STEM_PX)
    house.save_sheet(images, folder / "sheets" / f"{run.counters.n_images:07d}.jpg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stage",
        choices=("stem", "head", "publish"),
        default="stem",
        help="64 px; 128 and 256 px; to models/",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last saved state")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to train (default 60)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default cpu)")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="a folder of pictures")
    parser.add_argument("--out", type=Path, default=RUN_DIR, help="where the run is kept")
    parser.add_argument("--batch", type=int, default=Settings.n_batch, help="pictures an update (default 8)")
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: all)")
    parser.add_argument("--dry-run", action="store_true", help="print the configuration and end")
    parser.add_argument("--models", type=Path, default=MODELS_DIR, help="where --stage publish writes")
    parser.add_argument("--figure", action="append", default=[], metavar="NAME=VALUE", help="for the card")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="klangbild train generator", description=__doc__)
    add_arguments(parser)
    a = parser.parse_args(argv)
    settings = Settings(n_batch=a.batch, seed=a.seed)
    if a.dry_run:
        asked = {"stage": a.stage, "shape": asdict(SHAPE), "settings": asdict(settings), "data": str(a.data)}
        print(json.dumps(asked, indent=2))
        return 0
    if a.threads:
        torch.set_num_threads(a.threads)
    if a.stage == "publish":
        from visualizer.training import generator_publish

        generator_publish.publish_runs(a.out, a.models, a.figure)
    elif a.stage == "head":
        from visualizer.training import generator_head

        generator_head.train(a.data, a.out, settings, a.minutes, a.resume, torch.device(a.device))
    else:
        train(a.data, a.out, settings, a.minutes, a.resume, torch.device(a.device))
    return 0


def train(
    data: Path, folder: Path, settings: Settings, minutes: float, resume: bool, device: torch.device
) -> None:
    """Trains the stem on the pictures of `data`, keeping everything in `folder`."""
    pixels, weights = load_pictures(data, STEM_PX, folder / "cache")
    path = folder / "state.pt"
    run = Run.from_state(house.load_state(path), device) if resume else Run(SHAPE, settings, device)
    batches = Batches(pixels, weights, run.settings.n_batch, run.settings.seed + run.counters.n_images)
    house.stop_on_signal()
    house.train_loop(
        lambda: step(run, batches.next().to(device), torch.bfloat16),
        run.counters,
        lambda: save(run, folder),
        house.Stats(folder / "stats.jsonl", resume),
        house.Progress(minutes * 60),
    )


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
