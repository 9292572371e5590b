"""How far the padding of a window reaches, as `REACHES` tells it; folding BatchNorm changes nothing."""

from __future__ import annotations

import pytest
import torch

from tests.networks.test_tagger import lively
from visualizer.networks.tagger import N_COLUMNS
from visualizer.networks.tagger_sliding import REACHES, CatchUp, Tick

N_MORE = 64
"""Columns that a longer window has on either side; every block's columns stand alike in both."""


def test_padding_reaches_as_far_as_told_and_no_further() -> None:
    network = lively().fold_batchnorm()
    longer = (
        torch.rand(1, 1, 128, N_COLUMNS + 2 * N_MORE, generator=torch.Generator().manual_seed(2)) * 60 - 60
    )
    part, whole = (network.norm(x) for x in (longer[..., N_MORE:-N_MORE], longer))
    for reach, block in zip(REACHES, network.blocks, strict=False):
        part, whole = block(part), block(whole)
        assert part.shape[-1] == reach.n_out
        first = N_MORE >> reach.index
        difference = (part - whole[..., first : first + reach.n_out]).abs().amax((0, 1, 2))
        is_touched = difference > 1e-5 * part.abs().max()
        assert is_touched.nonzero().flatten().tolist() == [
            *range(reach.inner_left + 1),
            *range(reach.newest + 1, reach.n_out),
        ]


@pytest.mark.parametrize("form", [Tick, CatchUp])
def test_batchnorms_that_are_not_folded_give_the_same(form: type[Tick] | type[CatchUp]) -> None:
    network = lively()
    plain, folded = form(network).eval(), form(network.fold_batchnorm()).eval()
    given = plain.example_inputs()
    assert list(given) == list(folded.inputs)
    with torch.no_grad():
        for a, b in zip(plain(*given.values()), folded(*given.values()), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-3)
