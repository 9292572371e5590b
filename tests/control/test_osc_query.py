"""OSCQuery: other programs find the addresses, over real HTTP, and can change nothing."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.control.osc_desk import free_port
from visualizer.control.osc_addresses import TABLE, Address
from visualizer.control.osc_query import Query
from visualizer.control.osc_wire import Argument
from visualizer.parameters import PARAMETERS, defaults
from visualizer.types import UserError

INFO = {"NAME": "Klangbild", "OSC_PORT": 9000, "EXTENSIONS": {"VALUE": True}}
TOLD = {"/klangbild/heard/words": ("strings", "quiet"), "/klangbild/heard/era": (1872, "1870s", 12.5)}


def _look(address: Address) -> tuple[Argument, ...] | None:
    if address.id not in PARAMETERS:
        return TOLD.get(address.path)
    return address.arguments_of(defaults()[address.id])


@pytest.fixture(scope="module")
def query() -> Iterator[Query]:
    made = Query(free_port(socket.SOCK_STREAM), INFO, _look)
    yield made
    made.close()


def get(query: Query, path: str, method: str = "GET", host: str | None = None) -> tuple[int, Any]:
    """Status, and the JSON where there is some."""
    connection = http.client.HTTPConnection("127.0.0.1", query.port, timeout=5)
    try:
        connection.request(method, path, headers={"Host": host} if host else {})
        response = connection.getresponse()
        body = response.read()
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return response.status, json.loads(body) if body and is_json else None
    finally:
        connection.close()


def test_the_tree_has_every_address_with_what_a_program_needs(query: Query) -> None:
    status, root = get(query, "/")
    assert status == 200 and root["FULL_PATH"] == "/"
    found: dict[str, dict[str, Any]] = {}

    def walk(node: dict[str, Any]) -> None:
        found[node["FULL_PATH"]] = node
        for name, child in node.get("CONTENTS", {}).items():
            assert child["FULL_PATH"].endswith("/" + name)
            walk(child)

    walk(root)
    assert set(TABLE) <= set(found)
    for path, address in TABLE.items():
        node = found[path]
        assert node["DESCRIPTION"] == address.help and node["ACCESS"] in (1, 2, 3)
        assert node["ACCESS"] == 1 or address.is_writable
        if "VALUE" in node:
            assert len(node["VALUE"]) == len(node["TYPE"])


def test_nodes_tell_type_range_and_value(query: Query) -> None:
    _, fader = get(query, "/klangbild/effects/hue")
    assert (fader["TYPE"], fader["VALUE"], fader["ACCESS"]) == ("f", [0.5], 3)
    assert fader["RANGE"] == [{"MIN": 0.0, "MAX": 1.0}]
    _, raw = get(query, "/klangbild/effects/hue/raw")
    assert raw["RANGE"] == [{"MIN": -180.0, "MAX": 180.0}] and raw["UNIT"] == ["°"] and raw["VALUE"] == [0.0]
    _, choice = get(query, "/klangbild/era/network/raw")
    assert choice["RANGE"] == [{"VALS": ["linear", "adain", "wct", "avatar"]}] and choice["TYPE"] == "s"
    _, switch = get(query, "/klangbild/output/blackout/raw")
    assert switch["TYPE"] == "F" and switch["VALUE"] == [False]
    _, button = get(query, "/klangbild/do/panic")
    assert button["ACCESS"] == 2 and "VALUE" not in button
    _, words = get(query, "/klangbild/heard/words")
    assert words["TYPE"] == "ss" and words["VALUE"] == ["strings", "quiet"] and words["ACCESS"] == 1
    _, port = get(query, "/klangbild/control/osc_port")
    assert port["ACCESS"] == 1


def test_one_attribute_may_be_asked_for(query: Query) -> None:
    assert get(query, "/?HOST_INFO") == (200, INFO)
    assert get(query, "/klangbild/era/year/raw?VALUE") == (200, {"VALUE": [1880]})
    assert get(query, "/klangbild/do/panic?VALUE") == (204, None)
    assert get(query, "/klangbild/era/year?PRICE")[0] == 400
    assert get(query, "/klangbild/nothing")[0] == 404
    assert get(query, "/../../etc/passwd")[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(query: Query, method: str) -> None:
    assert get(query, "/klangbild/effects/hue", method)[0] == 501


def test_a_web_page_elsewhere_does_not_get_in_by_a_name_of_its_own(query: Query) -> None:
    assert get(query, "/", host=f"localhost:{query.port}")[0] == 200
    for host in ("evil.example", f"evil.example:{query.port}", "192.168.1.7", "["):
        assert get(query, "/", host=host)[0] == 403


def test_noise_and_silence_break_nothing(query: Query) -> None:
    for noise in (b"\x00\xff" * 500, b"GET " + b"/" * 70_000 + b" HTTP/1.0\r\n\r\n", b"GET / HTTP/1.0\r\n"):
        with socket.create_connection(("127.0.0.1", query.port), timeout=5) as connection:
            connection.sendall(noise)
    with socket.create_connection(("127.0.0.1", query.port), timeout=5):
        assert get(query, "/?HOST_INFO")[0] == 200  # answered once the silent one is hung up on


def test_a_taken_port_is_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UserError, match="oscquery_port"):
            Query(other.getsockname()[1], INFO, _look)


def test_it_ends_and_may_begin_again() -> None:
    port = free_port(socket.SOCK_STREAM)
    for _ in range(2):
        query = Query(port, INFO, _look)
        assert get(query, "/?HOST_INFO")[0] == 200
        query.close()
    with pytest.raises(OSError):
        get(query, "/")
