"""What the head-up display says: a snapshot of the show, drawn into a small picture now and then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw

from visualizer.display import fonts
from visualizer.types import UInt8

WHITE = (240, 240, 238, 255)
QUIET = (168, 168, 170, 255)
FAINT = (66, 66, 70, 255)
ACCENT = (236, 201, 140, 255)
WARNING = (255, 176, 92, 255)
PANEL = (14, 14, 18, 184)
LEVEL_FLOOR_DBFS = -60.0
WIDTH = 420
CARD_COLUMN = 450
CARD_ROWS = 24
MARGIN = 20
"""Sizes in units of a 720th of the wall's height."""
LINE_CHARACTERS = 54
N_RUNTIME_LINES = 3
ERA_HEIGHT = 56


@dataclass(frozen=True, slots=True)
class Readings:
    """What the head-up display shows; None where it is unknown."""

    words: tuple[tuple[str, float], ...] = ()
    """What is heard, with probabilities in [0, 1], best first."""
    era: tuple[str, int] | None = None
    """Era mode: the years it hears, such as "1870s" (or ""), and the deviation in years."""
    painted: str = ""
    """Era mode: what is painted over, and by which network."""
    shown_fps: float = 0.0
    images_per_s: float | None = None
    features_ms: float | None = None
    """From sound to light that shaders make of it."""
    picture_ms: float | None = None
    """From sound to the image that heard it."""
    ages_s: tuple[float, float, float] | None = None
    """Age, when shown, of what coarse, middle and fine layers heard."""
    level_dbfs: float | None = None
    gain_db: float = 0.0
    tempo_bpm: float = 0.0
    tempo_from: str = ""
    """Whence the tempo is, unless it is heard: tapped, locked, midi or link."""
    input: str = ""
    runtime: str = ""
    """What runs the networks, and why that."""
    coming: str = ""
    """What begins next, and when."""
    warnings: tuple[str, ...] = ()


