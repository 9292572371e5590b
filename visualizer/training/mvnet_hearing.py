"""Gives MVNet's encoder ears before it gets a brush: eras told apart from short stretches of music.

From scratch, the triplet loss alone folds everything into one point long before the encoder has found
anything to hold on to (docs/decisions/0010). So its layers first learn from many stretches of 2.2 s, of which
a batch costs what a quarter of whole windows would: triplets of v, and linear readings of the era, which are
thrown away, from the features below v and from v's own mean and deviation in time. What they hear is bent
(key, colour, bands left out), and neighbouring eras count as partly right, or they learn composers by heart.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.networks.mvnet import ENCODER_CHANNELS, N_MELS, V_SHAPE, Encoder
from visualizer.training import house
from visualizer.training.mvnet_data import Pairs
from visualizer.training.mvnet_eras import Eras
from visualizer.training.mvnet_losses import triplet_loss

N_SHORT = 64
"""Columns of each third in a stretch: a quarter of a window."""
N_ERAS, N_PER_ERA = 16, 4
"""Eras in a batch, and stretches of each."""
RATE = 1e-3
LEAST_RATE = 0.02
DECAY = 0.05
DROPOUT = 0.3
KIN_YEARS = 12.0
"""Eras so near to each other count as partly right."""
EMA_DECAY = 0.995
MOST_BINS = 3
"""How far a stretch is moved up or down, in bands of the mel."""
COLOUR_DB = 5.0
N_COLOUR = 7
"""Points of the curve that colours a stretch, in deviations of so many dB."""
WIDEST_GAP = 20
"""Bands left out of half of the stretches, at most."""


class Readings(nn.Module):
    """Features (B, 256, 8, T) and v (B, 1, 8, T) → logits of the era from each, (B, n_eras)."""

    def __init__(self, n_eras: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(DROPOUT)
        self.below = nn.Linear(ENCODER_CHANNELS[-1] * V_SHAPE[1], n_eras)
        self.norm = nn.BatchNorm1d(2 * V_SHAPE[1])
        self.of_v = nn.Linear(2 * V_SHAPE[1], n_eras)

    def forward(self, features: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        rows = v.float()[:, 0]
        told = self.norm(torch.cat((rows.mean(2), rows.std(2)), 1))
        return self.below(self.dropout(features.float().mean(3).flatten(1))), self.of_v(told)


@dataclass
class Heard:
    """All progress of the encoder's first lessons; `average` is what the rest of the training takes."""

    encoder: Encoder
    average: Encoder
    readings: Readings
    optimizer: torch.optim.Optimizer
    counters: house.Counters
    kin: Tensor
    """What an era's stretch should be read as: (n_eras, n_eras), rows of sum 1."""
    seed: int
    device: torch.device

    @classmethod
    def start(cls, eras: Eras, power: float, seed: int, device: torch.device) -> Heard:
        torch.manual_seed(seed)
        encoder, average = Encoder(power).to(device), Encoder(power).to(device)
        average.load_state_dict(encoder.state_dict())
        average.requires_grad_(False).eval()
        readings = Readings(len(eras)).to(device)
        learning = [*encoder.parameters(), *readings.parameters()]
        optimizer = torch.optim.AdamW(learning, RATE, weight_decay=DECAY)
        return cls(
            encoder, average, readings, optimizer, house.Counters(), kinship(eras).to(device), seed, device
        )

    def parts(self) -> dict[str, Any]:
        return {
            "learning": self.encoder,
            "encoder": self.average,
            "readings": self.readings,
            "optimizer": self.optimizer,
        }

    def state(self) -> dict[str, Any]:
        return {name: part.state_dict() for name, part in self.parts().items()} | {
            "counters": asdict(self.counters),
            "power": self.encoder.power,
            "seed": self.seed,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], eras: Eras, device: torch.device) -> Heard:
        with house.reading_state():
            heard = cls.start(eras, state["power"], state["seed"], device)
            for name, part in heard.parts().items():
                house.load_part(part, state, name)
            heard.counters = house.Counters(**state["counters"])
        return heard

    @torch.no_grad()
    def follow(self) -> None:
        """Moves the average towards the encoder, quickly at first."""
        keep = min(EMA_DECAY, (1 + self.counters.n_steps) / (10 + self.counters.n_steps))
        for kept, new in zip(
            self.average.state_dict().values(), self.encoder.state_dict().values(), strict=True
        ):
            if kept.is_floating_point():
                kept.lerp_(new, 1 - keep)
            else:
                kept.copy_(new)


