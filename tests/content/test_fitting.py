"""Fitting: multiples of 16, the longer side as asked, cut from the middle, never squashed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer.content.fitting import LONGEST_SHAPE, cover_box, cover_size, cut_middle, fitted_size

sides = st.integers(1, 20_000)


@given(sides, sides, st.integers(128, 1024))
def test_both_sides_are_multiples_of_16_and_the_longer_is_the_size(
    width: int, height: int, size_px: int
) -> None:
    fitted = fitted_size(width, height, size_px)
    assert all(side % 16 == 0 and side > 0 for side in fitted)
    assert max(fitted) == size_px // 16 * 16
    assert (fitted[0] >= fitted[1]) if width >= height else (fitted[1] > fitted[0] or fitted[0] == fitted[1])


@given(sides, sides, st.integers(128, 1024))
def test_at_most_8_pixels_across_are_cut_and_nothing_is_squashed(
    width: int, height: int, size_px: int
) -> None:
    fitted = fitted_size(width, height, size_px)
    left, top, right, bottom = cover_box(width, height, fitted)
    scale_x, scale_y = fitted[0] / (right - left), fitted[1] / (bottom - top)
    assert scale_x == pytest.approx(scale_y)
    assert left >= -1e-6 and top >= -1e-6 and (left < 1e-6 or top < 1e-6)
    if max(width, height) / min(width, height) <= LONGEST_SHAPE:
        ideal_px = max(fitted) * min(width, height) / max(width, height)
        assert abs(min(fitted) - ideal_px) <= 8 + 1e-6


@pytest.mark.parametrize(
    ("width", "height", "fitted"),
    [(1, 1, (256, 256)), (1920, 1080, (256, 144)), (1080, 1920, (144, 256)), (9000, 10, (256, 64))],
)
def test_known_shapes(width: int, height: int, fitted: tuple[int, int]) -> None:
    assert fitted_size(width, height, 256) == fitted


def test_the_middle_is_kept_and_nobody_can_change_it() -> None:
    size = cover_size(300, 100, (64, 48))
    assert size == (144, 48)
    wide = np.zeros((48, 144, 3), np.uint8)
    wide[:, 40:104] = 9
    cut = cut_middle(wide, (64, 48))
    assert cut.shape == (48, 64, 3) and (cut == 9).all()
    with pytest.raises(ValueError, match="read-only"):
        cut[0] = 0
