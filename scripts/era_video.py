"""Makes docs/pictures/era-video.jpg from the shipped models: six frames of a video under four pieces.

The paper's Figure 6. The video is a slow pan over a picture of ours, the pieces are the demo's sections.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from visualizer import clock, parameters  # noqa: E402
from visualizer.audio.sources import RATE_HZ, DemoSource, demo_path, read_all  # noqa: E402
from visualizer.content.content import our_pictures  # noqa: E402
from visualizer.modes import era  # noqa: E402
from visualizer.output.recorder import Recorder  # noqa: E402
from visualizer.types import Features, Float32, UInt8  # noqa: E402

PICTURE = ROOT / "docs" / "pictures" / "era-video.jpg"
PIECES = ("piano", "strings", "drums and bass", "techno")
MOMENTS_S = (10.0, 11.5, 13.0, 14.5, 16.0, 17.5)
FPS = 15
VIDEO_PX = (384, 224)
TILE_PX = (192, 112)
GAP_PX = 3


def make_video(path: Path, seconds: float) -> None:
    """A pan from left to right over the first of our pictures that has room for it, coming nearer."""
    picture = Image.open(our_pictures()[0]).convert("RGB")
    width, height = VIDEO_PX
    with Recorder(path, width, height, FPS, audio_rate=None) as recorder:
        for i in range(round(seconds * FPS)):
            share = i / (seconds * FPS)
            view = picture.width * (0.75 - 0.25 * share)
            left = share * (picture.width - view)
            top = (picture.height - view * height / width) * (0.5 + 0.2 * share)
            box = (left, top, left + view, top + view * height / width)
            recorder.add_frame(np.asarray(picture.resize(VIDEO_PX, Image.Resampling.BICUBIC, box)))


def paint(video: Path, sound: Float32, strength: float) -> list[UInt8]:
    """The frames at MOMENTS_S, (H, W, 3) uint8, of the video under `sound` (n, 2) at 48 kHz."""
    settings = parameters.defaults() | {
        "era.content": str(video),
        "era.size_px": VIDEO_PX[0],
        "era.strength": strength,
    }
    mode = era.load(settings, threads=1, precision="fp32", live=False)
    mode.paint(0)
    frames, n_frame = [], RATE_HZ // FPS
    for i in range(round(MOMENTS_S[-1] * FPS)):
        now_ns = clock.nanoseconds((i + 1) / FPS)
        mode.hear(sound[i * n_frame : (i + 1) * n_frame], now_ns, Features())
        if any(i + 1 == round(moment_s * FPS) for moment_s in MOMENTS_S):
            frames.append(mode.paint(now_ns).pixels[..., :3].copy())
    print(mode.guess())
    mode.close()
    return frames


def main() -> None:
    """Paints all and saves the sheet."""
    parts = {part["name"]: part for part in json.loads(demo_path().with_suffix(".json").read_text("utf-8"))}
    demo = read_all(DemoSource(loop=False))
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "pan.mp4"
        make_video(video, MOMENTS_S[-1] + 1.0)
        rows = {"the video": paint(video, np.zeros((RATE_HZ * 18, 2), np.float32), 0.0)}
        for name in PIECES:
            rows[name] = paint(video, demo[round(parts[name]["start_s"] * RATE_HZ) :], 1.0)
    width, height = TILE_PX
    sheet = Image.new("RGB", (6 * (width + GAP_PX) - GAP_PX, len(rows) * (height + GAP_PX) - GAP_PX))
    for j, (name, frames) in enumerate(rows.items()):
        for i, frame in enumerate(frames):
            tile = Image.fromarray(frame).resize(TILE_PX, Image.Resampling.LANCZOS)
            if i == 0:
                font = ImageFont.load_default(14)
                place = (8, height - 24)
                ImageDraw.Draw(tile).text(place, name, "white", font, stroke_width=2, stroke_fill="black")
            sheet.paste(tile, (i * (width + GAP_PX), j * (height + GAP_PX)))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(PICTURE, quality=86)


if __name__ == "__main__":
    main()
