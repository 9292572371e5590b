"""The four style-transfer networks: ms a picture, and content and style loss, beside the published WCT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measuring import time_together
from visualizer.modes import style_transfer
from visualizer.modes.style_transfer import NETWORKS, StyleTransfer

SIZES = ((256, 256), (160, 256))
"""Height and width of the content."""
STYLE_PX = 64
N_THREADS = (1, 2)
N_ROUNDS = 15
N_PICTURES = 50
N_STYLES_EACH = 4
"""Of 50 contents and 50 styles every content meets so many styles, every style as many contents."""
REFERENCE = "published WCT"
AT_MOST = 1.1
"""Losses may be so many times the reference's."""


def run() -> dict[str, Any]:
    """ms for reading a content, reading a style and painting; losses where the reference weights are here."""
    result: dict[str, Any] = {}
    for height, width in SIZES:
        for n_threads in N_THREADS:
            result[f"{width} x {height}, threads {n_threads}"] = _times(height, width, n_threads)
    result["losses"] = _losses()
    return result


def _times(height: int, width: int, n_threads: int) -> dict[str, Any]:
    random = np.random.default_rng(0)
    pixels = (random.random((height, width, 3)) * 255).astype(np.uint8)
    image = random.random((STYLE_PX, STYLE_PX, 3), dtype=np.float32)
    networks = {name: style_transfer.load(name, n_threads) for name in NETWORKS}
    calls: dict[str, Callable[[], object]] = {}
    for name, network in networks.items():
        calls |= _calls(name, network, pixels, image)
    reference = _reference(pixels, image) if n_threads == 1 else None
    if reference:
        calls[f"{REFERENCE} paint"] = reference
    times = time_together(calls, N_ROUNDS)
    for network in networks.values():
        network.close()
    if reference:
        whole = times[f"{REFERENCE} paint"]
        for name in NETWORKS:
            row = times[f"{name} paint"]
            row["ratio"] = round(whole["median_ms"] / row["median_ms"], 2)
            row["cpu_ratio"] = round(whole["cpu_ms"] / row["cpu_ms"], 2)
    return times


def _calls(name: str, network: StyleTransfer, pixels: Any, image: Any) -> dict[str, Callable[[], object]]:
    content, style = network.read_content(pixels), network.read_style(image)
    return {
        f"{name} content": lambda: network.read_content(pixels),
        f"{name} style": lambda: network.read_style(image),
        f"{name} paint": lambda: network.paint(content, style, 1.0),
    }


def _reference(pixels: Any, image: Any) -> Callable[[], object] | None:
    """The published encoder, whitening and inverter of relu3_1 in eager torch; None without its weights."""
    try:
        import torch

        from visualizer.training.style_teacher import DEFAULT_VGG, PublishedWCT
    except ImportError:
        return None
    if not DEFAULT_VGG.is_dir():
        return None
    torch.set_num_threads(1)  # more would wait for each other wherever other programs hold a core
    published = PublishedWCT(DEFAULT_VGG)
    content = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    style = torch.from_numpy(image).permute(2, 0, 1)[None]
    return torch.no_grad()(lambda: published(content, style))  # type: ignore[no-any-return]


def _losses() -> dict[str, Any]:
    """Mean losses in the reference VGG as painted live, ratios to the published WCT at relu3_1.

    Our WCT, of three levels, is held against the published one of three levels.
    """
    try:
        import torch

        from visualizer.training import style_measure as measure
        from visualizer.training import style_teacher as teacher
        from visualizer.training.style_pictures import DEFAULT_DATA
    except ImportError:
        return {"missing": "torch is not installed"}
    if not (teacher.DEFAULT_VGG.is_dir() and DEFAULT_DATA.is_dir()):
        return {"missing": "the reference VGG and its pictures are not here"}
    torch.set_num_threads(1)
    published = teacher.PublishedWCT(teacher.DEFAULT_VGG)
    networks = {name: style_transfer.load(name, 1) for name in NETWORKS}
    painters: dict[str, Any] = {name: measure.live_painter(network) for name, network in networks.items()}
    painters[REFERENCE] = lambda content, style, _: published(content, style)
    painters[f"{REFERENCE}, 3 levels"] = lambda content, style, _: published(content, style, (3, 2, 1))
    contents = measure.val_contents(DEFAULT_DATA, N_PICTURES)
    styles = measure.val_styles(DEFAULT_DATA, N_PICTURES)
    found = measure.compare(painters, published.vgg, contents, styles, N_STYLES_EACH)
    for row in found.values():
        for loss in ("content_loss", "style_loss"):
            row[f"{loss}_ratio"] = round(row[loss] / found[REFERENCE][loss], 3)
            row[loss] = round(row[loss], 4)
    for name in NETWORKS:
        like = f"{REFERENCE}, 3 levels" if name == "wct" else REFERENCE
        ratios = [found[name][loss] / found[like][loss] for loss in ("content_loss", "style_loss")]
        found[name]["worst_to_its_like"] = round(max(ratios), 3)
        found[name]["is_close"] = float(max(ratios) <= AT_MOST)
    return {"n_pairs": N_PICTURES * N_STYLES_EACH, **found}
