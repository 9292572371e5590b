"""Draws docs/pictures/growth.png from the newest run of `klangbild bench growth --log`."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "growth.json"
PICTURE = ROOT / "docs" / "pictures" / "growth.png"

PANELS = (
    ("image_by_size_px", "An image, by its side in px", "ms of CPU"),
    ("image_by_channel_base", "An image of 256 px, by channel base", "ms of CPU"),
    ("second_by_ticks_between", "A second of hearing, every n-th tick", "ms of CPU"),
    ("frame_by_effects", "A frame of 1280 by 720 in software, by effects", "ms of CPU"),
)
WIDTH_PX, HEIGHT_PX = 620, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 30, 62, 48
INK, SOFT, GRID, BAR = "#1c2330", "#5d6678", "#e3e6ec", "#2f6fb2"


def main() -> int:
    """Draws; 0. A sentence and 2 where nothing has been measured."""
    if not RESULTS.exists():
        print("Measure first: klangbild bench growth --log", file=sys.stderr)
        return 2
    run = json.loads(RESULTS.read_text("utf-8"))[-1]
    picture = Image.new("RGB", (2 * WIDTH_PX, 2 * HEIGHT_PX + 34), "white")
    for i, (key, title, unit) in enumerate(PANELS):
        panel = _panel(run["figures"][key], title, unit)
        picture.paste(panel, (i % 2 * WIDTH_PX, i // 2 * HEIGHT_PX))
    about = f"One thread, {run['machine']}, commit {run['commit']}"
    ImageDraw.Draw(picture).text((LEFT, 2 * HEIGHT_PX + 6), about, SOFT, _font(15))
    picture.quantize(32).save(PICTURE, optimize=True)
    return 0


def _panel(values: dict[str, float], title: str, unit: str) -> Image.Image:
    """Bars with their figures."""
    panel = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), "white")
    draw = ImageDraw.Draw(panel)
    draw.text((LEFT, 14), title, INK, _font(20))
    draw.text((LEFT, 38), unit, SOFT, _font(15))
    rise = _rise(max(values.values()))
    top, height = 4 * rise, HEIGHT_PX - TOP - BOTTOM
    for part in range(5):
        y = TOP + height - height * part / 4
        draw.line((LEFT, y, WIDTH_PX - RIGHT, y), GRID)
        draw.text((LEFT - 8, y), f"{rise * part:g}", SOFT, _font(14), anchor="rm")
    step = (WIDTH_PX - LEFT - RIGHT) / len(values)
    for i, (name, value) in enumerate(values.items()):
        x, y = LEFT + step * (i + 0.5), TOP + height * (1 - value / top)
        draw.rectangle((x - step * 0.3, y, x + step * 0.3, TOP + height), BAR)
        draw.text((x, y - 4), f"{value:.3g}", INK, _font(15), anchor="mb")
        draw.text((x, TOP + height + 8), name, INK, _font(15), anchor="mt")
    return panel


def _rise(highest: float) -> float:
    """From one line to the next: a round number, four of which reach above the highest bar."""
    power = 10.0 ** math.floor(math.log10(max(highest, 1e-9) / 4))
    return next(n * power for n in (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15) if 4 * n * power > 1.08 * highest)


def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    fonts = sorted((ROOT / "assets").rglob("*.ttf"))
    return ImageFont.truetype(fonts[0], size_px) if fonts else ImageFont.load_default(size_px)


if __name__ == "__main__":
    sys.exit(main())
