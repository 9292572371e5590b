"""What the panel knows of MIDI and OSC, from the health of the control process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualizer.control.midi_map import Binding, parse
from visualizer.types import UserError


@dataclass(frozen=True, slots=True)
class MidiState:
    """Controllers, what is learnt and bound, and the last messages while they are watched."""

    ports: tuple[str, ...] = ()
    learning: str = ""
    """The target that waits for a knob; "" while none does."""
    hears: bool = False
    """Whether the knob moves already."""
    sentence: str = ""
    clock_bpm: float = 0.0
    clock_port: str = ""
    n_peers: int = 0
    """Other programs in the Link session."""
    bindings: tuple[Binding, ...] = ()
    midi_lines: tuple[str, ...] = ()
    osc_lines: tuple[str, ...] = ()

    def of(self, target: str) -> list[Binding]:
        """What plays a target."""
        return [binding for binding in self.bindings if binding.target == target]


def read(health: Mapping[str, Any]) -> MidiState:
    """From the health of the control process; parts that are missing or strange are left out."""
    midi, osc = _dict(health.get("midi")), _dict(health.get("osc"))
    told = _dict(midi.get("clock"))
    bpm, n_peers = told.get("bpm"), midi.get("n_peers")
    return MidiState(
        _texts(midi.get("ports")),
        str(midi.get("learning") or ""),
        bool(midi.get("hears")),
        str(midi.get("sentence") or ""),
        float(bpm) if isinstance(bpm, (int, float)) else 0.0,
        str(told.get("port") or ""),
        n_peers if isinstance(n_peers, int) else 0,
        _bindings(midi.get("map")),
        _texts(midi.get("monitor")),
        _texts(osc.get("recent")),
    )


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(text) for text in value) if isinstance(value, list) else ()


def _bindings(rows: object) -> tuple[Binding, ...]:
    found = []
    for row in rows if isinstance(rows, list) else ():
        try:
            found.append(parse(row))
        except UserError:
            continue
    return tuple(found)
