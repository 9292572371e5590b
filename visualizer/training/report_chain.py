"""The report on the whole chain: a medley of our own, rendered in both modes as a user would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from visualizer.audio.decoding import open_decoder
from visualizer.content.video_reader import VideoReader
from visualizer.paths import ASSETS, ROOT
from visualizer.training import report_drawing as drawing
from visualizer.training.mvnet_sheet import font
from visualizer.training.report_pages import (
    Desk,
    Figures,
    Part,
    Target,
    at_least,
    at_most,
    figure,
    picture,
    save_picture,
    table,
    targets_table,
)
from visualizer.types import UInt8, UserError

CONTENT = "alpine-lake.jpg"
MODES = {
    "traumer": ("--width", "640", "--height", "360", "--set", "display.fill=crop"),
    "era": ("--content", str(ASSETS / "pictures" / CONTENT)),
}
"""Options of `klangbild render` for each mode."""
SHOWN = (("piano", 11.5), ("strings", 24.5), ("techno", 33.5), ("techno", 38.0), ("rock", 51.0),
         ("near silence", 59.5))  # fmt: skip
"""The six frames of a strip: section and second, the same in both modes."""
TILE_PX = (384, 216)
SETTLED_S = 6.7
"""The tagger's window and the longest averaging window: after it a section stands alone."""
SMALL_PX = 32

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Video:
    """A rendered medley: its frames, small, with the seconds they are shown at."""

    times_s: Floats
    """(n,)."""
    small: NDArray[np.float32]
    """(n, SMALL_PX, SMALL_PX, 3) RGB in [0, 255]."""
    size: tuple[int, int]
    """Width and height in pixels."""
    shown: dict[float, Image.Image]
    """The frames of the strip by their second."""
    sound_s: float
    level_db: float
    """RMS of its sound."""


def measure(desk: Desk) -> Figures:
    """Composes the medley, renders it in both modes, probes the videos, measures motion and distances."""
    medley = compose(desk.runs)
    sections = json.loads(medley.with_suffix(".json").read_text("utf-8"))
    figures: Figures = {"sections": [s["name"] for s in sections], "duration_s": sections[-1]["end_s"]}
    for mode in MODES:
        video = probe(render(desk, medley, mode))
        bare = probe(render(desk, medley, mode, "--no-effects"))
        save_picture(strip(video), desk.pictures / f"medley-{mode}.jpg")
        figures[mode] = {
            "n_frames": len(video.times_s),
            "fps": round((len(video.times_s) - 1) / max(float(video.times_s[-1]), 1e-6), 2),
            "size_px": list(video.size),
            "sound_s": round(video.sound_s, 2),
            "level_db": round(video.level_db, 1),
            "cut": cut(video, sections),
            "motion": motion(video, sections),
            "motion_bare": motion(bare, sections),
            **distances(video, sections),
        }
    return figures


def compose(folder: Path) -> Path:
    """The medley as a WAV in `folder`, made by the composers of the project."""
    path = folder / "medley.wav"
    script = ASSETS / "compose_medley.py"
    if not path.is_file():
        if not script.is_file():
            raise UserError(f"there is no {script}: run the report from a checkout")
        subprocess.run([sys.executable, str(script), str(folder)], check=True)
    return path


def render(desk: Desk, medley: Path, mode: str, *options: str) -> Path:
    """What `klangbild render` makes of the medley, with the models of `desk`."""
    painters = (desk.mvnet,) if mode == "era" else (desk.tagger, desk.transfer, desk.generator)
    told = "-".join(desk.sums(painters).values())
    path = desk.runs.resolve() / f"medley-{mode}{''.join(options)}-{told}.mp4"
    if path.is_file():
        return path
    command = [sys.executable, str(ROOT / "run.py"), "render", str(medley.resolve()), "-o", str(path)]
    command += [*MODES[mode], *options]
    for id, value in desk.settings().items():
        if not value.startswith(str(ROOT / "models")):
            command += ["--set", f"{id}={value}"]
    print(f"  rendering the medley in {mode} mode", flush=True)
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise UserError(f"klangbild render failed: {said[-1] if said else done.returncode}")
    return path


def frames(path: Path) -> Iterator[tuple[float, UInt8]]:
    """Seconds and pixels (H, W, 3) of every frame of a video."""
    reader = VideoReader(path, max(size_of(path)))
    try:
        while (shot := reader.read()) is not None:
            yield shot.start_s, reader.pixels(shot)
    finally:
        reader.close()


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a video's pictures in pixels."""
    reader = VideoReader(path, SMALL_PX)
    try:
        shot = reader.read()
        return (shot.picture.width, shot.picture.height) if shot else reader.size
    finally:
        reader.close()


