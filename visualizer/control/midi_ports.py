"""The MIDI ports of the machine: opened by name, polled, closed and opened again as they go and come."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rtmidi

from visualizer import clock

CLIENT = "Klangbild"
SCAN_S = 1.0
"""Names are asked for so often: no driver tells that a controller was unplugged."""
AGAIN_S = 5.0
"""What there was no sequencer for, or no port at, is begun anew so often. A controller that is pulled and put
back sooner is found by the client that is there: JACK stalls for seconds when clients come and go at once."""
MAX_MESSAGES = 1024
"""Taken off all ports in one step."""
MAX_PORTS = 16
_QUEUE = 4096
_OFFSET_S = 2.0
_OWN = re.compile(r"\A(Midi Through|RtMidi|Klangbild)\b")
NO_SEQUENCER = (
    "This machine has no MIDI at the moment: there is neither an ALSA sequencer nor a JACK server. "
    "It is looked for again while the show runs."
)
_OTHER_END = (("capture", "playback"), ("MIDIIN", "MIDIOUT"), ("Input", "Output"), (" In", " Out"))


@dataclass(frozen=True, slots=True)
class Heard:
    """One message."""

    port: str
    time_ns: int
    """When it came, on the house's clock."""
    data: Sequence[int]


@dataclass(slots=True)
class _Input:
    """An open input, and the way from its driver's clock to ours."""

    opened: Any
    driver_s: float = 0.0
    offsets: deque[tuple[float, float]] = field(default_factory=deque)

    def time_ns(self, delta_s: float, now_ns: int) -> int:
        """When a message came that the driver says was `delta_s` after the one before.

        Polling sees it late, never early: the least delay of the last seconds is taken for none.
        """
        self.driver_s += delta_s
        now_s = clock.seconds(now_ns)
        late_s = now_s - self.driver_s
        while self.offsets and (self.offsets[-1][1] >= late_s):
            self.offsets.pop()
        self.offsets.append((now_s, late_s))
        while self.offsets[0][0] < now_s - _OFFSET_S:
            self.offsets.popleft()
        return clock.nanoseconds(self.driver_s + self.offsets[0][1])


