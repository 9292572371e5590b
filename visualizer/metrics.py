"""The show in figures: one JSON line a second for scripts, and what it is made of."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from visualizer.types import UserError

_log = logging.getLogger("visualizer.status")

_WORKER_FIGURES = ("pid", "state", "sentence", "restarts", "hangs", "rss_mb", "cpu_percent", "settings")


class StatusWriter:
    """Appends lines to a file that was empty at the start; without a path it writes nothing."""

    def __init__(self, path: Path | None) -> None:
        """UserError where the file cannot be written."""
        self._file: TextIO | None = None
        if path is None:
            return
        try:
            self._file = path.open("w", encoding="utf-8")
        except OSError as error:
            raise UserError(
                f"The status cannot be written to {path} ({error.strerror}): choose another file."
            ) from None

    def write(
        self,
        time_s: float,
        status: Mapping[str, Mapping[str, Any]],
        decks: Mapping[str, Any] | None = None,
        preset: str = "",
        cues: Mapping[str, Any] | None = None,
        settings: str = "",
    ) -> None:
        """One line; `status` is `Supervisor.status()`, `decks` is `Decks.state()`, `cues` `Cues.summary()`.

        `settings` is the fingerprint of all values, as each worker tells its own. `preset` is the name of the
        one recalled or saved last. A full disk ends the writing, not the show.
        """
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(summarise(time_s, status, decks, preset, cues, settings)) + "\n")
            self._file.flush()
        except OSError as error:
            _log.warning("The status is written no further (%s).", error.strerror)
            self.close()

    def close(self) -> None:
        """The last line is written."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # what a full disk did not take is lost either way
                file.close()


def _light(health: Mapping[str, Any]) -> dict[str, Any]:
    """Without lists that are for the panel or a bench alone: a line is written each second of the night."""
    health = {name: told for name, told in health.items() if name != "late_frames"}
    midi = health.get("midi")
    if not isinstance(midi, dict):
        return dict(health)
    return {**health, "midi": {name: told for name, told in midi.items() if name not in ("map", "monitor")}}


def summarise(
    time_s: float,
    status: Mapping[str, Mapping[str, Any]],
    decks: Mapping[str, Any] | None = None,
    preset: str = "",
    cues: Mapping[str, Any] | None = None,
    settings: str = "",
) -> dict[str, Any]:
    """What a script wants to know of a show: figures of display, deck on air, capture and all processes."""
    decks = decks or {"on_air": "a", "stage": "idle"}
    health = {name: worker["health"] for name, worker in status.items()}
    display, deck, capture = health["display"], health[f"deck_{decks['on_air']}"], health["capture"]
    return {
        "time_s": round(time_s, 3),
        "mode": deck.get("mode"),
        "decks": dict(decks),
        "preset": preset,
        "cues": dict(cues or {}),
        "settings": settings,
        "input": capture.get("input"),
        "n_shown": display.get("n_shown", 0),
        "shown_fps": display.get("shown_fps", 0.0),
        "longest_gap_ms": display.get("longest_gap_ms"),
        "n_images": deck.get("n_images", 0),
        "images_per_s": deck.get("images_per_s", 0.0),
        "ticks_per_s": deck.get("ticks_per_s", 0.0),
        "latency_ms": display.get("latency_ms"),
        "words": deck.get("words", []),
        "drops": {
            "samples": deck.get("n_lost_samples", 0),
            "ticks": deck.get("n_skipped_ticks", 0),
            "images": display.get("n_dropped_images", 0),
        },
        "restarts": {name: worker["restarts"] for name, worker in status.items()},
        "memory_mb": {name: worker.get("rss_mb") for name, worker in status.items()},
        "cpu_percent": {name: worker.get("cpu_percent") for name, worker in status.items()},
        "workers": {
            name: {figure: worker.get(figure) for figure in _WORKER_FIGURES}
            | {"health": _light(worker["health"])}
            for name, worker in status.items()
        },
    }
