"""A set by bars, while everything that can go wrong on a stage does."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pythonosc.osc_message_builder import build_msg

from benchmarks.agreement import wait_for_agreement
from benchmarks.measuring import load_average
from benchmarks.show_bench import health_of
from tests.control.osc_desk import free_port
from tests.show import Show
from tests.virtual import Unavailable, VirtualLineIn, VirtualScreen
from visualizer import clock
from visualizer.audio.sources import demo_path
from visualizer.types import UserError

PRESETS = ("House", "Dance", "Calm", "Ink", "Lake", "Old master", "Tide", "Pulse", "Centuries")
N_CUES = 12
MINUTES = 20.0
BARS_A_MINUTE = 27
"""At some 110 beats a minute."""
FLOOD, FLOOD_S = 10_000, 1.0
KEYS = ("r", "n", "p", "s", "g", "t", "b", "space", "Tab", "h", "m", "c", "shift+c", "q", "o", "comma")
"""All that a hand may hit by accident, but what ends the show, the set or its order."""
KEY_EVERY_S, FLOOD_EVERY_S, UNPLUG_EVERY_S = 4.0, 31.0, 47.0
PANEL_DIES_AT = (0.33, 0.66)
START_S = 90.0
LOOK_S = 0.4
TOLD_GAP_MS = 80.0
DEEDS_S = 5.0
"""What was done so long before a gap is told with it."""


def run(minutes: float = MINUTES) -> dict[str, Any]:
    """Gaps, cues, what was done to the show, and whether all its parts agree in the end."""
    with ExitStack() as stack:
        try:
            screen = stack.enter_context(VirtualScreen(1920, 1080))
            line = stack.enter_context(VirtualLineIn())
        except Unavailable as reason:
            raise UserError(f"This bench needs a virtual screen and line-in: {reason}.") from None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        midi = _Midi(stack)
        _write_set(folder, minutes)
        ports = {kind: free_port(kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)}
        settings = {
            "show.quantise": "bar",
            "show.set_list": "Night",
            "control.osc_port": ports[socket.SOCK_DGRAM],
            "control.oscquery_port": ports[socket.SOCK_STREAM],
        }
        options = [text for id, value in settings.items() for text in ("--set", f"{id}={value}")]
        environment = os.environ | screen.env | line.env | midi.env
        show = stack.enter_context(Show(folder, environment, "--input", "vin", *options, panel=True))
        show.wait_for_images()
        line.play(demo_path())
        show.wait_until(lambda s: s["cues"]["hears_beat"], START_S, "the beat")
        show.press("Home")
        first = show.lines[-1]
        night = _Night(show, midi, ports[socket.SOCK_DGRAM], 60.0 * minutes)
        night.play(line)
        told = _tell(show, first, night)
        return told | {"agreement": wait_for_agreement(show, folder, ports[socket.SOCK_STREAM])}


class _Night:
    """The set from its start to its end, with all that is done to it."""

    def __init__(self, show: Show, midi: _Midi, port: int, length_s: float) -> None:
        self.counts = {"keys": 0, "floods": 0, "unplugged": 0, "panels_killed": 0}
        self.gaps: list[dict[str, Any]] = []
        """Gaps longer than `TOLD_GAP_MS`, with what the display tells of them and what was done before."""
        self._show, self._midi, self._port, self._length_s = show, midi, port, length_s
        self._rng = random.Random(7)
        self._begun_s = clock.seconds(clock.now_ns())
        self._deeds: list[tuple[float, str]] = []
        self._seen: set[tuple[int, int]] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def play(self, line: VirtualLineIn) -> None:
        """Plays the demo again and again, until the time is over."""
        deeds: dict[str, tuple[float, Callable[[], None]]] = {
            "keys": (KEY_EVERY_S, self._type),
            "floods": (FLOOD_EVERY_S, self._flood),
            "unplugged": (UNPLUG_EVERY_S, self._unplug),
        }
        due_s = {name: every_s for name, (every_s, _) in deeds.items()}
        dies_s = [share * self._length_s for share in PANEL_DIES_AT]
        player = line.play(demo_path())
        self._look(is_first=True)
        looked_s = 0.0
        while (now_s := clock.seconds(clock.now_ns()) - self._begun_s) < self._length_s:
            if player.poll() is not None:
                player = line.play(demo_path())
            for name, (every_s, do) in deeds.items():
                if now_s >= due_s[name]:
                    due_s[name] = now_s + self._rng.uniform(0.5, 1.5) * every_s
                    self.counts[name] += 1
                    do()
            if dies_s and now_s >= dies_s[0]:
                dies_s.pop(0)
                self._kill_panel()
            self._midi.turn(self._rng)
            if now_s - looked_s > LOOK_S:
                looked_s = now_s
                self._look()
            time.sleep(0.05)
        self._look()
        self._socket.close()

    def _did(self, deed: str) -> None:
        self._deeds.append((clock.seconds(clock.now_ns()), deed))

    def _type(self) -> None:
        key = self._rng.choice(KEYS)
        self._did(f"key {key}")
        self._show.press(key)

    def _unplug(self) -> None:
        self._did("unplug")
        self._midi.unplug_and_plug()

    def _kill_panel(self) -> None:
        if self._show.lines[-1]["workers"]["panel"]["state"] != "running":
            return
        self._did("kill the panel")
        self._show.kill("panel")
        time.sleep(2.0)
        self._did("open the panel")
        self._show.press("d")
        self.counts["panels_killed"] += 1

    def _flood(self) -> None:
        """10,000 messages in a second, while everything else goes on."""
        self._did("flood")
        seed = self._rng.random()
        threading.Thread(target=_flood, args=(self._socket, self._port, random.Random(seed))).start()

    def _look(self, is_first: bool = False) -> None:
        """Takes what the display tells of late frames."""
        slots = health_of(self._show)
        told = (slots["display"].read() if slots else None) or {}
        for late in told.get("health", {}).get("late_frames", []):
            key = int(told["pid"]), int(late["number"])
            if key in self._seen:
                continue
            self._seen.add(key)
            if is_first or late["gap_ms"] <= TOLD_GAP_MS:
                continue
            status = self._show.lines[-1]
            deeds = [
                f"{deed} {late['time_s'] - at_s:.1f} s before"
                for at_s, deed in self._deeds
                if 0.0 <= late["time_s"] - at_s < DEEDS_S
            ]
            gap = {"at_s": round(late["time_s"] - self._begun_s, 1), **late, "deeds": deeds}
            gap |= {"load": load_average(), "decks": status["decks"]["stage"], "preset": status["preset"]}
            self.gaps.append(gap)
            print(json.dumps(gap), file=sys.stderr, flush=True)


def _flood(sender: socket.socket, port: int, rng: random.Random) -> None:
    """Values, nonsense, random bytes."""
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

    def turn(self, rng: random.Random) -> None:
        """A knob that nobody has bound, and now and then one that is read as a program."""
        if self._desk is not None:
            self._desk.turn(rng.randrange(120), rng.randrange(128))

    def unplug_and_plug(self) -> None:
        """Gone for three seconds, as a hand takes."""
        if self._desk is not None:
            self._desk.unplug()
            time.sleep(3.0)
            self._desk = self._make()


def _tell(show: Show, first: dict[str, Any], night: _Night) -> dict[str, Any]:
    lines = [line for line in show.lines if line["time_s"] > first["time_s"]]
    last = lines[-1]
    late = [float(ms) for ms in re.findall(r", (-?\d+) ms after its boundary", show.log)]
    cues = last["cues"]
    counted = "n_gaps_over_100_ms"
    health = [line["workers"]["display"]["health"] for line in (first, last)]
    return {
        "minutes": round((last["time_s"] - first["time_s"]) / 60.0, 1),
        "done": night.counts,
        "cues_begun": cues["n_begun"],
        "cues_skipped": cues["n_skipped"],
        "late_ms": {
            "median": statistics.median(late) if late else None,
            "most": max(late, default=None),
            "n": len(late),
        },
        "longest_gap_ms": max(line["longest_gap_ms"] or 0.0 for line in lines),
        "gaps_over_100_ms": health[1].get(counted, 0) - health[0].get(counted, 0),
        "gaps": night.gaps,
        "shown_fps": round((last["n_shown"] - first["n_shown"]) / (last["time_s"] - first["time_s"]), 1),
        "restarts": {name: n for name, n in last["restarts"].items() if n},
        "ended_on": {"preset": last["preset"], "mode": last["mode"], "place": cues["place"]},
        "has_traceback": "Traceback" in show.log,
    }


def _write_set(folder: Path, minutes: float) -> None:
    n_bars = max(round(minutes * BARS_A_MINUTE / N_CUES), 2)
    names = [PRESETS[number % len(PRESETS)] for number in range(N_CUES)]
    cues = [{"preset": name, "leave": "bars", "after": n_bars, "fade_s": 2.0} for name in names]
    sets = folder / "config" / "klangbild" / "sets"
    sets.mkdir(parents=True)
    (sets / "night.json").write_text(
        json.dumps({"klangbild": "set", "version": 1, "name": "Night", "cues": cues})
    )
