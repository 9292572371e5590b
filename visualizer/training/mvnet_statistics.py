"""The second judge of MVNet's images: a linear reading of the era from statistics of the published VGG.

It learned from paintings alone, and knows twice as much of other artists' paintings as the judge that sees
pixels; but the style loss, which taught G, sees the same features (docs/decisions/0010).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visualizer.training import house
from visualizer.training.mvnet_data import Paintings, centres
from visualizer.training.mvnet_eras import Eras
from visualizer.training.mvnet_losses import StyleVGG

N_STATISTICS = 2 * (64 + 128 + 256 + 3)
N_STEPS = 300
N_BATCH, N_SEEN = 32, 512
RATE, DECAY, SMOOTHING = 3e-3, 0.3, 0.1
FILE = "judge-statistics.pt"


class StatisticsJudge(nn.Module):
    """Image (B, 3, 64, 64) in [-1, 1] → logits of its era (B, n_eras)."""

    def __init__(self, vgg: StyleVGG, n_eras: int) -> None:
        super().__init__()
        self.vgg = vgg
        self.mean = nn.Buffer(torch.zeros(N_STATISTICS))
        self.spread = nn.Buffer(torch.ones(N_STATISTICS))
        self.reading = nn.Linear(N_STATISTICS, n_eras)
        nn.init.zeros_(self.reading.weight)

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.reading((self.statistics(image) - self.mean) / self.spread)
        return logits

    @torch.no_grad()
    def statistics(self, image: Tensor) -> Tensor:
        """Mean and deviation of every channel of three levels and of the pixels, (B, N_STATISTICS)."""
        with torch.autocast(image.device.type, torch.bfloat16):
            levels = self.vgg(image)
        seen = [level.float() for level in (*levels, image)]
        return torch.cat([part for x in seen for part in (x.mean((2, 3)), x.std((2, 3)))], 1)


def train_judge(
    paintings: Paintings, numbers: np.ndarray, eras: Eras, vgg: Path, folder: Path
) -> StatisticsJudge:
    """Fitted to paintings of era `numbers` (-1: none), eras evenly; kept in `folder` for the next time."""
    judge = StatisticsJudge(StyleVGG.load(vgg), len(eras))
    path = folder / FILE
    parts = {"mean": judge.mean, "spread": judge.spread, **judge.reading.state_dict()}
    if path.is_file():
        kept = house.load_state(path)
        if kept["weight"].shape == parts["weight"].shape:
            judge.mean.copy_(kept["mean"])
            judge.spread.copy_(kept["spread"])
            judge.reading.load_state_dict({key: kept[key] for key in ("weight", "bias")})
            return judge.eval()
    known = np.flatnonzero(numbers >= 0)
    seen = [
        judge.statistics(centres(paintings, known[i : i + N_BATCH])) for i in range(0, len(known), N_BATCH)
    ]
    fit(judge, torch.cat(seen), torch.from_numpy(numbers[known]))
    house.save_atomic(path, {"mean": judge.mean, "spread": judge.spread, **judge.reading.state_dict()})
    return judge.eval()


def fit(judge: StatisticsJudge, statistics: Tensor, wanted: Tensor) -> None:
    """The reading of statistics (n, N_STATISTICS) of paintings of eras `wanted` (n,), eras drawn evenly."""
    judge.mean.copy_(statistics.mean(0))
    judge.spread.copy_(statistics.std(0) + 1e-3)
    told = (statistics - judge.mean) / judge.spread
    share = 1 / torch.bincount(wanted)[wanted].float()
    torch.manual_seed(0)
    optimizer = torch.optim.AdamW(judge.reading.parameters(), RATE, weight_decay=DECAY)
    for _ in range(N_STEPS):
        drawn = torch.multinomial(share, N_SEEN, replacement=True)
        loss = F.cross_entropy(judge.reading(told[drawn]), wanted[drawn], label_smoothing=SMOOTHING)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
