"""Real MIDI ports without hardware: a JACK server of its own with a dummy driver, and controllers on it."""

from __future__ import annotations

import fcntl
import shlex
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pytest
import rtmidi

from tests.virtual import Unavailable, _Virtual, missing_programs

START_LIMIT_S = 30.0


class VirtualMidi(_Virtual):
    """A JACK server whose name is nobody else's; programs meet it through `.env`."""

    def __enter__(self) -> VirtualMidi:
        reason = missing_programs("jackd")
        if reason:
            raise Unavailable(f"real MIDI ports need a JACK server; {reason}")
        self._make_folder()
        self._lock = _free_name()
        self.env = {
            "JACK_DEFAULT_SERVER": Path(self._lock.name).stem,
            "JACK_NO_AUDIO_RESERVATION": "1",
        }
        # Synchronous: the server waits for a busy client, where it would drop what came in a missed cycle;
        # half a second at most, as clients that leave are waited for too.
        self._start(shlex.split("jackd -r -S -t 500 -d dummy -r 48000 -p 1024"))
        deadline = time.monotonic() + START_LIMIT_S
        while not self._answers():
            if time.monotonic() > deadline or self._processes[0].poll() is not None:
                self.close()
                raise Unavailable("jackd does not start here")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the server; its name is free again."""
        super().close()
        self._lock.close()

    def _answers(self) -> bool:
        try:
            with self.applied():
                client = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="probe")
        except (SystemError, rtmidi.RtMidiError):
            return False
        client.delete()
        return True


def _free_name() -> IO[bytes]:
    """A locked file with the name of a server. JACK knows eight at most, and forgets a dead one only when
    another of the same name comes: names are used again."""
    for number in range(6):
        lock = (Path(tempfile.gettempdir()) / f"klangbild-midi-{number}.lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except OSError:
            lock.close()
    raise Unavailable("six JACK servers of tests are running")


class Controller:
    """A controller on that server: its knobs go out, its lamps hear. `unplug` takes it away."""

    def __init__(self, server: VirtualMidi, name: str = "Desk") -> None:
        self.port = f"{name} capture:knobs"
        """What the show calls it."""
        with server.applied():
            self._out: Any = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=f"{name} capture")
            self._out.open_virtual_port("knobs")
            self._in: Any = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=f"{name} playback")
            self._in.open_virtual_port("knobs")

    def send(self, *data: int) -> None:
        """One message."""
        self._out.send_message(list(data))

    def turn(self, number: int, value: int, channel: int = 1) -> None:
        """A control change."""
        self.send(0xB0 + channel - 1, number, value)

    def heard(self) -> list[Sequence[int]]:
        """What came to its lamps since the last time."""
        messages = []
        while (got := self._in.get_message()) is not None:
            messages.append(got[0])
        return messages

    def unplug(self) -> None:
        """Its ports are gone."""
        for client in (self._out, self._in):
            client.close_port()
            client.delete()


@pytest.fixture(scope="module")
def midi_server() -> Iterator[VirtualMidi]:
    """A JACK server for the tests of one file; skips where it cannot run."""
    try:
        made = VirtualMidi().__enter__()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield made
    made.close()
