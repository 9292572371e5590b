"""`klangbild show`: the whole show as one file, to carry to another machine or to keep."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from visualizer.control import show_files


def main(arguments: Sequence[str]) -> int:
    """Exports or imports a show; the exit code."""
    options = _parse(arguments)
    if options.action == "export":
        sentences = show_files.export(options.file)
    else:
        sentences = show_files.take_in(options.file, options.replace, only_tells=options.dry_run)
    for sentence in sentences:
        print(sentence)
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="klangbild show", description="Settings, presets, set lists and the MIDI map as one file."
    )
    actions = parser.add_subparsers(dest="action", metavar="export | import", required=True)
    out = actions.add_parser("export", help="write the show into one file")
    out.add_argument("file", type=Path, metavar="FILE")
    into = actions.add_parser("import", help="take in the show of a file; what was here is kept aside")
    into.add_argument("file", type=Path, metavar="FILE")
    into.add_argument("--replace", action="store_true", help="over what is here under the same names")
    into.add_argument("--dry-run", action="store_true", help="only say what would be taken and overwritten")
    return parser.parse_args(list(arguments))
