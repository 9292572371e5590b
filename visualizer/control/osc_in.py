"""What other programs say over OSC: one socket, read in ticks, with bounded work in each."""

from __future__ import annotations

import contextlib
import heapq
import ipaddress
import math
import os
import socket
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from visualizer.control import osc_addresses, osc_wire
from visualizer.control.osc_addresses import (
    SUBSCRIBE,
    TABLE,
    Address,
    is_pattern,
    is_pressed,
)
from visualizer.control.osc_wire import Argument, Malformed
from visualizer.parameters import Value, on_declared
from visualizer.types import UserError

Peer = tuple[str, int]

MAX_DATAGRAMS = 512
"""Taken off the socket in one tick; the system drops what does not fit its own queue."""
MAX_MESSAGES = 1024
"""Of the datagrams of one tick; of each plain address only the newest is read."""
MAX_WAITING = 256
"""Messages that are read in one tick."""
MAX_PATTERNS = 8
"""Of these so many with wildcards: each may mean every value there is."""
MAX_NEW_PATTERNS = 16
"""Patterns with wildcards that are looked up in a second; those that were seen before are remembered."""
MAX_TIMED = 1024
AHEAD_S = 60.0
"""Bundles are kept for their time so many at once and so long at most."""
N_RECENT = 100

_BUFFER_BYTES = 1 << 20
_DATAGRAM_BYTES = 65536
_REMEMBERED = 256
_RECENT_CHARACTERS = 96
_PLAIN: dict[bytes, Address] = {}


def _follow_declared() -> None:
    _PLAIN.clear()
    _PLAIN.update({path.encode(): address for path, address in TABLE.items()})


_follow_declared()
on_declared(_follow_declared)


@dataclass(slots=True)
class Wishes:
    """What was asked for in one tick."""

    values: dict[str, Value] = field(default_factory=dict)
    """By parameter, the newest."""
    actions: list[tuple[str, Argument]] = field(default_factory=list)
    """Names of actions and parameters that are triggers, in order, with their argument."""
    questions: list[tuple[Peer, Address]] = field(default_factory=list)
    """Who asked for which value."""
    subscriptions: list[tuple[Peer, bool]] = field(default_factory=list)
    """Who wants to be told, or no longer."""
    moved: dict[tuple[Peer, str], bool] = field(default_factory=dict)
    """Who moved which parameter, and whether to a value that it can have."""


