"""`klangbild bench`: measure by name, print a table, and keep the figures with commit and machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import BENCHES, DEVICES
from visualizer.types import UserError

RESULTS = Path(__file__).resolve().parent / "results"


def main(arguments: Sequence[str]) -> int:
    """Runs the named benches; 0. Raises UserError for an unknown name or an unwritable file."""
    listing = "\n".join(f"  {name:<12}{bench.purpose}" for name, bench in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="klangbild bench",
        description="Measures speed against a reference run beside it.",
        epilog=f"benches:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; without any all but the long ones")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument(
        "--device", choices=DEVICES, default="cpu", help="what to measure: the processor (default) or a GPU"
    )
    parser.add_argument("--minutes", type=_minutes, metavar="M", help="how long, for benches that are long")
    parser.add_argument("--log", action="store_true", help="add the figures to benchmarks/results/NAME.json")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        raise UserError(f"There is no bench {unknown[0]!r}: choose from {', '.join(BENCHES)}.")
    usual = [name for name, b in BENCHES.items() if (not b.is_long if options.device == "cpu" else b.on_cuda)]
    results = {name: _run(name, options.device, options.minutes) for name in options.names or usual}
    for name, result in results.items():
        if not options.json:
            print(f"{name} on {result['machine']}, commit {result['commit']}")
            _print(result["figures"], 1)
        if options.log:
            _log(RESULTS / f"{name}.json", result)
    if options.json:
        _write(options.json, results)
    return 0


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0.2 <= minutes <= 24 * 60:
        raise argparse.ArgumentTypeError("between 0.2 and 1440 minutes")
    return minutes


def _run(name: str, device: str, minutes: float | None) -> dict[str, Any]:
    from benchmarks.measuring import commit, load_average, machine

    load = load_average()
    figures = BENCHES[name](device, minutes)
    about = {"machine": machine(), "commit": commit(), "load_average": load}
    return about | ({} if device == "cpu" else {"device": device}) | {"figures": figures}


def _print(value: dict[str, Any], depth: int) -> None:
    for key, inner in value.items():
        if isinstance(inner, dict) and any(isinstance(v, dict) for v in inner.values()):
            print("  " * depth + key)
            _print(inner, depth + 1)
        elif isinstance(inner, dict) and "missing" in inner:
            print("  " * depth + f"{key:<20}{inner['missing']}")
        elif isinstance(inner, dict):
            print("  " * depth + f"{key:<20}" + "  ".join(f"{k} {v}" for k, v in inner.items()))
        else:
            print("  " * depth + f"{key}: {inner}")


def _log(path: Path, result: dict[str, Any]) -> None:
    runs = json.loads(path.read_text("utf-8")) if path.exists() else []
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, [*runs, result])


def _write(path: Path, value: Any) -> None:
    try:
        path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise UserError(f"Cannot write {path} ({error.strerror}): choose another file.") from error
