"""The whole show as a user sees it: sound in, a window on a virtual screen, kills, unplugging."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.show import Show, shared_memory_of
from tests.virtual import VirtualLineIn, VirtualScreen
from visualizer.audio.sources import demo_path

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def environment(screen: VirtualScreen, line_in: VirtualLineIn) -> dict[str, str]:
    """What the show needs to meet both virtual devices."""
    return os.environ | screen.env | line_in.env


@pytest.fixture
def show(tmp_path: Path, environment: dict[str, str], line_in: VirtualLineIn) -> Iterator[Show]:
    """A show on the line-in, with the demo track playing into it."""
    player = line_in.play(demo_path())
    with Show(
        tmp_path, environment, "--input", "vin", "--set", "display.width=640", "--set", "display.height=360"
    ) as show:
        yield show
    player.terminate()


def test_the_show_goes_on_whatever_is_killed(show: Show) -> None:
    show.wait_for_images()
    for worker, limit_s in (("capture", 5.0), ("deck_a", 8.0), ("display", 4.0)):
        old = show.kill(worker)
        back = show.wait_until(
            lambda s, old=old, worker=worker: (
                s["workers"][worker]["state"] == "running" and s["workers"][worker]["pid"] not in (old, None)
            ),
            limit_s + 2.0,  # the status tells it up to a second late
            f"{worker} again",
        )
        assert back["restarts"][worker] == 1
    show.wait_for_images()
    restarts = {name: n for name, n in show.lines[-1]["restarts"].items() if n}
    assert restarts == {"capture": 1, "deck_a": 1, "display": 1}
    assert "Traceback" not in show.log

    parent, children = show.process.pid, psutil.Process(show.process.pid).children(recursive=True)
    os.kill(parent, signal.SIGKILL)
    show.process.wait()
    _, alive = psutil.wait_procs(children, timeout=8)
    assert alive == []
    deadline = time.monotonic() + 5
    while shared_memory_of(parent) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert shared_memory_of(parent) == []


def test_an_unplugged_input_comes_back_by_itself(show: Show, line_in: VirtualLineIn) -> None:
    show.wait_for_images()
    line_in.unplug()
    try:
        lost = show.wait_until(lambda s: s["input"] == "silence", 6, "the loss")
        assert lost["workers"]["capture"]["sentence"]
        before = lost["n_shown"]
    finally:
        line_in.plug()
    back = show.wait_until(lambda s: s["input"] != "silence", 5, "the input again")
    assert back["n_shown"] > before
    assert back["restarts"]["display"] == back["restarts"]["deck_a"] == 0


def test_the_status_accounts_for_every_sample_and_the_show_ends_cleanly(show: Show) -> None:
    first = show.wait_for_images()
    # Each figure may be half a second old, so the span is long.
    last = show.wait_until(lambda s: s["time_s"] > first["time_s"] + 10, 20, "ten more seconds")
    heard = [s["workers"]["capture"]["health"]["n_samples"] for s in (first, last)]
    assert (heard[1] - heard[0]) / (last["time_s"] - first["time_s"]) == pytest.approx(48000, rel=0.08)
    assert last["drops"]["samples"] == 0
    assert last["latency_ms"] is not None
    parent = show.process.pid
    assert show.end() == 0
    assert shared_memory_of(parent) == []
    assert "Traceback" not in show.log


def test_the_recording_has_picture_and_sound(tmp_path: Path, environment: dict[str, str]) -> None:
    import av

    file = tmp_path / "show.mp4"
    with Show(tmp_path, environment, "--input", "demo", "--record", str(file)) as show:
        show.wait_for_images()
        show.wait_until(lambda s: s["workers"]["output"]["health"].get("seconds", 0) > 6, 30, "six seconds")
        assert show.end() == 0
    with av.open(str(file)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    with av.open(str(file)) as container:
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    assert len(frames) >= 6 * 30
    assert frames[-1].std() > 5.0
    assert np.abs(frames[-1].astype(int) - frames[len(frames) // 2]).mean() > 0.5
    assert np.sqrt(np.mean(sound**2)) > 1e-3
    assert len(sound) / 48000 == pytest.approx(len(frames) / 30, abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("--input", "vim"), "vin"),
        (("--input", "file:missing.flac"), "missing.flac"),
        (("--set", "traumer.trunk=1"), "traumer.truncation"),
        (("--mode", "sleep"), "traumer"),
        (("--record", "/nowhere/show.mp4"), "/nowhere"),
        (("--duration", "-3"), "--duration"),
    ],
)
def test_bad_input_ends_with_one_sentence(
    tmp_path: Path, environment: dict[str, str], arguments: tuple[str, ...], names: str
) -> None:
    show = Show(tmp_path, environment, *arguments)
    assert show.process.wait(30) == 2
    assert names in show.log and "Traceback" not in show.log
    assert len(show.log.strip().splitlines()) == 1


@pytest.mark.parametrize("named", [{}, {"DISPLAY": ":54321"}], ids=["none", "unreachable"])
def test_without_a_screen_the_show_says_so(
    tmp_path: Path, environment: dict[str, str], named: dict[str, str]
) -> None:
    without = {k: v for k, v in environment.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    show = Show(tmp_path, without | named, "--input", "demo")
    assert show.process.wait(60) == 2
    assert "screen" in show.log.lower() and "Traceback" not in show.log
    assert len(show.log.strip().splitlines()) == 1
