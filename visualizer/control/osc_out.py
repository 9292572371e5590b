"""What the show tells over OSC: features, words and state, and values that changed."""

from __future__ import annotations

import math
import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pythonosc.osc_message import OscMessage

from visualizer.control import osc_wire
from visualizer.control.osc_addresses import ROOT, TABLE, Address
from visualizer.control.osc_in import Peer
from visualizer.control.osc_wire import Argument
from visualizer.parameters import PARAMETERS, Value, on_declared
from visualizer.types import Features

HOLD_S = 0.3
"""So long after somebody moved a control nothing is sent to it there: no fader moves under a hand."""
REPEATED_S = 1.0
"""So long after a value was sent it is sent once more: a network may lose it, leaving a fader wrong."""
LEASE_S = 60.0
"""So long a subscription lasts."""
MAX_SUBSCRIBERS = 16
_LEVEL_FLOOR_DB = -60.0

Told = dict[str, tuple[Argument, ...]]
"""By path, what the show tells of itself."""


def tell_features(heard: Features) -> Told:
    """The features by path, all but the beat, which is told when it falls."""
    level = min(1.0, max(0.0, 1.0 - heard.level_dbfs / _LEVEL_FLOOR_DB))
    told: dict[str, tuple[Argument, ...]] = {
        "level": (level,),
        "level_db": (heard.level_dbfs,),
        "bass": (heard.bass,),
        "mid": (heard.mid,),
        "treble": (heard.treble,),
        "onset": (heard.onset,),
        "beat_phase": (heard.beat_phase,),
        "bar_phase": (heard.bar_phase,),
        "beat_confidence": (heard.beat_confidence,),
        "tempo": (heard.tempo_bpm,),
        "centroid": (heard.centroid_hz,),
        "chroma": tuple(heard.chroma.tolist()),
        "spectrum": tuple(heard.spectrum.tolist()),
    }
    return {f"{ROOT}/features/{name}": arguments for name, arguments in told.items()}


def tell_state(settings: Mapping[str, Any], deck: Mapping[str, Any], display: Mapping[str, Any]) -> Told:
    """Words, era and state by path, from the health of the deck on air and of the display."""
    era = deck.get("era") or {}
    words = [(str(word), float(share)) for word, share in deck.get("words") or ()]
    return {
        f"{ROOT}/heard/words": tuple(word for word, _ in words),
        f"{ROOT}/heard/probabilities": tuple(share for _, share in words),
        f"{ROOT}/heard/era": (
            int(era.get("year") or 0),
            str(era.get("label") or ""),
            _finite(era.get("spread")),
        ),
        f"{ROOT}/state/mode": (str(deck.get("mode") or settings.get("show.mode", "")),),
        f"{ROOT}/state/deck": (str(settings.get("on_air", "a")),),
        f"{ROOT}/state/stage": (str(settings.get("deck_stage", "idle")),),
        f"{ROOT}/state/preset": (str(settings.get("preset") or ""),),
        f"{ROOT}/state/cue": (str(settings.get("cue") or ""),),
        f"{ROOT}/state/next_cue": (str(settings.get("next_cue") or ""),),
        f"{ROOT}/state/coming": (str(settings.get("cue_line") or ""),),
        f"{ROOT}/state/fps": (_finite(display.get("shown_fps")),),
        f"{ROOT}/state/images": (_finite(deck.get("images_per_s")),),
    }


def _finite(number: object) -> float:
    is_finite = isinstance(number, (int, float)) and math.isfinite(number)
    return float(number) if is_finite else 0.0  # type: ignore[arg-type]


@dataclass(slots=True)
class _Listener:
    """Somebody who is told of changed values."""

    peer: Peer
    until_s: float
    sent: dict[str, Value] = field(default_factory=dict)
    """What it was told last, or told us."""
    pending: set[str] = field(default_factory=set)
    """What may differ from that."""
    moved_s: dict[str, float] = field(default_factory=dict)
    """When somebody there moved a parameter."""
    repeats_s: dict[str, float] = field(default_factory=dict)
    """When a value that was sent is sent once more."""


