"""The transfer map is TräumerAI's equation 1."""

from __future__ import annotations

import torch

from visualizer.networks.transfer import Transfer


def make() -> Transfer:
    torch.manual_seed(0)
    return Transfer(torch.randn(512), torch.rand(512) + 0.1)


def test_equation() -> None:
    transfer, z = make(), torch.randn(3, 512) * 2
    inner = z @ transfer.dense.weight.T + transfer.dense.bias
    wanted = 2 * transfer.style_deviation * torch.tanh(inner) + transfer.style_mean
    torch.testing.assert_close(transfer(z), wanted)


def test_size_of_the_paper() -> None:
    assert sum(p.numel() for p in make().parameters()) == 512 * 512 + 512


def test_never_further_than_two_deviations_from_the_mean() -> None:
    transfer = make()
    away = (transfer(torch.randn(50, 512) * 1000) - transfer.style_mean).abs() / transfer.style_deviation
    assert away.max() <= 2.0001
    assert away.max() > 1.99
