"""MIDI: controllers play the show, learn what they play, are told its values, and give it a clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from visualizer import clock
from visualizer.control import midi_map
from visualizer.control.asking import Asking
from visualizer.control.link import Link
from visualizer.control.midi_clock import MidiClock
from visualizer.control.midi_events import TIMING, Event, parse, read, written
from visualizer.control.midi_feedback import Feedback
from visualizer.control.midi_learn import Learner
from visualizer.control.midi_map import Binding
from visualizer.control.midi_play import Player
from visualizer.control.midi_ports import Heard, Ports
from visualizer.control.presets import Presets
from visualizer.parameters import PARAMETERS
from visualizer.types import UserError

STEP_S, OFF_STEP_S = 0.01, 0.25
CLOCK_S = 0.1
"""The clock is told to the parent so often."""
CLOCK_GONE_S = 2.0
"""After so long without a tick another port may be the clock."""
N_MONITORED = 100
WATCHED_S = 3.0
"""So long after somebody asked to watch the monitor is told."""


class Midi:
    """All of MIDI. Owned by the loop of the control process; a step does a bounded amount of work."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        send: Callable[[dict[str, Any]], None],
        beat: Callable[[float | None], None] = lambda _: None,
        file: Path | None = None,
        ports: Ports | None = None,
        now_s: Callable[[], float] = lambda: clock.seconds(clock.now_ns()),
    ) -> None:
        """`settings` are the worker's, always up to date; `send` reaches the parent; `file` keeps the map."""
        self._settings, self._now_s = settings, now_s
        self._file = file or midi_map.path()
        self._ports = ports or Ports(beat)
        self._asking = Asking(send, "midi")
        self._player = Player(settings, self._asking, _keyless)
        self._feedback = Feedback(self._ports.send)
        self._learner: Learner | None = None
        self._link = Link()
        self._clocks: dict[str, MidiClock] = {}
        self._clock_port, self._tick_s, self._clock_s = "", -1e9, -1e9
        self._tempo_bpm = 0.0
        self._recent: deque[str] = deque(maxlen=N_MONITORED)
        self._n_heard = 0
        self._watched_s = -1e9
        self._problem = ""
        self.is_news = False
        """Whether something changed that a panel shows at once; the reader sets it back."""
        self._bindings, self._file_problem = midi_map.load(self._file)
        self._rows: list[dict[str, Any]] = []
        self.rebind()

    def rebind(self) -> None:
        """Plays the map anew: it changed, or what there is to play did."""
        self._player.bind(self._bindings)
        self._rows = [midi_map.row(binding) for binding in self._bindings]

    @property
    def is_watched(self) -> bool:
        """Whether somebody looks at the monitor."""
        return self._now_s() - self._watched_s < WATCHED_S

    @property
    def health(self) -> dict[str, Any]:
        """Ports, what is learnt, the map, and while somebody watches the last messages."""
        sentences = [self._ports.sentence, self._file_problem, self._problem, self._link.sentence]
        sentences += [
            f"{port} gives back what it is sent: it is told no values." for port in self._feedback.echoing
        ]
        told = {
            "ports": self._ports.names,
            "found": self._ports.found,
            "learning": self._learner.target if self._learner else "",
            "hears": bool(self._learner and self._learner.has_heard),
            "sentence": " ".join(sentence for sentence in sentences if sentence),
            "n": self._n_heard,
            "clock": {"port": self._clock_port, "bpm": round(self._tempo_bpm, 2)},
            "n_peers": self._link.n_peers,
            "map": self._rows,
        }
        return told | ({"monitor": list(self._recent)} if self.is_watched else {})

    def step(self) -> float:
        """Does what is due; the seconds until the next step is wanted."""
        now_s = self._now_s()
        self._link.want(bool(self._setting("link.on")))
        if self._setting("midi.on"):
            for name in self._ports.look(self._inputs(), now_s):
                self._feedback.forget(name)
                self.is_news = True
            self._hear(self._ports.take(), now_s)
            self._learn(now_s)
            if self._setting("midi.feedback"):
                self._feedback.show(self._bindings, self._player.place_of, self._ports.names, now_s)
        elif self._ports.names or self._ports.sentence:
            self._ports.close()
        self._asking.pass_on(now_s)
        self._tell_clock(now_s)
        return STEP_S if self._setting("midi.on") or self._setting("link.on") else OFF_STEP_S

    def obey(self, deed: Mapping[str, Any]) -> None:
        """{"learn": TARGET or ""}, {"watch": true}, {"forget": ROW}, or {"edit": ROW, "to": {field: value}}.

        UserError for one that makes no sense. A row names its binding by target and port.
        """
        self.is_news = True
        match deed:
            case {"watch": _}:
                self.is_news = not self.is_watched
                self._watched_s = self._now_s()
            case {"learn": str(target)}:
                if target and not midi_map.is_target(target):
                    raise UserError(f"A knob cannot play {target[:80]!r}.")
                self._learner = Learner(target, self._now_s()) if target else None
            case {"forget": dict(row)}:
                gone = self._find(row)
                self._keep([binding for binding in self._bindings if binding != gone])
            case {"edit": dict(row), "to": dict(wanted)}:
                old = self._find(row)
                new = midi_map.parse({**midi_map.row(old), **wanted})
                self._keep([new if binding == old else binding for binding in self._bindings])
            case {"reload": _}:
                self._bindings, self._file_problem = midi_map.load(self._file)
                self.rebind()
            case _:
                raise UserError(f"MIDI knows no {str(deed)[:80]!r}.")

    def close(self) -> None:
        """Lets go of all ports."""
        self._ports.close()
        self._link.close()

    def _setting(self, id: str) -> Any:
        return self._settings.get(id, PARAMETERS[id].default)

    def _inputs(self) -> list[str]:
        return [part.strip() for part in str(self._setting("midi.inputs")).split(",") if part.strip()]

    def _hear(self, heard: Sequence[Heard], now_s: float) -> None:
        events: list[Event] = []
        for one in heard:
            if one.data and one.data[0] in TIMING:
                self._hear_clock(one, now_s)
                continue
            message = parse(one.data)
            event = read(message, one.port) if message is not None else None
            if event is not None:
                events.append(event)
        self._n_heard += len(events)
        self._recent.extend(written(event) for event in events[-N_MONITORED:])
        events = self._feedback.hear(events, now_s)
        if self._learner is None:
            self._player.play(events, now_s)
            return
        self.is_news |= bool(events) and not self._learner.has_heard
        for event in events:
            self._learner.hear(event, now_s)

    def _learn(self, now_s: float) -> None:
        """Ends the learning when the knob has rested, or when none came."""
        if self._learner is None:
            return
        binding = self._learner.result(now_s)
        if binding is not None:
            self._learner = None
            try:
                self._keep(midi_map.add(self._bindings, binding))
                self._player.take_hold(binding)
            except UserError as error:
                self._problem = str(error)
        elif self._learner.is_over(now_s):
            self._learner = None
        self.is_news |= self._learner is None

    def _find(self, row: Mapping[str, Any]) -> Binding:
        for binding in self._bindings:
            if (binding.target, binding.source.port) == (row.get("target"), row.get("port")):
                return binding
        raise UserError("That MIDI binding is gone already.")

    def _keep(self, bindings: list[Binding]) -> None:
        """Plays them from now on and writes the file; a full disk costs the file, not the knob."""
        self._bindings, self._problem = bindings, ""
        self.rebind()
        try:
            midi_map.save(bindings, self._file)
        except UserError as error:
            self._problem = f"The MIDI map plays but is not kept: {error}"

    # Clocks --------------------------------------------------------------------------------------------

    def _hear_clock(self, heard: Heard, now_s: float) -> None:
        """One port is the clock, until it has been silent for a while."""
        if not self._setting("midi.clock"):
            return
        if heard.port != self._clock_port:
            if now_s - self._tick_s < CLOCK_GONE_S:
                return
            self._clock_port, self._clocks = heard.port, {heard.port: MidiClock()}
        self._tick_s = now_s
        self._clocks[heard.port].hear(heard.data, heard.time_ns)

    def _tell_clock(self, now_s: float) -> None:
        """Ten times a second, what other machines' clocks say."""
        if now_s - self._clock_s < CLOCK_S:
            return
        self._clock_s = now_s
        per_bar = max(1, int(self._settings.get("tempo.beats_per_bar", 4)))
        ticking = self._clocks.get(self._clock_port)
        read = ticking.read(clock.now_ns()) if ticking is not None and self._setting("midi.clock") else None
        self._tempo_bpm = read[0] if read is not None else 0.0
        if read is not None:
            bpm, beat_ns, beat = read
            self._tell("midi", bpm, beat_ns, None if beat is None else beat % per_bar)
        joined = self._link.read(per_bar)
        if joined is not None:
            self._tell("link", *joined)

    def _tell(self, source: str, bpm: float, beat_ns: int, beat_of_bar: int | None) -> None:
        told = {"source": source, "bpm": bpm, "beat_ns": beat_ns, "beat_of_bar": beat_of_bar}
        self._asking.send({"clock": told})


def from_any(binding: Binding) -> Binding:
    """The same from whatever controller sends it."""
    return replace(binding, source=replace(binding.source, port=""))


def _keyless() -> list[str]:
    """Names of the presets that no key recalls, in their order."""
    entries = Presets().entries()
    return [entry.name for entry in entries if entry.preset is not None and entry.preset.slot is None]
