"""Preview pictures of the models that paint none themselves: the tagger, the map and the style encoder.

`python -m visualizer.training.previews` draws them from what ships, on the project's own demo and pictures,
and puts them beside the cards.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from visualizer.checkpoints.cards import CARD, dump_card, load_card, sum_file
from visualizer.checkpoints.modules import build
from visualizer.networks.tagger import TAGS
from visualizer.paths import ASSETS, MODELS
from visualizer.training import house, transfer_material
from visualizer.training.frontend import WINDOW_SAMPLES
from visualizer.training.judge import hear
from visualizer.training.mvnet_sheet import BACKGROUND, INK, QUIET, RULE, font
from visualizer.training.report_drawing import draw_trajectories
from visualizer.training.ship_tagger import load_shipped
from visualizer.training.sounds import RATE_HZ
from visualizer.training.years import load_encoder
from visualizer.types import UserError

NAME = "preview.jpg"
MAX_BYTES = 120_000
STEP = RATE_HZ // 2
N_TAGS_SHOWN = 12
CELL_PX, ROW_PX, LABEL_PX, TOP_PX, EDGE_PX = 7, 26, 110, 54, 20
PHOTO, PHOTO_PX, TILE_PX = "alpine-lake.jpg", 256, 230

Floats = NDArray[np.float64]


def demo() -> tuple[NDArray[np.float32], list[dict[str, float | str]]]:
    """The demo track (n,) at 16 kHz and its sections."""
    sections: list[dict[str, float | str]] = json.loads((ASSETS / "demo.json").read_text("utf-8"))
    sound, rate_hz = soundfile.read(ASSETS / "demo.ogg", dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate_hz, RATE_HZ), np.float32), sections


def listen(models: Path) -> tuple[Floats, NDArray[np.float32], NDArray[np.intp], list[str]]:
    """Twice a second of the demo: embeddings (n, 512), tags (n, 50), section (n,); and the names of these."""
    sound, sections = demo()
    ends = np.arange(WINDOW_SAMPLES, len(sound), STEP)
    embeddings, tags = hear(
        load_shipped(models / "tagger-house"), np.stack([sound[e - WINDOW_SAMPLES : e] for e in ends])
    )
    starts_s = np.array([float(section["start_s"]) for section in sections])
    at = np.searchsorted(starts_s, ends / RATE_HZ, side="right") - 1
    return embeddings.astype(np.float64), tags, at, [str(section["name"]) for section in sections]


def draw_tags(tags: NDArray[np.float32], sections: NDArray[np.intp], names: list[str]) -> Image.Image:
    """The tags that come nearest to certain, a row each, over the time of the demo."""
    best = np.sort(tags, axis=0)[-8:].mean(axis=0)
    rows = sorted(np.argsort(best)[::-1][:N_TAGS_SHOWN], key=lambda tag: int(tags[:, tag].argmax()))
    width = LABEL_PX + len(tags) * CELL_PX + EDGE_PX
    sheet = Image.new("RGB", (width, TOP_PX + len(rows) * ROW_PX + EDGE_PX), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for section, name in enumerate(names):
        moments = np.flatnonzero(sections == section)
        if len(moments):
            left = LABEL_PX + int(moments[0]) * CELL_PX
            draw.line((left, 20, left, sheet.height - EDGE_PX), RULE)
            if len(moments) * CELL_PX > draw.textlength(name, font(15)):
                draw.text((left + 5, 22), name, INK, font(15))
    for row, tag in enumerate(rows):
        top = TOP_PX + row * ROW_PX
        draw.text((LABEL_PX - 10, top + 3), TAGS[tag], QUIET, font(15), anchor="ra")
        for moment, value in enumerate(tags[:, tag]):
            share = min(max(float(value), 0.0), 1.0)
            colour = tuple(
                round(b + share * (c - b)) for b, c in zip(BACKGROUND, (242, 178, 76), strict=True)
            )
            left = LABEL_PX + moment * CELL_PX
            draw.rectangle((left, top, left + CELL_PX - 2, top + ROW_PX - 5), fill=colour)
    return sheet


@torch.no_grad()
def draw_map(models: Path, embeddings: Floats, sections: NDArray[np.intp], names: list[str]) -> Image.Image:
    """Embeddings and styles of the demo by section, and the picture of each section's mean style."""
    transfer = build(load_card(models / "transfer-house"), models / "transfer-house")
    styles = transfer(torch.from_numpy(embeddings).float())
    generator, _ = transfer_material.load_generator(models / "generator-paintings")
    present = [section for section in range(len(names)) if (sections == section).sum() > 2]
    means = torch.stack([styles[torch.from_numpy(sections == section)].mean(0) for section in present])
    pixels = house.to_uint8(torch.from_numpy(transfer_material.paint(generator, means, 5, None)))
    renumbered = np.array([present.index(s) if s in present else -1 for s in sections])
    kept = renumbered >= 0
    return draw_trajectories(
        embeddings[kept],
        styles.double().numpy()[kept],
        renumbered[kept],
        [names[section] for section in present],
        [Image.fromarray(picture) for picture in pixels],
    )


