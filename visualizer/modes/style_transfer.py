"""Live style transfer: a picture, a style image and a strength give a picture, by one of four networks.

A picture costs one encoder for the content (once while it stays), one small encoder for each style image and
one decoder. The transforms of AdaIN, WCT and the linear network are affine in the features, so they are made
one with the decoder's first layer, a matrix; strength leans that matrix from "leave as it is" (0: the content
as decoded) to the whole transform (1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from visualizer.modes.style_transfer_affine import AdaIN, Linear
from visualizer.modes.style_transfer_avatar import Avatar
from visualizer.modes.style_transfer_parts import Graphs, Parts, find_part
from visualizer.modes.style_transfer_wct import WCT
from visualizer.runtime import Precision
from visualizer.types import Float32, UInt8, UserError

NETWORKS = ("linear", "adain", "wct", "avatar")
ENCODER = "style-encoder"


class StyleTransfer(Protocol):
    """One network, loaded. Belongs to one thread."""

    name: str

    def read_content(self, pixels: UInt8) -> Any:
        """(H, W, 3) uint8 RGB, H and W multiples of 16 → everything of the content, computed once."""

    def read_style(self, image: Float32) -> Any:
        """(H, W, 3) float32 RGB in [0, 1], H and W multiples of 16, 64 as MVNet paints → its statistics."""

    def paint(self, content: Any, style: Any, strength: float) -> Float32:
        """(H, W, 3) float32 in [0, 1]; strength 0 is the content as decoded, 1 the full style."""

    def describe(self) -> str:
        """Network and runtime, for the HUD."""

    def reasons(self) -> list[str]:
        """Why this runtime, where there was a choice or a fallback."""

    def close(self) -> None:
        """Gives the networks back."""


def load(network: str, threads: int, precision: Precision = "auto") -> StyleTransfer:
    """One of NETWORKS from the installed models; UserError where a model is missing or damaged."""
    if network not in _MADE:
        raise UserError(f"There is no style-transfer network {network!r}: choose {', '.join(NETWORKS)}.")
    encoder, model = find_part(ENCODER), find_part(f"style-{network}")
    parts = Parts(Graphs(encoder, threads, precision), Graphs(model, threads, precision))
    return _MADE[network](network, parts)


_MADE: dict[str, Callable[[str, Parts], StyleTransfer]] = {
    "linear": Linear,
    "adain": AdaIN,
    "wct": WCT,
    "avatar": Avatar,
}
