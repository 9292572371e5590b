"""OSCQuery: the tree of addresses as JSON over HTTP, so that other programs find them. Read only."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from visualizer.control.osc_addresses import TABLE, Address
from visualizer.control.osc_wire import Argument
from visualizer.types import UserError

HOST = "127.0.0.1"
"""Never elsewhere: it tells names of files."""
TIMEOUT_S = 1.0
"""Whoever says nothing for so long is hung up on."""
ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "VALUE", "RANGE", "ACCESS", "DESCRIPTION", "UNIT")

Look = Callable[[Address], tuple[Argument, ...] | None]
"""The present arguments of an address, None where there are none; called from the server's thread."""

_log = logging.getLogger("visualizer.osc")
_MAX_PATH = 1000


def describe(address: Address, arguments: tuple[Argument, ...] | None) -> dict[str, Any]:
    """One address as OSCQuery has it; `arguments` are what it holds now."""
    node: dict[str, Any] = {
        "FULL_PATH": address.path,
        "DESCRIPTION": address.help,
        "ACCESS": address.is_readable + 2 * address.is_writable if address.form != "service" else 2,
        "TYPE": address.tags,
    }
    if arguments is not None:
        node["VALUE"] = list(arguments)
        node["TYPE"] = _tags(address, arguments)
    bounds = {"MIN": address.low, "MAX": address.high, "VALS": list(address.choices) or None}
    known = {name: bound for name, bound in bounds.items() if bound is not None}
    if known:
        node["RANGE"] = [known] * len(node["TYPE"])
    if address.unit:
        node["UNIT"] = [address.unit]
    return node


def _tags(address: Address, arguments: tuple[Argument, ...]) -> str:
    """A type tag for each argument; the words of what is heard may be none or several."""
    if address.tags == "T":
        return "T" if arguments[0] else "F"
    return address.tags if len(address.tags) == len(arguments) else address.tags[:1] * len(arguments)


def make_tree(look: Look) -> dict[str, Any]:
    """The whole tree with its present values."""
    root: dict[str, Any] = {"FULL_PATH": "/", "ACCESS": 0, "DESCRIPTION": "Klangbild", "CONTENTS": {}}
    for address in TABLE.values():
        node, path = root, ""
        for part in address.path.split("/")[1:]:
            path += f"/{part}"
            fresh = {"FULL_PATH": path, "ACCESS": 0}
            node = node.setdefault("CONTENTS", {}).setdefault(part, fresh)
        node.update(describe(address, look(address) if address.is_readable else None))
    return root


def find(tree: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """The node at a path, None where there is none."""
    node: Any = tree
    for part in path.split("/"):
        if part:
            node = node.get("CONTENTS", {}).get(part)
            if node is None:
                return None
    return dict(node)


class _Server(TCPServer):
    """One connection after the other; what goes wrong with one is its own affair."""

    allow_reuse_address = os.name == "posix"  # elsewhere it would let two listen on one port

    def handle_error(self, request: object, client_address: object) -> None:
        """Somebody hung up."""
        _log.debug("an OSCQuery connection broke", exc_info=True)


class Query:
    """Serves the tree in a thread of its own, one request after the other."""

    def __init__(self, port: int, host_info: Mapping[str, Any], look: Look) -> None:
        """Listens on this machine; UserError with the fix where the port is taken."""
        info = dict(host_info)

        class Handler(_Handler):
            """Knows the show."""

            def find(self, path: str, attribute: str) -> tuple[int, object]:
                return answer(path, attribute, info, look)

        try:
            self._server = _Server((HOST, port), Handler)
        except OSError as error:
            raise UserError(
                f"OSCQuery cannot listen on port {port} ({error.strerror or error}): end the other program, "
                "choose another port with --set control.oscquery_port=…, or none with 0."
            ) from None
        self.port = int(self._server.server_address[1])
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, name="OSCQuery", daemon=True
        ).start()

    def close(self) -> None:
        """Ends the thread; who is just being answered does not hold us up."""
        ending = threading.Thread(target=self._end, name="OSCQuery's end", daemon=True)
        ending.start()
        ending.join(TIMEOUT_S)

    def _end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def answer(path: str, attribute: str, info: Mapping[str, Any], look: Look) -> tuple[int, object]:
    """The HTTP status and what is sent as JSON; None for nothing."""
    if attribute == "HOST_INFO":
        return 200, info
    if attribute and attribute not in ATTRIBUTES:
        return 400, None
    node = find(make_tree(look), path)
    if node is None:
        return 404, None
    if not attribute:
        return 200, node
    return (200, {attribute: node[attribute]}) if attribute in node else (204, None)


class _Handler(BaseHTTPRequestHandler):
    """GET and nothing else; each answer ends the connection."""

    timeout = TIMEOUT_S
    server_version, sys_version = "Klangbild", ""

    def find(self, path: str, attribute: str) -> tuple[int, object]:
        """See `answer`."""
        return 404, None

    def do_GET(self) -> None:
        """Answers one request."""
        if not _is_this_machine(self.headers.get("Host", "")):
            self.send_error(403)
            return
        try:
            parts = urlsplit(self.path[:_MAX_PATH])
        except ValueError:
            self.send_error(400)
            return
        attribute = parts.query.partition("&")[0].partition("=")[0]
        status, found = self.find(unquote(parts.path), attribute)
        body = b"" if found is None else json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quietly."""
        _log.debug(format, *args)


def _is_this_machine(host: str) -> bool:
    """Whether a request names us by number or as localhost: a web page that guesses our port has a name."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name in ("", "localhost") or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
