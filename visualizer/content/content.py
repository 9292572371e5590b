"""Contents: what era mode paints over. A picture, a folder as a slideshow, a video file or a camera.

`open_content` turns one text (the setting `era.content`) into a `Content`:

| text | content | file |
| --- | --- | --- |
| empty | the first of our own pictures | pictures.py |
| a picture | itself | pictures.py |
| a folder | its pictures, one after another | slideshow.py |
| a video | its frames, over and over | video.py to render, live_video.py |
| `camera`, `camera:2`, `camera:NAME` | what the camera sees | camera.py |
| `ndi:NAME`, `ndi-network:NAME` | what another program sends, on this machine or on any | ndi.py |

What can never work (a missing file, a video without frames, an empty folder) is a `UserError` on opening.
What breaks later never raises: `frame` goes on giving the last good picture, and `sentence` says what is
wrong and what helps. Whatever may block (disk, decoder, driver) does so in a daemon thread of its own, which
`close` ends; `frame` only looks at what that thread has put down. With `live=False` there is no thread and
`frame` is a function of its time alone, for rendering.

Pictures come as (H, W, 3) uint8 RGB with H and W multiples of 16 and the longer side `size_px`; see
fitting.py. FFmpeg and OpenCV are loaded when a content needs them, not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from visualizer import paths
from visualizer.types import UInt8, UserError

CAMERA = "camera"
_NDI = {"ndi:": False, "ndi-network:": True}
"""By how it is asked for: whether other machines are looked at."""

_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
_RARER_PICTURES = {".jpe", ".jfif", ".jp2", ".j2k", ".tga", ".ppm", ".pgm", ".pbm", ".qoi"}
_VIDEOS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg"}
_RARER_VIDEOS = {".ts", ".mts", ".m2ts", ".wmv", ".flv", ".ogv", ".3gp", ".y4m", ".mxf"}
PICTURE_SUFFIXES = frozenset(_PICTURES | _RARER_PICTURES)
VIDEO_SUFFIXES = frozenset(_VIDEOS | _RARER_VIDEOS)
WHAT_TO_GIVE = "give a picture (JPEG, PNG, WebP, TIFF …), a folder of them, a video or camera"


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a content."""

    pixels: UInt8
    """(H, W, 3) RGB uint8, C-contiguous, read-only; H and W multiples of 16, the longer side `size_px`."""
    number: int
    """Another one when the pixels are others."""
    age_s: float = 0.0
    """How long ago it was due: since a camera gave it, since a video reached it; 0 for a still picture."""


class Content(Protocol):
    """Something to paint over. Owned by one thread, which calls everything here."""

    name: str
    """For the panel and the head-up display: the file's name, or "camera"."""
    is_still: bool
    """Whether its pictures stay for seconds, so that reading each once into a network pays."""

    @property
    def sentence(self) -> str:
        """What is wrong now and what helps; empty when all is well. The last good picture goes on."""

    def frame(self, time_s: float) -> Frame:
        """The picture at that time, in seconds from the start of the mode; times may go backwards.

        Never raises, and with `live=True` never waits for a disk, a decoder or a driver.
        """

    def close(self) -> None:
        """Ends its thread and gives its file or camera back; may be called twice."""


def open_content(
    wanted: str, size_px: int, *, slide_s: float = 20.0, live: bool = True, base: Path | None = None
) -> Content:
    """The content that a text names (see the top of this file); UserError for what can never work.

    `size_px` is the longer side of its pictures, rounded down to a multiple of 16; `slide_s` is how long each
    picture of a folder stays. `live=False` is for rendering: deterministic in time, and without a camera.
    Relative paths start at `base` (the working directory). Opening a folder or a video decodes its first
    picture, so that there always is one; a camera is opened in the background.
    """
    wanted = wanted.strip()
    if not wanted:
        return _default(size_px)
    if _is_live_source(wanted):
        return _live_source(wanted, size_px, live)
    path = _resolved(wanted, base)
    if path.is_dir():
        from visualizer.content.slideshow import LiveSlideshow, Slideshow

        return LiveSlideshow(path, size_px, slide_s) if live else Slideshow(path, size_px, slide_s)
    from visualizer.content import pictures

    if path.suffix.lower() not in VIDEO_SUFFIXES and pictures.is_picture(path):
        return pictures.Picture(path, size_px)
    try:
        return _video(path, size_px, live)
    except UserError as error:
        if error.__cause__ is None or path.suffix.lower() in VIDEO_SUFFIXES:
            raise
        raise UserError(
            f"{path} is neither a picture nor a video that can be read here; {WHAT_TO_GIVE}."
        ) from error


def find_content(wanted: str) -> str:
    """The content that is meant, with a file or folder as its whole path; UserError where there is none."""
    wanted = wanted.strip()
    if not wanted or _is_live_source(wanted):
        return wanted
    return str(_resolved(wanted, None).absolute())


