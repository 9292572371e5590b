"""What lies in a recorded file: length, rate, colours, sync; and how it survives a bad end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from visualizer.output.recorder import CONTAINERS, Recorder
from visualizer.types import UserError

FPS = 30
RATE_HZ = 48_000
FLASHES = (0, 31, 60, 107)


def record_flashes(
    path: Path, n_frames: int = 120, speed: str = "offline", size: int = 64, codec: str = "h264"
) -> None:
    """White frames at FLASHES, and a click that begins with each."""
    with Recorder(path, size, size, FPS, RATE_HZ, speed, codec) as recorder:  # type: ignore[arg-type]
        n_block = RATE_HZ // FPS
        for index in range(n_frames):
            flash = index in FLASHES
            recorder.add_frame(np.full((size, size, 4), 255 if flash else 0, np.uint8))
            block = np.zeros((n_block, 2), np.float32)
            if flash:
                block[:240] = 0.9 * np.sin(2 * np.pi * 2_000 * np.arange(240) / RATE_HZ)[:, None]
            recorder.add_audio(block)


def flashes_and_clicks(path: Path) -> tuple[list[float], list[float]]:
    """Times in seconds, as a player would show and sound them."""
    flashes, clicks, samples, start_s = [], [], [], None
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.to_ndarray(format="gray").mean() > 128:
                flashes.append(frame.time)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            start_s = frame.time if start_s is None else start_s
            samples.append(frame.to_ndarray()[0])
    assert start_s is not None
    loud = np.abs(np.concatenate(samples)) > 0.3
    last = -RATE_HZ
    for at in np.flatnonzero(loud):
        if at - last > RATE_HZ // 10:
            clicks.append(start_s + at / RATE_HZ)
        last = at
    return flashes, clicks


@pytest.mark.parametrize("suffix", CONTAINERS)
@pytest.mark.parametrize("speed", ["offline", "live"])
def test_flash_and_click_are_in_sync(tmp_path: Path, suffix: str, speed: str) -> None:
    path = tmp_path / f"flash{suffix}"
    record_flashes(path, speed=speed)
    flashes, clicks = flashes_and_clicks(path)
    expected = [index / FPS for index in FLASHES]
    assert flashes == pytest.approx(expected, abs=2e-3)
    assert clicks == pytest.approx(expected, abs=5e-3)


def test_hevc_is_what_players_of_it_expect(tmp_path: Path) -> None:
    path = tmp_path / "small.mp4"
    record_flashes(path, codec="hevc")
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert context.name == "hevc" and context.codec_tag == "hvc1"
    flashes, clicks = flashes_and_clicks(path)
    assert flashes == pytest.approx([index / FPS for index in FLASHES], abs=2e-3)
    assert clicks == pytest.approx(flashes, abs=5e-3)


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_length_rate_and_streams(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"probe{suffix}"
    record_flashes(path, n_frames=75)
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.codec_context.name == "h264" and audio.codec_context.name == "aac"
        assert video.average_rate == FPS and audio.rate == RATE_HZ
        assert container.duration / 1e6 == pytest.approx(2.5, abs=0.03)
        times_s = [frame.time for frame in container.decode(video)]
    assert len(times_s) == 75
    assert np.diff(times_s) == pytest.approx(1 / FPS, abs=1.1e-3)


def test_colours_come_back(tmp_path: Path) -> None:
    path = tmp_path / "colour.mp4"
    colours = [(200, 40, 30), (20, 160, 60), (40, 60, 220), (128, 128, 128)]
    with Recorder(path, 64, 64, FPS, None) as recorder:
        for colour in colours:
            recorder.add_frame(np.broadcast_to(np.uint8(colour), (64, 64, 3)))
    with av.open(str(path)) as container:
        assert not container.streams.audio
        for frame, colour in zip(container.decode(video=0), colours, strict=True):
            seen = frame.to_ndarray(format="rgb24", src_colorspace="ITU709")[32, 32].astype(int)
            assert np.abs(seen - colour).max() <= 4


def test_left_out_indices_repeat_the_frame_before(tmp_path: Path) -> None:
    path = tmp_path / "gap.mp4"
    with Recorder(path, 32, 32, FPS, None) as recorder:
        recorder.add_frame(np.zeros((32, 32, 3), np.uint8), 0)
        recorder.add_frame(np.full((32, 32, 3), 255, np.uint8), 10)
        with pytest.raises(ValueError, match="frame 10"):
            recorder.add_frame(np.zeros((32, 32, 3), np.uint8), 10)
        assert recorder.repeat_until(15) == 4
    with av.open(str(path)) as container:
        bright = [frame.to_ndarray(format="gray").mean() > 128 for frame in container.decode(video=0)]
    assert bright == [False] * 10 + [True] * 5


def test_odd_and_foreign_sizes_fit(tmp_path: Path) -> None:
    path = tmp_path / "odd.mp4"
    with Recorder(path, 65, 49, FPS, None) as recorder:
        recorder.add_frame(np.full((49, 65, 4), 255, np.uint8))
        recorder.add_frame(np.full((48, 24, 4), 255, np.uint8))  # upright in a wide file: bars left and right
    with av.open(str(path)) as container:
        whole, barred = (frame.to_ndarray(format="gray") for frame in container.decode(video=0))
    assert whole.shape == (48, 64)
    assert whole.min() > 240
    assert barred[:, :16].max() < 40 and barred[:, 24:40].min() > 220


def test_loud_and_broken_sound_is_tamed(tmp_path: Path) -> None:
    path = tmp_path / "loud.mp4"
    with Recorder(path, 32, 32, FPS, RATE_HZ) as recorder:
        recorder.add_frame(np.zeros((32, 32, 3), np.uint8))
        recorder.add_audio(np.full((2_000, 2), np.nan, np.float32))
        recorder.add_audio(np.full((2_000, 2), 9.0, np.float32))
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert np.isfinite(sound).all() and np.abs(sound).max() < 1.6


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_a_recording_of_nothing_leaves_no_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"nothing{suffix}"
    with Recorder(path, 64, 64, FPS) as recorder:
        assert recorder.is_open
    assert not recorder.is_open
    assert not path.exists()
    recorder.close()


def test_bad_places_are_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    for path, words in (
        (tmp_path / "picture.gif", "should end in"),
        (tmp_path / "nowhere" / "a.mp4", "no folder"),
        (tmp_path / "folder.mp4", "is a folder"),
    ):
        with pytest.raises(UserError, match=words):
            Recorder(path, 64, 64, FPS)
    with pytest.raises(UserError, match="too small"):
        Recorder(tmp_path / "a.mp4", 1, 64, FPS)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "full.mkv"
    path.symlink_to("/dev/full")
    picture = np.random.default_rng(1).integers(0, 255, (128, 128, 3), np.uint8)
    with pytest.raises(UserError, match="cannot be written"), Recorder(path, 128, 128, FPS) as recorder:
        for _ in range(200):
            recorder.add_frame(picture)
            recorder.add_audio(np.zeros((1_600, 2), np.float32))


ENDLESS = """
import sys, time
import numpy as np
from visualizer.output.recorder import Recorder
recorder = Recorder(sys.argv[1], 64, 64, 30, 48_000, sys.argv[2])
try:
    for index in range(100_000):
        recorder.add_frame(np.full((64, 64, 3), index % 200, np.uint8))
        recorder.add_audio(np.zeros((1_600, 2), np.float32))
        print(index, flush=True)
        time.sleep(0.001)
