"""`klangbild shaders list|check FOLDER`: what shaders there are, and whether they can be shown."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from visualizer import shaders
from visualizer.types import UserError

CHECK_PX = (160, 90)
CHECK_LIMIT_S = 30.0
MAX_PROCESSES = 4


def main(arguments: Sequence[str]) -> int:
    """Runs one of both; 0, or 1 where a checked shader cannot be shown and it was not asked for as JSON."""
    parser = argparse.ArgumentParser(prog="klangbild shaders", description="List and check ISF shaders.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    listing = verbs.add_parser("list", help="the shaders of the project and of your folder")
    listing.add_argument("--json", action="store_true", help="as JSON")
    check = verbs.add_parser(
        "check", help="compile and draw each shader of a folder, in a process of its own"
    )
    check.add_argument("folder", type=Path, help="a folder, searched with all in it, or a file")
    check.add_argument("--json", action="store_true", help="a list of file, ok and reason")
    check.add_argument(
        "--limit",
        type=float,
        default=CHECK_LIMIT_S,
        metavar="S",
        help=f"seconds one shader may take (default: {CHECK_LIMIT_S:g})",
    )
    options = parser.parse_args(list(arguments))
    if options.verb == "list":
        return _list(options.json)
    if not options.limit > 0:
        raise UserError("--limit takes a number of seconds above 0.")
    return _check(options.folder.expanduser(), options.json, options.limit)


def _list(as_json: bool) -> int:
    library = shaders.scan()
    if as_json:
        listed = [
            {
                "name": found.name,
                "role": found.role,
                "file": str(found.file),
                "description": found.header.description,
                "inputs": [{"name": i.name, "type": i.kind} for i in found.header.inputs],
            }
            for found in library.shaders.values()
        ]
        print(json.dumps(listed, indent=2, ensure_ascii=False))
        return 0
    for role in ("generator", "filter", "transition"):
        for name in library.of(role):
            print(f"{role:<12}{name:<28}{library.shaders[name].header.description}")
    for sentence in library.broken.values():
        print(sentence)
    print(f"Yours go into {shaders.folders()[-1]}.")
    return 0


def _check(folder: Path, as_json: bool, limit_s: float) -> int:
    from visualizer.display.proving import prove_all

    files = _files(folder)
    n_processes = max(1, min(MAX_PROCESSES, os.cpu_count() or 1, len(files)))
    results = []
    for file, verdict in prove_all(files, CHECK_PX, limit_s, n_processes):
        results.append({"file": str(file), "ok": verdict.ok, "reason": verdict.reason})
        if not as_json:
            print(
                f"{'ok' if verdict.ok else 'FAILS':<7}{file.name}{verdict.reason and '  ' + verdict.reason}"
            )
            for note in verdict.notes:
                print(f"{'':<7}{note}")
    if as_json:
        print(json.dumps(results, indent=2, ensure_ascii=False))
        return 0
    n_bad = sum(not result["ok"] for result in results)
    print(f"{len(results) - n_bad} of {len(results)} can be shown.")
    return 1 if n_bad else 0


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}.")
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() == ".fs" and file.is_file())
    if not files:
        raise UserError(f"{folder} holds no shaders: their files end in .fs.")
    return files
