"""`klangbild midi`: what is plugged in and bound, a monitor, and the map as a file for another machine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from visualizer import clock
from visualizer.control import midi_map
from visualizer.control.midi import from_any
from visualizer.control.midi_events import TIMING, parse, read, written
from visualizer.control.midi_map import Binding
from visualizer.control.midi_ports import Ports
from visualizer.types import UserError

_POLL_S = 0.01


def main(arguments: Sequence[str]) -> int:
    """Lists, monitors, exports or imports; the exit code."""
    options = _parse(arguments)
    match options.action:
        case "monitor":
            monitor(options.duration)
        case "export":
            print(export(options.file))
        case "import":
            for sentence in take_in(options.file, options.any_controller):
                print(sentence)
        case _:
            _print_list()
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="klangbild midi", description="Controllers and what they play.")
    actions = parser.add_subparsers(dest="action", metavar="list | monitor | export | import")
    actions.add_parser("list", help="the inputs there are, and what is bound (default)")
    watch = actions.add_parser("monitor", help="print what comes, until Ctrl-C")
    watch.add_argument("--duration", metavar="S", type=float, help="end after so many seconds")
    out = actions.add_parser("export", help="write the map into a file")
    out.add_argument("file", type=Path, metavar="FILE")
    into = actions.add_parser("import", help="take in the bindings of an exported map; end the show before")
    into.add_argument("file", type=Path, metavar="FILE")
    into.add_argument(
        "--any-controller", action="store_true", help="whatever controller sends it, for another machine's"
    )
    return parser.parse_args(list(arguments))


def _print_list() -> None:
    ports = Ports()
    try:
        ports.look((), clock.seconds(clock.now_ns()))
        for name in ports.found:
            print(f"input   {name}")
        if not ports.found:
            print(ports.sentence or "No MIDI input is plugged in.")
    finally:
        ports.close()
    bindings, sentence = midi_map.load(midi_map.path())
    for binding in bindings:
        print(f"{binding.target:<32}{binding.source.name:<26}{describe(binding)}")
    print(sentence or f"The map is {midi_map.path()}.")


def describe(binding: Binding) -> str:
    """How a source plays its target, in a few words."""
    words = [binding.source.port or "any controller"]
    if binding.does != "value":
        words.append(binding.does)
    if binding.counts != "absolute":
        words.append("endless")
    if (binding.low, binding.high) != (0.0, 1.0):
        words.append(f"{100 * binding.low:.0f} to {100 * binding.high:.0f} %")
    if binding.inverts:
        words.append("inverted")
    if binding.pickup is not None:
        words.append("picks up" if binding.pickup else "jumps")
    return ", ".join(words) if binding.is_known else "no such target now, kept"


def monitor(duration_s: float | None) -> None:
    """Prints what all inputs send; of clocks only that they tick. UserError where there is no MIDI."""
    ports, begin_s, ticking = Ports(), clock.seconds(clock.now_ns()), set[str]()
    try:
        while duration_s is None or clock.seconds(clock.now_ns()) - begin_s < duration_s:
            for name in ports.look((), clock.seconds(clock.now_ns())):
                print(f"{name} is open", flush=True)
            if ports.sentence and not ports.names:
                raise UserError(ports.sentence)
            for heard in ports.take():
                message = parse(heard.data)
                event = read(message, heard.port) if message is not None else None
                if event is not None:
                    print(written(event), flush=True)
                elif heard.data[0] in TIMING and heard.port not in ticking:
                    ticking.add(heard.port)
                    print(f"{heard.port}: clock", flush=True)
            time.sleep(_POLL_S)
    finally:
        ports.close()


def export(file: Path) -> str:
    """Writes the map into a file; a sentence on it. UserError where something else is there already."""
    bindings, sentence = midi_map.load(midi_map.path())
    if sentence:
        raise UserError(sentence)
    if file.exists():
        midi_map.read(file)  # only an older export is replaced
    midi_map.save(bindings, file)
    return f"{len(bindings)} bindings are in {file}."


def take_in(file: Path, is_any: bool) -> list[str]:
    """Adds the bindings of a file to the map; sentences on it. What was there for a target goes."""
    given, sentences = midi_map.read(file)
    bindings, problem = midi_map.load(midi_map.path())
    for binding in given:
        bindings = midi_map.add(bindings, from_any(binding) if is_any else binding)
    midi_map.save(bindings, midi_map.path())
    counted = f"{len(given)} binding{'s' if len(given) != 1 else ''} taken in."
    return [*([problem] if problem else []), *sentences, counted]
