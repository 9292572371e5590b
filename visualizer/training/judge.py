"""Figures of a tagger on held-out music: agreement with its teachers, true instruments, stability, words."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from visualizer.networks.tagger import N_TAGS, TAGS, ShortChunkCNN
from visualizer.training.corpus import Corpus
from visualizer.training.frontend import WINDOW_SAMPLES, LogMel
from visualizer.training.music import N_WINDOWS, WINDOW

MIN_POSITIVES = 20
JUDGED_INSTRUMENTS = (
    "piano",
    "strings",
    "violin",
    "cello",
    "guitar",
    "harpsichord",
    "flute",
    "harp",
    "drums",
    "synth",
    "choir",
)


def auc(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, ties counted half (Mann–Whitney)."""
    order = np.argsort(scores, kind="stable")
    _, inverse, counts = np.unique(scores[order], return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = np.empty(len(scores))
    ranks[order] = (ends - (counts - 1) / 2)[inverse]
    n_positive = int(positive.sum())
    n_negative = len(scores) - n_positive
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def hear(
    network: ShortChunkCNN, samples: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Windows (n, 59392) → embeddings (n, 512) and tags (n, 50)."""
    front, embeddings, tags = LogMel(), [], []
    network.eval()
    with torch.no_grad():
        for part in torch.from_numpy(samples).split(16):
            mel = front(part).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                embedding = network.embed(mel)
                probability = torch.sigmoid(network.logits(embedding).float())
            embeddings.append(embedding.float())
            tags.append(probability)
    return torch.cat(embeddings).numpy(), torch.cat(tags).numpy()


def windows(corpus: Corpus, clips: NDArray[np.intp]) -> NDArray[np.float32]:
    """All windows of some clips, (n · N_WINDOWS, 59392) float32; the last begins a little early."""
    return (cut_windows(corpus.samples[clips]) / np.float32(32768)).astype(np.float32)


def cut_windows(sounds: NDArray[Any]) -> NDArray[Any]:
    """All windows of clips (n, CLIP), (n · N_WINDOWS, 59392); the last begins a little early."""
    last = sounds.shape[1] - WINDOW_SAMPLES
    starts = [min(i * WINDOW, last) for i in range(N_WINDOWS)]
    cut = np.stack([sounds[:, s : s + WINDOW_SAMPLES] for s in starts], axis=1)
    return cut.reshape(-1, WINDOW_SAMPLES)


def judge(
    network: ShortChunkCNN, held_out: Corpus, theta: NDArray[np.float32], n_clips: int | None = None
) -> dict[str, float]:
    """Macro ROC-AUC against the teachers' tags and the true instruments, over tags with ≥ 20 positives."""
    clips = np.arange(len(held_out))
    if n_clips is not None:
        clips = np.random.default_rng(0).permutation(clips)[:n_clips]
    _, tags = hear(network, windows(held_out, clips))
    by_teachers = held_out.teachers[clips].reshape(-1, N_TAGS) > theta
    least = MIN_POSITIVES if n_clips is None else 5
    against = [
        auc(tags[:, t], by_teachers[:, t])
        for t in range(N_TAGS)
        if least <= by_teachers[:, t].sum() < len(tags)
    ]
    truth = held_out.truth[clips].reshape(-1, N_TAGS)
    true_aucs = []
    for tag in JUDGED_INSTRUMENTS:
        t = TAGS.index(tag)
        known = ~np.isnan(truth[:, t])
        positive = truth[known, t] > 0.5
        if least <= positive.sum() < len(positive):
            true_aucs.append(auc(tags[known, t], positive))
    return {
        "auc_teachers": float(np.mean(against)) if against else 0.0,
        "n_tags": len(against),
        "auc_instruments": float(np.mean(true_aucs)) if true_aucs else 0.0,
        "n_instruments": len(true_aucs),
    }


def stability(network: ShortChunkCNN, held_out: Corpus, n_clips: int = 40) -> dict[str, float]:
    """Mean cosine of embeddings with those of the same at −12 and +12 dB and in noise 20 dB below."""
    rng = np.random.default_rng(1)
    clips = np.array(
        [i for i in rng.permutation(len(held_out)) if "silence" not in held_out.kinds[i]][:n_clips]
    )
    sound = windows(held_out, clips)[::N_WINDOWS]
    sound = sound[np.sqrt((sound**2).mean(axis=1)) > 1e-3]
    reference, _ = hear(network, sound)
    rms = np.sqrt((sound**2).mean(axis=1, keepdims=True))
    noise = rng.standard_normal(sound.shape, np.float32) * rms * 0.1
    others = {"down_12_db": sound / 4, "up_12_db": np.clip(sound * 4, -1, 1), "noise_20_db": sound + noise}

    def cosine(a: NDArray[np.float32]) -> float:
        return float(functional.cosine_similarity(Tensor(reference), Tensor(a)).mean())

    figures = {name: cosine(hear(network, x.astype(np.float32))[0]) for name, x in others.items()}
    shuffled = np.roll(reference, 1, axis=0)
    return figures | {"other_music": cosine(shuffled)}


def words(tags: NDArray[np.float32], n: int = 4) -> list[str]:
    """The best tags of one window with their probability: `piano 0.83`."""
    return [f"{TAGS[i]} {tags[i]:.2f}" for i in np.argsort(tags)[::-1][:n]]
