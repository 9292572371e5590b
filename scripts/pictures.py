"""Makes the pictures of the documents from the shipped models: `python scripts/pictures.py`.

docs/pictures/strip.jpg: what the demo's sections look like, as `klangbild render` shows them.
docs/pictures/window.jpg: the running window with its head-up display, on a virtual screen.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.show import Show  # noqa: E402
from tests.virtual import VirtualLineIn, VirtualScreen  # noqa: E402
from visualizer import parameters  # noqa: E402
from visualizer.audio.sources import DemoSource, demo_path  # noqa: E402
from visualizer.modes.deck import load_mode  # noqa: E402
from visualizer.offline.render import Stage, moments  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
SHOWN_S = {"piano": 16.0, "strings": 36.0, "drums": 55.0, "techno": 74.0}
"""Seconds into the demo at which each section has stood for a while."""
TILE_PX = (480, 270)
FPS = 15.0


def make_strip() -> None:
    """Four frames of a render of the demo, side by side in two rows, with their names."""
    settings = parameters.defaults()
    mode, stage = load_mode(settings, threads=2), Stage(960, 540, settings, effects=True)
    wanted = {round(time_s * FPS): name for name, time_s in SHOWN_S.items()}
    tiles: list[Image.Image] = []
    for moment in moments(DemoSource(loop=False), mode, settings, FPS):
        frame = stage.frame(moment, moment.index / FPS)
        if moment.index in wanted:
            tiles.append(_tile(Image.fromarray(frame[..., :3]), wanted[moment.index]))
        if len(tiles) == len(wanted):
            break
    stage.close()
    mode.close()
    width, height = TILE_PX
    strip = Image.new("RGB", (2 * width + 6, 2 * height + 6), "black")
    for i, tile in enumerate(tiles):
        strip.paste(tile, ((i % 2) * (width + 6), (i // 2) * (height + 6)))
    strip.save(PICTURES / "strip.jpg", quality=88)


def _tile(frame: Image.Image, name: str) -> Image.Image:
    tile = frame.resize(TILE_PX, Image.Resampling.LANCZOS)
    font = ImageFont.load_default(18)
    ImageDraw.Draw(tile).text((14, TILE_PX[1] - 34), name, "white", font, stroke_width=2, stroke_fill="black")
    return tile


def make_window() -> None:
    """A screenshot of the show with the head-up display, while the demo plays into a virtual line-in."""
    with VirtualScreen(1280, 720) as screen, VirtualLineIn() as line, tempfile.TemporaryDirectory() as folder:
        environment = os.environ | screen.env | line.env
        with Show(Path(folder), environment, "--set", "display.hud=on") as show:
            show.wait_for_images()
            line.play(demo_path())
            time.sleep(SHOWN_S["piano"])
            shot = screen.shoot(Path(folder) / "shot.png")
        Image.open(shot).convert("RGB").save(PICTURES / "window.jpg", quality=88)


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    make_strip()
    make_window()
