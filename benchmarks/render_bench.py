"""How much faster than real time `klangbild render` makes a video: 256 px, 30 fps, effects, both modes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT
from visualizer.types import UserError

SECONDS = 20.0
SIZE_PX, FPS = 256, 30
MODES = ("traumer", "era")


def run() -> dict[str, Any]:
    """`ratio` = seconds of video per second of work, the slower mode's; the whole command, with its start."""
    rows = {mode: _render(mode) for mode in MODES}
    return {"ratio": min(row["ratio"] for row in rows.values()), **rows}


def _render(mode: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "video.mp4"
        command = [sys.executable, str(ROOT / "run.py"), "render", "demo", "-o", str(video), "--mode", mode]
        command += ["--size", str(SIZE_PX), "--fps", str(FPS), "--duration", str(SECONDS)]
        start_s = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        wall_s = time.perf_counter() - start_s
        if done.returncode:
            raise UserError(f"The render ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        return {
            "ratio": round(SECONDS / wall_s, 2),
            "wall_s": round(wall_s, 2),
            "told": done.stdout.strip().splitlines()[-1].rpartition(", ")[2],
        }
