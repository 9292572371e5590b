"""Trains the tagger: distilled from published taggers, and told the instruments of what was rendered for it.

Targets. The teachers were trained on tags that few listeners gave, so a tag that is plainly there gets 0.3
from one and 0.05 for another. Each tag's probability p is moved to sigmoid(1.5·(logit p − logit θ)), with θ
such that as many training windows lie above it as the teachers' probabilities sum to (3 % of them at least,
and θ at least 0.06): a window that the teachers rank among those gets more than 0.5. Where the truth is
known (programs of rendered scores, made-up drums, noise, silence) the target is 0.8 truth and 0.2 of that.
The loss is the binary cross-entropy; what is known counts twice.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from visualizer.networks.tagger import CHANNELS, N_TAGS, ShortChunkCNN
from visualizer.training import corpus as corpora
from visualizer.training import provenance
from visualizer.training.corpus import Corpus, shard_paths
from visualizer.training.frontend import WINDOW_SAMPLES, LogMel
from visualizer.training.house import Progress, Stats, load_state, save_atomic
from visualizer.training.judge import judge
from visualizer.training.music import CLIP, N_WINDOWS, WINDOW
from visualizer.training.renorm import Renorm1d, renormalise
from visualizer.training.ship_tagger import ship
from visualizer.types import UserError

TRUTH_WEIGHT = 0.8
KNOWN_WEIGHT = 2.0
SHARPNESS = 1.5
DROPOUT = 0.2
FIRST_RENORMALISED = 3
LEAST_SHARE = 0.03
LEAST_THRESHOLD = 0.06
SAVE_S = 120.0
JUDGE_S = 420.0
EMA_DECAY = 0.998


@dataclass(frozen=True)
class Settings:
    """What a run was asked for."""

    minutes: float
    batch: int
    learning_rate: float
    seed: int
    device: str
    folder: Path
    channels: tuple[int, ...] = CHANNELS


def logit(p: NDArray[np.float32]) -> NDArray[np.float32]:
    p = p.clip(1e-5, 1 - 1e-5)
    return np.log(p / (1 - p)).astype(np.float32)


def thresholds(teachers: NDArray[np.float32]) -> NDArray[np.float32]:
    """θ of each tag: as many windows lie above it as the probabilities sum to. (…, 50) → (50,)."""
    p = teachers.reshape(-1, N_TAGS)
    shares = p.mean(axis=0).clip(LEAST_SHARE, 0.5)
    theta = np.array([np.quantile(p[:, t], 1 - shares[t]) for t in range(N_TAGS)], np.float32)
    return theta.clip(LEAST_THRESHOLD)


def targets(
    teachers: NDArray[np.float32], truth: NDArray[np.float32], theta: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Targets in [0, 1] of the shape of `teachers`; NaN in `truth` is unknown."""
    moved = 1 / (1 + np.exp(-SHARPNESS * (logit(teachers) - logit(theta))))
    known = TRUTH_WEIGHT * truth + (1 - TRUTH_WEIGHT) * moved
    return np.where(np.isnan(truth), moved, known).astype(np.float32)


class Batches:
    """Draws windows at any place of a clip, their targets interpolated between the labelled windows."""

    def __init__(self, corpus: Corpus, theta: NDArray[np.float32], seed: int) -> None:
        self.corpus = corpus
        self.rng = np.random.default_rng(seed)
        self.targets = targets(corpus.teachers, corpus.truth, theta)
        self.weights = np.where(np.isnan(corpus.truth), 1.0, KNOWN_WEIGHT).astype(np.float32)

    def draw(self, n: int) -> tuple[Tensor, Tensor, Tensor]:
        """n samples (n, 59392) float32, augmented; targets and their weights, both (n, 50)."""
        sound = np.empty((n, WINDOW_SAMPLES), np.float32)
        target, weight = np.empty((2, n, N_TAGS), np.float32)
        for i in range(n):
            clip = int(self.rng.integers(len(self.corpus)))
            start = int(self.rng.integers(0, CLIP - WINDOW_SAMPLES + 1))
            at = min(start / WINDOW, N_WINDOWS - 1.0)
            low = min(int(at), N_WINDOWS - 2)
            share = at - low
            target[i] = (1 - share) * self.targets[clip, low] + share * self.targets[clip, low + 1]
            weight[i] = np.minimum(self.weights[clip, low], self.weights[clip, low + 1])
            sound[i] = augment(self.corpus.samples[clip, start : start + WINDOW_SAMPLES], self.rng)
        return torch.from_numpy(sound), torch.from_numpy(target), torch.from_numpy(weight)


def augment(samples: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.float32]:
    """Level ±12 dB, noise on a third of the windows, a reversed phase; clipped at full scale."""
    x = samples.astype(np.float32) * (float(rng.choice([-1, 1])) / 32768)
    rms = float(np.sqrt(np.mean(x**2)))
    if rng.random() < 0.35:
        noise = rng.standard_normal(len(x), np.float32)
        if rng.random() < 0.5:
            noise = np.convolve(noise, np.full(6, 0.4, np.float32), "same")
        x = x + noise * rms * np.float32(10 ** (-rng.uniform(12, 45) / 20))
    return np.clip(x * np.float32(10 ** (rng.uniform(-12, 12) / 20)), -1, 1)


