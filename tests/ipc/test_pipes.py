"""Pipes carry JSON both ways, and an end that does not read holds nobody up."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from visualizer.ipc.pipes import MAX_MESSAGE_BYTES, MAX_WAITING, Message, Pipe, make_pair


@pytest.fixture
def ends() -> Iterator[tuple[Pipe, Pipe]]:
    ours, theirs = make_pair()
    pair = Pipe(ours), Pipe(theirs)
    yield pair
    for end in pair:
        end.close()


@pytest.fixture
def raw() -> Iterator[tuple[socket.socket, Pipe]]:
    """An end that may send what it likes, and a pipe that gets it."""
    ours, theirs = make_pair()
    pipe = Pipe(theirs)
    yield ours, pipe
    ours.close()
    pipe.close()


def framed(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def drain(sender: Pipe, receiver: Pipe) -> list[Message]:
    messages: list[Message] = []
    while sender.is_waiting:
        sender.flush()
        messages += receiver.receive()
    return messages + receiver.receive()


def test_messages_arrive_in_order_both_ways(ends: tuple[Pipe, Pipe]) -> None:
    ours, theirs = ends
    for i in range(20):
        ours.send({"type": "command", "i": i})
        theirs.send({"type": "command", "i": -i, "text": "größer"})
    assert [m["i"] for m in theirs.receive()] == list(range(20))
    assert [m["i"] for m in ours.receive()] == [-i for i in range(20)]
    assert ours.receive() == []


def test_a_reader_that_hangs_blocks_nobody_and_then_gets_the_newest_settings(ends: tuple[Pipe, Pipe]) -> None:
    ours, theirs = ends
    padding = "x" * 1000
    began_s = time.perf_counter()
    for i in range(20_000):
        ours.send_settings({"gain": i, f"value {i % 10}": i, "padding": padding})
    assert time.perf_counter() - began_s < 10
    assert ours.is_waiting
    messages = drain(ours, theirs)
    assert len(messages) < 2000, "what waited was merged"
    gains = [m["values"]["gain"] for m in messages]
    assert gains == sorted(gains)
    assert messages[-1]["values"]["gain"] == 19_999
    merged: dict[str, object] = {}
    for message in messages:
        merged |= message["values"]
    assert [merged[f"value {i}"] for i in range(10)] == list(range(19_990, 20_000))


def test_commands_to_a_hung_reader_are_bounded_and_counted(ends: tuple[Pipe, Pipe]) -> None:
    ours, theirs = ends
    n = 3000
    for i in range(n):
        ours.send({"type": "command", "i": i, "padding": "x" * 1000})
    assert ours.n_dropped > 0
    messages = drain(ours, theirs)
    assert len(messages) + ours.n_dropped == n
    assert [m["i"] for m in messages[-MAX_WAITING:]] == list(range(n - MAX_WAITING, n))


def test_a_sender_killed_in_mid_message_is_skipped(raw: tuple[socket.socket, Pipe]) -> None:
    sender, pipe = raw
    whole = framed(b'{"type":"command","i":1}')
    sender.sendall(whole + whole[:10])
    assert [m["i"] for m in pipe.receive()] == [1]
    assert not pipe.is_closed
    sender.close()
    assert pipe.receive() == []
    assert pipe.is_closed
    pipe.send({"type": "command"})
    assert not pipe.is_waiting


def test_a_message_in_single_bytes_arrives_whole(raw: tuple[socket.socket, Pipe]) -> None:
    sender, pipe = raw
    got: list[Message] = []
    for byte in framed(b'{"type":"a"}') + framed(b'{"type":"b"}'):
        sender.send(bytes([byte]))
        got += pipe.receive()
    assert got == [{"type": "a"}, {"type": "b"}]


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"{", b"[1]", b"{}", b'{"type":3}', b"[" * 100_000, b"null"]
)
def test_what_is_no_message_is_counted_and_the_next_one_understood(
    raw: tuple[socket.socket, Pipe], data: bytes
) -> None:
    sender, pipe = raw
    sender.sendall(framed(data) + framed(b'{"type":"fine"}'))
    assert pipe.receive() == [{"type": "fine"}]
    assert pipe.n_malformed == 1


def test_a_message_over_the_limit_is_skipped_without_keeping_it(raw: tuple[socket.socket, Pipe]) -> None:
    sender, pipe = raw
    sender.setblocking(False)
    todo = framed(b"x" * (MAX_MESSAGE_BYTES + 1)) + framed(b'{"type":"fine"}')
    got: list[Message] = []
    while todo:
        try:
            todo = todo[sender.send(todo) :]
        except BlockingIOError:
            got += pipe.receive()
            assert len(pipe._received) == 0
    assert got + pipe.receive() == [{"type": "fine"}]
    assert pipe.n_malformed == 1


def test_only_json_of_a_sane_size_is_sent(ends: tuple[Pipe, Pipe]) -> None:
    ours, theirs = ends
    with pytest.raises(ValueError, match="longer than"):
        ours.send({"type": "command", "text": "x" * MAX_MESSAGE_BYTES})
    with pytest.raises(TypeError):
        ours.send({"type": "command", "object": object()})
    ours.send({"type": "fine"})
    assert theirs.receive() == [json.loads('{"type": "fine"}')]


def test_waiting_ends_when_something_comes(ends: tuple[Pipe, Pipe]) -> None:
    ours, theirs = ends
    assert not theirs.wait(0.01)
    ours.send({"type": "a"})
    assert theirs.wait(10)
    theirs.receive()
    ours.close()
    assert theirs.wait(10)
