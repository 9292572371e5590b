"""Era mode: how much a still picture flickers in steady music, and how soon a change of music shows."""

from __future__ import annotations

import json
from itertools import pairwise, permutations
from typing import Any

import numpy as np

from benchmarks.lab import Float32, delta_e, lab
from visualizer import clock, parameters
from visualizer.audio.ear import Ear
from visualizer.audio.sources import RATE_HZ, DemoSource, demo_path, read_all
from visualizer.modes import era
from visualizer.modes.era import Era
from visualizer.types import Features

FPS = 30
CHANGE_EACH = 3
"""Of a change every so manyth frame is painted."""
DRUMS = "drums and bass"
MUSIC = ("piano", "strings", DRUMS, "techno")
CHANGES = (("strings", "techno"), ("techno", "piano"), ("piano", DRUMS))
SIZE_PX = 128
STEADY_S = 10.0
"""After so much of a piece its window is full; what follows is steady."""
LOOKED_AT_S = 4.0
LEAD_S = 4.0
STILL_S = 2.0
"""Length of the steady picture before and after a change."""
BEFORE_S, AFTER_S, LOOP_S = 12.0, 9.0, 4.0
EDGE_S = 1.5
"""A section's end, where it goes over into the next, is left out; in the plain cuts it is not."""
CALM_RATIO = 5.0
REACHED = 0.8
REACHED_WITHIN_S = 3.0


def run() -> dict[str, Any]:
    """Mean ΔE between successive frames, raw and steadied, in each section; and what a change needs.

    Changes are measured twice: onto music that does not develop by itself, and as plain cuts from the end of
    each section to the beginning of each other, where the new one's own development counts as lateness.
    """
    sections = {name: section(name, EDGE_S) for name in MUSIC}
    whole = {name: section(name) for name in MUSIC}
    usual = parameters.defaults() | {"era.size_px": SIZE_PX}
    raw = usual | {"era.smoothing_s": parameters.find("era.smoothing_s").min}
    modes = {"raw": load(raw), "steady": load(usual)}
    try:
        calm = {name: _flicker(modes, sound) for name, sound in sections.items()}
        changes = {f"{a} | {b}": change(modes["steady"], sections[a], loop(sections[b])) for a, b in CHANGES}
        cuts = {f"{a} | {b}": change(modes["steady"], whole[a], whole[b]) for a, b in permutations(MUSIC, 2)}
    finally:
        for mode in modes.values():
            mode.close()
    ratio = np.mean([row["raw"] for row in calm.values()]) / np.mean([row["steady"] for row in calm.values()])
    return {
        "flicker": calm,
        "ratio": round(float(ratio), 1),
        "changes": changes,
        "slowest_s": max(row["reached_s"] for row in changes.values()),
        "cuts": cuts,
        "n_cuts": len(cuts),
        "n_quick_cuts": sum(row["reached_s"] <= REACHED_WITHIN_S for row in cuts.values()),
        "is_calm": bool(ratio >= CALM_RATIO),
        "is_quick": all(row["reached_s"] <= REACHED_WITHIN_S for row in changes.values()),
    }


def load(settings: dict[str, Any]) -> Era:
    """Era mode over the default picture, for one thread; UserError where a model is missing."""
    return era.load(settings, threads=1, precision="fp32", live=False)


def section(name: str, edge_s: float = 0.0) -> Float32:
    """A section of the demo track (n, 2) at 48 kHz, without its last `edge_s`."""
    parts = json.loads(demo_path().with_suffix(".json").read_text("utf-8"))
    (part,) = [part for part in parts if part["name"] == name]
    sound = read_all(DemoSource(loop=False), round((part["end_s"] - edge_s) * RATE_HZ))
    return sound[round(part["start_s"] * RATE_HZ) :]


def loop(sound: Float32) -> Float32:
    """The last LOOP_S of it, over and over for AFTER_S: music that does not develop by itself."""
    n_times = -(-int(AFTER_S * RATE_HZ) // int(LOOP_S * RATE_HZ))
    return np.tile(sound[-int(LOOP_S * RATE_HZ) :], (n_times, 1))[: round(AFTER_S * RATE_HZ)]


def film(mode: Era, sound: Float32, *spans_s: tuple[float, float], each: int = 1) -> list[Float32]:
    """The frames within `spans_s` of `sound` (n, 2) at 48 kHz in L*a*b*, heard from a fresh start.

    With `each` only every so manyth is painted. Until LEAD_S before the first span the encoder rests.
    """
    mode.reset()
    ear, features = Ear(parameters.defaults()), Features()
    n_frame = RATE_HZ // FPS
    frames = []
    for index in range(len(sound) // n_frame):
        samples = sound[index * n_frame : (index + 1) * n_frame]
        now_ns = clock.nanoseconds((index + 1) / FPS)
        features = (ear.push(samples, now_ns) or [features])[-1]
        rests = index / FPS < spans_s[0][0] - LEAD_S
        mode.hear(samples, now_ns, features, n_most_ticks=0 if rests else None)
        if index % each == 0 and any(start_s <= index / FPS < end_s for start_s, end_s in spans_s):
            frames.append(lab(mode.paint(now_ns).pixels))
    return frames


def flicker(frames: list[Float32]) -> float:
    """Mean ΔE of successive frames."""
    return float(np.mean([delta_e(a, b) for a, b in pairwise(frames)]))


def _flicker(modes: dict[str, Era], sound: Float32) -> dict[str, float]:
    of = {
        name: flicker(film(mode, sound, (STEADY_S, STEADY_S + LOOKED_AT_S))) for name, mode in modes.items()
    }
    of["ratio"] = of["raw"] / of["steady"]
    return {name: round(value, 4) for name, value in of.items()}


def change(mode: Era, before: Float32, after: Float32) -> dict[str, float]:
    """When a hard cut from the one to the other has had 80 % of its effect, and how much it has at 3 s.

    The effect is the way from the mean picture of the last 2 s before to that of 7 to 9 s after; a frame's
    share of it is its projection on that way. `left` is the distance that is left at 3 s, relative to the
    whole: it holds also what moves within the new piece.
    """
    sound = np.concatenate(
        (before[-round(BEFORE_S * RATE_HZ) :], after[: round(AFTER_S * RATE_HZ)]),
    )
    length_s, change_s = len(sound) / RATE_HZ, min(len(before) / RATE_HZ, BEFORE_S)
    spans_s = ((change_s - STILL_S, change_s + LOOKED_AT_S), (length_s - STILL_S, length_s))
    frames = film(mode, sound, *spans_s, each=CHANGE_EACH)
    fps = FPS / CHANGE_EACH
    n_still = round(STILL_S * fps)
    old, new = np.mean(frames[:n_still], axis=0), np.mean(frames[-n_still:], axis=0)
    way = new - old
    frames = frames[n_still:-n_still]
    share = [float(((frame - old) * way).sum() / (way * way).sum()) for frame in frames]
    reached = next((i for i, value in enumerate(share) if value >= REACHED), len(share))
    at_limit = frames[round(REACHED_WITHIN_S * fps)]
    return {
        "delta_e": round(delta_e(old, new), 2),
        "reached_s": round((reached + 1) / fps, 2),
        "share_at_3_s": round(share[round(REACHED_WITHIN_S * fps)], 2),
        "left_at_3_s": round(delta_e(at_limit, new) / delta_e(old, new), 2),
    }
