"""The tagger tick by tick against the whole window at every tick: same weights, runtime and threads."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Any

import numpy as np
import soundfile
import soxr

from benchmarks.measuring import time_together
from visualizer import runtime
from visualizer.checkpoints import cards
from visualizer.checkpoints.cards import CATCH_UP, MODEL, TICK
from visualizer.features.mel import TaggerMel
from visualizer.modes import incremental
from visualizer.modes.incremental import SlidingTagger, WholeTagger
from visualizer.modes.networks import TAGGER
from visualizer.paths import ASSETS
from visualizer.runtime import Precision
from visualizer.types import Float32, UserError

N_ROUNDS = 60
VARIANTS: tuple[tuple[str, Precision], ...] = (
    ("openvino", "fp32"),
    ("onnxruntime", "fp32"),
    ("openvino", "bf16"),
)
"""The first that is here gives the figures of the whole bench."""
START_S, LENGTH_S = 20.0, 12.0


def run() -> dict[str, Any]:
    """For each runtime on one thread, as CPU time; the first row's figures again at the top.

    `ratio` = whole / ours, `max_rel_error` the furthest that any embedding is off, relative to its largest
    value, `core_share_at_30hz` at the 31.25 ticks a second that there really are, `macs_ratio` the
    multiply-adds of a window over those of a tick.
    """
    model = cards.find_model(TAGGER)
    macs = _count(model)
    columns, rate_hz = _columns()
    rows: dict[str, Any] = {}
    for name, precision in VARIANTS:
        try:
            row = _compare(model, name, precision, columns, rate_hz)
        except UserError as error:
            rows[f"{name} {precision}"] = {"missing": str(error)}
        else:
            rows[str(row.pop("runtime"))] = row
    first = next((row for row in rows.values() if "missing" not in row), None)
    if first is None:
        raise UserError("Nothing here can run the tagger: pip install 'klangbild[cpu]'.")
    return {**{key: first[key] for key in ("ratio", "max_rel_error", "core_share_at_30hz")}, **macs, **rows}


def _compare(
    model: cards.Model, name: str, precision: Precision, columns: Float32, rate_hz: float
) -> dict[str, Any]:
    with ExitStack() as stack:
        whole = stack.enter_context(
            closing(
                WholeTagger(
                    runtime.load(model.onnx_path, threads=1, prefer=name, precision=precision, fallback=False)
                )
            )
        )
        ours = stack.enter_context(closing(incremental.load(model, 1, precision, name)))
        if not isinstance(ours, SlidingTagger) or ours.name != whole.name:
            raise UserError(f"{model.card.id} has no graphs of a tick: write them with `models graphs`.")
        feed = _Feed(columns)
        heard: dict[str, Float32] = {}
        errors: list[float] = []

        def hear() -> None:
            heard["ours"] = ours.hear(feed.window)[0]

        def hear_whole() -> None:
            heard["whole"] = whole.hear(feed.window)[0]

        def compare() -> None:
            off = np.abs(heard["ours"] - heard["whole"]).max() / np.abs(heard["whole"]).max()
            errors.append(float(off))
            feed.step()

        hear()  # the first window fills what later ones go on from
        first = ours.n_catch_ups
        times = time_together({"ours": hear, "whole": hear_whole, "compare": compare}, N_ROUNDS)
        if ours.n_catch_ups != first:
            raise UserError("The windows did not go on from one another: the bench is wrong.")
    cpu_ms = {key: times[key]["cpu_ms"] for key in ("ours", "whole")}
    return {
        "runtime": whole.name,
        "ratio": round(cpu_ms["whole"] / cpu_ms["ours"], 2),
        "ours_cpu_ms": cpu_ms["ours"],
        "whole_cpu_ms": cpu_ms["whole"],
        "core_share_at_30hz": round(cpu_ms["ours"] * rate_hz / 1e3, 3),
        "whole_core_share_at_30hz": round(cpu_ms["whole"] * rate_hz / 1e3, 3),
        "max_rel_error": float(f"{max(errors):.3g}"),
    }


class _Feed:
    """Windows of the demo track, two columns on at each step."""

    def __init__(self, columns: Float32) -> None:
        self._columns = columns
        self._at = 0
        self._n = TaggerMel().n_window_columns

    @property
    def window(self) -> Float32:
        return self._columns[:, self._at : self._at + self._n]

    def step(self) -> None:
        self._at += TaggerMel().columns_per_tick


def _columns() -> tuple[Float32, float]:
    """Log-mel columns of a stretch of the demo, and the tagger's ticks a second."""
    mel = TaggerMel()
    sound, rate_hz = soundfile.read(ASSETS / "demo.ogg", dtype="float32", always_2d=True)
    stretch = sound[int(START_S * rate_hz) : int((START_S + LENGTH_S) * rate_hz)].mean(axis=1)
    return mel.analyse(soxr.resample(stretch, rate_hz, mel.rate_hz)), mel.tick_rate_hz


def _count(model: cards.Model) -> dict[str, Any]:
    try:
        from visualizer.checkpoints.work import count_macs
    except ImportError:
        return {"macs_ratio": {"missing": "onnx is not installed"}}
    whole, tick, catch_up = (count_macs(model.folder / file) for file in (MODEL, TICK, CATCH_UP))
    return {
        "macs_ratio": round(whole / tick, 2),
        "macs_millions": {
            "whole": round(whole / 1e6, 1),
            "tick": round(tick / 1e6, 1),
            "eight_skipped": round(catch_up / 1e6, 1),
        },
    }
