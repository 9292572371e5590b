"""OSC datagrams: read without trusting them, bounded in size, depth and number; written by python-osc.

python-osc does not read them here: a bundle that claims an element of −4 bytes keeps its reader busy for
ever, and one of deep nesting exhausts the stack.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg

Argument = float | int | bool | str | None
"""None stands for nil and for what no control takes: blobs, colours, MIDI, characters, times."""

MAX_MESSAGE_BYTES = 8192
"""The longest text that a control takes has a half of it."""
MAX_ARGUMENTS = 64
MAX_ELEMENTS = 1024
"""Messages of one bundle."""
MAX_DEPTH = 8
"""Of bundles in bundles."""
DATAGRAM_BYTES = 1400
"""A bundle that is written stays below it where it can, so that no network cuts it."""

_BUNDLE = b"#bundle\0"
_HEAD_BYTES = 16
_NTP_TO_UNIX_S = 2_208_988_800
_NUMBERS = {
    tag: struct.Struct(layout) for tag, layout in {"i": ">i", "f": ">f", "d": ">d", "h": ">q"}.items()
}
_IGNORED_BYTES = {"t": 8, "c": 4, "r": 4, "m": 4}
_CONSTANTS: dict[str, Argument] = {"T": True, "F": False, "I": True, "N": None}


class Malformed(ValueError):
    """Bytes that are no OSC, or more of it than is taken."""


@dataclass(frozen=True, slots=True)
class Message:
    """An address, perhaps with wildcards, and what comes with it."""

    address: str
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Element:
    """A message as it came, not yet read."""

    data: bytes
    due_s: float = 0.0
    """When it is meant, in seconds as `time.time` counts them; 0 means at once."""


def split(datagram: bytes) -> list[Element]:
    """The messages of a datagram, in order, those of nested bundles too; Malformed for what is neither."""
    elements: list[Element] = []
    _split(datagram, 0.0, 0, elements)
    return elements


def _split(data: bytes, due_s: float, depth: int, elements: list[Element]) -> None:
    if not data.startswith(_BUNDLE):
        if len(elements) >= MAX_ELEMENTS:
            raise Malformed("too many messages")
        elements.append(Element(data, due_s))
        return
    if depth >= MAX_DEPTH or len(data) < _HEAD_BYTES:
        raise Malformed("bundle")
    due_s = max(due_s, _due_s(data))
    place = _HEAD_BYTES
    while place < len(data):
        if place + 4 > len(data):
            raise Malformed("element size")
        n_bytes = int.from_bytes(data[place : place + 4], "big")
        place += 4
        if not n_bytes or n_bytes % 4 or n_bytes > len(data) - place:
            raise Malformed("element size")
        _split(data[place : place + n_bytes], due_s, depth + 1, elements)
        place += n_bytes


def _due_s(bundle: bytes) -> float:
    seconds, fraction = struct.unpack_from(">II", bundle, len(_BUNDLE))
    if seconds == 0:  # 0 and 1 fractions of a second after 1900: at once
        return 0.0
    return max(0.0, seconds - _NTP_TO_UNIX_S + fraction / 2**32)


def head(data: bytes) -> tuple[bytes, bytes]:
    """The address, and all up to the fourth character of the type tags: equal where only values differ.

    Malformed where there is no address.
    """
    end = data.find(b"\0")
    if end < 1 or data[0] != 0x2F:
        raise Malformed("address")
    return data[:end], data[: _padded(end) + 4]


def read(data: bytes) -> Message:
    """One message; Malformed for what is none."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise Malformed("too long")
    try:
        address, place = _text(data, 0)
        if not address.startswith("/") or not address.isascii():
            raise Malformed("address")
        if place >= len(data):  # very old senders leave out the tags of nothing
            return Message(address)
        tags, place = _text(data, place)
        return Message(address, _arguments(data, tags, place))
    except (struct.error, UnicodeDecodeError):
        raise Malformed("message") from None


def _arguments(data: bytes, tags: str, place: int) -> tuple[Argument, ...]:
    if not tags.startswith(",") or len(tags) > MAX_ARGUMENTS + 1:
        raise Malformed("type tags")
    arguments: list[Argument] = []
    for tag in tags[1:]:
        if tag in _NUMBERS:
            arguments.append(_NUMBERS[tag].unpack_from(data, place)[0])
            place += _NUMBERS[tag].size
        elif tag in "sS":
            text, place = _text(data, place)
            arguments.append(text)
        elif tag in _CONSTANTS:
            arguments.append(_CONSTANTS[tag])
        elif tag in _IGNORED_BYTES or tag == "b":
            n_bytes = _IGNORED_BYTES.get(tag) or 4 + int.from_bytes(data[place : place + 4], "big")
            place += n_bytes + -n_bytes % 4
            if place > len(data):
                raise Malformed("argument")
            arguments.append(None)
        elif tag not in "[]":
            raise Malformed("type tags")
    return tuple(arguments)


def _text(data: bytes, place: int) -> tuple[str, int]:
    end = data.find(b"\0", place)
    if end < 0:
        raise Malformed("text")
    return data[place:end].decode(), place + _padded(end - place)


def _padded(n_bytes: int) -> int:
    """The length of a text with its zeros, at least one, to a multiple of four."""
    return (n_bytes // 4 + 1) * 4


def write(address: str, arguments: Sequence[Argument]) -> OscMessage:
    """A message: bool as T or F, int as i, float as f, str as s."""
    return build_msg(address, list(arguments))


def write_bundles(messages: Iterable[OscMessage]) -> list[bytes]:
    """Datagrams that hold all messages in order, to be obeyed at once; one alone goes without a bundle."""
    groups: list[list[OscMessage]] = []
    room = 0
    for message in messages:
        if not groups or message.size + 4 > room:
            groups.append([])
            room = DATAGRAM_BYTES - _HEAD_BYTES
        groups[-1].append(message)
        room -= message.size + 4
    return [_bundle(group) for group in groups]


def _bundle(messages: Sequence[OscMessage]) -> bytes:
    if len(messages) == 1:
        return bytes(messages[0].dgram)
    builder = OscBundleBuilder(IMMEDIATELY)
    for message in messages:
        builder.add_content(message)
    return bytes(builder.build().dgram)
