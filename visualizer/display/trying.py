"""The throwaway process in which shaders prove themselves: one job a line in, one verdict a line out.

`python -m visualizer.display.trying`; see `proving.Prover`, which starts it and kills it where it hangs.
"""

from __future__ import annotations

import faulthandler
import json
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import moderngl

from visualizer.display.isf.trial import Verdict, try_file
from visualizer.display.offscreen import create_context
from visualizer.display.rehearsal import Sizes, compile_all
from visualizer.display.warming import warm_file
from visualizer.types import UserError

GRACE_S = 2.0
"""So long after its limit a trial ends this process by itself, should whoever started it be gone."""


def main() -> int:
    """Reads jobs and answers each with a `Verdict` as JSON.

    A job is {"file", "size", "most_frame_s"}, {"warm": FILE, "size"} or {"stages": SIZES}, with "limit_s".
    """
    answers = _own_stdout()
    os.nice(10) if hasattr(os, "nice") else None  # behind decks and panel too
    try:
        context = _create_context()
    except UserError as error:
        answers.write(json.dumps({"broken": str(error)}) + "\n")
        return 1
    answers.write(json.dumps({"ready": str(context.info["GL_RENDERER"])}) + "\n")
    for line in sys.stdin:
        job = json.loads(line)
        # A driver in an endless loop never comes back to Python; this timer does not need it to.
        faulthandler.dump_traceback_later(float(job["limit_s"]) + GRACE_S, exit=True, file=_devnull)
        name = Path(job.get("file") or job.get("warm") or "").name
        try:
            verdict = _do(context, job)
        except MemoryError:
            verdict = Verdict(False, f"Shader {name} wants more memory than there is.")
        except Exception as error:  # whatever a strange file brings about is its verdict
            told = f"{type(error).__name__}: {error}"[:300]
            verdict = Verdict(False, f"Shader {name} cannot be drawn ({told}).")
        faulthandler.cancel_dump_traceback_later()
        answers.write(json.dumps(asdict(verdict)) + "\n")
    return 0


def _do(context: moderngl.Context, job: Mapping[str, Any]) -> Verdict:
    if "stages" in job:
        compile_all(context, Sizes(**{name: (int(w), int(h)) for name, (w, h) in job["stages"].items()}))
        return Verdict(True)
    size = int(job["size"][0]), int(job["size"][1])
    if "warm" in job:
        warm_file(context, Path(job["warm"]), size)
        return Verdict(True)
    return try_file(context, Path(job["file"]), size, float(job["most_frame_s"] or math.inf))


def _create_context() -> moderngl.Context:
    """A context without a window, or of a hidden one where drivers give no other."""
    try:
        return create_context()
    except UserError:
        from visualizer.display.window import Window

        return Window(64, 64).context


def _own_stdout() -> TextIO:
    """The answers' own line out; what drivers print goes nowhere."""
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(_devnull.fileno(), 1)
    os.dup2(_devnull.fileno(), 2)
    return answers


_devnull = open(os.devnull, "w")  # noqa: PTH123, SIM115  # open for as long as the process

if __name__ == "__main__":
    sys.exit(main())
