"""TräumerAI mode on small networks of plain functions: the laws, the hierarchy, silence, beat and bending."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visualizer import clock, parameters
from visualizer.checkpoints.cards import TensorSpec, dump_card, find_model, find_models
from visualizer.features.fast import FastFeatures
from visualizer.modes import traumer
from visualizer.modes.incremental import WholeTagger
from visualizer.modes.networks import TraumerNetworks
from visualizer.modes.traumer import Traumer, split_layers
from visualizer.runtime.base import fixed_shape
from visualizer.types import Features, Float32

N_LAYERS, SIZE_PX, N_W = 14, 8, 512
RANDOM = np.random.default_rng(5)
PROJECTION = RANDOM.normal(size=(128, N_W)).astype(np.float32) / 40
LOOK = RANDOM.normal(size=(N_LAYERS * N_W, 3 * SIZE_PX * SIZE_PX)).astype(np.float32) / 300


class Function:
    """A runtime that computes with NumPy."""

    name, reason = "numpy", "a test"

    def __init__(self, function: Any) -> None:
        self._function = function
        self.inputs: dict[str, tuple[int, ...]] = {}
        self.outputs: dict[str, tuple[int, ...]] = {}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return self._function(**inputs)

    def close(self) -> None:
        self._function = None


def _tag(mel: Float32) -> dict[str, Float32]:
    spectrum = mel[:, 0].mean(axis=2)
    return {"embedding": spectrum @ PROJECTION, "tags": np.clip((spectrum[:, [10, 90]] + 100) / 80, 0, 1)}


def _paint(w: Float32, noise_strength: Float32, gain: Float32, offset: Float32, **noise: Float32) -> Any:
    bent = w * gain[:, None] + offset[:, None]
    image = np.tanh(bent.reshape(-1) @ LOOK).reshape(1, 3, SIZE_PX, SIZE_PX)
    return {"image": image + 0.05 * noise_strength[0] * noise["noise_0"]}


def _networks() -> TraumerNetworks:
    return TraumerNetworks(
        tagger=WholeTagger(Function(_tag)),
        transfer_map=Function(lambda embedding: {"w": np.tanh(embedding)}),
        generator=Function(_paint),
        tags=("low", "high"),
        size_px=SIZE_PX,
        n_layers=N_LAYERS,
        noise_shapes={"noise_0": (1, 1, SIZE_PX, SIZE_PX)},
        w_mean=np.zeros(N_W, np.float32),
        w_samples=np.random.default_rng(1).normal(size=(16, N_W)).astype(np.float32) * 0.5,
    )


def _mode(**changes: Any) -> Traumer:
    return Traumer(_networks(), parameters.defaults() | {k.replace("__", "."): v for k, v in changes.items()})


def _tone(hz: float, seconds: float, amplitude: float = 0.3) -> Float32:
    wave = amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * 48000)) / 48000)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def _film(mode: Traumer, sound: Float32, n_block: int = 1600) -> list[np.ndarray]:
    """The frames at 30 a second, fed in blocks of `n_block` samples."""
    frames, fast = [], FastFeatures(48000)
    features = Features()
    for end in range(1600, len(sound) + 1, 1600):
        for start in range(end - 1600, end, n_block):
            block = sound[start : min(start + n_block, end)]
            heard_ns = round((start + len(block)) / 48000 * clock.NS_PER_S)
            heard = fast.push(block, heard_ns, 0.0)
            features = heard[-1] if heard else features
            mode.hear(block, heard_ns, features)
        frames.append(mode.paint(round(end / 48000 * clock.NS_PER_S)).pixels.copy())
    return frames


def test_layers_split_as_the_paper_and_scale() -> None:
    assert split_layers(18) == (slice(0, 6), slice(6, 12), slice(12, 18))
    assert split_layers(14) == (slice(0, 5), slice(5, 9), slice(9, 14))


@pytest.mark.parametrize("n_block", [1, 320, 533, 1600])
def test_chunked_equals_whole(n_block: int) -> None:
    sound = _tone(440, 1.0)
    whole, chunked = _film(_mode(), sound), _film(_mode(), sound, n_block)
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(whole, chunked, strict=True)) <= 1


def test_reset_equals_fresh_and_the_seed_decides() -> None:
    sound = np.concatenate([_tone(300, 0.7), _tone(3000, 0.7)])
    mode = _mode()
    first = _film(mode, sound)
    mode.reset()
    assert np.array_equal(first, _film(mode, sound))
    assert not np.array_equal(first, _film(_mode(traumer__seed=8), sound))


def test_another_sound_paints_another_picture_and_fine_layers_turn_first() -> None:
    mode = _mode(traumer__drift=0.0, traumer__beat=0.0)
    _film(mode, _tone(200, 6.0))
    before, _ = mode.styles(0.0)
    _film(mode, _tone(4000, 1.2))
    after, ages_s = mode.styles(0.0)
    moved = np.linalg.norm(after - before, axis=1)
    assert moved[13] > moved[6] > moved[0] > 0.0
    assert ages_s[0] > ages_s[1] > ages_s[2] > 0.0
    assert ages_s[0] - ages_s[2] == pytest.approx(1.5 - 0.15, abs=0.02)


def test_silence_comes_to_rest_at_the_mean() -> None:
    mode = _mode(traumer__drift=0.0)
    _film(mode, _tone(440, 3.0))
    assert np.abs(mode.styles(0.0)[0]).max() > 0.01
    _film(mode, np.zeros((48000 * 6, 2), np.float32))
    assert np.abs(mode.styles(0.0)[0]).max() < 1e-4
    assert mode.words() == []


def test_only_the_drift_moves_silence_and_it_is_slow() -> None:
    still = _film(_mode(traumer__drift=0.0), np.zeros((48000, 2), np.float32))
    assert np.array_equal(still[0], still[-1])
    wandering = _film(_mode(traumer__drift=1.0), np.zeros((48000 * 4, 2), np.float32))
    steps = [np.abs(b.astype(int) - a).mean() for a, b in itertools.pairwise(wandering)]
    assert not np.array_equal(wandering[0], wandering[-1]) and max(steps) < 2.0


def test_bad_samples_stay_finite() -> None:
    bad = np.tile(np.array([[np.nan, np.inf], [-np.inf, 1e20], [1.0, 1.0]], np.float32), (16000, 1))
    mode = _mode()
    _film(mode, bad)
    assert np.isfinite(mode.styles(0.5)[0]).all()


def test_a_beat_pushes_the_fine_layers_only() -> None:
    mode = _mode(traumer__drift=0.0, traumer__beat=1.0)
    beat = Features(tempo_bpm=120.0, beat_phase=0.0, beat_confidence=1.0)
    mode.hear(np.zeros((1600, 2), np.float32), 0, beat)
    pushed = np.linalg.norm(mode.styles(0.0)[0], axis=1)
    assert pushed[:9].max() == 0.0 and pushed[9:].min() > 1.0


def test_truncation_zero_is_the_mean_and_bending_changes_later_layers_only() -> None:
    mode = _mode(traumer__truncation=0.0, traumer__drift=1.0)
    assert not mode.styles(10.0)[0].any()
    bent = _mode(traumer__bend__gain=2.0, traumer__bend__layer=6)
    gain, offset = bent._bend()
    assert gain[:6].tolist() == [1.0] * 6 and gain[6:].tolist() == [2.0] * 8 and not offset.any()


SQUARE = parameters.defaults() | {"traumer.shape": "square"}
WIDE = SQUARE | {"traumer.shape": "wide"}
needs_generator = pytest.mark.skipif(not find_models(kind="generator"), reason="no generator is installed")


def _small(pixels: np.ndarray) -> np.ndarray:
    """16 by 16 grey means."""
    height, width = pixels.shape[:2]
    return pixels[..., :3].reshape(16, height // 16, 16, width // 16, 3).mean(axis=(1, 3, 4))


@needs_generator
def test_wide_is_the_same_composition_without_a_repetition() -> None:
    with closing(traumer.load(SQUARE, 1, "fp32")) as square, closing(traumer.load(WIDE, 1, "fp32")) as wide:
        learned, painted = square.paint(0).pixels, wide.paint(0).pixels
        assert painted.shape == (256, 448, 4) and wide.shape_px == (448, 256)
        assert not wide.state()["sentence"]
        assert np.corrcoef(_small(learned).ravel(), _small(painted).ravel())[0, 1] > 0.5
        middle = painted[:, 96:352, :3].astype(np.float32)
        assert 0.5 < middle.std() / learned[..., :3].astype(np.float32).std() < 2.0
        left, right = painted[:, :224, :3].astype(np.float32), painted[:, 224:, :3].astype(np.float32)
        for other in (right, right[:, ::-1]):
            assert np.corrcoef(left.ravel(), other.ravel())[0, 1] < 0.8
        wide.lighten(True)
        assert wide.paint(0).pixels.shape == (128, 224, 4)
        assert np.corrcoef(_small(wide.paint(0).pixels).ravel(), _small(painted).ravel())[0, 1] > 0.9


@needs_generator
def test_a_generator_for_squares_only_says_so_and_paints_them(tmp_path: Path) -> None:
    model = find_model("generator-paintings")
    shutil.copytree(model.folder, tmp_path / "old")

    def fix(spec: TensorSpec) -> TensorSpec:
        return replace(spec, shape=fixed_shape(spec.shape, 1))

    graphs = tuple(
        replace(graph, inputs=tuple(map(fix, graph.inputs)), outputs=tuple(map(fix, graph.outputs)))
        for graph in model.card.graphs
    )
    (tmp_path / "old" / "card.json").write_text(dump_card(replace(model.card, graphs=graphs)), "utf-8")
    with closing(traumer.load(WIDE | {"traumer.generator": str(tmp_path / "old")}, 1)) as mode:
        assert mode.paint(0).pixels.shape == (256, 256, 4)
        assert "published for squares only" in mode.state()["sentence"]


@needs_generator
def test_fewer_pixels_are_the_same_picture() -> None:
    with closing(traumer.load(SQUARE, 1, "fp32")) as mode:
        whole = mode.paint(0).pixels.astype(np.float32)
        mode.lighten(True)
        small = mode.paint(0).pixels.astype(np.float32)
        assert small.shape == (128, 128, 4) and mode.state()["size_px"] == 128
        halved = whole.reshape(128, 2, 128, 2, 4).mean(axis=(1, 3))
        assert np.abs(halved - small).mean() < 8.0 < np.abs(halved[::-1] - small).mean()
        mode.lighten(False)
        np.testing.assert_array_equal(mode.paint(0).pixels, whole.astype(np.uint8))
