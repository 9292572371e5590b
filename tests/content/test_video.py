"""Videos: exact by time when rendered, ahead of time when live; what goes wrong never stops the show."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.content.films import film, number_in
from visualizer.content.content import Content, open_content, sound_of, thumbnail
from visualizer.content.live_video import LiveVideo
from visualizer.types import UserError


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds at 25 pictures a second."""
    return film(tmp_path_factory.mktemp("films") / "plain.mp4")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert "video" not in [thread.name for thread in threading.enumerate()]


def until(content: Content, time_s: float, number: int, limit_s: float = 5.0) -> None:
    """Asks for one time until the picture of that number is there."""
    end_s = time.perf_counter() + limit_s
    while number_in(content.frame(time_s)) != number:
        assert time.perf_counter() < end_s, f"{number_in(content.frame(time_s))}, not {number}"
        time.sleep(0.005)


def exact(path: Path, *times_s: float) -> list[int]:
    content = open_content(str(path), 256, live=False)
    seen = [number_in(content.frame(time_s)) for time_s in times_s]
    content.close()
    return seen


def test_rendering_shows_the_newest_picture_at_or_before_the_time_and_loops(plain: Path) -> None:
    content = open_content(str(plain), 256, live=False)
    assert content.frame(0).pixels.shape == (144, 256, 3) and not content.is_still
    for number in range(50):
        assert number_in(content.frame(number / 25)) == number, "on the grid"
        assert number_in(content.frame(number / 25 + 0.039)) == number, "just before the next"
    assert number_in(content.frame(2.0)) == 0 and number_in(content.frame(2.0 * 500 + 0.41)) == 10
    content.close()


def test_rendering_depends_on_the_time_alone(plain: Path) -> None:
    times = np.random.default_rng(3).uniform(0, 9, 40)
    content = open_content(str(plain), 256, live=False)
    frames = [content.frame(t) for t in times]
    assert [number_in(frame) for frame in frames] == [int(t % 2.0 * 25) for t in times]
    numbers = {number_in(frame): frame.number for frame in frames}
    assert len(set(numbers.values())) == len(numbers)
    again = open_content(str(plain), 256, live=False)
    for t, frame in sorted(zip(times, frames, strict=True), key=lambda pair: pair[0]):
        other = again.frame(t)
        assert other.number == frame.number and (other.pixels == frame.pixels).all()
    content.close()
    again.close()


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.avi", "mpeg4"),
        ("a.webm", "libvpx"),
        ("a.ts", "mpeg2video"),
        ("a.h264", "libx264"),
        ("a.mkv", "libx264"),
    ],
)
def test_every_container_is_exact_even_one_without_times(tmp_path: Path, name: str, codec: str) -> None:
    path = film(tmp_path / name, codec=codec)
    assert exact(path, 0, 1.0, 0.5, 1.98, 2.02, 7.0, 0.2) == [0, 25, 12, 49, 0, 25, 5]


def test_variable_rate_is_followed(tmp_path: Path) -> None:
    path = film(tmp_path / "v.mp4", 5, times_ms=[0, 100, 110, 1500, 1600])
    assert exact(path, 0.05, 0.105, 0.2, 1.4, 1.55, 1.605, 0.0) == [0, 1, 2, 2, 3, 4, 0]
    live = open_content(str(path), 256)
    for time_s, number in ((0.105, 1), (1.4, 2), (1.55, 3)):
        until(live, time_s, number)
    live.close()


@pytest.mark.parametrize("fps", [1 / 7, 1000])
def test_an_absurd_rate_plays(tmp_path: Path, fps: float) -> None:
    path = film(tmp_path / "odd.mkv", 20, fps=fps)
    assert exact(path, 3.5 / fps, 10.5 / fps) == [3, 10]
    live = open_content(str(path), 256)
    live.frame(0.0)
    shown = {number_in(live.frame(10.5 / fps + k * 0.0)) for k in range(3)}
    assert shown <= set(range(20)) and live.sentence == ""
    live.close()


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_turned_video_stands_upright(tmp_path: Path, turned: int) -> None:
    path = film(tmp_path / "t.mp4", 3, turned=turned)
    pixels = open_content(str(path), 256, live=False).frame(0.05).pixels  # picture 1: its first bar is lit
    lit = pixels.mean(2) > 128
    where = {90: lit[-10:, :], 180: lit[:, -10:], 270: lit[:10, :]}[turned]
    assert pixels.shape == ((144, 256, 3) if turned == 180 else (256, 144, 3))
    assert where.mean() > 0.95 and lit.mean() < 0.2
    assert thumbnail(path, 64).shape == ((35, 64, 3) if turned == 180 else (64, 35, 3))


def test_odd_sizes_and_a_single_picture(tmp_path: Path) -> None:
    small = film(tmp_path / "small.mkv", 1, codec="ffv1", size=(37, 21))
    assert exact(small, 0, 5, 1) == [0, 0, 0]
    live = open_content(str(small), 256)
    assert live.frame(0).pixels.shape == (144, 256, 3) and number_in(live.frame(50)) == 0
    live.close()


