"""NDI over loopback: what a receiver gets is what was shown; and what is told where it cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from visualizer.output.virtual_camera import VirtualCamera
from visualizer.types import UserError

PICTURE = """
import sys, time
import numpy as np

rng = np.random.default_rng(1)
pixels = np.zeros((180, 320, 4), np.uint8)
pixels[..., :3] = np.kron(rng.integers(0, 255, (6, 10, 3)), np.ones((30, 32, 1)))
"""
SHOW = """
from visualizer import clock
from visualizer.ipc.ring import Block
from visualizer.output.ndi import NDI
from visualizer.types import Image

tone = 0.25 * np.sin(2 * np.pi * 440 * np.arange(480) / 48000).astype(np.float32)
source = NDI("Klangbild test " + sys.argv[1], 30.0, everywhere=False)
n, is_told = 0, False
while True:
    n += 1
    source.hear(Block(np.stack([tone, tone], 1), 0, clock.now_ns(), 0, 1, 48000), False, clock.now_ns())
    source.show(Image(pixels, n, 0, clock.now_ns()))
    time.sleep(0.01)
    if not is_told and source.figures()["ndi"]["n_sent"] > 1:
        is_told = True
        print("sends", flush=True)
"""
RECEIVE = """
from visualizer import ndi_runtime
ndi_runtime.load(everywhere=False)
from cyndilib.audio_frame import AudioFrameSync
from cyndilib.finder import Finder
from cyndilib.receiver import Receiver
from cyndilib.video_frame import VideoFrameSync
from cyndilib.wrapper.ndi_recv import RecvBandwidth, RecvColorFormat

finder = Finder()
finder.open()
receiver = Receiver(color_format=RecvColorFormat.RGBX_RGBA, bandwidth=RecvBandwidth.highest)
video, sound = VideoFrameSync(), AudioFrameSync()
receiver.frame_sync.set_video_frame(video)
receiver.frame_sync.set_audio_frame(sound)
deadline, found = time.monotonic() + 40, None
difference, loudest = 255.0, 0.0
while time.monotonic() < deadline and (difference > 8 or loudest < 0.2):
    time.sleep(0.01)
    if found is None:
        finder.wait_for_sources(0.05)
        found = next((s for s in finder if sys.argv[1] in s.name), None)
        if found is not None:
            receiver.set_source(found)
    elif receiver.is_connected():
        receiver.frame_sync.capture_video()
        if (video.xres, video.yres) == (320, 180):
            got = np.array(video.get_array()).reshape(180, -1)[:, : 4 * 320].reshape(180, 320, 4)
            difference = float(np.abs(got[..., :3].astype(int) - pixels[..., :3]).mean())
        receiver.frame_sync.capture_audio(480)
        heard = np.array(sound.get_array())
        loudest = max(loudest, float(np.abs(heard).max()) if heard.size else 0.0)
print(difference, loudest)
receiver.disconnect()
finder.close()
"""


def test_what_is_received_is_what_was_shown() -> None:
    """In two programs, as on a stage: within one, the runtime misses a source when others send too."""
    pytest.importorskip("cyndilib", reason="cyndilib is not installed (the extra ndi)")
    name = f"{os.getpid()}-{time.monotonic_ns()}"  # nobody else's source
    show, receive = ([sys.executable, "-c", PICTURE + rest, name] for rest in (SHOW, RECEIVE))
    with subprocess.Popen(show, stdout=subprocess.PIPE, text=True) as source:
        try:
            assert source.stdout is not None
            assert source.stdout.readline().strip() == "sends"
            run = subprocess.run(receive, capture_output=True, text=True, timeout=60)
        finally:
            source.kill()
    assert run.returncode == 0, run.stderr
    difference, loudest = map(float, run.stdout.split())
    assert difference < 8
    assert loudest == pytest.approx(0.25, abs=0.1)


def test_the_reach_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from visualizer import ndi_runtime

    monkeypatch.setattr(ndi_runtime, "_loaded_everywhere", False)
    with pytest.raises(UserError, match="start the show again"):
        ndi_runtime.load(everywhere=True)


@pytest.mark.parametrize("module", ["cyndilib", "pyvirtualcam"])
def test_a_missing_extra_names_its_command(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from visualizer import ndi_runtime

    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=r"pip install 'klangbild\["):
        if module == "cyndilib":
            ndi_runtime.load(everywhere=False)
        else:
            VirtualCamera("", 30.0, "linux")
