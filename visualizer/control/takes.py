"""Where recordings and stills go that are begun by a key: a folder, and a name with the time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import platformdirs

from visualizer.paths import path_of


def new_file(folder: str, suffix: str) -> str:
    """A file for a recording or a still that begins now, in `folder`, or where videos go where that is ""."""
    place = path_of(folder) if folder else Path(platformdirs.user_videos_dir())
    if not folder and not place.is_dir():
        place = Path.home()
    return str(place / f"klangbild {datetime.now():%Y-%m-%d %H-%M-%S}{suffix}")
