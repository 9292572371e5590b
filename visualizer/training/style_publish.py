"""Puts the style-transfer networks into `models/`: the encoder once, four networks, cards, previews."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from visualizer.checkpoints.cards import Card, find_models
from visualizer.checkpoints.export import publish
from visualizer.checkpoints.style_models import WCTDecoders, style_architecture, style_graphs
from visualizer.networks import style_painting as painting
from visualizer.networks.style_painting import Paint
from visualizer.paths import ASSETS
from visualizer.training import provenance, style_wct
from visualizer.training import style_measure as measure
from visualizer.training import style_teacher as teacher
from visualizer.training.dated import paintings_table
from visualizer.training.style import AVATAR_EPSILON, AVATAR_SHARE, Run
from visualizer.types import UserError

LINEAR_EPSILON = 1e-2
N_PREVIEW_STYLES = 5
PREVIEW_PX = 160
DATA = (
    "Contents: photographs (OASIS), public-domain paintings; styles: about 8,000 public-domain paintings, "
    "half of them shrunk to the 64 px of MVNet's pictures."
)
RIGHTS = "The paintings are in the public domain; the weights are under this project's licence (MIT)."
ABOUT = {
    "encoder": (
        "Style encoder",
        "Features of a picture at three levels, like relu1_1, relu2_1 and relu3_1 of the normalised VGG-19 "
        "that taught it, at a quarter of the work; shared by all style-transfer networks.",
        "Distilled from the encoder of Li et al., Universal Style Transfer via Feature Transforms, 2017",
        "The finest textures of relu3_1 are smoothed: see the relative errors among the figures.",
    ),
    "linear": (
        "Linear transformation",
        "The default: a matrix T between compressed features of content and style. Takes colours and broad "
        "strokes, keeps the forms.",
        "Li et al., Learning Linear Transformations for Fast Image and Video Style Transfer, 2018",
        "relu3_1 is its deepest level: no large motifs of the style are carried over.",
    ),
    "adain": (
        "AdaIN",
        "Each feature takes the style's mean and deviation: colours above all.",
        "Huang and Belongie, Arbitrary Style Transfer in Real-time with AdaIN, 2017",
        "Channels are changed one by one: textures that live in their correlations stay behind.",
    ),
    "wct": (
        "Multi-level WCT",
        "Whitening and colouring at three levels, from coarse to fine: the strongest style, with edges drawn "
        "at a small scale.",
        "Li et al., Universal Style Transfer via Feature Transforms, 2017",
        "Three encoders and decoders a picture: the slowest but one. Forms drown at full strength.",
    ),
    "avatar": (
        "Avatar-Net",
        "Patches of the style where they fit the content, laid over it in the style's colours: dreamy.",
        "Sheng et al., Avatar-Net: Multi-scale Zero-shot Style Transfer by Feature Decoration, 2018",
        "A style of 64 px has 196 patches: large plain areas repeat them. Slow: the patches are matched in "
        "NumPy.",
    ),
}


def painters(run: Run) -> dict[str, Paint]:
    """The four networks as torch functions."""
    levels = list(run.wct)
    return {
        "linear": painting.linear_painter(run.encoder, run.linear),
        "adain": painting.adain_painter(run.encoder, run.adain),
        "wct": painting.wct_painter(run.encoder, levels, style_wct.EPSILON),  # type: ignore[arg-type]
        "avatar": painting.avatar_painter(run.encoder, run.avatar, AVATAR_EPSILON, AVATAR_SHARE),
    }


def parts(run: Run) -> dict[str, tuple[nn.Module, float]]:
    """What is published, with the ε of its covariances."""
    wct = WCTDecoders(run.shape)
    wct.levels = run.wct
    wct.first.load_state_dict(run.encoder.level1.state_dict())
    return {
        "encoder": (run.encoder, 0.0),
        "linear": (run.linear, LINEAR_EPSILON),
        "adain": (run.adain, 0.0),
        "wct": (wct, style_wct.EPSILON),
        "avatar": (run.avatar, AVATAR_EPSILON),
    }


def figures(run: Run, vgg_folder: Path, data: Path, n: int, n_each: int) -> dict[str, dict[str, float]]:
    """Losses beside the published WCT, PSNR, work of each part; only the work without the references."""
    found: dict[str, dict[str, float]] = {name: {} for name in ABOUT}
    for name, (module, _) in parts(run).items():
        found[name]["n_parameters"] = float(sum(p.numel() for p in module.parameters()))
        found[name]["n_steps"] = float(run.counters[name].n_steps)
    picture = torch.zeros(1, 3, measure.CONTENT_PX, measure.CONTENT_PX)
    features = run.encoder(picture)[2].detach()
    found["encoder"]["gmac_256"] = measure.count_macs(run.encoder, picture) / 1e9
    for name, decoder in (("linear", run.linear.decoder), ("adain", run.adain)):
        found[name]["decoder_gmac_256"] = measure.count_macs(decoder, features) / 1e9
    if not (data / "paintings").is_dir() or not vgg_folder.is_dir():
        return found
    vgg = teacher.ReferenceVGG(vgg_folder)
    published = teacher.PublishedWCT(vgg_folder)
    contents, styles = measure.val_contents(data, n), measure.val_styles(data, n)
    found["encoder"] |= encoder_errors(run, vgg, contents[: min(n, 16)])
    ours = painters(run)
    for name, value in measure.rebuild_psnr(ours, contents[: min(n, 16)], styles[0]).items():
        found[name]["psnr_strength_0"] = value
    every = {**ours, "published": lambda c, s, _: published(c, s)}
    every["published_wct"] = lambda c, s, _: published(c, s, (3, 2, 1))
    beside = measure.compare(every, vgg, contents, styles, n_each)
    for name in ours:
        found[name]["n_pairs"] = float(n * n_each)
        for loss, value in beside[name].items():
            found[name][loss] = value
            found[name][f"{loss}_to_published_wct"] = value / beside["published"][loss]
            if name == "wct":
                of_three = value / beside["published_wct"][loss]
                found[name][f"{loss}_to_published_wct_of_three_levels"] = of_three
    return found


@torch.no_grad()
def encoder_errors(run: Run, vgg: nn.Module, contents: list[Tensor]) -> dict[str, float]:
    """Mean squared error of each level, relative to the mean square of the teacher's."""
    totals = np.zeros(3)
    for content in contents:
        pairs = zip(run.encoder(content), vgg(content), strict=True)
        totals += [float(teacher.relative_error(a, b)) for a, b in pairs]
    return {f"relative_error_level{i + 1}": float(t / len(contents)) for i, t in enumerate(totals)}


