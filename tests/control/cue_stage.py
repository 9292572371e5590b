"""A stage for tests of cues: a show of commands, values and files whose clock and beat the test moves."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.control.test_commands import Lists, Processes
from visualizer import clock
from visualizer.control.commands import Commands
from visualizer.control.decks import N_WARM_IMAGES, Decks
from visualizer.control.presets import Presets
from visualizer.control.set_files import Sets
from visualizer.parameters import ParameterState

BAR_S = 2.0
"""Of four beats at 120 BPM, which the fake capture hears; the show starts on a bar line."""


class Crew(Processes):
    """Decks that are warm a second after their start, if their content is there; a display that fades."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.began_ns: dict[str, int] = {}
        self.wanted: dict[str, Mapping[str, Any]] = {}
        self.loading_s = 1.0

    def send_settings(self, changed: Mapping[str, Any], mends: bool = True) -> None:
        super().send_settings(changed, mends)
        if changed.get("deck_stage") == "fading":
            self.stage.fading_since_ns = self.stage.now_ns

    def start_worker(self, name: str, pinned: Mapping[str, Any] | None = None) -> None:
        super().start_worker(name, pinned)
        self.began_ns[name], self.wanted[name] = self.stage.now_ns, dict(pinned or {})

    def pin(self, name: str, pinned: Mapping[str, Any]) -> None:
        self.wanted[name] = dict(pinned)

    def look_at(self, name: str) -> tuple[str, str, dict[str, Any]]:
        if name == "display":
            fades_s = clock.seconds(self.stage.now_ns - self.stage.fading_since_ns)
            is_over = fades_s >= self.stage.decks.fade_s
            return "running", "", {"on_air": self.stage.decks.on_air if is_over else ""}
        if not name.startswith("deck") or name not in self.began_ns:
            return super().look_at(name)
        if self.wanted[name].get("era.content") == "gone.jpg":
            return "failed", "gone.jpg is not there", {}
        runs_s = clock.seconds(self.stage.now_ns - self.began_ns[name])
        return "running", "", {"n_images": N_WARM_IMAGES if runs_s >= self.loading_s else 0}


class Stage:
    """A show of commands, values and files, with a clock and a beat that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.now_ns = 0
        self.fading_since_ns = 0
        self.is_heard = True
        self.bpm = 120.0
        self.values = ParameterState({"show.fade_s": 0.5, "show.morph_s": 0.0})
        self.decks = Decks(self.values)
        self.presets = Presets(folder / "mine", folder / "ours")
        self.sets = Sets(folder / "sets")
        self.commands = Commands(self.values, self.decks, Lists([]), self.presets, self.sets)
        self.cues = self.commands.cues
        self.cues.setlist._rng = self.cues._rng = random.Random(3)
        self.cues.setlist._has_room = lambda: True
        self.crew = Crew(self)
        self.cues.grid.listen(self._hear)
        self.commands.begin(self.crew)
        for name, values in (
            ("One", {"effects.hue": 10.0}),
            ("Two", {"effects.hue": 20.0, "show.mode": "era"}),
            ("Three", {"effects.hue": 30.0, "show.mode": "traumer"}),
            ("Gone", {"effects.hue": 40.0, "show.mode": "era", "era.content": "gone.jpg"}),
        ):
            self.presets.save(name, None, values)

    def _hear(self, counter: int) -> Any:
        """Features as capture writes them, 50 ms ago."""
        heard_s = clock.seconds(self.now_ns) - 0.05
        beats = max(0.0, heard_s) * self.bpm / 60.0
        heard = {"tempo_bpm": self.bpm, "beat_phase": beats % 1.0, "bar_phase": beats / 4.0 % 1.0}
        told = SimpleNamespace(**heard, time_ns=clock.nanoseconds(heard_s))
        return (counter + 1, told) if self.is_heard and heard_s >= 0.0 else None

    def write(self, *cues: Any, name: str = "Night") -> None:
        """A set list; a cue is (preset, bars) or a whole body."""
        bodies = [
            cue if isinstance(cue, dict) else {"preset": cue[0], "leave": "bars", "after": cue[1]}
            for cue in cues
        ]
        self.ask(write={"name": name, "cues": bodies})

    def ask(self, **deed: Any) -> None:
        self.commands.obey("panel", {"sets": deed})

    def do(self, name: str) -> None:
        self.commands.obey("display", {"do": name})

    def wait(self, seconds: float) -> None:
        """Time passes, as in the parent's loop."""
        end_ns = self.now_ns + clock.nanoseconds(seconds)
        while self.now_ns < end_ns:
            self.now_ns = min(end_ns, self.now_ns + clock.nanoseconds(self.commands.wait_s(0.1)) + 1000)
            self.commands.look_after()

    def wait_until_s(self, time_s: float) -> None:
        self.wait(time_s - clock.seconds(self.now_ns))

    @property
    def said(self) -> str:
        return str(self.crew.settings.get("preset_sentence", ""))

    @property
    def line(self) -> str:
        return str(self.crew.settings.get("cue_line", ""))

    @property
    def on(self) -> str:
        cue = self.cues.setlist.cue
        return cue.preset if cue is not None else ""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    now: list[Stage] = []
    monkeypatch.setattr(clock, "now_ns", lambda: now[0].now_ns if now else 0)
    made = Stage(tmp_path)
    now.append(made)
    made.wait(0.5)
    return made
