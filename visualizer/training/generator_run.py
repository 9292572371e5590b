"""What the trainings of stem and head share: the networks of a run, its state, and the parts of a step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.discriminator import Discriminator
from visualizer.networks.stylegan2 import Block, Generator, GeneratorShape, make_noises, parameter_groups
from visualizer.training import house, parallel
from visualizer.training.pictures import Batches

SHAPE = GeneratorShape(256, (256, 256, 128, 64, 32, 48, 16))
STEM_PX = 64
MIXING = 0.5
R1_EVERY = 16
EMA_IMAGES = 8_000


@dataclass
class Settings:
    """What a run was started with (kept in its state; --resume goes on with it)."""

    n_batch: int = 8
    learning_rate: float = 2e-3
    gamma: float = 0.5
    seed: int = 7


class GeneratorRun(ABC):
    """All progress of a run in one object: generator, its average, discriminator, optimisers, counters."""

    judge_key = "discriminator"
    """The discriminator's name in the saved state."""
    gamma: float
    """The weight of R1."""
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer
    judge: Discriminator

    def __init__(self, shape: GeneratorShape, settings: Settings, device: torch.device) -> None:
        torch.manual_seed(settings.seed)
        self.shape, self.settings, self.device = shape, settings, device
        self.n_stem = shape.resolutions_px.index(STEM_PX) + 1
        """Blocks of the stem; the others are the head."""
        self.counters = house.Counters()
        self.generator = Generator(shape).to(device)
        silence_head(self.generator)
        self.average = Generator(shape).to(device).requires_grad_(False)
        self.average.load_state_dict(self.generator.state_dict())

    def oppose(self, judge: Discriminator, learning: list[dict[str, Any]]) -> None:
        """Sets the discriminator, and the parameter groups of the generator that learn."""
        rate = self.settings.learning_rate
        self.judge = judge.to(self.device)
        self.optimizer_g = torch.optim.Adam(learning, rate, (0.0, 0.99), fused=True)
        self.optimizer_d = torch.optim.Adam(
            parameter_groups([self.judge], rate), rate, (0.0, 0.99), fused=True
        )

    @abstractmethod
    def see(self, images: Tensor) -> Tensor:
        """What the discriminator gets of pictures (B, 3, H, W)."""

    @abstractmethod
    def steepness(self, real: Tensor) -> Tensor:
        """|∇D(real)|², the mean over real pictures (B, 3, H, W), with its graph."""

    def parts(self) -> dict[str, Any]:
        return {
            "generator": self.generator,
            "average": self.average,
            self.judge_key: self.judge,
            "optimizer_g": self.optimizer_g,
            "optimizer_d": self.optimizer_d,
        }

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = {name: part.state_dict() for name, part in self.parts().items()}
        state |= {"shape": asdict(self.shape), "settings": asdict(self.settings)}
        return state | {"counters": asdict(self.counters), "random": torch.get_rng_state()}

    @classmethod
    def from_state(cls, state: dict[str, Any], device: torch.device) -> Self:
        with house.reading_state():
            run = cls(read_shape(state), Settings(**state["settings"]), device)
            for name, part in run.parts().items():
                house.load_part(part, state, name)
            run.counters = house.Counters(**state["counters"])
            torch.set_rng_state(state["random"])
        return run

    def mixed_w(self, n: int, generator: Generator, n_used: int | None = None) -> Tensor:
        """w for each layer (n, n_layers, n_w), of two z that meet at a random layer in some pictures."""
        z = torch.randn(2 * n, self.shape.n_w, device=self.device)
        first, second = generator.mapping(z).chunk(2)
        return mix(first, second, self.shape.n_layers, n_used)

    def stem_noises(self, n: int) -> list[Tensor]:
        """Noise of the stem's layers for n pictures."""
        return [noise.to(self.device) for noise in make_noises(self.shape, n, exit_px=STEM_PX)]


