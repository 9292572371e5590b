"""Era mode's painting, where what stays is not computed again, against computing all for each image."""

from __future__ import annotations

import itertools
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.measuring import threads_to_compare, time_together
from visualizer import parameters
from visualizer.checkpoints import cards
from visualizer.content.content import Frame, our_pictures
from visualizer.modes import era_networks, style_transfer
from visualizer.modes.era_painting import Painter
from visualizer.modes.style_transfer_maths import soften
from visualizer.modes.style_transfer_parts import find_part
from visualizer.types import Float32, UInt8, UserError

SIZE_PX = 256
N_TURNS, N_IN_TURN = 6, 8
N_COMPARED = 8
NETWORK = "linear"
"""What is compared with its torch reference; the live default."""


def run() -> dict[str, Any]:
    """`ratio` = eager torch that computes all for each image / ours: a still picture, a new style each image.

    `caching_ratio` = ours that reads the content each image / ours, same runtime; `images_per_s` alone;
    `mean_abs_diff_255` from the reference, in grey levels.
    """
    return measure(SIZE_PX, threads_to_compare())


def measure(size_px: int, threads: tuple[int, ...]) -> dict[str, Any]:
    """As `run`, for pictures of this side."""
    try:
        import torch
    except ImportError as error:
        raise UserError("This bench compares with torch: pip install 'klangbild[train]'.") from error
    settings = parameters.defaults()
    network = str(settings["era.network"])
    rows = {}
    for n_threads in threads:
        torch.set_num_threads(n_threads)
        rows[f"threads_{n_threads}"] = _compare(settings, network, n_threads, size_px)
    return {"network": network, "size_px": size_px, **list(rows.values())[-1], **rows}


def _compare(settings: dict[str, Any], network: str, n_threads: int, size_px: int) -> dict[str, Any]:
    with ExitStack() as stack:
        mvnet = stack.enter_context(closing(era_networks.load(settings, n_threads)))
        transfer = stack.enter_context(closing(style_transfer.load(network, n_threads)))
        painter, forgetful = (Painter(mvnet.paint, transfer) for _ in range(2))
        pixels = _picture(size_px)
        random = np.random.default_rng(0)
        z = random.standard_normal(mvnet.n_z, dtype=np.float32)
        # Two eras and all between them: a new style for each image.
        a, b = mvnet.eras.centres[2], mvnet.eras.centres[-3]
        shares = itertools.cycle(np.linspace(0, 1, 60, dtype=np.float32))
        reference = _reference(str(settings["era.mvnet"])) if network == NETWORK else None
        numbers = itertools.count(1)

        def next_v() -> Float32:
            return a + next(shares) * (b - a)

        def still() -> UInt8:
            return painter.paint(Frame(pixels, 0), next_v(), z, 1.0, 0.0, fades=False)

        def anew() -> UInt8:
            return forgetful.paint(Frame(pixels, next(numbers)), next_v(), z, 1.0, 0.0, fades=False)

        def publicly() -> Any:
            assert reference is not None
            return reference(pixels, next_v(), z)

        off = []
        for _ in range(N_COMPARED if reference else 0):
            v = next_v()
            ours = painter.paint(Frame(pixels, 0), v, z, 1.0, 0.0, fades=False)[..., :3].astype(np.float32)
            assert reference is not None
            off.append(np.abs(ours - np.clip(reference(pixels, v, z) * 255, 0, 255)).ravel())
        calls = {"ours": still, "anew": anew} | ({"reference": publicly} if reference else {})
        times = time_together(calls, N_TURNS, 1, n_in_turn=N_IN_TURN)
        alone = time_together({"ours": still}, N_TURNS, 1, n_in_turn=N_IN_TURN)["ours"]
        row: dict[str, Any] = {
            "caching_ratio": round(times["anew"]["cpu_ms"] / times["ours"]["cpu_ms"], 2),
            "images_per_s": round(1e3 / alone["median_ms"], 1),
            "threads": n_threads,
            "runtime": f"{transfer.describe()}, MVNet {mvnet.generator.name}",
            "ms": times | {"alone": alone},
        }
        if reference is None:
            return {"ratio": {"missing": f"{network} has no reference here"}, **row}
        differences = np.concatenate(off)
        return {
            "ratio": round(times["reference"]["median_ms"] / times["ours"]["median_ms"], 2),
            "cpu_ratio": round(times["reference"]["cpu_ms"] / times["ours"]["cpu_ms"], 2),
            "mean_abs_diff_255": round(float(differences.mean()), 3),
            "p99_abs_diff_255": round(float(np.percentile(differences, 99)), 2),
            **row,
        }


def _reference(mvnet_id: str) -> Any:
    """(H, W, 3) uint8, v and z → (H, W, 3) float32 in [0, 1]: everything each image, eager, fp32."""
    import torch

    from visualizer.checkpoints.modules import build
    from visualizer.networks.style_painting import linear_painter

    mvnet_model = cards.find_model(mvnet_id)
    mvnet: Any = build(mvnet_model.card, mvnet_model.folder)
    models = [find_part(id) for id in ("style-encoder", f"style-{NETWORK}")]
    encoder, linear = (build(model.card, model.folder) for model in models)
    paint = linear_painter(encoder, linear)  # type: ignore[arg-type]

    def whole(pixels: UInt8, v: Float32, z: Float32) -> Float32:
        with torch.inference_mode():
            given = torch.from_numpy(v).reshape(1, 1, 8, 16), torch.from_numpy(z).reshape(1, -1, 8, 8)
            look = mvnet.generator(*given)[0].permute(1, 2, 0).numpy() * 0.5 + 0.5
            style = torch.from_numpy(soften(look)).permute(2, 0, 1)[None]
            content = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
            painted: Float32 = paint(content, style, 1.0)[0].permute(1, 2, 0).numpy()
            return painted

    return whole


def _picture(size_px: int) -> UInt8:
    """One of our pictures, square."""
    with Image.open(our_pictures()[0]) as image:
        return np.array(image.convert("RGB").resize((size_px, size_px), Image.Resampling.LANCZOS))
