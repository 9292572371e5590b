"""The capture process: the device (or file) into the shared ring, and the fast analysis into its slot."""

from __future__ import annotations

import faulthandler
import logging
import math
import multiprocessing
import os
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from visualizer.audio import devices, sources
from visualizer.audio.devices import Device
from visualizer.audio.ear import Ear
from visualizer.audio.opener import DEMO_WAIT_S, FIRST_WAIT_S, Opener, PulseWatch
from visualizer.audio.sources import RATE_HZ, FileSource, PullSource
from visualizer.audio.stream import DeviceStream, GlitchCounter
from visualizer.audio.writer import Pacer, RingWriter
from visualizer.clock import NS_PER_S, now_ns
from visualizer.features.external_clock import ClockTold
from visualizer.features.fast import TEMPO_ACTIONS
from visualizer.ipc.worker import Worker
from visualizer.types import UserError

EXIT_STUCK = 75
"""Exit code when a driver hangs: only a fresh process has a fresh PortAudio."""
STEP_S = 0.003
SILENT_LIMIT_S = 1.5
"""A device without a callback for so long is lost, whatever PortAudio says of it."""
REST_AFTER_S = 0.1
DEMO_AFTER_RESTART_S = 20.0
"""A process that takes over in a running show waits this long for a device before it plays the demo."""
MUTE_AFTER_S = 15.0
MUTE_PEAK = 1e-4
"""-80 dBFS: below it is no room and no mixer, but a wrong channel or a pulled cable."""

TAP_LIMIT_S = 2.0
"""A tap from longer ago, or that is yet to come, is of no use: its sender was stuck, or has another clock."""

LEAST_CLOCK_BPM, MOST_CLOCK_BPM = 20.0, 400.0
CLOCK_WAIT_S = 2.0
_CLOCKS = {"midi": "MIDI clock", "link": "Ableton Link"}
CLOCK_LIMIT_S = 10.0
"""A clock that tells of a beat longer ago, or further ahead, has another idea of time."""

_INPUT_SETTINGS = {"audio.input", "audio.channels", "audio.loop"}
_EAR_SETTINGS = {
    *("audio.gain_db", "audio.agc", "audio.gate_db"),
    *("tempo.source", "tempo.lock", "tempo.beats_per_bar"),
}


