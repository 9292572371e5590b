"""`klangbild presets`: list them, and carry a whole show to another machine as one file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from visualizer.control import preset_files
from visualizer.control.preset_files import Preset
from visualizer.control.presets import Presets
from visualizer.types import UserError


def main(arguments: Sequence[str]) -> int:
    """Lists, exports or imports presets; the exit code."""
    options = _parse(arguments)
    presets = Presets()
    if options.action == "export":
        print(export(presets, options.file))
    elif options.action == "import":
        for sentence in take_in(presets, options.file, options.replace):
            print(sentence)
    else:
        _print_list(presets)
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="klangbild presets", description="List, export and import presets.")
    actions = parser.add_subparsers(dest="action", metavar="list | export | import")
    actions.add_parser("list", help="what each key recalls, and files that are skipped (default)")
    out = actions.add_parser("export", help="write all presets into one file")
    out.add_argument("file", type=Path, metavar="FILE")
    into = actions.add_parser("import", help="take in the presets of an exported file, or a single one")
    into.add_argument("file", type=Path, metavar="FILE")
    into.add_argument("--replace", action="store_true", help="over presets of the same name and key")
    return parser.parse_args(list(arguments))


def _print_list(presets: Presets) -> None:
    for entry in presets.entries():
        key = str(entry.preset.slot or "-") if entry.preset else "!"
        about = entry.problem or ("ships with Klangbild" if entry.is_ours else entry.file.name)
        print(f"{key:<3}{entry.name:<{preset_files.MAX_NAME}}  {about}")
    print(f"Yours are in {presets.folder}.")


def export(presets: Presets, file: Path) -> str:
    """Writes what the keys recall and all else that is listed into one file; a sentence on it.

    UserError where the file is something else already, or cannot be written.
    """
    if file.exists():
        preset_files.read_show(file)  # only an older export is replaced
    shown = [entry.preset for entry in presets.entries() if entry.preset]
    preset_files.write(file, preset_files.encode(preset_files.show_document(shown)))
    return f"{len(shown)} presets are in {file}."


def take_in(presets: Presets, file: Path, is_replacing: bool) -> list[str]:
    """Saves the presets of a file among the performer's own; a sentence for each, and for what was skipped.

    Without `is_replacing` a preset whose name is there already is skipped, and a key that is taken is left.
    UserError where the file holds none or the folder cannot be written.
    """
    given, sentences = preset_files.read_show(file)
    for preset in given:
        entries = [entry for entry in presets.entries() if entry.preset]
        if any(entry.preset == preset for entry in entries):
            continue
        own = [entry.preset for entry in entries if entry.preset and not entry.is_ours]
        if not is_replacing and any(other.name.casefold() == preset.name.casefold() for other in own):
            sentences.append(f"{preset.name!r} is here already and was left out; --replace takes it in.")
        else:
            sentences += [_save(presets, preset, own, is_replacing), *preset.notes]
    return sentences or ["All of it is here already."]


def _save(presets: Presets, preset: Preset, own: Sequence[Preset], is_replacing: bool) -> str:
    taken = {other.slot: other.name for other in own if other.name.casefold() != preset.name.casefold()}
    lost = ""
    if preset.slot in taken and not is_replacing:
        lost = f", without its key {preset.slot}, which recalls {taken[preset.slot]!r}"
        preset = replace(preset, slot=None)
    try:
        presets.save(preset.name, preset.slot, preset.values)
    except UserError as error:
        raise UserError(f"{preset.name!r} could not be taken in: {error}") from None
    on_key = f" on key {preset.slot}" if preset.slot else ""
    return f"{preset.name!r} was taken in{on_key}{lost}."