class Outbox:
    """Sends, and never waits: what the system does not take is dropped and counted. For one thread.

    Values go to the out port and to subscribers: each when it differs from what that one knows, at most once
    a call. What comes back unchanged changes nothing, so no loop of echoes begins.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._target: _Listener | None = None
        self._target_socket: socket.socket | None = None
        self._subscribers: dict[Peer, _Listener] = {}
        self._written: dict[str, tuple[tuple[Argument, ...], OscMessage]] = {}

    @property
    def is_sending(self) -> bool:
        """Whether there is an out port."""
        return self._target is not None

    @property
    def n_subscribers(self) -> int:
        """Who asked to be told of changed values."""
        return len(self._subscribers)

    def aim(self, opened: socket.socket | None, peer: Peer | None) -> None:
        """From now on features and values go to `peer` through `opened`; takes it over. None: nowhere."""
        if self._target_socket is not None:
            self._target_socket.close()
        self._target_socket = opened
        self._target = _Listener(peer, math.inf, pending=set(PARAMETERS)) if peer else None

    def subscribe(self, peer: Peer, wants: bool, now_s: float) -> None:
        """Tells `peer` of all values, then of changes, for a minute; or no longer."""
        if not wants:
            self._subscribers.pop(peer, None)
        elif peer in self._subscribers:
            self._subscribers[peer].until_s = now_s + LEASE_S
        elif len(self._subscribers) < MAX_SUBSCRIBERS:
            self._subscribers[peer] = _Listener(peer, now_s + LEASE_S, pending=set(PARAMETERS))
        else:
            self.counts["refused"] += 1

    def note_moved(self, peer: Peer, id: str, value: Value | None, now_s: float) -> None:
        """Somebody at `peer` set this value and shows it; None where it shows one that it cannot have."""
        for listener in self._listeners():
            if listener.peer[0] == peer[0]:
                listener.moved_s[id] = now_s
                listener.pending.add(id)
                listener.repeats_s.pop(id, None)
            if listener.peer == peer:
                listener.sent.pop(id, None)
                if value is not None:
                    listener.sent[id] = value

    def note_changed(self, ids: Iterable[str]) -> None:
        """These values may have changed."""
        known = [id for id in ids if id in PARAMETERS and PARAMETERS[id].kind != "trigger"]
        for listener in self._listeners():
            listener.pending.update(known)

    def send_told(self, told: Told) -> None:
        """Features and state, to the out port."""
        if self._target is not None and self._target_socket is not None:
            messages = [self._write(path, arguments) for path, arguments in told.items()]
            self._send(self._target_socket, self._target.peer, messages)

    def send_values(self, values: Mapping[str, Any], through: socket.socket | None, now_s: float) -> None:
        """Values that changed: to the out port, and to subscribers through the socket that they know."""
        for peer in [peer for peer, listener in self._subscribers.items() if listener.until_s < now_s]:
            del self._subscribers[peer]
        for listener in self._listeners():
            opened = self._target_socket if listener is self._target else through
            if opened is not None and (listener.pending or listener.repeats_s):
                self._send(opened, listener.peer, _news(listener, values, now_s))

    def answer(self, through: socket.socket, peer: Peer, path: str, arguments: tuple[Argument, ...]) -> None:
        """One value to one who asked."""
        self._send(through, peer, [osc_wire.write(path, arguments)])

    def close(self) -> None:
        """Lets go of the socket and of all who listen."""
        self.aim(None, None)
        self._subscribers.clear()

    def _write(self, path: str, arguments: tuple[Argument, ...]) -> OscMessage:
        """The message, written anew only where it changed."""
        before = self._written.get(path)
        if before is None or before[0] != arguments:
            before = self._written[path] = arguments, osc_wire.write(path, arguments)
        return before[1]

    def _listeners(self) -> list[_Listener]:
        return [*([self._target] if self._target else []), *self._subscribers.values()]

    def _send(self, through: socket.socket, peer: Peer, messages: list[OscMessage]) -> None:
        for datagram in osc_wire.write_bundles(messages):
            try:
                through.sendto(datagram, peer)
                self.counts["sent"] += 1
            except OSError:  # nobody there, no network, or no room
                self.counts["unsent"] += 1


def _news(listener: _Listener, values: Mapping[str, Any], now_s: float) -> list[OscMessage]:
    """The messages of what the listener does not know, in the order of the registry, and of repetitions."""
    held = {id for id in listener.pending if now_s - listener.moved_s.get(id, -math.inf) < HOLD_S}
    now = {id: values.get(id, PARAMETERS[id].default) for id in PARAMETERS if id in listener.pending - held}
    fresh = {id: value for id, value in now.items() if listener.sent.get(id) != value}
    again = {id for id, due_s in listener.repeats_s.items() if due_s <= now_s and id not in fresh}
    listener.pending = held
    listener.sent |= fresh
    listener.repeats_s |= dict.fromkeys(fresh, now_s + REPEATED_S)
    for id in again:
        del listener.repeats_s[id]
        if id in listener.sent and id not in held:
            fresh[id] = listener.sent[id]
    told = [(address, value) for id, value in fresh.items() for address in _READABLE[id]]
    return [osc_wire.write(address.path, address.arguments_of(value)) for address, value in told]


def _readable() -> dict[str, list[Address]]:
    by_id: dict[str, list[Address]] = {id: [] for id in PARAMETERS}
    for address in TABLE.values():
        if address.form in ("unit", "raw"):
            by_id[address.id].append(address)
    return by_id


_READABLE = _readable()


def _follow_declared() -> None:
    _READABLE.clear()
    _READABLE.update(_readable())


on_declared(_follow_declared)
