"""A set by bars as a performer plays it: the real program on a click track in the virtual line-in."""

from __future__ import annotations

import json
import os
import re
import wave
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.show import Show
from tests.virtual import VirtualLineIn, VirtualScreen

pytestmark = pytest.mark.timeout(240)

BPM, RATE_HZ = 120.0, 48_000
BEAT_S = 60.0 / BPM
LONGEST_GAP_MS = 1000.0
"""Generous, for a machine that others use too; docs/sets.md tells what was measured."""
CUES = (("House", 3), ("Lake", 4), ("Ink", 3), ("Old master", 0))
"""Presets that ship, from one mode to the other and back; each with the bars that it stays."""


def click_track(file: Path, length_s: float) -> None:
    """Four clicks a bar, the first of them higher, over a soft tone."""
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    beats = time_s / BEAT_S
    ring = np.exp(-40.0 * (beats % 1.0) * BEAT_S)
    pitch_hz = np.where(beats.astype(int) % 4 == 0, 1760.0, 880.0)
    mono = 0.6 * ring * np.sin(2 * np.pi * pitch_hz * time_s) + 0.05 * np.sin(2 * np.pi * 220.0 * time_s)
    samples = (32767 * np.clip(mono, -1, 1)).astype("<i2")
    with wave.open(str(file), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(np.repeat(samples, 2).tobytes())


def write_set(folder: Path) -> None:
    """The set list, as the panel would have written it."""
    cues: list[dict[str, Any]] = [
        {"preset": name, "leave": "bars" if n_bars else "key", "after": max(n_bars, 1), "fade_s": 0.5}
        for name, n_bars in CUES
    ]
    sets = folder / "config" / "klangbild" / "sets"
    sets.mkdir(parents=True)
    body = {"klangbild": "set", "version": 1, "name": "Night", "cues": cues}
    (sets / "night.json").write_text(json.dumps(body))


def test_a_set_by_bars_loses_no_cue_and_shows_no_gap(
    tmp_path: Path, screen: VirtualScreen, line_in: VirtualLineIn
) -> None:
    click_track(tmp_path / "clicks.wav", 120.0)
    write_set(tmp_path)
    player = line_in.play(tmp_path / "clicks.wav")
    small = ("--set", "display.width=640", "--set", "display.height=360", "--set", "show.morph_s=0.3")
    begins = ("--set", "show.quantise=bar", "--set", "show.set_list=Night")
    with Show(tmp_path, os.environ | screen.env | line_in.env, "--input", "vin", *small, *begins) as show:
        show.wait_for_images()
        show.wait_until(lambda s: s["cues"]["hears_beat"], 30, "the beat")
        before = show.lines[-1]
        show.press("Home")
        last = show.wait_until(lambda s: s["cues"]["place"] == len(CUES) - 1, 90, "the last cue")
        last = show.wait_until(
            lambda s: s["decks"]["stage"] == "idle" and s["time_s"] > last["time_s"] + 2, 20, "its end"
        )
        lines = [line for line in show.lines if before["time_s"] < line["time_s"] <= last["time_s"]]
        assert (last["mode"], last["preset"]) == ("traumer", "Old master")
        assert last["cues"]["n_begun"] == len(CUES) and last["cues"]["n_skipped"] == 0
        assert max(line["longest_gap_ms"] for line in lines) < LONGEST_GAP_MS
        assert all(one["n_shown"] < other["n_shown"] for one, other in pairwise(lines))
        late = re.findall(r", (-?\d+) ms after its boundary(: it was not loaded in time)?", show.log)
        assert len(late) == len(CUES) - 1
        assert all(float(late_ms) < 1e3 * BEAT_S for late_ms, slow_machine in late if not slow_machine)
        assert not any(last["restarts"].values())
        assert show.end() == 0
        assert "Traceback" not in show.log
    player.terminate()
