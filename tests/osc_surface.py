"""pytest fixture of another program on a running show: it sends OSC, and hears what the show tells."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pythonosc.osc_message_builder import build_msg
from pythonosc.osc_packet import OscPacket

from tests.control.osc_desk import free_port
from visualizer.parameters import PARAMETERS


class Surface:
    """Another program: sends to the show, and a thread of it listens at the out port."""

    def __init__(self) -> None:
        self.port = free_port(socket.SOCK_DGRAM)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # another port, as surfaces have it
        self.told: dict[str, list[Any]] = {}
        """The newest of each address."""
        self.n_datagrams = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, path: str, *arguments: Any) -> None:
        self._sender.sendto(build_msg(f"/klangbild/{path}", list(arguments)).dgram, ("127.0.0.1", self.port))

    def close(self) -> None:
        self.socket.close()
        self._sender.close()

    def wait_for(self, path: str, holds: Callable[[list[Any]], Any], limit_s: float = 20.0) -> None:
        """Waits until `holds` for what is told at an address."""
        deadline = time.monotonic() + limit_s
        while path not in self.told or not holds(self.told[path]):
            assert time.monotonic() < deadline, f"{path} is {self.told.get(path)} after {limit_s} s"
            time.sleep(0.02)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # the end of the test
            while True:
                data = self.socket.recv(65536)
                for timed in OscPacket(data).messages:
                    self.told[timed.message.address.removeprefix("/klangbild/")] = timed.message.params
                self.n_datagrams += 1


def held_values(query_port: int) -> dict[str, Any]:
    """All values of parameters that a running show holds, as its OSCQuery server tells them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{query_port}/", timeout=20) as response:
        tree = json.load(response)
    held: dict[str, Any] = {}
    for parameter in PARAMETERS.values():
        node: Any = tree
        for part in parameter.osc.split("/")[1:]:
            node = node.get("CONTENTS", {}).get(part, {})
        raw = node.get("CONTENTS", {}).get("raw", node)
        if "VALUE" in raw:
            held[parameter.id] = raw["VALUE"][0]
    return held


@pytest.fixture
def surface() -> Iterator[Surface]:
    """A surface for one test; give the show its ports."""
    made = Surface()
    yield made
    made.close()
