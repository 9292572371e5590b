"""The display process on a virtual screen: it opens, draws, takes keys, and gives back what it showed."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import glfw
import numpy as np
import pytest

from tests.virtual import VirtualScreen
from visualizer import clock
from visualizer.display import monitors
from visualizer.display.display import PEEK_S, Display
from visualizer.display.monitors import Monitor
from visualizer.display.readback import FPS as RECORDED_FPS
from visualizer.display.readback import Readback
from visualizer.display.window import Window
from visualizer.ipc.regions import Regions
from visualizer.types import Features, Image, UserError

SIZE = {"display.width": 320, "display.height": 180}
NEUTRAL = {f"effects.{name}": 0.0 for name in ("feedback", "bloom", "zoom", "flash", "grain", "vignette")} | {
    "effects.saturation": 1.0,
    "effects.contrast": 1.0,
    "display.fill": "crop",
}


class Show:
    """A display with its regions, stepped by hand."""

    def __init__(self, regions: Regions, settings: dict[str, Any]) -> None:
        self.regions = regions
        self.sent: list[dict[str, Any]] = []
        self.display = Display(settings=SIZE | settings, regions=regions, send=self.sent.append)
        self.display.setup()

    def run(self, seconds: float = 0.0, until: Callable[[], bool] = lambda: False) -> None:
        end_s = time.perf_counter() + (seconds or 8.0)
        while time.perf_counter() < end_s and not until():
            time.sleep(min(self.display.step(), 0.02))
        assert seconds or until(), "what was waited for did not come"

    def press(self, *keys: str) -> None:
        search = ["xdotool", "search", "--sync", "--onlyvisible", "--name", "Klangbild", "windowfocus"]
        subprocess.run([*search, "key", *keys], check=True, timeout=20)

    def hear(self, **values: float) -> None:
        self.regions.features.write(Features(time_ns=clock.now_ns(), **values))

    def see(self, colour: tuple[int, int, int], number: int = 1) -> None:
        pixels = np.full((32, 32, 4), 255, np.uint8)
        pixels[..., :3] = colour
        self.regions.frames_a.write(Image(pixels, number, clock.now_ns(), clock.now_ns()))

    def pixel(self, place: tuple[int, int] = (160, 90)) -> tuple[int, ...]:
        data = self.display._window.screen.read(viewport=(*place, 1, 1), components=3)
        return tuple(data)


@pytest.fixture
def start(screen: VirtualScreen) -> Iterator[Callable[..., Show]]:
    shows: list[Show] = []

    def make(**settings: Any) -> Show:
        show = Show(Regions.create(audio_s=1), {k.replace("__", "."): v for k, v in settings.items()})
        shows.append(show)
        return show

    yield make
    for show in shows:
        show.display.close()
        show.regions.unlink()


def test_it_shows_at_once_and_counts(start: Callable[..., Show]) -> None:
    begun_s = time.perf_counter()
    show = start()
    assert show.display._shown.n == 1  # the generator, before anything was heard or painted
    assert time.perf_counter() - begun_s < 10.0
    show.run(1.0)
    health = show.display.health
    assert health["n_shown"] > 5 and health["shown_fps"] > 0 and health["size"] == [320, 180]
    assert health["gl"] and health["longest_gap_ms"] > 0 and health["latency_ms"]["light_p50"] is None


def test_images_and_sound_arrive_on_the_screen(start: Callable[..., Show]) -> None:
    show = start()
    show.display.settings.update(NEUTRAL)
    show.see((10, 200, 30))
    show.hear(level_dbfs=-20.0)
    show.run(until=lambda: abs(show.pixel()[1] - 200) < 6 and show.pixel()[0] < 20)
    show.run(0.3)
    latency = show.display.health["latency_ms"]
    assert latency["light_p50"] > 0 and latency["image_p50"] > 0


def test_what_strikes_too_soon_after_a_frame_is_shown_half_a_period_after_it(
    start: Callable[..., Show], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a clock that goes on only as long as `step` says that it may sleep."""
    show, now_ns = start(display__fps=30.0), clock.now_ns()
    monkeypatch.setattr(clock, "now_ns", lambda: now_ns)

    def wait_for_frame() -> float:
        nonlocal now_ns
        begun_ns, n = now_ns, show.display._shown.n
        while show.display._shown.n == n:
            now_ns += clock.nanoseconds(max(show.display.step(), 1e-6))
        return clock.seconds(now_ns - begun_ns)

    for _ in range(2):
        wait_for_frame()  # what opening the window took is made up for
    for _ in range(3):
        assert wait_for_frame() == pytest.approx(1 / 30, abs=1e-3)
    show.regions.features.write(Features(time_ns=now_ns, onset_ns=now_ns))
    assert wait_for_frame() == pytest.approx(0.5 / 30, abs=2 * PEEK_S)
    assert wait_for_frame() == pytest.approx(1 / 30, abs=2e-3)  # once, and then the beat goes on


