"""Presets carry routes, panic switches them off, rendering and decks follow them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visualizer import clock, parameters
from visualizer.audio.sources import RATE_HZ
from visualizer.control.morph import Morph
from visualizer.control.presets import Presets
from visualizer.modulation import Moving
from visualizer.offline import render
from visualizer.parameters import ParameterState
from visualizer.types import Features, Float32, Image

ROUTE = {"modulation.4.source": "bass", "modulation.4.target": "effects.zoom", "modulation.4.amount": 0.5}
QUICK = {"modulation.4.attack_s": 0.0, "effects.zoom": 0.1}


def test_a_preset_carries_routes_and_brings_modulation_back_after_panic(tmp_path: Path) -> None:
    values = ParameterState(ROUTE | QUICK | {"lfo.2.shape": "saw", "show.offset_ms": 80.0})
    presets = Presets(tmp_path, tmp_path / "none")
    presets.save("Pumping", 4, values.snapshot())
    values.set("output.panic", True, "key")
    assert values["show.modulation"] is False and values["modulation.4.source"] == "bass"
    for id, value in {"modulation.4.source": "", "lfo.2.shape": "sine"}.items():
        values.set(id, value, "panel")

    def apply(wanted: Mapping[str, Any], source: str) -> None:
        for id, value in wanted.items():
            values.set(id, value, source)

    kept = presets.find(4).values
    assert "show.offset_ms" not in kept  # it belongs to the room
    Morph(values, apply).begin(kept, 0.0, "key")
    assert values["lfo.2.shape"] == "saw"
    moving = Moving()
    moving.settings(1.0, Features(time_ns=10**9, bass=0.8), values.snapshot())
    assert moving.values == {"effects.zoom": pytest.approx(0.5)}


@pytest.mark.parametrize("name", ["Tide", "Pulse", "Centuries"])
def test_what_ships_with_routes_moves_its_picture(name: str, tmp_path: Path) -> None:
    preset = Presets(tmp_path).find(name)
    assert not preset.notes
    loud = {"level_dbfs": -6.0, "loudness_lufs": -12.0, "bass": 1.0, "treble": 1.0, "onset": 1.0}
    beat = {"tempo_bpm": 120.0, "beat_confidence": 1.0, "spectrum": np.ones(64, np.float32)}
    moving, values = Moving(), parameters.defaults() | dict(preset.values)
    for n in range(60):
        time_s = 1.0 + n / 30
        moving.settings(time_s, Features(time_ns=round(1e9 * time_s), **loud, **beat), values)  # type: ignore[arg-type]
    moved = {id for id, value in moving.values.items() if value != values[id]}
    assert moved == {
        preset.values[id] for id in preset.values if id.endswith(".target") and preset.values[id]
    }


class FakeMode:
    """Notes what it is told."""

    name = "fake"

    def __init__(self) -> None:
        self.zooms: list[float] = []
        self.truncations: list[float] = []
        self.heard_ns: list[int] = []
        self._truncation = 1.0

    def hear(
        self, samples: Float32, heard_ns: int, features: Features, n_most_ticks: int | None = None
    ) -> None:
        self.heard_ns.append(heard_ns)

    def paint(self, now_ns: int) -> Image:
        self.truncations.append(self._truncation)
        return Image(np.zeros((8, 8, 4), np.uint8), 1, 0, 0)

    def apply(self, settings: Mapping[str, Any]) -> None:
        self._truncation = settings["traumer.truncation"]

    def words(self) -> list[tuple[str, float]]:
        return []

    def signals(self) -> dict[str, float]:
        return {"tag.piano": 0.6}

    def state(self) -> dict[str, Any]:
        return {}

    def reset(self) -> None: ...

    def close(self) -> None: ...


class Noise:
    """A source of so many seconds."""

    def __init__(self, span_s: float) -> None:
        self._rng, self._left = np.random.default_rng(1), round(span_s * RATE_HZ)

    def read(self, n: int) -> Float32:
        n = min(n, self._left)
        self._left -= n
        return self._rng.normal(0.0, 0.1, (n, 2)).astype(np.float32)


def rendered(**values: object) -> tuple[FakeMode, list[render.Moment]]:
    settings = parameters.defaults() | {id.replace("__", "."): value for id, value in values.items()}
    mode = FakeMode()
    return mode, list(render.moments(Noise(1.0), mode, settings, 20.0))  # type: ignore[arg-type]


def test_rendering_follows_routes_the_same_each_time() -> None:
    routes = {
        "modulation__1__source": "walk.1",
        "modulation__1__target": "traumer.truncation",
        "modulation__2__source": "tag.piano",
        "modulation__2__target": "effects.zoom",
    }
    mode, moments = rendered(**routes)
    assert np.ptp(mode.truncations) > 0.001
    assert mode.truncations == rendered(**routes)[0].truncations
    assert moments[0].signals == {"tag.piano": 0.6}
    assert set(rendered()[0].truncations) == {1.0}


def test_an_offset_lets_the_mode_hear_later() -> None:
    late, plain = rendered(show__offset_ms=200.0)[0], rendered()[0]
    assert late.heard_ns == plain.heard_ns[: len(late.heard_ns)]
    assert len(plain.heard_ns) - len(late.heard_ns) == round(0.2 * 20)
    assert clock.seconds(late.heard_ns[-1]) == pytest.approx(0.8)
