"""One opened capture device: PortAudio's callback copies each block on, stamped with its time, and counts."""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from visualizer.audio import devices
from visualizer.audio.resampling import Resampler
from visualizer.audio.sources import RATE_HZ, DeviceSource
from visualizer.clock import NS_PER_S, now_ns
from visualizer.types import Float32

N_BLOCK = 128
"""Samples a callback, fixed: with 0 the driver hands out anything from 1 sample on."""
CLOSE_LIMIT_S = 1.0
GLITCH_S = 0.06
"""Samples that stay away for longer are missing. A sound server shifts its latency by up to 50 ms."""
GLITCH_WINDOW_S = 1.0
"""For how long they must stay away: a busy machine delivers late, in bursts, but all of it."""
CLOCK_TOLERANCE = 500e-6
"""How far a sound card's clock may be off."""

Sink = Callable[[Float32, int], None]
"""Takes (n, 2) float32 and the time of its newest sample; the array is only valid during the call."""


class DeviceError(Exception):
    """The device is there but does not open; the text says what the driver says."""


class DeviceStream:
    """Reads a device until `close`.

    Threads: PortAudio's own calls `_callback`; everything else belongs to the thread that opened it. Counters
    are written by the callback alone. `sink` is called from the callback at 48 kHz, from `drain` else.
    """

    def __init__(self, source: DeviceSource, sink: Sink) -> None:
        """Opens and starts it; raises DeviceError. May block for as long as the sound server likes."""
        self.source = source
        self.n_callbacks = 0
        self.n_samples = 0
        """Samples that the device delivered, at its own rate."""
        self.longest_gap_ns = 0
        self.busy_ns = 0
        """Time spent inside the callback, altogether."""
        self.finished = False
        """Set by PortAudio when the stream has ended by itself, as on unplugging."""
        self._sink = sink
        self._queue: deque[tuple[Float32, int]] = deque()
        self._resampler: Resampler | None = None
        self._pair: Float32 = np.zeros((N_BLOCK, 2), np.float32)
        self._left, self._right = (channel - 1 for channel in source.channels)
        self._mark = (0, now_ns())
        self.opened_ns = self._mark[1]
        self.rate_hz: float = RATE_HZ
        """The device's own rate."""
        self._stream = self._open()
        self.opened_ns = now_ns()

    @property
    def last_ns(self) -> int:
        """When the last block came; the time of opening before the first."""
        return max(self._mark[1], self.opened_ns)

    @property
    def mark(self) -> tuple[int, int]:
        """(samples so far, time of the newest), read together."""
        return self._mark

    def drain(self) -> None:
        """For a device that cannot do 48 kHz: resamples what came and hands it to the sink. Call it often."""
        while self._resampler is not None and self._queue:
            block, time_ns = self._queue.popleft()
            made = self._resampler.push(block)
            if len(made):
                self._sink(made, time_ns - round(self._resampler.latency_s * NS_PER_S))

    def close(self) -> bool:
        """Stops the callbacks; False when the driver hangs, and only the end of the process helps."""
        closer = threading.Thread(target=self._close, name="close-device", daemon=True)
        closer.start()
        closer.join(CLOSE_LIMIT_S)
        return not closer.is_alive()

    def _close(self) -> None:
        sounddevice = load_portaudio()
        try:
            self._stream.abort()
            self._stream.close()
        except sounddevice.PortAudioError:
            pass  # it is gone already

    def _open(self) -> Any:
        sounddevice = load_portaudio()
        try:
            index = find_portaudio(self.source.device)
            try:
                return self._start(sounddevice, index, RATE_HZ)
            except sounddevice.PortAudioError:
                own_hz = self.source.device.rate_hz
                if own_hz == RATE_HZ:
                    raise
                self.rate_hz = own_hz
                self._resampler = Resampler(own_hz, RATE_HZ, n_channels=2)
                return self._start(sounddevice, index, own_hz)
        except sounddevice.PortAudioError as error:
            raise DeviceError(f"{self.source.name} does not open: {error}") from error

    def _start(self, sounddevice: Any, index: int, rate_hz: float) -> Any:
        device = self.source.device
        # A sound server mixes channels down to fewer; a driver just gives the first ones.
        n_channels = device.n_channels if device.host_api == devices.PULSE else max(self.source.channels)
        is_wasapi = "WASAPI" in device.host_api
        stream = sounddevice.InputStream(
            device=index,
            samplerate=rate_hz,
            channels=n_channels,
            blocksize=N_BLOCK,
            dtype="float32",
            latency="low",
            callback=self._callback,
            finished_callback=self._finish,
            extra_settings=sounddevice.WasapiSettings(auto_convert=True) if is_wasapi else None,
        )
        try:
            stream.start()
        except sounddevice.PortAudioError:
            stream.close()
            raise
        return stream

    def _callback(self, block: Float32, n: int, _times: Any, _flags: Any) -> None:
        """PortAudio's thread: copy, advance, count. Its flags and times are of no use: the clock is."""
        time_ns = now_ns()
        pair = self._pair[:n] if n <= N_BLOCK else np.empty((n, 2), np.float32)
        pair[:, 0] = block[:, self._left]
        pair[:, 1] = block[:, self._right]
        if self._resampler is None:
            self._sink(pair, time_ns)
        else:
            self._queue.append((pair.copy(), time_ns))
        n_before, before_ns = self._mark
        self._mark = (n_before + n, time_ns)
        self.n_samples += n
        if self.n_callbacks:
            self.longest_gap_ns = max(self.longest_gap_ns, time_ns - before_ns)
        self.n_callbacks += 1
        self.busy_ns += now_ns() - time_ns

    def _finish(self) -> None:
        self.finished = True


