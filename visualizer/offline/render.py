"""`klangbild render`: the stages of the show, stepped by hand on a frame clock, into a video.

The same song, settings, seed, machine and number of threads give the same pictures.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from visualizer import clock, parameters
from visualizer.audio.ear import Ear
from visualizer.audio.sources import RATE_HZ, FileSource, PullSource
from visualizer.content.content import our_pictures, sound_of
from visualizer.display.offscreen import Offscreen
from visualizer.modes import deck
from visualizer.modes.mode import Mode
from visualizer.modulation import Delay, Moving, asked_of_decks, lead
from visualizer.offline import song
from visualizer.offline.progress import Progress
from visualizer.output.recorder import Recorder, check_path
from visualizer.types import Features, Float32, Image, UInt8, UserError

DEFAULT_SIZE_PX = 512
MOST_CONTENT_PX = 512
"""Era mode paints its content as large as the video, up to this side; larger takes --set era.size_px=…."""
SIZES_PX = (16, 4096)
MAX_FPS = 120.0
WIDE_FROM = 4 / 3
"""A video so many times wider than high is painted wide, unless told otherwise."""
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame's worth of the piece."""

    index: int
    samples: Float32
    """(n, 2) float32: what sounds while the frame is shown; the last one may be short."""
    features: Features
    image: Image | None
    """A new picture, or None where the one before still stands."""
    signals: Mapping[str, float] = field(default_factory=dict)
    """What the mode hears for the routes; see `Mode.signals`."""


def moments(source: PullSource, mode: Mode, settings: Mapping[str, Any], fps: float) -> Iterator[Moment]:
    """Steps hearing and painting through `source` to its end, a frame at a time.

    A frame hears what sounds until its end, so a beat and its picture come together. A picture is painted
    for each frame, or `show.image_fps` times a second where that is less.
    """
    ear, features, asked = Ear(settings), Features(), asked_of_decks(settings)
    hearing, moving = _Hearing(mode, settings), Moving()
    image_fps = min(float(settings["show.image_fps"]), fps)
    n_images, n_heard, index = 0, 0, 0
    while len(samples := source.read(round((index + 1) * RATE_HZ / fps) - n_heard)):
        n_heard += len(samples)
        time_ns = clock.nanoseconds(n_heard / RATE_HZ)
        features = (ear.push(samples, time_ns) or [features])[-1]
        heard = hearing.push(samples, time_ns, features)
        signals = mode.signals() if asked else {}
        image = None
        if index * image_fps >= n_images * fps:
            n_images += 1
            time_s = (index + 1) / fps
            moved = moving.settings(time_s, heard, settings, signals)
            if moving.values:
                mode.apply(moved)
            # Live, this is the clock's time; here it must not depend on how fast the machine is.
            image = replace(mode.paint(clock.nanoseconds(time_s)), made_ns=time_ns)
        yield Moment(index, samples, features, image, signals)
        index += 1


class _Hearing:
    """Hands a mode its sound as much later as the performer wants."""

    def __init__(self, mode: Mode, settings: Mapping[str, Any]) -> None:
        self._mode, self._settings = mode, settings
        self._delay = Delay[tuple[Float32, int, Features]]()
        self._heard = Features()

    def push(self, samples: Float32, time_ns: int, features: Features) -> Features:
        """The features of what the mode hears now."""
        self._delay.push(time_ns, (samples, time_ns, features))
        for late, late_ns, heard in self._delay.take(time_ns, self._settings["show.offset_ms"]):
            self._mode.hear(late, late_ns, lead(heard, self._settings))
            self._heard = heard
        return self._heard


def load_mode(settings: Mapping[str, Any], threads: int) -> Mode:
    """As a deck does, but contents are a function of their time alone."""
    if settings["show.mode"] == "era":
        from visualizer.modes import era

        return era.load(settings, threads, live=False)
    return deck.load_mode(settings, threads)


