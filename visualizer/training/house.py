"""The training house: what every training script shares (atomic checkpoints, statistics, seeds, progress).

A run lives in one folder: `state.pt` (everything needed to go on), `stats.jsonl` (one JSON object a line) and
sheets.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from visualizer.types import UserError

RUNS_DIR = Path("runs")


def save_atomic(path: Path, state: dict[str, Any]) -> None:
    """Writes plain tensors, numbers and containers; a kill in the middle leaves the previous file intact."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        torch.save(state, part)
        part.replace(path)
    except OSError as error:
        raise UserError(
            f"the training state cannot be written to {path}: {error.strerror}; free some space"
        ) from error


def load_state(path: Path) -> dict[str, Any]:
    """Reads what `save_atomic` wrote, without unpickling code."""
    if not path.is_file():
        raise UserError(f"there is no training state at {path}; start once without --resume")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(
            f"the training state {path} is damaged; delete it or start without --resume"
        ) from error
    return state


class Stats:
    """Appends one JSON object a line to `stats.jsonl`, flushed at once."""

    def __init__(self, path: Path, keep: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a" if keep else "w", encoding="utf-8")

    def write(self, **values: float | int | str) -> None:
        self._file.write(json.dumps({k: _short(v) for k, v in values.items()}) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _short(value: float | int | str) -> float | int | str:
    return float(f"{value:.5g}") if isinstance(value, float) else value


class Progress:
    """One line on stderr with what is left, rewritten twice a second on a terminal, else once a minute."""

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s
        self._start_s = time.monotonic()
        self._shown_s = -math.inf
        self._terminal = sys.stderr.isatty()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._start_s

    @property
    def over(self) -> bool:
        return self.elapsed_s >= self._budget_s

    def show(self, text: str, force: bool = False) -> None:
        pause_s = 0.5 if self._terminal else 60.0
        if not force and self.elapsed_s - self._shown_s < pause_s:
            return
        self._shown_s = self.elapsed_s
        left_s = max(0, int(self._budget_s - self.elapsed_s))
        line = f"{text} · {left_s // 60}:{left_s % 60:02d} left"
        sys.stderr.write(f"\r\x1b[2K{line}" if self._terminal else line + "\n")
        sys.stderr.flush()

    def end(self) -> None:
        if self._terminal:
            sys.stderr.write("\n")


def to_uint8(images: Tensor) -> np.ndarray:
    """Pictures (B, 3, H, W) in [-1, 1] → (B, H, W, 3) uint8."""
    scaled = (images.detach().float().clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def save_sheet(images: Tensor, path: Path, n_columns: int = 8) -> None:
    """Lays pictures (B, 3, H, W) in [-1, 1] out in a grid and saves it (JPEG or PNG by the name)."""
    pixels = to_uint8(images)
    n, height, width, _ = pixels.shape
    n_rows = math.ceil(n / n_columns)
    sheet = np.zeros((n_rows * height, n_columns * width, 3), np.uint8)
    for i, picture in enumerate(pixels):
        row, column = divmod(i, n_columns)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = picture
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(path, quality=92)
