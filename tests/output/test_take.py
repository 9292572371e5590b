"""A show's pictures and sounds, with jitter, gaps and drift, laid on one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from visualizer.output.take import GRACE_S, Take
from visualizer.types import Image

FPS = 30
RATE_HZ = 48_000
START_NS = 5_000_000_000
BLOCK = 480


def picture(number: int, time_s: float, value: int) -> Image:
    pixels = np.full((32, 48, 4), value, np.uint8)
    return Image(pixels, number, 0, START_NS + round(time_s * 1e9))


class Show:
    """Feeds a take as the output process does: pictures at some rate, blocks of 10 ms, a clock by hand."""

    def __init__(self, path: Path, fps: float = 60.0, sound_hz: float = RATE_HZ, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.fps, self.sound_hz = fps, sound_hz
        self.n_pictures, self.n_blocks = 1, 0
        self.take = Take(path, picture(1, 0.0, 0), FPS, RATE_HZ)
        self.flashes: list[float] = []

    def run(self, until_s: float, show: bool = True, sound: bool = True, flash_every_s: float = 1.0) -> None:
        while self.n_blocks * BLOCK / self.sound_hz < until_s:
            now_s = (self.n_blocks + 1) * BLOCK / self.sound_hz
            now_ns = START_NS + round(now_s * 1e9)
            if sound:
                at_s = self.n_blocks * BLOCK / self.sound_hz + np.arange(BLOCK) / self.sound_hz
                since_s = at_s % flash_every_s
                click = np.where((since_s < 0.005) & (at_s > 0.5), 0.8, 0.0).astype(np.float32)
                jitter_ns = round(self.random.uniform(-1e6, 0))
                self.take.hear(np.stack([click, click], 1), now_ns + jitter_ns, RATE_HZ, False, now_ns)
            while self.n_pictures / self.fps <= now_s:
                shown_s = self.n_pictures / self.fps
                self.n_pictures += 1
                if show:
                    bright = 255 if shown_s % flash_every_s < 0.1 and shown_s > 0.5 else 0
                    self.take.show(picture(self.n_pictures, shown_s, bright))
            self.take.catch_up(now_ns)
            self.n_blocks += 1


def rises(path: Path) -> tuple[list[float], list[float], int]:
    """Times in seconds at which the picture turns white and at which sound begins; the number of frames."""
    white, clicks, dark, quiet_until = [], [], True, 0.0
    with av.open(str(path)) as container:
        frames = [(f.time, f.to_ndarray(format="gray").mean() > 128) for f in container.decode(video=0)]
    for time_s, bright in frames:
        if bright and dark:
            white.append(time_s)
        dark = not bright
    with av.open(str(path)) as container:
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    for at in np.flatnonzero(np.abs(sound) > 0.3):
        if at / RATE_HZ >= quiet_until:
            clicks.append(at / RATE_HZ)
        quiet_until = at / RATE_HZ + 0.2
    return white, clicks, len(frames)


@pytest.mark.parametrize("fps", [20.0, 29.9, 30.0, 59.94, 60.0])
def test_pictures_and_sound_stay_within_a_frame(tmp_path: Path, fps: float) -> None:
    show = Show(tmp_path / "show.mkv", fps)
    show.run(5.9)
    show.take.close()
    white, clicks, n_frames = rises(tmp_path / "show.mkv")
    assert n_frames == pytest.approx(5.9 * FPS, abs=3)
    assert [round(t) for t in white] == [round(t) for t in clicks] == [1, 2, 3, 4, 5]
    grid_s = 1 / FPS + 1 / fps  # a frame of the file, and the wait for the next picture of the show
    assert np.abs(np.subtract(white, clicks)).max() < grid_s
    assert np.abs(np.subtract(clicks, [1, 2, 3, 4, 5])).max() < 0.008
    if fps >= 59:
        assert show.take.n_repeated <= 2


def test_a_drifting_sound_card_is_followed(tmp_path: Path) -> None:
    show = Show(tmp_path / "drift.mkv", sound_hz=RATE_HZ * 1.0008)  # 0.8 ms a second too fast
    show.run(29.9, flash_every_s=5.0)
    show.take.close()
    _, clicks, _ = rises(tmp_path / "drift.mkv")
    assert np.abs(np.subtract(clicks, [5, 10, 15, 20, 25])).max() < 0.010
    assert show.take.n_cut < 100  # 24 ms were taken up without a jump


@pytest.mark.parametrize("lag_s", [0.03, 0.075, 0.9])
def test_a_picture_lies_beside_what_it_heard(tmp_path: Path, lag_s: float) -> None:
    """Shown later than heard, as on a wall: not so in the file. For half a second capture is dead."""
    random = np.random.default_rng(3)
    path = tmp_path / "late.mkv"
    take = Take(path, replace(picture(1, lag_s, 0), heard_ns=START_NS), FPS, RATE_HZ)
    heard_s = 0.0
    for number in range(1, 260):
        now_s = lag_s + number / FPS
        now_ns = START_NS + round(now_s * 1e9)
        at_s = now_s - 1 / FPS + np.arange(1600) / RATE_HZ
        click = np.where(at_s % 1.0 < 0.005, 0.8, 0.0).astype(np.float32)
        take.hear(np.stack([click, click], 1), now_ns, RATE_HZ, False, now_ns)
        if not 4.3 < now_s < 4.8:
            heard_s = now_s - lag_s + random.uniform(-0.01, 0.01)
        bright = 255 if heard_s % 1.0 < 0.1 and heard_s > 0.5 else 0
        take.show(replace(picture(number + 1, now_s, bright), heard_ns=START_NS + round(heard_s * 1e9)))
        take.catch_up(now_ns)
    take.close()
    white, clicks, _ = rises(path)
    assert [round(t) for t in white] == [*range(1, 9)]
    near = [min(abs(flash - heard) for heard in clicks) for flash in white]
    assert max(near) < 1 / FPS
    assert take.n_repeated < 30


def test_sound_that_a_busy_machine_takes_late_is_whole(tmp_path: Path) -> None:
    """For 0.9 s nobody takes it; then it comes in one go, and every block says that it is of now."""
    path = tmp_path / "busy.mkv"
    take = Take(path, picture(1, 0.0, 0), FPS, RATE_HZ)
    waiting: list[np.ndarray] = []
    for number in range(600):
        now_s = (number + 1) * BLOCK / RATE_HZ
        now_ns = START_NS + round(now_s * 1e9)
        at_s = number * BLOCK / RATE_HZ + np.arange(BLOCK) / RATE_HZ
        click = np.where(at_s % 0.5 < 0.005, 0.8, 0.0).astype(np.float32)
        waiting.append(np.stack([click, click], 1))
        if not 2.2 < now_s < 3.1:
            for block in waiting:
                take.hear(block, now_ns, RATE_HZ, False, now_ns)
            waiting.clear()
        take.catch_up(now_ns)
    take.close()
    _, clicks, _ = rises(path)
    assert np.diff(clicks) == pytest.approx(0.5, abs=0.005)
    assert len(clicks) == 12 and take.n_silence + take.n_cut == 0


def test_gaps_become_silence_and_still_picture(tmp_path: Path) -> None:
    show = Show(tmp_path / "gap.mkv")
    show.run(1.95)
    show.run(4.95, show=False, sound=False)
    show.run(6.95)
    show.take.close()
    white, clicks, n_frames = rises(tmp_path / "gap.mkv")
    assert n_frames == pytest.approx(6.95 * FPS, abs=3)
    assert [round(t) for t in clicks] == [1, 5, 6]
    assert np.abs(np.subtract(clicks, [1, 5, 6])).max() < 0.01
    assert [round(t) for t in white] == [1, 5, 6]
    assert show.take.n_silence == pytest.approx(3 * RATE_HZ, rel=0.02)
    assert show.take.n_repeated == pytest.approx(3 * FPS, abs=4)


def test_a_flash_out_of_turn_lies_at_its_moment(tmp_path: Path) -> None:
    """Also where the picture before it lies early, in the flash's own frame."""
    path = tmp_path / "struck.mkv"
    take = Take(path, picture(1, 0.0, 0), FPS, RATE_HZ)
    for number in range(1, 10):
        assert take.show(picture(number + 1, (number - 0.6) / FPS, 0))
    assert take.show(picture(11, 9.05 / FPS, 255))
    assert take.show(picture(12, 10.1 / FPS, 255))
    assert not take.show(picture(13, 9.3 / FPS, 0)), "of a frame that is written"
    assert (take.n_repeated, take.n_dropped) == (0, 0)
    take.close()
    white, _, n_frames = rises(path)
    assert white == pytest.approx([9 / FPS]) and n_frames == 11


