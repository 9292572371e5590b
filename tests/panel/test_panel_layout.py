"""Nothing is cut off, at the least size and at usual ones, scaled or not; with long names and sentences."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("PyQt6.QtWidgets", reason="the panel needs PyQt6", exc_type=ImportError)

ROOT = Path(__file__).resolve().parents[2]
LEAST, USUAL, WIDE, LAPTOP = "600x400", "1360x880", "1860x1000", "1366x728"


def walk(what: str, scale: str, *sizes: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.panel.panel_walk", what, *sizes],
        env={**os.environ, "QT_SCALE_FACTOR": scale},
        capture_output=True,
        text=True,
        timeout=200,
        cwd=ROOT,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.mark.parametrize(("scale", "sizes"), [("1", (LEAST, LAPTOP, WIDE)), ("2", (LEAST, USUAL))])
def test_nothing_is_cut_off(scale: str, sizes: tuple[str, ...]) -> None:
    assert walk("cut", scale, *sizes) == []


def test_scaled_to_200_percent_it_fits_a_screen_of_1920_by_1080() -> None:
    code = (
        "import sys; sys.argv = ['x', 'cut']; from tests.panel import panel_walk as w\n"
        "regions = w.Regions.create(audio_s=1); panel = w.Panel(settings=w.parameters.defaults(), "
        "regions=regions); panel.setup(); size = panel._window.minimumSize()\n"
        "print(size.width(), size.height()); panel.close(); regions.unlink()"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, timeout=100
    )
    width, height = (int(part) for part in run.stdout.split())
    assert 2 * width <= 1920 and 2 * height <= 1080 - 26
