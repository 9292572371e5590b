"""A pipe of JSON messages between the parent and one child; neither end ever blocks on the other.

Framing: four bytes of length, big endian, then that many bytes of UTF-8 JSON: an object with a "type".
"""

from __future__ import annotations

import json
import select
import socket
import struct
from collections import deque
from typing import Any

Message = dict[str, Any]

MAX_MESSAGE_BYTES = 1 << 18
MAX_WAITING = 256
"""Messages that wait for a slow reader; beyond, the oldest is dropped and counted."""

_LENGTH = struct.Struct(">I")
_READ_BYTES = 1 << 16


class Pipe:
    """One end. Owned by one thread of one process.

    What the other end does not take at once waits here: settings as one message into which newer values
    are merged, all else in order. `flush` or any later call sends on.
    """

    def __init__(self, end: socket.socket) -> None:
        """Takes over `end`, one of a `make_pair`."""
        end.setblocking(False)
        self._socket = end
        self._waiting: deque[Message] = deque()
        self._sending = b""
        self._received = bytearray()
        self._n_to_skip = 0
        self.is_closed = False
        """Whether the other end is gone, or this one was closed."""
        self.n_dropped = 0
        """Messages that this end dropped because the other did not read."""
        self.n_malformed = 0
        """Messages that this end got and could not understand."""

    def fileno(self) -> int:
        """For `multiprocessing.connection.wait`; −1 once closed."""
        return self._socket.fileno()

    @property
    def is_waiting(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._sending or self._waiting) and not self.is_closed

    def send(self, message: Message) -> None:
        """Sends `message` as soon as the other end has room.

        ValueError or TypeError for what is not JSON or longer than 256 KiB.
        """
        _encode(message)
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self.n_dropped += 1
        self._waiting.append(message)
        self.flush()

    def send_settings(self, values: dict[str, Any]) -> None:
        """Sends values by id; while they wait newer ones replace them, so a slow reader gets the newest."""
        for message in self._waiting:
            if message["type"] == "settings":
                _encode({"type": "settings", "values": values})
                message["values"] = {**message["values"], **values}
                self.flush()
                return
        self.send({"type": "settings", "values": dict(values)})

    def flush(self) -> None:
        """Sends on what waits, as far as the other end has room."""
        while not self.is_closed and (self._sending or self._waiting):
            if not self._sending:
                self._sending = _encode(self._waiting.popleft())
            try:
                n_sent = self._socket.send(self._sending)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.is_closed = True
                return
            self._sending = self._sending[n_sent:]

    def receive(self) -> list[Message]:
        """All whole messages that have come. After the other end is gone: what was whole, then nothing."""
        self.flush()
        n_at_most = len(self._received) + MAX_MESSAGE_BYTES * 4  # a flooding child does not hold us
        while not self.is_closed and len(self._received) < n_at_most:
            try:
                data = self._socket.recv(_READ_BYTES)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                data = b""
            if not data:
                self.is_closed = True
            self._received += data
        messages: list[Message] = []
        while self._take(messages):
            continue
        return messages

    def wait(self, timeout_s: float | None) -> bool:
        """Waits until something came, or until what waits here can go on; False after `timeout_s`."""
        writes = [self._socket] if self.is_waiting else []
        return any(select.select([self._socket], writes, [], timeout_s))

    def close(self) -> None:
        """Closes this end; the other sees it."""
        self.is_closed = True
        self._socket.close()

    def _take(self, messages: list[Message]) -> bool:
        """Takes one message off what was received; False when nothing whole is left."""
        if self._n_to_skip:
            n = min(self._n_to_skip, len(self._received))
            del self._received[:n]
            self._n_to_skip -= n
        if self._n_to_skip or len(self._received) < _LENGTH.size:
            return False
        (n,) = _LENGTH.unpack_from(self._received)
        if n > MAX_MESSAGE_BYTES:
            self.n_malformed += 1
            self._n_to_skip = n + _LENGTH.size
            return True
        if len(self._received) < _LENGTH.size + n:
            return False
        data = bytes(self._received[_LENGTH.size : _LENGTH.size + n])
        del self._received[: _LENGTH.size + n]
        message = _decode(data)
        if message is None:
            self.n_malformed += 1
        else:
            messages.append(message)
        return True


def make_pair() -> tuple[socket.socket, socket.socket]:
    """The two ends of a new pipe; the second one may be handed to a spawned process."""
    return socket.socketpair()


def _encode(message: Message) -> bytes:
    data = json.dumps(message, separators=(",", ":")).encode()
    if len(data) > MAX_MESSAGE_BYTES:
        raise ValueError(f"a message of {len(data)} bytes is longer than {MAX_MESSAGE_BYTES}")
    return _LENGTH.pack(len(data)) + data


def _decode(data: bytes) -> Message | None:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return None
    is_message = isinstance(message, dict) and isinstance(message.get("type"), str)
    return message if is_message else None
