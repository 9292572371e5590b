"""On an NVIDIA GPU: StyleGAN2 at 256, 512 and 1024 px beside the published formulation, and era mode."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.era_bench import measure
from benchmarks.generator_bench import example, make_random
from benchmarks.measuring import time_together
from visualizer.checkpoints import cards
from visualizer.runtime import Unavailable
from visualizer.runtime.cuda import Cuda
from visualizer.types import Float32, UserError

SIZES_PX = (256, 512, 1024)
CHANNEL_BASE = 32768
N_ROUNDS = 100
ERA_PX = 512


def generators() -> dict[str, Any]:
    """For each size `ratio` = eager torch fp32 on the card / ours, `images_per_s` delivered to host memory.

    `gmac` and `weights_mb` set the floor, by the card's own figures.
    Random weights serve for timing.
    """
    torch = _torch_on_card()
    result: dict[str, Any] = {"card": torch.cuda.get_device_name(0)}
    with tempfile.TemporaryDirectory() as made:
        for size_px in SIZES_PX:
            model = make_random(size_px, CHANNEL_BASE, Path(made) / f"generator-{size_px}")
            result[f"{size_px}_px"] = _compare(torch, model)
    return {**result, "ratio": min(result[f"{px}_px"]["ratio"] for px in SIZES_PX)}


def era() -> dict[str, Any]:
    """As the bench of the processor, at 512 px on the card; the reference is eager torch on the processor."""
    _torch_on_card()
    return measure(ERA_PX, (1,))


def _torch_on_card() -> Any:
    """Torch with a card; UserError where there is none."""
    try:
        import torch
    except ImportError as error:
        raise UserError("This bench compares with torch: pip install 'klangbild[train]'.") from error
    if not torch.cuda.is_available():
        raise UserError(
            "There is no CUDA card here that torch can use; on a machine with one: "
            "pip install 'klangbild[gpu,train]' 'onnxruntime-gpu[cuda,cudnn]'."
        )
    return torch


def _compare(torch: Any, model: cards.Model) -> dict[str, Any]:
    from benchmarks.stylegan2_public import synthesize
    from visualizer.checkpoints import modules
    from visualizer.networks.stylegan2_inference import count_macs

    module: Any = modules.build(model.card, model.folder)
    try:
        loaded = Cuda(model.onnx_path, threads=2, precision="auto")
    except Unavailable as reason:
        raise UserError(f"onnxruntime has no CUDA here ({reason}).") from None
    with closing(loaded) as ours:
        given = example(ours.inputs)
        synthesis = module.synthesis.cuda()
        noises = [torch.from_numpy(v).cuda() for k, v in given.items() if k.startswith("noise_")][1:]

        def paint() -> Float32:
            return ours.run(given)["image"]

        def paint_publicly() -> Float32:
            with torch.inference_mode():
                w = torch.from_numpy(given["w"]).cuda()
                image: Float32 = synthesize(synthesis, w, noises).cpu().numpy()
            return image

        off = np.abs(paint() - paint_publicly()) * 127.5
        random = np.random.default_rng(3)

        def paint_next() -> None:
            given["w"] = random.standard_normal(given["w"].shape, dtype=np.float32)
            paint()

        times = time_together({"ours": paint_next, "reference": paint_publicly}, N_ROUNDS, n_warm=10)
    n_bytes = sum(file.n_bytes for file in model.card.files.values())
    return {
        "ratio": round(times["reference"]["median_ms"] / times["ours"]["median_ms"], 2),
        "images_per_s": round(1e3 / times["ours"]["median_ms"], 1),
        "mean_abs_diff_255": round(float(off.mean()), 3),
        "gmac": round(count_macs(module.shape) / 1e9, 2),
        "weights_mb": round(n_bytes / 1e6, 1),
        "runtime": loaded.name,
        "reason": loaded.reason,
        "ms": times,
    }
