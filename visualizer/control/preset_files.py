"""The file of a preset, and of a whole show: JSON from anywhere, of which nothing is trusted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visualizer import paths
from visualizer.parameters import PARAMETERS, Parameter, Value, on_declared
from visualizer.types import UserError

VERSION = 1
SLOTS = range(1, 10)
MAX_NAME = 40
MAX_PRESETS = 100
"""In a folder or a show; the list travels to the panel in one message."""
MAX_FILE_BYTES = 1 << 18
MAX_SHOW_BYTES = 1 << 23
_MAX_VALUES = 5000
_MAX_NOTE = 160
_MAX_NOTES = 20

_GROUPS = {
    "show",
    "effects",
    "display",
    "modulation",
    "lfo",
    "walk",
    "shader",
    "chain",
    *PARAMETERS["show.mode"].choices,
}
_OF_THE_HAND = {
    f"show.{name}"
    for name in (
        "fade_s",
        "morph_s",
        "hold_next",
        "lock",
        "quantise",
        "crossfader",
        "set_list",
        "shuffle",
        "repeat",
        "panic_preset",
        "offset_ms",
    )
}
_OF_THE_MACHINE = {"show.image_fps", "display.fps", "display.width", "display.height"} | {
    f"display.{name}" for name in ("fullscreen", "monitor", "hud", "help")
}


def is_kept(parameter: Parameter) -> bool:
    """Whether presets hold it: what makes the picture, not how the performer works or what a machine has."""
    is_of_the_picture = parameter.id.partition(".")[0] in _GROUPS and parameter.kind != "trigger"
    return is_of_the_picture and parameter.id not in _OF_THE_HAND | _OF_THE_MACHINE


KEPT: list[str] = []
"""Ids of the parameters that a preset holds; follows what is declared."""


def _follow_declared() -> None:
    KEPT[:] = [p.id for p in PARAMETERS.values() if is_kept(p)]


_follow_declared()
on_declared(_follow_declared)


@dataclass(frozen=True, slots=True)
class Preset:
    """A look: valid values of some or all of `KEPT`."""

    name: str
    values: Mapping[str, Value]
    slot: int | None = None
    """The key 1 to 9 that recalls it."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What was skipped or mended when it was read, a sentence each."""


def check_name(name: object) -> str:
    """A name without spaces around it; UserError for what is none."""
    if isinstance(name, str) and 0 < len(name.strip()) <= MAX_NAME and name.isprintable():
        return name.strip()
    raise UserError(f"A name has 1 to {MAX_NAME} printable characters, not {short(repr(name), 60)}.")


def check_slot(slot: object) -> int:
    """The number of a key; UserError for what is none."""
    if isinstance(slot, int) and not isinstance(slot, bool) and slot in SLOTS:
        return slot
    raise UserError(f"Presets have the keys 1 to 9, not {short(repr(slot), 60)}.")


def read(file: Path) -> Preset:
    """The preset of a file; UserError with the reason where it holds none."""
    document = read_json(file, MAX_FILE_BYTES)
    check_kind(document, ("preset",), file)
    return parse(document, shown(file))


def read_show(file: Path) -> tuple[list[Preset], list[str]]:
    """The presets of an exported show or of a single preset, and a sentence for each that was skipped.

    UserError where the file is neither.
    """
    document = read_json(file, MAX_SHOW_BYTES)
    if check_kind(document, ("show", "preset"), file) == "preset":
        return [parse(document, shown(file))], []
    listed = document.get("presets")
    if not isinstance(listed, list):
        raise UserError(f"{shown(file)} holds no list of presets: export the show again.")
    presets: list[Preset] = []
    skipped: list[str] = []
    for number, body in enumerate(listed[:MAX_PRESETS], 1):
        try:
            presets.append(parse(body, f"{shown(file)}, preset {number}"))
        except UserError as error:
            skipped.append(str(error))
    if len(listed) > MAX_PRESETS:
        skipped.append(f"{shown(file)} has {len(listed)} presets; those after {MAX_PRESETS} are left out.")
    return presets, skipped


def read_json(file: Path, max_bytes: int) -> Any:
    """What a JSON file holds; UserError for one that is too large, unreadable or no JSON."""
    try:
        with file.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{shown(file)} cannot be read ({reason}).") from None
    if len(data) > max_bytes:
        raise UserError(f"{shown(file)} is larger than {max_bytes >> 10} KiB: it is no preset.")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{shown(file)} is no JSON ({short(str(error), 60)}): delete or mend it.") from None


