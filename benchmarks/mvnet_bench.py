"""MVNet's encoder tick by tick against the whole window at every tick: same weights, runtime and threads."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Any

import numpy as np
import soundfile
import soxr

from benchmarks.measuring import time_together
from visualizer import parameters, runtime
from visualizer.checkpoints import cards
from visualizer.checkpoints.cards import ENDS, MODEL, STAGES
from visualizer.modes import era_encoder
from visualizer.modes.era_encoder import SlidingEncoder
from visualizer.modes.era_hearing import EraHearing
from visualizer.paths import ASSETS
from visualizer.runtime import Precision, Runtime
from visualizer.types import Float32, UserError

N_ROUNDS = 80
VARIANTS: tuple[tuple[str, Precision], ...] = (
    ("openvino", "fp32"),
    ("onnxruntime", "fp32"),
    ("openvino", "bf16"),
)
"""The first that is here gives the figures of the whole bench."""
START_S = 20.0
STEADY_S = 12.0
"""So much of a piece fills its window and the stages' turns."""
LENGTH_S = 20.0


def run() -> dict[str, Any]:
    """For each runtime on one thread, as CPU time; the first row's figures again at the top.

    `ratio` = whole / ours in steady music, `max_rel_error` the furthest that any v is off, relative to its
    largest value, `macs_ratio` the multiply-adds of a window over those of a tick. `macs_ratio_of_demo` and
    `cpu_ratio_of_demo` are means over the whole demo track, with its changes of piece and of level.
    """
    model = cards.find_model(str(parameters.find("era.mvnet").default))
    windows = _windows(START_S, LENGTH_S)[round(STEADY_S / EraHearing(_nothing).tick_s) :]
    rows: dict[str, Any] = {}
    for name, precision in VARIANTS:
        try:
            row = _compare(model, name, precision, windows)
        except UserError as error:
            rows[f"{name} {precision}"] = {"missing": str(error)}
        else:
            rows[str(row.pop("runtime"))] = row
    first = next((row for row in rows.values() if "missing" not in row), None)
    if first is None:
        raise UserError("Nothing here can run MVNet: pip install 'klangbild[cpu]'.")
    top = {key: first[key] for key in ("ratio", "max_rel_error", "core_share_at_30hz")}
    return {**top, **_count(model), **rows, "demo": _whole_demo(model)}


def _compare(model: cards.Model, name: str, precision: Precision, windows: list[Float32]) -> dict[str, Any]:
    with ExitStack() as stack:
        whole = stack.enter_context(closing(_load(model, MODEL, name, precision)))
        stages = [stack.enter_context(closing(_load(model, file, name, precision))) for file in STAGES]
        ours = stack.enter_context(closing(era_encoder.load(model, 1, precision, name)))
        if not isinstance(ours, SlidingEncoder) or ours.name != whole.name:
            raise UserError(f"{model.card.id} has no stages: write them with `models graphs`.")
        coming = iter(windows)
        window = next(coming)
        heard: dict[str, Float32] = {}
        errors: list[float] = []

        def see() -> None:
            heard["ours"] = ours.see(window)

        def see_whole() -> None:
            whole.run({"mel": window[np.newaxis]})

        def compare() -> None:
            nonlocal window
            wanted = run_stages(stages, window)
            errors.append(float(np.abs(heard["ours"] - wanted).max() / np.abs(wanted).max()))
            window = next(coming)

        for _ in range(20):  # every turn of every stage
            see()
            compare()
        n_whole_before = sum(ours.n_wholes_run)
        times = time_together({"ours": see, "whole": see_whole, "compare": compare}, N_ROUNDS)
        n_anew = sum(ours.n_wholes_run) - n_whole_before
    cpu_ms = {key: times[key]["cpu_ms"] for key in ("ours", "whole")}
    rate_hz = 1.0 / EraHearing(_nothing).tick_s
    return {
        "runtime": whole.name,
        "ratio": round(cpu_ms["whole"] / cpu_ms["ours"], 2),
        "ours_cpu_ms": cpu_ms["ours"],
        "whole_cpu_ms": cpu_ms["whole"],
        "core_share_at_30hz": round(cpu_ms["ours"] * rate_hz / 1e3, 3),
        "whole_core_share_at_30hz": round(cpu_ms["whole"] * rate_hz / 1e3, 3),
        "max_rel_error": float(f"{max(errors):.3g}"),
        "stages_anew": n_anew,
    }


def run_stages(stages: list[Runtime], window: Float32) -> Float32:
    """The encoder at the window's whole width, at the level that the window has: v (n_v,)."""
    columns = window.transpose(2, 1, 0)[np.newaxis]
    for stage in stages:
        columns = stage.run({"columns": columns})["made"]
    return columns[0, ..., 0].T.ravel()


def _load(model: cards.Model, file: str, name: str, precision: Precision) -> Runtime:
    return runtime.load(
        model.folder / file, threads=1, prefer=name, precision=precision, fallback=False, verify=False
    )


def _nothing(window: Float32) -> Float32:
    return np.zeros(0, np.float32)


def _windows(start_s: float, length_s: float) -> list[Float32]:
    """What the encoder is given in a stretch of the demo track, tick by tick."""
    windows: list[Float32] = []

    def keep(window: Float32) -> Float32:
        windows.append(window.copy(order="K"))
        return window

    EraHearing(keep).push(_demo(start_s, length_s))
    return windows


def _demo(start_s: float, length_s: float | None) -> Float32:
    sound, rate_hz = soundfile.read(ASSETS / "demo.ogg", dtype="float32", always_2d=True)
    end = None if length_s is None else int((start_s + length_s) * rate_hz)
    stretch = sound[int(start_s * rate_hz) : end].mean(axis=1)
    return np.asarray(soxr.resample(stretch, rate_hz, EraHearing.RATE_HZ), np.float32)


def _whole_demo(model: cards.Model) -> dict[str, Any]:
    """The demo track from its start: work of all ticks over that of as many whole windows."""
    with closing(era_encoder.load(model, 1, "fp32")) as ours:
        if not isinstance(ours, SlidingEncoder):
            return {"missing": f"{model.card.id} has no stages: write them with `models graphs`."}
        n_seen = 0

        def see(window: Float32) -> Float32:
            nonlocal n_seen
            n_seen += 1
            return ours.see(window)

        EraHearing(see).push(_demo(0.0, None))
        macs = _stage_macs(model)
        if macs is None:
            return {"missing": "onnx is not installed"}
        ends, wholes = macs
        done = np.dot(ours.n_ends_run, ends) + np.dot(ours.n_wholes_run, wholes)
        return {
            "n_ticks": n_seen,
            "macs_ratio": round(n_seen * sum(wholes) / float(done), 2),
            "share_of_stages_whole": round(sum(ours.n_wholes_run) / (len(STAGES) * n_seen), 3),
        }


def _stage_macs(model: cards.Model) -> tuple[list[int], list[int]] | None:
    """Multiply-adds of every stage, of the ends and of the whole."""
    try:
        from visualizer.checkpoints.work import count_macs
    except ImportError:
        return None
    ends, wholes = ([count_macs(model.folder / file) for file in files] for files in (ENDS, STAGES))
    return ends, wholes


def _count(model: cards.Model) -> dict[str, Any]:
    macs = _stage_macs(model)
    if macs is None:
        return {"macs_ratio": {"missing": "onnx is not installed"}}
    ends, wholes = macs
    return {
        "macs_ratio": round(sum(wholes) / sum(ends), 2),
        "macs_millions": {
            "whole": round(sum(wholes) / 1e6, 1),
            "tick": round(sum(ends) / 1e6, 1),
        },
    }