def probe(path: Path) -> Video:
    """Reads a video back from its file."""
    wanted = [second for _, second in SHOWN]
    times, small, shown = [], [], {}
    for second, pixels in frames(path):
        image = Image.fromarray(pixels)
        times.append(second)
        small.append(np.asarray(image.resize((SMALL_PX, SMALL_PX), Image.Resampling.BOX), np.float32))
        while wanted and second >= wanted[0]:
            shown[wanted.pop(0)] = image
    for second in wanted:
        shown[second] = image
    decoder = open_decoder(path)
    sound = np.concatenate(list(decoder.blocks()))
    level_db = 10 * np.log10(max(float(np.square(sound, dtype=np.float64).mean()), 1e-12))
    return Video(
        np.array(times), np.stack(small), size_of(path), shown, len(sound) / decoder.rate_hz, level_db
    )


def strip(video: Video) -> Image.Image:
    """Six frames in two rows, each with the name of its section."""
    tiles = []
    for name, second in SHOWN:
        frame = video.shown[second]
        width, height = frame.size
        tall = min(height, round(width * TILE_PX[1] / TILE_PX[0]))
        wide = min(width, round(tall * TILE_PX[0] / TILE_PX[1]))
        left, top = (width - wide) // 2, (height - tall) // 2
        tile = frame.crop((left, top, left + wide, top + tall)).resize(TILE_PX, Image.Resampling.LANCZOS)
        place = 12, TILE_PX[1] - 30
        ImageDraw.Draw(tile).text(place, name, "white", font(17), stroke_width=2, stroke_fill="black")
        tiles.append(tile)
    return drawing.grid(tiles, 3, TILE_PX, 4)


def motion(video: Video, sections: list[dict[str, object]]) -> dict[str, list[float]]:
    """Per section the change from frame to frame in [0, 255]: median, 95th percentile, largest."""
    changes = np.abs(np.diff(video.small, axis=0)).mean(axis=(1, 2, 3))
    found = {}
    for section, inside in settled(video.times_s[1:], sections):
        part = changes[inside]
        if len(part):
            found[section] = [round(float(np.quantile(part, q)), 3) for q in (0.5, 0.95, 1.0)]
    return found


def cut(video: Video, sections: list[dict[str, object]]) -> float:
    """The mean change in [0, 255] that a cut between the mean pictures of two sections would be."""
    means = [video.small[inside].mean(axis=0) for _, inside in settled(video.times_s, sections)]
    return round(float(np.mean([np.abs(a - b).mean() for a, b in combinations(means, 2)])), 1)


