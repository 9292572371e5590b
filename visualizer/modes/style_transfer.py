"""Live style transfer: a picture, a style image and a strength give a picture, by one of four networks.

A picture costs one encoder for the content (once while it stays), one small encoder for each style image and
one decoder. The transforms of AdaIN, WCT and the linear network are affine in the features, so they are made
one with the decoder's first layer, a matrix; strength leans that matrix from "leave as it is" (0: the content
as decoded) to the whole transform (1).
"""

from __future__ import annotations

from collections.abc import Callable

from visualizer.modes.style_transfer_affine import AdaIN, Linear
from visualizer.modes.style_transfer_avatar import Avatar
from visualizer.modes.style_transfer_parts import Graphs, Parts, StyleTransfer, find_part
from visualizer.modes.style_transfer_wct import WCT
from visualizer.runtime import Precision
from visualizer.types import UserError

ENCODER = "style-encoder"
_MADE: dict[str, Callable[[str, Parts], StyleTransfer]] = {
    "linear": Linear,
    "adain": AdaIN,
    "wct": WCT,
    "avatar": Avatar,
}
NETWORKS = tuple(_MADE)


def load(network: str, threads: int, precision: Precision = "auto") -> StyleTransfer:
    """One of NETWORKS from the installed models; UserError where a model is missing or damaged."""
    if network not in _MADE:
        raise UserError(f"There is no style-transfer network {network!r}: choose {', '.join(NETWORKS)}.")
    encoder, model = find_part(ENCODER), find_part(f"style-{network}")
    parts = Parts(Graphs(encoder, threads, precision), Graphs(model, threads, precision))
    return _MADE[network](network, parts)
