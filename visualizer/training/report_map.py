"""The report on the map from embeddings to styles: sections told apart, figure 4, spread, pairs."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visualizer.checkpoints import styles, weights
from visualizer.checkpoints.cards import WEIGHTS
from visualizer.modes import networks
from visualizer.modes.networks import TraumerNetworks
from visualizer.training import report_drawing as drawing
from visualizer.training import report_medleys as medleys
from visualizer.training.report_medleys import Heard
from visualizer.training.report_pages import (
    Desk,
    Figures,
    Part,
    Target,
    at_least,
    figure,
    picture,
    save_picture,
    targets_table,
)
from visualizer.training.transfer_material import gallery_z

FIGURE_4, PAIRS = "map-figure-4.jpg", "map-pairs.jpg"
N_STYLES = 4000
N_PAIRS_SHOWN = 12


def measure(desk: Desk) -> Figures:
    """Silhouettes and spread of w on medleys; draws figure 4 and some of the pairs."""
    made = medleys.cached_medleys(desk.data, desk.runs, desk.n_medleys)
    found = networks.load(settings=desk.settings())
    try:
        heard = medleys.cached_hearing(desk, made, found.hear)
        own = own_styles(desk)
        deviation = own.std(axis=0)
        mapped = [map_all(found, one) for one in heard]
        each = medleys.silhouettes(
            [Heard(one.sections, w / deviation, one.mfcc) for one, w in zip(heard, mapped, strict=True)],
            lambda one: one.embeddings,
        )
        middle = int(np.argsort(each)[len(each) // 2])
        draw_figure_4(desk, found, made[middle], heard[middle], mapped[middle])
        draw_pairs(desk, found)
    finally:
        found.close()
    w = np.concatenate(mapped)
    return {
        "n_medleys": len(made),
        "silhouette_w": round(float(each.mean()), 3),
        "silhouette_w_least": round(float(each.min()), 3),
        "silhouette_shown": round(float(each[middle]), 3),
        "spread": round(float((w.std(axis=0) / deviation).mean()), 3),
        "off_centre": round(
            float(np.sqrt(np.square((w.mean(axis=0) - own.mean(axis=0)) / deviation).mean())), 3
        ),
    }


def own_styles(desk: Desk) -> NDArray[np.float64]:
    """Styles (N_STYLES, n_w) of random z, by the generator's own mapping network."""
    stored = weights.load_state(desk.models / desk.generator / WEIGHTS)
    n_w = stored["mapping.layers.0.weight"].shape[1]
    z = np.random.default_rng(2).standard_normal((N_STYLES, n_w)).astype(np.float32)
    return styles.map_styles(stored, z).astype(np.float64)


def map_all(found: TraumerNetworks, heard: Heard) -> NDArray[np.float64]:
    """w (n, n_w) of each window, before any smoothing."""
    return np.stack([found.transfer(e.astype(np.float32)) for e in heard.embeddings]).astype(np.float64)


def paint(found: TraumerNetworks, w: NDArray[np.floating]) -> Image.Image:
    """The picture of a style (n_w,), as the show paints it without drift."""
    pixels = np.full((found.size_px, found.size_px, 4), 255, np.uint8)
    one = np.ones(found.n_layers, np.float32)
    layers = np.repeat(w[np.newaxis].astype(np.float32), found.n_layers, axis=0)
    found.paint(layers, 1.0, found.draw_noises(0), one, np.zeros_like(one), pixels)
    return Image.fromarray(np.ascontiguousarray(pixels[..., :3]))


def draw_figure_4(
    desk: Desk, found: TraumerNetworks, medley: medleys.Medley, heard: Heard, w: NDArray[np.float64]
) -> None:
    """Embeddings and styles of one medley in two dimensions, and the picture of each section's mean style."""
    names = [kind.removeprefix("rec_").replace("_", " ") for kind in medley.kinds]
    shown = [paint(found, w[heard.sections == section].mean(axis=0)) for section in range(len(names))]
    sheet = drawing.draw_trajectories(heard.embeddings, w, heard.sections, names, shown)
    save_picture(sheet, desk.pictures / FIGURE_4)


