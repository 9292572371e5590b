"""Notes out of standard MIDI files and back into one, in plain seconds, with the standard library alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

DRUM_CHANNEL = 9
TICKS_PER_S = 960
DEFAULT_TEMPO_US = 500_000
METER = 0x58


@dataclass(frozen=True, slots=True)
class Note:
    """One note: seconds, key and General MIDI program 0–127, velocity 1–127, channel 0–15."""

    start_s: float
    length_s: float
    key: int
    velocity: int
    channel: int
    program: int

    def moved(self, seconds: float) -> Note:
        return replace(self, start_s=self.start_s + seconds)


def read_varlen(data: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length number; returns (value, next position)."""
    value = 0
    while True:
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at


def _track_events(data: bytes) -> list[tuple[int, int, int, int]]:
    """Events of one track as (tick, status, a, b).

    A tempo is (tick, 0xFF, microseconds per quarter, 0), a meter (tick, 0x58, beats per bar, their unit).
    """
    events: list[tuple[int, int, int, int]] = []
    at, tick, status = 0, 0, 0
    while at < len(data):
        delta, at = read_varlen(data, at)
        tick += delta
        if data[at] >= 0x80:
            status = data[at]
            at += 1
        if status == 0xFF:
            kind = data[at]
            size, at = read_varlen(data, at + 1)
            if kind == 0x51 and size == 3:
                events.append((tick, 0xFF, int.from_bytes(data[at : at + 3], "big"), 0))
            elif kind == METER and size >= 2:
                events.append((tick, METER, data[at], 2 ** data[at + 1]))
            at += size
        elif status in (0xF0, 0xF7):
            size, at = read_varlen(data, at)
            at += size
        elif status & 0xF0 in (0xC0, 0xD0):
            events.append((tick, status, data[at], 0))
            at += 1
        else:
            events.append((tick, status, data[at], data[at + 1]))
            at += 2
    return events


def read_notes(data: bytes, tempo_bpm: float | None = None) -> list[Note]:
    """Parse a standard MIDI file (format 0 or 1) into notes sorted by their start.

    With `tempo_bpm` they are played at that tempo throughout, in quarters a minute, whatever the file says.
    Raises ValueError when the bytes are no MIDI file or use SMPTE time.
    """
    events, division = _read_events(data)
    if tempo_bpm is not None:
        paced = [event for event in events if event[1] != 0xFF]
        return _pair([(0, 0xFF, round(60e6 / tempo_bpm), 0), *paced], division)
    return _pair(events, division)


def read_meters(data: bytes) -> list[tuple[float, int, int]]:
    """Where each meter begins in quarters, its beats per bar and their unit (4: quarters), in order.

    Raises ValueError as `read_notes`.
    """
    events, division = _read_events(data)
    return [(tick / division, beats, unit) for tick, status, beats, unit in events if status == METER]


def read_tempo_bpm(data: bytes) -> float:
    """The file's first tempo in quarters a minute. Raises ValueError as `read_notes`."""
    events, _ = _read_events(data)
    return 60e6 / next((us for _, status, us, _ in events if status == 0xFF and us), DEFAULT_TEMPO_US)


def _read_events(data: bytes) -> tuple[list[tuple[int, int, int, int]], int]:
    """The events of all tracks in order, and ticks a quarter."""
    if data[:4] != b"MThd" or len(data) < 14:
        raise ValueError("not a MIDI file")
    division = struct.unpack(">H", data[12:14])[0]
    if division & 0x8000 or division == 0:
        raise ValueError("SMPTE time is not read")
    events: list[tuple[int, int, int, int]] = []
    at = 8 + struct.unpack(">I", data[4:8])[0]
    try:
        while at + 8 <= len(data):
            size = struct.unpack(">I", data[at + 4 : at + 8])[0]
            if data[at : at + 4] == b"MTrk":
                events += _track_events(data[at + 8 : at + 8 + size])
            at += 8 + size
    except IndexError as error:
        raise ValueError("the MIDI file is cut short") from error
    events.sort(key=_rank)
    return events, division


def _rank(event: tuple[int, int, int, int]) -> tuple[int, int]:
    """At one tick a tempo or program precedes the notes it rules, and a note ends before the next begins."""
    tick, status, _, velocity = event
    if status == 0xFF or status & 0xF0 == 0xC0:
        return tick, 0
    return tick, 2 if status & 0xF0 == 0x90 and velocity > 0 else 1


def _pair(events: list[tuple[int, int, int, int]], division: int) -> list[Note]:
    programs = [0] * 16
    sounding: dict[tuple[int, int], tuple[float, int, int]] = {}
    notes: list[Note] = []
    last_tick, now_s, s_per_tick = 0, 0.0, DEFAULT_TEMPO_US * 1e-6 / division
    for tick, status, a, b in events:
        now_s += (tick - last_tick) * s_per_tick
        last_tick = tick
        channel, kind = status & 0x0F, status & 0xF0
        if status == 0xFF:
            s_per_tick = a * 1e-6 / division
        elif kind == 0xC0:
            programs[channel] = a & 0x7F
        elif kind in (0x80, 0x90):
            begun = sounding.pop((channel, a), None)
            if begun is not None:
                start_s, velocity, program = begun
                notes.append(Note(start_s, max(now_s - start_s, 0.02), a & 0x7F, velocity, channel, program))
            if kind == 0x90 and b > 0:
                sounding[channel, a] = (now_s, b & 0x7F, programs[channel])
    return sorted(notes, key=lambda n: n.start_s)


def cut(notes: list[Note], start_s: float, length_s: float, speed: float = 1.0) -> list[Note]:
    """The notes that begin in [start_s, start_s + length_s·speed), `speed` times as fast, from time 0 on."""
    kept = [n for n in notes if start_s <= n.start_s < start_s + length_s * speed]
    return [
        replace(
            n,
            start_s=(n.start_s - start_s) / speed,
            length_s=min(n.length_s / speed, length_s - (n.start_s - start_s) / speed),
        )
        for n in kept
    ]


def _varlen(value: int) -> bytes:
    out = bytearray([value & 0x7F])
    while value := value >> 7:
        out.append(0x80 | value & 0x7F)
    return bytes(reversed(out))


def write_notes(notes: list[Note], controls: list[tuple[float, int, int, int]], length_s: float) -> bytes:
    """A format 0 MIDI file of the notes; `controls` are (time_s, channel, controller, value).

    Programs are sent before the first note that needs them, so one file can hold many pieces in a row.
    """
    events: list[tuple[float, int, bytes]] = [
        (t, 0, bytes([0xB0 | ch, number, value])) for t, ch, number, value in controls
    ]
    program_now: dict[int, int] = {}
    for n in sorted(notes, key=lambda n: n.start_s):
        if n.channel != DRUM_CHANNEL and program_now.get(n.channel) != n.program:
            program_now[n.channel] = n.program
            events.append((n.start_s, 1, bytes([0xC0 | n.channel, n.program])))
        events.append((n.start_s, 3, bytes([0x90 | n.channel, n.key, n.velocity])))
        events.append((n.start_s + n.length_s, 2, bytes([0x80 | n.channel, n.key, 64])))
    events.append((length_s, 4, b"\xff\x2f\x00"))
    # Whole ticks order the events, so that a note that ends where the same key begins again ends first.
    ordered = sorted((round(t * TICKS_PER_S), rank, message) for t, rank, message in events)
    body, last = bytearray(b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big")), 0
    for tick, _, message in ordered:
        body += _varlen(tick - last) + message
        last = tick
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_PER_S)
    return header + b"MTrk" + struct.pack(">I", len(body)) + bytes(body)