class Interrupt:
    """While entered, Ctrl-C and SIGTERM are noted instead of raised, so that a frame is finished first.

    A second Ctrl-C is raised.
    """

    def __init__(self) -> None:
        self.came = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


class Stage:
    """Turns moments into frames: through the renderer of the show, or the bare pictures."""

    def __init__(self, width: int, height: int, settings: Mapping[str, Any], effects: bool) -> None:
        self._settings = settings
        seed = settings["traumer.seed"]
        self._offscreen = Offscreen(width, height, seed=seed, scale=1.0) if effects else None
        self._image: Image | None = None
        self._moving, self._delay, self._heard = Moving(), Delay[Features](), Features()

    def frame(self, moment: Moment, time_s: float) -> UInt8:
        """(H, W, 4) uint8; of the picture's own size without effects."""
        if self._offscreen is None:
            self._image = moment.image or self._image
            assert self._image is not None  # the first moment has a picture
            return self._image.pixels
        if moment.image is not None:
            self._offscreen.set_image(moment.image)
        settings, now_ns = self._settings, moment.features.time_ns
        self._delay.push(now_ns, moment.features)
        self._heard = self._delay.newest(now_ns, settings["show.offset_ms"], self._heard)
        self._offscreen.hear(moment.samples)
        moved = self._moving.settings(time_s, self._heard, settings, moment.signals)
        return self._offscreen.render(time_s, lead(self._heard, settings), moved)

    def close(self) -> None:
        """Gives the context back."""
        if self._offscreen is not None:
            self._offscreen.close()


def main(argv: Sequence[str]) -> int:
    """Renders as the command line asks; 0, or 130 after Ctrl-C with a file that plays."""
    options = _parse(argv)
    _size(options)
    path = Path(options.output).expanduser()
    settings = _settings(options)
    check_path(path)
    whole = song.open_song(options.song or _sounding(settings))
    for used, what in ((whole.path, "song"), (Path(str(settings["era.content"])).expanduser(), "content")):
        if path.exists() and used.exists() and path.samefile(used):
            raise UserError(f"{path} is the {what} itself; choose another name for the video.")
    mode = load_mode(settings, options.threads)
    try:
        width, height = _size(options, mode)
        stage = Stage(width, height, settings, options.effects)
        try:
            return _film(options, whole, mode, settings, stage, Recorder(path, width, height, options.fps))
        finally:
            stage.close()
    finally:
        mode.close()


def _film(
    options: argparse.Namespace,
    whole: FileSource,
    mode: Mode,
    settings: Mapping[str, Any],
    stage: Stage,
    recorder: Recorder,
) -> int:
    source, length_s = song.begin_song(whole, options.duration)
    n_frames = math.ceil(length_s * options.fps) if math.isfinite(length_s) else None
    progress = Progress(n_frames, "frame")
    loudest_dbfs = -math.inf
    with Interrupt() as interrupt, recorder, contextlib.closing(progress):
        for moment in moments(source, mode, settings, options.fps):
            recorder.add_frame(stage.frame(moment, moment.index / options.fps))
            recorder.add_audio(moment.samples)
            auto_db = moment.features.gain_db - settings["audio.gain_db"]
            loudest_dbfs = max(loudest_dbfs, moment.features.level_dbfs - auto_db)
            progress.step()
            if interrupt.came:
                break
    if loudest_dbfs < settings["audio.gate_db"]:
        print(f"{whole.name} is silent, so the picture only drifts.")
    if sentence := mode.state().get("sentence"):
        print(sentence)
    stopped = "Stopped. " if interrupt.came else ""
    size = f"{recorder.width}×{recorder.height} at {recorder.fps:g} fps"
    rate = f"{progress.rate:.1f} frames a second"
    print(f"{stopped}{recorder.path}: {recorder.seconds:.1f} s, {size}, made at {rate}.")
    return INTERRUPTED if interrupt.came else 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="klangbild render", description="Make a video of a piece of music.")
    song.add_options(parser, is_needed=False)
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the video: .mp4, .mov or .mkv")
    parser.add_argument("--mode", help="what paints: traumer (default) or era (default with --content)")
    parser.add_argument(
        "--content", metavar="PATH", help="era mode: a picture, a folder of them, a video, or traumer"
    )
    parser.add_argument("--network", metavar="NAME", help="era mode: the style-transfer network")
    parser.add_argument("--fps", type=float, default=30.0, help="frames a second (default: 30)")
    parser.add_argument(
        "--size",
        type=int,
        metavar="PX",
        help="side of a square video (default: 512), or longer side of one shaped as what is painted",
    )
    parser.add_argument("--width", type=int, metavar="PX", help="width, where it is not square")
    parser.add_argument("--height", type=int, metavar="PX", help="height, where it is not square")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another dream (default: 7)")
    parser.add_argument(
        "--effects",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="the effects of the show, or the bare pictures",
    )
    parser.add_argument("--set", metavar="ID=VALUE", action="append", default=[], help="set any parameter")
    options = parser.parse_args(list(argv))
    if not 1 <= options.fps <= MAX_FPS:
        raise UserError(f"--fps takes a number from 1 to {MAX_FPS:g}, not {options.fps:g}.")
    seeds = parameters.find("traumer.seed")
    if not seeds.min <= options.seed <= seeds.max:
        raise UserError(f"--seed takes a whole number from {seeds.min:.0f} to {seeds.max:.0f}.")
    song.check_options(options)
    return options


