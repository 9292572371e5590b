"""The fast analysis: blocks of captured sound in, one `Features` a hop out (93.75 a second at 48 kHz)."""

import math

import numpy as np

from visualizer.features.bands import (
    AdaptiveBands,
    Centroid,
    Chroma,
    HopSpectrum,
    band_matrix,
    spectrum_corners_hz,
)
from visualizer.features.beat import NUDGE_BEATS, BeatTracker, ClockNow
from visualizer.features.external_clock import ClockTold, ExternalClock
from visualizer.features.filters import StreamFilter, dc_blocker
from visualizer.features.loudness import N_PARTS, Gate, MomentaryLoudness, power_db
from visualizer.features.onset import OnsetFlash, SpectralFlux
from visualizer.features.spectrum import clean_samples
from visualizer.types import Features

LEAST_HOPS_PER_S = 80.0
HOPS_PER_WINDOW = 4
HOPS_PER_CHROMA_WINDOW = 16
LOW_BANDS_HZ = 150.0
# The beat is carried by low drums more than by everything else.
LOW_FLUX_WEIGHT = 0.6
TEMPO_ACTIONS = ("tap", "half_tempo", "double_tempo", "nudge_earlier", "nudge_later", "resync")
"""What a hand does to the beat, by name."""


class FastFeatures:
    """All fast features of a stream. Owner: the thread that pushes (the capture process).

    Work goes strictly hop by hop, whatever the blocks: chunked equals whole. `reset` equals fresh. NaN and
    infinity count as 0, an offset is filtered out, and below `gate_db` (RMS dBFS, may be changed at any time)
    everything that moves fades to 0.
    """

    def __init__(self, rate_hz: int = 48000, gate_db: float = -60.0) -> None:
        self.rate_hz = rate_hz
        self.gate_db = gate_db
        # The longest power of two that still gives 80 results a second: 512 at 44.1 and 48 kHz.
        self.hop = 2 ** int(math.log2(rate_hz / LEAST_HOPS_PER_S))
        self.hop_s = self.hop / rate_hz
        n_fft = HOPS_PER_WINDOW * self.hop
        self._n_fft = n_fft
        self._bands_of = band_matrix(rate_hz, n_fft)
        self._spectrum = HopSpectrum(n_fft)
        self._centroid = Centroid(rate_hz, n_fft)
        self._is_locked, self._beats_per_bar, self._follows_clock = False, 4, False
        self._n_low = sum(c < LOW_BANDS_HZ for _, c, _ in spectrum_corners_hz(rate_hz, n_fft))
        self.reset()

    def reset(self, sample: int = 0) -> None:
        """Forget everything heard, not how it is set; the next sample has this index in `Features.sample`."""
        self.n_samples = sample
        self._pending = np.zeros((0, 0), np.float32)
        self._taps_ns: list[int] = []
        self._resyncs_ns: list[int] = []
        self._clock = ExternalClock()
        self.strength = 0.0
        """What the beat of the newest hop was followed by: its flux, the low bands counted more."""
        self._beat = BeatTracker(self.hop_s)
        self._beat.is_locked, self._beat.beats_per_bar = self._is_locked, self._beats_per_bar

    @property
    def is_tapped(self) -> bool:
        """Whether the tempo is one that a hand showed."""
        return self._beat.is_tapped

    @property
    def is_locked(self) -> bool:
        """Whether a tempo is kept."""
        return self._beat.is_locked and self._beat.tempo_bpm > 0.0

    @property
    def is_led(self) -> bool:
        """Whether another clock is followed: it is wanted, and was heard of lately."""
        return self._beat.is_led

    def configure_beat(self, is_locked: bool, beats_per_bar: int, follows_clock: bool) -> None:
        """Whether tempo and beat are kept as they are, beats a bar, and whether `hear_clock` leads."""
        self._is_locked, self._beats_per_bar, self._follows_clock = is_locked, beats_per_bar, follows_clock
        self._beat.is_locked, self._beat.beats_per_bar = is_locked, beats_per_bar

    def hear_clock(self, told: ClockTold, now_ns: int) -> None:
        """What another machine's clock says, at a time of the clock that `push` is given."""
        self._clock.hear(told, now_ns)

    def forget_clock(self) -> None:
        """What another clock said does not count any more."""
        self._clock = ExternalClock()

    def do(self, action: str, time_ns: int) -> None:
        """An action of `TEMPO_ACTIONS` at that time; ValueError for another one."""
        match action:
            case "tap":
                self.tap(time_ns)
            case "resync":
                self._resyncs_ns = sorted([*self._resyncs_ns, time_ns])
            case "half_tempo":
                self._beat.scale_tempo(0.5)
            case "double_tempo":
                self._beat.scale_tempo(2.0)
            case "nudge_earlier":
                self._beat.nudge(NUDGE_BEATS)
            case "nudge_later":
                self._beat.nudge(-NUDGE_BEATS)
            case _:
                raise ValueError(f"there is no action {action!r} of the tempo")

    def tap(self, time_ns: int) -> None:
        """A tap on the beat at that time of the clock that `push` is given; it may come late or early.

        It counts from the first hop on that ends after it (a late one from the next hop on, at its own time).
        """
        self._taps_ns = sorted([*self._taps_ns, time_ns])

    def push(self, block: np.ndarray, time_ns: int, gain_db: float = 0.0) -> list[Features]:
        """Hear a block (n,) or (n, n_channels) float32, after the input gain; one result a completed hop.

        time_ns is the time of the block's newest sample; each result's time is counted back from it.
        gain_db is noted in the results, not applied. Raises ValueError when the number of channels changes
        without a reset.
        """
        samples = clean_samples(block)
        samples = samples[None, :] if samples.ndim == 1 else samples.T
        if samples.ndim != 2:
            raise ValueError(f"a block of shape (n,) or (n, n_channels) wanted, got {np.shape(block)}")
        if not len(self._pending):
            self._start(len(samples))
        elif len(samples) != len(self._pending):
            raise ValueError(f"{len(self._pending)} channels so far, now {len(samples)}: reset in between")
        end = self.n_samples + self._pending.shape[1] + samples.shape[1]
        self._pending = np.concatenate([self._pending, samples], axis=1)
        results = []
        n_whole = self._pending.shape[1] // self.hop
        for i in range(n_whole):
            self.n_samples += self.hop
            heard_ns = time_ns - round((end - self.n_samples) * 1e9 / self.rate_hz)
            hop = self._pending[:, i * self.hop : (i + 1) * self.hop]
            results.append(self._hear(hop, heard_ns, gain_db))
        self._pending = self._pending[:, n_whole * self.hop :].copy()
        return results

    def _start(self, n_channels: int) -> None:
        self._pending = np.zeros((n_channels, 0), np.float32)
        self._past = np.zeros((n_channels, HOPS_PER_CHROMA_WINDOW * self.hop), np.float32)
        self._dc_blocker = StreamFilter(dc_blocker(self.rate_hz), n_channels, self.hop, N_PARTS)
        self._loudness = MomentaryLoudness(self.rate_hz, n_channels, self.hop)
        self._gate = Gate(self.hop_s)
        self._bands = AdaptiveBands(self.hop_s)
        self._chroma = Chroma(self.rate_hz, self._past.shape[1], self.hop_s)
        self._flux = SpectralFlux(self._bands_of.shape[0] - 3, self._n_low)
        self._onset = OnsetFlash(self.hop_s)
        self._onset_ns = 0

    def _hear(self, hop: np.ndarray, time_ns: int, gain_db: float) -> Features:
        centred = self._dc_blocker.push(hop).transpose(1, 2, 0).reshape(hop.shape)
        for past in self._past:  # each by itself: of both at once NumPy would make a copy first
            past[: -self.hop] = past[self.hop :]
        self._past[:, -self.hop :] = centred
        level_dbfs = power_db(float(np.square(centred).mean()))
        openness = self._gate.push(level_dbfs, self.gate_db)
        power = self._spectrum.power(self._past[:, -self._n_fft :])
        powers = self._bands_of @ power
        (bass, mid, treble), spectrum = self._bands.push(powers, openness, self._gate.is_open, self.gate_db)
        flux, low_flux = self._flux.push(powers[3:])
        while self._taps_ns and self._taps_ns[0] <= time_ns:
            self._beat.tap((time_ns - self._taps_ns.pop(0)) / 1e9)
        while self._resyncs_ns and self._resyncs_ns[0] <= time_ns:
            self._beat.resync((time_ns - self._resyncs_ns.pop(0)) / 1e9)
        self.strength = (flux + LOW_FLUX_WEIGHT * low_flux) * openness
        beat = self._beat.push(self.strength, openness, self._clock_at(time_ns))
        flash = self._onset.push(flux, openness)
        if self._onset.is_onset:
            self._onset_ns = time_ns - round(0.5e9 * self.hop_s)
        return Features(
            time_ns=time_ns,
            sample=self.n_samples,
            onset_ns=self._onset_ns,
            level_dbfs=level_dbfs,
            loudness_lufs=self._loudness.push(hop),
            peak=float(np.abs(hop).max()),
            bass=bass,
            mid=mid,
            treble=treble,
            onset=flash,
            flux=flux,
            beat=beat.n_beats,
            tempo_bpm=beat.tempo_bpm,
            beat_phase=beat.phase,
            bar_phase=beat.bar_phase,
            beat_confidence=beat.confidence,
            centroid_hz=self._centroid.of(power) if openness > 0.0 else 0.0,
            gain_db=gain_db,
            chroma=self._chroma.push(self._past, openness),
            spectrum=spectrum,
        )

    def _clock_at(self, time_ns: int) -> ClockNow | None:
        """Where the other clock is at that time; None while it is not followed."""
        if not self._follows_clock or not self._clock.is_young(time_ns):
            return None
        return ClockNow(self._clock.bpm, self._clock.beats_since(time_ns), self._clock.beat_of_bar)
