"""A desk for tests of OSC: real UDP on loopback, a clock of the test's, a parent that obeys at once."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pythonosc.osc_message_builder import build_msg
from pythonosc.osc_packet import OscPacket

from visualizer.control.osc import Osc
from visualizer.ipc.regions import Regions
from visualizer.parameters import ParameterState


def free_port(kind: socket.SocketKind) -> int:
    """A port that nobody has now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Peer:
    """Another program: one socket, with python-osc's reading and writing."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.5)
        self.address = self.socket.getsockname()
        self._port = port

    def send(self, path: str, *arguments: Any) -> None:
        self.send_bytes(build_msg(path, list(arguments)).dgram)

    def send_bytes(self, data: bytes) -> None:
        self.socket.sendto(data, ("127.0.0.1", self._port))

    def receive(self) -> list[tuple[str, list[Any]]]:
        """Everything that has come; waits for the first only."""
        messages: list[tuple[str, list[Any]]] = []
        try:
            while True:
                data = self.socket.recv(65536)
                messages += [(m.message.address, m.message.params) for m in OscPacket(data).messages]
                self.socket.settimeout(0.0)
        except (TimeoutError, BlockingIOError):
            return messages
        finally:
            self.socket.settimeout(0.5)


class Desk:
    """OSC with a parent that does at once what it is asked, and a clock of the test's."""

    def __init__(self, regions: Regions, **settings: Any) -> None:
        self.regions = regions
        self.now_s = 100.0
        self.commands: list[dict[str, Any]] = []
        self.is_listening = True
        ports = {
            "control.osc_port": free_port(socket.SOCK_DGRAM),
            "control.oscquery_port": 0,
            **{f"control.{name}": value for name, value in settings.items()},
        }
        self.state = ParameterState(ports)
        self.settings = self.state.snapshot()
        self.osc = Osc(self.settings, regions, self._obey, lambda: self.now_s)
        self.osc.step()
        self.peers: list[Peer] = []

    @property
    def port(self) -> int:
        return int(self.settings["control.osc_port"])

    @property
    def counts(self) -> dict[str, int]:
        return self.osc.health()["counts"]

    @property
    def done(self) -> list[Any]:
        """What the parent was asked to do, apart from setting values."""
        return [c for c in self.commands if "set" not in c]

    def peer(self) -> Peer:
        self.peers.append(Peer(self.port))
        return self.peers[-1]

    def step(self, after_s: float = 0.05) -> None:
        self.now_s += after_s
        self.osc.step()

    def set(self, id: str, value: Any) -> None:
        """Somebody else changes a value."""
        changed = self.state.set(id, value, "panel")
        self.settings.update(changed)
        self.osc.on_settings(changed)

    def close(self) -> None:
        self.osc.close()
        for peer in self.peers:
            peer.socket.close()

    def _obey(self, command: dict[str, Any]) -> None:
        json.dumps(command, allow_nan=False)  # it goes through a pipe of JSON
        assert command.pop("by") == "osc"
        self.commands.append(command)
        for id, value in command.get("set", {}).items():
            self.set(id, value)


@pytest.fixture(scope="module")
def regions() -> Iterator[Regions]:
    made = Regions.create()
    yield made
    made.unlink()


@pytest.fixture
def desk(regions: Regions) -> Iterator[Desk]:
    made = Desk(regions)
    yield made
    made.close()


@pytest.fixture
def target() -> Iterator[Peer]:
    """Who listens at the out port."""
    peer = Peer(0)
    yield peer
    peer.socket.close()


@pytest.fixture
def telling(regions: Regions, target: Peer) -> Iterator[Desk]:
    """A desk that sends to `target`, which has been told of all values."""
    made = Desk(regions, osc_out=True, osc_out_port=target.address[1])
    made.step()
    target.receive()
    yield made
    made.close()
