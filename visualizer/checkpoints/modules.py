"""The torch modules behind the models: built again from a card, and the graphs each kind is published as."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from visualizer.checkpoints.cards import (
    CATCH_UP,
    COLUMNS,
    ENDS,
    HIGH,
    LOW,
    MODEL,
    STAGES,
    TICK,
    WEIGHTS,
    WIDE,
    Card,
    load_card,
)
from visualizer.checkpoints.export import Graph, Parity, publish
from visualizer.checkpoints.style_models import build_style, style_view
from visualizer.checkpoints.weights import load, load_state
from visualizer.networks.mvnet import MVNet
from visualizer.networks.mvnet import example_inputs as mvnet_example
from visualizer.networks.mvnet_stages import Ends, Stage
from visualizer.networks.stylegan2 import MIN_SIZE_PX, Generator, GeneratorShape
from visualizer.networks.stylegan2_inference import LOW_PX, HighForm, InferenceForm, LowForm
from visualizer.networks.tagger import N_COLUMNS, N_MELS, ResidualBlock, ShortChunkCNN
from visualizer.networks.tagger_sliding import CatchUp, Sliding, Tick
from visualizer.networks.transfer import Transfer
from visualizer.types import UserError

EXITS_PX = (128, 64)
"""Early exits that a generator is published with, where they are smaller than its full size."""

MVNET_GENERATOR = "generator.onnx"
"""The second graph of an MVNet; its first, the encoder, is model.onnx."""


def build(card: Card, folder: Path) -> nn.Module:
    """The module of a card with its stored weights, in evaluation mode, on the CPU.

    Raises UserError where the weights do not fit the architecture, or no module of this kind is known.
    """
    if card.kind not in _BUILDERS:
        raise UserError(f"No torch module is known for {card.id}, a model of the kind {card.kind}.")
    stored = load_state(folder / WEIGHTS)
    try:
        module = _BUILDERS[card.kind](card.architecture)
        state = {name: torch.from_numpy(np.array(stored[name])) for name in module.state_dict()}
        module.load_state_dict(state)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise UserError(
            f"The weights of {card.id} do not fit the architecture on its card: publish it again."
        ) from error
    return module.eval()


def view(module: nn.Module, kind: str, file: str) -> nn.Module:
    """What one ONNX file of a model computes, sharing the parameters of `module`."""
    if kind == "generator" and isinstance(module, Generator):
        if file in (LOW, HIGH):
            return (LowForm if file == LOW else HighForm)(module).eval()
        exit_px = None if file == MODEL else int(file.removesuffix(".onnx").rpartition("-")[2])
        return InferenceForm(module, exit_px).eval()
    if kind == "tagger" and isinstance(module, ShortChunkCNN) and file != MODEL:
        return (Tick if file == TICK else CatchUp)(module).eval()
    if kind == "mvnet" and isinstance(module, MVNet):
        if file in STAGES:
            return Stage(module.encoder, STAGES.index(file) + 1).eval()
        if file in ENDS:
            return Ends(module.encoder, ENDS.index(file) + 1).eval()
        return module.encoder if file == MODEL else module.generator
    return style_view(module, file) if kind == "style_transfer" else module


def tagger_graphs(tagger: ShortChunkCNN) -> list[Graph]:
    """mel (batch, 1, 128, 231) log-mel dB → embedding (batch, 512), tags (batch, 50)."""
    random = torch.Generator().manual_seed(0)
    mel = torch.randn(1, 1, N_MELS, N_COLUMNS, generator=random) * 15 - 30
    return [Graph(tagger, {"mel": mel}, ("embedding", "tags"), free_batch=True)]


def sliding_graphs(tagger: ShortChunkCNN) -> list[Graph]:
    """For windows that slide: a tick, and several that nobody asks for. What each takes is in its names."""
    made: tuple[tuple[str, Sliding], ...] = ((TICK, Tick(tagger)), (CATCH_UP, CatchUp(tagger)))
    return [Graph(form, form.example_inputs(), form.outputs, file) for file, form in made]


def generator_graphs(generator: Generator, exits_px: Sequence[int] = EXITS_PX) -> list[Graph]:
    """The full size, early exits as model-<px>.onnx, and the full size in two parts; all of free width."""
    graphs = []
    full_px = generator.shape.size_px
    for px in (full_px, *(px for px in exits_px if px < full_px)):
        form = InferenceForm(generator, px)
        graphs.append(_generator_graph(form, ("image",), MODEL if px == full_px else f"model-{px}.onnx"))
    if full_px > LOW_PX:
        low, high = LowForm(generator), HighForm(generator)
        graphs.append(_generator_graph(low, low.outputs, LOW))
        graphs.append(_generator_graph(high, high.outputs, HIGH))
    return graphs


def _generator_graph(form: InferenceForm | LowForm | HighForm, outputs: tuple[str, ...], file: str) -> Graph:
    """All maps are as many times wider than COLUMNS says as they are higher than 4 px."""
    example = form.example_inputs(n_columns=WIDE[COLUMNS])
    with torch.no_grad():
        made = form(*example.values())
    results = dict(zip(outputs, [made] if isinstance(made, torch.Tensor) else made, strict=True))
    shapes = {
        name: (*map.shape[:3], f"{map.shape[2] // MIN_SIZE_PX}*{COLUMNS}")
        for name, map in {**example, **results}.items()
        if map.ndim == 4
    }
    return Graph(form, example, outputs, file, shapes=shapes)


def mvnet_graphs(mvnet: MVNet) -> list[Graph]:
    """mel (batch, 3, 128, 256) → v; v and z → image (batch, 3, 64, 64); the encoder again in stages.

    Of a folded MVNet.
    """
    mel, v, z = mvnet_example()
    parts: list[tuple[str, Stage]] = [
        *((file, Stage(mvnet.encoder, i)) for i, file in enumerate(STAGES, 1)),
        *((file, Ends(mvnet.encoder, i)) for i, file in enumerate(ENDS, 1)),
    ]
    return [
        Graph(mvnet.encoder, {"mel": mel}, ("v",), free_batch=True),
        Graph(mvnet.generator, {"v": v, "z": z}, ("image",), MVNET_GENERATOR, free_batch=True),
        *(Graph(part, part.example_inputs(), part.outputs, file) for file, part in parts),
    ]


def publish_again(folder: Path) -> dict[str, dict[str, Parity]]:
    """Write a model's graphs anew from its stored weights, which stay as they are; parity as `publish`.

    UserError where the model is damaged, or of a kind that only its own script publishes.
    """
    card = load_card(folder)
    module = build(card, folder)
    if isinstance(module, ShortChunkCNN):
        graphs = tagger_graphs(module) + sliding_graphs(module)
    elif isinstance(module, Generator):
        graphs = generator_graphs(module)
    elif isinstance(module, MVNet):
        graphs = mvnet_graphs(module)
    else:
        raise UserError(f"The graphs of {card.id}, a {card.kind}, are written by: {card.command}.")
    return publish(module, graphs, card, folder, stored=load(folder / WEIGHTS))


def tagger_architecture(tagger: ShortChunkCNN) -> dict[str, Any]:
    """What a card says of a tagger, as `build` reads it."""
    blocks = [block for block in tagger.blocks if isinstance(block, ResidualBlock)]
    folded = any(isinstance(block.norm1, nn.Identity) for block in blocks)
    return {"channels": [block.conv1.out_channels for block in blocks], "folded": folded}


def generator_architecture(shape: GeneratorShape) -> dict[str, Any]:
    """What a card says of a generator, as `build` reads it."""
    return {
        "size_px": shape.size_px,
        "channels": list(shape.channels),
        "n_w": shape.n_w,
        "n_mapping": shape.n_mapping,
        "n_layers": shape.n_layers,
        "exits_px": list(shape.exits_px),
    }


def _build_tagger(architecture: Mapping[str, Any]) -> nn.Module:
    tagger = ShortChunkCNN(tuple(int(n) for n in architecture["channels"])).eval()
    return tagger.fold_batchnorm() if architecture.get("folded") else tagger


def _build_generator(architecture: Mapping[str, Any]) -> nn.Module:
    channels = tuple(int(n) for n in architecture["channels"])
    n_w, n_mapping = int(architecture["n_w"]), int(architecture["n_mapping"])
    exits_px = tuple(int(px) for px in architecture.get("exits_px", ()))
    return Generator(GeneratorShape(int(architecture["size_px"]), channels, n_w, n_mapping, exits_px))


def _build_transfer(architecture: Mapping[str, Any]) -> nn.Module:
    n_style = int(architecture["n_style"])
    return Transfer(torch.zeros(n_style), torch.zeros(n_style), int(architecture["n_embedding"]))


def _build_mvnet(architecture: Mapping[str, Any]) -> nn.Module:
    return MVNet(float(architecture["power"]), int(architecture.get("n_readings", 1))).fold()


_BUILDERS: dict[str, Callable[[Mapping[str, Any]], nn.Module]] = {
    "tagger": _build_tagger,
    "transfer": _build_transfer,
    "generator": _build_generator,
    "mvnet": _build_mvnet,
    "style_transfer": build_style,
}
KINDS = tuple(_BUILDERS)
"""The kinds of model whose torch module is known."""
