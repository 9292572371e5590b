"""The lines that tell how far a render is."""

from __future__ import annotations

import io

from visualizer.offline.progress import Progress


def test_lines_tell_share_rate_and_time_left() -> None:
    now_s, stream = [0.0], io.StringIO()
    progress = Progress(1_800, "frame", stream, lambda: now_s[0])
    for _ in range(300):
        now_s[0] += 0.125
        progress.step()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3  # one in ten seconds
    assert lines[0] == "frame 80 of 1800 (4 %), 8.0 a second, 3:35 left"
    progress.close()


def test_an_unknown_length_is_told_without_a_share() -> None:
    now_s, stream = [0.0], io.StringIO()
    progress = Progress(None, "frame", stream, lambda: now_s[0])
    now_s[0] = 4.0
    progress.step(20)
    assert progress.sentence() == "frame 20, 5.0 a second"
