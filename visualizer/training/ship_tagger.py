"""Ships the tagger of a run: judges it on held-out music, stores it in int8, writes graph and card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from visualizer.checkpoints import weights
from visualizer.checkpoints.cards import Card
from visualizer.checkpoints.export import publish
from visualizer.checkpoints.modules import sliding_graphs, tagger_graphs
from visualizer.networks.tagger import TAGS, ShortChunkCNN
from visualizer.paths import MODELS
from visualizer.training import provenance
from visualizer.training.corpus import Corpus, shard_paths
from visualizer.training.house import load_state
from visualizer.training.judge import hear, judge, stability, windows, words

ID = "tagger-house"
N_SAMPLES_OF_WORDS = 10


def load_shipped(folder: Path = MODELS / ID) -> ShortChunkCNN:
    """The shipped tagger as a torch module, weights as every runtime computes with them."""
    return build_folded(weights.load_state(folder / "weights.safetensors"))


def build_folded(state: Mapping[str, NDArray[Any]]) -> ShortChunkCNN:
    """A folded network of the width that the state has."""
    channels = tuple(int(state[f"blocks.{i}.conv1.bias"].shape[0]) for i in range(7))
    network = ShortChunkCNN(channels, folded=True)
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in state.items()})
    return network.eval()


def quantised(folded: ShortChunkCNN) -> ShortChunkCNN:
    """The folded network with the int8 weights that ship."""
    state = {name: value.numpy() for name, value in folded.state_dict().items()}
    return build_folded(weights.unpack(weights.pack(state, "int8")))


def describe(network: ShortChunkCNN, held_out: Corpus) -> str:
    """What the network says of ten held-out clips of different kinds."""
    kinds: dict[str, int] = {}
    for clip in np.random.default_rng(3).permutation(len(held_out)):
        kinds.setdefault(held_out.kinds[clip], int(clip))
    chosen = [kinds[kind] for kind in sorted(kinds)][:: max(1, len(kinds) // N_SAMPLES_OF_WORDS)]
    said = []
    for clip in chosen[:N_SAMPLES_OF_WORDS]:
        _, tags = hear(network, windows(held_out, np.array([clip])))
        said.append(f"{held_out.kinds[clip]}: {', '.join(words(tags.mean(axis=0)))}")
    return "; ".join(said)


def ship(state_path: Path, music: Path, folder: Path) -> dict[str, float]:
    """Publish the averaged weights of a run and return their figures, as measured on what was stored.

    `music` holds the held-out shard, `folder` is the model's own. Raises UserError where either is missing.
    """
    state = load_state(state_path)
    held_out = Corpus(shard_paths(music, held_out=True))
    channels = tuple(int(state["average"][f"blocks.{i}.conv1.bias"].shape[0]) for i in range(7))
    network = ShortChunkCNN(channels)
    network.load_state_dict(state["average"])
    folded = network.eval().fold_batchnorm()
    stored = quantised(folded)
    theta = state["theta"].numpy()
    figures = judge(stored, held_out, theta)
    figures |= {f"cosine_{name}": value for name, value in stability(stored, held_out).items()}
    figures["auc_teachers_fp32"] = judge(folded, held_out, theta)["auc_teachers"]
    figures["n_windows_heard"] = float(state["n_windows"])
    graphs = tagger_graphs(folded) + sliding_graphs(folded)
    card = Card(
        id=ID,
        kind="tagger",
        title="House tagger",
        summary="Hears 3.69 s of music: 50 tags and a 512-d embedding, 31.25 times a second. Short-chunk CNN "
        "with residual connections, BatchNorm folded, convolutions in int8 per channel.",
        paper="Won et al. 2020 (short-chunk CNN); TräumerAI 2020 (embedding)",
        data="MIDI files (CC0, public domain, CC BY, CC BY-SA, BSD) rendered with two soundfonts and with a "
        "synthesizer of our own, open-licensed recordings, and mixes of them; targets by an ensemble of "
        "published FCN, CRNN and musicnn taggers (MIT) and by the true instruments.",
        rights="MIT, as the project",
        command="klangbild train tagger --minutes 75",
        commit=provenance.current_commit(),
        architecture={
            "channels": list(channels),
            "folded": True,
            "thresholds": [round(float(t), 4) for t in theta],
        },
        figures={k: round(v, 4) for k, v in figures.items()},
        limits="The probabilities are calibrated so that a tag that is plainly there gets more than 0.5 (see "
        "training/tagger.py); they are not shares of listeners. Voices, rock and metal are nearly absent "
        f"from its training music. Held-out clips: {describe(stored, held_out)}.",
        labels=TAGS,
    )
    if folder.name != ID:
        card = provenance.as_own(card, "The music", folder.name)
    parity = publish(folded, graphs, card, folder, precision="int8")
    return figures | {"parity": max(p.max_error for found in parity.values() for p in found.values())}
