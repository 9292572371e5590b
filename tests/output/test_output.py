"""The output process on real shared memory, fed in real time by a fake display and a fake capture."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from visualizer import clock, parameters
from visualizer.ipc.regions import Regions
from visualizer.ipc.spec import WorkerSpec
from visualizer.ipc.supervisor import Supervisor
from visualizer.output.outputs import Outputs
from visualizer.output.recording import free_path
from visualizer.types import Image

RATE_HZ = 48_000
BLOCK = 480
FLASH_S = 0.5


@pytest.fixture
def regions() -> Iterator[Regions]:
    made = Regions.create(workers=("output",))
    yield made
    made.unlink()


class FakeShow(threading.Thread):
    """A display at 60 fps and a capture in blocks of 10 ms, both flashing and clicking every half second."""

    def __init__(self, regions: Regions, width: int = 320, height: int = 180, noise: int = 0) -> None:
        """Between flashes the picture is noise up to that grey level, which takes room in a file."""
        super().__init__(daemon=True)
        self.regions, self.size = regions, (height, width, 4)
        self.dark = np.random.default_rng(0).integers(0, noise + 1, self.size, np.uint8)
        self.is_over = False
        self.start_ns = clock.now_ns()
        self.lags_s: dict[int, float] = {}
        """By flash: how long after its click its first white picture was shown."""

    def run(self) -> None:
        self.regions.audio.restart()
        dark, bright = self.dark, np.full(self.size, 255, np.uint8)
        n_blocks = n_frames = 0
        while not self.is_over:
            now_s = clock.seconds(clock.now_ns() - self.start_ns)
            while (n_blocks + 1) * BLOCK / RATE_HZ <= now_s:
                at_s = (n_blocks * BLOCK + np.arange(BLOCK)) / RATE_HZ
                click = np.where(at_s % FLASH_S < 0.005, 0.8, 0.0).astype(np.float32)
                n_blocks += 1
                time_ns = self.start_ns + round(n_blocks * BLOCK / RATE_HZ * 1e9)
                self.regions.audio.write(np.stack([click, click], 1), time_ns)
            if n_frames / 60 <= now_s:
                n_frames = int(now_s * 60) + 1
                shown_ns = clock.now_ns()
                shown = bright if now_s % FLASH_S < 0.1 else dark
                if shown is bright:
                    flash, lag_s = divmod(clock.seconds(shown_ns - self.start_ns), FLASH_S)
                    self.lags_s.setdefault(int(flash), lag_s)
                self.regions.rendered.write(Image(shown, n_frames, 0, shown_ns))
            time.sleep(0.002)

    def __enter__(self) -> FakeShow:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        self.join()


def make_output(regions: Regions, path: Path | str, **options: Any) -> Outputs:
    worker = Outputs(
        settings=parameters.defaults() | {"output.record": str(path)}, regions=regions, options=options
    )
    worker.setup()
    return worker


def change(worker: Outputs, changed: dict[str, Any]) -> None:
    worker.settings |= changed
    worker.on_settings(changed)


def step_for(worker: Outputs, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(worker.step())


def rises(path: Path) -> tuple[list[float], list[float]]:
    """Times in seconds at which the picture turns white, and at which clicks begin."""
    with av.open(str(path)) as container:
        frames = [(f.time, f.to_ndarray(format="gray").mean() > 128) for f in container.decode(video=0)]
    white = [now for (_, before), (now, bright) in itertools.pairwise(frames) if bright and not before]
    with av.open(str(path)) as container:
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    clicks, quiet_until = [], 0.0
    for at in np.flatnonzero(np.abs(sound) > 0.3) / RATE_HZ:
        if at >= quiet_until:
            clicks.append(float(at))
        quiet_until = at + 0.1
    return white, clicks


def test_a_show_is_recorded_in_sync(regions: Regions, tmp_path: Path) -> None:
    path = tmp_path / "show.mp4"
    with FakeShow(regions) as show:
        time.sleep(0.2)
        worker = make_output(regions, path)
        step_for(worker, 3.4)
        assert worker.health["recording"] == str(path)
        worker.close()
    assert worker.health["n_frames"] == pytest.approx(3.4 * 30, abs=12)
    assert worker.health["n_repeated"] <= 0.5 * worker.health["n_frames"]
    assert worker.sentence == ""
    white, clicks = rises(path)
    pairs = [(w, c) for w in white for c in clicks if abs(w - c) < FLASH_S / 2]
    assert len(pairs) >= 4
    lag_s = np.median([*show.lags_s.values()])
    assert abs(np.median([w - c for w, c in pairs]) - lag_s) <= 1 / 30
    assert np.diff(clicks) == pytest.approx(FLASH_S, abs=0.012)


def test_changing_the_path_begins_another_file(regions: Regions, tmp_path: Path) -> None:
    with FakeShow(regions):
        worker = make_output(regions, "")
        assert worker.step() > 0
        for name in ("a.mp4", "b.mkv", ""):
            worker.settings["output.record"] = str(tmp_path / name) if name else ""
            change(worker, {"output.record": worker.settings["output.record"]})
            step_for(worker, 0.6)
        worker.close()
    for name in ("a.mp4", "b.mkv"):
        with av.open(str(tmp_path / name)) as container:
            assert sum(1 for _ in container.decode(video=0)) >= 8
    assert worker.health["recording"] == ""


def test_a_bad_path_is_told_and_the_process_lives(regions: Regions, tmp_path: Path) -> None:
    with FakeShow(regions):
        worker = make_output(regions, tmp_path / "nowhere" / "a.mp4")
        assert "no folder" in worker.sentence
        for nonsense in ("~nobody-of-that-name/a.mp4", "a\0b.mp4"):
            change(worker, {"output.record": nonsense})
            assert "path" in worker.sentence
        step_for(worker, 0.1)
        change(worker, {"output.record": str(tmp_path / "good.mp4")})
        assert worker.sentence == ""
        step_for(worker, 0.4)
        worker.close()
    assert (tmp_path / "good.mp4").stat().st_size > 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_ends_the_recording_only(regions: Regions, tmp_path: Path) -> None:
    path = tmp_path / "full.mkv"
    path.symlink_to("/dev/full")
    with FakeShow(regions):
        worker = make_output(regions, path)
        step_for(worker, 2.0)
        assert "cannot be written" in worker.sentence
        assert worker.health["recording"] == ""
        worker.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 700 kB; skips where none may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)]
    if not hasattr(os, "geteuid") or os.geteuid() or not shutil.which("mount"):
        pytest.skip("mounting a small disk takes root")
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small disk may be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_what_fitted_on_a_small_disk_plays(regions: Regions, small_disk: Path, suffix: str) -> None:
    path = small_disk / f"show{suffix}"
    with FakeShow(regions, noise=120):
        worker = make_output(regions, path)
        end = time.monotonic() + 20
        while not worker.sentence and time.monotonic() < end:
            step_for(worker, 0.05)
        assert "No space left" in worker.sentence
        n_written = int(worker.health["n_frames"])
        step_for(worker, 0.2)  # goes on without
        assert worker.health["recording"] == ""
        worker.close()
    with av.open(str(path)) as container:
        n_frames = sum(1 for _ in container.decode(video=0))
    with av.open(str(path)) as container:
        n_samples = sum(frame.samples for frame in container.decode(audio=0))
    assert n_written - 45 <= n_frames <= n_written and n_frames >= 30
    assert n_samples / RATE_HZ >= n_frames / 30 - 0.2


def test_nothing_shown_records_nothing(regions: Regions, tmp_path: Path) -> None:
    worker = make_output(regions, tmp_path / "nothing.mp4")
    step_for(worker, 0.1)
    worker.close()
    assert not (tmp_path / "nothing.mp4").exists()


def test_a_session_never_writes_over_its_own_recording(tmp_path: Path) -> None:
    path = tmp_path / "show.mp4"
    assert free_path(path, 0.0) == path
    path.touch()
    assert free_path(path, path.stat().st_mtime - 1) == tmp_path / "show-2.mp4"
    (tmp_path / "show-2.mp4").touch()
    assert free_path(path, path.stat().st_mtime - 1) == tmp_path / "show-3.mp4"
    assert free_path(path, path.stat().st_mtime + 1) == path  # left by an earlier session


def test_a_killed_output_records_on(regions: Regions, tmp_path: Path) -> None:
    path = tmp_path / "show.mp4"
    spec = WorkerSpec("output", "visualizer.output.outputs:Outputs", threads=1)
    state = parameters.ParameterState({"output.record": str(path)})

    def seconds_recorded() -> float:
        told = regions.health["output"].read() or {}
        return float(told.get("health", {}).get("seconds", 0.0))

    def pid() -> int:
        return int((regions.health["output"].read() or {}).get("pid", 0))

    with Supervisor([spec], regions, state) as supervisor, FakeShow(regions):
        supervisor.start()
        deadline = time.monotonic() + 30
        while seconds_recorded() < 3 and time.monotonic() < deadline:
            supervisor.poll(0.05)
        first = pid()
        os.kill(first, signal.SIGKILL)
        while (pid() == first or seconds_recorded() < 1) and time.monotonic() < deadline:
            supervisor.poll(0.05)
        supervisor.stop()
    for name, least_s in (("show.mp4", 1.0), ("show-2.mp4", 0.9)):
        with av.open(str(tmp_path / name)) as container:
            assert sum(1 for _ in container.decode(video=0)) >= 30 * least_s
