"""What style transfer reaches: losses in the reference VGG beside the published WCT, PSNR, work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from visualizer.modes.style_transfer import StyleTransfer
from visualizer.networks.style_painting import Paint
from visualizer.training import style_teacher as teacher
from visualizer.training.pictures import find_pictures
from visualizer.training.style_pictures import STYLE_PX

CONTENT_PX = 256


def load_square(path: Path, px: int) -> Tensor:
    """The centre square of a picture, (1, 3, px, px) in [0, 1]."""
    with Image.open(path) as image:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
        pixels = np.asarray(image.convert("RGB").resize((px, px), Image.Resampling.BICUBIC, box=box))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


def val_styles(data: Path, n: int) -> list[Tensor]:
    """Whole validation paintings at MVNet's size, evenly through the list (which is by century), squashed."""
    paths = find_pictures(data / "paintings", "val")[0]
    chosen = [paths[i] for i in np.linspace(0, len(paths) - 1, n).astype(int)]
    return [load_square(path, STYLE_PX) for path in chosen]


def val_contents(data: Path, n: int, px: int = CONTENT_PX) -> list[Tensor]:
    """Half photographs, half validation paintings."""
    photographs = find_pictures(data / "affect")[0]
    paintings = find_pictures(data / "paintings", "val")[0]
    n_photographs = n // 2
    chosen = [photographs[i] for i in np.linspace(0, len(photographs) - 1, n_photographs).astype(int)]
    chosen += [paintings[i] for i in np.linspace(3, len(paintings) - 4, n - n_photographs).astype(int)]
    return [load_square(path, px) for path in chosen]


def live_painter(network: StyleTransfer) -> Paint:
    """A live network as a torch function."""

    def paint(content: Tensor, style: Tensor, strength: float) -> Tensor:
        pixels = (content[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
        read = network.read_content(pixels), network.read_style(style[0].permute(1, 2, 0).numpy())
        return torch.from_numpy(network.paint(*read, strength)).permute(2, 0, 1)[None]

    return paint


@torch.no_grad()
def compare(
    painters: Mapping[str, Paint], vgg: nn.Module, contents: list[Tensor], styles: list[Tensor], n_each: int
) -> dict[str, dict[str, float]]:
    """Mean content and style loss of each painter at full strength, every content under `n_each` styles.

    Content i meets styles i, i + 1, …: each style serves as often as any other.
    """

    def see(picture: Tensor) -> list[Tensor]:
        with torch.autocast("cpu", torch.bfloat16):  # a tenth of a percent off, three times as fast
            return vgg(picture)  # type: ignore[no-any-return]

    style_levels = [see(style) for style in styles]
    sums = {name: np.zeros(2) for name in painters}
    n_pairs = 0
    for i, content in enumerate(contents):
        content_levels = see(content)
        for k in range(n_each):
            j = (i + k * max(1, len(styles) // n_each)) % len(styles)
            n_pairs += 1
            for name, paint in painters.items():
                levels = see(paint(content, styles[j], 1.0).clamp(0, 1))
                sums[name] += (
                    teacher.content_loss(levels, content_levels),
                    teacher.style_loss(levels, style_levels[j]),
                )
    return {
        name: {"content_loss": float(s[0] / n_pairs), "style_loss": float(s[1] / n_pairs)}
        for name, s in sums.items()
    }


@torch.no_grad()
def rebuild_psnr(painters: Mapping[str, Paint], contents: list[Tensor], style: Tensor) -> dict[str, float]:
    """dB of the content as decoded (strength 0), mean over the contents."""
    found = {}
    for name, paint in painters.items():
        errors = [float(F.mse_loss(paint(c, style, 0.0).clamp(0, 1), c)) for c in contents]
        found[name] = float(np.mean([-10 * np.log10(max(e, 1e-10)) for e in errors]))
    return found


def count_macs(module: nn.Module, *given: Tensor) -> int:
    """Multiply-accumulates of all convolutions and dense layers in one forward pass."""
    total = 0

    def count(layer: nn.Module, _: object, result: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            total += result.numel() * layer.weight[0].numel()

    hooks = [layer.register_forward_hook(count) for layer in module.modules()]
    with torch.no_grad():
        module(*given)
    for hook in hooks:
        hook.remove()
    return total