class Capture(Worker):
    """Hears, and goes on whatever happens to the device.

    The ring holds raw samples at 48 kHz. Gain is decided here, and each `Features.gain_db` says which one it
    was heard with: a deck multiplies what it reads by 10^(gain_db / 20) of the newest features. While there
    is nothing to hear (a device lost, a file missing or over) the ring gets silence at the pace of the clock,
    counted apart, so that readers' time goes on and the picture comes to rest.

    Threads: the loop's runs every method here; PortAudio's runs `DeviceStream._callback`, which only writes
    blocks; an `Opener` and a `PulseWatch` are polled. A driver that hangs ends the process with EXIT_STUCK.
    """

    name = "capture"

    def setup(self) -> None:
        """Starts looking for the input; sound may come seconds later, silence flows at once."""
        sys.setswitchinterval(0.0005)  # the callback must not wait 5 ms for the analysis
        _mute_libraries()
        ring = self.regions.audio
        self._demo_after_s = DEMO_AFTER_RESTART_S if ring.epoch else 0.0
        ring.restart()
        self._ring = ring
        self._reader = ring.reader()
        self._writer = RingWriter(ring, now_ns())
        self._ear = Ear(self.settings, ring.n_written)
        self._opener: Opener | None = None
        self._stream: DeviceStream | None = None
        self._watch: PulseWatch | None = None
        self._pacer: Pacer | None = None
        self._heard: Device | None = None
        self._is_fallback = False
        self._n_losses = 0
        self._health_ns = 0
        self._sounded_ns = self._clock_wanted_ns = now_ns()
        self._has_clock, self._clock_sentence = False, ""
        self._level_dbfs = -120.0
        self._reopen()

    def step(self) -> float:
        """Feeds the ring, analyses what is new, looks after the device."""
        self._feed()
        self._analyse()
        self._look_after_search()
        self._look_after_device()
        self._look_after_file()
        self._look_after_clock()
        if now_ns() - self._health_ns > 0.2 * NS_PER_S:
            self._tell_health()
        return STEP_S

    def close(self) -> None:
        """Stops the stream; a hanging driver does not keep the process."""
        if getattr(self, "_opener", None) is not None:
            self._stop_listening()

    def on_settings(self, changed: Mapping[str, Any]) -> None:
        """Another input is opened at once, another gain glides in."""
        if _EAR_SETTINGS & changed.keys():
            self._ear.configure(self.settings)
        if "tempo.source" in changed:
            self._has_clock, self._clock_sentence, self._clock_wanted_ns = False, "", now_ns()
        if _INPUT_SETTINGS & changed.keys() and not (self._stream and changed.keys() == {"audio.loop"}):
            self._demo_after_s = 0.0
            self._reopen()

    def on_command(self, command: dict[str, Any]) -> None:
        """`{"tempo": ACTION, "time_ns": int}` with one of `TEMPO_ACTIONS`, or `{"clock": {…}}`.

        Times are of the one clock. Anything else is let be.
        """
        match command:
            case {"tempo": str(action), "time_ns": int(time_ns)} if action in TEMPO_ACTIONS:
                if 0 <= now_ns() - time_ns <= TAP_LIMIT_S * NS_PER_S:
                    self._ear.move_beat(action, time_ns)
            case {"clock": dict(told)}:
                self._hear_clock(told)

    def _hear_clock(self, told: Mapping[str, Any]) -> None:
        """A clock's source, tempo, the time of one of its beats, and which of the bar that is, or None."""
        bpm, beat_ns, place = told.get("bpm"), told.get("beat_ns"), told.get("beat_of_bar")
        if not isinstance(bpm, int | float) or not isinstance(beat_ns, int):
            return
        is_near = abs(now_ns() - beat_ns) < CLOCK_LIMIT_S * NS_PER_S
        if is_near and LEAST_CLOCK_BPM <= bpm <= MOST_CLOCK_BPM:
            beat_of_bar = place if isinstance(place, int) else None
            self._ear.hear_clock(str(told.get("source")), ClockTold(bpm, beat_ns, beat_of_bar), now_ns())

    # What is heard -------------------------------------------------------------------------------------

    def _reopen(self) -> None:
        """The input was chosen (anew): forgets the one before."""
        self._stop_listening()
        self._heard = None
        self._is_fallback = False
        self._ear.forget_level()
        self._search()

    def _search(self, wait_s: float = FIRST_WAIT_S, demo_after_s: float | None = None) -> None:
        try:
            channels = sources.parse_channels(str(self.settings.get("audio.channels", "1,2")))
        except UserError as error:
            channels = (1, 2)
            self.log.warning("%s Using 1,2.", error)
        self._opener = Opener(
            wanted=str(self.settings.get("audio.input", sources.DEFAULT)),
            channels=channels,
            loop=bool(self.settings.get("audio.loop", True)),
            sink=self._writer.write_device,
            pinned=self._heard,
            wait_s=wait_s,
            demo_after_s=self._demo_after_s if demo_after_s is None else demo_after_s,
        )

    def _look_after_search(self) -> None:
        """Takes what the opener found, or tells what it is waiting for."""
        opener = self._opener
        if opener is None:
            return
        if opener.stuck:
            self._end_stuck("the sound driver hangs while it opens")
        if opener.result is None:
            if not self._is_fallback:
                self._say(opener.status)
            return
        self._opener = None
        self._stop_listening()
        self._sounded_ns = now_ns()
        self._ring.restart()
        self._is_fallback = opener.fell_back
        if isinstance(opener.result, FileSource):
            self._pacer = Pacer(opener.result, self._writer, now_ns())
        else:
            self._listen_to(opener.result)
        if self._is_fallback:
            self._say("No input device was found: playing the demo.")
            self._search(DEMO_WAIT_S, demo_after_s=math.inf)
        else:
            self._say("")

    def _listen_to(self, stream: DeviceStream) -> None:
        self._stream = stream
        self._heard = stream.source.device
        self._glitches = GlitchCounter(stream.rate_hz)
        self._writer.accept_device(True)
        if self._heard.host_api == devices.PULSE:
            follows = self.settings.get("audio.input") == sources.SYSTEM
            self._watch = PulseWatch(self._heard, follows)

    def _stop_listening(self) -> None:
        """Silence from here on; a driver that does not let go ends the process."""
        self._pacer = None
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        if self._opener is not None:
            self._opener.cancel()
            self._opener = None
        stream, self._stream = self._stream, None
        if stream is not None:
            self._writer.accept_device(False)
            if not stream.close():
                self._end_stuck("the sound driver hangs while it closes")

    def _look_after_device(self) -> None:
        """Finds a loss by the clock: a stream stays `active` on a dead server, and no exception comes."""
        stream = self._stream
        if stream is None:
            return
        self._glitches.check(*stream.mark)
        silent_s = (now_ns() - stream.last_ns) / NS_PER_S
        is_silent = silent_s > SILENT_LIMIT_S and not _rests_in_silence(stream.source.device)
        if stream.finished or is_silent or (self._watch is not None and self._watch.gone):
            self._n_losses += 1
            self.log.warning("lost %s", stream.source.name)
            self._stop_listening()
            self._search()
        elif self._watch is not None and self._watch.heard_instead:
            self._say(f"A mixer moved the input to {self._watch.heard_instead}.")
        elif self._is_mute:
            self._say(f"{stream.source.name} is mute: check cable, level and channels, or try another input.")
        elif self.sentence != self._clock_sentence:
            self._say(self._clock_sentence)

    def _look_after_file(self) -> None:
        if self._pacer is not None and self._pacer.source.kind == "file":
            name = self._pacer.source.name
            silent = f"{name} is silent: wait for its music, or take the next input."
            self._say(silent if self._is_mute else self._clock_sentence)

    def _look_after_clock(self) -> None:
        """Says when a clock that should be followed is not there, unless there is something worse to say."""
        source, was = str(self.settings["tempo.source"]), self._clock_sentence
        if source not in _CLOCKS or self._ear.tempo_from == source:
            self._has_clock = source in _CLOCKS
            self._clock_sentence = ""
        elif self._has_clock:
            self._clock_sentence = f"{_CLOCKS[source]} stopped: the beat of the music is followed."
        elif now_ns() - self._clock_wanted_ns > CLOCK_WAIT_S * NS_PER_S:
            self._clock_sentence = f"{_CLOCKS[source]} is not heard: the beat of the music is followed."
        if self._clock_sentence != was and self.sentence in ("", was):
            self._say(self._clock_sentence)

    @property
    def _is_mute(self) -> bool:
        mute_after_s: float = self.options.get("mute_after_s", MUTE_AFTER_S)
        return now_ns() - self._sounded_ns > mute_after_s * NS_PER_S

    def _end_stuck(self, why: str) -> None:
        self._say(f"{why[0].upper()}{why[1:]}: starting afresh.")
        self.log.error("%s; a fresh process takes over", why)
        logging.shutdown()
        os._exit(EXIT_STUCK)

    # Samples -------------------------------------------------------------------------------------------

    def _feed(self) -> None:
        time_ns = now_ns()
        if self._pacer is not None:
            self._pacer.feed(time_ns)
            if self._pacer.ended:
                self._say(_describe_end(self._pacer.source))
                self._pacer = None
        elif self._stream is None:
            while self._writer.fill(time_ns):
                pass
        else:
            self._stream.drain()
            is_late = time_ns - self._stream.last_ns > REST_AFTER_S * NS_PER_S
            if is_late and _rests_in_silence(self._stream.source.device):
                self._writer.fill(time_ns)

    def _analyse(self) -> None:
        block = self._reader.read()
        if block.n_lost:
            self._ear.skip_to(block.first)
        if not len(block.samples):
            return
        if np.abs(block.samples).max() > MUTE_PEAK:
            self._sounded_ns = now_ns()
        made = self._ear.push(block.samples, block.time_ns)
        if made:
            self.regions.features.write(made[-1])
            self._level_dbfs = made[-1].level_dbfs

    # What is told --------------------------------------------------------------------------------------

    def _say(self, sentence: str) -> None:
        """Reports with the figures of this moment beside it."""
        if sentence != self.sentence:
            self._tell_health()
            self.report(sentence)

    def _tell_health(self) -> None:
        """Publishes the figures of the status line."""
        self._health_ns = now_ns()
        writer, stream = self._writer, self._stream
        name, kind = "silence", "silence"
        if stream is not None:
            name, kind = stream.source.name, stream.source.device.kind
        elif self._pacer is not None:
            name, kind = self._pacer.source.name, self._pacer.source.kind
        self.health = {
            "input": name,
            "kind": kind,
            "waiting_for": self._opener.status if self._opener is not None else "",
            "rate_hz": RATE_HZ,
            "level_dbfs": round(self._level_dbfs, 1),
            "gain_db": round(self._ear.gain_db, 1),
            "tapped": self._ear.is_tapped,
            "tempo_from": self._ear.tempo_from,
            "n_samples": writer.n_device + writer.n_pulled,
            "n_silence_filled": writer.n_silence,
            "n_refused": writer.n_refused,
            "n_losses": self._n_losses,
            **self._stream_health(),
        }

    def _stream_health(self) -> dict[str, Any]:
        stream = self._stream
        if stream is None:
            return {}
        return {
            "n_callbacks": stream.n_callbacks,
            "longest_gap_ms": round(stream.longest_gap_ns / 1e6, 1),
            "callback_us": round(stream.busy_ns / 1e3 / max(1, stream.n_callbacks), 1),
            "n_glitches": self._glitches.n_glitches,
            "n_missing": self._glitches.n_missing,
            "device_rate_hz": stream.rate_hz,
        }


def _describe_end(source: PullSource) -> str:
    if isinstance(source, FileSource) and source.loop:  # one that should have begun again
        return f"{source.name} cannot be read any more: take the next input."
    return f"{source.name} is over: take the next input."


def _rests_in_silence(device: Device) -> bool:
    """WASAPI's loopbacks deliver nothing while nothing plays; that is no loss."""
    return "WASAPI" in device.host_api and device.kind == "loopback"


def _mute_libraries() -> None:
    """In a process of its own, silences what PortAudio and ALSA print by themselves on every failed try.

    Our own log and tracebacks go on to the real stderr. Tests that drive a Capture by hand are left alone.
    """
    if multiprocessing.parent_process() is None or sys.stderr is None:  # Windows has none without a console
        return
    sys.stderr.flush()
    real = os.fdopen(os.dup(2), "w", buffering=1)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
            handler.setStream(real)
    sys.stderr = real
    faulthandler.enable(real)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
