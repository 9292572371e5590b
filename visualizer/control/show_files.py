"""A whole show as one file: settings, presets, set lists and the MIDI map; nothing in it is trusted."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import tomlkit
from tomlkit.exceptions import TOMLKitError

from visualizer import paths, settings
from visualizer.control import midi_map, preset_files, presets_cli, set_files
from visualizer.control.preset_files import encode, is_kept, read_json, short, show_document, shown, write
from visualizer.control.presets import Presets
from visualizer.control.set_files import Sets
from visualizer.parameters import PARAMETERS, Parameter, Value
from visualizer.types import UserError

_T = TypeVar("_T")

MAX_SETTINGS = 5000
MAX_SENTENCES = 40
_OF_THE_SHOW = ("show", "tempo", "text", "logo", "effects", "chain")
_ALSO = {"output.blackout_s", "output.flash_limit", "midi.pickup"}
_NEVER = {"show.image_fps", "show.crossfader"}


def is_of_the_show(parameter: Parameter) -> bool:
    """Whether a setting goes with the show to another machine: neither devices, nor ports, nor windows."""
    if parameter.kind == "trigger" or parameter.id in _NEVER:
        return False
    return is_kept(parameter) or parameter.id in _ALSO or parameter.id.partition(".")[0] in _OF_THE_SHOW


@dataclass(frozen=True, slots=True)
class Folder:
    """Where a performer's show lies."""

    path: Path

    @property
    def presets(self) -> Presets:
        """The presets of this folder, with those that ship."""
        return Presets(self.path / "presets")

    @property
    def sets(self) -> Sets:
        """The set lists of this folder."""
        return Sets(self.path / "sets")

    @property
    def settings(self) -> Path:
        """The file of the settings."""
        return self.path / "settings.toml"

    @property
    def midi(self) -> Path:
        """The file of the MIDI map."""
        return self.path / "midi.json"


def usual_folder() -> Folder:
    """The one that `klangbild live` uses."""
    return Folder(paths.config_dir())


def export(file: Path, folder: Folder | None = None) -> list[str]:
    """Writes the show into one file; a sentence on each part.

    UserError where the file is something else already, or cannot be written.
    """
    folder = folder or usual_folder()
    if file.exists():
        preset_files.check_kind(read_json(file, preset_files.MAX_SHOW_BYTES), ("show",), file)
    kept, sentences = settings.load(folder.settings)
    values = {id: value for id, value in sorted(kept.items()) if is_of_the_show(PARAMETERS[id])}
    presets = [entry.preset for entry in folder.presets.entries() if entry.preset]
    sets = [folder.sets.find(name) for name in folder.sets.names()]
    document = show_document(presets) | {
        "settings": values,
        "sets": [set_files.body(found) for found in sets],
    }
    n_bindings = 0
    if folder.midi.exists():
        try:
            bindings, skipped = midi_map.read(folder.midi)
            sentences += skipped
            n_bindings, document["midi"] = len(bindings), [midi_map.row(binding) for binding in bindings]
        except UserError as error:
            sentences.append(f"The MIDI map is left out: {error}")
    write(file, encode(document))
    counts = (
        f"{len(presets)} presets, {len(sets)} set lists, {len(values)} settings, {n_bindings} MIDI bindings"
    )
    return [*sentences, f"{counts} are in {file}."]


@dataclass(frozen=True, slots=True)
class Show:
    """What of a show's file can be used, and a sentence for each thing that cannot."""

    values: Mapping[str, Value]
    sets: tuple[set_files.SetList, ...]
    bindings: tuple[midi_map.Binding, ...]
    skipped: tuple[str, ...]


def read(file: Path) -> Show:
    """Judges a file; UserError with the reason where it is no show. Presets are judged by `presets_cli`."""
    document = read_json(file, preset_files.MAX_SHOW_BYTES)
    preset_files.check_kind(document, ("show",), file)
    skipped: list[str] = []
    values: dict[str, Value] = {}
    for id, value in list(_part(document, "settings", dict, file).items())[:MAX_SETTINGS]:
        parameter = PARAMETERS.get(id)
        named = short(ascii(id), 60)
        if parameter is None or not is_of_the_show(parameter):
            skipped.append(f"The setting {named} is not known here or belongs to a machine; it is left out.")
            continue
        try:
            if isinstance(value, str) and not value.isprintable():
                raise UserError(f"{id} takes a printable text.")
            values[id] = parameter.validate(value)
        except (UserError, RecursionError) as error:
            skipped.append(f"{short(str(error), 140)} It is left out.")
    sets = _each(document, "sets", file, lambda body: set_files.parse(body, "A set list"), skipped)
    bindings = _each(document, "midi", file, midi_map.parse, skipped)
    kept_sets, kept_bindings = sets[: set_files.MAX_SETS], bindings[: midi_map.MAX_BINDINGS]
    skipped += [note for found in kept_sets for note in found.notes]
    return Show(values, tuple(kept_sets), tuple(kept_bindings), tuple(skipped))


