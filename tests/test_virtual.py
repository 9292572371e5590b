"""The virtual line-in carries samples bit-exact, and the virtual screen has its size."""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path

import numpy as np

from tests.virtual import VirtualLineIn, VirtualScreen


def test_line_in_is_bit_exact(line_in: VirtualLineIn, tmp_path: Path) -> None:
    sent = np.random.default_rng(1).uniform(-1, 1, (24_000, 2)).astype(np.float32)
    heard_path = tmp_path / "heard.f32"
    with heard_path.open("wb") as handle:
        recorder = subprocess.Popen(
            shlex.split(
                "parec --raw --device=vin.monitor --rate=48000 --channels=2 "
                "--format=float32le --latency-msec=20"
            ),
            stdout=handle,
        )
        try:
            while heard_path.stat().st_size == 0:
                time.sleep(0.01)
            line_in.play_array(sent).wait(timeout=20)
        finally:
            recorder.terminate()
            recorder.wait(timeout=10)
    heard = np.fromfile(heard_path, "<f4").reshape(-1, 2)
    starts = np.flatnonzero((heard == sent[0]).all(axis=1))
    assert any(np.array_equal(heard[s : s + len(sent)], sent) for s in starts)


def test_line_in_unplugs_and_comes_back(line_in: VirtualLineIn) -> None:
    def sources() -> str:
        return subprocess.run(["pactl", "list", "short", "sources"], capture_output=True, text=True).stdout

    line_in.unplug()
    assert "vin.monitor" not in sources()
    line_in.plug()
    assert "vin.monitor" in sources()


def test_screen_has_its_size(screen: VirtualScreen, tmp_path: Path) -> None:
    with VirtualScreen(320, 200) as small:
        assert small.display != screen.display
        shot = small.shoot(tmp_path / "small.png")
    from PIL import Image

    assert Image.open(shot).size == (320, 200)