def read_shape(state: dict[str, Any]) -> GeneratorShape:
    """The shape of the generator in a run's state; UserError where it holds none."""
    with house.reading_state():
        sizes = dict(state["shape"])
        lists = {name: tuple(sizes[name]) for name in ("channels", "exits_px") if name in sizes}
        return GeneratorShape(**{**sizes, **lists})


@torch.no_grad()
def silence_head(generator: Generator) -> None:
    """What is finer than the stem begins as its enlarged picture: toRGB layers that paint nothing."""
    for block in list(generator.synthesis.blocks)[generator.shape.resolutions_px.index(STEM_PX) + 1 :]:
        assert isinstance(block, Block)
        block.to_rgb.weight.zero_()


def mix(first: Tensor, second: Tensor, n_layers: int, n_used: int | None = None) -> Tensor:
    """Two w (B, n_w) to one a layer (B, n_layers, n_w); MIXING of the pictures change over somewhere."""
    meeting = torch.randint(1, n_used or n_layers, (len(first), 1, 1))
    meeting[torch.rand(len(first)) >= MIXING] = n_layers
    layers = torch.arange(n_layers)[None, :, None]
    return torch.where((layers < meeting).to(first.device), first[:, None], second[:, None])


def update_judge(run: GeneratorRun, real: Tensor, fake: Tensor, dtype: torch.dtype) -> dict[str, float]:
    """One update of the discriminator, with R1 = γ/2 · |∇D(real)|² every R1_EVERY steps; its figures."""
    figures: dict[str, float] = {}
    both = run.see(torch.cat([real, fake.detach()]))
    score_real, score_fake = run.judge(both, dtype).chunk(2)
    loss = F.softplus(-score_real).mean() + F.softplus(score_fake).mean()
    run.optimizer_d.zero_grad(set_to_none=True)
    loss.backward()
    if run.counters.n_steps % R1_EVERY == 0:
        penalty = run.steepness(real)
        (penalty * (run.gamma / 2 * R1_EVERY)).backward()
        figures["r1"] = float(penalty.detach())
    parallel.share_gradients(run.optimizer_d)
    run.optimizer_d.step()
    realness = float(score_real.detach().sign().mean())
    run.counters.realness += 0.01 * (realness - run.counters.realness)
    return figures | {"loss_d": float(loss.detach())}


def squared_slope(score: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """|∇score|² with respect to the pictures, the mean over them, with its graph."""
    images = images.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(score(images).sum(), images, create_graph=True)
    return slope.square().sum((1, 2, 3)).mean()


def update_generator(
    run: GeneratorRun, fake: Tensor, dtype: torch.dtype, extra: Tensor | float = 0.0
) -> float:
    """One update of what learns of the generator, by the discriminator and an extra loss; the former."""
    run.judge.requires_grad_(False)
    loss = F.softplus(-run.judge(run.see(fake), dtype)).mean()
    run.optimizer_g.zero_grad(set_to_none=True)
    (loss + extra).backward()
    parallel.share_gradients(run.optimizer_g)
    run.optimizer_g.step()
    run.judge.requires_grad_(True)
    return float(loss.detach())


def count_and_follow(run: GeneratorRun, n_new: int) -> None:
    """After a step on n_new pictures: counts it and moves the average."""
    n_new *= parallel.n_workers()
    run.counters.n_steps += 1
    run.counters.n_images += n_new
    follow(run.average, run.generator, n_new, run.counters.n_images)


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


def train_on(
    run: GeneratorRun,
    batches: Batches,
    step: Callable[[Tensor], dict[str, float]],
    save: Callable[[], None],
    stats: house.Stats,
    minutes: float,
) -> None:
    """Steps on batches of real pictures until the time is up."""
    house.stop_on_signal()
    parallel.copy_from_first(run.generator, run.average, run.judge)
    parallel.part_ways(run.counters.n_steps)
    progress = house.Progress(minutes * 60)
    house.train_loop(lambda: step(batches.next().to(run.device)), run.counters, save, stats, progress)
