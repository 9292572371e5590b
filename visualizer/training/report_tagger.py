"""The report on the tagger: what it hears in medleys of validation pieces, and how steadily."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visualizer.features.mel import TaggerMel
from visualizer.modes import networks
from visualizer.modes.hearing import HearTagger
from visualizer.modes.words import best
from visualizer.training import report_medleys as medleys
from visualizer.training.frontend import WINDOW_SAMPLES
from visualizer.training.music import Samples
from visualizer.training.report_pages import (
    Desk,
    Figures,
    Part,
    Target,
    at_least,
    figure,
    table,
    targets_table,
)

N_SAID = 10
NOISE_DB = -20.0


def measure(desk: Desk) -> Figures:
    """Silhouettes on medleys, cosines under level and noise, and what is said of ten clips."""
    made = medleys.cached_medleys(desk.data, desk.runs, desk.n_medleys)
    found = networks.load(settings=desk.settings())
    try:
        heard = medleys.cached_hearing(desk, made, found.hear)
        steady = stability(made, found.hear)
        said = describe(made, found.hear, found.tags)
    finally:
        found.close()
    cepstra = np.concatenate([one.mfcc for one in heard])
    scaled = medleys.standardiser(cepstra)
    by = {
        "embedding": medleys.silhouettes(heard, lambda one: one.embeddings),
        "mfcc": medleys.silhouettes(heard, lambda one: one.mfcc),
        "mfcc_standardised": medleys.silhouettes(heard, lambda one: scaled(one.mfcc)),
    }
    figures: Figures = {f"silhouette_{name}": round(float(values.mean()), 3) for name, values in by.items()}
    best_mfcc = np.maximum(by["mfcc"], by["mfcc_standardised"])
    figures["medleys_above_mfcc"] = round(float((by["embedding"] > best_mfcc).mean()), 3)
    return figures | {
        "n_medleys": len(made),
        "n_windows": int(sum(len(one.sections) for one in heard)),
        **steady,
        "said": said,
    }


def sections_of(made: list[medleys.Medley]) -> list[tuple[str, Samples]]:
    """Every section as (kind, samples)."""
    return [(kind, part) for one in made for kind, part in zip(one.kinds, one.parts(), strict=True)]


def look(sound: Samples, tagger: HearTagger) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Embedding and tags of the first window of a sound."""
    mel = TaggerMel()
    mel.push(sound[:WINDOW_SAMPLES])
    return tagger(mel.window())


def stability(made: list[medleys.Medley], tagger: HearTagger, n_most: int = 60) -> Figures:
    """Mean and least cosine of embeddings with those of the same ±12 dB, and in white noise 20 dB below."""
    rng = np.random.default_rng(1)
    sounds = [sound[-WINDOW_SAMPLES:] for _, sound in sections_of(made)][:: max(1, 5 * len(made) // n_most)]
    cosines: dict[str, list[float]] = {"down_12_db": [], "up_12_db": [], "noise_20_db": []}
    for sound in sounds:
        loud = sound * np.float32(0.25 / max(float(np.abs(sound).max()), 1e-6))
        noise = rng.standard_normal(len(loud)).astype(np.float32) * np.float32(
            np.sqrt(np.mean(loud**2)) * 10 ** (NOISE_DB / 20)
        )
        reference = look(loud, tagger)[0]
        others = {"down_12_db": loud / 4, "up_12_db": np.clip(loud * 4, -1, 1), "noise_20_db": loud + noise}
        for name, other in others.items():
            cosines[name].append(cosine(reference, look(other.astype(np.float32), tagger)[0]))
    figures: Figures = {f"cosine_{name}": round(float(np.mean(c)), 3) for name, c in cosines.items()}
    return figures | {f"least_cosine_{name}": round(min(c), 3) for name, c in cosines.items()}


def cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9))


