"""Whether the picture tells sections apart: the demo track through TräumerAI mode, stepped offline."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizer import clock, parameters
from visualizer.audio.ear import Ear
from visualizer.audio.sources import RATE_HZ, DemoSource, demo_path
from visualizer.modes.deck import load_mode
from visualizer.types import Features

IMAGES_PER_S = 5
SETTLED_S = 6.7
"""The tagger's window and the longest averaging window: after it a section stands alone."""
THUMBNAIL_PX = 16


def run() -> dict[str, Any]:
    """Mean distance of thumbnails (RGB in [0, 255]) between and within sections, and the words."""
    sections = json.loads(demo_path().with_suffix(".json").read_text("utf-8"))
    settings = parameters.defaults()
    mode, ear, source = load_mode(settings, threads=1), Ear(settings), DemoSource(loop=False)
    n_block, features = RATE_HZ // IMAGES_PER_S, Features()
    pictures: dict[str, list[NDArray[np.float32]]] = {section["name"]: [] for section in sections}
    words: dict[str, list[str]] = {}
    n_heard = 0
    while len(samples := source.read(n_block)):
        n_heard += len(samples)
        now_ns = clock.nanoseconds(n_heard / RATE_HZ)
        features = (ear.push(samples, now_ns) or [features])[-1]
        mode.hear(samples, now_ns, features)
        section = next(
            (s for s in sections if s["start_s"] + SETTLED_S < n_heard / RATE_HZ < s["end_s"]), None
        )
        if section is not None:
            pictures[section["name"]].append(_thumbnail(mode.paint(now_ns).pixels))
            words[section["name"]] = [word for word, _ in mode.words()]
    mode.close()
    return _distances(pictures) | {"words": {name: ", ".join(said) for name, said in words.items()}}


def _thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    factor = len(pixels) // THUMBNAIL_PX
    blocks = pixels[..., :3].reshape(THUMBNAIL_PX, factor, THUMBNAIL_PX, factor, 3)
    return blocks.mean(axis=(1, 3), dtype=np.float32)


def _distances(pictures: dict[str, list[NDArray[np.float32]]]) -> dict[str, Any]:
    stacks = {name: np.stack(shown) for name, shown in pictures.items() if shown}
    within = {name: _mean_distance(stack, stack) for name, stack in stacks.items()}
    between = {f"{a} | {b}": _mean_distance(stacks[a], stacks[b]) for a, b in combinations(stacks, 2)}
    mean_within, mean_between = float(np.mean([*within.values()])), float(np.mean([*between.values()]))
    return {
        "within": {name: round(value, 2) for name, value in within.items()},
        "between": {name: round(value, 2) for name, value in between.items()},
        "ratio": round(mean_between / mean_within, 2),
    }


def _mean_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Mean absolute difference of all pairs; of a stack with itself, of all pairs of two."""
    sums = [float(np.abs(a - picture).mean(axis=(1, 2, 3)).sum()) for picture in b]
    n_pairs = len(a) * len(b) - (len(a) if a is b else 0)
    return sum(sums) / n_pairs