def draw_pairs(desk: Desk, found: TraumerNetworks) -> None:
    """Pictures that the taste chose, each with the kind of its clip; nothing where no pairs are kept."""
    path = desk.models / desk.transfer / "pairs.json"
    if not path.is_file():
        return
    about = json.loads(path.read_text("utf-8"))
    if not {"seed", "n_pictures"} <= set(about):
        return  # a person's own pairs: the pictures are theirs to show
    by_kind = {entry["kind"]: entry for entry in about["pairs"] if "+" not in entry["kind"]}
    chosen = [by_kind[kind] for kind in sorted(by_kind)][:: max(1, len(by_kind) // N_PAIRS_SHOWN)]
    stored = weights.load_state(desk.models / desk.generator / WEIGHTS)
    gallery = styles.map_styles(stored, gallery_z(about["n_pictures"], len(found.w_mean), about["seed"]))
    shown = [paint(found, gallery[entry["picture"]]) for entry in chosen[:N_PAIRS_SHOWN]]
    names = [entry["kind"].removeprefix("rec_").replace("_", " ") for entry in chosen[:N_PAIRS_SHOWN]]
    save_picture(drawing.captioned(shown, names, 6, 150), desk.pictures / PAIRS)


def targets(desk: Desk, figures: Figures) -> list[Target]:
    return [
        at_least("silhouette of w by section", 0.25, figure(figures, "silhouette_w"), 3),
        at_least("spread of w over the generator's own", 0.6, figure(figures, "spread"), 3),
    ]


def page(desk: Desk, figures: Figures) -> str:
    card = desk.card(desk.transfer)
    ranks = {
        name.removeprefix("rank_").replace("_", " with "): value
        for name, value in card.figures.items()
        if name.startswith("rank_")
    }
    text = f"{card.summary} *{card.paper}.*\n\n{targets_table(targets(desk, figures))}\n\n"
    if figures:
        text += (
            f"Of {figures['n_medleys']} medleys of five val pieces (see the tagger), windows of 3.69 s that "
            "lie inside one section, w in units of the generator's own deviation, before any smoothing; the "
            f"least of the medleys reaches {figures['silhouette_w_least']:.2f}. Spread is the deviation of "
            "each number of w on that music over its deviation on random z, the mean of all; the middle of "
            f"the music lies {figures['off_centre']:.2f} deviations from the generator's.\n\n"
            + picture(desk, FIGURE_4, "Embeddings and styles of a medley in two principal components")
            + "*The paper's figure 4 as our own: a medley of middling silhouette "
            f"({figures['silhouette_shown']:.2f}), a dot a window, and the picture of each section's mean "
            "style.*\n\n"
        )
    text += (
        "The taste that chose the pictures is written down in `training/taste.py`: ranks of the year heard, "
        "of energy, brightness and roughness of 200 clips meet ranks of the year seen, of contrast with "
        "saturation, lightness and fineness of 200 samples. On clips that were held out, what is heard and "
        "what is seen agree in rank: "
        + ", ".join(f"{name} {value:.2f}" for name, value in ranks.items())
        + picture_years(card.figures)
        + f". {figure_count(card.figures.get('n_pairs'))} pairs are in "
        "`models/transfer-house/pairs.json`; `klangbild train transfer --pairs FILE` fits the map to pairs "
        "of your own.\n\n" + picture(desk, PAIRS, "Pictures that the taste chose for clips")
    )
    return text


def picture_years(figures: Mapping[str, float]) -> str:
    """How well the year that a picture looks of is told, where the card says."""
    if "picture_year_correlation" not in figures:
        return ""
    return (
        " (the years of paintings by other artists are read with a correlation of "
        f"{figures['picture_year_correlation']:.2f}, off by {figures['picture_year_error']:.0f} years where "
        f"always the median is off by {figures['picture_year_error_constant']:.0f})"
    )


def figure_count(value: float | None) -> str:
    return f"All {value:.0f}" if value else "The"


PART = Part("map", "Map", ("tagger", "transfer", "generator"), measure, page, targets)
