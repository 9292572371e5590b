"""Cameras: one that is missing, busy, stuck or pulled leaves a picture and a sentence, and comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.content.films import film, number_in
from visualizer.content import camera
from visualizer.content.camera import Camera, CameraInfo, list_cameras, open_capture
from visualizer.content.content import open_content
from visualizer.types import UserError


class Scripted:
    """A capture device that gives grey pictures of rising lightness until it is `pulled`."""

    def __init__(self, n_before_pull: int = 10**9, shape: tuple[int, ...] = (480, 640, 3)) -> None:
        self.n_left, self.shape, self.n_read = n_before_pull, shape, 0
        self.released = False
        self.released_in = ""

    def isOpened(self) -> bool:
        return True

    def read(self) -> tuple[bool, np.ndarray | None]:
        assert not self.released, "read after release"
        time.sleep(0.002)
        if self.n_left <= 0:
            return False, None
        self.n_left -= 1
        self.n_read += 1
        return True, np.full(self.shape, min(250, 100 + self.n_read), np.uint8)

    def release(self) -> None:
        self.released, self.released_in = True, threading.current_thread().name


def until(is_so: Callable[[], bool], limit_s: float = 5.0) -> None:
    end_s = time.perf_counter() + limit_s
    while not is_so():
        assert time.perf_counter() < end_s
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def quick_and_without_a_thread_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(camera, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(camera, "LONGEST_WAIT_S", 0.05)
    yield
    until(lambda: "camera" not in [thread.name for thread in threading.enumerate()])


def test_a_camera_is_shown_fitted_and_live() -> None:
    device = Scripted()
    content = Camera("", 256, lambda *_: device)
    until(lambda: content.sentence == "")
    first = content.frame(0.0)
    assert first.pixels.shape == (192, 256, 3) and not content.is_still and content.name == "camera"
    until(lambda: content.frame(0.0).number > first.number + 5)
    newest = content.frame(123.0)
    assert newest.pixels.mean() > first.pixels.mean() and 0 <= newest.age_s < 1
    content.close()
    assert device.released and device.released_in == "camera", "given back by the thread that read it"
    content.close()


def test_colours_are_in_order_and_grey_cameras_work() -> None:
    assert (camera._fitted(np.full((48, 64, 3), (200, 100, 10), np.uint8), 64)[0, 0] == (10, 100, 200)).all()
    assert (camera._fitted(np.full((48, 64), 77, np.uint8), 64) == 77).all()
    assert camera._fitted(np.zeros((48, 64, 4), np.uint8), 64).shape == (48, 64, 3)


def test_a_missing_camera_shows_our_picture_and_is_looked_for_again() -> None:
    found: list[Scripted] = []
    n_tries = 0

    def opener(wanted: str, size_px: int) -> Scripted:
        nonlocal n_tries
        n_tries += 1
        if n_tries < 4:
            raise UserError("There is no camera; plug one in.")
        found.append(Scripted())
        return found[-1]

    content = Camera("", 256, opener)
    ours = open_content("", 256).frame(0).pixels
    assert (content.frame(0).pixels == ours).all()
    until(lambda: "plug one in" in content.sentence or content.frame(0).number > 1)
    until(lambda: content.sentence == "")
    assert content.frame(0).number > 1 and n_tries == 4
    content.close()


def test_a_pulled_camera_leaves_its_last_picture_and_comes_back() -> None:
    devices = [Scripted(20), Scripted(0), Scripted()]
    opened: list[Scripted] = []

    def opener(wanted: str, size_px: int) -> Scripted:
        opened.append(devices[len(opened)])
        return opened[-1]

    content = Camera("2", 256, opener, first_wait_s=0.2)
    until(lambda: "gives no pictures any more; plug it in again" in content.sentence)
    last = content.frame(1.0)
    assert last.pixels[0, 0, 0] == 120 and last.age_s > 0 and opened[0].released
    until(lambda: content.sentence == "" and content.frame(1.0).number > last.number)
    content.close()
    assert all(device.released for device in opened) and len(opened) == 3


def test_a_driver_that_throws_is_survived(caplog: pytest.LogCaptureFixture) -> None:
    def opener(wanted: str, size_px: int) -> Scripted:
        raise RuntimeError("USB on fire")

    content = Camera("", 128, opener)
    until(lambda: "USB on fire" in content.sentence)
    time.sleep(0.2)
    assert caplog.text.count("Traceback") == 1, "the first whole, the rest throttled"
    content.close()


def test_a_stuck_driver_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, device = threading.Event(), Scripted()

    def opener(wanted: str, size_px: int) -> Scripted:
        gate.wait(10)
        return device

    monkeypatch.setattr(camera, "OPEN_LIMIT_S", 0.1)
    content = Camera("", 128, opener)
    until(lambda: "does not answer; plug it in again" in content.sentence)
    began_s = time.perf_counter()
    assert content.frame(0).pixels.any() and time.perf_counter() - began_s < 0.5
    gate.set()
    content.close()
    until(lambda: device.released)


def test_a_camera_that_stops_without_a_word_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, device = threading.Event(), Scripted()
    read = device.read

    def stuck() -> tuple[bool, np.ndarray | None]:
        if device.n_read >= 5:
            gate.wait(10)
        return read()

    device.read = stuck  # type: ignore[method-assign]
    monkeypatch.setattr(camera, "STALL_S", 0.1)
    content = Camera("", 128, lambda *_: device)
    until(lambda: "has stopped" in content.sentence)
    gate.set()
    until(lambda: content.sentence == "")
    content.close()


def test_a_real_video_goes_through_opencv(tmp_path: Path) -> None:
    path = film(tmp_path / "as-camera.mp4", 40)
    content = open_content(f"camera:{path}", 256)
    seen = set()
    until(lambda: seen.add(number_in(content.frame(0))) or len(seen) > 5)
    assert content.frame(0).pixels.shape == (144, 256, 3) and content.name == f"camera {path}"
    until(lambda: "gives no pictures any more" in content.sentence)
    content.close()


def test_a_camera_that_is_not_there_says_so_here(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(camera, "V4L", Path("/nowhere"))
    content = open_content("camera:9", 256)
    until(
        lambda: (
            "There is no camera 9; plug one in" in content.sentence or "not there or busy" in content.sentence
        )
    )
    assert content.frame(0).pixels.shape[2] == 3
    content.close()
    with pytest.raises(UserError, match=r"(There is no camera|is not there)"):
        open_capture("nowhere at all", 256)
    assert "WARN" not in capfd.readouterr().err
    with pytest.raises(UserError, match="only be painted live"):
        open_content("camera", 256, live=False)


def test_a_busy_device_is_said_to_be_busy(tmp_path: Path) -> None:
    (tmp_path / "no-video").write_text("x")
    with pytest.raises(UserError, match="not there or busy"):
        open_capture(str(tmp_path / "no-video"), 256)


def test_linux_names_its_cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for node, index, name in (
        ("video0", 0, "HD Webcam"),
        ("video1", 1, "HD Webcam"),
        ("video4", 0, "Capture Box"),
    ):
        (tmp_path / node).mkdir()
        (tmp_path / node / "index").write_text(f"{index}\n")
        (tmp_path / node / "name").write_text(f"{name}\n")
    monkeypatch.setattr(camera, "V4L", tmp_path)
    assert list_cameras() == [CameraInfo(0, "HD Webcam"), CameraInfo(4, "Capture Box")]
    monkeypatch.setattr("sys.platform", "linux")
    assert [camera._target(wanted) for wanted in ("", "1", "2", "capture")] == [0, 0, 4, 4]
    with pytest.raises(UserError, match=r"There is no camera 3 .*1 HD Webcam, 2 Capture Box"):
        camera._target("3")
    monkeypatch.setattr("sys.platform", "darwin")
    assert camera._target("2") == 1
