"""Live style transfer: as the torch reference says, calm for what is flat or broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_styles import EPSILON, SHARE, make_parts, need, tiny_styles  # noqa: F401
from visualizer.checkpoints import cards
from visualizer.modes import style_transfer
from visualizer.modes.style_transfer import NETWORKS
from visualizer.modes.style_transfer_maths import soften
from visualizer.types import UserError

TOLERANCE = 2e-3
"""Of pixels in [0, 1]. Both sides compute in float32; eigenvectors of equal eigenvalues may differ."""

random = np.random.default_rng(3)
SMOOTH = np.add.outer(np.linspace(0, 1, 48), np.linspace(0, 1, 64))[..., np.newaxis]
PIXELS = ((0.5 + 0.5 * np.sin(SMOOTH * [5, 7, 9] + random.normal(0, 0.1, (48, 64, 3)))) * 255).astype(
    np.uint8
)
STYLE = random.random((32, 32, 3)).astype(np.float32) ** [1, 2, 3]
STYLE = STYLE.astype(np.float32)
FLAT = np.full((48, 64, 3), 90, np.uint8)


@pytest.fixture
def installed(tiny_styles: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    monkeypatch.setattr(cards, "models_dirs", lambda: [tiny_styles])
    return tiny_styles


def load(network: str):  # type: ignore[no-untyped-def]
    need(cards.models_dirs()[0], "encoder", network)
    return style_transfer.load(network, 1, "fp32")


def reference(network: str, strength: float) -> np.ndarray:
    import torch

    from visualizer.networks import style_painting as painting

    parts = make_parts()
    encoder = parts["encoder"]
    painters = {
        "adain": lambda: painting.adain_painter(encoder, parts["adain"]),
        "linear": lambda: painting.linear_painter(encoder, parts["linear"]),
        "wct": lambda: painting.wct_painter(encoder, list(parts["wct"].levels), EPSILON),
        "avatar": lambda: painting.avatar_painter(encoder, parts["avatar"], EPSILON, SHARE),
    }
    content = torch.from_numpy(PIXELS).permute(2, 0, 1)[None].float() / 255
    style = torch.from_numpy(STYLE).permute(2, 0, 1)[None]
    painted = painters[network]()(content, style, strength)
    return painted[0].clamp(0, 1).permute(1, 2, 0).numpy()


@pytest.mark.parametrize("strength", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("network", NETWORKS)
def test_numpy_paints_what_torch_paints(installed: Path, network: str, strength: float) -> None:
    live = load(network)
    painted = live.paint(live.read_content(PIXELS), live.read_style(STYLE), strength)
    assert painted.shape == PIXELS.shape
    assert painted.dtype == np.float32
    assert np.abs(painted - reference(network, strength)).max() < TOLERANCE


@pytest.mark.parametrize("network", NETWORKS)
def test_strength_leads_from_the_content_as_decoded_to_the_style(installed: Path, network: str) -> None:
    live = load(network)
    content, style = live.read_content(PIXELS), live.read_style(STYLE)
    another = live.read_style(1 - STYLE)
    plain = live.paint(content, style, 0.0)
    assert np.abs(plain - live.paint(content, another, 0.0)).max() < 1e-5
    distances = [np.abs(live.paint(content, style, s) - plain).mean() for s in (0.0, 0.3, 1.0)]
    assert distances[0] < 1e-6 < distances[1] < distances[2]


@pytest.mark.parametrize("network", NETWORKS)
def test_the_same_again_is_the_same(installed: Path, network: str) -> None:
    first, second = load(network), load(network)
    content, style = first.read_content(PIXELS), first.read_style(STYLE)
    painted = first.paint(content, style, 0.8)
    first.paint(content, first.read_style(1 - STYLE), 1.0)
    out = np.zeros_like(painted)
    assert first.paint(content, style, 0.8, out) is out and np.array_equal(painted, out)
    assert np.array_equal(painted, second.paint(second.read_content(PIXELS), second.read_style(STYLE), 0.8))


@pytest.mark.parametrize("network", NETWORKS)
def test_another_size_of_content_in_between(installed: Path, network: str) -> None:
    live = load(network)
    wide, style = live.read_content(PIXELS), live.read_style(STYLE)
    before = live.paint(wide, style, 1.0)
    for n in (16, 32, 48, 80):
        content = live.read_content(np.ascontiguousarray(np.resize(PIXELS, (n, 48, 3))))
        assert live.paint(content, style, 1.0).shape == (n, 48, 3)
    assert np.array_equal(before, live.paint(wide, style, 1.0))


@pytest.mark.parametrize("network", NETWORKS)
def test_flat_and_broken_pictures_stay_finite(installed: Path, network: str) -> None:
    live = load(network)
    broken = np.full((64, 64, 3), np.nan, np.float32)
    broken[:8] = np.inf
    for pixels in (FLAT, PIXELS, np.zeros_like(FLAT)):
        for image in (
            np.full((64, 64, 3), 0.5, np.float32),
            np.zeros((64, 64, 3), np.float32),
            broken,
            STYLE,
        ):
            painted = live.paint(live.read_content(pixels), live.read_style(image), 1.0)
            assert np.isfinite(painted).all()
            assert painted.min() >= 0 and painted.max() <= 1


def test_a_strength_out_of_range_is_clamped(installed: Path) -> None:
    live = load("linear")
    content, style = live.read_content(PIXELS), live.read_style(STYLE)
    assert np.array_equal(live.paint(content, style, 7.0), live.paint(content, style, 1.0))
    assert np.array_equal(live.paint(content, style, float("nan")), live.paint(content, style, 0.0))


def test_what_is_broken_is_a_sentence(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="choose linear, adain, wct, avatar"):
        style_transfer.load("gatys", 1)
    with pytest.raises(UserError, match="multiples of 16"):
        load("adain").read_content(np.zeros((40, 64, 3), np.uint8))
    shutil.copytree(installed / "style-adain", tmp_path / "style-adain")
    monkeypatch.setattr(cards, "models_dirs", lambda: [tmp_path])
    with pytest.raises(UserError, match="no model 'style-encoder'"):
        style_transfer.load("adain", 1)
    shutil.copytree(installed / "style-encoder", tmp_path / "style-encoder")
    path = tmp_path / "style-adain" / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="damaged"):
        style_transfer.load("adain", 1)


@pytest.mark.parametrize("part", ["encoder", *NETWORKS])
def test_every_model_passes_the_check(installed: Path, part: str) -> None:
    from visualizer.checkpoints.check import check

    report = check(need(installed, part) / f"style-{part}")
    assert report.problems == []
    assert any("of torch" in note for note in report.notes)


def test_softening_takes_the_checkerboard_and_leaves_what_is_broad() -> None:
    board = np.indices((32, 32)).sum(axis=0)[..., np.newaxis] % 2 * 0.4
    slope = np.linspace(0.2, 0.5, 32, dtype=np.float32)[:, np.newaxis].repeat(3, axis=1)
    soft = soften((board + slope).astype(np.float32))
    assert soft.shape == (32, 32, 3)
    assert np.allclose(soft[4:-4, 4:-4], np.broadcast_to(slope + 0.2, (32, 32, 3))[4:-4, 4:-4], atol=1e-5)


def test_the_runtime_is_told(installed: Path) -> None:
    live = load("linear")
    live.paint(live.read_content(PIXELS), live.read_style(STYLE), 1.0)
    assert live.describe().startswith("linear, ")
    assert all(isinstance(reason, str) for reason in live.reasons())
    live.close()
