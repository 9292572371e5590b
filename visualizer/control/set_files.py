"""Files of set lists: which presets follow each other and how each is left. Nothing in them is trusted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from visualizer import paths
from visualizer.control import preset_files
from visualizer.control.preset_files import check_name, read_json, short, shown
from visualizer.parameters import PARAMETERS
from visualizer.types import UserError

VERSION = 1
MAX_SETS = 50
MAX_CUES = 200
MAX_FADE_S = PARAMETERS["show.fade_s"].max
MAX_BARS, MAX_S, MAX_OFFSET_BEATS = 1000, 36_000.0, 16.0
_MAX_FILE_BYTES = 1 << 18
_MAX_NOTES = 10
_USUAL_BARS = 16

Leave = Literal["key", "bars", "seconds"]


@dataclass(frozen=True, slots=True)
class Cue:
    """One entry of a set list."""

    preset: str
    """By name."""
    leave: Leave = "key"
    """What brings the next cue: a key, or so many bars or seconds."""
    after: float = _USUAL_BARS
    """How many of them; a whole number of bars."""
    fade_s: float | None = None
    """Length of its crossfade and morph; None: as the performer has set them."""
    offset_beats: float = 0.0
    """Begins so many beats after its boundary; before it where negative."""

    def body(self) -> dict[str, Any]:
        """As it lies in a file."""
        after = round(self.after) if self.leave == "bars" else self.after
        rest = {"leave": self.leave, "after": after, "fade_s": self.fade_s, "offset_beats": self.offset_beats}
        return {"preset": self.preset, **rest}


@dataclass(frozen=True, slots=True)
class SetList:
    """Cues in their order, under a name."""

    name: str
    cues: tuple[Cue, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What was left out when it was read, a sentence each."""


def parse_cue(body: object) -> Cue:
    """A cue as a file or the panel says it; numbers out of range are mended, UserError for what is none."""
    if not isinstance(body, dict):
        raise UserError("A cue names a preset.")
    leave = body.get("leave", "key")
    if leave not in get_args(Leave):
        raise UserError(f"A cue is left by key, bars or seconds, not {short(repr(leave), 40)}.")
    whole = leave == "bars"
    after = _number(body.get("after", _USUAL_BARS), 1.0 if whole else 0.1, MAX_BARS if whole else MAX_S)
    fade = body.get("fade_s")
    return Cue(
        check_name(body.get("preset")),
        leave,
        round(after) if whole else after,
        None if fade is None else _number(fade, 0.0, MAX_FADE_S),
        _number(body.get("offset_beats", 0.0), -MAX_OFFSET_BEATS, MAX_OFFSET_BEATS),
    )


def parse(body: object, where: str) -> SetList:
    """A set list as a file or the panel says it; cues that are none are left out, and `notes` say so.

    UserError where there is no set list in it.
    """
    cues_body = body.get("cues") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(cues_body, list):
        raise UserError(f"{where} holds no cues: it is damaged or something else.")
    try:
        name = check_name(body.get("name"))
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    cues: list[Cue] = []
    notes: list[str] = []
    for place, cue_body in enumerate(cues_body[:MAX_CUES], 1):
        try:
            cues.append(parse_cue(cue_body))
        except UserError as error:
            notes.append(f"Cue {place} is left out: {error}")
    if len(cues_body) > MAX_CUES:
        notes.append(f"Only the first {MAX_CUES} of {len(cues_body)} cues are read.")
    if len(notes) > _MAX_NOTES:
        notes[_MAX_NOTES:] = [f"So it is with {len(notes) - _MAX_NOTES} others."]
    return SetList(name, tuple(cues), tuple(notes))


def document(set_list: SetList) -> dict[str, Any]:
    """What its file says."""
    return {"klangbild": "set", "version": VERSION, **body(set_list)}


def body(set_list: SetList) -> dict[str, Any]:
    """Name and cues, as they lie in a file or a show."""
    return {"name": set_list.name, "cues": [cue.body() for cue in set_list.cues]}


def _number(value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise UserError(f"{short(repr(value), 40)} is no number from {low:g} to {high:g}.")
    return float(min(max(value, low), high))


class Sets:
    """Files of set lists in one folder. Owned by one thread; each call looks at the folder again.

    Whatever is damaged or foreign is listed with its reason and otherwise left alone.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or paths.config_dir() / "sets"

    def listing(self) -> list[dict[str, str]]:
        """For the panel: name (of the set, or of a file that holds none) and problem ("" if all is well)."""
        return [
            {"name": found.name, "problem": ""}
            if isinstance(found, SetList)
            else {"name": shown(file), "problem": short(str(found), 120)}
            for file, found in self._read()
        ]

    def names(self) -> list[str]:
        """Names of the sets there are, as they are listed."""
        return [found.name for _, found in self._read() if isinstance(found, SetList)]

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Another one when a file was added, changed or deleted."""
        return preset_files.stamp(self.folder)

    def find(self, name: str) -> SetList:
        """The set of a name; UserError where there is none."""
        return self._find(name)[1]

    def save(self, set_list: SetList) -> None:
        """Writes a set, over the one of the same name; UserError where that cannot be."""
        files = [file for file, found in self._read() if _is_named(found, set_list.name)]
        if not files and len(self._files()) >= MAX_SETS:
            raise UserError(f"There are {MAX_SETS} set lists already: delete one in {self.folder}.")
        file = files[0] if files else self._free_file(set_list.name)
        preset_files.write(file, preset_files.encode(document(set_list)))

    def rename(self, name: str, to: str) -> SetList:
        """Another name; UserError where it is taken."""
        file, old = self._find(name)
        to = check_name(to)
        if any(_is_named(found, to) and other != file for other, found in self._read()):
            raise UserError(f"There is a set list {to!r} already: delete it, or take another name.")
        new = SetList(to, old.cues)
        preset_files.write(file, preset_files.encode(document(new)))
        return new

    def delete(self, name: str) -> SetList:
        """Deletes a set and gives what it was."""
        file, old = self._find(name)
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"{file} cannot be deleted ({error.strerror}).") from None
        return old

    def free_name(self, name: str) -> str:
        """The name, with a number where it is taken."""
        taken = {other.casefold() for other in self.names()}
        names = (name, *(f"{name} ({n})" for n in range(2, len(taken) + 3)))
        return next(name for name in names if name.casefold() not in taken)

    def _find(self, name: str) -> tuple[Path, SetList]:
        for file, found in self._read():
            if isinstance(found, SetList) and _is_named(found, name):
                return file, found
        raise UserError(f"There is no set list {short(ascii(name), 60)}; the panel's page Set list has all.")

    def _read(self) -> list[tuple[Path, SetList | UserError]]:
        return [(file, _read(file)) for file in self._files()[:MAX_SETS]]

    def _files(self) -> Sequence[Path]:
        return preset_files.files_of(self.folder)

    def _free_file(self, name: str) -> Path:
        plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
        stem = "set-" + (re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "list")
        files = (self.folder / f"{stem}{end}.json" for end in ("", *(f"-{n}" for n in range(2, 1000))))
        return next((file for file in files if not file.exists()), self.folder / f"{stem}-1000.json")


def _read(file: Path) -> SetList | UserError:
    try:
        document = read_json(file, _MAX_FILE_BYTES)
        preset_files.check_kind(document, ("set",), file)
        return parse(document, shown(file))
    except UserError as error:
        return error


def _is_named(found: SetList | UserError, name: str) -> bool:
    return isinstance(found, SetList) and found.name.casefold() == name.strip().casefold()
