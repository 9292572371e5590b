"""Slideshows: a person's order, pictures that come and go, the unreadable named, changes that never wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from visualizer.content import pictures, slideshow
from visualizer.content.content import Content, open_content
from visualizer.content.slideshow import LiveSlideshow, find_slides
from visualizer.types import UserError

SLIDE_S = 10.0


def put(folder: Path, name: str, grey: int) -> Path:
    path = folder / name
    Image.new("RGB", (32, 32), (grey, grey, grey)).save(folder / f".new{path.suffix}")
    (folder / f".new{path.suffix}").replace(path)
    return path


def grey_of(content: Content, time_s: float) -> int:
    return round(float(content.frame(time_s).pixels.mean()))


def until(is_so: Callable[[], bool], limit_s: float = 5.0) -> None:
    end_s = time.perf_counter() + limit_s
    while not is_so():
        assert time.perf_counter() < end_s
        time.sleep(0.005)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """p1 (10), p2 (20), p10 (100)."""
    for number in (1, 10, 2):
        put(tmp_path, f"p{number}.png", number * 10)
    (tmp_path / "note.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_bytes(b"x")
    return tmp_path


@pytest.fixture(autouse=True)
def looks_often_and_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(slideshow, "LOOK_EVERY_S", 0.02)
    yield
    assert "slideshow" not in [thread.name for thread in threading.enumerate()]


@pytest.fixture
def live(folder: Path) -> Iterator[LiveSlideshow]:
    content = LiveSlideshow(folder, 64, SLIDE_S)
    yield content
    content.close()


def test_rendering_is_a_function_of_time(folder: Path) -> None:
    content = open_content(str(folder), 64, slide_s=SLIDE_S, live=False)
    assert content.is_still and content.name == folder.name
    greys = [grey_of(content, t) for t in (0, 9.99, 10, 20, 29.9, 30, 305, 12, 0)]
    assert greys == [10, 10, 20, 100, 100, 10, 10, 20, 10]
    assert content.frame(15).number == content.frame(45).number != content.frame(25).number
    content.close()


def test_rendering_passes_over_what_cannot_be_read_and_names_it(folder: Path) -> None:
    (folder / "p2.png").write_bytes(b"broken")
    content = open_content(str(folder), 64, slide_s=SLIDE_S, live=False)
    assert [grey_of(content, t) for t in (5, 15, 25, 35)] == [10, 100, 100, 10]
    assert "p2.png" in content.sentence and "save them again" in content.sentence


def test_live_goes_on_in_order_and_back(live: LiveSlideshow) -> None:
    for time_s, grey in ((0, 10), (10, 20), (20, 100), (30, 10), (40, 20), (30, 10), (0, 10)):
        until(lambda t=time_s, g=grey: grey_of(live, t) == g)
    number = live.frame(0).number
    assert live.frame(9).number == number and live.sentence == ""


def test_the_neighbours_are_at_hand_before_they_are_due(
    live: LiveSlideshow, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: len(live._ready) == 3)
    monkeypatch.setattr(pictures, "load", lambda *_: pytest.fail("it reads when it should show"))
    assert grey_of(live, 10) == 20


def test_a_slow_disk_never_blocks_a_change(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load, gate = pictures.load, threading.Event()
    content = LiveSlideshow(folder, 64, SLIDE_S)
    content.close()
    first = load(folder / "p1.png", 64)
    calls = iter([first])

    def slow(path: Path, size_px: int):
        opened = next(calls, None)
        if opened is not None:
            return opened
        gate.wait(5)
        return load(path, size_px)

    monkeypatch.setattr(pictures, "load", slow)
    content = LiveSlideshow(folder, 64, SLIDE_S)
    began_s = time.perf_counter()
    assert grey_of(content, 11) == 10 and time.perf_counter() - began_s < 0.5, "the present one stays"
    gate.set()
    until(lambda: grey_of(content, 12) == 20)
    content.close()


def test_pictures_may_come_and_go(folder: Path, live: LiveSlideshow) -> None:
    put(folder, "p1b.png", 60)
    until(lambda: len(live._slides) == 4)
    until(lambda: grey_of(live, 10) == 60)
    (folder / "p1b.png").unlink()
    (folder / "p2.png").unlink()
    until(lambda: len(live._slides) == 2)
    assert grey_of(live, 11) == 60, "what is shown stays for its time"
    until(lambda: grey_of(live, 20) == 100)
    put(folder, "p10.png", 200)
    until(lambda: live._slides == find_slides(folder))
    until(lambda: grey_of(live, 30) == 10)
    until(lambda: grey_of(live, 40) == 200)  # the new picture of that name


def test_an_unreadable_one_is_left_out_and_named_until_it_is_mended(
    folder: Path, live: LiveSlideshow
) -> None:
    (folder / "p2.png").write_bytes(b"broken")
    until(lambda: "p2.png" in live.sentence)
    until(lambda: grey_of(live, 10) == 100)
    put(folder, "p2.png", 20)
    until(lambda: live.sentence == "")
    until(lambda: grey_of(live, 20) == 10)
    until(lambda: grey_of(live, 30) == 20)


def test_a_folder_that_empties_or_vanishes_leaves_its_last_picture(folder: Path, live: LiveSlideshow) -> None:
    for path in list(folder.iterdir()):
        path.unlink()
    folder.rmdir()
    until(lambda: "put some into it" in live.sentence)
    assert grey_of(live, 55) == 10
    folder.mkdir()
    put(folder, "new.png", 90)
    until(lambda: live.sentence == "")
    until(lambda: grey_of(live, 66) == 90)


def test_one_picture_stays_the_same(tmp_path: Path) -> None:
    put(tmp_path, "only.png", 50)
    content = open_content(str(tmp_path), 64, slide_s=SLIDE_S)
    numbers = {content.frame(t).number for t in range(0, 100, 5)}
    assert len(numbers) == 1
    content.close()


@pytest.mark.parametrize("live", [True, False])
def test_a_folder_without_pictures_says_so(tmp_path: Path, live: bool) -> None:
    with pytest.raises(UserError, match="holds no pictures; put some"):
        open_content(str(tmp_path), 64, live=live)
    (tmp_path / "a.jpg").write_bytes(b"broken")
    with pytest.raises(UserError, match=r"None of the 1 pictures .* can be read; .*a\.jpg"):
        open_content(str(tmp_path), 64, live=live)


def test_memory_holds_the_neighbours_only(tmp_path: Path) -> None:
    for number in range(40):
        put(tmp_path, f"{number}.png", number)
    content = LiveSlideshow(tmp_path, 64, SLIDE_S)
    for slot in range(12):
        until(lambda s=slot: grey_of(content, s * SLIDE_S) == s)
        assert len(content._ready) <= 5
    content.close()
