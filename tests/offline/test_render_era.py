"""Era mode offline, on functions for networks: over pictures and videos, to a song or to their own sound."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile as sf
from PIL import Image

from tests.era_fakes import Transfer, networks
from visualizer import cli
from visualizer.content.content import open_content
from visualizer.modes.era import Era
from visualizer.modes.era_content import Canvas
from visualizer.modes.mode import Mode
from visualizer.offline import render
from visualizer.output.recorder import Recorder

RATE_HZ = 48_000


@pytest.fixture(autouse=True)
def modes(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """The settings of the modes that renders made, in order."""
    made: list[Mapping[str, Any]] = []

    def load_mode(settings: Mapping[str, Any], threads: int) -> Mode:
        made.append(settings)
        assert settings["show.mode"] == "era"

        def open_wanted(values: Mapping[str, Any]) -> Any:
            return open_content(values["era.content"], values["era.size_px"], live=False)

        return Era(networks(), Transfer(), Canvas(open_wanted, settings), settings)

    monkeypatch.setattr(render, "load_mode", load_mode)
    return made


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Two seconds of noise."""
    path = tmp_path / "song.wav"
    sf.write(path, np.random.default_rng(0).normal(0, 0.1, (2 * RATE_HZ, 2)), RATE_HZ)
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """One second: a bright bar that wanders to the right, and a tone."""
    path = tmp_path / "bar.mp4"
    sound = 0.2 * np.sin(2 * np.pi * 330 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    with Recorder(path, 128, 64, 10) as recorder:
        for i in range(10):
            frame = np.full((64, 128, 3), 40, np.uint8)
            frame[:, 12 * i : 12 * i + 20] = 220
            recorder.add_frame(frame)
        recorder.add_audio(np.stack([sound, sound], 1))
    return path


def decode(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_content_means_era_mode_and_gives_the_video_its_shape(
    song: Path, tmp_path: Path, modes: list[Mapping[str, Any]]
) -> None:
    picture, path = tmp_path / "wide.png", tmp_path / "out.mp4"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (80, 160, 3), np.uint8)).save(picture)
    arguments = [str(song), "--content", str(picture), "-o", str(path), "--size", "128", "--seed", "3"]
    assert render.main([*arguments, "--network", "wct", "--duration", "0.5", "--no-effects"]) == 0
    frames = decode(path)
    assert len(frames) == 15 and frames[0].shape == (64, 128, 3)
    assert modes[0]["era.network"] == "wct" and modes[0]["era.seed"] == 3 and modes[0]["era.size_px"] == 128


def test_a_video_with_sound_is_heard_itself_and_time_is_the_song_s(video: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    arguments = ["--content", str(video), "-o", str(path), "--size", "128", "--no-effects"]
    assert render.main([*arguments, "--set", "era.strength=0", "--fps", "10"]) == 0
    frames = decode(path)
    assert abs(len(frames) - 10) <= 1
    middles = [float(np.argmax(frame[32].sum(axis=1) > 400)) for frame in frames[:10]]
    assert middles == pytest.approx([12.0 * i for i in range(10)], abs=8)


def test_the_same_seed_gives_the_same_film(song: Path, video: Path, tmp_path: Path) -> None:
    films = []
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        path = tmp_path / f"{name}.mp4"
        arguments = [str(song), "--content", str(video), "-o", str(path), "--size", "64", "--seed", seed]
        assert render.main([*arguments, "--duration", "1.4", "--fps", "10", "--no-effects"]) == 0
        films.append(np.array(decode(path)))
    assert np.array_equal(films[0], films[1]) and not np.array_equal(films[0], films[2])


def test_a_year_without_data_is_said(
    song: Path, video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(song), "--content", str(video), "-o", str(tmp_path / "out.mp4"), "--size", "64"]
    dial = ["--set", "era.dial=0.5", "--set", "era.year=1400"]
    assert render.main([*arguments, *dial, "--duration", "0.2", "--no-effects"]) == 0
    assert "1700s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mode", "era"], "Name a song"),
        (["--content", "gone.mp4"], "There is no"),
        (["song.wav", "--content", "gone.png"], "There is no"),
        (["--content", "mute.png"], "has no sound"),
        (["song.wav", "--content", "text.png"], "text.png"),
        (["song.wav", "--content", "camera"], "only be painted live"),
        (["song.wav", "--content", "bar.mp4", "-o", "bar.mp4"], "content itself"),
        (["song.wav", "--mode", "era", "--network", "gatys"], "era.network"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    song: Path,
    video: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "mute.png")
    (tmp_path / "text.png").write_text("no picture")
    monkeypatch.chdir(tmp_path)
    out = [] if "-o" in arguments else ["-o", "out.mp4"]
    assert cli.main(["render", *arguments, *out, "--no-effects"]) == 2
    told = capsys.readouterr().err
    assert words in told and "Traceback" not in told and told.count("\n") == 1
    assert not (tmp_path / "out.mp4").exists()