def our_pictures(models: Path, n: int, px: int) -> list[Tensor]:
    """n pictures that are ours, (1, 3, px, px): those of assets/pictures, then samples of our generator."""
    paths = sorted((ASSETS / "pictures").glob("*.jpg"))
    found = [measure.load_square(path, px) for path in paths[:n]]
    if len(found) < n:
        from visualizer.checkpoints.cli import sample

        generators = find_models(models, "generator") or find_models(kind="generator")
        if not generators:
            raise UserError("there is no generator whose pictures could be shown; fetch models/ again, whole")
        for pixels in sample(generators[0], n - len(found), seed=11, truncation=0.8):
            image = Image.fromarray(pixels).resize((px, px), Image.Resampling.LANCZOS)
            found.append(torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None].float() / 255)
    return found


def save_preview(paint: Paint, models: Path, path: Path) -> None:
    """A strip: the content, then it under styles from our generator, each style above its picture."""
    content = our_pictures(models, 1, PREVIEW_PX)[0]
    styles = our_pictures(models, N_PREVIEW_STYLES + 3, measure.STYLE_PX)[3:]
    blank = torch.full((1, 3, PREVIEW_PX, PREVIEW_PX), 0.07)
    shown = [torch.nn.functional.interpolate(s, size=(PREVIEW_PX, PREVIEW_PX)) for s in styles]
    rows = [torch.cat([blank, *shown], dim=3)]
    rows.append(torch.cat([content, *(paint(content, s, 1.0) for s in styles)], dim=3))
    pixels = (torch.cat(rows, dim=2)[0].clamp(0, 1) * 255).round().to(torch.uint8)
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(path, quality=88)


def publish_all(run: Run, models: Path, vgg: Path, data: Path, n: int = 50, n_each: int = 1) -> None:
    """Writes all five models; prints their figures and how far each runtime is from torch."""
    for stage, counters in run.counters.items():
        if counters.n_steps == 0:
            run.inherit(stage)
        run.modules()[stage].eval()
    found = figures(run, vgg, data, n, n_each)
    paint = painters(run)
    for name, (module, epsilon) in parts(run).items():
        title, summary, paper, limits = ABOUT[name]
        card = Card(
            id=f"style-{name}",
            kind="style_transfer",
            title=title,
            summary=summary,
            paper=paper,
            data=DATA,
            rights=RIGHTS,
            command="klangbild train style",
            commit=provenance.current_commit(),
            architecture=style_architecture(name, run.shape, epsilon, AVATAR_SHARE),
            figures={key: float(f"{value:.4g}") for key, value in found[name].items()},
            limits=limits,
        )
        if not paintings_table(data).is_file():
            card = provenance.as_own(card, "The pictures")
        with tempfile.TemporaryDirectory() as made:
            preview = None
            if name in paint:
                preview = Path(made) / "preview.jpg"
                save_preview(paint[name], models, preview)
            parity = publish(module, style_graphs(module, run.shape), card, models / card.id, preview=preview)
        worst = max(p.max_error for by_runtime in parity.values() for p in by_runtime.values())
        print(f"{card.id}: within {worst:.1e} of torch; {dict(card.figures)}", flush=True)