@torch.no_grad()
def draw_levels(models: Path) -> Image.Image:
    """A picture, and the first three principal components of each level's features as colours."""
    with Image.open(ASSETS / "pictures" / PHOTO) as image:
        side = min(image.size)
        square = image.convert("RGB").crop((0, 0, side, side)).resize((PHOTO_PX, PHOTO_PX))
    picture = torch.from_numpy(np.array(square)).permute(2, 0, 1)[None].float() / 255
    shown = [("the picture", square)]
    for level, features in enumerate(load_encoder(models / "style-encoder")(picture), 1):
        _, n_channels, height, width = features.shape
        flat = features[0].flatten(1).T.double().numpy()
        u, sizes, _ = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)
        parts = u[:, :3] * np.sign(u[:, :3].sum(axis=0) + 1e-9)
        low, high = np.percentile(parts, (1, 99), axis=0)
        colours = ((parts - low) / (high - low)).clip(0, 1).reshape(height, width, 3)
        held = float((sizes[:3] ** 2).sum() / (sizes**2).sum())
        name = f"level {level}: {n_channels} channels, 3 hold {held:.0%}"
        shown.append((name, Image.fromarray((colours * 255).round().astype(np.uint8))))
    width = EDGE_PX + len(shown) * (TILE_PX + EDGE_PX)
    sheet = Image.new("RGB", (width, 2 * EDGE_PX + TILE_PX + 24), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for i, (name, tile) in enumerate(shown):
        left = EDGE_PX + i * (TILE_PX + EDGE_PX)
        sheet.paste(tile.resize((TILE_PX, TILE_PX), Image.Resampling.NEAREST), (left, EDGE_PX))
        draw.text((left, EDGE_PX + TILE_PX + 8), name, INK, font(14))
    return sheet


def attach(folder: Path, picture: Image.Image) -> None:
    """Writes a picture of MAX_BYTES at most beside a model's card, and names it there with its sum."""
    for quality in (90, 82, 74, 64, 50):
        written = io.BytesIO()
        picture.save(written, "jpeg", quality=quality, optimize=True)
        if len(written.getvalue()) <= MAX_BYTES:
            break
    else:
        raise UserError(f"the preview of {folder.name} is larger than {MAX_BYTES} bytes; draw it smaller")
    with house.writing(folder / NAME) as part:
        part.write_bytes(written.getvalue())
    card = load_card(folder)
    card = replace(card, preview=NAME, files={**card.files, NAME: sum_file(folder / NAME)})
    with house.writing(folder / CARD) as part:
        part.write_text(dump_card(card), "utf-8")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m visualizer.training.previews", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the models")
    models = parser.parse_args(argv).models
    torch.set_num_threads(1)
    embeddings, tags, sections, names = listen(models)
    attach(models / "tagger-house", draw_tags(tags, sections, names))
    attach(models / "transfer-house", draw_map(models, embeddings, sections, names))
    attach(models / "style-encoder", draw_levels(models))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
