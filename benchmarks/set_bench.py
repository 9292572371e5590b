"""Twenty minutes of a set by bars, while everything that can go wrong on a stage does."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pythonosc.osc_message_builder import build_msg

from benchmarks.show_bench import health_of
from tests.show import Show
from tests.virtual import Unavailable, VirtualLineIn, VirtualScreen
from visualizer.audio.sources import demo_path
from visualizer.types import UserError

PRESETS = ("House", "Dance", "Calm", "Ink", "Lake", "Old master", "Tide", "Pulse", "Centuries")
N_CUES = 12
SET_S = 20 * 60.0
BARS = 44
"""Of each cue: twelve of them at some 110 beats a minute are twenty minutes."""
FLOOD, FLOOD_S = 10_000, 1.0
KEYS = ("r", "n", "p", "s", "g", "t", "b", "space", "Tab", "h", "m", "c", "shift+c", "q", "o", "comma")
"""All that a hand may hit by accident, but what ends the show, the set or its order."""
KEY_EVERY_S, FLOOD_EVERY_S, UNPLUG_EVERY_S = 4.0, 31.0, 47.0
PANEL_DIES_AT = (0.33, 0.66)
START_S = 90.0


def run() -> dict[str, Any]:
    """Gaps, cues, what was done to the show, and what it stood at in the end."""
    rng = random.Random(7)
    with ExitStack() as stack:
        try:
            screen = stack.enter_context(VirtualScreen(1920, 1080))
            line = stack.enter_context(VirtualLineIn())
        except Unavailable as reason:
            raise UserError(f"This bench needs a virtual screen and line-in: {reason}.") from None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        midi = _Midi(stack)
        _write_set(folder)
        port = _free_port()
        settings = {"show.quantise": "bar", "show.set_list": "Night", "control.osc_port": port}
        options = [text for id, value in settings.items() for text in ("--set", f"{id}={value}")]
        environment = os.environ | screen.env | line.env | midi.env
        show = stack.enter_context(Show(folder, environment, "--input", "vin", *options, panel=True))
        show.wait_for_images()
        line.play(demo_path())
        show.wait_until(lambda s: s["cues"]["hears_beat"], START_S, "the beat")
        show.press("Home")
        first = show.lines[-1]
        done, gaps_ms = _play(show, line, rng, midi, port)
        return _tell(show, first, done, gaps_ms)


def _play(
    show: Show, line: VirtualLineIn, rng: random.Random, midi: _Midi, port: int
) -> tuple[dict[str, int], list[float]]:
    """The set from its start to its end; what was done, and the longest gap of each second."""
    done = {"keys": 0, "floods": 0, "unplugged": 0, "panels_killed": 0}
    flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    start_s, player = time.monotonic(), line.play(demo_path())
    due = {"key": KEY_EVERY_S, "flood": FLOOD_EVERY_S, "unplug": UNPLUG_EVERY_S}
    dies = [share * SET_S for share in PANEL_DIES_AT]
    display, gaps_ms = health_of(show), []
    next_look_s = 0.0
    while (now_s := time.monotonic() - start_s) < SET_S:
        if player.poll() is not None:
            player = line.play(demo_path())
        if now_s >= due["key"]:
            due["key"] = now_s + rng.uniform(0.5, 1.5) * KEY_EVERY_S
            show.press(rng.choice(KEYS))
            done["keys"] += 1
        if now_s >= due["flood"]:
            due["flood"] = now_s + FLOOD_EVERY_S
            _flood(flood, port, rng)
            done["floods"] += 1
        if now_s >= due["unplug"] and midi.is_there:
            due["unplug"] = now_s + UNPLUG_EVERY_S
            midi.unplug_and_plug()
            done["unplugged"] += 1
        if dies and now_s >= dies[0]:
            dies.pop(0)
            done["panels_killed"] += _kill_panel(show)
        midi.turn(rng)
        if now_s >= next_look_s:
            next_look_s = now_s + 0.5
            told = (display["display"].read() or {}).get("health", {}) if display else {}
            gaps_ms.append(float(told.get("longest_gap_ms") or 0.0))
        time.sleep(0.05)
    flood.close()
    return done, gaps_ms


def _kill_panel(show: Show) -> int:
    if show.lines[-1]["workers"]["panel"]["state"] != "running":
        return 0
    show.kill("panel")
    time.sleep(2.0)
    show.press("d")  # it opens again
    return 1


def _flood(sender: socket.socket, port: int, rng: random.Random) -> None:
    """10,000 messages in a second: values, nonsense, random bytes."""
    kinds: list[Callable[[], bytes]] = [
        lambda: build_msg("/klangbild/effects/bloom", [rng.random()]).dgram,
        lambda: build_msg("/klangbild/nothing/such", ["x" * 200]).dgram,
        lambda: rng.randbytes(rng.randrange(1, 400)),
        lambda: build_msg("/klangbild/effects/zoom", ["a word"]).dgram,
    ]
    begin_s = time.monotonic()
    for number in range(FLOOD):
        with contextlib.suppress(OSError):
            sender.sendto(rng.choice(kinds)(), ("127.0.0.1", port))
        behind_s = number / FLOOD * FLOOD_S - (time.monotonic() - begin_s)
        if number % 100 == 0 and behind_s > 0:
            time.sleep(behind_s)


class _Midi:
    """A controller on a JACK server of its own; absent where there is none."""

    def __init__(self, stack: ExitStack) -> None:
        self.env: dict[str, str] = {}
        self._desk: Any = None
        try:
            from tests.virtual_midi import Controller, VirtualMidi

            self._server = stack.enter_context(VirtualMidi())
        except (Unavailable, ImportError):
            return
        self._make = lambda: Controller(self._server)
        self.env = self._server.env
        self._desk = self._make()

    @property
    def is_there(self) -> bool:
        return self._desk is not None

    def turn(self, rng: random.Random) -> None:
        """A knob that nobody has bound, and now and then one that is read as a program."""
        if self._desk is not None:
            self._desk.turn(rng.randrange(120), rng.randrange(128))

    def unplug_and_plug(self) -> None:
        self._desk.unplug()
        time.sleep(1.0)
        self._desk = self._make()


def _tell(show: Show, first: dict[str, Any], done: dict[str, int], gaps_ms: list[float]) -> dict[str, Any]:
    lines = [line for line in show.lines if line["time_s"] > first["time_s"]]
    last = lines[-1]
    late = [float(ms) for ms in re.findall(r", (-?\d+) ms after its boundary", show.log)]
    cues = last["cues"]
    counted = "n_gaps_over_100_ms"
    health = [line["workers"]["display"]["health"] for line in (first, last)]
    return {
        "minutes": round((last["time_s"] - first["time_s"]) / 60.0, 1),
        "done": done,
        "cues_begun": cues["n_begun"],
        "cues_skipped": cues["n_skipped"],
        "late_ms": {
            "median": statistics.median(late) if late else None,
            "most": max(late, default=None),
            "n": len(late),
        },
        "longest_gap_ms": max(gaps_ms),
        "gaps_over_100_ms": health[1].get(counted, 0) - health[0].get(counted, 0),
        "shown_fps": round((last["n_shown"] - first["n_shown"]) / (last["time_s"] - first["time_s"]), 1),
        "restarts": {name: n for name, n in last["restarts"].items() if n},
        "ended_on": {"preset": last["preset"], "mode": last["mode"], "place": cues["place"]},
        "has_traceback": "Traceback" in show.log,
    }


def _write_set(folder: Path) -> None:
    names = [PRESETS[number % len(PRESETS)] for number in range(N_CUES)]
    cues = [{"preset": name, "leave": "bars", "after": BARS, "fade_s": 2.0} for name in names]
    sets = folder / "config" / "klangbild" / "sets"
    sets.mkdir(parents=True)
    (sets / "night.json").write_text(
        json.dumps({"klangbild": "set", "version": 1, "name": "Night", "cues": cues})
    )


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
