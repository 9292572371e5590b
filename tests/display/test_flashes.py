"""The flash limiter: strobes through the renderer; flashes in what is shown, counted by another counter."""

from __future__ import annotations

import numpy as np
import pytest

from visualizer.display.offscreen import Offscreen
from visualizer.types import Image, UserError

PLAIN = {
    "effects.feedback": 0.0,
    "effects.bloom": 0.0,
    "effects.zoom": 0.0,
    "effects.flash": 0.0,
    "effects.saturation": 1.0,
    "effects.contrast": 1.0,
    "effects.grain": 0.0,
    "effects.vignette": 0.0,
    "display.fill": "crop",
    "display.blend": 0.0,
}
WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (255, 0, 0)


def strobe(
    hz: float, light: tuple, dark: tuple, fps: int = 60, share: float = 1.0, span_s: float = 2.0, **settings
) -> np.ndarray:
    """(n, 36, 64, 3) in linear light: what is shown of a strobe over a share of the picture."""
    try:
        twin = Offscreen(64, 36, seed=3)
    except UserError as reason:
        pytest.skip(str(reason))
    shown, values = [], PLAIN | {id.replace("__", "."): value for id, value in settings.items()}
    with twin:
        for n in range(round(span_s * fps)):
            pixels = np.full((32, 32, 4), 255, np.uint8)
            pixels[..., :3] = 90
            pixels[:, : round(32 * share), :3] = light if int(2 * hz * n / fps) % 2 else dark
            twin.set_image(Image(pixels, n, 0, 0))
            shown.append(twin.render(n / fps, None, values)[..., :3])
    return (np.array(shown, np.float32) / 255.0) ** 2.2


def most_flashes(light: np.ndarray, fps: int = 60, step: float = 0.1, darker: float = 0.8) -> int:
    """The most pairs of opposing changes in any second of a curve (n,)."""
    turns, low, high, way = [], light[0], light[0], 0
    for n, value in enumerate(light):
        low, high = min(low, value), max(high, value)
        if way >= 0 and high - value >= step and value < darker:
            turns, low, way = [*turns, n], value, -1
        elif way <= 0 and value - low >= step and low < darker:
            turns, high, way = [*turns, n], value, 1
    return max((sum(first <= turn < first + fps for turn in turns) for first in turns), default=0) // 2


def luminance(shown: np.ndarray) -> np.ndarray:
    return (shown @ np.array([0.2126, 0.7152, 0.0722], np.float32)).mean((1, 2))


@pytest.mark.parametrize(("hz", "fps"), [(10.0, 60), (10.0, 30), (4.0, 60)])
def test_a_strobe_flashes_three_times_a_second_at_most(hz: float, fps: int) -> None:
    assert most_flashes(luminance(strobe(hz, WHITE, BLACK, fps)), fps) == 3
    free = luminance(strobe(hz, WHITE, BLACK, fps, output__flash_limit=False))
    assert most_flashes(free, fps) == hz


def test_a_strobe_ends_as_a_steady_grey() -> None:
    late = luminance(strobe(10.0, WHITE, BLACK, fps=30, span_s=4.0))[-30:]
    assert np.ptp(late) < 0.1 and 0.3 < late.mean() < 0.7


def test_what_flashes_slowly_or_in_a_corner_is_shown_as_it_is() -> None:
    slow = luminance(strobe(2.5, WHITE, BLACK))
    assert slow.min() < 0.01 and slow[-30:].max() > 0.99 and slow[-30:].min() < 0.01
    corner = strobe(10.0, WHITE, BLACK, share=0.19)
    assert np.ptp(corner[-60:, 18, 4, 1]) > 0.9


def test_saturated_red_counts_where_its_luminance_does_not() -> None:
    dim, off = (150, 0, 0), (75, 0, 0)  # 0.066 and 0.014 in luminance
    assert most_flashes(luminance(strobe(8.0, dim, off, output__flash_limit=False))) == 0
    red = strobe(8.0, dim, off)[..., 0].mean((1, 2))
    assert most_flashes(red, step=0.0625) == 3


def test_a_blackout_is_at_once_and_its_light_waits_while_flashes_are_spent() -> None:
    try:
        twin = Offscreen(64, 36, seed=3)
    except UserError as reason:
        pytest.skip(str(reason))
    shown = []
    with twin:
        twin.set_image(Image(np.full((32, 32, 4), 255, np.uint8), 1, 0, 0))
        for n in range(180):
            is_black = bool(int(n / 6) % 2)  # five times a second, with a fade of no time
            frame = twin.render(n / 60, None, PLAIN | {"output.blackout": is_black, "output.blackout_s": 0.0})
            assert not is_black or frame[..., :3].max() == 0
            shown.append(frame[..., :3])
    assert most_flashes(luminance((np.array(shown) / 255.0) ** 2.2)) == 3
