"""A tiny tagger and a tiny generator of random weights, published once for all tests of models."""

from __future__ import annotations

from pathlib import Path

import pytest


def make_card(id: str, kind: str, architecture: dict[str, object]):  # type: ignore[no-untyped-def]
    """A card with something in every field that a trainer fills."""
    from visualizer.checkpoints.cards import Card

    return Card(
        id=id,
        kind=kind,
        title="Tiny",
        summary="Random weights for tests.",
        paper="none",
        data="none",
        rights="MIT",
        command="none",
        commit="none",
        architecture=architecture,
        figures={"loss": 0.5},
    )


def make_tagger():  # type: ignore[no-untyped-def]
    """A narrow tagger whose batch norms have seen something."""
    import torch

    from visualizer.networks.tagger import ShortChunkCNN

    torch.manual_seed(3)
    tagger = ShortChunkCNN((8, 32, 32, 32, 32, 32, 32)).eval()
    for layer in tagger.modules():
        if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    return tagger


def make_generator():  # type: ignore[no-untyped-def]
    """16 px, 32 channels, w of 24."""
    import torch

    from visualizer.networks.stylegan2 import Generator, GeneratorShape

    torch.manual_seed(4)
    generator = Generator(GeneratorShape(16, (32, 32, 32), n_w=24)).eval()
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.2)
    return generator


@pytest.fixture(scope="session")
def tiny_tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tagger in int8; tests copy it before they harm it."""
    pytest.importorskip("torch", reason="publishing a model needs the extra `train`")
    from visualizer.checkpoints import modules
    from visualizer.checkpoints.export import publish

    tagger = make_tagger()
    card = make_card("tiny-tagger", "tagger", modules.tagger_architecture(tagger))
    folder = tmp_path_factory.getbasetemp() / "tiny-tagger"
    if not folder.exists():  # two folders of tests import this fixture
        publish(tagger, modules.tagger_graphs(tagger), card, folder, precision="int8")
    return folder


@pytest.fixture(scope="session")
def tiny_generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a 16 px generator in fp16 with an early exit at 8 px; tests copy it before they harm it."""
    pytest.importorskip("torch", reason="publishing a model needs the extra `train`")
    from visualizer.checkpoints import modules
    from visualizer.checkpoints.export import publish

    generator = make_generator()
    card = make_card("tiny-generator", "generator", modules.generator_architecture(generator.shape))
    folder = tmp_path_factory.getbasetemp() / "tiny-generator"
    if not folder.exists():  # two folders of tests import this fixture
        publish(generator, modules.generator_graphs(generator, (8,)), card, folder)
    return folder
