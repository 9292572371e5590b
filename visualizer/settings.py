"""The user's settings file: what a performer chose last time, as TOML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from visualizer import parameters, paths
from visualizer.types import UserError


def path() -> Path:
    """Where the settings lie."""
    return paths.config_dir() / "settings.toml"


def load(file: Path | None = None) -> tuple[dict[str, parameters.Value], list[str]]:
    """Valid values by id, and a sentence for each line that was skipped; a missing file is empty."""
    file = file or path()
    try:
        document = tomlkit.parse(file.read_text("utf-8")).unwrap()
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        return {}, [f"{file} is not readable as TOML ({error}); delete or mend it. Defaults are used."]
    values: dict[str, parameters.Value] = {}
    skipped: list[str] = []
    for id, value in _flatten(document):
        try:
            values[id] = parameters.find(id).validate(value)
        except UserError as error:
            skipped.append(f"{file}: {error}")
    return values, skipped


def save(values: Mapping[str, parameters.Value], file: Path | None = None) -> None:
    """Writes the values that differ from their defaults, atomically."""
    file = file or path()
    document = tomlkit.document()
    for id in sorted(values):
        parameter = parameters.find(id)
        if values[id] == parameter.default or parameter.kind == "trigger":
            continue
        table = document
        *groups, name = id.split(".")
        for group in groups:
            table = table.setdefault(group, tomlkit.table())  # type: ignore[assignment]
        table[name] = values[id]
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(tomlkit.dumps(document), "utf-8")
    part.replace(file)


def _flatten(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for key, value in table.items():
        id = f"{prefix}{key}"
        pairs += _flatten(value, id + ".") if isinstance(value, Mapping) else [(id, value)]
    return pairs
