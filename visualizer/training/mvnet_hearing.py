"""Gives MVNet's encoder ears before it gets a brush: eras told apart from short stretches of music.

From scratch, the triplet loss alone folds everything into one point long before the encoder has found
anything to hold on to (docs/decisions/0010). So its layers first learn from many stretches of 2.2 s, of which
a batch costs what a quarter of whole windows would: triplets of v, and a linear reading of the era from the
features below v, which is thrown away.
"""

from __future__ import annotations

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


@dataclass
class Heard:
    """All progress of the encoder's first lessons."""

    encoder: Encoder
    reading: nn.Linear
    optimizer: torch.optim.Optimizer
    counters: house.Counters
    seed: int
    device: torch.device

    @classmethod
    def start(cls, eras: Eras, power: float, seed: int, device: torch.device) -> Heard:
        torch.manual_seed(seed)
        encoder = Encoder(power).to(device)
        reading = nn.Linear(ENCODER_CHANNELS[-1] * V_SHAPE[1], len(eras)).to(device)
        optimizer = torch.optim.Adam([*encoder.parameters(), *reading.parameters()], RATE, weight_decay=1e-4)
        return cls(encoder, reading, optimizer, house.Counters(), seed, device)

    def state(self) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "encoder": self.encoder,
            "reading": self.reading,
            "optimizer": self.optimizer,
        }
        return {name: part.state_dict() for name, part in parts.items()} | {
            "counters": asdict(self.counters),
            "power": self.encoder.power,
            "seed": self.seed,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], eras: Eras, device: torch.device) -> Heard:
        heard = cls.start(eras, state["power"], state["seed"], device)
        heard.encoder.load_state_dict(state["encoder"])
        heard.reading.load_state_dict(state["reading"])
        heard.optimizer.load_state_dict(state["optimizer"])
        heard.counters = house.Counters(**state["counters"])
        return heard


def stretch(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Windows (B, 3, 128, 256) → (B, 3, 128, N_SHORT): N_SHORT columns of each third, from the same place."""
    first = int(rng.integers(0, mel.shape[3] - N_SHORT + 1))
    return mel[..., first : first + N_SHORT]


def listen(heard: Heard, pairs: Pairs, dtype: torch.dtype) -> dict[str, float]:
    """One update; returns the losses and the share of eras read rightly."""
    number = heard.counters.n_steps
    mel, era = pairs.music(number, N_ERAS, N_PER_ERA)
    assert mel.shape[2] == N_MELS
    mel = stretch(mel, np.random.default_rng((heard.seed, number, 2))).to(heard.device)
    era = era.to(heard.device)
    with torch.autocast(heard.device.type, dtype=dtype, enabled=dtype != torch.float32):
        features = heard.encoder.features(mel)
        v = heard.encoder.head(features)
        logits = heard.reading(features.float().mean(3).flatten(1))
    # A stretch has a quarter of a window's v: its squared distances are a quarter as well.
    triplet = triplet_loss(v * (V_SHAPE[2] / v.shape[3]) ** 0.5, era)
    reading = F.cross_entropy(logits.float(), era)
    heard.optimizer.zero_grad(set_to_none=True)
    (reading + triplet).backward()
    heard.optimizer.step()
    heard.counters.n_steps += 1
    heard.counters.n_images += len(mel)
    right = (logits.detach().argmax(1) == era).float().mean()
    return {"reading": float(reading.detach()), "tri": float(triplet.detach()), "right": float(right)}


def train(
    pairs: Pairs, eras: Eras, folder: Path, power: float, seed: int, minutes: float, device: torch.device
) -> None:
    """The lessons, kept in `folder`/hearing.pt; they go on where they ended when there are some already."""
    path = folder / "hearing.pt"
    known = path.is_file()
    heard = (
        Heard.from_state(house.load_state(path), eras, device)
        if known
        else Heard.start(eras, power, seed, device)
    )
    house.stop_on_signal()
    house.train_loop(
        lambda: listen(heard, pairs, torch.bfloat16),
        heard.counters,
        lambda: house.save_atomic(path, heard.state()),
        house.Stats(folder / "hearing.jsonl", known),
        house.Progress(minutes * 60),
    )
