"""Judges MVNet: a second classifier of eras that trained neither, and what v tells of the year of music."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from visualizer.networks.mvnet import Z_SHAPE, Encoder, MVNet
from visualizer.training import house
from visualizer.training.mvnet_data import Paintings, Pairs, centres, windows
from visualizer.training.mvnet_eras import Eras
from visualizer.training.mvnet_music import Music

N_BATCH = 32
ROUGHNESS = 0.1
"""Noise over the paintings that the judge learns from."""
JUDGE_CHANNELS = (32, 64, 128, 128)
JUDGE_SEED = 2024
N_READING_STEPS = 600
READING_DECAY = 10.0
"""Of the reading of eras: other composers' windows are 59.3 years off with 3, 57.9 with 10."""


class Judge(nn.Module):
    """Image (B, 3, 64, 64) → logits of its era (B, n_eras): wider than C, max-pooled, batch-normalised."""

    def __init__(self, n_eras: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in = 3
        for n_out in JUDGE_CHANNELS:
            layers += [
                nn.Conv2d(n_in, n_out, 3, padding=1),
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
            n_in = n_out
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(n_in, n_eras))

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.head(self.layers(image).mean((2, 3)))
        return logits


def train_judge(pairs: Pairs, n_eras: int, n_steps: int, folder: Path) -> Judge:
    """A judge taught by paintings alone; kept in `folder`/judge.pt and taken from there the next time."""
    path = folder / "judge.pt"
    judge = Judge(n_eras)
    if path.is_file():
        judge.load_state_dict(house.load_state(path)["judge"])
        return judge.eval()
    torch.manual_seed(JUDGE_SEED)
    judge = Judge(n_eras)
    optimizer = torch.optim.AdamW(judge.parameters(), 1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=n_steps)
    progress = house.Progress(n_steps * 0.2)
    for i in range(n_steps):
        batch = pairs.paintings(10**9 + i, N_BATCH)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = judge(vary(batch.image))
        loss = F.cross_entropy(logits.float(), batch.era, label_smoothing=0.1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if i % 100 == 0:
            progress.show(f"judge {i}/{n_steps} · {float(loss.detach()):.2f}")
    house.save_atomic(path, {"judge": judge.state_dict()})
    return judge.eval()


def vary(images: Tensor) -> Tensor:
    """Images a little lighter or darker, of other colour and contrast, and noisy: another reproduction."""
    n = len(images)
    contrast = 1 + 0.15 * torch.randn(n, 1, 1, 1)
    return images * contrast + 0.1 * torch.randn(n, 3, 1, 1) + ROUGHNESS * torch.randn_like(images)


def eras_of(years: NDArray[np.int32], eras: Eras) -> NDArray[np.int64]:
    """The era of each year, -1 where it lies outside all of them."""
    return np.array([-1 if (era := eras.of(int(year))) is None else era for year in years], np.int64)


def balanced(numbers: NDArray[np.int64], n_per_era: int, seed: int = 0) -> NDArray[np.int64]:
    """Up to `n_per_era` places of each era (those of -1 left out), drawn by `seed`."""
    rng = np.random.default_rng(seed)
    chosen = [rng.permutation(np.flatnonzero(numbers == era))[:n_per_era] for era in np.unique(numbers)]
    return np.concatenate([places for places in chosen if len(places) and numbers[places[0]] >= 0])


def accuracy(logits: Tensor, wanted: NDArray[np.int64]) -> float:
    """The share that is right, averaged over the eras that are wanted, so that uneven years count evenly."""
    right = (logits.argmax(1).numpy() == wanted).astype(np.float64)
    return float(np.mean([right[wanted == era].mean() for era in np.unique(wanted)]))


@torch.no_grad()
def hear(encoder: Encoder, music: Music, chosen: NDArray[np.int64]) -> Tensor:
    """v (n, 1, 8, 16) of the middle windows of clips."""
    parts = [chosen[i : i + N_BATCH] for i in range(0, len(chosen), N_BATCH)]
    return torch.cat([encoder(windows(music, part)) for part in parts])


def hear_once(encoder: Encoder, music: Music, chosen: NDArray[np.int64], path: Path) -> Tensor:
    """As `hear`; what was heard by these very ears is kept in `path`, for the next stage or run."""
    key = float(sum(p.double().abs().sum() for p in encoder.parameters()))
    kept: dict[int, Tensor] = {}
    if path.is_file():
        state = house.load_state(path)
        if abs(state["key"] - key) < 1e-9 * key:
            kept = dict(zip(state["places"], state["v"], strict=True))
    missing = np.array([i for i in chosen if int(i) not in kept], np.int64)
    if len(missing):
        kept |= dict(zip(missing.tolist(), hear(encoder, music, missing), strict=True))
        v = torch.stack(list(kept.values()))
        house.save_atomic(path, {"key": key, "places": list(kept), "v": v})
    return torch.stack([kept[int(i)] for i in chosen])


@torch.no_grad()
def paint(mvnet: MVNet, v: Tensor, seed: int = 5) -> Tensor:
    """A style image (n, 3, 64, 64) of each v, each with a z of its own."""
    z = torch.randn(len(v), *Z_SHAPE, generator=torch.Generator().manual_seed(seed))
    batches = zip(v.split(N_BATCH), z.split(N_BATCH), strict=True)
    return torch.cat([mvnet.generator(a, b) for a, b in batches])


@torch.no_grad()
def classify(classifier: nn.Module, images: Tensor) -> Tensor:
    """Logits (n, n_eras) of images (n, 3, 64, 64)."""
    return torch.cat([classifier(part) for part in images.split(N_BATCH)])


def year_correlation(logits: Tensor, years: NDArray[np.int32], eras: Eras) -> float:
    """How the years that a classifier expects of images follow the years they were made from, [-1, 1]."""
    middles = torch.tensor([eras.middle(i) for i in range(len(eras))])
    expected = (torch.softmax(logits.float(), 1) @ middles).numpy()
    return float(np.corrcoef(expected, years)[0, 1])


def painting_accuracy(classifier: nn.Module, paintings: Paintings, eras: Eras) -> float:
    """How often a classifier knows the era of paintings (of other artists), balanced by era."""
    numbers = eras_of(paintings.years, eras)
    known = np.flatnonzero(numbers >= 0)
    return accuracy(classify(classifier.eval(), centres(paintings, known)), numbers[known])


@dataclass(frozen=True)
class Reading:
    """The era of heard music from v: logits = v · weight.T + bias, weight (n_eras, 128)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def probabilities(self, v: Tensor) -> NDArray[np.float64]:
        logits = v.flatten(1).numpy() @ self.weight.T + self.bias
        odds = np.exp(logits - logits.max(1, keepdims=True))
        result: NDArray[np.float64] = odds / odds.sum(1, keepdims=True)
        return result


def fit_reading(v: Tensor, numbers: NDArray[np.int64], n_eras: int, decay: float = READING_DECAY) -> Reading:
    """A logistic reading of v (n, 1, 8, 16), fitted to the eras of the music."""
    flat, wanted = v.flatten(1), torch.from_numpy(numbers)
    mean, spread = flat.mean(0), flat.std(0) + 1e-3
    torch.manual_seed(0)
    layer = nn.Linear(flat.shape[1], n_eras)
    nn.init.zeros_(layer.weight)
    optimizer = torch.optim.AdamW(layer.parameters(), 0.02, weight_decay=decay)
    for _ in range(N_READING_STEPS):
        loss = F.cross_entropy(layer((flat - mean) / spread), wanted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    weight = (layer.weight / spread).detach()
    bias = (layer.bias - weight @ mean).detach()
    return Reading(weight.numpy(), bias.numpy())


def year_errors(reading: Reading, v: Tensor, years: NDArray[np.int32], eras: Eras) -> dict[str, float]:
    """Mean error in years of the most likely and of the expected year, and of always the median."""
    middles = np.array([eras.middle(i) for i in range(len(eras))])
    odds = reading.probabilities(v)
    expected, likeliest = odds @ middles, middles[odds.argmax(1)]
    right = odds.argmax(1) == eras_of(years, eras)
    return {
        "year_error": float(np.abs(expected - years).mean()),
        "year_error_likeliest": float(np.abs(likeliest - years).mean()),
        "year_error_constant": float(np.abs(np.median(years) - years).mean()),
        "heard_era_accuracy": float(right.mean()),
    }


def colour_distance(images: Tensor, numbers: NDArray[np.int64]) -> dict[str, float]:
    """How eras differ: the spread of mean colours between eras over that within them, [0, ∞)."""
    means = images.mean((2, 3)).numpy()
    centres_ = np.stack([means[numbers == era].mean(0) for era in np.unique(numbers)])
    within = np.mean([means[numbers == era].std(0).mean() for era in np.unique(numbers)])
    return {"colour_between_over_within": float(centres_.std(0).mean() / max(within, 1e-9))}


def variety(mvnet: MVNet, v: Tensor, n_z: int = 9) -> float:
    """Mean absolute difference of images of one v with different z, in [0, 2]."""
    differences = []
    for one in v:
        images = paint(mvnet, one[None].expand(n_z, -1, -1, -1))
        differences += [float((images[i] - images[j]).abs().mean()) for i in range(n_z) for j in range(i)]
    return float(np.mean(differences))


def load_average(state: dict[str, object]) -> MVNet:
    """The averaged MVNet of a run's state or snapshot, folded, in evaluation mode."""
    settings = state["settings"]
    assert isinstance(settings, dict)
    mvnet = MVNet(float(settings["power"]), int(settings["n_readings"]))
    average = state["average"]
    assert isinstance(average, dict)
    mvnet.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in average.items()})
    return mvnet.fold().requires_grad_(False)


def curve(
    run: Path, judge: nn.Module, v: Tensor, wanted: NDArray[np.int64], n_most: int
) -> list[tuple[int, float]]:
    """(images learned from, era accuracy of images of v) of up to `n_most` snapshots of a run."""
    paths = sorted((run / "snapshots").glob("*.pt"))
    picks = sorted({round(i) for i in np.linspace(0, len(paths) - 1, min(n_most, len(paths)))})
    points = []
    for path in (paths[i] for i in picks):
        mvnet = load_average(house.load_state(path))
        points.append((int(path.stem), accuracy(classify(judge, paint(mvnet, v)), wanted)))
    return points
