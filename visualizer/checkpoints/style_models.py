"""The torch modules of style transfer as models: one encoder, four networks with decoders of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from visualizer.checkpoints.cards import MODEL, STYLE_LEVELS
from visualizer.checkpoints.export import Graph
from visualizer.networks.style_transfer import (
    AvatarDecoder,
    CodesView,
    Conv,
    Decoder,
    Encoder,
    EncoderView,
    FirstLevel,
    LinearTransfer,
    StyleShape,
)
from visualizer.networks.style_transforms import VARIANCE_FLOOR

CONTENT, STYLE = "content.onnx", "style.onnx"
EXAMPLE = (12, 16)
"""Height and width, at a quarter of the picture's, that graphs are traced and compared with."""


class WCTDecoders(nn.Module):
    """The decoders of the three levels, as multi-level WCT runs through them from the third to the first.

    `first` is a copy of the encoder's first layer: that level is encoded and decoded in one graph.
    """

    def __init__(self, shape: StyleShape) -> None:
        super().__init__()
        self.first = Conv(3, shape.features[0])
        self.levels = nn.ModuleList(Decoder(shape, level) for level in (1, 2, 3))


_MODULES: dict[str, Callable[[StyleShape], nn.Module]] = {
    "encoder": Encoder,
    "linear": LinearTransfer,
    "adain": lambda shape: Decoder(shape, 3),
    "wct": WCTDecoders,
    "avatar": AvatarDecoder,
}
PARTS = tuple(_MODULES)
"""What a card's architecture names under "network"."""


def build_style(architecture: Mapping[str, Any]) -> nn.Module:
    """The module of a card, its weights still random; raises KeyError or TypeError for another card's."""
    return _MODULES[architecture["network"]](StyleShape.from_json(architecture["shape"]))


def style_architecture(
    network: str, shape: StyleShape, epsilon: float = 0.0, share: float = 1.0
) -> dict[str, Any]:
    """What a card says; the live path reads `epsilon` (of the covariances) and Avatar-Net's `share`."""
    about = {"network": network, "shape": shape.to_json(), "epsilon": epsilon}
    return {**about, "variance_floor": VARIANCE_FLOOR, **({"share": share} if network == "avatar" else {})}


def style_view(module: nn.Module, file: str) -> nn.Module:
    """What one ONNX file of a style-transfer model computes."""
    level = next((level for level, name in STYLE_LEVELS.items() if name == file), 0)
    if isinstance(module, Encoder):
        return EncoderView(module, level).eval()
    if isinstance(module, WCTDecoders):
        decoder = module.levels[level - 1]
        assert isinstance(decoder, Decoder)
        return FirstLevel(module.first, decoder).eval() if level == 1 else decoder
    if isinstance(module, LinearTransfer):
        return module.decoder if file == MODEL else CodesView(module, file == CONTENT).eval()
    return module


def style_graphs(module: nn.Module, shape: StyleShape) -> list[Graph]:
    """Every graph of a model, each with a free height and width, counted at a quarter of the picture's."""
    if isinstance(module, Encoder):
        return [_encoder_graph(module, shape, level) for level in (3, 2)]
    if isinstance(module, WCTDecoders):
        coarse = [_decoder_graph(style_view(module, STYLE_LEVELS[level]), shape, level) for level in (3, 2)]
        return [*coarse, _first_graph(style_view(module, STYLE_LEVELS[1]), shape)]
    if isinstance(module, LinearTransfer):
        codes = [_codes_graph(module, shape, file) for file in (CONTENT, STYLE)]
        return [_decoder_graph(module.decoder, shape, 3), *codes]
    if isinstance(module, AvatarDecoder):
        return [_avatar_graph(module, shape)]
    return [_decoder_graph(module, shape, 3)]


def _axes(n_channels: int, level: int) -> tuple[int | str, ...]:
    factor = {3: "", 2: "2*", 1: "4*"}[level]
    return (1, n_channels, f"{factor}height", f"{factor}width")


def _random(n_channels: int, level: int) -> Tensor:
    generator = torch.Generator().manual_seed(level)
    factor = {3: 1, 2: 2, 1: 4}[level]
    return torch.rand(1, n_channels, factor * EXAMPLE[0], factor * EXAMPLE[1], generator=generator)


def _encoder_graph(encoder: Encoder, shape: StyleShape, level: int) -> Graph:
    """image (1, 3, H, W) in [0, 1] → features (1, C, ·, ·) of one level."""
    shapes = {"image": _axes(3, 1), "features": _axes(shape.features[level - 1], level)}
    view = EncoderView(encoder, level)
    return Graph(view, {"image": _random(3, 1)}, ("features",), STYLE_LEVELS[level], shapes=shapes)


def _decoder_graph(decoder: nn.Module, shape: StyleShape, level: int) -> Graph:
    """features, matrix (1, n_mix, C) and offset (1, n_mix) instead of the mix layer → image (1, 3, H, W)."""
    assert isinstance(decoder, Decoder)
    n_features = shape.features[level - 1]
    assert decoder.mix.bias is not None
    example = {
        "features": _random(n_features, level),
        "matrix": decoder.mix.weight.detach().flatten(1)[None].clone(),
        "offset": decoder.mix.bias.detach()[None].clone(),
    }
    shapes = {"features": _axes(n_features, level), "image": _axes(3, 1)}
    return Graph(decoder, example, ("image",), STYLE_LEVELS[level], shapes=shapes)


def _first_graph(view: nn.Module, shape: StyleShape) -> Graph:
    """image (1, 3, H, W), matrix (1, n_mix, 64) and offset (1, n_mix) → image (1, 3, H, W)."""
    assert isinstance(view, FirstLevel)
    assert view.decoder.mix.bias is not None
    example = {
        "image": _random(3, 1),
        "matrix": view.decoder.mix.weight.detach().flatten(1)[None].clone(),
        "offset": view.decoder.mix.bias.detach()[None].clone(),
    }
    return Graph(
        view, example, ("painted",), STYLE_LEVELS[1], shapes={"image": _axes(3, 1), "painted": _axes(3, 1)}
    )


def _codes_graph(linear: LinearTransfer, shape: StyleShape, file: str) -> Graph:
    """features (1, C, h, w) → codes (1, n, h, w), whose covariance makes M."""
    shapes = {"features": _axes(shape.features[2], 3), "codes": _axes(shape.n_codes, 3)}
    view = CodesView(linear, file == CONTENT)
    return Graph(view, {"features": _random(shape.features[2], 3)}, ("codes",), file, shapes=shapes)


def _avatar_graph(avatar: AvatarDecoder, shape: StyleShape) -> Graph:
    """mixed (1, n_mix, h, w), then mean and deviation of level 2 and of level 1, → image (1, 3, H, W)."""
    example = {"mixed": _random(shape.mix[2], 3)}
    for level, n in ((2, shape.widths[1]), (1, shape.widths[3])):
        example |= {f"mean{level}": torch.rand(1, n), f"deviation{level}": torch.rand(1, n)}
    shapes = {"mixed": _axes(shape.mix[2], 3), "image": _axes(3, 1)}
    return Graph(avatar, example, ("image",), shapes=shapes)
