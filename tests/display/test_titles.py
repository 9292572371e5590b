"""Words and logos: where they lie, how they come and go, and what is told where they cannot."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from visualizer import parameters
from visualizer.display import lettering
from visualizer.display.aside import Aside
from visualizer.display.offscreen import Offscreen
from visualizer.types import UInt8, UserError

SIZE = (320, 180)
PLAIN = parameters.defaults() | {
    "effects.grain": 0.0,
    "text.fade_s": 0.0,
    "logo.fade_s": 0.0,
    "text.colour": "#ffffff",
}


@pytest.fixture(scope="module")
def screen() -> Iterator[Offscreen]:
    with Offscreen(*SIZE) as made:
        yield made


class Clock:
    now_s = 0.0


def frame(screen: Offscreen, values: Mapping[str, Any], n: int = 2, fps: float = 30.0) -> UInt8:
    for _ in range(n):
        Clock.now_s += 1.0 / fps
        shown = screen.render(Clock.now_s, None, PLAIN | {"output.freeze": True} | dict(values))
    return shown[..., :3]


def changed(screen: Offscreen, values: Mapping[str, Any]) -> tuple[UInt8, np.ndarray]:
    """A frame, and where it differs from the one without anything laid over."""
    bare = frame(screen, {}).astype(int)
    shown = frame(screen, values)
    return shown, np.abs(shown.astype(int) - bare).max(axis=2) > 40


def middle(mask: np.ndarray) -> tuple[float, float]:
    """Of what is set, in shares of width and height."""
    ys, xs = np.nonzero(mask)
    return (xs.min() + xs.max() + 1) / 2 / SIZE[0], (ys.min() + ys.max() + 1) / 2 / SIZE[1]


@pytest.mark.parametrize(("x", "y"), [(0.5, 0.86), (0.3, 0.25)])
def test_words_lie_where_they_should(screen: Offscreen, x: float, y: float) -> None:
    shown, mask = changed(screen, {"text.words": "HOH", "text.x": x, "text.y": y, "text.size": 0.2})
    assert middle(mask) == pytest.approx((x, y), abs=0.03)
    assert shown[mask].max() > 230


def test_a_smaller_recording_holds_the_same(screen: Offscreen) -> None:
    from visualizer.display.canvas import Canvas
    from visualizer.display.offscreen import read

    whole = frame(screen, {"text.words": "HOH", "text.size": 0.4})
    small = Canvas(screen.context, (SIZE[0] // 2, SIZE[1] // 2), dtype="f1")
    half = read(screen.renderer.draw_again(small.framebuffer))[..., :3]
    small.release()
    reduced = whole.reshape(SIZE[1] // 2, 2, SIZE[0] // 2, 2, 3).mean(axis=(1, 3))
    assert np.abs(reduced - half).mean() < 4


def test_they_fade_and_a_blackout_takes_them_along(screen: Offscreen) -> None:
    values = {"text.words": "HOH", "text.size": 0.4, "text.fade_s": 1.0}
    bare = frame(screen, {}).astype(int)
    seen = [float(np.abs(frame(screen, values, n) - bare).mean()) for n in (5, 10, 20)]
    assert 0 < seen[0] < seen[1] < seen[2]
    black = frame(screen, values | {"output.blackout": True, "output.blackout_s": 0.0}, 3)
    assert black.max() == 0
    frame(screen, {}, 40)


def test_other_words_take_the_place_of_the_old(screen: Offscreen) -> None:
    one = frame(screen, {"text.words": "one", "text.size": 0.3})
    frame(screen, {"text.words": "another", "text.size": 0.3})
    again = frame(screen, {"text.words": "one", "text.size": 0.3})
    assert np.array_equal(one, again)


def test_words_come_from_a_file_and_follow_it(screen: Offscreen, tmp_path: Path) -> None:
    path = tmp_path / "now playing.txt"
    path.write_text("\ufeffArtist\nTitle", "utf-8")
    values = {"text.file": str(path), "text.size": 0.2}
    other = frame(screen, {"text.words": "Other", "text.size": 0.2})
    both = frame(screen, {"text.words": "Artist | Title", "text.size": 0.2})
    assert np.array_equal(frame(screen, values), both)
    path.write_text("Other", "utf-8")
    os.utime(path, (1, 1))
    assert np.array_equal(frame(screen, values, 30), other)
    path.unlink()
    assert np.array_equal(frame(screen, values, 30), other)
    assert "name a text file" in screen.renderer.titles.sentence
    frame(screen, {})
    assert screen.renderer.titles.sentence == ""


def test_a_logo_keeps_its_form_and_transparency(screen: Offscreen, tmp_path: Path) -> None:
    pixels = np.zeros((40, 80, 4), np.uint8)
    pixels[:, :20] = pixels[:, 60:] = (255, 0, 0, 255)
    PIL.Image.fromarray(pixels).save(tmp_path / "logo.png")
    values = {"logo.file": str(tmp_path / "logo.png"), "logo.size": 0.4, "logo.x": 0.5, "logo.y": 0.5}
    shown, mask = changed(screen, values)
    ys, xs = np.nonzero(mask)
    assert (ys.max() - ys.min() + 1, xs.max() - xs.min() + 1) == pytest.approx((72, 144), abs=2)
    assert not mask[90, 150:170].any()
    assert np.median(shown[mask], axis=0) == pytest.approx((255, 0, 0), abs=6)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"text.words": "a", "text.font": "Nothing Such"}, "There is no font 'Nothing Such'"),
        ({"text.words": "a", "text.colour": "reddish"}, "There is no colour 'reddish'"),
        ({"logo.file": "/nowhere/logo.png"}, "cannot be read (No such file or directory)"),
        ({"logo.file": __file__}, "cannot be read (not a picture)"),
        ({"text.file": "/nowhere/words.txt"}, "cannot be read (No such file or directory)"),
        ({"text.file": "~nobody-of-that-name/words.txt"}, "names no home folder"),
        ({"logo.file": "~nobody-of-that-name/logo.png"}, "names no home folder"),
        ({"logo.file": "a\0b.png"}, "is no path"),
    ],
)
def test_what_cannot_be_shown_is_told_and_the_show_goes_on(
    screen: Offscreen, values: dict[str, Any], told: str
) -> None:
    bare = frame(screen, {})
    assert np.array_equal(frame(screen, values), bare)
    assert told in screen.renderer.titles.sentence
    frame(screen, {})
    assert screen.renderer.titles.sentence == ""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
@pytest.mark.parametrize("id", ["text.file", "logo.file"])
def test_a_pipe_without_a_writer_stalls_nothing(screen: Offscreen, tmp_path: Path, id: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    bare = frame(screen, {})
    assert np.array_equal(frame(screen, {id: str(tmp_path / "pipe")}), bare)
    assert "is no file" in screen.renderer.titles.sentence
    frame(screen, {})


def test_frames_go_on_while_something_is_read() -> None:
    held, aside = threading.Event(), Aside[int]("test", live=True)

    def slowly() -> int:
        held.wait(10)
        return 7

    aside.begin(slowly)
    assert aside.take() is None and aside.is_busy
    held.set()
    deadline = time.monotonic() + 10
    while (answer := aside.take()) is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert answer == 7 and aside.take() is None and not aside.is_busy
    aside.close()


def test_letters_that_a_font_lacks_are_left_out_and_told(tmp_path: Path) -> None:
    from PIL import ImageFont

    face = ImageFont.load_default(20)
    assert isinstance(face, ImageFont.FreeTypeFont)
    face.path.seek(0)  # type: ignore[union-attr]
    path = tmp_path / "own.ttf"
    path.write_bytes(face.path.read())  # type: ignore[union-attr]
    lettered = lettering.write("a音b", str(path), "white", 24)
    assert "has no '音'" in lettered.sentence
    assert np.array_equal(lettered.pixels, lettering.write("ab", str(path), "white", 24).pixels)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_monstrous_logo_is_refused(tmp_path: Path) -> None:
    PIL.Image.new("1", (20_000, 6_000)).save(tmp_path / "huge.png")
    with pytest.raises(UserError, match="make it smaller"):
        lettering.read_logo(tmp_path / "huge.png", 100)
