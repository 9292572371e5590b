"""Makes the pictures of the documents from the shipped models: `python scripts/pictures.py`.

docs/pictures/era.jpg: the sections of the demo in era mode, each over a content of its own.
docs/pictures/fills.jpg: the ways to fill a wall of 1920×1080, with two dreams and an era.
docs/pictures/models/medley-*.jpg: a minute of our own music in both modes, as `klangbild render` shows it.
docs/pictures/window.jpg: the running window with its head-up display, on a virtual screen.
docs/pictures/panel.jpg: the panel of that show, with the other mode held in deck B.
docs/pictures/panel/*.jpg: each page of the panel; the key card; all pages at 200 % on one sheet.
docs/pictures/shaders-filters.jpg, -generators.jpg, -transitions.jpg: every shipped shader, at a loud beat.
Names as arguments make only those.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
from visualizer.display.offscreen import Offscreen  # noqa: E402
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


FILLS = ("mirror", "surround", "crop", "fit")
FILL_PX = (384, 216)
DREAMT_S = (11.0, 64.0)
"""When a generator that hears nothing and wanders has come to two pictures of its own."""


def make_fills() -> None:
    """Three rows: painted wide, where a generator paints, then a square in each way to fill the wall."""
    dreamt = parameters.defaults() | {"traumer.drift": 1.0}
    era = dreamt | {"show.mode": "era", "era.content": "alpine-lake", "era.dial": 1.0}
    rows = [(dreamt, time_s) for time_s in DREAMT_S] + [(era, 2.0)]
    width, height = FILL_PX
    sheet = Image.new("RGB", (width * (1 + len(FILLS)), height * len(rows)), "#181818")
    for row, (settings, time_s) in enumerate(rows):
        shapes = ["wide"] + ["square"] * len(FILLS)
        for column, (shape, fill) in enumerate(zip(shapes, ("mirror", *FILLS), strict=True)):
            if shape == "wide" and settings is era:
                continue
            shown = settings | {"traumer.shape": shape, "display.fill": fill}
            tile = _on_a_wall(shown, time_s).resize(FILL_PX, Image.Resampling.LANCZOS)
            sheet.paste(tile, (column * width, row * height))
    sheet.save(PICTURES / "fills.jpg", quality=74)


def _on_a_wall(settings: dict[str, Any], time_s: float) -> Image.Image:
    """What a mode that has heard nothing paints at that time, at 1920×1080 as the show draws it."""
    with closing(load_mode(settings, threads=2)) as mode, Offscreen(1920, 1080) as wall:
        mode.paint(0)
        wall.set_image(mode.paint(round(time_s * 1e9)))
        return Image.fromarray(wall.render(0.0, None, settings)[..., :3])


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


PAGES = {
    "input": "i",
    "models": "m",
    "content": "o",
    "presets": "p",
    "set-list": "l",
    "traumer": "r",
    "era": "e",
    "effects": "f",
    "modulation": "u",
    "show": "s",
    "wall": "w",
    "output": "t",
    "midi-osc": "c",
    "health": "h",
}
"""Pages of the panel, and the letter that turns to each with Alt."""
MOST_BYTES = 90_000
SHEET_COLUMNS, SHEET_TILE_PX = 3, (480, 270)
PLAYED = (
    *("--preset", "Pulse", "--set", "show.set_list=Friday", "--set", "effects.bloom=0.7"),
    *("--set", "shader.kaleidoscope.on=on", "--set", "shader.trails.on=on", "--set", "control.osc_out=on"),
)
"""What the pictured show does: routes move, filters are on, a set list lies open."""
CUES = (("House", 16), ("Tide", 32), ("Lake", 32), ("Pulse", 16), ("Centuries", 64))


def make_pages() -> None:
    """A screenshot of each page of the panel at 100 %, while a set list plays."""
    with _panel_show("1", (1360, 880)) as (show, screen, folder):
        for name, letter in PAGES.items():
            _save(_page(show, screen, folder, letter).crop((560, 200, 1920, 1080)), name)


def make_pages_200() -> None:
    """All pages at 200 % of a screen of 1920 by 1080, on one sheet."""
    with _panel_show("2", (1920, 1080)) as (show, screen, folder):
        shots = [_page(show, screen, folder, letter) for letter in PAGES.values()]
    width, height = SHEET_TILE_PX
    n_rows = -(-len(shots) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (SHEET_COLUMNS * (width + 6) - 6, n_rows * (height + 6) - 6), "black")
    for i, shot in enumerate(shots):
        place = (i % SHEET_COLUMNS * (width + 6), i // SHEET_COLUMNS * (height + 6))
        sheet.paste(shot.resize(SHEET_TILE_PX, Image.Resampling.LANCZOS), place)
    _save(sheet, "pages-200", 190_000)


def make_keys() -> None:
    """The window with the card of keys."""
    with VirtualScreen(1280, 720) as screen, VirtualLineIn() as line, tempfile.TemporaryDirectory() as folder:
        card = ("--set", "display.help=on")
        with Show(Path(folder), os.environ | screen.env | line.env, *card) as show:
            show.wait_for_images()
            line.play(demo_path())
            time.sleep(SHOWN_S["piano"] / 2)
            shot = screen.shoot(Path(folder) / "shot.png")
        _save(Image.open(shot).convert("RGB"), "keys")


@contextmanager
def _panel_show(scale: str, size_px: tuple[int, int]) -> Iterator[tuple[Show, VirtualScreen, Path]]:
    """A show with music, whose panel lies in the lower right of a screen of 1920 by 1080."""
    with (
        VirtualScreen(1920, 1080) as screen,
        VirtualLineIn() as line,
        tempfile.TemporaryDirectory() as folder,
    ):
        sets = Path(folder) / "config" / "klangbild" / "sets"
        sets.mkdir(parents=True)
        cues = [{"preset": name, "leave": "bars", "after": n_bars} for name, n_bars in CUES]
        document = {"klangbild": "set", "version": 1, "name": "Friday", "cues": cues}
        (sets / "Friday.json").write_text(json.dumps(document))
        environment = os.environ | screen.env | line.env | {"QT_SCALE_FACTOR": scale}
        with Show(Path(folder), environment, *PLAYED, panel=True) as show:
            line.play(demo_path())
            show.wait_for_images()
            show.wait_until(lambda s: s["workers"]["panel"]["state"] == "running", 60.0, "the panel")
            show.place_panel(*size_px)
            time.sleep(SHOWN_S["piano"])
            yield show, screen, Path(folder)


def _page(show: Show, screen: VirtualScreen, folder: Path, letter: str) -> Image.Image:
    """The screen when the panel has turned to a page and its lists are there."""
    show.key_panel(f"alt+{letter}")
    time.sleep(2.5)
    return Image.open(screen.shoot(folder / "page.png")).convert("RGB")


def _save(picture: Image.Image, name: str, most_bytes: int = MOST_BYTES) -> None:
    """As a JPEG that is no larger."""
    for quality in range(88, 40, -4):
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=quality, optimize=True, progressive=True)
        if data.tell() <= most_bytes:
            break
    (PICTURES / "panel").mkdir(parents=True, exist_ok=True)
    (PICTURES / "panel" / f"{name}.jpg").write_bytes(data.getvalue())


MAKERS = {
    "era": make_era,
    "fills": make_fills,
    "medley": make_medley,
    "window": make_window,
    "panel": make_panel,
    "pages": make_pages,
    "pages-200": make_pages_200,
    "keys": make_keys,
    "shaders": lambda: make_sheets(PICTURES),
}

if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    for wanted in sys.argv[1:] or MAKERS:
        MAKERS[wanted]()
