"""What a MIDI message means: which knob, key or wheel moved, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import mido

Kind = Literal["cc", "cc14", "note", "bend", "pressure", "program"]
KINDS: tuple[str, ...] = get_args(Kind)
NUMBERED = ("cc", "cc14", "note", "program")
"""Kinds of which a channel has 128; of the others it has one."""
N_MSB = 32
"""Control changes below this may be the coarse half of a 14-bit one; the fine half is so much higher."""
MAX_BYTES = 16
"""Longer messages are system exclusive: nothing of ours."""
CLOCK, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
TIMING = (CLOCK, START, CONTINUE, STOP, POSITION)

_NAMES = {
    "cc": "CC {}",
    "cc14": "CC {} fine",
    "note": "note {}",
    "bend": "pitch bend",
    "pressure": "pressure",
    "program": "program {}",
}


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """One knob, key or wheel of one controller."""

    port: str
    """The controller's port by name; "" is any."""
    kind: Kind
    channel: int
    """1 to 16."""
    number: int = 0
    """0 to 127; 0 where the channel has only one."""

    @property
    def name(self) -> str:
        """For people, without the port."""
        return f"{_NAMES[self.kind].format(self.number)}, channel {self.channel}"


@dataclass(frozen=True, slots=True)
class Event:
    """A move of a source."""

    source: Source
    place: float
    """Where it stands, [0, 1]. A key that is down is at 1, however hard it was struck."""
    raw: int
    """The number in the message."""


def parse(data: Sequence[int]) -> mido.Message | None:
    """The message of some bytes; None for system exclusive, noise and what is cut short."""
    if not 0 < len(data) <= MAX_BYTES or data[0] == 0xF0:
        return None
    try:
        return mido.Message.from_bytes(data)
    except (ValueError, TypeError, IndexError, KeyError):
        return None


def read(message: mido.Message, port: str) -> Event | None:
    """What moved; None for messages that are no moves. A 14-bit pair comes as its two halves."""
    match message.type:
        case "control_change":
            return _event(port, "cc", message.channel, message.control, message.value / 127, message.value)
        case "note_on" | "note_off":
            velocity = message.velocity if message.type == "note_on" else 0
            return _event(port, "note", message.channel, message.note, float(velocity > 0), velocity)
        case "pitchwheel":
            raw = message.pitch + 8192
            return _event(port, "bend", message.channel, 0, raw / 16383, raw)
        case "aftertouch":
            return _event(port, "pressure", message.channel, 0, message.value / 127, message.value)
        case "program_change":
            return _event(port, "program", message.channel, message.program, 1.0, message.program)
    return None


def _event(port: str, kind: Kind, channel: int, number: int, place: float, raw: int) -> Event:
    return Event(Source(port, kind, channel + 1, number), place, raw)


def write(source: Source, place: float) -> list[mido.Message]:
    """What shows `place` [0, 1] on a controller's ring, fader or lamp; [] for what shows nothing."""
    channel, place = source.channel - 1, min(max(place, 0.0), 1.0)
    match source.kind:
        case "cc":
            return [_change(channel, source.number, round(127 * place))]
        case "cc14":
            high, low = divmod(round(16383 * place), 128)
            return [_change(channel, source.number, high), _change(channel, source.number + N_MSB, low)]
        case "note":
            velocity = round(127 * place)
            return [mido.Message("note_on", channel=channel, note=source.number, velocity=velocity)]
        case "bend":
            return [mido.Message("pitchwheel", channel=channel, pitch=round(16383 * place) - 8192)]
    return []


def _change(channel: int, number: int, value: int) -> mido.Message:
    return mido.Message("control_change", channel=channel, control=number, value=value)


def written(event: Event) -> str:
    """A line for a monitor."""
    return f"{event.source.port[:40]}: {event.source.name} = {event.raw}"


class Halves:
    """Joins the two halves of 14-bit control changes that somebody waits for. For one thread."""

    def __init__(self) -> None:
        self._halves: dict[Source, tuple[int, int]] = {}

    def join(self, event: Event) -> Event | None:
        """The 14-bit control change that a plain one is half of; None where it is none.

        A coarse half sets the fine one to 0 (MIDI 1.0): while a fader moves, the fine half follows at once.
        """
        source = event.source
        if source.kind != "cc" or source.number >= 2 * N_MSB:
            return None
        is_fine = source.number >= N_MSB
        number = source.number - N_MSB if is_fine else source.number
        whole = Source(source.port, "cc14", source.channel, number)
        high, _ = self._halves.get(whole, (0, 0))
        self._halves[whole] = halves = (high, event.raw) if is_fine else (event.raw, 0)
        raw = halves[0] << 7 | halves[1]
        return Event(whole, raw / 16383, raw)
