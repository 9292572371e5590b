"""What the keys do, in the window and in the panel."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visualizer.control.preset_files import SLOTS


@dataclass(frozen=True, slots=True)
class Binding:
    """One key. It toggles a parameter, sets one, or asks for something by name; exactly one of these."""

    symbol: str
    """The printed character in lower case, or `escape`, `space`, `backspace`, `tab`, `enter`, `f1`, `home`,
    `end`, `page_up`, `page_down`."""
    label: str
    help: str
    toggles: str = ""
    sets: tuple[str, Any] | None = None
    does: str = ""
    shift: bool = False
    ctrl: bool = False


BINDINGS = (
    Binding("f", "F", "Full screen", toggles="display.fullscreen"),
    Binding("escape", "Esc", "Leave full screen", sets=("display.fullscreen", False)),
    Binding("m", "Ctrl M", "Next monitor", does="next_monitor", ctrl=True),
    Binding("b", "B", "Blackout", toggles="output.blackout"),
    Binding("space", "Space", "Freeze", toggles="output.freeze"),
    Binding("backspace", "Backspace", "Panic: a known look, no blackout, no freeze", does="panic"),
    Binding("r", "R", "Random seed", does="random_seed"),
    Binding("r", "Ctrl R", "Record, or end the recording", does="record", ctrl=True),
    Binding("s", "Ctrl S", "Keep the picture as a PNG file", does="still", ctrl=True),
    Binding("n", "N", "Next, previous seed", does="next"),
    Binding("n", "Shift N", "Next, previous seed", does="previous", shift=True),
    Binding("p", "P", "Next, previous seed", does="previous"),
    Binding("r", "Shift R", "Random look", does="random_look", shift=True),
    Binding("a", "A", "Random preset", does="random_preset"),
    Binding("l", "L", "Lock: seed and set list stay", does="lock"),
    Binding("m", "M", "Next mode", does="next_mode"),
    Binding("g", "G", "Next, previous model", does="next_model"),
    Binding("g", "Shift G", "Next, previous model", does="previous_model", shift=True),
    Binding("c", "C", "Next, previous content of era mode", does="next_content"),
    Binding("c", "Shift C", "Next, previous content of era mode", does="previous_content", shift=True),
    Binding("s", "S", "Next style-transfer network", does="next_network"),
    Binding("o", "O", "Modulation on, off", toggles="show.modulation"),
    Binding("enter", "Enter", "Take what is held in the other deck", does="take"),
    Binding("q", "Q", "Begin at once, on beat, bar, 4 bars", does="next_quantise"),
    Binding("page_down", "Page Down", "Next cue of the set list", does="next_cue"),
    Binding("page_up", "Page Up", "Previous cue", does="previous_cue"),
    Binding("home", "Home", "Set list: start, stop", does="start_set"),
    Binding("end", "End", "Set list: start, stop", does="stop_set"),
    Binding("t", "T", "Tap the tempo", does="tap"),
    Binding("t", "Shift T", "A bar begins now", does="resync", shift=True),
    Binding("j", "J", "Half, double the tempo", does="half_tempo"),
    Binding("j", "Shift J", "Half, double the tempo", does="double_tempo", shift=True),
    Binding(",", "Comma", "Nudge the beat earlier, later", does="nudge_earlier"),
    Binding(".", "Dot", "Nudge the beat earlier, later", does="nudge_later"),
    Binding("k", "K", "Lock the tempo", toggles="tempo.lock"),
    Binding("i", "Ctrl I", "Next input", does="next_input", ctrl=True),
    Binding("tab", "Tab", "What is heard, rates and latency", toggles="display.hud"),
    Binding("i", "I", "What is heard, rates and latency", toggles="display.hud"),
    Binding("d", "D", "Panel", does="panel"),
    *(Binding(str(n), str(n), "Presets", does=f"preset_{n}") for n in SLOTS),
    *(Binding(str(n), f"Ctrl {n}", "Save as preset", does=f"save_preset_{n}", ctrl=True) for n in SLOTS),
    Binding("z", "Ctrl Z", "Undo the last preset or cue", does="undo", ctrl=True),
    Binding("h", "H", "These keys", toggles="display.help"),
    Binding("f1", "F1", "These keys", toggles="display.help"),
)

_LONG_ROW = 4

OWN = ("next_monitor",)
"""What the display does by itself."""


def find(symbol: str, shift: bool, ctrl: bool, known: Collection[str] | None = None) -> Binding | None:
    """The binding of a key, or None where it means nothing.

    `known` is what the parent can be asked for, None for all of `commands.ACTIONS`.
    """
    for binding in BINDINGS:
        if (binding.symbol, binding.ctrl) != (symbol, ctrl):
            continue
        if binding.shift == shift or not _has_shifted(symbol):
            return binding if is_useful(binding, known) else None
    return None


def _has_shifted(symbol: str) -> bool:
    return any(b.symbol == symbol and b.shift for b in BINDINGS)


def is_useful(binding: Binding, known: Collection[str] | None = None) -> bool:
    """Whether the key does something in this show."""
    return known is None or not binding.does or binding.does in OWN or binding.does in known


def changes(binding: Binding, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a key sets, given the values now."""
    if binding.toggles:
        return {binding.toggles: not settings.get(binding.toggles, False)}
    if binding.sets:
        return dict([binding.sets])
    return {}


def card(known: Collection[str] | None = None) -> list[tuple[str, str]]:
    """The useful keys with what they do; keys that do the same share a line."""
    lines: dict[str, list[str]] = {}
    for binding in BINDINGS:
        if is_useful(binding, known):
            lines.setdefault(binding.help, []).append(binding.label)
    return [(_joined(labels), text) for text, labels in lines.items()]


def _joined(labels: Sequence[str]) -> str:
    """Keys that do the same; of a long row the first and the last."""
    if len(labels) > _LONG_ROW:
        return f"{labels[0]} … {labels[-1].split()[-1]}"
    return ", ".join(labels)
