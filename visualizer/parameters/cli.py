"""`klangbild parameters [--json]`: every control, from the registry."""

from __future__ import annotations

import argparse
import json
from typing import Any

from visualizer.parameters import PARAMETERS, Parameter


def main(arguments: list[str]) -> int:
    """Prints all parameters, as a table or as a JSON list."""
    parser = argparse.ArgumentParser(prog="klangbild parameters", description="List every control.")
    parser.add_argument("--json", action="store_true", help="as JSON")
    if parser.parse_args(arguments).json:
        print(
            json.dumps(
                [describe(parameter) for parameter in PARAMETERS.values()], indent=2, ensure_ascii=False
            )
        )
        return 0
    for parameter in PARAMETERS.values():
        print(f"{parameter.id:<28}{_range(parameter):<32}{parameter.help}")
    return 0


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
