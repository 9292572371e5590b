"""What `klangbild bench` measures: each bench runs ours and its reference side by side in one process."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """One bench: what it tells, and where its function is; imported when it runs."""

    purpose: str
    module: str
    function: str = "run"
    is_long: bool = False
    """Left out unless it is named."""

    def __call__(self) -> Result:
        function = getattr(importlib.import_module(self.module), self.function)
        return cast("Callable[[], Result]", function)()


BENCHES = {
    "runtime": Bench(
        "tagger and generator on every runtime, against eager torch", "benchmarks.runtime_bench"
    ),
    "mel": Bench("the era's mel a tick, against librosa computing its window anew", "benchmarks.mel_bench"),
    "tagger": Bench("the tagger tick by tick, against the whole window each tick", "benchmarks.tagger_bench"),
    "mvnet": Bench("MVNet's encoder tick by tick, against the whole window", "benchmarks.mvnet_bench"),
    "sections": Bench("whether the picture tells the demo's sections apart", "benchmarks.sections_bench"),
    "flicker": Bench(
        "era mode: flicker on a still picture, and how soon a change shows", "benchmarks.flicker_bench"
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
    "memory": Bench(
        "twenty minutes of it: growth, lost samples", "benchmarks.show_bench", "memory", is_long=True
    ),
}
"""By name; each returns a JSON value: medians, ratios against its reference, how far the answers differ."""
