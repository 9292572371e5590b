"""Finds and opens the wanted input in a thread, and comes back to it by name after a loss."""

from __future__ import annotations

import contextlib
import os
import threading

from visualizer.audio import devices, pulse, sources
from visualizer.audio.devices import Device
from visualizer.audio.sources import DeviceSource, FileSource
from visualizer.audio.stream import DeviceError, DeviceStream, Sink, refresh_portaudio
from visualizer.clock import NS_PER_S, now_ns
from visualizer.types import UserError

OPEN_LIMIT_S = 5.0
"""A driver that takes longer to open hangs."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 1.0
"""Back-off between two looks for a device that is missing."""
DEMO_WAIT_S = 8.0
"""Between two looks while the demo plays because there is no device at all."""
WATCH_EVERY_S = 2.0

_portaudio = threading.Lock()
"""One thread at a time opens: PortAudio must not look for devices while another stream is being opened."""


class Opener:
    """One search for one input. Its thread is a daemon: the worker polls the fields and never waits for it.

    Once a device was heard, `pinned` says which: after a loss only the same device by name will do, never
    whatever else fits. `system` follows the default output instead.
    """

    def __init__(
        self,
        wanted: str,
        channels: tuple[int, int],
        loop: bool,
        sink: Sink,
        pinned: Device | None = None,
        wait_s: float = FIRST_WAIT_S,
        demo_after_s: float = 0.0,
    ) -> None:
        """Starts looking at once. The default input falls back on the demo after so long without a device."""
        self.wanted, self.channels, self.loop, self.pinned = wanted, channels, loop, pinned
        self.status = f"looking for {pinned.name if pinned else wanted}"
        self.result: DeviceStream | FileSource | None = None
        self.fell_back = False
        """Whether the result is the demo for want of any device."""
        self._sink, self._wait_s = sink, wait_s
        self._demo_ns = now_ns() + demo_after_s * NS_PER_S
        self._cancelled = threading.Event()
        self._opening_ns = 0
        self._thread = threading.Thread(target=self._run, name="open-input", daemon=True)
        self._thread.start()

    @property
    def stuck(self) -> bool:
        """Whether PortAudio has been busy opening for so long that only a fresh process helps."""
        since_ns = self._opening_ns
        return since_ns > 0 and now_ns() - since_ns > OPEN_LIMIT_S * NS_PER_S

    @property
    def ended(self) -> bool:
        """Whether the search is over, with or without a result."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Gives up the search; a stream that opens nevertheless is closed again."""
        self._cancelled.set()

    def _run(self) -> None:
        wait_s = self._wait_s
        while not self._cancelled.is_set():
            try:
                self._attempt()
                return
            except (UserError, DeviceError) as error:
                self.status = str(error)
                if self.wanted.startswith(sources.FILE) or self.wanted == sources.DEMO:
                    return  # a file does not come back by itself
            self._cancelled.wait(wait_s)
            wait_s = max(self._wait_s, min(2 * wait_s, LONGEST_WAIT_S))

    def _attempt(self) -> None:
        found = self._look()
        if isinstance(found, FileSource):
            self.result = found
            return
        self._opening_ns = now_ns()
        try:
            with _portaudio:
                if self._cancelled.is_set():
                    return
                refresh_portaudio()
                stream = self.result = DeviceStream(found, self._sink)
                if self._cancelled.is_set():  # asked last, so that no stream of a given-up search stays open
                    self.result = None
                    stream.close()
        finally:
            self._opening_ns = 0

    def _look(self) -> DeviceSource | FileSource:
        if self.pinned is not None and self.wanted != sources.SYSTEM:
            return sources.DeviceSource(self._same_again(self.pinned), self.channels)
        try:
            return self._choose()
        except UserError:
            if self.wanted != sources.DEFAULT or now_ns() < self._demo_ns:
                raise
            demo = sources.DemoSource()
            self.fell_back = True
            return demo

    def _choose(self) -> DeviceSource | FileSource:
        """As `open_source`; what the sound server itself offers comes first, as PortAudio is slow to list."""
        needs_devices = self.wanted != sources.DEMO and not self.wanted.startswith(sources.FILE)
        served = devices.list_pulse() if needs_devices else []
        if served:
            with contextlib.suppress(UserError):
                return sources.open_source(self.wanted, self.channels, self.loop, present=served)
        return sources.open_source(self.wanted, self.channels, self.loop)

    @staticmethod
    def _same_again(pinned: Device) -> Device:
        """The pinned device where it is back: the same id, else the same name under the same host API."""
        is_served = pinned.host_api == devices.PULSE
        present = devices.list_pulse() if is_served else devices.list_portaudio()
        named = [d for d in present if (d.name, d.host_api) == (pinned.name, pinned.host_api)]
        for device in [*(d for d in named if d.id == pinned.id), *named]:
            return device
        raise UserError(f"{pinned.name} is gone; waiting for it")


class PulseWatch:
    """Notices, for a source of a sound server, what no callback tells. A daemon thread that is only polled.

    A server that loses a device may move our stream to another one, a microphone say: the samples go on, but
    of the wrong thing. Moving it by hand, in a mixer, is the user's good right and only noted. With `system`
    the default output may become another one.
    """

    def __init__(self, device: Device, follows_system: bool) -> None:
        """Starts watching `device`, which this process has open."""
        self.gone = False
        """The device has vanished, or is not the default output any more: open anew."""
        self.heard_instead = ""
        """The source that a mixer moved us to; empty while it is the chosen one."""
        self._wanted, self._follows_system = device.id.removeprefix("pulse:"), follows_system
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="watch-input", daemon=True).start()

    def stop(self) -> None:
        """Ends the watch soon."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(WATCH_EVERY_S) and not self.gone:
            present = [str(source.get("name", "")) for source in pulse.sources()]
            if not present:
                continue  # no answer is no news
            default_sink = pulse.defaults()[1] if self._follows_system else ""
            has_moved = bool(default_sink) and f"{default_sink}.monitor" != self._wanted
            self.gone = self._wanted not in present or has_moved
            heard = pulse.source_of(os.getpid())
            self.heard_instead = heard if heard != self._wanted else ""
