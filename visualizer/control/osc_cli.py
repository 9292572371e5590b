"""`klangbild osc [--json]`: every OSC address, from the registry."""

from __future__ import annotations

import argparse
import json
from typing import Any

from visualizer.control.osc_addresses import TABLE, Address
from visualizer.parameters import PARAMETERS

_COLUMNS = "{:<44}{:<9}{:<28}{:<10}{}"


def main(arguments: list[str]) -> int:
    """Prints all addresses, as a table or as a JSON list."""
    parser = argparse.ArgumentParser(prog="klangbild osc", description="List every OSC address.")
    parser.add_argument("--json", action="store_true", help="as JSON")
    if parser.parse_args(arguments).json:
        print(json.dumps([describe(a) for a in TABLE.values()], indent=2, ensure_ascii=False))
        return 0
    print(_COLUMNS.format("address", "kind", "range", "unit", "help"))
    for address in TABLE.values():
        row = (address.path, kind(address), written_range(address), address.unit, address.help)
        print(_COLUMNS.format(*row))
    return 0


def describe(address: Address) -> dict[str, Any]:
    """One address as JSON values; `low` and `high` are None where it has no range."""
    return {
        "address": address.path,
        "kind": kind(address),
        "types": address.tags,
        "low": address.low,
        "high": address.high,
        "choices": list(address.choices),
        "unit": address.unit,
        "id": address.id if address.id in PARAMETERS else None,
        "is_readable": address.is_readable,
        "is_writable": address.is_writable,
        "help": address.help,
    }


def kind(address: Address) -> str:
    """A parameter's kind, `trigger` for what is done, `told` for what is only read."""
    match address.form:
        case "action" | "service":
            return "trigger"
        case "told":
            return "told"
        case _:
            return PARAMETERS[address.id].kind


def written_range(address: Address) -> str:
    """What it takes, for people."""
    closed = "" if address.is_writable or address.form == "told" else ", read only"
    if address.choices:
        return "|".join(map(str, address.choices)) + closed
    if address.low is None or address.high is None:
        words = {"T": "true|false", "s": "text", "i": "number", "f": "number"}
        return words.get(address.tags[:1], "") + closed
    n = f" × {len(address.tags)}" if len(address.tags) > 1 else ""
    return f"{address.low:g}..{address.high:g}" + n + closed
