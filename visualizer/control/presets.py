"""The presets there are: the performer's own files, and those that ship with the project."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from visualizer import paths
from visualizer.control import preset_files
from visualizer.control.preset_files import KEPT, MAX_PRESETS, Preset, short
from visualizer.parameters import PARAMETERS, Value
from visualizer.types import UserError

Before = tuple[tuple[Path, bytes | None], ...]
"""Files and what they held before a change, None where there was none; for `Presets.restore`."""

_MAX_PROBLEM = 120
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
"""Names that Windows keeps for devices."""
_OURS_BEGIN = {
    id: PARAMETERS[id].default for id in KEPT if not PARAMETERS[id].in_next_deck and not id.endswith(".seed")
}
"""What a preset that ships with the project has where it says nothing: it looks the same after any other."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the folder: a preset, or the reason why it is none."""

    file: Path
    preset: Preset | None
    problem: str = ""
    is_ours: bool = False

    @property
    def name(self) -> str:
        """Of the preset, or of the file that holds none."""
        return (
            self.preset.name if self.preset else short(preset_files.shown(self.file), preset_files.MAX_NAME)
        )


class Presets:
    """Files of presets. Owned by one thread; each call looks at the folder again, so files may come and go.

    A key belongs to one preset: the first by file name. The performer's presets hide ours of the same key or
    name. Whatever is damaged or foreign is listed with its reason and otherwise left alone.
    """

    def __init__(self, folder: Path | None = None, ours: Path | None = None) -> None:
        self.folder = folder or paths.config_dir() / "presets"
        self._ours = ours or paths.ASSETS / "presets"
        self._known: dict[Path, tuple[tuple[int, int], Entry]] = {}

    def entries(self) -> list[Entry]:
        """All presets, those with keys first, then by name; and files that are none."""
        own = self._read(self.folder, is_ours=False)
        names = {entry.name.casefold() for entry in own if entry.preset}
        slots = {entry.preset.slot for entry in own if entry.preset and entry.preset.slot}
        ours = [
            entry if entry.preset and entry.preset.slot not in slots else _without_slot(entry)
            for entry in self._read(self._ours, is_ours=True)
            if entry.name.casefold() not in names
        ]
        return sorted([*own, *ours], key=_order)

    def listing(self) -> list[dict[str, Any]]:
        """For the panel and other programs: slot (or None), name, problem ("" when all is well), ours."""
        return [
            {
                "slot": entry.preset.slot if entry.preset else None,
                "name": entry.name,
                "problem": short(entry.problem, _MAX_PROBLEM),
                "ours": entry.is_ours,
            }
            for entry in self.entries()
        ]

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Another one when a file of the performer's was added, edited, replaced or deleted."""
        return preset_files.stamp(self.folder)

    def find(self, wanted: int | str) -> Preset:
        """The preset of a key or of a name; UserError where there is none."""
        preset = self._find(wanted).preset
        assert preset is not None
        return preset

    def save(self, name: str | None, slot: int | None, values: Mapping[str, Value]) -> tuple[Preset, Before]:
        """Writes a preset. A name of the performer's is overwritten; without one, the preset of the key is.

        A key is taken from the preset that had it. UserError where it cannot be written.
        """
        slot = None if slot is None else preset_files.check_slot(slot)
        own = self._own()
        on_key = next((entry for entry in own if slot and _preset(entry).slot == slot), None)
        if name is None:
            old, name = on_key, on_key.name if on_key else self._free_name(f"Preset {slot}")
        else:
            name = preset_files.check_name(name)
            old = next((entry for entry in own if entry.name.casefold() == name.casefold()), None)
        if slot is None and old is not None:
            slot = _preset(old).slot
        if old is None and len(self._files(self.folder)) >= MAX_PRESETS:
            raise UserError(f"There are {MAX_PRESETS} presets already: delete one in {self.folder}.")
        preset = Preset(name, {id: values[id] for id in KEPT if id in values}, slot)
        writes = {old.file if old else self._free_file(name): preset}
        if on_key is not None and on_key is not old:
            writes[on_key.file] = replace(_preset(on_key), slot=None)
        return preset, self._write(writes)

    def rename(self, wanted: int | str, name: str) -> tuple[Preset, Before]:
        """Another name for one of the performer's presets; UserError where the name is taken."""
        name = preset_files.check_name(name)
        entry = self._find_own(wanted, "saved under another name")
        for other in self._own():
            if other.file != entry.file and other.name.casefold() == name.casefold():
                raise UserError(f"There is a preset {other.name!r} already: delete it, or take another name.")
        preset = replace(_preset(entry), name=name)
        return preset, self._write({entry.file: preset})

    def delete(self, wanted: int | str) -> tuple[Preset, Before]:
        """Deletes one of the performer's presets; ours of the same key appears again."""
        entry = self._find_own(wanted, "hidden by one of yours with the same key")
        return _preset(entry), self._write({entry.file: None})

    def restore(self, before: Before) -> None:
        """Puts files back to what they were; UserError where that cannot be."""
        for file, data in before:
            self._known.pop(file, None)
            if data is not None:
                preset_files.write(file, data)
            else:
                _unlink(file)

    def _find(self, wanted: int | str) -> Entry:
        entries = [entry for entry in self.entries() if entry.preset]
        if isinstance(wanted, str):
            named = [entry for entry in entries if entry.name.casefold() == wanted.strip().casefold()]
            if not named:
                raise UserError(
                    f"There is no preset {short(ascii(wanted), 60)}; `klangbild presets` lists all."
                )
            return named[0]
        slot = preset_files.check_slot(wanted)
        on_key = [entry for entry in entries if _preset(entry).slot == slot]
        if not on_key:
            raise UserError(f"Preset {slot} is empty: Ctrl {slot} saves the present look there.")
        return on_key[0]

    def _find_own(self, wanted: int | str, instead: str) -> Entry:
        entry = self._find(wanted)
        if entry.is_ours:
            raise UserError(f"{entry.name!r} ships with Klangbild and stays; it can be {instead}.")
        return entry

    def _own(self) -> list[Entry]:
        return [entry for entry in self._read(self.folder, is_ours=False) if entry.preset]

    def _read(self, folder: Path, is_ours: bool) -> list[Entry]:
        """A folder's entries by file name; a file is read again when it has changed."""
        files = self._files(folder)
        entries = [self._entry(file, is_ours) for file in files[:MAX_PRESETS]]
        seen: dict[int, str] = {}
        for number, entry in enumerate(entries):
            slot = entry.preset.slot if entry.preset else None
            if slot in seen:
                taken = f"Key {slot} belongs to {seen[slot]!r}; this one is recalled by name."
                entries[number] = _without_slot(entry, taken)
            elif slot:
                seen[slot] = entry.name
        if len(files) > MAX_PRESETS:
            more = f"Only the first {MAX_PRESETS} of {len(files)} files are read: move some elsewhere."
            entries[-1] = Entry(folder, None, more)
        return entries

    def _files(self, folder: Path) -> list[Path]:
        return preset_files.files_of(folder)

    def _entry(self, file: Path, is_ours: bool) -> Entry:
        try:
            stat = file.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if file in self._known and self._known[file][0] == stamp:
                return self._known[file][1]
            preset = preset_files.read(file)
            if is_ours:
                preset = replace(preset, values={**_OURS_BEGIN, **preset.values})
            entry = Entry(file, preset, " ".join(preset.notes), is_ours)
        except UserError as error:
            entry = Entry(file, None, str(error), is_ours)
        except OSError as error:
            return Entry(file, None, f"It cannot be read ({error.strerror}).", is_ours)
        self._known[file] = (stamp, entry)
        return entry

    def _write(self, writes: Mapping[Path, Preset | None]) -> Before:
        """Writes or (None) deletes files; if one fails, those before it are put back."""
        before: list[tuple[Path, bytes | None]] = []
        try:
            for file, preset in writes.items():
                before.append((file, _bytes(file)))
                if preset is None:
                    _unlink(file)
                else:
                    preset_files.write(file, preset_files.encode(preset_files.document(preset)))
        except UserError:
            self.restore(tuple(before[:-1]))
            raise
        finally:
            for file in writes:
                self._known.pop(file, None)
        return tuple(before)

    def _free_file(self, name: str) -> Path:
        plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
        stem = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "preset"
        stem = f"preset-{stem}" if _RESERVED.fullmatch(stem) else stem
        files = (self.folder / f"{stem}{end}.json" for end in ("", *(f"-{n}" for n in range(2, 1000))))
        return next((file for file in files if not file.exists()), self.folder / f"{stem}-1000.json")

    def _free_name(self, name: str) -> str:
        taken = {entry.name.casefold() for entry in self.entries()}
        names = (name, *(f"{name} ({n})" for n in range(2, len(taken) + 3)))
        return next(name for name in names if name.casefold() not in taken)


def _preset(entry: Entry) -> Preset:
    assert entry.preset is not None
    return entry.preset


def _without_slot(entry: Entry, problem: str = "") -> Entry:
    if entry.preset is None:
        return entry
    return replace(entry, preset=replace(entry.preset, slot=None), problem=problem or entry.problem)


def _order(entry: Entry) -> tuple[bool, int, str]:
    slot = entry.preset.slot if entry.preset else None
    return entry.preset is None, slot or 99, entry.name.casefold()


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}).") from None


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{file} cannot be deleted ({error.strerror}).") from None
