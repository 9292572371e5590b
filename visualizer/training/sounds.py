"""A small synthesizer in NumPy: the second voice, beside soundfonts, of the music that trains the tagger.

Without it the network would learn how soundfonts sound and take any other synthesis for electronic music.
All sounds are mono float32 at 16 kHz.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from visualizer.training.midi import DRUM_CHANNEL, Note

RATE_HZ = 16_000
NYQUIST_HZ = RATE_HZ / 2
Samples = NDArray[np.float32]


def _times(length_s: float) -> NDArray[np.float64]:
    return np.arange(max(int(length_s * RATE_HZ), 16)) / RATE_HZ


def _envelope(n: int, attack_s: float, release_s: float) -> NDArray[np.float64]:
    t = np.arange(n) / RATE_HZ
    return np.minimum(1.0, t / max(attack_s, 1e-4)) * np.minimum(
        1.0, (n / RATE_HZ - t) / max(release_s, 1e-4)
    )


def _lowpass(x: NDArray[np.float64], cutoff_hz: float) -> NDArray[np.float64]:
    b, a = signal.butter(2, min(cutoff_hz, 7500.0) / NYQUIST_HZ)
    return np.asarray(signal.lfilter(b, a, x))


def _highpass(x: NDArray[np.float64], cutoff_hz: float) -> NDArray[np.float64]:
    b, a = signal.butter(2, cutoff_hz / NYQUIST_HZ, "high")
    return np.asarray(signal.lfilter(b, a, x))


def _saw(phase: NDArray[np.float64], hz: float) -> NDArray[np.float64]:
    """A band-limited saw: the sum of the harmonics below 7 kHz (16 at most, then it is dark enough)."""
    out = np.zeros_like(phase)
    for k in range(1, min(16, int(7000 / hz)) + 1):
        out += np.sin(2 * np.pi * k * phase) / k
    return out


class Synth:
    """One set of timbres, drawn at random; two synths never sound quite the same."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.brightness = float(rng.uniform(0.5, 1.6))
        self.attack_s = float(rng.uniform(0.05, 0.35))
        self.detune = float(rng.uniform(0.001, 0.008))
        self.vibrato_hz = float(rng.uniform(4.5, 6.5))
        self.inharmonicity = float(10 ** rng.uniform(-4.3, -3.2))
        self.decay = float(rng.uniform(0.6, 1.6))
        self.kick_hz = float(rng.uniform(42, 62))
        self.acid = bool(rng.random() < 0.5)

    def play(self, notes: list[Note], length_s: float) -> Samples:
        """All notes summed, (length_s · 16000,) float32, not normalised."""
        out = np.zeros(int(length_s * RATE_HZ) + RATE_HZ * 6)
        cache: dict[tuple[int, int, int], NDArray[np.float64]] = {}
        for note in notes:
            drum = note.channel == DRUM_CHANNEL
            key = (-1 if drum else note.program, note.key, 0 if drum else round(note.length_s * 20))
            if key not in cache:
                cache[key] = self.drum(note.key) if drum else self.tone(note)
            sound = cache[key]
            at = int(note.start_s * RATE_HZ)
            end = min(at + len(sound), len(out))
            out[at:end] += sound[: end - at] * (note.velocity / 127) ** 1.5
        return out[: int(length_s * RATE_HZ)].astype(np.float32)

    def tone(self, note: Note) -> NDArray[np.float64]:
        hz = 440.0 * 2 ** ((note.key - 69) / 12)
        program, length_s = note.program, min(note.length_s, 6.0)
        if program <= 5:
            return self.piano(hz, length_s)
        if program in (6, 7, 46) or 24 <= program <= 28 or 104 <= program <= 107:
            return self.pluck(hz, length_s, dark=program in (24, 46), buzz=program in (6, 104))
        if program in (29, 30):
            return np.tanh(6 * self.saws(hz, length_s, 3, 0.005, 5000)) * 0.5
        if program <= 23:
            return self.organ(hz, length_s)
        if 40 <= program <= 51 or program >= 110:
            return self.strings(hz, length_s)
        if 32 <= program <= 39:
            return self.bass(hz, length_s)
        if 72 <= program <= 79:
            return self.flute(hz, length_s)
        if 88 <= program <= 103:
            return self.saws(hz, length_s, 4, 0.5, 1200 * self.brightness)
        return self.saws(hz, length_s, 5, 0.01, 4500 * self.brightness)

    def piano(self, hz: float, length_s: float) -> NDArray[np.float64]:
        """Struck string: inharmonic partials, the high ones dying first, and a knock."""
        t = _times(length_s + 0.25)
        out = np.zeros_like(t)
        for k in range(1, 15):
            partial_hz = k * hz * np.sqrt(1 + self.inharmonicity * k * k)
            if partial_hz > 7500:
                break
            rate = self.decay * (0.6 + hz / 500) * (1 + 0.25 * k)
            out += k ** (-1.3 / self.brightness) * np.exp(-rate * t) * np.sin(2 * np.pi * partial_hz * t + k)
        knock = _lowpass(self.rng.normal(size=len(t)) * np.exp(-t * 90), 1500)
        return (out * 0.4 + 0.1 * knock) * _envelope(len(t), 0.003, 0.2)

    def pluck(self, hz: float, length_s: float, dark: bool, buzz: bool) -> NDArray[np.float64]:
        """Karplus–Strong string: a burst of noise in a damped comb."""
        t = _times(length_s + 0.4)
        period = max(int(RATE_HZ / hz), 2)
        burst = np.zeros(len(t))
        burst[:period] = self.rng.uniform(-1, 1, min(period, len(t)))[: len(burst)]
        if dark:
            burst = _lowpass(burst, 1500 * self.brightness)
        loss = 0.499 if not buzz else 0.4995
        a = np.zeros(period + 2)
        a[0], a[period], a[period + 1] = 1.0, -loss, -loss
        out = np.asarray(signal.lfilter([1.0], a, burst))
        return (_highpass(out, 60) * 0.7) * _envelope(len(t), 0.001, 0.3)

    def strings(self, hz: float, length_s: float) -> NDArray[np.float64]:
        """Bowed section: detuned saws with vibrato, a slow attack and a soft top."""
        t = _times(length_s + 0.15)
        out = np.zeros_like(t)
        for detune in np.linspace(-self.detune, self.detune, 3):
            depth = 0.004 * np.minimum(1, t / 0.4)
            wave = np.sin(2 * np.pi * self.vibrato_hz * t + self.rng.uniform(0, 6)) * depth
            phase = np.cumsum(hz * (1 + detune + wave)) / RATE_HZ + self.rng.uniform()
            out += _saw(phase, hz)
        bow = self.rng.normal(size=len(t)) * 0.03
        return _lowpass(out / 3 + bow, (1200 + 2 * hz) * self.brightness) * _envelope(
            len(t), self.attack_s, 0.15
        )

    def flute(self, hz: float, length_s: float) -> NDArray[np.float64]:
        t = _times(length_s + 0.05)
        wave = 0.006 * np.sin(2 * np.pi * self.vibrato_hz * t) * np.minimum(1, t / 0.3)
        phase = 2 * np.pi * np.cumsum(hz * (1 + wave)) / RATE_HZ
        tone = np.sin(phase) + 0.25 * np.sin(2 * phase) + 0.08 * np.sin(3 * phase)
        breath = _highpass(self.rng.normal(size=len(t)), 1500) * 0.04
        return (tone + breath) * 0.5 * _envelope(len(t), 0.06, 0.06)

    def organ(self, hz: float, length_s: float) -> NDArray[np.float64]:
        t = _times(length_s)
        tone = sum(np.sin(2 * np.pi * hz * k * t) / k for k in (1, 2, 3, 4, 6, 8) if hz * k < 7500)
        return np.asarray(tone) * 0.35 * _envelope(len(t), 0.015, 0.04)

    def bass(self, hz: float, length_s: float) -> NDArray[np.float64]:
        """Synthesizer bass: a saw through a low-pass that closes; acid when it resonates."""
        t = _times(length_s)
        tone = _saw(np.arange(len(t)) * hz / RATE_HZ, hz)
        body = _lowpass(tone, 260 * self.brightness)
        peak = 700 * self.brightness
        b, a = signal.iirpeak(peak / NYQUIST_HZ, 6 if self.acid else 1.5)
        return (
            (body + np.asarray(signal.lfilter(b, a, tone)) * np.exp(-t * 9))
            * 0.8
            * _envelope(len(t), 0.004, 0.02)
        )

    def saws(
        self, hz: float, length_s: float, n: int, attack_s: float, cutoff_hz: float
    ) -> NDArray[np.float64]:
        """Detuned saws: leads, stabs and, with a slow attack and a low cutoff, pads."""
        t = _times(length_s + (0.4 if attack_s > 0.1 else 0.03))
        out = np.zeros_like(t)
        for detune in np.linspace(-2 * self.detune, 2 * self.detune, n):
            out += _saw(t * hz * (1 + detune) + self.rng.uniform(), hz)
        return (
            _lowpass(out / n, max(cutoff_hz, 2 * hz))
            * 0.7
            * _envelope(len(t), attack_s, 0.3 if attack_s > 0.1 else 0.02)
        )

    def drum(self, key: int) -> NDArray[np.float64]:
        """Drum machine voices by General MIDI key."""
        t = _times(0.6)
        noise = self.rng.normal(size=len(t))
        if key in (35, 36):
            sweep = self.kick_hz + 180 * np.exp(-t * 35)
            return (
                np.sin(2 * np.pi * np.cumsum(sweep) / RATE_HZ) * np.exp(-t * 7)
                + 0.2 * noise * np.exp(-t * 200)
            ) * 1.2
        if key in (38, 40):
            tone = np.sin(2 * np.pi * 185 * t) * np.exp(-t * 22)
            return 0.5 * tone + 0.5 * _highpass(noise, 900) * np.exp(-t * 16)
        if key in (37, 39):
            return _highpass(noise, 1100) * np.exp(-t * 25) * 0.6
        if key in (42, 44, 70):
            return _highpass(noise, 6000) * np.exp(-t * 60) * 0.8
        if key == 46:
            return _highpass(noise, 5500) * np.exp(-t * 10) * 0.6
        if key in (49, 51, 57):
            return _highpass(noise, 4000) * np.exp(-t * (4 if key != 51 else 14)) * 0.4
        hz = 70 * 2 ** ((key - 38) / 12)
        return np.sin(2 * np.pi * np.cumsum(hz * (1 + 0.4 * np.exp(-t * 20))) / RATE_HZ) * np.exp(-t * 12)
