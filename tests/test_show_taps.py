"""Taps with the real key in the real window, as far as the status tells of them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.show import Show
from tests.virtual import VirtualLineIn, VirtualScreen
from visualizer.audio.sources import demo_path


def health(status: dict[str, Any]) -> dict[str, Any]:
    """What capture tells of itself."""
    told: dict[str, Any] = status["workers"]["capture"]["health"]
    return told


@pytest.mark.timeout(180)
def test_the_key_taps_and_silence_ends_it(
    tmp_path: Path, screen: VirtualScreen, line_in: VirtualLineIn
) -> None:
    player = line_in.play(demo_path())
    with Show(tmp_path, os.environ | screen.env | line_in.env, "--input", "vin") as show:
        first = show.wait_for_images()
        assert health(first)["tapped"] is False
        for _ in range(4):
            show.press("t")
            time.sleep(0.6)
        show.wait_until(lambda s: health(s)["tapped"], 10.0, "the tapped tempo")
        for keys, whence in (("k", "locked"), ("k", "tapped")):
            show.press(keys)
            show.wait_until(
                lambda s, whence=whence: health(s)["tempo_from"] == whence, 10.0, f"the tempo {whence}"
            )
        player.terminate()
        show.wait_until(lambda s: not health(s)["tapped"], 20.0, "its end in silence")
        assert "Traceback" not in show.log