class Ports:
    """All ports that are wanted. Owned by the loop of the control process; nothing waits for a message."""

    def __init__(self, beat: Callable[[float | None], None] = lambda _: None) -> None:
        """`beat` is a sign of life before a driver is asked to open a port, which may take its time."""
        self._beat = beat
        self._scanner: Any = None
        self._out_scanner: Any = None
        self._inputs: dict[str, _Input] = {}
        self._outputs: dict[str, Any] = {}
        self._wanted: tuple[str, ...] = ()
        self._scan_s = self._well_s = -1e9
        self.sentence = ""
        """What is wrong, calmly; "" when all is well."""
        self.found: list[str] = []
        """The inputs there are."""

    @property
    def names(self) -> list[str]:
        """The inputs that are open."""
        return list(self._inputs)

    def look(self, wanted: Sequence[str], now_s: float) -> list[str]:
        """Opens and closes what came and went, once a second; the names that were opened now.

        `wanted` are parts of names; none means all.
        """
        if now_s - self._scan_s < SCAN_S and tuple(wanted) == self._wanted:
            return []
        self._scan_s, self._wanted = now_s, tuple(wanted)
        if not self._begin(now_s):
            return []
        listed = _named(self._scanner.get_ports())
        self.found = list(listed)
        chosen = [name for name in listed if _is_wanted(name, wanted)][:MAX_PORTS]
        for name in [name for name in self._inputs if name not in chosen]:
            self._drop(name)
        opened, self.sentence = [], ""
        for name in chosen:
            if name not in self._inputs and self._open(name, listed[name]):
                opened.append(name)
        missing = [part for part in wanted if not any(part.casefold() in name.casefold() for name in listed)]
        if missing and not self.sentence:
            self.sentence = f"There is no MIDI input {missing[0][:60]!r} now; it is taken when it comes."
        return opened

    def take(self) -> list[Heard]:
        """All that has come, up to a bound; the driver's queue keeps the rest."""
        heard: list[Heard] = []
        for name, port in self._inputs.items():
            now_ns = clock.now_ns()
            while len(heard) < MAX_MESSAGES and (got := port.opened.get_message()) is not None:
                data, delta_s = got
                heard.append(Heard(name, port.time_ns(delta_s, now_ns), data))
        return heard

    def send(self, name: str, data: Sequence[int]) -> bool:
        """Sends to the controller of this input; False where it hears nothing."""
        if name not in self._inputs:
            return False
        if name not in self._outputs:
            self._outputs[name] = self._open_output(name)
        out = self._outputs[name]
        if out is None:
            return False
        try:
            out.send_message(data)
        except (rtmidi.RtMidiError, SystemError, ValueError, OSError):
            self._outputs[name] = None
            return False
        return True

    def close(self) -> None:
        """Lets go of everything."""
        for name in list(self._inputs):
            self._drop(name)
        for client in (self._scanner, self._out_scanner):
            _delete(client)
        self._scanner = self._out_scanner = None
        self.found, self.sentence, self._scan_s = [], "", -1e9

    def _begin(self, now_s: float) -> bool:
        """A client that lists ports; a fresh one now and then where there are none: servers come back."""
        if self._scanner is not None and self._scanner.get_ports():
            self._well_s = now_s
            return True
        if now_s - self._well_s < AGAIN_S:
            return self._scanner is not None
        for name in list(self._inputs):
            self._drop(name)
        for client in (self._scanner, self._out_scanner):
            _delete(client)
        self._beat(10.0)
        self._well_s = now_s
        self._scanner, self._out_scanner = make(rtmidi.MidiIn), None
        self.found, self.sentence = [], "" if self._scanner is not None else NO_SEQUENCER
        return self._scanner is not None

    def _open(self, name: str, number: int) -> bool:
        api = self._scanner.get_current_api()
        opened = None
        try:
            self._beat(10.0)
            opened = rtmidi.MidiIn(api, name=CLIENT, queue_size_limit=_QUEUE)
            opened.ignore_types(sysex=True, timing=False, active_sense=True)
            opened.open_port(number, "in")
        except (rtmidi.RtMidiError, SystemError, ValueError, OSError) as error:
            _delete(opened)
            self.sentence = (
                f"MIDI input {name[:60]!r} does not open ({str(error)[:80]}): another program has it."
            )
            return False
        self._inputs[name] = _Input(opened)
        return True

    def _open_output(self, name: str) -> Any:
        """The output of the same controller; None where it has none."""
        if self._scanner is None:
            return None
        api, out = self._scanner.get_current_api(), None
        try:
            self._beat(10.0)
            out = rtmidi.MidiOut(api, name=CLIENT)
            listed = _named(out.get_ports())
            number = next((listed[other] for other in _other_ends(name) if other in listed), None)
            if number is not None:
                out.open_port(number, "out")
                return out
        except (rtmidi.RtMidiError, SystemError, ValueError, OSError):
            pass  # a controller without lamps is no fault
        _delete(out)
        return None

    def _drop(self, name: str) -> None:
        self._beat(10.0)
        _delete(self._inputs.pop(name).opened)
        _delete(self._outputs.pop(name, None))


def make(kind: type[Any]) -> Any:
    """A client of the first MIDI system that there is, one with ports before one without; None for none."""
    found = None
    for api in rtmidi.get_compiled_api():
        if api == rtmidi.API_LINUX_ALSA and not Path("/dev/snd/seq").exists():
            continue  # asked all the same, it writes to the terminal each time
        try:
            with _silence():
                client = kind(api, name=CLIENT)
                has_ports = bool(client.get_ports())
        except (rtmidi.RtMidiError, SystemError, OSError):
            continue
        if has_ports or found is None:
            _delete(found)
            found = client
        else:
            _delete(client)
        if has_ports:
            break
    return found


def _delete(client: Any) -> None:
    """Closes at once; left to the collector, a client would live on in the driver."""
    if client is not None:
        with contextlib.suppress(rtmidi.RtMidiError, SystemError):
            client.close_port()
            client.delete()


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """libjack tells the terminal that there is no server, each time it is asked."""
    if sys.platform != "linux":
        yield
        return
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _named(listed: Sequence[str]) -> dict[str, int]:
    """Numbers by lasting names: what a driver counts up at each plugging goes, twins are counted from 2."""
    names: dict[str, int] = {}
    for number, raw in enumerate(listed):
        name = re.sub(r" \d+:\d+\Z", "", raw)
        name = re.sub(r" \d+\Z", "", name) if sys.platform == "win32" else name
        name = "".join(c for c in name.strip() if c.isprintable())[:60]
        if not name or _OWN.match(name):
            continue
        twin = 1
        while (unique := name if twin == 1 else f"{name} ({twin})") in names:
            twin += 1
        names[unique] = number
    return names


def _other_ends(name: str) -> list[str]:
    """What the output of an input may be called."""
    return [name, *(name.replace(here, there) for here, there in _OTHER_END if here in name)]


def _is_wanted(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(part.casefold() in name.casefold() for part in wanted)