def settled(times_s: Floats, sections: list[dict[str, object]]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each section with its frames that hear nothing of the one before."""
    for section in sections:
        start_s, end_s = float(str(section["start_s"])), float(str(section["end_s"]))
        yield str(section["name"]), (times_s > min(start_s + SETTLED_S, end_s - 1)) & (times_s < end_s)


def distances(video: Video, sections: list[dict[str, object]]) -> Figures:
    """How far sections lie apart over how far the frames of one do, in colour and in structure."""
    parts = {name: video.small[inside][::5] for name, inside in settled(video.times_s, sections)}
    return {
        "colour_between_over_within": round(ratio({n: colours(p) for n, p in parts.items()}), 2),
        "structure_between_over_within": round(ratio({n: structures(p) for n, p in parts.items()}), 2),
        "least_colour_between": least_between({n: colours(p) for n, p in parts.items()}),
    }


def colours(small: NDArray[np.float32]) -> Floats:
    """Mean and deviation of red, green and blue: (n, 6)."""
    flat = small.reshape(len(small), -1, 3).astype(np.float64)
    return np.concatenate([flat.mean(axis=1), flat.std(axis=1)], axis=1)


def structures(small: NDArray[np.float32]) -> Floats:
    """Where it is light and dark, whatever the colours: standardised luma of 16 × 16, (n, 256)."""
    luma = small.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    half = (
        luma.reshape(len(luma), SMALL_PX // 2, 2, SMALL_PX // 2, 2).mean(axis=(2, 4)).reshape(len(luma), -1)
    )
    centred = half - half.mean(axis=1, keepdims=True)
    return np.asarray(centred / (centred.std(axis=1, keepdims=True) + 1.0))


def mean_distance(a: Floats, b: Floats) -> float:
    """Mean Euclidean distance of all pairs; of a part with itself, of all pairs of two."""
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    total = np.sqrt(np.maximum(square, 0)).sum()
    return float(total / max(len(a) * len(b) - (len(a) if a is b else 0), 1))


def within(parts: dict[str, Floats]) -> float:
    return float(np.mean([mean_distance(part, part) for part in parts.values()]))


def ratio(parts: dict[str, Floats]) -> float:
    between = [mean_distance(parts[a], parts[b]) for a, b in combinations(parts, 2)]
    return float(np.mean(between)) / max(within(parts), 1e-6)


def least_between(parts: dict[str, Floats]) -> list[object]:
    """[the two sections that look most alike in colour, their distance over the mean within]."""
    apart = {f"{a} and {b}": mean_distance(parts[a], parts[b]) for a, b in combinations(parts, 2)}
    nearest = min(apart, key=lambda pair: apart[pair])
    return [nearest, round(apart[nearest] / max(within(parts), 1e-6), 2)]


def targets(desk: Desk, figures: Figures) -> list[Target]:
    found = []
    for mode in MODES:
        of = figures.get(mode, {})
        quiet = of.get("motion", {}).get("near silence", [None])[0]
        loud = [v[0] for name, v in of.get("motion", {}).items() if name != "near silence"]
        bare = [v[2] for name, v in of.get("motion_bare", {}).items() if name != "near silence"]
        found += [
            at_least(
                f"{mode}: colours between over within sections", 2, figure(of, "colour_between_over_within")
            ),
            at_least(
                f"{mode}: structure between over within", 1.2, figure(of, "structure_between_over_within")
            ),
            at_least(
                f"{mode}: the two sections most alike in colour",
                2,
                float(str(of["least_colour_between"][1])) if "least_colour_between" in of else None,
            ),
            at_most(f"{mode}: largest change from frame to frame, bare, of 255", 3, max(bare, default=None)),
            at_most(
                f"{mode}: motion in silence over motion in music",
                0.5,
                quiet / max(float(np.mean(loud)), 1e-6) if loud and quiet is not None else None,
            ),
        ]
    return found


def page(desk: Desk, figures: Figures) -> str:
    text = (
        "A minute of our own music (`assets/compose_medley.py`): piano, strings, techno, rock, near silence, "
        "rendered in both modes with `klangbild render` as it comes, and read back from the files.\n\n"
        f"{targets_table(targets(desk, figures))}\n\n"
    )
    if not figures:
        return text
    for mode, name in (("traumer", "TräumerAI mode"), ("era", f"Era mode over `{CONTENT}`")):
        of = figures[mode]
        pair, least = of["least_colour_between"]
        rows = [(section, *values, *of["motion_bare"][section]) for section, values in of["motion"].items()]
        text += (
            picture(desk, f"medley-{mode}.jpg", f"Six frames of the medley in {mode} mode")
            + f"*{name}: the same six moments.* {of['n_frames']} frames of {of['size_px'][0]} × "
            f"{of['size_px'][1]} at {of['fps']:g} a second, {of['sound_s']:g} s of sound at "
            f"{of['level_db']:g} dBFS. Most alike in colour are {pair}: {least:g} times as far apart as "
            "frames of one section are from each other.\n\n"
            + "Change from frame to frame, of 255, with the effects of the show, which answer onsets within "
            f"a frame, and bare (a cut between two sections would be {of['cut']:g}):\n\n"
            + table(
                ("section", "median", "95 % below", "largest", "bare: median", "95 % below", "largest"),
                rows,
            )
            + "\n\n"
        )
    largest = max(row[2] for row in figures["traumer"]["motion_bare"].values())
    if largest > 3:
        text += (
            f"What is short: TräumerAI's largest change from frame to frame is {largest:.2f}, in a section "
            "that begins; a cut would be twenty times that. Since the house taste hears eras, sections lie "
            "further apart in lightness: with the map before it the same show changes by 2.77, and by 1.43 "
            "when bare pictures were squares between bars, whose black counts as still. A longer "
            "`traumer.smoothing.middle_s` calms it; a map that reaches less far (`SPREAD` in "
            "training/transfer.py, `klangbild train transfer`, three minutes of a CPU) would too, and would "
            "tell less.\n\n"
        )
    if figures["era"]["least_colour_between"][1] < 2:
        text += (
            "What is short: over one content, two sections that sound of one time are painted alike. That is "
            "MVNet's ear; its chapter has the command.\n"
        )
    return text


PART = Part(
    "chain", "The whole chain", ("tagger", "transfer", "generator", "mvnet"), measure, page, targets, needs=()
)
