"""Two monitors that are really there: pulled and plugged in again, mirrored, and the panel left alone."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import PIL.Image
import pytest

from tests.virtual import Unavailable, VirtualMonitors
from tests.virtual_screen import forget_egl
from visualizer import clock
from visualizer.display import mirrors
from visualizer.display.display import Display
from visualizer.display.monitors import Monitor
from visualizer.ipc.regions import Regions
from visualizer.types import Image, UInt8

WALL, LAPTOP = VirtualMonitors.WALL, VirtualMonitors.LAPTOP
PLAIN = {f"effects.{name}": 0.0 for name in ("feedback", "bloom", "zoom", "flash", "grain", "vignette")} | {
    "effects.saturation": 1.0,
    "effects.contrast": 1.0,
    "display.fill": "crop",
    "display.width": 320,
    "display.height": 180,
    "display.fps": 20.0,
}


@pytest.fixture(scope="module")
def desk() -> Iterator[VirtualMonitors]:
    try:
        made = VirtualMonitors().__enter__()
    except Unavailable as reason:
        pytest.skip(str(reason))
    forget_egl()
    with made.applied():
        yield made
    made.close()


class Stage:
    """A display stepped by hand, on two monitors."""

    def __init__(self, desk: VirtualMonitors, folder: Path, settings: dict[str, Any]) -> None:
        self.desk, self.folder = desk, folder
        self.regions = Regions.create(audio_s=1)
        self.display = Display(settings=PLAIN | settings, regions=self.regions, send=lambda _: None)
        self.display.setup()
        pixels = np.full((32, 32, 4), 255, np.uint8)
        pixels[:, :, :3] = (20, 180, 60)
        self.regions.frames_a.write(Image(pixels, 1, clock.now_ns(), clock.now_ns()))

    def run(self, until: Callable[[], bool] = lambda: False, seconds: float = 0.0) -> None:
        end_s = time.perf_counter() + (seconds or 12.0)
        while time.perf_counter() < end_s and not until():
            time.sleep(min(self.display.step(), 0.02))
        assert seconds or until(), "what was waited for did not come"

    def change(self, **values: Any) -> None:
        changed = {id.replace("__", "."): value for id, value in values.items()}
        self.display.settings.update(changed)
        self.display.on_settings(changed)

    def seen(self, monitor: str) -> UInt8:
        """What the monitor shows, (720, 1280, 3)."""
        shot = self.desk.shoot(self.folder / "shot.png")
        left = 0 if monitor == LAPTOP else VirtualMonitors.WIDTH_PX
        with PIL.Image.open(shot) as picture:
            return np.asarray(picture.convert("RGB"))[:, left : left + VirtualMonitors.WIDTH_PX]

    def is_green(self, monitor: str) -> bool:
        return bool(np.abs(np.median(self.seen(monitor), axis=(0, 1)) - (20, 180, 60)).max() < 12)


@pytest.fixture
def start(desk: VirtualMonitors, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    made: list[Stage] = []

    def make(**values: Any) -> Stage:
        made.append(Stage(desk, tmp_path, {id.replace("__", "."): v for id, v in values.items()}))
        return made[-1]

    yield make
    for stage in made:
        stage.display.close()
        stage.regions.unlink()
    desk.plug(WALL)


def test_a_pulled_projector_gets_its_show_back_and_the_panel_stays_free(
    start: Callable[..., Stage], desk: VirtualMonitors
) -> None:
    stage = start(display__monitor=WALL, display__fullscreen=True)
    window = stage.display._window
    stage.run(lambda: stage.is_green(WALL))
    assert not stage.is_green(LAPTOP)
    for _ in range(2):
        desk.unplug(WALL)
        stage.run(lambda: not window.is_fullscreen and "not connected" in stage.display.sentence)
        stage.run(seconds=0.5)
        assert min(window.size) > 0 and window.size[0] < VirtualMonitors.WIDTH_PX
        assert not stage.is_green(LAPTOP)  # a small window there, not a cover
        desk.plug(WALL)
        stage.run(lambda: window.is_fullscreen and stage.display.sentence == "")
        stage.run(lambda: stage.is_green(WALL))
    stage.run(lambda: stage.display.health["monitor"] == WALL)  # told five times a second


def test_a_mirror_shows_the_same_and_follows_its_cable(
    start: Callable[..., Stage], desk: VirtualMonitors
) -> None:
    stage = start(display__monitor=LAPTOP, wall__mirrors=f"{WALL}, nowhere, {LAPTOP}")
    stage.run(lambda: stage.is_green(WALL))
    assert "nowhere is not connected" in stage.display.sentence
    assert f"{LAPTOP} has the show's own window" in stage.display.sentence
    desk.unplug(WALL)
    stage.run(lambda: stage.display._surfaces.mirrors == [])
    desk.plug(WALL)
    stage.run(lambda: stage.is_green(WALL))
    stage.change(wall__test_pattern=True)  # the mirror keeps the picture: each wall has corners of its own
    stage.run(seconds=0.3)
    assert stage.is_green(WALL)
    stage.change(wall__mirrors="")
    stage.run(lambda: not stage.is_green(WALL))
    assert stage.display.sentence == ""


def test_no_saver_comes_while_the_show_runs(start: Callable[..., Stage], desk: VirtualMonitors) -> None:
    subprocess.run(["xset", "s", "1", "1"], check=True, env=os.environ)
    stage = start(display__monitor=LAPTOP)
    if stage.display._wakefulness.how != "X server":
        pytest.skip("a desktop is asked here, not the X server")
    stage.display._wakefulness._next_s = 0.0
    stage.run(seconds=0.5)
    told = subprocess.run(["xset", "q"], capture_output=True, text=True, check=True).stdout
    subprocess.run(["xset", "s", "off"], check=True, env=os.environ)
    assert "timeout:  1" in told and stage.display._wakefulness._next_s > 0.0


def test_mirrors_are_told_by_name() -> None:
    there = [Monitor("Laptop", 0, 0, 10, 10, 60), Monitor("HDMI-1 Epson", 10, 0, 10, 10, 60)]
    chosen = mirrors.choose(there, " epson,Laptop ,, Beamer", taken="Laptop")
    assert chosen == {"epson": there[1], "Laptop": None, "Beamer": None}


def test_a_mirror_without_a_window_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    beamer = Monitor("Beamer", 10, 0, 10, 10, 60)
    monkeypatch.setattr(mirrors, "glfw", MagicMock(create_window=lambda *_: None))
    monkeypatch.setattr(mirrors.monitors, "connected", lambda: [beamer])
    ours = mirrors.Mirrors(main_window=object())
    ours.place("Beamer", taken="Laptop")
    assert ours.names == [] and "Beamer gets no window" in ours.sentence


@pytest.mark.parametrize(
    ("picture", "screen", "box"),
    [
        ((1280, 720), (1920, 1080), (0, 0, 1920, 1080)),
        ((1280, 720), (1024, 768), (0, 96, 1024, 576)),
        ((720, 1280), (1920, 1080), (656, 0, 608, 1080)),
    ],
)
def test_a_mirror_keeps_the_shape(
    picture: tuple[int, int], screen: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    assert mirrors.fitted(picture, screen) == box
