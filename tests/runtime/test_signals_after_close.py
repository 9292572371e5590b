"""A network that was given back leaves no trap for the next Ctrl-C."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("openvino", reason="OpenVINO is not installed")

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import os, signal, threading, time
import numpy as np
from visualizer.modes import style_transfer

transfer = style_transfer.load("linear", 1)
content = transfer.read_content(np.tile(np.arange(64, dtype=np.uint8)[:, None, None], (1, 64, 3)))
transfer.paint(content, transfer.read_style(np.full((64, 64, 3), 0.5, np.float32)), 1.0)
transfer.close()
came = []
signal.signal(signal.SIGINT, lambda *_: came.append(True))
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
time.sleep(0.6)
print("came", came)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
def test_a_signal_comes_through_after_a_model_is_closed() -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=ROOT, timeout=100
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["came", "[True]"]
