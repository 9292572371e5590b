"""Whether all parts of a running show hold the same values."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.osc_surface import held_values
from tests.show import Show
from visualizer.control.decks import what_matters
from visualizer.control.presets import Presets
from visualizer.parameters import defaults

KEY = 9
"""On which the state is saved as a preset."""
SETTLED_S = 20.0
"""A morph, a fade and a wish that waits for its bar take so long at most, where nobody touches anything."""


def wait_for_agreement(show: Show, folder: Path, query_port: int) -> dict[str, Any]:
    """Asks again and again until all agree; JSON: `agrees`, `after_s`, and by kind what differed last.

    By kind: `processes` that hold other values than the parent, `decks` whose mode or networks are others,
    `osc` values that are answered otherwise than a preset has them that the parent has just saved.
    """
    begun_s = time.monotonic()
    while True:
        line = show.lines[-1]
        held = defaults() | held_values(query_port)
        saved = _saved(show, folder, query_port)
        differing = {
            "processes": _other_processes(line),
            "decks": _other_deck(line, held),
            "osc": [id for id, value in saved.items() if not _is_same(held.get(id), value)],
        }
        after_s = time.monotonic() - begun_s
        agrees = bool(saved) and not any(differing.values())
        if agrees or after_s > SETTLED_S:
            return {"agrees": agrees, "after_s": round(after_s, 1), "n_values": len(saved), **differing}
        time.sleep(1.0)


def _other_processes(line: Mapping[str, Any]) -> list[str]:
    """Workers whose values are not those of the parent, and the window while a key waits for its answer."""
    running = {n: w for n, w in line["workers"].items() if w["state"] in ("running", "degraded")}
    others = [name for name, worker in running.items() if worker["settings"] != line["settings"]]
    return others + (["keys"] if running["display"]["health"].get("n_unanswered_keys") else [])


def _other_deck(line: Mapping[str, Any], held: Mapping[str, Any]) -> list[str]:
    """What the deck on air has loaded otherwise than the values say."""
    loaded = line["workers"][f"deck_{line['decks']['on_air']}"]["health"].get("loaded", {})
    wanted = what_matters(held)
    return [id for id, value in wanted.items() if loaded.get(id) != value]


def _saved(show: Show, folder: Path, port: int) -> dict[str, Any]:
    """The values of a preset that the show saves now; {} where it does not."""
    presets = folder / "config" / "klangbild" / "presets"
    for file in presets.glob("*.json") if presets.is_dir() else ():
        file.unlink()
    show.press(f"ctrl+{KEY}")
    deadline_s = time.monotonic() + 3.0
    while time.monotonic() < deadline_s:
        if presets.is_dir() and any(presets.glob("*.json")):
            return dict(Presets(presets).find(KEY).values)
        time.sleep(0.05)
    return {}


def _is_same(held: object, wanted: object) -> bool:
    if isinstance(wanted, float) and isinstance(held, (int, float)):
        return math.isclose(held, wanted, rel_tol=1e-4, abs_tol=1e-6)  # OSC has 24 bits for it
    return held == wanted
