"""Stills and sequences: the right pictures, whole files, and a sentence where that cannot be."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from visualizer import clock
from visualizer.output import stills
from visualizer.output.relay import Relay
from visualizer.output.stills import Sequence, Still
from visualizer.types import Image, UserError

FPS = 30.0
START_NS = 10**12


def picture(shade: int, made_ns: int) -> Image:
    pixels = np.full((18, 32, 4), shade, np.uint8)
    pixels[:, :, 3] = 0  # alpha is not part of what was shown
    return Image(pixels, 1, 0, made_ns)


def shades(folder: Path) -> list[int]:
    return [int(np.asarray(PIL.Image.open(path))[0, 0, 0]) for path in sorted(folder.glob("*.png"))]


def wait_until_idle(sequence: Sequence, n_pictures: int) -> None:
    deadline = time.monotonic() + 10
    while sequence.figures()["sequence"]["n_pictures"] < n_pictures and time.monotonic() < deadline:
        time.sleep(0.005)


def test_a_still_is_the_next_shown_picture(tmp_path: Path) -> None:
    still = Still(tmp_path / "a.png")
    still.show(picture(1, clock.now_ns() - 10**9))
    assert not still.is_done and not list(tmp_path.iterdir())
    still.show(picture(2, clock.now_ns()))
    still.show(picture(3, clock.now_ns()))
    assert still.is_done and shades(tmp_path) == [2]
    assert PIL.Image.open(tmp_path / "a.png").size == (32, 18)


def test_a_sequence_has_every_place_of_the_rate(tmp_path: Path) -> None:
    sequence = Sequence(tmp_path / "new", FPS)
    for place, shade in ((0, 10), (1, 20), (4, 50), (4.2, 51), (5, 60)):
        made_ns = START_NS + clock.nanoseconds(place / FPS)
        if sequence.wants_picture(made_ns):
            sequence.show(picture(shade, made_ns))
            wait_until_idle(sequence, int(place) + 1)
    sequence.close()
    assert shades(tmp_path / "new") == [10, 20, 20, 20, 50, 60]
    assert sequence.figures()["sequence"]["n_repeated"] == 2


def test_a_second_sequence_goes_on_after_the_first(tmp_path: Path) -> None:
    for shade in (1, 2):
        sequence = Sequence(tmp_path, FPS)
        sequence.show(picture(shade, START_NS))
        sequence.close()
    assert shades(tmp_path) == [1, 2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000001.png", "000002.png"]


def test_a_slow_disk_leaves_the_newest_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, is_asked, may_write = stills._write, threading.Event(), threading.Event()

    def slowly(pixels: np.ndarray, path: Path, level: int) -> None:
        is_asked.set()
        may_write.wait(20)
        write(pixels, path, level)

    monkeypatch.setattr(stills, "_write", slowly)
    sequence = Sequence(tmp_path, FPS)
    for place in range(9):
        sequence.show(picture(10 * place, START_NS + clock.nanoseconds(place / FPS)))
        assert is_asked.wait(20)
    may_write.set()
    sequence.close()
    assert shades(tmp_path) == [0] * 8 + [80]
    assert sequence.figures()["sequence"]["n_repeated"] == 7


def test_impossible_places_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, words in ((tmp_path / "a.jpg", "end in .png"), (tmp_path / "no" / "a.png", "no folder")):
        with pytest.raises(UserError, match=words):
            Still(path)
    with pytest.raises(UserError, match="cannot be made"):
        Sequence(tmp_path / "file", FPS)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".a.png.part").symlink_to("/dev/full")
    still = Still(tmp_path / "a.png")
    with pytest.raises(UserError, match="cannot be written"):
        still.show(picture(1, clock.now_ns()))
    assert not (tmp_path / "a.png").exists()


def test_what_a_library_raises_ends_the_output_with_a_sentence() -> None:
    class Strange(Exception):
        pass

    def fail(image: Image) -> None:
        raise Strange("out of cheese")

    relay = Relay("strange", fail)
    relay.offer(picture(1, START_NS))
    deadline = time.monotonic() + 10
    with pytest.raises(UserError, match=r"out of cheese.*switch it off and on"):
        while time.monotonic() < deadline:
            relay.offer(picture(1, START_NS))
            time.sleep(0.005)
    relay.close()