def take_in(
    file: Path, is_replacing: bool, folder: Folder | None = None, only_tells: bool = False
) -> list[str]:
    """Takes a show in; a sentence for each thing that is taken, left out or overwritten.

    Without `is_replacing` nothing that is there is changed. All is tried on a copy first, and what was there
    is kept in the folder `backups`; with `only_tells` that is all. UserError where nothing can be taken in.
    """
    folder, show = folder or usual_folder(), read(file)
    with _copy(folder) as trial:
        sentences = _take_in(file, show, is_replacing, trial)
    if not only_tells:
        kept_in = _back_up(folder)
        _take_in(file, show, is_replacing, folder)
        if kept_in is not None:
            sentences.append(f"What was here before is kept in {kept_in}.")
    if len(sentences) > MAX_SENTENCES:
        sentences[MAX_SENTENCES:] = [f"So it is with {len(sentences) - MAX_SENTENCES} others."]
    return sentences


def _take_in(file: Path, show: Show, is_replacing: bool, folder: Folder) -> list[str]:
    sentences = [*show.skipped, *presets_cli.take_in(folder.presets, file, is_replacing)]
    names = {name.casefold() for name in folder.sets.names()}
    for found in show.sets:
        is_here = found.name.casefold() in names
        if is_here and folder.sets.find(found.name) == found:
            continue
        if is_here and not is_replacing:
            sentences.append(f"The set list {found.name!r} is here already: only --replace takes it in.")
            continue
        folder.sets.save(found)
        sentences.append(f"The set list {found.name!r} was {'overwritten' if is_here else 'taken in'}.")
    sentences += _take_settings(show.values, is_replacing, folder.settings)
    return sentences + _take_midi(show.bindings, is_replacing, folder.midi)


def _take_settings(values: Mapping[str, Value], is_replacing: bool, file: Path) -> list[str]:
    mine, problems = settings.load(file)
    differ = [id for id, value in values.items() if id in mine and mine[id] != value]
    wanted = {id: value for id, value in values.items() if is_replacing or id not in differ}
    news = {id: value for id, value in wanted.items() if mine.get(id, PARAMETERS[id].default) != value}
    sentences = list(problems)
    if differ:
        did = "overwritten" if is_replacing else "left as they are; --replace takes those of the show"
        sentences.append(f"Settings {did}: {short(', '.join(sorted(differ)), 200)}.")
    if news:
        _merge_settings(file, news)
        sentences.append(f"{len(news)} settings were taken in.")
    return sentences


def _merge_settings(file: Path, values: Mapping[str, Value]) -> None:
    """Puts values into the file and leaves all else in it as it is; one that is no TOML begins anew."""
    try:
        document = tomlkit.parse(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, TOMLKitError):
        document = tomlkit.document()
    for id, value in values.items():
        table: Any = document
        *groups, name = id.split(".")
        for group in groups:
            if not isinstance(table.get(group), dict):
                table[group] = tomlkit.table()
            table = table[group]
        table[name] = value
    write(file, tomlkit.dumps(document).encode())


def _take_midi(bindings: tuple[midi_map.Binding, ...], is_replacing: bool, file: Path) -> list[str]:
    if not bindings:
        return []
    mine = list(midi_map.read(file)[0]) if file.exists() and not is_replacing else []
    if mine == list(bindings):
        return []
    if mine:
        return [f"The MIDI map of the show ({len(bindings)} bindings) was left out; --replace takes it."]
    midi_map.save(bindings, file)
    return [f"The MIDI map with {len(bindings)} bindings was taken in."]


def _part(document: Mapping[str, Any], name: str, kind: type, file: Path) -> Any:
    """A part of the document, empty where there is none; UserError where it is another kind of thing."""
    part = document.get(name)
    if part is None:
        return kind()
    if not isinstance(part, kind):
        raise UserError(f"{shown(file)}: its {name} are damaged; export the show again.")
    return part


def _each(
    document: Mapping[str, Any],
    name: str,
    file: Path,
    parse: Callable[[Any], _T],
    skipped: list[str],
) -> list[_T]:
    found: list[_T] = []
    for number, body in enumerate(_part(document, name, list, file)[:1000], 1):
        try:
            found.append(parse(body))
        except (UserError, RecursionError) as error:
            skipped.append(f"{name} {number} is left out: {short(str(error), 140)}")
    return found


def _back_up(folder: Folder) -> Path | None:
    """Copies all files of the show aside, also damaged ones; where, or None where there are none."""
    goal = folder.path / "backups" / datetime.now().strftime("%Y-%m-%d %H-%M-%S %f")
    try:
        return goal if _copy_files(folder.path, goal) else None
    except OSError as error:
        raise UserError(
            f"What is here cannot be kept in {goal} ({error.strerror}): free space, then try again."
        ) from None


class _copy:
    """A copy of a show's folder, for as long as it is looked at."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._goal = folder.path / "backups" / ".trial"

    def __enter__(self) -> Folder:
        shutil.rmtree(self._goal, ignore_errors=True)
        try:
            _copy_files(self._folder.path, self._goal)
        except OSError as error:
            raise UserError(f"{self._goal} cannot be written ({error.strerror}): free space.") from None
        return Folder(self._goal)

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._goal, ignore_errors=True)


def _copy_files(source: Path, goal: Path) -> int:
    """Copies what belongs to a show; how many files."""
    files = [source / name for name in ("settings.toml", "midi.json")]
    files += [file for name in ("presets", "sets") for file in preset_files.files_of(source / name)]
    present = [file for file in files if file.is_file()]
    for file in present:
        copy = goal / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    return len(present)
