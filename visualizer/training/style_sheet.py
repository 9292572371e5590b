"""The sheet of the guide: pieces of four centuries × four style-transfer networks (the paper's figure 4)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from visualizer.checkpoints.cards import find_model
from visualizer.checkpoints.modules import build
from visualizer.modes import style_transfer
from visualizer.modes.style_transfer_maths import soften
from visualizer.networks.mvnet import Z_SHAPE, MVNet
from visualizer.training import mvnet_sheet
from visualizer.training.house import to_uint8
from visualizer.training.mvnet_data import windows
from visualizer.training.mvnet_music import Music, read_music
from visualizer.training.mvnet_sheet import BACKGROUND, GAP_PX, INK, MARGIN_PX, QUIET, RULE, TEXT_PX, font
from visualizer.training.style_publish import our_pictures

SHEET = Path("docs/pictures/style-networks.jpg")
COLUMNS = {"adain": "AdaIN", "wct": "WCT", "linear": "linear (the default)", "avatar": "Avatar-Net"}
CELL_PX, STYLE_SHOWN_PX, CONTENT_PX, HEAD_PX = 208, 128, 256, 64
SEED = 3
MAX_BYTES = 200_000


@dataclass(frozen=True)
class Row:
    """A piece and what MVNet paints of it, (3, 64, 64) in [-1, 1]."""

    year: str
    who: str
    what: str
    style: Tensor


@torch.no_grad()
def heard_rows(mvnet: MVNet, music: Music) -> list[Row]:
    """The pieces of MVNet's own sheet, each with the first z."""
    z = torch.randn(1, *Z_SHAPE, generator=torch.Generator().manual_seed(SEED))
    rows = []
    for key, year, who, what in mvnet_sheet.PIECES:
        clip = mvnet_sheet.find_piece(music, key, year)
        if clip is not None:
            style = mvnet.generator(mvnet.encoder(windows(music, [clip])), z)[0]
            rows.append(Row(str(year), who, what, style))
    return rows


def draw(content: Tensor, rows: list[Row], path: Path) -> None:
    """Content (1, 3, H, W) in [0, 1]; paints with the published networks, as live."""
    pixels = to_uint8(content * 2 - 1)[0]
    networks = {name: style_transfer.load(name, 1) for name in COLUMNS}
    read = {name: network.read_content(pixels) for name, network in networks.items()}
    left = MARGIN_PX + TEXT_PX + STYLE_SHOWN_PX + 2 * GAP_PX
    width = left + len(COLUMNS) * (CELL_PX + GAP_PX) + MARGIN_PX - GAP_PX
    height = HEAD_PX + CELL_PX + (len(rows)) * (CELL_PX + 2 * GAP_PX) + MARGIN_PX
    sheet = Image.new("RGB", (width, height), BACKGROUND)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN_PX, 24), "held-out music", QUIET, font(16))
    pen.text((MARGIN_PX + TEXT_PX, 24), "MVNet's style", QUIET, font(16))
    for column, title in enumerate(COLUMNS.values()):
        pen.text((left + column * (CELL_PX + GAP_PX), 24), title, INK, font(17))
    for row, piece in enumerate(rows):
        top = HEAD_PX + row * (CELL_PX + 2 * GAP_PX)
        pen.line((MARGIN_PX, top - GAP_PX, width - MARGIN_PX, top - GAP_PX), RULE)
        pen.text((MARGIN_PX, top + 6), piece.year, INK, font(32))
        pen.text((MARGIN_PX, top + 50), piece.who, INK, font(17))
        pen.text((MARGIN_PX, top + 74), piece.what, QUIET, font(16))
        style_pixels = to_uint8(piece.style[None])[0]
        shown = Image.fromarray(style_pixels).resize((STYLE_SHOWN_PX,) * 2, Image.Resampling.NEAREST)
        sheet.paste(shown, (MARGIN_PX + TEXT_PX, top))
        for column, (name, network) in enumerate(networks.items()):
            style = network.read_style(soften(style_pixels.astype("float32") / 255))
            painted = network.paint(read[name], style, 1.0)
            cell = Image.fromarray((painted * 255).round().astype("uint8")).resize((CELL_PX,) * 2)
            sheet.paste(cell, (left + column * (CELL_PX + GAP_PX), top))
    top = HEAD_PX + len(rows) * (CELL_PX + 2 * GAP_PX)
    pen.line((MARGIN_PX, top - GAP_PX, width - MARGIN_PX, top - GAP_PX), RULE)
    pen.text((MARGIN_PX, top + 6), "the content", QUIET, font(16))
    sheet.paste(Image.fromarray(pixels).resize((CELL_PX,) * 2), (left, top))
    for name, network in networks.items():
        if name == "linear":
            same = network.paint(read[name], network.read_style(style_pixels.astype("float32") / 255), 0.0)
            cell = Image.fromarray((same * 255).round().astype("uint8")).resize((CELL_PX,) * 2)
            sheet.paste(cell, (left + CELL_PX + GAP_PX, top))
            pen.text((left + 2 * (CELL_PX + GAP_PX), top + 6), "as decoded at strength 0", QUIET, font(16))
        network.close()
    save_small(sheet, path)


def save_small(sheet: Image.Image, path: Path) -> None:
    """JPEG of at most MAX_BYTES, as good as that allows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in (92, 88, 84, 80, 75, 70, 60):
        sheet.save(path, quality=quality, optimize=True)
        if path.stat().st_size <= MAX_BYTES:
            return


def make_sheet(models: Path, music_folder: Path, path: Path = SHEET) -> None:
    """The sheet with the published MVNet and the music that its training made."""
    model = find_model("mvnet-house", models)
    mvnet = build(model.card, model.folder)
    assert isinstance(mvnet, MVNet)
    draw(our_pictures(models, 1, CONTENT_PX)[0], heard_rows(mvnet, read_music(music_folder, "val")), path)
    print(f"drawn: {path}")
