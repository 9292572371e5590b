"""Tiny style-transfer models of random weights, published once into a folder of models for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

EPSILON = 1e-2
SHARE = 0.4
"""Of patches in what Avatar-Net mixes."""


def make_shape():  # type: ignore[no-untyped-def]
    """Narrow, but with the levels and layers of what ships."""
    from visualizer.networks.style_transfer import StyleShape

    return StyleShape((8, 12, 16), (6, 8, 10, 12), (6, 8, 10), (8, 8, 8, 6), 6)


def make_parts():  # type: ignore[no-untyped-def]
    """The modules by network, all from one seed; WCT's first layer is the encoder's."""
    import torch

    from visualizer.checkpoints import style_models

    torch.manual_seed(5)
    shape = make_shape()
    parts = {
        name: style_models.build_style(style_models.style_architecture(name, shape, EPSILON)).eval()
        for name in style_models.PARTS
    }
    for parameter in (p for part in parts.values() for p in part.parameters()):
        parameter.requires_grad_(False)
        if not parameter.any():  # zeros that a training would move
            parameter.normal_(0, 0.05)
    for layer in parts["encoder"].modules():  # as a trained one: features of about 1
        if isinstance(layer, torch.nn.Conv2d):
            layer.bias.uniform_(0.1, 0.5)
    for name in ("linear", "adain", "wct", "avatar"):
        for layer in parts[name].modules():
            if isinstance(layer, torch.nn.Conv2d) and layer.out_channels == 3:
                layer.weight.mul_(4)
    parts["encoder"].level1.conv.weight.mul_(0.2)
    parts["wct"].first.load_state_dict(parts["encoder"].level1.state_dict())
    return parts


def need(root: Path, *names: str) -> Path:
    """Publishes those of encoder, linear, adain, wct, avatar to `root` that are not there yet."""
    from tests.tiny_models import make_card
    from visualizer.checkpoints import style_models
    from visualizer.checkpoints.export import publish

    shape, missing = make_shape(), [name for name in names if not (root / f"style-{name}").exists()]
    parts = make_parts() if missing else {}
    for name in missing:
        card = make_card(
            f"style-{name}", "style_transfer", style_models.style_architecture(name, shape, EPSILON, SHARE)
        )
        graphs = style_models.style_graphs(parts[name], shape)
        publish(parts[name], graphs, card, root / card.id, precision="fp32")
    return root


@pytest.fixture(scope="session")
def tiny_styles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for `need`, which takes seconds a model; tests copy what they harm."""
    pytest.importorskip("torch", reason="publishing a model needs the extra `train`")
    root = tmp_path_factory.getbasetemp() / "tiny-styles"
    root.mkdir(exist_ok=True)  # several folders of tests import this fixture
    return root
