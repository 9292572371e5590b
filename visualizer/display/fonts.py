"""A face for each text of the overlay: Pillow's own, or one of the system's for letters that it lacks."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from PIL import ImageFont

Face = ImageFont.FreeTypeFont | ImageFont.ImageFont

SYSTEM = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "segoeui.ttf",
    "arial.ttf",
    "Helvetica.ttc",
)
"""Names under which Pillow finds a font of Linux, Windows or macOS."""
_PLAIN = {
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "æ": "ae",
    "–": "-",
    "—": "-",
    "×": "x",
    "µ": "u",
    "²": "2",
}


def choose(text: str, size_px: int) -> tuple[str, Face]:
    """The face for `text`, and the text itself, in plain letters where no face has its own."""
    if _has(text):
        return text, _own(size_px)
    face = _system(size_px)
    return (text, face) if face else (plain(text), _own(size_px))


def plain(text: str) -> str:
    """`text` in the letters of Pillow's own face; ? for what has no likeness there."""
    parts = unicodedata.normalize("NFKD", "".join(_PLAIN.get(c, c) for c in text))
    return "".join(c if _has(c) else "?" for c in parts if not unicodedata.combining(c))


def _has(text: str) -> bool:
    return all(" " <= c <= "~" or c in "…·°" for c in text)


@lru_cache(maxsize=32)
def _own(size_px: int) -> Face:
    return ImageFont.load_default(size_px)


@lru_cache(maxsize=32)
def _system(size_px: int) -> Face | None:
    for name in SYSTEM:
        try:
            return ImageFont.truetype(name, size_px)
        except OSError:
            continue
    return None
