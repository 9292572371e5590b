"""What `klangbild bench` measures: each bench runs ours and its reference side by side in one process."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from visualizer.types import UserError

Result = dict[str, Any]
CUDA = "benchmarks.cuda_bench"
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True, slots=True)
class Bench:
    """One bench: what it tells, and where its function is; imported when it runs."""

    purpose: str
    module: str
    function: str = "run"
    is_long: bool = False
    """Left out unless it is named."""
    on_cuda: str = ""
    """Its function for a GPU; "" where it measures the processor alone."""
    takes_minutes: bool = False
    """Whether its function takes how many minutes it should run."""

    def __call__(self, device: str = "cpu", minutes: float | None = None) -> Result:
        """Raises UserError where it cannot run here."""
        if minutes is not None and not self.takes_minutes:
            able = ", ".join(name for name, bench in BENCHES.items() if bench.takes_minutes)
            raise UserError(f"This bench is as long as it is; --minutes is for: {able}.")
        if device == "cuda" and not self.on_cuda:
            able = ", ".join(name for name, bench in BENCHES.items() if bench.on_cuda)
            raise UserError(f"This bench measures the processor; --device cuda is for: {able}.")
        name = self.function if device == "cpu" else self.on_cuda
        function = getattr(importlib.import_module(self.module if device == "cpu" else CUDA), name)
        return cast("Callable[..., Result]", function)(*([] if minutes is None else [minutes]))


BENCHES = {
    "runtime": Bench(
        "tagger and generator on every runtime, against eager torch",
        "benchmarks.runtime_bench",
        on_cuda="generators",
    ),
    "mel": Bench("the era's mel a tick, against librosa computing its window anew", "benchmarks.mel_bench"),
    "tagger": Bench("the tagger tick by tick, against the whole window each tick", "benchmarks.tagger_bench"),
    "mvnet": Bench("MVNet's encoder tick by tick, against the whole window", "benchmarks.mvnet_bench"),
    "generator": Bench(
        "the generator of the show, against the published formulation in eager torch",
        "benchmarks.generator_bench",
        on_cuda="generators",
    ),
    "era": Bench(
        "era mode's painting, against computing everything each image",
        "benchmarks.era_bench",
        on_cuda="era",
    ),
    "render": Bench("video made per second of work, both modes", "benchmarks.render_bench"),
    "display": Bench(
        "the window with four filters, at 720 and 1080 rows: frame, upload, gaps", "benchmarks.display_bench"
    ),
    "latency": Bench("from a click in the line-in to its flash in the window", "benchmarks.latency_bench"),
    "recording": Bench(
        "half an hour recorded: how far flashes and clicks lie apart in the file",
        "benchmarks.recording_bench",
        is_long=True,
        takes_minutes=True,
    ),
    "allocations": Bench(
        "arrays that capture, decks and display take a round, by line", "benchmarks.allocations_bench"
    ),
    "crash": Bench(
        "recordings killed after a minute, and on a full disk: what still plays",
        "benchmarks.crash_bench",
        is_long=True,
        takes_minutes=True,
    ),
    "growth": Bench("cost by image size, channels, ticks and effects", "benchmarks.growth_bench"),
    "sections": Bench("whether the picture tells the demo's sections apart", "benchmarks.sections_bench"),
    "flicker": Bench(
        "era mode: flicker on a still picture, and how soon a change shows", "benchmarks.flicker_bench"
    ),
    "between": Bench(
        "frames between images by blending and by flow: error, evenness, ms", "benchmarks.between_bench"
    ),
    "styles": Bench(
        "the style-transfer networks beside the published WCT: ms, losses", "benchmarks.styles_bench"
    ),
    "tempo": Bench(
        "tempo and beat on clicks and rendered scores, beside BeatNet's activations", "benchmarks.tempo_bench"
    ),
    "pipeline": Bench(
        "a minute of the default show: rates, latency, CPU", "benchmarks.show_bench", "pipeline"
    ),
    "startup": Bench("from the command to moving pixels, and to images", "benchmarks.show_bench", "startup"),
    "kills": Bench(
        "kill -9 of each process: when it is back, what gap is seen", "benchmarks.show_bench", "kills"
    ),
    "switches": Bench(
        "ten switches of mode by key, ten in the panel: gaps, memory", "benchmarks.show_bench", "switches"
    ),
    "set": Bench(
        "twenty minutes of a set by bars under floods, kills and random keys: gaps, lost cues",
        "benchmarks.set_bench",
        is_long=True,
        takes_minutes=True,
    ),
    "memory": Bench(
        "twenty minutes of it: growth, lost samples",
        "benchmarks.show_bench",
        "memory",
        is_long=True,
        takes_minutes=True,
    ),
}
"""By name; each returns a JSON value: medians, ratios against its reference, how far the answers differ."""