def find_contents(folder: Path | None = None) -> list[str]:
    """Paths of what can be chosen: our own pictures, then the pictures and videos in `folder`; each sorted.

    Files are told by their suffix and not opened. A folder that cannot be read holds nothing.
    """
    ours = our_pictures()
    theirs = list_files(folder, PICTURE_SUFFIXES | VIDEO_SUFFIXES) if folder else []
    return [str(path) for path in [*ours, *(path for path in theirs if path not in ours)]]


def our_pictures() -> list[Path]:
    """The pictures that ship with the project, sorted; the first one is the default content."""
    return list_files(paths.ASSETS / "pictures", PICTURE_SUFFIXES)


def thumbnail(path: Path, size_px: int) -> UInt8:
    """A small picture of a content file or folder: (H, W, 3) uint8 RGB, uncut, longer side at most `size_px`.

    Quick: a JPEG is decoded reduced, of a video only one picture. UserError where there is none.
    """
    from visualizer.content import pictures

    path = _resolved(str(path), None)
    if path.is_dir():
        from visualizer.content.slideshow import first_readable

        return first_readable(path, lambda picture: pictures.thumbnail(picture, size_px))
    if path.suffix.lower() not in VIDEO_SUFFIXES and pictures.is_picture(path):
        return pictures.thumbnail(path, size_px)
    from visualizer.content import video_reader

    return video_reader.thumbnail(path, size_px)


def sound_of(path: str | Path) -> bool:
    """Whether this file is a video with sound; False for all else, missing files too."""
    from visualizer.content import video_reader

    return video_reader.has_sound(Path(path).expanduser())


def list_files(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    """Files of these kinds in `folder`, hidden ones left out, as a person sorts them (2 before 10)."""
    try:
        found = [p for p in folder.iterdir() if p.suffix.lower() in suffixes and not p.name.startswith(".")]
        return sorted((path for path in found if path.is_file()), key=sort_key)
    except OSError:
        return []


def sort_key(path: Path) -> tuple[list[tuple[int, str]], str]:
    """By name as a person sorts: without regard to case, numbers by their value."""
    parts: list[str] = [""]
    for letter in path.name.casefold():
        if parts[-1] and parts[-1][-1].isdecimal() == letter.isdecimal():
            parts[-1] += letter
        else:
            parts.append(letter)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts[1:]], path.name


def _default(size_px: int) -> Content:
    from visualizer.content import pictures

    for path in our_pictures():
        try:
            return pictures.Picture(path, size_px)
        except UserError:
            continue
    return pictures.Sketch(size_px)


def _is_live_source(wanted: str) -> bool:
    return wanted == CAMERA or wanted.startswith((f"{CAMERA}:", *_NDI))


def _live_source(wanted: str, size_px: int, live: bool) -> Content:
    if not live:
        raise UserError(f"{wanted} can only be painted live; to render, give a picture, a folder or a video.")
    from visualizer.content.camera import Camera

    kind, colon, name = wanted.partition(":")
    if kind + colon not in _NDI:
        return Camera(name.strip(), size_px)
    from visualizer.content.ndi import Receiver

    def receive(name: str, size_px: int) -> Receiver:
        return Receiver(name, _NDI[kind + colon])

    return Camera(name.strip(), size_px, receive, kind="NDI source", mend="start it again")


def _video(path: Path, size_px: int, live: bool) -> Content:
    if live:
        from visualizer.content.live_video import LiveVideo

        return LiveVideo(path, size_px)
    from visualizer.content.video import Video

    return Video(path, size_px)


def _resolved(wanted: str, base: Path | None) -> Path:
    """The existing, readable file or folder that is meant; one of our own pictures by its bare name."""
    try:
        path = Path(wanted).expanduser()
        path = base / path if base else path
        if not path.exists():
            path = _ours_named(wanted) or path
        if not path.exists():
            raise UserError(f"There is no {path}; {WHAT_TO_GIVE}.")
        if path.is_file():
            with path.open("rb") as file:
                if not file.read(1):
                    raise UserError(f"{path} is empty; {WHAT_TO_GIVE}.")
        elif not path.is_dir():
            raise UserError(f"{path} is neither a file nor a folder; {WHAT_TO_GIVE}.")
    except (OSError, ValueError, RuntimeError) as error:  # no permission, a NUL in the name, no home
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"{wanted!r} cannot be read ({reason}); check the path and its permissions."
        ) from error
    return path


def _ours_named(name: str) -> Path | None:
    return next((path for path in our_pictures() if name in (path.name, path.stem)), None)


def names(paths_: Sequence[Path], n_max: int = 3) -> str:
    """A few file names in a row for a sentence: "a.jpg, b.jpg and 4 more"."""
    shown = ", ".join(path.name for path in paths_[:n_max])
    return shown if len(paths_) <= n_max else f"{shown} and {len(paths_) - n_max} more"
