"""NDI as a content: the picture that is sent is painted over, and one that ends leaves its last picture."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from visualizer.content.content import find_content, open_content
from visualizer.types import UserError

SEND = """
import sys, time
from fractions import Fraction
import numpy as np
from visualizer import ndi_runtime
ndi_runtime.load(everywhere=False)
from cyndilib.sender import Sender
from cyndilib.video_frame import VideoSendFrame
from cyndilib.wrapper.ndi_structs import FourCC

pixels = np.full((120, 160, 4), 255, np.uint8)
pixels[:, :80, :3], pixels[:, 80:, :3] = (200, 40, 30), (20, 60, 190)
video = VideoSendFrame()
video.set_resolution(160, 120)
video.set_frame_rate(Fraction(30))
video.set_fourcc(FourCC.RGBX)
sender = Sender("content " + sys.argv[1], clock_video=False)
sender.set_video_frame(video)
with sender:
    while True:
        sender.write_video(pixels.reshape(-1))
        time.sleep(0.02)
"""

PAINT = """
import sys, time
from visualizer.content.content import open_content

content = open_content("ndi:" + sys.argv[1], 128)
is_standing = content.frame(0.0).number == 1 and "Looking" in content.sentence
print("standing" if is_standing else "?", flush=True)
deadline = time.monotonic() + 40
while content.frame(0.0).number < 4 and time.monotonic() < deadline:
    time.sleep(0.02)
shown = content.frame(0.0).pixels
print(shown.shape, *shown[48, 32], *shown[48, 96], repr(content.sentence), flush=True)
deadline = time.monotonic() + 40
while not content.sentence and time.monotonic() < deadline:
    time.sleep(0.05)
print(content.sentence)
print((content.frame(0.0).pixels == shown).all())
content.close()
"""


def test_what_is_sent_is_painted_over() -> None:
    """Two programs, as on a stage; the one that is painted over starts last and ends first."""
    pytest.importorskip("cyndilib", reason="cyndilib is not installed (the extra ndi)")
    name = f"{os.getpid()}-{time.monotonic_ns()}"  # nobody else's source
    with subprocess.Popen([sys.executable, "-c", PAINT, name], stdout=subprocess.PIPE, text=True) as painter:
        assert painter.stdout is not None
        assert painter.stdout.readline().strip() == "standing"
        with subprocess.Popen([sys.executable, "-c", SEND, name]) as sender:
            try:
                shown = painter.stdout.readline()
            finally:
                sender.kill()
        ended, is_kept = painter.stdout.read().splitlines()
    assert painter.returncode == 0 and is_kept == "True"
    shape, _, colours = shown.partition(") ")
    assert shape == "(96, 128, 3"
    told = [int(word) for word in colours.split()[:6]]
    assert told == pytest.approx([200, 40, 30, 20, 60, 190], abs=12)
    assert ended.startswith(f"The NDI source {name} ") and "start it again" in ended


def test_it_is_known_by_name_and_only_live() -> None:
    assert find_content("ndi:OBS") == "ndi:OBS"
    with pytest.raises(UserError, match="only be painted live"):
        open_content("ndi-network:OBS", 128, live=False)