def test_a_slow_encoder_is_told_from_a_slow_show(tmp_path: Path) -> None:
    take = Take(tmp_path / "slow.mkv", picture(1, 0.0, 0), FPS, RATE_HZ)
    take.show(picture(2, 4 / FPS, 0))  # the show itself made no picture in between
    assert (take.n_repeated, take.n_dropped) == (3, 0)
    take.show(picture(9, 8 / FPS, 0))  # pictures 3 to 8 were shown meanwhile
    assert (take.n_repeated, take.n_dropped) == (6, 3)
    assert not take.show(picture(10, 7.2 / FPS, 0))
    take.close()


def test_the_file_goes_on_when_nothing_comes(tmp_path: Path) -> None:
    take = Take(tmp_path / "still.mkv", picture(1, 0.0, 0), FPS, RATE_HZ)
    take.catch_up(START_NS + 4_000_000_000)
    assert take.recorder.seconds == pytest.approx(4.0 - GRACE_S, abs=0.05)
    take.close()


def test_a_time_from_nowhere_costs_nothing(tmp_path: Path) -> None:
    take = Take(tmp_path / "future.mkv", picture(1, 0.0, 0), FPS, RATE_HZ)
    take.hear(np.ones((BLOCK, 2), np.float32), START_NS + 10**15, RATE_HZ, False, START_NS + 10**9)
    take.hear(np.ones((BLOCK, 2), np.float32), START_NS - 10**12, RATE_HZ, False, START_NS + 10**9)
    assert take.n_silence <= RATE_HZ
    take.close()
