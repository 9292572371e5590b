"""What the map is fitted to: clips as they are heard, pictures as they are seen, with the years of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizer.checkpoints.cards import load_card
from visualizer.checkpoints.modules import build
from visualizer.checkpoints.weights import load_state as load_weights
from visualizer.networks.stylegan2 import Generator, make_noises
from visualizer.networks.tagger import ShortChunkCNN
from visualizer.training import own_music, taste
from visualizer.training.corpus import Corpus, shard_paths
from visualizer.training.judge import cut_windows, hear
from visualizer.training.music import N_WINDOWS, Samples
from visualizer.training.years import PictureYears
from visualizer.types import UserError

PICTURE_PX = 64
LEAST_CLIPS = 8
CLIPS_A_FILE = 8
"""Clips of one file of a person's own music, spread over it."""
Floats = NDArray[np.float64]
ReadYear = Callable[[Samples], float]
"""A clip (n,) at 16 kHz → the year it sounds of."""


class Sounds(Protocol):
    """Clips (N, CLIP) int16 at 16 kHz and what they are: a corpus, or a person's own music."""

    samples: NDArray[np.int16]
    kinds: list[str]


@dataclass
class OwnSounds:
    """See `Sounds`."""

    samples: NDArray[np.int16]
    kinds: list[str]


@dataclass(frozen=True)
class Music:
    """Embeddings of all windows (n, N_WINDOWS, 512); what is heard of each clip (n, 5), year first; kinds."""

    embeddings: Floats
    heard: Floats
    kinds: list[str]


@dataclass(frozen=True)
class Gallery:
    """Styles (n, n_w); what is seen of their pictures (n, 5), year first; mean and deviation of styles."""

    styles: Floats
    seen: Floats
    mean: Floats
    deviation: Floats


def load_generator(folder: Path) -> tuple[Generator, dict[str, NDArray[np.float32]]]:
    """A published generator in torch, and the arrays stored beside its weights."""
    generator = build(load_card(folder), folder)
    assert isinstance(generator, Generator)
    stored, wanted = load_weights(folder / "weights.safetensors"), generator.state_dict()
    return generator.eval(), {name: value for name, value in stored.items() if name not in wanted}


@torch.no_grad()
def paint(
    generator: Generator, styles: Tensor, seed: int, exit_px: int | None = PICTURE_PX
) -> NDArray[np.float32]:
    """Pictures (n, 3, 64, 64) of styles (n, n_w), one w for all layers; of full size without `exit_px`."""
    random = torch.Generator().manual_seed(seed)
    pictures = []
    for part in styles.split(25):
        noises = make_noises(generator.shape, len(part), random, exit_px)
        w = part[:, None].expand(-1, generator.shape.n_layers, -1)
        pictures.append(generator.synthesis(w, noises, exit_px=exit_px).numpy())
    return np.concatenate(pictures)


def gallery_z(n: int, n_w: int, seed: int) -> NDArray[np.float32]:
    """The z (n, n_w) of the pictures that clips are paired with."""
    return torch.randn(n, n_w, generator=torch.Generator().manual_seed(seed)).numpy()


@torch.no_grad()
def hang(
    generator: Generator, extras: dict[str, NDArray[np.float32]], n: int, seed: int, years: PictureYears
) -> Gallery:
    """Sample n styles and look at their pictures."""
    styles = generator.mapping(torch.from_numpy(gallery_z(n, generator.shape.n_w, seed)))
    seen = look(paint(generator, styles, seed), years)
    mean, deviation = (extras[name].astype(np.float64) for name in ("w_mean", "w_std"))
    return Gallery(styles.double().numpy(), seen, mean, deviation)


def look(pictures: NDArray[np.float32], years: PictureYears) -> Floats:
    """Year and what else is seen of pictures (n, 3, 64, 64) in [-1, 1]: (n, 5)."""
    return np.column_stack([years(pictures), np.stack([taste.see(picture) for picture in pictures])])


def choose_clips(kinds: list[str], n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """n clips, the kinds taken in turn, so that the many scores do not outweigh the few recordings."""
    by_kind: dict[str, list[int]] = {}
    for i in rng.permutation(len(kinds)):
        name = "mix" if "+" in kinds[i] else kinds[i].removesuffix("_synth")
        by_kind.setdefault(name, []).append(int(i))
    chosen: list[int] = []
    while len(chosen) < n and any(by_kind.values()):
        chosen += [clips.pop() for clips in by_kind.values() if clips]
    return np.array(chosen[:n])


def listen(network: ShortChunkCNN, sounds: Sounds, clips: NDArray[np.intp], read_year: ReadYear) -> Music:
    """What the tagger, the taste and MVNet hear in some clips."""
    heard_clips = (sounds.samples[clips] / np.float32(32768)).astype(np.float32)
    embeddings, _ = hear(network, cut_windows(heard_clips))
    heard = np.stack([np.r_[read_year(clip), taste.hear(clip)] for clip in heard_clips])
    return Music(
        embeddings.reshape(len(clips), N_WINDOWS, -1).astype(np.float64),
        heard,
        [sounds.kinds[i] for i in clips],
    )


def find_sounds(folder: Path) -> tuple[Sounds, Sounds]:
    """Music to learn from and music that is held out: shards of the tagger's, or any folder of music.

    UserError where there is neither, or too little.
    """
    if shard_paths(folder, False) and shard_paths(folder, True):
        return Corpus(shard_paths(folder, False)), Corpus(shard_paths(folder, True))
    learned, held_out = (read_own(folder, is_held_out) for is_held_out in (False, True))
    if len(learned.kinds) < LEAST_CLIPS:
        raise UserError(
            f"{folder} holds {len(learned.kinds)} clips of 14.8 s to learn from, not {LEAST_CLIPS} or more; "
            "name a folder with more music with --data"
        )
    return learned, held_out


def read_own(folder: Path, held_out: bool) -> OwnSounds:
    """Clips of one side of a person's own music, CLIPS_A_FILE of a file at most."""
    rng = np.random.default_rng(0)
    made = list(own_music.clips(folder, held_out, slice(None), rng, CLIPS_A_FILE))
    samples = np.stack([np.round(clip.samples.clip(-1, 1) * 32767) for clip in made]).astype(np.int16)
    return OwnSounds(samples, [clip.kind for clip in made])
