"""The NDI runtime that cyndilib brings along, loaded once, and no further than this machine unless told."""

from __future__ import annotations

import json
import os
from pathlib import Path

from visualizer import paths
from visualizer.types import UserError

_LOOPBACK = {"ndi": {"networks": {"ips": "127.0.0.1"}}}
_loaded_everywhere: bool | None = None
"""How far the runtime of this process reaches; it reads that once."""


def load(everywhere: bool) -> None:
    """Makes `import cyndilib` safe: with `everywhere` False NDI stays on this machine.

    UserError where it is missing, or was loaded with another reach.
    """
    global _loaded_everywhere
    if _loaded_everywhere is not None and _loaded_everywhere != everywhere:
        raise UserError("NDI reaches as far as when it was first switched on: start the show again.")
    if not everywhere:
        os.environ["NDI_CONFIG_DIR"] = str(_loopback_folder())
    try:
        import cyndilib  # noqa: F401
    except (ImportError, OSError) as error:
        raise UserError(f"NDI is not installed here ({error}): pip install 'klangbild[ndi]'.") from error
    _loaded_everywhere = everywhere


def _loopback_folder() -> Path:
    folder = paths.cache_dir() / "ndi-loopback"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ndi-config.v1.json").write_text(json.dumps(_LOOPBACK), "utf-8")
    except OSError as error:
        raise UserError(f"NDI needs to write into {folder} ({error.strerror}); free some space.") from error
    return folder
