"""Servers that answer, that are gone, and that take a connection and say nothing."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest

from visualizer.display import reach

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="X servers are met on Unix")


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """Listens on a port that counts as a display."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def name_of(server: socket.socket) -> str:
    return f"127.0.0.1:{server.getsockname()[1] - 6000}.0"


def test_a_server_that_answers_is_reached(server: socket.socket) -> None:
    heard: list[bytes] = []

    def refuse() -> None:
        connection, _ = server.accept()
        with connection:
            heard.append(connection.recv(12))
            connection.sendall(b"\0")  # "failed": somebody is there

    answering = threading.Thread(target=refuse)
    answering.start()
    assert reach.unreachable_display({"DISPLAY": name_of(server)}) == ""
    answering.join(5)
    assert heard == [b"l\0\x0b\0\0\0\0\0\0\0\0\0"]


def test_nobody_there_and_nobody_who_speaks(server: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "BUSY_LIMIT_S", 0.05)
    silent = name_of(server)
    assert reach.unreachable_display({"DISPLAY": silent}) == silent
    server.close()
    assert reach.unreachable_display({"DISPLAY": silent}) == silent
    assert reach.unreachable_display({"DISPLAY": ":54321"}) == ":54321"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"DISPLAY": "/private/tmp/com.apple.launchd.x/org.xquartz:0"},
        {"DISPLAY": "nonsense"},
        {"DISPLAY": ":54321", "WAYLAND_DISPLAY": "wayland-0"},
    ],
)
def test_what_it_does_not_know_is_left_to_the_libraries(environment: dict[str, str]) -> None:
    assert reach.unreachable_display(environment) == ""


def test_the_screen_of_these_tests_answers(screen: object) -> None:
    assert reach.unreachable_display(os.environ) == ""
