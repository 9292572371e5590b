"""Rendering offline: the frame clock, sync, the same pictures for the same seed, and every bad end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile as sf

from visualizer import cli
from visualizer.modes.mode import Mode
from visualizer.offline import render
from visualizer.types import Features, Image

RATE_HZ = 48_000
FPS = 30
CLICKS_S = (0.5, 1.0, 1.7)


class FakeMode:
    """Paints white while the newest sound is loud, else a grey that depends on the seed."""

    name = "fake"
    shape_px = 64, 64

    def __init__(self, settings: Mapping[str, Any], delay_s: float = 0.0) -> None:
        self._seed = int(settings["traumer.seed"])
        self._delay_s = delay_s
        self._pixels = np.full((64, 64, 4), 255, np.uint8)
        self._is_loud = False
        self._n_images = 0
        self.heard: list[tuple[int, int]] = []
        self.painted_ns: list[int] = []
        self.is_closed = False

    def hear(
        self, samples: np.ndarray, heard_ns: int, features: Features, n_most_ticks: int | None = None
    ) -> None:
        assert samples.dtype == np.float32 and samples.shape[1] == 2
        self.heard.append((len(samples), heard_ns))
        self._is_loud = bool(np.abs(samples).max() > 0.5)

    def paint(self, now_ns: int) -> Image:
        time.sleep(self._delay_s)
        self.painted_ns.append(now_ns)
        self._n_images += 1
        self._pixels[..., :3] = 255 if self._is_loud else 10 + self._seed
        return Image(self._pixels, self._n_images, self.heard[-1][1], time.perf_counter_ns())

    def apply(self, settings: Mapping[str, Any]) -> None: ...

    def words(self) -> list[tuple[str, float]]:
        return []

    def signals(self) -> dict[str, float]:
        return {}

    def state(self) -> dict[str, Any]:
        return {}

    def reset(self) -> None: ...

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def modes(monkeypatch: pytest.MonkeyPatch) -> list[FakeMode]:
    """The fake modes that renders made, in order."""
    made: list[FakeMode] = []

    def load_mode(settings: Mapping[str, Any], threads: int) -> Mode:
        made.append(FakeMode(settings))
        return made[-1]

    monkeypatch.setattr(render, "load_mode", load_mode)
    return made


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Two seconds with three clicks of 5 ms."""
    at_s = np.arange(2 * RATE_HZ) / RATE_HZ
    sound = 0.001 * np.sin(2 * np.pi * 440 * at_s)
    for start_s in CLICKS_S:
        inside = (at_s >= start_s) & (at_s < start_s + 0.005)
        sound[inside] = 0.9 * np.sin(2 * np.pi * 2_000 * (at_s[inside] - start_s))
    path = tmp_path / "song.wav"
    sf.write(path, np.stack([sound, sound], 1), RATE_HZ)
    return path


def decode(path: Path) -> tuple[list[np.ndarray], np.ndarray, float]:
    """RGB frames, the left channel, and the frame rate."""
    with av.open(str(path)) as container:
        fps = float(container.streams.video[0].average_rate)
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    return frames, sound, fps


def test_length_rate_and_sync_are_those_of_the_song(
    song: Path, tmp_path: Path, modes: list[FakeMode]
) -> None:
    path = tmp_path / "out.mp4"
    arguments = [str(song), "-o", str(path), "--fps", str(FPS), "--size", "64", "--seed", "7", "--no-effects"]
    assert render.main(arguments) == 0
    frames, sound, fps = decode(path)
    assert (len(frames), fps, frames[0].shape) == (2 * FPS, FPS, (64, 64, 3))
    assert len(sound) / RATE_HZ == pytest.approx(2.0, abs=0.03)
    white_s = [i / FPS for i, frame in enumerate(frames) if frame.mean() > 128]
    loud_s = [i / RATE_HZ for i in np.flatnonzero(np.abs(sound) > 0.4)]
    for click_s in CLICKS_S:
        assert min(abs(t - click_s) for t in white_s) <= 1 / FPS
        assert min(abs(t - click_s) for t in loud_s) < 0.003
    assert len(white_s) == len(CLICKS_S)
    assert modes[0].is_closed


def test_frames_follow_the_frame_clock(song: Path, tmp_path: Path, modes: list[FakeMode]) -> None:
    arguments = [str(song), "-o", str(tmp_path / "out.mkv"), "--fps", "24", "--size", "64", "--no-effects"]
    assert render.main([*arguments, "--set", "show.image_fps=12"]) == 0
    mode = modes[0]
    assert sum(n for n, _ in mode.heard) == 2 * RATE_HZ
    assert [ns for _, ns in mode.heard] == [round((i + 1) / 24 * 1e9) for i in range(48)]
    assert np.diff(mode.painted_ns) == pytest.approx(1e9 / 12, abs=2)


def test_duration_cuts_and_the_last_frame_may_be_short(
    song: Path, tmp_path: Path, modes: list[FakeMode]
) -> None:
    path = tmp_path / "out.mp4"
    assert (
        render.main([str(song), "-o", str(path), "--duration", "0.95", "--size", "32", "--no-effects"]) == 0
    )
    frames, sound, _ = decode(path)
    assert len(frames) == 29
    assert len(sound) / RATE_HZ == pytest.approx(0.95, abs=0.025)