def files_of(folder: Path) -> list[Path]:
    """The JSON files of a folder by name; none where there is no such folder."""
    try:
        found = [p for p in folder.glob("*.json") if not p.name.startswith(".") and p.is_file()]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.name)


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Another one when a JSON file of the folder was added, edited in place, replaced or deleted."""
    told = []
    for file in files_of(folder):
        try:
            stat = file.stat()
        except OSError:
            continue
        told.append((file.name, stat.st_mtime_ns, stat.st_size))
    return tuple(told)


def check_kind(document: object, kinds: Iterable[str], file: Path) -> str:
    """Which of these kinds of file it is; UserError for another one, or one of a newer Klangbild."""
    kind = document.get("klangbild") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        raise UserError(f"{shown(file)} is no {' or '.join(kinds)} of Klangbild.")
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UserError(f"{shown(file)} does not say its version: it is damaged.")
    if version > VERSION:
        raise UserError(
            f"{shown(file)} is of a newer Klangbild (version {short(str(version), 12)}): update this one."
        )
    return kind


def parse(body: object, where: str) -> Preset:
    """Name, slot and values of a preset as a JSON file has them; UserError where there is no preset in it.

    What this Klangbild does not know is left out and what is out of range is mended; `notes` say so.
    """
    if not isinstance(body, dict) or not isinstance(body.get("values"), dict):
        raise UserError(f"{where} holds no values: it is damaged or something else.")
    if len(body["values"]) > _MAX_VALUES:
        raise UserError(f"{where} holds {len(body['values'])} values: it is no preset.")
    try:
        name = check_name(body.get("name"))
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    slot, notes = None, []
    if body.get("slot") is not None:
        try:
            slot = check_slot(body["slot"])
        except UserError as error:
            notes.append(str(error))
    values: dict[str, Value] = {}
    for id, value in body["values"].items():
        note = _take(id, value, values)
        if note:
            notes.append(short(note, _MAX_NOTE))
    if len(notes) > _MAX_NOTES:
        notes[_MAX_NOTES:] = [f"So it is with {len(notes) - _MAX_NOTES} others."]
    return Preset(name, values, slot, tuple(notes))


def _take(id: str, value: object, values: dict[str, Value]) -> str:
    """Puts a value into `values` if it is one; a sentence where it is not what was meant."""
    named = short(id if id.isprintable() else ascii(id), 60)
    parameter = PARAMETERS.get(id)
    if parameter is None:
        return f"{named} is not known here and is left out."
    if not is_kept(parameter):
        return f"{named} is no part of a preset and is left out."
    if isinstance(value, str) and not value.isprintable():
        return f"{named} takes a printable text and is left out."
    try:
        valid = parameter.validate(value)
    except (UserError, RecursionError) as error:
        return f"{short(str(error), _MAX_NOTE - 20)} It is left out."
    values[id] = _local(valid) if id == "era.content" else valid
    if parameter.kind in ("float", "int") and not parameter.min <= float(value) <= parameter.max:  # type: ignore[arg-type]
        return f"{named} goes from {parameter.min:g} to {parameter.max:g}: {valid:g} is taken."
    return ""


def document(preset: Preset) -> dict[str, Any]:
    """What its file says."""
    return {"klangbild": "preset", "version": VERSION, **_body(preset)}


def show_document(presets: Iterable[Preset]) -> dict[str, Any]:
    """What the file of a whole show says."""
    return {"klangbild": "show", "version": VERSION, "presets": [_body(preset) for preset in presets]}


def _body(preset: Preset) -> dict[str, Any]:
    values = {id: _portable(value) if id == "era.content" else value for id, value in preset.values.items()}
    return {"name": preset.name, "slot": preset.slot, "values": values}


def encode(document: Mapping[str, Any]) -> bytes:
    """As it lies in a file."""
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def write(file: Path, data: bytes) -> None:
    """Replaces a file as a whole: a pulled plug leaves the old or the new. UserError where it cannot."""
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"{file} cannot be written ({reason}): free space, or choose another place."
        ) from None


def _portable(value: Value) -> Value:
    """A picture of ours by its bare name, so that a preset means the same on another machine."""
    path = Path(str(value))
    return path.name if path.parent == paths.ASSETS / "pictures" else value


def _local(value: Value) -> Value:
    """The opposite: where that picture lies here."""
    name = str(value)
    ours = paths.ASSETS / "pictures" / name
    try:
        return str(ours) if name == Path(name).name and name and ours.is_file() else value
    except (OSError, ValueError):
        return value


def shown(file: Path) -> str:
    """The name of a file as it can be printed."""
    name = file.name or str(file)
    return name if name.isprintable() else ascii(name)


def short(text: str, n: int) -> str:
    """At most `n` characters."""
    return text if len(text) <= n else text[: n - 1] + "…"
