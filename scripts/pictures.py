"""Makes the pictures of the documents from the shipped models: `python scripts/pictures.py`.

docs/pictures/era.jpg: the sections of the demo in era mode, each over a content of its own.
docs/pictures/models/medley-*.jpg: a minute of our own music in both modes, as `klangbild render` shows it.
docs/pictures/window.jpg: the running window with its head-up display, on a virtual screen.
docs/pictures/panel.jpg: the panel of that show, with the other mode held in deck B.
docs/pictures/shaders-filters.jpg, -generators.jpg, -transitions.jpg: every shipped shader, at a loud beat.
Names as arguments make only those.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.shader_sheets import make_sheets  # noqa: E402
from tests.show import PANEL_PX, Show, open_panel  # noqa: E402
from tests.virtual import VirtualLineIn, VirtualScreen  # noqa: E402
from visualizer import parameters  # noqa: E402
from visualizer.audio.sources import DemoSource, demo_path  # noqa: E402
from visualizer.modes.deck import load_mode  # noqa: E402
from visualizer.offline.render import Stage, moments  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
SHOWN_S = {"piano": 16.0, "strings": 36.0, "drums": 55.0, "techno": 74.0}
"""Seconds into the demo at which each section has stood for a while."""
ERA_CONTENTS = {
    "piano": "lone-tree",
    "strings": "alpine-lake",
    "drums": "lighthouse",
    "techno": "city-at-night",
}
TILE_PX = (480, 270)
FPS = 15.0


def make_era() -> None:
    """Four frames of renders of the demo in two rows, with their names; each section has its own content."""
    settings = parameters.defaults() | {"show.mode": "era", "display.fill": "crop"}
    tiles = [_render(settings | {"era.content": ERA_CONTENTS[section]}, section) for section in SHOWN_S]
    width, height = TILE_PX
    strip = Image.new("RGB", (2 * width + 6, 2 * height + 6), "black")
    for i, tile in enumerate(tiles):
        strip.paste(tile, ((i % 2) * (width + 6), (i // 2) * (height + 6)))
    strip.save(PICTURES / "era.jpg", quality=88)


def _render(settings: dict[str, Any], section: str) -> Image.Image:
    """The tile of a section of the demo."""
    mode, stage = load_mode(settings, threads=2), Stage(960, 540, settings, effects=True)
    tile = None
    for moment in moments(DemoSource(loop=False), mode, settings, FPS):
        frame = stage.frame(moment, moment.index / FPS)
        if moment.index == round(SHOWN_S[section] * FPS):
            tile = _tile(Image.fromarray(frame[..., :3]), section)
            break
    stage.close()
    mode.close()
    assert tile is not None  # the demo is longer than any of SHOWN_S
    return tile


def _tile(frame: Image.Image, name: str) -> Image.Image:
    tile = frame.resize(TILE_PX, Image.Resampling.LANCZOS)
    font = ImageFont.load_default(18)
    ImageDraw.Draw(tile).text((14, TILE_PX[1] - 34), name, "white", font, stroke_width=2, stroke_fill="black")
    return tile


def make_medley() -> None:
    """Six frames of the medley in each mode; the chapter of the report about them is made anew too."""
    from visualizer.training import report

    report.main(["chain"])


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


def make_panel() -> None:
    """A screenshot of the panel on the page of contents: era mode on air, the other mode held."""
    with (
        VirtualScreen(1920, 1080) as screen,
        VirtualLineIn() as line,
        tempfile.TemporaryDirectory() as folder,
    ):
        environment = os.environ | screen.env | line.env
        held = ("--set", "show.mode=era", "--at", "8:show.hold_next=on", "--at", "9:show.mode=traumer")
        with Show(Path(folder), environment, *held) as show:
            line.play(demo_path())
            show.wait_for_images()
            places = open_panel(show)
            show.click_panel(places["page content"])
            show.wait_until(lambda s: s["decks"]["stage"] == "ready", 60, "the other deck")
            time.sleep(SHOWN_S["piano"] / 2)
            shot = Image.open(screen.shoot(Path(folder) / "shot.png")).convert("RGB")
        width, height = PANEL_PX
        shot.crop((1920 - width, 1080 - height, 1920, 1080)).save(PICTURES / "panel.jpg", quality=88)


MAKERS = {
    "era": make_era,
    "medley": make_medley,
    "window": make_window,
    "panel": make_panel,
    "shaders": lambda: make_sheets(PICTURES),
}

if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    for wanted in sys.argv[1:] or MAKERS:
        MAKERS[wanted]()