def test_files_without_pictures_are_refused_with_the_fix(tmp_path: Path, plain: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "song.wav", np.zeros(9000), 48_000)
    (tmp_path / "song.wav").rename(tmp_path / "song.mp4")
    (tmp_path / "text.mp4").write_text("no film\n" * 99)
    (tmp_path / "cut.mp4").write_bytes(plain.read_bytes()[: plain.stat().st_size // 2])
    film(tmp_path / "none.mkv", 0)
    for name, says in (
        ("song.mp4", "sound without pictures"),
        ("text.mp4", "convert it to MP4"),
        ("cut.mp4", "convert it to MP4"),  # its index is at the end
        ("none.mkv", "(holds no pictures|convert it)"),
    ):
        for live in (True, False):
            with pytest.raises(UserError, match=says):
                open_content(str(tmp_path / name), 256, live=live)
        with pytest.raises(UserError):
            thumbnail(tmp_path / name, 64)


def test_sound_is_told(tmp_path: Path, plain: Path) -> None:
    assert sound_of(film(tmp_path / "s.mp4", 5, sound=True)) and not sound_of(plain)
    assert not sound_of(tmp_path / "nowhere.mp4") and not sound_of(__file__)


def test_live_plays_in_time_and_loops(plain: Path) -> None:
    content = open_content(str(plain), 256)
    began_s, late, n = time.perf_counter(), 0, 0
    while (time_s := time.perf_counter() - began_s) < 2.6:
        frame, n = content.frame(time_s), n + 1
        late += (int(time_s % 2.0 * 25) - number_in(frame)) % 50 > 2
        assert not frame.pixels.flags.writeable and 0 <= frame.age_s < 1
        time.sleep(0.008)
    assert late < n / 3 and content.sentence == ""
    content.close()
    content.close()


def test_live_numbers_change_with_the_pixels_only(plain: Path) -> None:
    content = open_content(str(plain), 256)
    until(content, 0.02, 0)
    first = content.frame(0.02)
    until(content, 0.5, 12)
    assert content.frame(0.5).number > first.number
    again = content.frame(0.5)
    assert again.number == content.frame(0.5).number and again.pixels is content.frame(0.5).pixels
    content.close()


def test_live_jumps_either_way(plain: Path) -> None:
    content = open_content(str(plain), 256)
    for time_s, number in ((1.5, 37), (0.3, 7), (1000.5, 12), (4.0, 0), (0.0, 0)):
        until(content, time_s + 0.01, number)
    content.close()


def test_live_waits_with_a_bounded_queue_and_never_blocks(plain: Path) -> None:
    content = LiveVideo(plain, 256)
    time.sleep(0.4)
    assert len(content._ahead) <= content.n_ahead
    began_s = time.perf_counter()
    for _ in range(200):
        content.frame(0.0)
    assert time.perf_counter() - began_s < 1.0
    content.close()


def test_a_file_that_vanishes_leaves_its_last_picture_and_comes_back(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "stick.mp4"
    path.write_bytes(plain.read_bytes())
    content = LiveVideo(path, 256)
    path.unlink()
    began_s = time.perf_counter()
    while not content.sentence:
        content.frame(time.perf_counter() - began_s)
        assert time.perf_counter() - began_s < 8
        time.sleep(0.01)
    assert "stick.mp4 cannot be read any more" in content.sentence
    lost = [content.frame(time.perf_counter() - began_s + 0.3 * k).pixels.mean() for k in range(3)]
    assert lost[-1] > 0, "no black picture"
    path.write_bytes(plain.read_bytes())
    end_s = time.perf_counter() + 8
    number = content.frame(time.perf_counter() - began_s).number
    while content.sentence or content.frame(time.perf_counter() - began_s).number < number + 5:
        assert time.perf_counter() < end_s
        time.sleep(0.01)
    content.close()


def test_a_file_cut_short_plays_what_is_left_and_says_so(tmp_path: Path) -> None:
    path = film(tmp_path / "cut.mkv", 200)
    os.truncate(path, path.stat().st_size // 2)
    content = open_content(str(path), 256, live=False)
    assert number_in(content.frame(1.0)) == 25
    assert number_in(content.frame(7.5)) < 150
    assert "repeat" in content.sentence and "8.0 s" in content.sentence
    content.close()


def test_a_file_truncated_while_it_plays_goes_on(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.mp4"
    path.write_bytes(plain.read_bytes())
    for live in (True, False):
        content = open_content(str(path), 256, live=live)
        content.frame(0.1)
        os.truncate(path, 1000)
        for k in range(60):
            assert content.frame(0.1 + k * 0.1).pixels.shape == (144, 256, 3)
            time.sleep(0.02 if live else 0)
        assert "cannot be read any more" in content.sentence or "damaged" in content.sentence
        content.close()
        path.write_bytes(plain.read_bytes())


def test_damage_in_the_middle_is_played_over(plain: Path, tmp_path: Path) -> None:
    data = bytearray(plain.read_bytes())
    rng = np.random.default_rng(5)
    for trial in range(12):
        damaged = bytearray(data)
        for at in rng.integers(48, len(data), 5 + 20 * trial):
            damaged[at] = int(rng.integers(256))
        path = tmp_path / f"d{trial}.mp4"
        path.write_bytes(damaged)
        try:
            content = open_content(str(path), 128, live=False)
        except UserError as error:
            assert str(path) in str(error)
            continue
        for time_s in (0.0, 0.9, 1.9, 2.5, 0.3):
            assert content.frame(time_s).pixels.shape[2] == 3
        content.close()


def test_opening_and_closing_leaks_neither_threads_nor_files(plain: Path) -> None:
    fds = Path("/proc/self/fd")
    if not fds.is_dir():
        pytest.skip("open files are counted in /proc")
    gc.collect()
    before = len(list(fds.iterdir())), threading.active_count()
    for k in range(12):
        content = open_content(str(plain), 128, live=k % 2 == 0)
        content.frame(0.2)
        content.close()
        with pytest.raises(UserError):
            open_content(__file__, 128)
    gc.collect()
    assert (len(list(fds.iterdir())), threading.active_count()) == before
