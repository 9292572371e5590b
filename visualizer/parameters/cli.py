"""`klangbild parameters [GROUP] [--json]`: every control, from the registry."""

from __future__ import annotations

import argparse
import difflib
import json
import re
from typing import Any

from visualizer.parameters import PARAMETERS, Parameter
from visualizer.parameters.modulating import N_LFOS, N_ROUTES, N_WALKS
from visualizer.types import UserError


def main(arguments: list[str]) -> int:
    """Prints parameters, as a table or as a JSON list; UserError for a group that there is not."""
    parser = argparse.ArgumentParser(prog="klangbild parameters", description="List every control.")
    parser.add_argument(
        "group", nargs="?", default="", help="only those whose id begins so: effects, lfo.2 …; default: all"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    chosen = _of_group(options.group)
    if options.json:
        print(json.dumps([describe(parameter) for parameter in chosen], indent=2, ensure_ascii=False))
        return 0
    told: set[str] = set()
    for parameter in chosen:
        family = "" if options.group else parameter.id.partition(".")[0]
        if not _ALIKE.match(parameter.id) or family not in _FAMILIES:
            print(f"{parameter.id:<28}{_range(parameter):<32}{parameter.help}")
        elif family not in told:
            told.add(family)
            last = f" … {_FAMILIES[family]}" if _FAMILIES[family] > 2 else ""
            print(f"{f'{family}.2{last}':<28}as {family}.1")
    return 0


_ALIKE = re.compile(r"\w+\.(?!1\.)\d+\.")
_FAMILIES = {"modulation": N_ROUTES, "lfo": N_LFOS, "walk": N_WALKS}
"""What there are several of, with the same parameters each."""


def _of_group(group: str) -> list[Parameter]:
    chosen = [p for p in PARAMETERS.values() if f"{p.id}.".startswith(f"{group.rstrip('.')}.") or not group]
    if chosen:
        return chosen
    groups = {p.id[:end] for p in PARAMETERS.values() for end in _dots(p.id)}
    near = difflib.get_close_matches(group, groups, n=3, cutoff=0.4)
    hint = f" Near: {', '.join(near)}." if near else ""
    raise UserError(f"No parameter begins with {group!r}.{hint} `klangbild parameters` lists all.")


def _dots(id: str) -> list[int]:
    return [place for place, character in enumerate(id) if character == "."]


def describe(parameter: Parameter) -> dict[str, Any]:
    """One parameter as JSON values; min and max are None where it has no range."""
    has_range = parameter.kind in ("float", "int")
    return {
        "id": parameter.id,
        "osc": parameter.osc,
        "kind": parameter.kind,
        "min": parameter.min if has_range else None,
        "max": parameter.max if has_range else None,
        "default": parameter.default,
        "unit": parameter.unit,
        "curve": parameter.curve,
        "choices": list(parameter.choices),
        "help": parameter.help,
    }


def _range(parameter: Parameter) -> str:
    match parameter.kind:
        case "float" | "int":
            return f"{parameter.min:g}..{parameter.max:g} {parameter.unit} ({parameter.default:g})"
        case "choice":
            return f"{'|'.join(parameter.choices)} ({parameter.default})"
        case "bool":
            return f"on|off ({'on' if parameter.default else 'off'})"
        case _:
            return f"{parameter.kind}{f' ({parameter.default})' if parameter.default else ''}"
