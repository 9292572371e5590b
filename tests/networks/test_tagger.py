"""The tagger's network: its size, what its embedding is, and that folding BatchNorm changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from visualizer.networks.tagger import N_TAGS, TAGS, ShortChunkCNN

SMALL = (8, 8, 8, 8, 8, 8, 16)


def lively(channels: tuple[int, ...] = SMALL) -> ShortChunkCNN:
    """A network whose BatchNorms are far from neutral, in eval mode."""
    torch.manual_seed(0)
    network = ShortChunkCNN(channels)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.5)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias, 0, 0.5)
    return network.eval()


@pytest.fixture
def mel() -> torch.Tensor:
    return torch.rand(2, 1, 128, 231, generator=torch.Generator().manual_seed(1)) * 60 - 60


def test_paper_width_has_twelve_million_parameters() -> None:
    n = sum(p.numel() for p in ShortChunkCNN().parameters())
    assert n == 12_104_244


def test_fifty_different_tags() -> None:
    assert len(TAGS) == N_TAGS == len(set(TAGS)) == 50


def test_shapes_and_ranges(mel: torch.Tensor) -> None:
    embedding, tags = lively()(mel)
    assert embedding.shape == (2, SMALL[-1])
    assert tags.shape == (2, 50)
    assert (embedding >= 0).all()
    assert ((tags > 0) & (tags < 1)).all()


def test_seven_halvings_leave_one_mel_band_and_two_columns(mel: torch.Tensor) -> None:
    network = lively()
    assert network.blocks(network.norm(mel)).shape[2:] == (1, 2)


def test_embedding_is_what_enters_the_first_dense_layer(mel: torch.Tensor) -> None:
    network = lively()
    entered: list[torch.Tensor] = []
    network.dense1.register_forward_pre_hook(lambda _, inputs: entered.append(inputs[0]))
    embedding, _ = network(mel)
    assert torch.equal(entered[0], embedding)
    last = network.blocks(network.norm(mel)).squeeze(2)
    assert torch.equal(embedding, last.max(dim=2).values)


def test_folded_equals_unfolded(mel: torch.Tensor) -> None:
    network = lively()
    folded = network.fold_batchnorm()
    norms = [m for m in folded.modules() if isinstance(m, nn.BatchNorm2d | nn.BatchNorm1d)]
    assert len(norms) == 1, "all but the one on the mel are folded"
    for a, b in zip(network(mel), folded(mel), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_folding_leaves_the_original_as_it_was(mel: torch.Tensor) -> None:
    network = lively()
    before = network(mel)[1]
    network.fold_batchnorm()
    assert torch.equal(network(mel)[1], before)


def test_folded_weights_load_into_a_folded_network(mel: torch.Tensor) -> None:
    folded = lively().fold_batchnorm()
    fresh = ShortChunkCNN(SMALL, folded=True).eval()
    fresh.load_state_dict(folded.state_dict())
    assert torch.equal(fresh(mel)[0], folded(mel)[0])
