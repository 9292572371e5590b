"""Where things lie: what ships with the project, and what belongs to the user."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs

from visualizer.types import UserError

_CHECKOUT = Path(__file__).resolve().parent.parent
_INSTALLED = Path(sys.prefix) / "share" / "klangbild"

ROOT = _CHECKOUT if (_CHECKOUT / "shaders").is_dir() else _INSTALLED
"""What holds `shaders/`, `models/` and `assets/`: the checkout, or where the wheel puts them."""

MODELS = ROOT / "models"
SHADERS = ROOT / "shaders"
ASSETS = ROOT / "assets"


def path_of(text: str) -> Path:
    """A file or folder as it was typed, `~` for the home folder; UserError for what can be none."""
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:  # nobody of that name
        raise UserError(f"{text} names no home folder here; write the whole path.") from error
    if "\0" in text:
        raise UserError(f"{text!r} is no path.")
    return path


def config_dir() -> Path:
    """The user's settings (TOML), presets and maps (JSON)."""
    return Path(platformdirs.user_config_dir("klangbild", appauthor=False))


def data_dir() -> Path:
    """The user's own models."""
    return Path(platformdirs.user_data_dir("klangbild", appauthor=False))


def cache_dir() -> Path:
    """What can be made again, such as compiled networks."""
    return Path(platformdirs.user_cache_dir("klangbild", appauthor=False))


def models_dirs() -> list[Path]:
    """Folders searched for models, the project's own first."""
    return [MODELS, data_dir() / "models"]