def kinship(eras: Eras) -> Tensor:
    """How right each era is for music of another, (n_eras, n_eras) float32, rows of sum 1."""
    middles = torch.tensor([eras.middle(i) for i in range(len(eras))])
    near = torch.exp(-0.5 * ((middles[:, None] - middles) / KIN_YEARS).square())
    return near / near.sum(1, keepdim=True)


def bend(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Stretches (B, 3, 128, T) in another key and of another colour, half of them with a gap of bands."""
    n_bands = mel.shape[2]
    bands, points = np.arange(n_bands), np.linspace(0, n_bands - 1, N_COLOUR)
    gains = np.empty((len(mel), n_bands), np.float32)
    for i in range(len(mel)):
        gains[i] = 10 ** (np.interp(bands, points, rng.normal(0, COLOUR_DB, N_COLOUR)) / 10)
        if rng.random() < 0.5:
            first = int(rng.integers(0, n_bands))
            gains[i, first : first + int(rng.integers(1, WIDEST_GAP + 1))] = 0
    shifts = rng.integers(-MOST_BINS, MOST_BINS + 1, len(mel))
    moved = torch.stack([shift_bands(one, int(by)) for one, by in zip(mel, shifts, strict=True)])
    return moved * torch.from_numpy(gains)[:, None, :, None]


def shift_bands(mel: Tensor, by: int) -> Tensor:
    """Bands (…, 128, T) moved up (or down) by some, silence following."""
    moved = torch.roll(mel, by, -2)
    if by:
        moved[..., slice(0, by) if by > 0 else slice(by, None), :] = 0
    return moved


def stretch(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Windows (B, 3, 128, 256) → (B, 3, 128, N_SHORT): N_SHORT columns of each third, from the same place."""
    first = int(rng.integers(0, mel.shape[3] - N_SHORT + 1))
    return mel[..., first : first + N_SHORT]


def listen(heard: Heard, pairs: Pairs, dtype: torch.dtype) -> dict[str, float]:
    """One update; returns the losses and the share of eras that v is read rightly as."""
    number = heard.counters.n_steps
    mel, era = pairs.music(number, N_ERAS, N_PER_ERA)
    assert mel.shape[2] == N_MELS
    rng = np.random.default_rng((heard.seed, number, 2))
    mel = bend(stretch(mel, rng), rng).to(heard.device)
    era = era.to(heard.device)
    with torch.autocast(heard.device.type, dtype=dtype, enabled=dtype != torch.float32):
        features = heard.encoder.features(mel)
        v = heard.encoder.head(features)
    below, of_v = heard.readings(features, v)
    # A stretch has a quarter of a window's v: its squared distances are a quarter as well.
    triplet = triplet_loss(v * (V_SHAPE[2] / v.shape[3]) ** 0.5, era)
    wanted = heard.kin[era]
    reading = F.cross_entropy(below, wanted) + F.cross_entropy(of_v, wanted)
    heard.optimizer.zero_grad(set_to_none=True)
    (reading + triplet).backward()
    heard.optimizer.step()
    heard.counters.n_steps += 1
    heard.counters.n_images += len(mel)
    heard.follow()
    right = (of_v.detach().argmax(1) == era).float().mean()
    return {"reading": float(reading.detach()), "tri": float(triplet.detach()), "right": float(right)}


def train(
    pairs: Pairs, eras: Eras, folder: Path, power: float, seed: int, minutes: float, device: torch.device
) -> None:
    """The lessons, kept in `folder`/hearing.pt; they go on where they ended when there are some already.

    The rate falls along a cosine, from RATE to LEAST_RATE of it.
    """
    path = folder / "hearing.pt"
    known = path.is_file()
    heard = (
        Heard.from_state(house.load_state(path), eras, device)
        if known
        else Heard.start(eras, power, seed, device)
    )
    progress = house.Progress(minutes * 60)

    def lesson() -> dict[str, float]:
        done = min(1.0, progress.elapsed_s / (minutes * 60)) if minutes else 1.0
        for group in heard.optimizer.param_groups:
            group["lr"] = RATE * (LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * done)))
        return listen(heard, pairs, torch.bfloat16)

    house.stop_on_signal()
    house.train_loop(
        lesson,
        heard.counters,
        lambda: house.save_atomic(path, heard.state()),
        house.Stats(folder / "hearing.jsonl", known),
        progress,
    )