def test_keys_act_at_once_and_tell_the_parent(start: Callable[..., Show]) -> None:
    show = start()
    show.run(0.2)
    show.press("b", "i")
    show.run(until=lambda: len(show.sent) == 2)
    assert show.sent == [{"set": {"output.blackout": True}}, {"set": {"display.hud": True}}]
    show.run(0.3)
    assert show.pixel() == (0, 0, 0)
    show.press("BackSpace", "n", "ctrl+i", "0")
    show.run(until=lambda: len(show.sent) == 5)
    assert show.sent[2:] == [{"do": "panic"}, {"do": "next"}, {"do": "next_input"}]
    show.run(0.3)
    assert show.pixel() != (0, 0, 0)


def test_digits_recall_presets_and_control_saves_and_undoes(start: Callable[..., Show]) -> None:
    show = start()
    show.run(0.2)
    show.press("3", "ctrl+3", "KP_9", "ctrl+z", "0", "ctrl+0", "z")
    show.run(until=lambda: len(show.sent) == 4)
    show.run(0.3)
    wanted = ("preset_3", "save_preset_3", "preset_9", "undo")
    assert show.sent == [{"do": name} for name in wanted]


def test_f_fills_the_screen_and_escape_leaves_it_without_quitting(start: Callable[..., Show]) -> None:
    show = start()
    show.display.settings.update(NEUTRAL)
    show.see((10, 200, 30))
    show.run(0.2)
    show.press("f")
    show.run(until=lambda: show.display._renderer.size == (1920, 1080))
    assert show.display._window.is_fullscreen
    show.run(until=lambda: abs(show.pixel((1900, 1060))[1] - 200) < 6)  # to the far corner
    name = show.display._window.monitor.name  # type: ignore[union-attr]
    assert show.sent == [{"set": {"display.fullscreen": True, "display.monitor": name}}]
    show.press("Escape")
    show.run(until=lambda: show.display._renderer.size == (320, 180))
    n_before = show.display._shown.n
    show.press("Escape")
    show.run(0.5)
    assert show.display._shown.n > n_before and not any("do" in command for command in show.sent)


def test_the_parents_settings_are_followed(start: Callable[..., Show]) -> None:
    show = start()

    def set(**values: Any) -> None:
        changed = {k.replace("__", "."): v for k, v in values.items()}
        show.display.settings.update(changed)
        show.display.on_settings(changed)

    set(display__width=400, display__height=200, display__monitor="nowhere")
    show.run(until=lambda: show.display._renderer.size == (400, 200))
    assert "'nowhere' is not connected" in show.display.sentence
    set(display__monitor="", display__help=True, display__hud=True)
    show.run(0.3)
    assert show.display.sentence == ""


def test_a_frozen_picture_takes_the_newest_image_when_it_thaws(start: Callable[..., Show]) -> None:
    show = start(**{k.replace(".", "__"): v for k, v in NEUTRAL.items()})
    show.see((200, 0, 0))
    show.run(until=lambda: show.pixel()[0] > 190)
    show.display._set({"output.freeze": True})
    show.see((0, 0, 200), 2)
    show.run(0.4)
    assert show.pixel()[0] > 190
    show.display._set({"output.freeze": False})
    show.run(until=lambda: show.pixel()[2] > 190)