def _sounding(settings: Mapping[str, Any]) -> str:
    """The content where it is a video with sound, which is then heard too; UserError where it is not."""
    content = str(settings["era.content"])
    if settings["show.mode"] == "era" and sound_of(content):
        return content
    ours = {name for path in our_pictures() for name in (path.name, path.stem)}
    if content and content not in ours and not Path(content).expanduser().exists():
        raise UserError(f"There is no {content}: name a video with sound as --content, or a song beside it.")
    raise UserError(
        f"{content} has no sound: name a song as well, as in klangbild render song.mp3 --content FILE."
        if content
        else "Name a song, or demo; or a video with sound as --content, which is then heard as well."
    )


def _size(options: argparse.Namespace, mode: Mode | None = None) -> tuple[int, int]:
    """Width and height, even as the encoder wants them."""
    least, most = SIZES_PX
    side = DEFAULT_SIZE_PX if options.size is None else options.size
    shape = (1, 1) if mode is None or options.width or options.height else mode.shape_px
    size = tuple(round(side * n / max(shape)) for n in shape)
    size = tuple(a if b is None else b for a, b in zip(size, (options.width, options.height), strict=True))
    if not all(least <= side <= most for side in size):
        raise UserError(f"A video is {least} to {most} px wide and high, not {size[0]}×{size[1]}.")
    return size[0] & ~1, size[1] & ~1


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """The defaults, then what the command line says; not the user's settings file: a render is repeatable."""
    values = parameters.ParameterState()
    is_era = options.content is not None or options.network is not None
    values.set("show.mode", options.mode or ("era" if is_era else "traumer"), "command line")
    for id in ("traumer.seed", "era.seed"):
        values.set(id, options.seed, "command line")
    side = options.width or options.height or options.size or DEFAULT_SIZE_PX
    values.set("era.size_px", min(max(side, options.height or 0), MOST_CONTENT_PX), "command line")
    width, height = (options.width or side), (options.height or side)
    shape = "wide" if width >= WIDE_FROM * height else "square"
    values.set("traumer.shape", shape, "command line")
    if options.content is not None:
        values.set("era.content", options.content, "command line")
    if options.network is not None:
        values.set("era.network", options.network, "command line")
    values.set("show.image_fps", options.fps, "command line")
    for text in options.set:
        id, value = parameters.parse_assignment(text)
        values.set(id, value, "command line")
    return values.snapshot()
