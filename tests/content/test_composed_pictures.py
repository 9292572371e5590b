"""Our pictures are computed: the same each time, full of light and shade, and small enough as files."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "assets"))

compose_pictures = importlib.import_module("compose_pictures")
light = importlib.import_module("painter.light")


@pytest.mark.parametrize("name", ["city", "nave"])
def test_the_same_picture_each_time(name: str) -> None:
    painter = importlib.import_module(f"painter.{name}")
    first, second = (painter.paint((64, 48), 1) for _ in range(2))
    assert first.shape == (48, 64, 3) and np.array_equal(first, second)
    assert first.min() >= 0 and first.max() <= 1 and first.std() > 0.1


def test_each_shipped_picture_has_its_painter() -> None:
    shipped = {path.stem for path in (ROOT / "assets" / "pictures").glob("*.jpg")}
    assert shipped == set(compose_pictures.PAINTERS)


def test_noise_is_even_smooth_and_of_the_seed() -> None:
    x, y = np.meshgrid(np.linspace(0, 40, 400, dtype=np.float32), np.linspace(0, 40, 400, dtype=np.float32))
    field = light.noise(x, y, 3)
    assert abs(field.mean()) < 0.03 and np.abs(np.diff(field, axis=1)).max() < 0.5
    assert np.array_equal(field, light.noise(x, y, 3)) and not np.array_equal(field, light.noise(x, y, 4))
    ridged = light.fbm(x, y, 5, 3, ridged=True)
    assert ridged.min() >= 0 and ridged.max() <= 1


def test_a_busy_picture_still_fits(tmp_path: Path) -> None:
    busy = np.random.default_rng(1).random((352, 512, 3)).astype(np.float32)
    quality = light.save(busy, tmp_path / "busy.jpg")
    assert quality < 95 and (tmp_path / "busy.jpg").stat().st_size <= light.MAX_BYTES
