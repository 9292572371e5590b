"""What is told of a piece of music, with a tagger that hears high and low."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests import era_fakes
from visualizer import cli, parameters
from visualizer.audio.sources import FileSource
from visualizer.offline import listen
from visualizer.offline.era_ear import EraEar, load_era_ear
from visualizer.offline.progress import Progress
from visualizer.types import Float32

RATE_HZ = 48_000
TAGS = ("low", "high", "no vocals")


def fake_tagger(window: Float32) -> tuple[Float32, Float32]:
    """(128, 231) log-mel: which half of the bins is louder in the middle of the window."""
    middle = window[:, 100:130].mean(axis=1)
    is_high = middle[64:].max() > middle[:64].max()
    return np.zeros(512, np.float32), np.float32([0.1, 0.9, 0.5] if is_high else [0.8, 0.2, 0.5])


def tone(hz: float, seconds: float, amplitude: float = 0.3) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)


def heard_in(path: Path) -> listen.Report:
    listener = listen.Listener(fake_tagger, TAGS, parameters.defaults())
    return listen.listen(FileSource(path), listener, Progress(None, "block"))


def test_time_line_and_whole_file_tell_what_sounds(tmp_path: Path) -> None:
    path = tmp_path / "low-high.wav"
    sf.write(path, np.concatenate([tone(200, 8), tone(6_000, 4, 0.03)]), RATE_HZ)
    report = heard_in(path)
    assert report.duration_s == 12.0 and len(report.timeline) == 12
    assert [second.time_s for second in report.timeline] == list(range(12))
    assert report.tags[0][0] == "low" and report.tags[0][1] > 0.5
    assert [second.tags[0][0] for second in report.timeline[1:7]] == ["low"] * 6
    assert [second.tags[0][0] for second in report.timeline[9:]] == ["high"] * 3
    assert report.timeline[3].level_dbfs == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.2)
    assert report.timeline[10].level_dbfs == pytest.approx(20 * np.log10(0.03 / np.sqrt(2)), abs=0.2)
    assert all("no vocals" not in dict(second.tags) for second in report.timeline)


def test_hiss_after_quiet_music_is_silence_although_the_gain_is_up(tmp_path: Path) -> None:
    path = tmp_path / "quiet.wav"
    hiss = np.random.default_rng(5).normal(0, 10 ** (-75 / 20), 5 * RATE_HZ)
    sf.write(path, np.concatenate([tone(200, 12, 0.004), hiss]), RATE_HZ, subtype="FLOAT")
    report = heard_in(path)
    assert report.timeline[8].tags[0][0] == "low"
    assert report.timeline[-1].tags == []


def test_a_tempo_is_told(tmp_path: Path) -> None:
    path = tmp_path / "clicks.wav"
    beat = np.zeros(RATE_HZ // 2)  # 120 bpm
    beat[:2_400] = np.random.default_rng(3).normal(0, 0.3, 2_400) * np.exp(-np.arange(2_400) / 600)
    sf.write(path, np.tile(beat, 40), RATE_HZ)
    report = heard_in(path)
    assert report.tempo_bpm == pytest.approx(120, rel=0.02)
    assert report.timeline[15].tempo_bpm == pytest.approx(120, rel=0.02)


def test_the_main_tempo_has_most_confidence_behind_it() -> None:
    assert listen.main_tempo([(120.2, 0.9), (119.8, 0.9), (60.0, 1.0), (0.0, 0.0)]) == pytest.approx(120.0)
    assert listen.main_tempo([(90.0, 0.01)]) == 0.0
    assert listen.main_tempo([]) == 0.0


def fake_load(threads: int) -> tuple[object, tuple[str, ...], object]:
    return fake_tagger, TAGS, lambda: None


def test_the_years_are_told_where_an_mvnet_hears_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "low.wav"
    sf.write(path, np.concatenate([np.zeros(3 * RATE_HZ), tone(200, 8)]), RATE_HZ)
    networks = era_fakes.networks()
    ear = EraEar(networks, -60.0)
    report = listen.listen(
        FileSource(path),
        listen.Listener(fake_tagger, TAGS, parameters.defaults(), ear),
        Progress(None, "block"),
    )
    assert report.era is not None and report.era.label in era_fakes.LABELS
    assert report.timeline[0].era == "" and report.timeline[8].era in era_fakes.LABELS
    monkeypatch.setattr(listen, "load_tagger", fake_load)
    monkeypatch.setattr(listen, "load_era_ear", lambda *_: EraEar(era_fakes.networks(), -60.0))
    assert cli.main(["listen", str(path)]) == 0
    assert f"{report.era.label}, give or take" in capsys.readouterr().out
    assert cli.main(["listen", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["era"]["year"] == report.era.year


def test_without_an_mvnet_nothing_is_said_of_years(tmp_path: Path) -> None:
    assert load_era_ear(parameters.defaults() | {"era.mvnet": "not-there"}, 1) is None


def test_json_and_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(listen, "load_tagger", fake_load)
    monkeypatch.setattr(listen, "load_era_ear", lambda *_: None)
    path = tmp_path / "low.wav"
    sf.write(path, tone(200, 6), RATE_HZ)
    assert cli.main(["listen", str(path), "--duration", "4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["duration_s"] == 4.0 and not told["silent"]
    assert told["tags"][0]["tag"] == "low" and 0 < told["tags"][0]["probability"] <= 1
    probabilities = [pair["probability"] for pair in told["tags"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert set(told["timeline"][0]) == {"time_s", "level_dbfs", "tempo_bpm", "tags", "era"}
    assert told["era"] is None
    assert cli.main(["listen", str(path)]) == 0
    assert "low 80 %" in capsys.readouterr().out


@pytest.mark.parametrize("amplitude", [0.0, 1e-5])
def test_silence_is_said_not_guessed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    amplitude: float,
) -> None:
    monkeypatch.setattr(listen, "load_tagger", fake_load)
    path = tmp_path / "silence.wav"
    sf.write(path, tone(200, 3, amplitude), RATE_HZ, subtype="FLOAT")
    assert cli.main(["listen", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["silent"] and told["tags"] == [] and told["tempo_bpm"] == 0
    assert cli.main(["listen", str(path)]) == 0
    assert "silent" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["missing.mp3"], ["low.wav", "--duration", "0"]])
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    sf.write(tmp_path / "low.wav", tone(200, 1), RATE_HZ)
    assert cli.main(["listen", str(tmp_path / arguments[0]), *arguments[1:]]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "Traceback" not in told
