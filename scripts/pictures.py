"""Makes the pictures of the documents from the shipped models: `python scripts/pictures.py`.

docs/pictures/strip.jpg, era.jpg: the sections of the demo in both modes, as `klangbild render` shows them.
docs/pictures/window.jpg: the running window with its head-up display, on a virtual screen.
docs/pictures/panel.jpg: the panel of that show, with the other mode held in deck B.
Names as arguments make only those.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

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


def make_strip(name: str, contents: Mapping[str, str] | None = None, **changed: object) -> None:
    """Four frames of a render of the demo, side by side in two rows, with their names.

    With `contents` each section has a content of its own, rendered by itself.
    """
    settings = parameters.defaults() | {id.replace("__", "."): value for id, value in changed.items()}
    tiles = []
    for group in [[section] for section in SHOWN_S] if contents else [list(SHOWN_S)]:
        own = {"era.content": contents[group[0]]} if contents else {}
        tiles += _render(settings | own, group)
    width, height = TILE_PX
    strip = Image.new("RGB", (2 * width + 6, 2 * height + 6), "black")
    for i, tile in enumerate(tiles):
        strip.paste(tile, ((i % 2) * (width + 6), (i // 2) * (height + 6)))
    strip.save(PICTURES / f"{name}.jpg", quality=88)


def _render(settings: dict[str, Any], sections: Sequence[str]) -> list[Image.Image]:
    """The tiles of some sections of the demo."""
    mode, stage = load_mode(settings, threads=2), Stage(960, 540, settings, effects=True)
    wanted = {round(SHOWN_S[section] * FPS): section for section in sections}
    tiles: list[Image.Image] = []
    for moment in moments(DemoSource(loop=False), mode, settings, FPS):
        frame = stage.frame(moment, moment.index / FPS)
        if moment.index in wanted:
            tiles.append(_tile(Image.fromarray(frame[..., :3]), wanted[moment.index]))
        if len(tiles) == len(wanted):
            break
    stage.close()
    mode.close()
    return tiles


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
    "strip": lambda: make_strip("strip"),
    "era": lambda: make_strip("era", ERA_CONTENTS, show__mode="era", display__fill="crop"),
    "window": make_window,
    "panel": make_panel,
}

if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    for wanted in sys.argv[1:] or MAKERS:
        MAKERS[wanted]()