except KeyboardInterrupt:
    recorder.close()
"""


@pytest.mark.parametrize("suffix", CONTAINERS)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_recording_still_plays(tmp_path: Path, suffix: str, how: signal.Signals) -> None:
    path = tmp_path / f"killed{suffix}"
    child = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(path), "live"], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    n_written = 0
    for line in child.stdout:
        n_written = int(line)
        if n_written >= 120:
            break
    os.kill(child.pid, how)
    rest = child.stdout.read().split()
    child.wait(10)
    n_written = int(rest[-1]) if rest else n_written
    with av.open(str(path)) as container:
        n_frames = sum(1 for _ in container.decode(video=0))
    n_lost = 0 if how == signal.SIGINT else 3 * FPS
    assert n_written + 1 - n_lost <= n_frames <= n_written + 2


def test_encoding_keeps_up_with_a_small_show(tmp_path: Path) -> None:
    """A guard against an accidental slow path (a slow preset, a conversion in Python), not a benchmark."""
    noise = np.random.default_rng(2).integers(0, 255, (360, 640, 4), np.uint8)
    start = time.perf_counter()
    with Recorder(tmp_path / "speed.mp4", 640, 360, FPS, None, "live") as recorder:
        for _ in range(30):
            recorder.add_frame(noise)
    assert time.perf_counter() - start < 5
