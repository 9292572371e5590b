"""The training house: what every training script shares (atomic checkpoints, statistics, seeds, progress).

A run lives in one folder: `state.pt` (everything needed to go on), `stats.jsonl` (one JSON object a line) and
sheets.
"""

from __future__ import annotations

import io
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from visualizer.training import parallel
from visualizer.types import UserError

RUNS_DIR = Path("runs")


@dataclass
class Counters:
    """How far a run is."""

    n_steps: int = 0
    n_images: int = 0
    seconds: float = 0.0
    p_augment: float = 0.0
    realness: float = 0.0
    """Mean sign of D on real pictures, averaged over about a hundred steps, [-1, 1]."""


def save_atomic(path: Path, state: dict[str, Any]) -> None:
    """Writes plain tensors, numbers and containers; a kill in the middle leaves the previous file intact.

    UserError where the disk is full, and where a weight is no number: then the last good state is kept.
    """
    bad = next(_not_finite(state), None)
    if bad is not None:
        raise UserError(
            f"training diverged ({bad} is no number any more); --resume goes on from the last good state"
        )
    with writing(path) as part:
        torch.save(state, part)


def _not_finite(state: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, value in state.items():
        if isinstance(value, dict):
            yield from _not_finite(value, f"{above}{name}.")
        elif isinstance(value, Tensor) and value.is_floating_point() and not value.isfinite().all():
            yield f"{above}{name}"


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A name to write to, which becomes `path` when all went well; UserError where it cannot be written.

    A kill in the middle leaves the previous file intact.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except (OSError, RuntimeError) as error:  # torch turns what the disk says into a RuntimeError
        part.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else str(error).partition("\n")[0]
        raise UserError(
            f"{path} cannot be written ({reason}); free some space, or name a folder elsewhere"
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


def load_part(part: Any, state: dict[str, Any], name: str) -> None:
    """Gives a network or an optimiser what `state` holds of it; UserError where that is of another shape."""
    try:
        part.load_state_dict(state[name])
    except (KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"the training state holds no {name} of this architecture; start without --resume, "
            "or name the folder of another run"
        ) from error


@contextmanager
def reading_state() -> Iterator[None]:
    """Makes a sentence of what goes wrong where a state is read that another training wrote."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            "the training state is of another kind of network; start without --resume, or name another folder"
        ) from error


class Stats:
    """Appends one JSON object a line to `stats.jsonl`, flushed at once."""

    def __init__(self, path: Path, keep: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        mine = path if parallel.is_first() else Path(os.devnull)
        self._file = mine.open("a" if keep else "w", encoding="utf-8")

    def write(self, **values: float | int | str) -> None:
        try:
            self._file.write(json.dumps({k: _short(v) for k, v in values.items()}) + "\n")
            self._file.flush()
        except OSError as error:
            raise UserError(
                f"{self._file.name} cannot be written ({error.strerror}); free some space"
            ) from error

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


def stop_on_signal() -> None:
    """Lets a polite kill end the loop as Ctrl-C does, saved (also where the shell ignores Ctrl-C)."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def train_loop(
    step: Callable[[], dict[str, float]],
    counters: Counters,
    save: Callable[[], None],
    stats: Stats,
    progress: Progress,
    save_s: float = 180.0,
) -> None:
    """Steps until the time is up, saving every `save_s`; the figures of `step` are smoothed and logged.

    Ctrl-C ends it early and saves. Figures that are not finite stop it with the last good state kept.
    """
    n_before = counters.n_images
    saved_s = mark_s = time.monotonic()
    smooth: dict[str, float] = {}
    try:
        while not parallel.decide(progress.over):
            for name, value in parallel.agree(step()).items():
                if not math.isfinite(value):
                    where = f"{name} is {value} at step {counters.n_steps}"
                    raise UserError(f"training diverged ({where}); --resume goes on from the last good state")
                smooth[name] = smooth.get(name, value) + 0.02 * (value - smooth.get(name, value))
            now_s = time.monotonic()
            counters.seconds += now_s - mark_s
            mark_s = now_s
            figures = " · ".join(f"{name} {value:.2f}" for name, value in smooth.items())
            if parallel.is_first():
                progress.show(f"{counters.n_images} images · {figures}")
            if counters.n_steps % 100 == 0 and parallel.is_first():
                stats.write(**asdict(counters), cpu_s=time.process_time(), **smooth)
            if now_s - saved_s > save_s and parallel.is_first():
                saved_s = now_s
                save()
    except KeyboardInterrupt:
        progress.show("stopped by hand; saving", force=True)
    finally:
        progress.end()
        stats.close()
    if not parallel.is_first():
        return
    save()
    n_new, took_min = counters.n_images - n_before, progress.elapsed_s / 60
    print(f"{n_new} images in {took_min:.1f} min; {counters.n_images} in all")


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
    written = io.BytesIO()  # Pillow, writing to a file, does not notice a full disk
    Image.fromarray(sheet).save(written, path.suffix.lstrip(".").replace("jpg", "jpeg"), quality=92)
    with writing(path) as part:
        part.write_bytes(written.getvalue())
