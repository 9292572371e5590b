"""Videos and pictures for the tests of contents: each video frame carries its number in bars of light."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from visualizer.content.content import Frame

N_BITS = 8


def barred(number: int, width: int = 320, height: int = 176) -> np.ndarray:
    """(height, width, 3) uint8: upright bars, the n-th lit for bit n of `number`."""
    bits = [255 if number >> bit & 1 else 0 for bit in range(N_BITS)]
    row = np.repeat(bits, -(-width // N_BITS))[:width].astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (height, width, 3)))


def number_in(frame: Frame) -> int:
    """What `barred` wrote."""
    row = frame.pixels.astype(float).mean((0, 2))
    at = [round((bit + 0.5) * len(row) / N_BITS) for bit in range(N_BITS)]
    return sum(1 << bit for bit in range(N_BITS) if row[at[bit]] > 128)


def film(
    path: Path,
    n_frames: int = 50,
    fps: float = 25,
    codec: str = "libx264",
    size: tuple[int, int] = (320, 176),
    times_ms: list[int] | None = None,
    turned: int = 0,
    sound: bool = False,
) -> Path:
    """A video whose n-th frame is `barred(n)`, at n / fps or at `times_ms`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.gop_size = 12
        stream.codec_context.thread_count = 1
        if codec == "libvpx":
            stream.options = {"deadline": "realtime", "cpu-used": "8"}
        if turned:
            stream.set_display_rotation(turned)
        if sound:
            audio = container.add_stream("aac", rate=48_000, layout="mono")
        if times_ms:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(n_frames):
            frame = av.VideoFrame.from_ndarray(barred(number, *size))
            if times_ms:
                frame.pts, frame.time_base = times_ms[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if not n_frames:
            container.start_encoding()
        if sound:
            tone = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            tone.sample_rate = 48_000
            container.mux([*audio.encode(tone), *audio.encode()])
    return path
