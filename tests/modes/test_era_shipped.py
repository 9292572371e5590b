"""Era mode with the models that ship: calm on a still picture in steady music, there soon after a change."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import flicker_bench as bench
from visualizer import parameters
from visualizer.audio.sources import RATE_HZ, FileSource, read_all
from visualizer.checkpoints.cards import find_models
from visualizer.modes.era import Era
from visualizer.types import Float32

AUDIO = Path(__file__).resolve().parents[3] / "shared" / "data" / "audio"
LONG_S = 14.0

pytestmark = pytest.mark.skipif(
    not find_models(kind="mvnet") or not find_models(kind="style_transfer"),
    reason="no MVNet or no style-transfer network is installed",
)


@pytest.fixture(scope="module")
def mode() -> Iterator[Era]:
    made = bench.load(parameters.defaults() | {"era.size_px": bench.SIZE_PX})
    yield made
    made.close()


def _recording(tag: str) -> Float32:
    with (AUDIO / "audio.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["tag"].startswith(tag)]
    name = next(row["file"] for row in rows if float(row["seconds"]) > LONG_S + 2)
    return read_all(FileSource(AUDIO / name, loop=False), round((LONG_S + 2) * RATE_HZ))


def test_a_still_picture_is_calm_in_steady_music(mode: Era) -> None:
    span_s = (bench.STEADY_S, bench.STEADY_S + 2.0)
    sound = bench.section("strings", bench.EDGE_S)[: round(span_s[1] * RATE_HZ)]
    steady = bench.flicker(bench.film(mode, sound, span_s))
    values = parameters.defaults() | {"era.size_px": bench.SIZE_PX}
    mode.apply(values | {"era.smoothing_s": parameters.find("era.smoothing_s").min})
    raw = bench.flicker(bench.film(mode, sound, span_s))
    mode.apply(values)
    assert steady < raw / bench.CALM_RATIO


def test_a_change_of_music_has_most_of_its_effect_within_three_seconds(mode: Era) -> None:
    told = bench.change(
        mode, bench.section("strings", bench.EDGE_S), bench.loop(bench.section("techno", bench.EDGE_S))
    )
    assert told["reached_s"] <= bench.REACHED_WITHIN_S, told


@pytest.mark.parametrize("after", ["techno", "strings"])
def test_an_outro_does_not_delay_what_follows(mode: Era, after: str) -> None:
    """The drums' own ending is other music already: what follows must not wait for it to be forgotten."""
    told = bench.change(mode, bench.section(bench.DRUMS), bench.section(after))
    assert told["reached_s"] <= bench.REACHED_WITHIN_S, told


@pytest.mark.skipif(not AUDIO.is_dir(), reason="the recordings of ../shared are not here")
def test_from_one_recording_to_another_too(mode: Era) -> None:
    told = bench.change(mode, _recording("classical"), bench.loop(_recording("hip hop")))
    assert told["reached_s"] <= bench.REACHED_WITHIN_S, told
