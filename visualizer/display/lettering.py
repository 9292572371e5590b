"""Words and logos as pictures with alpha, ready to be laid over a frame. No OpenGL here."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Picture
from PIL import ImageColor, ImageDraw, ImageFilter, ImageFont

from visualizer.display import fonts
from visualizer.types import UInt8, UserError

MOST_LETTERS = 400
MOST_PX = 4096
_ASK_S = 3.0
_NOT_A_LETTER = "\U0010ffff"
_SHADOW = 160
"""Alpha of the soft shadow that keeps letters legible on bright pictures."""


@dataclass(frozen=True, slots=True)
class Lettered:
    """A picture to lay over, and what there is to say of it ("" when all is well)."""

    pixels: UInt8
    """(H, W, 4) RGBA uint8, colour multiplied with alpha."""
    sentence: str = ""


def write(words: str, font: str, colour: str, line_px: int) -> Lettered:
    """Lines of words, centred, each `line_px` high, with a soft shadow; a | begins another line.

    UserError for a colour or a font that there is none of. Letters that the font lacks are left out and told.
    """
    lines = words[:MOST_LETTERS].strip().replace("|", "\n").splitlines()
    words = "\n".join(line.strip() for line in lines)
    rgb = _colour(colour)
    size_px = max(round(0.8 * line_px), 6)
    sentence = ""
    if font:
        face = _named(font, size_px)
        missing = "".join(sorted({c for c in words if not c.isspace() and not has_glyph(face, c)}))
        if missing:
            sentence = f"The font {font!r} has no {missing[:8]!r}: choose another in text.font."
            words = "".join(c for c in words if c not in missing)
    else:
        words, face = _lines(words, size_px)
    return Lettered(_draw(words, face, rgb, line_px), sentence)


def read_logo(path: Path, height_px: int) -> Lettered:
    """A picture with alpha in that height; UserError for what is no picture."""
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"The logo {path} is no file: name a PNG in logo.file.")
        with Picture.open(path) as opened:
            width, height = opened.size
            if width * height > 100_000_000:
                raise UserError(f"The logo {path} has {width}×{height} pixels: make it smaller.")
            wide_px = max(round(width * height_px / height), 1)
            scale = min(1.0, MOST_PX / wide_px)
            size = (max(round(wide_px * scale), 1), max(round(height_px * scale), 1))
            picture = opened.convert("RGBA").convert("RGBa").resize(size, Picture.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "not a picture"
        raise UserError(f"The logo {path} cannot be read ({reason}): name a PNG in logo.file.") from error
    return Lettered(np.asarray(picture))


@dataclass(frozen=True, slots=True)
class Words:
    """What a text file says, and when it was written."""

    changed_s: float
    """Its Unix time."""
    text: str


def read_words(path: Path, known: Words) -> Words:
    """The words in a text file, at most MOST_LETTERS; `known` while it has not changed.

    UserError where it cannot be read, or is no file but a pipe or a device.
    """
    try:
        stamp_s = path.stat().st_mtime
        if not path.is_file():
            raise UserError(f"{path} is no file: name a text file in text.file.")
        if stamp_s == known.changed_s:
            return known
        with path.open("rb") as file:
            text = file.read(4 * MOST_LETTERS).decode("utf-8", "replace").lstrip("\ufeff").strip()
    except OSError as error:
        raise UserError(
            f"The words in {path} cannot be read ({error.strerror}): name a text file in text.file."
        ) from error
    return Words(stamp_s, text)


def has_glyph(face: ImageFont.FreeTypeFont, letter: str) -> bool:
    """Whether a face draws this letter as anything but its mark for a missing one."""
    return bytes(face.getmask(letter)) != bytes(face.getmask(_NOT_A_LETTER))


def _lines(words: str, size_px: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """The words as the built-in face, or one of the system for foreign letters, can write them."""
    shown, face = fonts.choose(words.replace("\n", " "), size_px)
    is_foreign = shown == words.replace("\n", " ")
    lines = words if is_foreign else "\n".join(fonts.plain(line) for line in words.splitlines())
    assert isinstance(face, ImageFont.FreeTypeFont)
    return lines, face


def _colour(text: str) -> tuple[int, int, int]:
    try:
        rgb = ImageColor.getrgb(text.strip() or "white")
    except ValueError:
        raise UserError(f"There is no colour {text!r}: text.colour takes #rrggbb, such as #ffd700.") from None
    return rgb[0], rgb[1], rgb[2]


def _named(font: str, size_px: int) -> ImageFont.FreeTypeFont:
    squeezed = font.replace(" ", "")
    for name in (
        os.path.expanduser(font),  # noqa: PTH111  # what names no home folder stays as it is
        font,
        f"{font}.ttf",
        f"{squeezed}.ttf",
        f"{squeezed}-Regular.ttf",
    ):
        try:
            return ImageFont.truetype(name, size_px)
        except (OSError, ValueError):
            continue
    file = _ask_fontconfig(font)
    if file:
        try:
            return ImageFont.truetype(file, size_px)
        except (OSError, ValueError) as error:
            raise UserError(
                f"The font {font!r} is damaged ({error}): choose another in text.font."
            ) from error
    raise UserError(f"There is no font {font!r} here: name one of the system, or a .ttf file, in text.font.")


def _ask_fontconfig(family: str) -> str:
    """The file of a font family on Linux, "" where there is no such family."""
    program = shutil.which("fc-match")
    if program is None:
        return ""
    try:
        told = subprocess.run(
            [program, "--format=%{family}\n%{file}", family], capture_output=True, text=True, timeout=_ASK_S
        ).stdout.splitlines()
    except (OSError, subprocess.TimeoutExpired):
        return ""
    is_it = len(told) == 2 and family.casefold() in (name.casefold() for name in told[0].split(","))
    return told[1] if is_it else ""


def _draw(words: str, face: ImageFont.FreeTypeFont, rgb: tuple[int, int, int], line_px: int) -> UInt8:
    sheet = ImageDraw.Draw(Picture.new("L", (1, 1)))
    spacing = round(0.2 * line_px)
    left, top, right, bottom = sheet.multiline_textbbox((0, 0), words, face, align="center", spacing=spacing)
    blur_px = max(line_px / 12.0, 1.0)
    edge = round(3 * blur_px)
    size = (min(round(right - left) + 2 * edge, MOST_PX), min(round(bottom - top) + 2 * edge, MOST_PX))
    mask = Picture.new("L", size, 0)
    ImageDraw.Draw(mask).multiline_text(
        (edge - left, edge - top), words, 255, face, align="center", spacing=spacing
    )
    shadow = np.asarray(mask.filter(ImageFilter.GaussianBlur(blur_px)), np.float32)
    letters = np.asarray(mask, np.float32)[..., None] / 255.0
    alpha = np.minimum(shadow * 1.6, 255.0)[..., None] * (_SHADOW / 255.0)
    pixels = np.empty((*letters.shape[:2], 4), np.float32)
    pixels[..., :3] = letters * np.array(rgb, np.float32)
    pixels[..., 3:] = letters * 255.0 + (1.0 - letters) * alpha
    return np.round(pixels).astype(np.uint8)
