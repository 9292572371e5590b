"""Whether an X server answers at all: the libraries that ask it wait for minutes where nobody does."""

from __future__ import annotations

import re
import socket
import struct
import sys
import time
from collections.abc import Iterator, Mapping

LIMIT_S = 2.0
"""For all ways to the server; one that answers at all has answered after milliseconds."""
BUSY_LIMIT_S = 8.0
"""A server that took the connection is there: it may only have much to do."""
_NAME = re.compile(r"(?:(?P<protocol>tcp|inet6?|unix|local)/)?(?P<host>[^:/]*):(?P<number>\d{1,5})(?:\.\d+)?")
_FIRST_PORT = 6000
_HELLO = struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0)
"""X11 protocol, connection setup: little-endian, version 11.0, nothing to prove who asks."""


def unreachable_display(environment: Mapping[str, str]) -> str:
    """The name of the display that should be used and does not answer; "" where one does, or none is named.

    Takes at most some seconds. What only the libraries understand (Wayland, other kinds of names) is left
    to them.
    """
    name = environment.get("DISPLAY", "")
    found = _NAME.fullmatch(name)
    if sys.platform in ("win32", "darwin") or environment.get("WAYLAND_DISPLAY") or found is None:
        return ""
    is_local = found["host"] in ("", "unix") or found["protocol"] in ("unix", "local")
    until_s = time.monotonic() + LIMIT_S
    for way in _ways(int(found["number"]), "" if is_local else found["host"]):
        try:
            if _answers(way, max(until_s - time.monotonic(), 0.1)):
                return ""
        except OSError:
            continue
    return name


def _ways(number: int, host: str) -> Iterator[str | tuple[str, int]]:
    if not host:
        path = f"/tmp/.X11-unix/X{number}"
        if sys.platform == "linux":
            yield "\0" + path
        yield path
    yield host or "localhost", _FIRST_PORT + number


def _answers(way: str | tuple[str, int], limit_s: float) -> bool:
    """Whether anything comes back; even a refusal is an answer. OSError where nobody is."""
    if isinstance(way, tuple):
        connection = socket.create_connection(way, limit_s)
    else:
        connection = socket.socket(socket.AF_UNIX)
    with connection:
        connection.settimeout(limit_s)
        if isinstance(way, str):
            connection.connect(way)
        connection.settimeout(BUSY_LIMIT_S)
        connection.sendall(_HELLO)
        return bool(connection.recv(1))