def test_a_recording_gets_the_shown_frames(start: Callable[..., Show]) -> None:
    show = start(
        output__record="film.mp4", display__hud=True, **{k.replace(".", "__"): v for k, v in NEUTRAL.items()}
    )
    show.see((10, 200, 30))
    show.hear(level_dbfs=-20.0)
    show.run(1.0)
    newest = show.regions.rendered.read()
    assert newest is not None and newest.pixels.shape == (180, 320, 4)
    assert np.abs(newest.pixels[90, 160, :3].astype(int) - (10, 200, 30)).max() <= 2
    assert 0 < clock.now_ns() - newest.made_ns < 2 * clock.NS_PER_S
    assert 3 < newest.number <= 32
    corner = newest.pixels[-20:-10, 10:40, :3].astype(int)
    assert np.abs(corner - (10, 200, 30)).max() <= 2  # the head-up display is not recorded


def test_a_recording_of_a_large_wall_is_made_smaller(start: Callable[..., Show]) -> None:
    show = start(**{k.replace(".", "__"): v for k, v in NEUTRAL.items()})
    show.see((10, 200, 30))
    show.run(until=lambda: show.pixel()[1] >= 199)
    context, renderer = show.display._window.context, show.display._renderer
    readback = Readback(context, (3840, 1600))
    assert readback.size == (1920, 800)
    assert readback.take(renderer, show.display._window.screen, 1.0, Features(time_ns=50)) is None
    readback.stamp(77)
    image = readback.take(renderer, show.display._window.screen, 1.1, Features(time_ns=60, onset_ns=54))
    assert image is not None and image.pixels.shape == (800, 1920, 4)
    assert (image.number, image.made_ns) == (1, 77)
    assert np.abs(image.pixels[400, 900, :3].astype(int) - (10, 200, 30)).max() <= 2
    readback.release()


def test_a_recorded_frame_is_of_what_it_first_shows(start: Callable[..., Show]) -> None:
    show = start(**{k.replace(".", "__"): v for k, v in NEUTRAL.items()})
    show.run(0.1)
    context, renderer, screen = (
        show.display._window.context,
        show.display._renderer,
        show.display._window.screen,
    )
    readback = Readback(context, (320, 180))
    ms = clock.nanoseconds(1e-3)
    heard_ms = [(500, 0), (530, 0), (560, 541), (590, 541), (900, 541), (900, 541)]
    frames = [
        readback.take(renderer, screen, time_ms / 1e3, Features(time_ns=time_ms * ms, onset_ns=onset_ms * ms))
        for time_ms, onset_ms in [*heard_ms, (930, 541)]
    ]
    of_ms = [frame.heard_ns / ms for frame in frames if frame]
    assert of_ms[1:3] == [515, 541], "the middle of what is new, or the onset in it"
    assert of_ms[3] == 575, "an onset is shown first only once"
    assert of_ms[4] == pytest.approx(900 - 500 / RECORDED_FPS, abs=0.1), "nothing was shown for a while"
    assert of_ms[5] == 900, "nothing new"
    readback.release()


def test_the_window_follows_its_monitor(start: Callable[..., Show], monkeypatch: pytest.MonkeyPatch) -> None:
    """The virtual screen stands for two monitors side by side, of which one is unplugged."""
    handle = monitors.connected()[0].handle if glfw.init() else None
    laptop = Monitor("laptop", 0, 0, 960, 1080, 60, handle)
    wall = Monitor("wall", 960, 0, 960, 1080, 60, handle)
    there = [laptop, wall]
    monkeypatch.setattr(monitors, "connected", lambda: there)
    show = start(display__monitor="wall")
    window = show.display._window
    show.run(until=lambda: window.monitor == wall)
    show.press("ctrl+m")
    show.run(until=lambda: window.monitor == laptop)
    assert show.sent == [{"set": {"display.monitor": "laptop"}}]
    show.press("ctrl+m", "f")
    show.run(until=lambda: window.is_fullscreen)
    assert window.monitor == wall
    there.remove(wall)
    window._monitor(handle, glfw.CONNECTED)
    show.run(until=lambda: window.monitor == laptop)
    assert not window.is_fullscreen and "'wall' is not connected" in show.display.sentence
    there.append(wall)
    window._monitor(handle, glfw.CONNECTED)
    show.run(until=lambda: window.monitor == wall)
    assert window.is_fullscreen and show.display.sentence == ""


def test_without_a_screen_the_fix_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match="klangbild render"):
        Window(64, 64)


pytestmark = pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool is not installed")