class GlitchCounter:
    """Compares samples with the clock: PortAudio's own flags stay silent when seconds are missing."""

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.n_glitches = 0
        self.n_missing = 0
        """Samples that the clock says are missing, roughly."""
        self._start: tuple[int, int] | None = None
        self._window_end_s = GLITCH_WINDOW_S
        self._least_late_s = math.inf
        self._usual_late_s = math.inf

    def check(self, n_samples: int, time_ns: int) -> None:
        """Looks at the samples so far and the time of the newest."""
        if self._start is None:
            self._start = (n_samples, time_ns)
        elapsed_s = (time_ns - self._start[1]) / NS_PER_S
        late_s = elapsed_s - (n_samples - self._start[0]) / self.rate_hz
        self._least_late_s = min(self._least_late_s, late_s)
        if elapsed_s >= self._window_end_s:
            self._close_window(elapsed_s)

    def _close_window(self, elapsed_s: float) -> None:
        window_s = elapsed_s - self._window_end_s + GLITCH_WINDOW_S
        missing_s = self._least_late_s - self._usual_late_s
        if missing_s > GLITCH_S:
            self.n_glitches += 1
            self.n_missing += round(missing_s * self.rate_hz)
            self._usual_late_s = self._least_late_s
        # The least lateness ever seen, let loose at the rate at which two honest clocks may part.
        self._usual_late_s = min(self._least_late_s, self._usual_late_s + window_s * CLOCK_TOLERANCE)
        self._least_late_s = math.inf
        self._window_end_s = elapsed_s + GLITCH_WINDOW_S


def load_portaudio() -> Any:
    """The module `sounddevice`; raises DeviceError where PortAudio is missing or does not start."""
    try:
        import sounddevice
    except Exception as error:  # OSError without the library, else a class of the module that did not load
        raise DeviceError(
            f"PortAudio does not start ({error}); install it (package libportaudio2)"
        ) from error
    return sounddevice


def refresh_portaudio() -> None:
    """Makes PortAudio look for devices again; only while no stream is open. May block on a dead server."""
    sounddevice = load_portaudio()
    with contextlib.suppress(sounddevice.PortAudioError):  # it never started, or not at the last try
        sounddevice._terminate()
    try:
        sounddevice._initialize()
    except sounddevice.PortAudioError as error:
        raise DeviceError(f"PortAudio does not start: {error}") from error


def find_portaudio(device: devices.Device) -> int:
    """PortAudio's index of a device, in this process's list; raises DeviceError where it is missing.

    A source of PulseAudio or PipeWire is heard through ALSA's "pulse", told by PULSE_SOURCE which one.
    """
    sounddevice = load_portaudio()
    name = device.name
    if device.host_api == devices.PULSE:
        os.environ["PULSE_SOURCE"] = device.id.removeprefix("pulse:")
        name = "pulse"
    apis = sounddevice.query_hostapis()
    for index, entry in enumerate(sounddevice.query_devices()):
        api = apis[entry["hostapi"]]["name"]
        wanted_api = "ALSA" if device.host_api == devices.PULSE else device.host_api
        if entry["name"] == name and api == wanted_api and entry["max_input_channels"] > 0:
            return index
    if device.host_api == devices.PULSE:
        raise DeviceError("ALSA has no device 'pulse'; install its plugin (package libasound2-plugins)")
    raise DeviceError(f"{name} is not in PortAudio's list")