def open_socket(host: str, port: int | None) -> socket.socket:
    """A UDP socket that never blocks, bound to `port` or for sending only; UserError with the fix."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise UserError(f"OSC takes an address such as 127.0.0.1 or 0.0.0.0, not {host[:40]!r}.") from None
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    try:
        if port is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            opened.bind((str(address), port))
    except OSError as error:
        opened.close()
        raise UserError(
            f"OSC cannot listen on {host} port {port} ({error.strerror or error}): close the other program, "
            f"or choose another port with --set control.osc_port={min(port + 10 if port else 0, 65535)}."
        ) from None
    return opened


class Inbox:
    """Reads one socket. Owned by the loop of the process; `counts` tell what became of all that came."""

    def __init__(self, opened: socket.socket, now_s: Callable[[], float] = time.time) -> None:
        """Takes over `opened`; `now_s` is the clock of bundles with a time."""
        self.socket = opened
        self.counts: Counter[str] = Counter()
        self.recent: deque[str] = deque(maxlen=N_RECENT)
        """The last messages, as text for a monitor."""
        self._now_s = now_s
        self._waiting: dict[object, tuple[bytes, Peer]] = {}
        self._timed: list[tuple[float, int, bytes, Peer]] = []
        self._n_patterns = 0
        self._patterns: dict[str, tuple[Address, ...]] = {}
        self._lookups: Counter[int] = Counter()

    def take(self) -> Wishes:
        """All that came since the last time, as far as it makes sense."""
        self._n_patterns = 0
        self._collect()
        self._collect_due()
        waiting, self._waiting = self._waiting, {}
        wishes = Wishes()
        for data, peer in waiting.values():
            try:
                self._understand(data, peer, wishes)
            except Malformed:
                self.counts["malformed"] += 1
        return wishes

    def count_lost(self) -> None:
        """Counts what the system dropped because this process was late; it tells that on Linux only."""
        table = Path("/proc/net/udp6" if self.socket.family == socket.AF_INET6 else "/proc/net/udp")
        with contextlib.suppress(OSError):  # other systems have neither
            inode = str(os.fstat(self.socket.fileno()).st_ino)
            rows = (line.split() for line in table.read_text().splitlines()[1:])
            if n_lost := next((int(row[-1]) for row in rows if len(row) > 12 and row[9] == inode), 0):
                self.counts["lost"] = n_lost

    def close(self) -> None:
        """Lets go of the socket."""
        self.socket.close()

    def _collect(self) -> None:
        n_messages = 0
        for _ in range(MAX_DATAGRAMS):
            try:
                datagram, peer = self.socket.recvfrom(_DATAGRAM_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # Windows tells here that an earlier answer found nobody
            self.counts["datagrams"] += 1
            if n_messages >= MAX_MESSAGES:
                self.counts["dropped"] += 1
                continue
            try:
                elements = osc_wire.split(datagram)
            except Malformed:
                self.counts["malformed"] += 1
                continue
            n_messages += len(elements)
            for element in elements:
                self._sort_in(element, (peer[0], peer[1]))

    def _collect_due(self) -> None:
        now_s = self._now_s()
        while self._timed and self._timed[0][0] <= now_s:
            _, _, data, peer = heapq.heappop(self._timed)
            self._sort_in(osc_wire.Element(data), peer)

    def _sort_in(self, element: osc_wire.Element, peer: Peer) -> None:
        """Keeps a message for this tick or for its time; of values the newest of each sender."""
        self.counts["messages"] += 1
        try:
            address, kind = osc_wire.head(element.data)
        except Malformed:
            self.counts["malformed"] += 1
            return
        plain = _PLAIN.get(address)
        if plain is None and not (address.isascii() and is_pattern(address.decode())):
            self.counts["unknown"] += 1
        elif element.due_s and (wait_s := element.due_s - self._now_s()) > 0:
            self._keep_for_later(element, wait_s, peer)
        else:
            self._keep(plain, kind, element.data, peer)

    def _keep(self, plain: Address | None, kind: bytes, data: bytes, peer: Peer) -> None:
        """Puts a message among those that are read in this tick, in the place of what it supersedes."""
        if plain is None:
            key: object = (data, peer)
            has_room = self._n_patterns < MAX_PATTERNS or key in self._waiting
            self._n_patterns += has_room and key not in self._waiting
        else:
            key = (kind, peer) if plain.form in ("unit", "raw", "told") else self.counts["messages"]
            has_room = len(self._waiting) < MAX_WAITING or key in self._waiting
        if not has_room:
            self.counts["dropped"] += 1
            return
        if self._waiting.pop(key, None) is not None:
            self.counts["superseded"] += 1
        self._waiting[key] = data, peer

    def _keep_for_later(self, element: osc_wire.Element, wait_s: float, peer: Peer) -> None:
        if wait_s > AHEAD_S or len(self._timed) >= MAX_TIMED:
            self.counts["dropped"] += 1
        else:
            entry = (element.due_s, self.counts["messages"], element.data, peer)
            heapq.heappush(self._timed, entry)

    def _understand(self, data: bytes, peer: Peer, wishes: Wishes) -> None:
        message = osc_wire.read(data)
        self.recent.append(_written(message))
        asks = message.arguments == ("?",)
        for address in self._find(message.address):
            try:
                self._wish(address, message.arguments, asks, peer, wishes)
            except UserError:
                self.counts["refused"] += 1  # a pattern goes on to the next

    def _find(self, address: str) -> tuple[Address, ...]:
        if address in TABLE:
            return (TABLE[address],)
        if address not in self._patterns:
            second = int(self._now_s())
            if self._lookups[second] >= MAX_NEW_PATTERNS:
                self.counts["dropped"] += 1
                return ()
            if len(self._patterns) >= _REMEMBERED:
                self._patterns.clear()
            self._lookups = Counter({second: self._lookups[second] + 1})
            self._patterns[address] = osc_addresses.match(address)
        found = self._patterns[address]
        self.counts["unknown"] += not found
        return found

    def _wish(
        self, address: Address, arguments: tuple[Argument, ...], asks: bool, peer: Peer, wishes: Wishes
    ) -> None:
        if address.form == "service":
            port = arguments[0] if arguments else peer[1]
            if not isinstance(port, int) or not 0 < port < 65536:
                raise UserError(f"{address.path} takes a port.")
            wishes.subscriptions.append(((peer[0], port), address.path == SUBSCRIBE))
        elif address.form == "action":
            if not asks and is_pressed(arguments):
                wishes.actions.append((address.id, arguments[0] if arguments else True))
        elif asks or not arguments:
            wishes.questions.append((peer, address))
        elif address.form == "told":
            raise UserError(f"{address.path} is only read.")
        else:
            if osc_addresses.is_only_here(address.id) and not ipaddress.ip_address(peer[0]).is_loopback:
                raise UserError(f"{address.id} is set on the show's own machine only.")
            value = wishes.values[address.id] = address.value_of(arguments[0])
            wishes.moved[peer, address.id] = _is_alike(arguments[0], address.arguments_of(value)[0])


def _is_alike(one: Argument, other: Argument) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-5)
    return one == other


def _written(message: osc_wire.Message) -> str:
    arguments = (f"{a:.4g}" if isinstance(a, float) else str(a) for a in message.arguments[:4])
    return " ".join([message.address, *arguments])[:_RECENT_CHARACTERS]