def describe(made: list[medleys.Medley], tagger: HearTagger, tags: tuple[str, ...]) -> list[list[str]]:
    """[what a clip is, the words that the HUD would show of it] for clips of N_SAID different kinds."""
    by_kind: dict[str, Samples] = {}
    for kind, sound in sections_of(made):
        by_kind.setdefault(kind, sound)
    said = []
    for kind in sorted(by_kind)[:: max(1, len(by_kind) // N_SAID)][:N_SAID]:
        sound = by_kind[kind]
        parts = [sound[i : i + WINDOW_SAMPLES] for i in range(0, len(sound) - WINDOW_SAMPLES, WINDOW_SAMPLES)]
        mean = np.mean([look(part, tagger)[1] for part in parts], axis=0)
        said.append([kind, ", ".join(f"{word} {share:.2f}" for word, share in best(tags, mean))])
    return said


def named(kind: str) -> str:
    """What a clip is, in words."""
    return f"a recording, {kind[4:]}" if kind.startswith("rec_") else kind.replace("_", " ")


def targets(desk: Desk, figures: Figures) -> list[Target]:
    card = desk.card(desk.tagger).figures
    rivals = [figure(figures, f"silhouette_{name}") for name in ("mfcc", "mfcc_standardised")]
    known = [value for value in rivals if value is not None]
    got = figure(figures, "silhouette_embedding")
    rival = max(known, default=0.0)
    return [
        at_least("AUC against the teachers' tags", 0.9, card.get("auc_teachers"), 3),
        at_least("AUC of true instruments", 0.9, card.get("auc_instruments"), 3),
        at_least("cosine at −12 dB", 0.9, figure(figures, "cosine_down_12_db"), 3),
        at_least("cosine at +12 dB", 0.9, figure(figures, "cosine_up_12_db"), 3),
        at_least("cosine in noise 20 dB below", 0.9, figure(figures, "cosine_noise_20_db"), 3),
        Target(
            "silhouette by section", f"> {rival:.3f}, MFCC means", got, got is not None and got > rival, 3
        ),
    ]


def page(desk: Desk, figures: Figures) -> str:
    card = desk.card(desk.tagger)
    n = figures.get("n_medleys", 0)
    text = f"{card.summary} *{card.paper}.*\n\n{targets_table(targets(desk, figures))}\n\n"
    if figures:
        text += (
            f"Silhouettes are Euclidean, of {figures['n_windows']} windows of 3.69 s in {n} medleys, as the "
            "show hears them (`modes/hearing.py`); a medley is five pieces of 14.8 s at one level: three val "
            "scores by FluidSynth, one by our synthesizer, one recording, all of different kinds. MFCC means "
            f"(coefficients 1 to {medleys.N_MFCC - 1} of the same windows) reach "
            f"{figures['silhouette_mfcc']:.3f} as they are and {figures['silhouette_mfcc_standardised']:.3f} "
            f"standardised; the embedding lies above both in {figures['medleys_above_mfcc']:.0%} of medleys. "
            "The least cosines are "
            f"{figures['least_cosine_down_12_db']:.2f} at −12 dB, {figures['least_cosine_up_12_db']:.2f} at "
            f"+12 dB (clipped where it is over full scale) and {figures['least_cosine_noise_20_db']:.2f} in "
            "noise.\n\nWhat it says of ten val clips, as the HUD words it:\n\n"
            + table(("clip", "words"), [(named(kind), words) for kind, words in figures["said"]])
            + "\n"
        )
    short = [t for t in targets(desk, figures)[:2] if not t.is_met]
    if short:
        text += (
            "\nWhat is short: the teachers disagree with one another on rare tags, and the run heard "
            f"{card.figures.get('n_windows_heard', 0):,.0f} windows on one shared core. "
            "`klangbild train tagger --resume --minutes 60 --device cuda --batch 64` would go on from "
            "there.\n"
        )
    return text


PART = Part("tagger", "Tagger", ("tagger",), measure, page, targets, needs=("data",))
