"""A deck: the process that holds one mode with its networks and paints into its frame slots."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from visualizer import clock
from visualizer.ipc.worker import Worker
from visualizer.modes.mode import Mode
from visualizer.modes.tier import Tier
from visualizer.modulation import Delay, Moving, asked_of_decks, lead
from visualizer.parameters import PARAMETERS
from visualizer.runtime import Precision
from visualizer.types import Features, Float32, UserError

_RATE_SPAN_S = 1.0
_RECALL_S = 10.0
"""A deck that starts in mid-show hears what the longest window would hold, and paints on at once."""
_FEW_CORES = 2
"""So many cores are shared by both decks during a fade."""
_PREVIEW_SHARE = 0.25
"""Of the image rate, for a deck that is not on air."""
LIGHTEN_LIMIT_S = 30.0
"""To compile an early exit may take so long: it happens when the machine is too busy already."""


def load_mode(settings: Mapping[str, Any], threads: int, precision: Precision = "auto") -> Mode:
    """The mode of `show.mode` with its networks loaded; UserError where a model is missing or damaged."""
    module = importlib.import_module(_MODES[settings["show.mode"]])
    mode: Mode = module.load(settings, threads, precision)
    return mode


_MODES = {"traumer": "visualizer.modes.traumer", "era": "visualizer.modes.era"}
"""A deck imports only the mode that it holds."""


def rate_share(slot: str, settings: Mapping[str, Any], n_cores: int) -> float:
    """Which share of the image rate a deck may take now, (0, 1]."""
    is_mixed = settings.get("deck_stage") == "ready" and settings.get("show.crossfader", 0.0) > 0.0
    if is_mixed or settings.get("deck_stage") == "fading":
        return 0.5 if n_cores <= _FEW_CORES else 1.0
    return 1.0 if settings.get("on_air", "a") == slot else _PREVIEW_SHARE


class Deck(Worker):
    """Hears the ring, paints the newest moment, drops what it cannot keep up with and counts it.

    Owner of its mode and of its frame slot; the worker's loop is the only thread.
    """

    def setup(self) -> None:
        """Loads the networks; meanwhile the display shows a shader of its own."""
        self.report("loading the networks")
        self._instead = ""
        """Why something else is painted than was wanted."""
        self._mode = self._load()
        self._slot = str(self.options["slot"])
        self._frames = self.regions.frames(self._slot)
        self._n_cores = os.cpu_count() or 1
        self.health["loaded"] = {p.id: self.settings[p.id] for p in PARAMETERS.values() if p.in_next_deck}
        ring = self.regions.audio
        self._reader = ring.reader(max(0, ring.n_written - round(_RECALL_S * ring.rate_hz)))
        self._features = Features()
        self._features_counter = 0
        self._delay = Delay[tuple[Float32, int, Features]]()
        self._heard = Features()
        self._moving = Moving()
        self._is_moved = False
        self._tier = Tier()
        self._next_ns = clock.now_ns()
        self._n_lost = 0
        self._counted = (clock.now_ns(), 0, 0)
        self.report("")

    def _load(self) -> Mode:
        """The wanted mode; a deck on air that begins, or begins again, takes our picture for a lost one."""
        threads = self.options["threads"]
        try:
            return load_mode(self.settings, threads)
        except UserError as error:
            if not (self.settings.get("deck_forgives") and self.settings["era.content"]):
                raise
            mode = load_mode({**self.settings, "era.content": ""}, threads)
            self._instead = str(error)
            self.log.warning("%s", error)
            return mode

    def step(self) -> float:
        """Hears what came, paints when an image is due; the seconds until the next one is."""
        share = rate_share(self._slot, self.settings, self._n_cores)
        period_ns = clock.nanoseconds(1.0 / (share * self.settings["show.image_fps"]))
        now_ns = clock.now_ns()
        if now_ns < self._next_ns:
            return clock.seconds(self._next_ns - now_ns)
        is_late = now_ns > self._next_ns + period_ns // 2
        self._hear(n_most_ticks=1 if is_late else 2)
        self._move()
        self._frames.write(self._mode.paint(clock.now_ns()))
        self._keep_pace(share * self.settings["show.image_fps"])
        self._next_ns = now_ns + period_ns if is_late else self._next_ns + period_ns
        self._count()
        return max(0.0, clock.seconds(self._next_ns - clock.now_ns()))

    def _keep_pace(self, wanted_fps: float) -> None:
        """Below the performer's floor there are fewer pixels."""
        now_s = clock.seconds(clock.now_ns())
        if self._tier.painted(now_s, self.settings["show.floor_fps"], wanted_fps):
            self.beat(LIGHTEN_LIMIT_S)
            self._mode.lighten(self._tier.is_light)

    def _hear(self, n_most_ticks: int) -> None:
        newer = self.regions.features.read_newer(self._features_counter)
        if newer is not None:
            self._features_counter, self._features = newer
        block = self._reader.read()
        self._n_lost += block.n_lost
        if len(block.samples):
            self._delay.push(block.time_ns, (block.samples, block.time_ns, self._features))
        offset_ms = self.settings["show.offset_ms"]
        due = self._delay.take(clock.now_ns(), offset_ms)
        if due:
            samples = due[0][0] if len(due) == 1 else np.concatenate([part for part, _, _ in due])
            _, time_ns, self._heard = due[-1]
            self._mode.hear(samples, time_ns, lead(self._heard, self.settings), n_most_ticks)

    def _move(self) -> None:
        """Hands the mode what routes move now, and once more the plain values when they stop."""
        asked = asked_of_decks(self.settings)
        told = {name: value for name, value in self._mode.signals().items() if name in asked} if asked else {}
        self.health["signals"] = {name: round(value, 3) for name, value in told.items()}
        now_s = clock.seconds(clock.now_ns())
        settings = self._moving.settings(now_s, self._heard, self.settings, told)
        if self._moving.values or self._is_moved:
            self._mode.apply(settings)
        self._is_moved = bool(self._moving.values)

    def _count(self) -> None:
        since_ns, n_images, n_ticks = self._counted
        state = self._mode.state()
        self.report(str(state.pop("sentence", "")) or self._instead or self._spared(state["size_px"]))
        span_s = clock.seconds(clock.now_ns() - since_ns)
        if span_s >= _RATE_SPAN_S:
            self.health["images_per_s"] = round((state["n_images"] - n_images) / span_s, 1)
            self.health["ticks_per_s"] = round((state["n_ticks"] - n_ticks) / span_s, 1)
            self._counted = (clock.now_ns(), state["n_images"], state["n_ticks"])
        self.health.update(state, n_lost_samples=self._n_lost)

    def _spared(self, size_px: int) -> str:
        if not self._tier.is_light:
            return ""
        width_px, height_px = self._mode.shape_px
        is_wide = self._mode.name == "traumer" and width_px > height_px
        cheaper = " Squares cost a third less (traumer.shape)." if is_wide else ""
        return (
            f"Too busy for {self.settings['show.floor_fps']:g} images a second with all pixels: painting "
            f"{size_px} px until there is time again (show.floor_fps).{cheaper}"
        )

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        """Live values take effect with the next image."""
        self._mode.apply(self.settings)

    def close(self) -> None:
        """Gives the networks back, where they were loaded."""
        mode: Mode | None = getattr(self, "_mode", None)
        if mode is not None:
            mode.close()
