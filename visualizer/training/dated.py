"""Pictures and music with a year: those of a table, or a person's own folder, whose years are looked for.

In a folder of one's own the year of a file is, in this order: what `years.csv` in the folder says (columns
`file` and `year`), a year in the file's name, a year or decade in the name of a folder above it, and for
music the year of its tag, which is asked last, since it is often that of the recording.
"""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from visualizer.audio.decoding import read_tags
from visualizer.training import own_music, pictures
from visualizer.types import UserError

TABLE = "years.csv"
FIRST_YEAR = 1000
TAGS = ("originalyear", "originaldate", "tdor", "tory", "date", "year", "tdrc", "tyer")
_YEAR = re.compile(r"(?<![0-9A-Za-z])([12]\d{3})(s?)(?![0-9A-Za-z])")
HOW = f"put years into the file names (1787 Don Giovanni.mp3) or into {TABLE} (columns file, year)"


@dataclass(frozen=True)
class Dated:
    """A file, the year it is from, and who made it where that is known."""

    path: Path
    year: int
    maker: str = ""


def paintings_table(data: Path) -> Path:
    """The table of the project's own paintings; a person's folder has no such file."""
    return data / "paintings" / "paintings.csv"


def dated_pictures(data: Path, split: str) -> list[Dated]:
    """The pictures of a split that have a year; UserError where there are none.

    Those of `data`/paintings/paintings.csv, without the years that are a dynasty's middle, or a person's own.
    """
    table = paintings_table(data)
    if table.is_file():
        return _read_paintings(table, split)
    return _own(data, find_files(data, pictures.SUFFIXES), split, "pictures")


def dated_music(data: Path, split: str) -> list[Dated]:
    """The audio and MIDI files of a person's own folder that have a year, of one split."""
    return _own(data, find_files(data, own_music.SUFFIXES), split, "audio or MIDI files")


def find_files(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """Every file in a folder whose name ends so, sorted."""
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; name one with --data")
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes)


def _read_paintings(table: Path, split: str) -> list[Dated]:
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split and row["year"].strip()]
    rows = [row for row in rows if row.get("year_source") != "dynasty_mid"]
    return [Dated(table.parent / row["file"], int(float(row["year"])), row["artist"]) for row in rows]


def _own(folder: Path, paths: Sequence[Path], split: str, what: str) -> list[Dated]:
    """Those with a year; one file in `own_music.HELD_OUT`, and one at least, is of the split "val"."""
    stated = read_table(folder)
    found = [Dated(path, year) for path in paths if (year := find_year(path, folder, stated)) is not None]
    if len(found) < 2:
        raise UserError(
            f"{len(found)} of the {len(paths)} {what} in {folder} have a year, not 2 or more; {HOW}"
        )
    found.sort(key=lambda one: (zlib.crc32(one.path.name.encode()), one.path.name))
    n_held = max(1, len(found) // own_music.HELD_OUT)
    return found[:n_held] if split == "val" else found[n_held:]


def read_table(folder: Path) -> dict[str, int]:
    """Years by file name, relative to the folder, from its `years.csv`; none where there is no such file."""
    path = folder / TABLE
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(
            f"{path} cannot be read ({error}); it should be text with columns file and year"
        ) from error
    years: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        name, year = (row.get("file") or "").strip(), (row.get("year") or "").strip()
        if not name or not year.lstrip("-").isdigit():
            raise UserError(f'line {number} of {path} should give a file and a year, as in "song.mp3,1787"')
        years[Path(name).as_posix()] = int(year)
    return years


def find_year(path: Path, folder: Path, stated: dict[str, int]) -> int | None:
    """The year of a file of a person's own folder; None where nothing tells it."""
    relative = path.relative_to(folder)
    if (year := stated.get(relative.as_posix(), stated.get(relative.name))) is not None:
        return year
    for name in (relative.stem, *(parent.name for parent in relative.parents if parent.name), folder.name):
        if (year := year_in(name)) is not None:
            return year
    return read_tag(path) if path.suffix.lower() in own_music.AUDIO_SUFFIXES else None


def year_in(text: str) -> int | None:
    """The first year in a text that is not in the future, the middle of a decade such as 1880s; or None."""
    for found in _YEAR.finditer(text.replace("_", " ")):
        year = int(found[1]) + (5 if found[2] else 0)
        if FIRST_YEAR <= int(found[1]) <= date.today().year:
            return year
    return None


def read_tag(path: Path) -> int | None:
    """The year of an audio file's tag; None where it has none, or the file cannot be read."""
    values = read_tags(path)
    years = (year_in(values[tag].replace("-", " ")) for tag in TAGS if tag in values)
    return next((year for year in years if year is not None), None)
