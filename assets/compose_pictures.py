"""Paints the pictures that era mode paints over when it is given none.

    python assets/compose_pictures.py [FOLDER] [NAME …]

writes `pictures/NAME.jpg` (1024 pixels long, at most 150 KB each). All of them are computed from NumPy: no
photograph, no model, no drawing; `painter/` says picture by picture how. The same seed and library versions
give the same pixels. Like the demo track they belong to the project and have its licence.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from painter import city, lake, nave, sea, still, tree
from painter.light import Array, save

WIDE, TALL = (1024, 704), (704, 1024)
"""Width and height: whole multiples of 16 at 256, 512 and 1024 pixels."""

PAINTERS: dict[str, Callable[[], Array]] = {
    "alpine-lake": lambda: lake.paint(WIDE),
    "city-at-night": lambda: city.paint(WIDE),
    "gothic-nave": lambda: nave.paint(TALL),
    "lighthouse": lambda: sea.paint(WIDE),
    "lone-tree": lambda: tree.paint(WIDE),
    "still-life": lambda: still.paint(WIDE),
}


def main(folder: Path, names: list[str]) -> None:
    """Paints the named pictures, or all of them, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or PAINTERS:
        path = folder / f"{name}.jpg"
        quality = save(PAINTERS[name](), path)
        print(f"{path}: {path.stat().st_size / 1000:.0f} KB, quality {quality}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "pictures", sys.argv[2:])