def test_the_same_seed_gives_the_same_film(song: Path, tmp_path: Path, modes: list[FakeMode]) -> None:
    films = []
    for name, seed in (("a", 7), ("b", 7), ("c", 90)):
        path = tmp_path / f"{name}.mp4"
        arguments = [str(song), "-o", str(path), "--width", "96", "--height", "64", "--duration", "0.5"]
        assert render.main([*arguments, "--seed", str(seed)]) == 0
        films.append(np.array(decode(path)[0]))
    assert films[0].shape == (15, 64, 96, 3)
    assert np.array_equal(films[0], films[1])
    assert not np.array_equal(films[0], films[2])


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ((), ("square", (512, 512))),
        (("--size", "256"), ("square", (256, 256))),
        (("--width", "1280", "--height", "720"), ("wide", (1280, 720))),
        (("--width", "720", "--height", "1280"), ("square", (720, 1280))),
        (("--set", "traumer.shape=wide"), ("wide", (512, 292))),
    ],
)
def test_a_wide_video_is_painted_wide(asked: tuple[str, ...], wanted: tuple[str, tuple[int, int]]) -> None:
    options = render._parse(["demo", "-o", "x.mp4", *asked])
    settings = render._settings(options)
    mode = FakeMode(settings)
    mode.shape_px = (448, 256) if settings["traumer.shape"] == "wide" else (256, 256)
    assert (settings["traumer.shape"], render._size(options, mode)) == wanted


def test_the_seed_is_one_parameter_however_it_is_set(
    song: Path, tmp_path: Path, modes: list[FakeMode]
) -> None:
    films = []
    for name, seed in (("a", ["--seed", "90"]), ("b", ["--set", "traumer.seed=90"])):
        path = tmp_path / f"{name}.mp4"
        assert render.main([str(song), "-o", str(path), "--size", "64", "--duration", "0.2", *seed]) == 0
        films.append(np.array(decode(path)[0]))
    assert np.array_equal(films[0], films[1])


def test_control_c_leaves_a_playable_film(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(render, "load_mode", lambda settings, *_: FakeMode(settings, delay_s=0.05))
    path = tmp_path / "out.mp4"
    threading.Timer(0.8, os.kill, (os.getpid(), signal.SIGINT)).start()
    code = render.main([str(song), "-o", str(path), "--size", "64", "--no-effects"])
    assert code == 130
    assert "Stopped" in capsys.readouterr().out
    n_frames = len(decode(path)[0])
    assert 5 <= n_frames < 2 * FPS


def test_a_silent_song_is_said_to_be_silent(
    tmp_path: Path, modes: list[FakeMode], capsys: pytest.CaptureFixture[str]
) -> None:
    song, path = tmp_path / "silence.wav", tmp_path / "out.mp4"
    sf.write(song, np.zeros((RATE_HZ // 2, 2)), RATE_HZ)
    assert render.main([str(song), "-o", str(path), "--size", "32", "--no-effects"]) == 0
    assert "silent" in capsys.readouterr().out
    assert len(decode(path)[0]) == 15


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"song": "missing.wav"}, "missing.wav"),
        ({"song": "empty.wav"}, "empty"),
        ({"song": "text.wav"}, "text.wav"),
        ({"-o": "out.gif"}, "should end in"),
        ({"-o": "nowhere/out.mp4"}, "no folder"),
        ({"--mode": "nothing"}, "show.mode"),
        ({"--fps": "0"}, "--fps"),
        ({"--size": "4"}, "px wide"),
        ({"--width": "0"}, "px wide"),
        ({"--seed": "-5"}, "--seed"),
        ({"--seed": "99999999999"}, "--seed"),
        ({"--duration": "-1"}, "--duration"),
        ({"--set": "traumer.colour=1"}, "no parameter"),
        ({"--set": "traumer.noise=much"}, "takes a number"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    song: Path,
    tmp_path: Path,
    modes: list[FakeMode],
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    words: str,
) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no sound in here\n" * 50)
    options = {"-o": "out.mp4"} | changes
    given = tmp_path / options.pop("song", "song.wav")
    options["-o"] = str(tmp_path / options["-o"])
    arguments = ["render", str(given), *(part for pair in options.items() for part in pair)]
    assert cli.main(arguments) == 2
    told = capsys.readouterr().err
    assert words in told and "Traceback" not in told and told.count("\n") == 1
    assert not (tmp_path / "out.mp4").exists()


def test_a_film_never_replaces_its_song(song: Path, modes: list[FakeMode], tmp_path: Path) -> None:
    movie = tmp_path / "movie.mp4"
    assert render.main([str(song), "-o", str(movie), "--size", "32", "--no-effects"]) == 0
    before = movie.read_bytes()
    assert cli.main(["render", str(movie), "-o", str(movie), "--no-effects"]) == 2
    assert movie.read_bytes() == before
