"""The demo track: what its script says is what lies in the file."""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from scipy import signal

from visualizer import paths

LEVELS_DBFS = {  # RMS of each section, least and most
    "piano": (-25, -18),
    "strings": (-22, -16),
    "drums and bass": (-19, -13),
    "techno": (-16, -10),
    "noise": (-18, -10),
    "near silence": (-68, -60),
}


@pytest.fixture(scope="module")
def track() -> np.ndarray:
    samples, rate_hz = sf.read(paths.ASSETS / "demo.ogg", dtype="float32", always_2d=True)
    assert rate_hz == 48_000
    return samples


@pytest.fixture(scope="module")
def sections() -> list[dict[str, Any]]:
    return json.loads((paths.ASSETS / "demo.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("compose_demo", paths.ASSETS / "compose_demo.py")
    assert spec and spec.loader
    before = list(sys.path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["compose_demo"] = module
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = before


def cut(track: np.ndarray, section: dict[str, Any]) -> np.ndarray:
    return track[round(section["start_s"] * 48_000) : round(section["end_s"] * 48_000)]


def dbfs(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


def test_sections_join_and_fill_the_track(track: np.ndarray, sections: list[dict[str, Any]]) -> None:
    assert [section["name"] for section in sections] == list(LEVELS_DBFS)
    assert sections[0]["start_s"] == 0.0
    for before, after in itertools.pairwise(sections):
        assert before["end_s"] == after["start_s"]
    assert sections[-1]["end_s"] == pytest.approx(len(track) / 48_000, abs=0.01)
    assert 85 <= sections[-1]["end_s"] <= 100
    assert np.abs(track).max() <= 1.0
    assert (paths.ASSETS / "demo.ogg").stat().st_size < 3e6


def test_each_section_has_its_level(track: np.ndarray, sections: list[dict[str, Any]]) -> None:
    for section in sections:
        least, most = LEVELS_DBFS[section["name"]]
        assert least <= dbfs(cut(track, section)) <= most, section["name"]


@pytest.mark.parametrize("name", ["drums and bass", "techno"])
def test_onsets_come_at_the_stated_tempo(
    track: np.ndarray, sections: list[dict[str, Any]], name: str
) -> None:
    section = next(section for section in sections if section["name"] == name)
    _, _, spectra = signal.stft(cut(track, section).mean(axis=1), 48_000, nperseg=1_024, noverlap=1_024 - 240)
    loudness = np.log(np.abs(spectra) + 1e-4)
    flux = np.maximum(np.diff(loudness, axis=1), 0).sum(axis=0)
    flux = flux - flux.mean()
    likeness = signal.correlate(flux, flux)[len(flux) - 1 :]
    per_s = 48_000 / 240
    candidates_bpm = np.arange(0.8, 1.25, 0.005) * section["tempo_bpm"]
    bars = [likeness[round(4 * 60 / bpm * per_s)] for bpm in candidates_bpm]  # four beats: a finer ruler
    assert candidates_bpm[int(np.argmax(bars))] == pytest.approx(section["tempo_bpm"], rel=0.01)


@pytest.mark.parametrize("name", ["drums and bass", "noise", "near silence"])
def test_the_script_makes_what_lies_in_the_file(
    script: ModuleType, track: np.ndarray, sections: list[dict[str, Any]], name: str
) -> None:
    index = list(LEVELS_DBFS).index(name)
    made, stored = script.render_section(index), cut(track, sections[index])
    assert abs(len(made) - len(stored)) <= 48
    n = min(len(made), len(stored))
    assert dbfs(made) == pytest.approx(dbfs(stored), abs=1.0)
    low = signal.butter(4, 3_000, fs=48_000, output="sos")  # Vorbis keeps the wave where the ear does
    a, b = (signal.sosfilt(low, samples[:n].mean(axis=1)) for samples in (made, stored))
    assert np.corrcoef(a, b)[0, 1] > 0.95
    again = script.render_section(index)
    assert np.array_equal(made, again)


def test_another_seed_plays_another_take(script: ModuleType) -> None:
    index = list(LEVELS_DBFS).index("near silence")
    assert not np.array_equal(script.render_section(index, 1), script.render_section(index, 2))