class Run:
    """The whole state of a run: networks, optimiser, how far it is."""

    def __init__(self, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.network = ShortChunkCNN(settings.channels, DROPOUT).to(settings.device)
        renormalise(self.network.blocks[FIRST_RENORMALISED:])
        self.network.norm_dense = Renorm1d(settings.channels[-1])
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = ShortChunkCNN(settings.channels, DROPOUT).to(settings.device).eval()
        self.average.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), settings.learning_rate, weight_decay=0.01, fused=True
        )
        self.theta = np.zeros(N_TAGS, np.float32)
        self.n_windows = 0
        self.n_steps = 0

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "theta": torch.from_numpy(self.theta),
            "n_windows": self.n_windows,
            "n_steps": self.n_steps,
        }

    def load(self, state: dict[str, Any]) -> None:
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise UserError("the saved state is of another architecture; start without --resume") from error
        self.theta = state["theta"].numpy()
        self.n_windows, self.n_steps = int(state["n_windows"]), int(state["n_steps"])

    @torch.no_grad()
    def follow(self) -> None:
        """Move the average towards the network, quickly at first."""
        decay = min(EMA_DECAY, (1 + self.n_steps) / (10 + self.n_steps))
        for kept, new in zip(
            self.average.state_dict().values(), self.network.state_dict().values(), strict=True
        ):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)


def rate(elapsed: float, n_steps: int) -> float:
    """Share of the learning rate: 100 steps of warm-up, level, and a cosine down over the last third."""
    down = 1.0 if elapsed < 0.67 else 0.5 * (1 + float(np.cos(np.pi * min(1.0, (elapsed - 0.67) / 0.33))))
    return min(1.0, (n_steps + 1) / 100) * max(down, 0.01)


def step(run: Run, front: LogMel, sound: Tensor, target: Tensor, weight: Tensor) -> float:
    """One update from samples (n, 59392), targets and their weights (n, 50); returns the loss."""
    mel = front(sound).contiguous(memory_format=torch.channels_last)
    with torch.autocast(sound.device.type, torch.bfloat16):
        logits = run.network.logits(run.network.embed(mel))
    loss = functional.binary_cross_entropy_with_logits(logits.float(), target, weight) / weight.mean()
    if not torch.isfinite(loss):
        raise UserError("the loss is no longer a number; the last good state is kept, go on with --resume")
    run.optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 5.0)
    run.optimiser.step()
    run.n_steps += 1
    run.n_windows += len(sound)
    run.follow()
    return float(loss.detach())


def train(settings: Settings, run: Run, stats: Stats) -> None:
    """Train for `settings.minutes`; new shards are picked up as they appear."""
    paths: list[Path] = []
    held_out = Corpus(shard_paths(settings.folder, held_out=True))
    front = LogMel().to(settings.device)
    progress = Progress(settings.minutes * 60)
    saved_s, judged_s = 0.0, 0.0
    losses: list[float] = []
    while not progress.over:
        if paths != shard_paths(settings.folder, held_out=False):
            paths = shard_paths(settings.folder, held_out=False)
            corpus = Corpus(paths)
            run.theta = thresholds(corpus.teachers)
            batches = Batches(corpus, run.theta, settings.seed + run.n_steps)
        share = rate(progress.elapsed_s / (settings.minutes * 60), run.n_steps)
        for group in run.optimiser.param_groups:
            group["lr"] = settings.learning_rate * share
        sound, target, weight = (x.to(settings.device) for x in batches.draw(settings.batch))
        losses.append(step(run, front, sound, target, weight))
        progress.show(f"{run.n_windows} windows, loss {np.mean(losses[-50:]):.4f}")
        if progress.elapsed_s - saved_s > SAVE_S or progress.over:
            saved_s = progress.elapsed_s
            save_atomic(settings.folder / "state.pt", run.state())
            figures: dict[str, float] = {}
            if saved_s - judged_s > JUDGE_S or progress.over:
                judged_s = saved_s
                figures = judge(run.average, held_out, run.theta, n_clips=40)
            mean_loss = float(np.mean(losses))
            stats.write(n_windows=run.n_windows, loss=mean_loss, elapsed_s=saved_s, rate=share, **figures)
            losses = []
    progress.end()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    corpora.add_arguments(parser)
    parser.add_argument("--resume", action="store_true", help="go on from the saved state")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to train")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--batch", type=int, default=8, help="windows a step")
    parser.add_argument("--learning-rate", type=float, default=4e-4, help="at its highest")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--ship", type=Path, metavar="FOLDER", help="judge the saved state and write this model"
    )


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="klangbild train tagger", description=(__doc__ or "").splitlines()[0]
    )
    add_arguments(parser)
    args = parser.parse_args(argv)
    settings = Settings(args.minutes, args.batch, args.learning_rate, args.seed, args.device, args.folder)
    if args.dry_run:
        print(settings)
        return 0
    if args.ship is not None:
        provenance.check_name(args.ship, "--ship")
        for name, value in ship(args.folder / "state.pt", args.folder, args.ship).items():
            print(f"{name:24} {value:.4f}")
        return 0
    if not (shard_paths(args.folder, False) and shard_paths(args.folder, True)):
        corpora.make(args.data, args.teachers, args.folder, args.n_shards)
    if args.device == "cpu":
        torch.set_num_threads(1)
    run = Run(settings)
    if args.resume:
        run.load(load_state(args.folder / "state.pt"))
    stats = Stats(args.folder / "stats.jsonl", keep=args.resume)
    train(settings, run, stats)
    stats.close()
    print(f"{run.n_windows} windows heard; the state is in {args.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