class _Sheet:
    """A translucent panel that is written from top to bottom."""

    def __init__(self, width: int, height: int, unit: float) -> None:
        self.unit = unit
        self.size = (round(width * unit), round(height * unit))
        self.picture = Picture.new("RGBA", self.size, (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.picture)
        self.draw.rounded_rectangle(
            (0, 0, self.size[0] - 1, self.size[1] - 1), radius=round(10 * unit), fill=PANEL
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 15,
        fill: tuple[int, int, int, int] = WHITE,
        anchor: str = "ls",
    ) -> float:
        """Writes on the baseline `y`; the width of the text."""
        text = text.replace("–", "-")  # not in the font that has all else; another one would leap out
        text, face = fonts.choose(text, max(round(size * self.unit), 7))
        self.draw.text((x * self.unit, y * self.unit), text, fill=fill, font=face, anchor=anchor)
        return float(self.draw.textlength(text, font=face)) / self.unit

    def bar(self, x: float, y: float, width: float, height: float, fill: tuple[int, int, int, int]) -> None:
        """A filled rectangle."""
        unit = self.unit
        right, bottom = (x + width) * unit, (y + height) * unit
        self.draw.rectangle((x * unit, y * unit, max(right, x * unit), max(bottom, y * unit)), fill=fill)

    def array(self) -> UInt8:
        """(H, W, 4) RGBA uint8, colour multiplied with alpha."""
        pixels = np.array(self.picture)
        pixels[..., :3] = (pixels[..., :3].astype(np.uint16) * pixels[..., 3:] // 255).astype(np.uint8)
        return pixels


def paint(readings: Readings, wall_height_px: int) -> UInt8:
    """The head-up display for a wall of that height, (H, W, 4) RGBA uint8, multiplied with alpha."""
    unit = wall_height_px / 720
    warnings = [line for text in readings.warnings for line in _wrap(text, LINE_CHARACTERS)][:6]
    runtime = _wrap(readings.runtime, LINE_CHARACTERS)[:N_RUNTIME_LINES] if readings.runtime else []
    n_era, n_words = (0, 1) if readings.era is None else (ERA_HEIGHT, 0)
    coming = _wrap(readings.coming, LINE_CHARACTERS)[:2] if readings.coming else []
    n_lines = len(warnings) + len(runtime) + len(coming)
    height = 188 + n_era + 30 * max(len(readings.words), n_words) + 20 * n_lines
    sheet = _Sheet(WIDTH, height, unit)
    y = _words(sheet, readings.words, 12.0) if readings.era is None else _era(sheet, readings)
    y = _figures(sheet, readings, y + 24)
    y = _sound(sheet, readings, y + 30)
    for line in coming:
        y += 20
        sheet.text(MARGIN, y, line[:1].upper() + line[1:], 13, ACCENT)
    for line in runtime:
        y += 20
        sheet.text(MARGIN, y, line, 13, QUIET)
    for line in warnings:
        y += 20
        sheet.text(MARGIN, y, line, 13, WARNING)
    return sheet.array()


def _era(sheet: _Sheet, readings: Readings) -> float:
    """The years it sounds like, and what is painted over."""
    assert readings.era is not None
    label, spread = readings.era
    x: float = MARGIN
    if label:
        x += sheet.text(x, 40, "sounds like the " if label.endswith("s") else "sounds like ", 18, QUIET)
        x += sheet.text(x, 40, label, 27, ACCENT)
        sheet.text(x, 40, f"  give or take {spread} years", 13, QUIET)
    else:
        sheet.text(x, 40, "listening", 21, QUIET)
    sheet.text(MARGIN, 62, _short(readings.painted, LINE_CHARACTERS), 13, QUIET)
    return _words(sheet, readings.words, 12.0 + ERA_HEIGHT) if readings.words else 12.0 + ERA_HEIGHT


def _words(sheet: _Sheet, words: Sequence[tuple[str, float]], y: float) -> float:
    if not words:
        sheet.text(MARGIN, y + 25, "listening", 21, QUIET)
        return y + 30
    for word, probability in words:
        y += 30
        strength = min(max(probability, 0.0), 1.0)
        grey = round(150 + 100 * strength)
        fill = (grey, grey, grey, 255)
        sheet.text(MARGIN, y - 5, word, 21, fill)
        sheet.bar(250, y - 12, 110, 3, FAINT)
        sheet.bar(250, y - 12, 110 * strength, 3, ACCENT)
        sheet.text(WIDTH - MARGIN, y - 5, f"{strength:.0%}", 13, QUIET, "rs")
    return y


def _figures(sheet: _Sheet, readings: Readings, y: float) -> float:
    """Two rows of four figures with their names below."""
    rows = (
        (
            (f"{readings.shown_fps:.0f}", "fps shown"),
            (_number(readings.images_per_s, "{:.0f}"), "images/s"),
            (_number(readings.features_ms, "{:.0f} ms"), "sound to light"),
            (_number(readings.picture_ms, "{:.0f} ms"), "sound to image"),
        ),
        (
            *_ages(readings),
            _tempo(readings),
        ),
    )
    step = (WIDTH - 2 * MARGIN) / 4
    for row in rows:
        for column, (value, name) in enumerate(row):
            x = MARGIN + column * step
            sheet.text(x, y + 8, value, 18)
            sheet.text(x, y + 24, name, 11, QUIET)
        y += 50
    return y - 26


def _tempo(readings: Readings) -> tuple[str, str]:
    if not readings.tempo_bpm:
        return "-", "beats/min"
    return f"{readings.tempo_bpm:.0f}", f"BPM ({readings.tempo_from})" if readings.tempo_from else "beats/min"


def _ages(readings: Readings) -> list[tuple[str, str]]:
    """How old what the picture heard is; era mode paints all of a picture from the same moments."""
    names = ("coarse", "middle", "fine") if readings.era is None else ("style",)
    ages_s = readings.ages_s or (None, None, None)
    return [(_number(ages_s[i], "{:.1f} s"), f"{name} heard") for i, name in enumerate(names)]


def _sound(sheet: _Sheet, readings: Readings, y: float) -> float:
    """The level meter, the gain and the input."""
    width = WIDTH - 2 * MARGIN
    level = readings.level_dbfs if readings.level_dbfs is not None else LEVEL_FLOOR_DBFS
    share = min(max(1.0 - level / LEVEL_FLOOR_DBFS, 0.0), 1.0)
    sheet.bar(MARGIN, y, width, 5, FAINT)
    sheet.bar(MARGIN, y, width * share, 5, WARNING if level > -3.0 else ACCENT)
    for mark_db in (-48, -36, -24, -12):
        sheet.bar(MARGIN + width * (1 - mark_db / LEVEL_FLOOR_DBFS), y, 1, 5, PANEL)
    y += 22
    text = f"{level:.0f} dBFS" if level > LEVEL_FLOOR_DBFS else "silence"
    sheet.text(WIDTH - MARGIN, y, f"{text}   gain {readings.gain_db:+.0f} dB", 13, QUIET, "rs")
    sheet.text(MARGIN, y, _short(readings.input or "no input", 30), 13)
    return y


def dot(unit: float, height_px: int) -> tuple[float, float]:
    """Where the beat's dot is, in px from the lower left of a head-up display of that height."""
    return (WIDTH - MARGIN - 4) * unit, height_px - 22 * unit


def paint_card(lines: Sequence[tuple[str, str]], wall_height_px: int) -> UInt8:
    """The card of keys, as `paint`; in as many columns as its lines need to stay on the wall."""
    n_columns = -(-len(lines) // CARD_ROWS) or 1
    n_rows = -(-len(lines) // n_columns)
    sheet = _Sheet(CARD_COLUMN * n_columns, 40 + 27 * n_rows, wall_height_px / 720)
    for place, (keys, text) in enumerate(lines):
        column, row = divmod(place, n_rows)
        x, y = CARD_COLUMN * column, 43 + 27 * row
        sheet.text(x + 122, y, keys, 15, ACCENT, "rs")
        sheet.text(x + 138, y, text, 15)
    return sheet.array()


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _short(text: str, n: int) -> str:
    return text if len(text) <= n else text[: n - 1] + "…"


def _wrap(text: str, n: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > n:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [_short(line, n) for line in lines]
