"""The shaders there are: those of the project and those that the user has put into his folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from visualizer import paths
from visualizer.shaders.header import Header, Role, read_header
from visualizer.types import UserError

MAX_FILE_BYTES = 1 << 20
MAX_FILES = 300


@dataclass(frozen=True, slots=True)
class Found:
    """One shader that can be offered."""

    name: str
    """As ids and OSC addresses have it: letters, digits, `_` and `-`."""
    file: Path
    header: Header

    @property
    def role(self) -> Role:
        """What it is."""
        return self.header.role


@dataclass(frozen=True, slots=True)
class Library:
    """What the folders hold."""

    shaders: dict[str, Found]
    """By name, in alphabetical order."""
    broken: dict[str, str]
    """Paths of files whose header cannot be read, with the reason."""

    def of(self, role: Role) -> tuple[str, ...]:
        """The names of one role."""
        return tuple(name for name, found in self.shaders.items() if found.role == role)


def folders() -> tuple[Path, ...]:
    """Where shaders are looked for; what lies in a later folder wins over the same name in an earlier one."""
    return (paths.SHADERS, paths.config_dir() / "shaders")


def name_of(file: Path) -> str:
    """The name by which ids know a file."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", file.stem).strip("_") or "shader"


def list_files(folder: Path) -> list[Path]:
    """The shader files of a folder, without what lies in folders of it."""
    try:
        return sorted(f for f in folder.iterdir() if f.suffix.lower() == ".fs" and not f.name.startswith("."))
    except OSError:
        return []


def read_text(file: Path) -> str:
    """What a file says, whatever its line ends and encoding; UserError where it is no text or enormous."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UserError(f"Shader {file.name} cannot be read ({error.strerror or error}).") from None
    if len(data) > MAX_FILE_BYTES:
        raise UserError(f"{file.name} is larger than {MAX_FILE_BYTES >> 20} MB: it is no shader.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif b"\0" in data:
        raise UserError(f"{file.name} holds no text: it is damaged or no shader.")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")


def scan(where: Sequence[Path] | None = None) -> Library:
    """Reads the headers of all shaders that are not known yet; a broken one costs only itself."""
    shaders: dict[str, Found] = {}
    broken: dict[str, str] = {}
    for folder in folders() if where is None else where:
        for file in list_files(folder)[:MAX_FILES]:
            found = _look_at(file)
            if isinstance(found, Found):
                shaders[found.name] = found
            else:
                broken[str(file)] = found
    return Library(dict(sorted(shaders.items(), key=lambda item: item[0].casefold())), broken)


_known: dict[Path, tuple[tuple[int, int], Found | str]] = {}
"""What was read before, with the time and size that the file had."""


def _look_at(file: Path) -> Found | str:
    """The shader of a file, or why it is none."""
    try:
        told = file.stat()
        stamp = told.st_mtime_ns, told.st_size
    except OSError:
        stamp = 0, -1
    if file not in _known or _known[file][0] != stamp:
        found: Found | str
        try:
            found = Found(name_of(file), file, read_header(read_text(file), file.name))
        except UserError as error:
            found = str(error)
        _known[file] = stamp, found
    return _known[file][1]
