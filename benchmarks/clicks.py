"""Clicks into a virtual line-in at uneven times, and the flashes that answer them."""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Any

import numpy as np

from tests.virtual import RATE_HZ, VirtualLineIn
from visualizer import clock
from visualizer.types import UserError

SETTLE_S = 6.0
CHUNK_S = 0.005
CLICK_S = 0.02
CLICK_LEVEL, NOISE_LEVEL = 0.7, 0.002
BUFFER_S = 0.06
EVERY_S = (0.55, 0.95)
"""Clicks come at uneven times, so that no beat is found and nothing can expect them."""
LOUD = ("effects.flash=1", "output.flash_limit=off")
"""What makes a click a flash that cannot be overlooked."""
LOOK_S = 0.3
"""A flash is looked for so long after its click."""
BEFORE_S = 0.15
CLEAR = 6.0
"""Grey levels that a flash rises above what was before it at least."""
_FLOAT32LE = 5
Array = np.ndarray


class ClickLine:
    """Plays soft noise with clicks, and asks the sound server when each of them sounds. Owner: its thread."""

    def __init__(self, server: str, n_clicks: int, buffer_s: float = BUFFER_S) -> None:
        """`buffer_s`: a longer one plays on where a busy machine lets nobody write for a while.

        UserError where there is no client of PulseAudio, or no server.
        """
        name = ctypes.util.find_library("pulse-simple")
        if name is None:
            raise UserError("This bench needs libpulse-simple: apt-get install libpulse0.")
        pulse: Any = ctypes.CDLL(name)
        pulse.pa_simple_new.restype = ctypes.c_void_p
        pulse.pa_simple_get_latency.restype = ctypes.c_uint64
        form = _SampleSpec(_FLOAT32LE, RATE_HZ, 2)
        unset = 2**32 - 1
        room = _BufferSpec(unset, round(buffer_s * RATE_HZ) * 8, unset, unset, unset)
        stream = pulse.pa_simple_new(
            server.encode(), b"clicks", 1, VirtualLineIn.SINK.encode(), b"clicks", ctypes.byref(form), None,
            ctypes.byref(room), None,
        )  # fmt: skip
        if not stream:
            raise UserError("The sound server takes no stream.")
        self._pulse, self._stream = pulse, ctypes.c_void_p(stream)
        self._n_clicks = n_clicks
        self.clicks_ns: list[int] = []
        self.is_over = False

    def feed(self) -> None:
        """Runs until all clicks are played."""
        random = np.random.default_rng(2)
        wait_s = SETTLE_S
        for i in range(self._n_clicks + 1):
            for _ in range(round(wait_s / CHUNK_S)):
                self._play(random, NOISE_LEVEL)
            if i < self._n_clicks:
                delay_us = self._pulse.pa_simple_get_latency(self._stream, None)
                self.clicks_ns.append(clock.now_ns() + 1000 * int(delay_us))
                for _ in range(round(CLICK_S / CHUNK_S)):
                    self._play(random, CLICK_LEVEL)
            wait_s = random.uniform(*EVERY_S)
        self.is_over = True

    def _play(self, random: np.random.Generator, loud: float) -> None:
        mono = random.uniform(-loud, loud, (round(CHUNK_S * RATE_HZ), 1))
        data = np.repeat(mono, 2, axis=1).astype("<f4").tobytes()
        self._pulse.pa_simple_write(self._stream, data, ctypes.c_size_t(len(data)), None)


class _SampleSpec(ctypes.Structure):
    """`pa_sample_spec`."""

    _fields_ = (("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8))


class _BufferSpec(ctypes.Structure):
    """`pa_buffer_attr`, all in bytes."""

    _fields_ = tuple(
        (name, ctypes.c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize")
    )


def flash_after(click_s: float, times_s: Array, levels: Array, early_s: float = 0.0) -> float | None:
    """When the brightness (n,) at rising times (n,) jumps after a click, in seconds; None where it does not.

    `early_s`: so much before the click it may jump already.
    """
    from_s = click_s - early_s
    first, begin, end = np.searchsorted(times_s, (from_s - BEFORE_S, from_s, click_s + LOOK_S))
    if first == begin or begin == end:
        return None
    base, peak = float(np.median(levels[first:begin])), float(levels[begin:end].max())
    if peak - base < CLEAR:
        return None
    return float(times_s[begin + int(np.argmax(levels[begin:end] > base + 0.4 * (peak - base)))])
