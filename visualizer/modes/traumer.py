"""TräumerAI mode: embeddings of the tagger become styles, smoothed by hierarchy, painted by StyleGAN2.

Source: Jeong et al., "TräumerAI: Dreaming Music with StyleGAN" (2020), sections 2.1 to 2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from visualizer import clock
from visualizer.audio.resampling import Resampler
from visualizer.modes import networks
from visualizer.modes.drift import Drift
from visualizer.modes.hearing import Hearing
from visualizer.modes.networks import TraumerNetworks
from visualizer.modes.smoothing import StyleHistory
from visualizer.modes.words import Words
from visualizer.parameters.modulating import TAG
from visualizer.runtime import Precision
from visualizer.types import LAYER_GROUPS, Features, Float32, Image, UInt8

CAPTURE_HZ = 48000
_PUSH_DECAY = 4.0
"""A beat's push has fallen to e⁻⁴ when the next beat comes."""
_PUSH_REACH = 0.5
"""At full strength a beat carries the fine layers half-way to another style."""


def split_layers(n_layers: int) -> tuple[slice, slice, slice]:
    """Coarse, middle and fine thirds of the w inputs: 0–5, 6–11, 12–17 of 18; 0–4, 5–8, 9–13 of 14."""
    first, second = round(n_layers / 3), round(2 * n_layers / 3)
    return slice(0, first), slice(first, second), slice(second, n_layers)


class Traumer:
    """Dreams images from what the tagger hears; a `Mode`."""

    name = "traumer"

    def __init__(self, networks: TraumerNetworks, settings: Mapping[str, Any]) -> None:
        """`settings`: all values by parameter id."""
        self._networks = networks
        self._hearing = Hearing(networks.hear)
        self._words = Words(networks.tags)
        self._history = StyleHistory(networks.w_mean)
        self._groups = split_layers(networks.n_layers)
        self._resampler = Resampler(CAPTURE_HZ, Hearing.RATE_HZ)
        self._pixels = self._new_pixels(networks.size_px)
        self._styles = np.empty((networks.n_layers, len(networks.w_mean)), np.float32)
        self._seed: int | None = None
        self.apply(settings)
        self._clear()

    def apply(self, settings: Mapping[str, Any]) -> None:
        """See `Mode.apply`."""
        self._settings = dict(settings)
        seed = settings["traumer.seed"]
        if seed != self._seed:
            self._seed = seed
            self._drift = Drift(self._networks.w_samples, self._networks.w_mean, seed)
            self._noises = self._networks.draw_noises(seed)

    def lighten(self, is_light: bool) -> None:
        """See `Mode.lighten`: the largest early exit of the generator, where it has one."""
        exits = self._networks.exits
        sizes_px = exits.sizes_px if exits else []
        size_px = sizes_px[0] if is_light and sizes_px else self._networks.size_px
        if len(self._pixels) != size_px:
            self._pixels = self._new_pixels(size_px)
            if exits and size_px in exits.sizes_px:
                exits.at(size_px)  # loaded here, where the deck is given time for it

    def _new_pixels(self, height_px: int) -> UInt8:
        return np.full((height_px, self._networks.width_px(height_px), 4), 255, np.uint8)

    @property
    def shape_px(self) -> tuple[int, int]:
        """Width and height of what it paints."""
        height, width = self._pixels.shape[:2]
        return width, height

    def reset(self) -> None:
        """See `Mode.reset`."""
        self._hearing.reset()
        self._words.reset()
        self._history.reset()
        self._resampler.reset()
        self._clear()

    def _clear(self) -> None:
        self._features = Features()
        self._heard_ns = 0
        self._start_ns: int | None = None
        self._n_beats = 0
        self._last_tick = 0
        self.n_ticks = 0
        self.n_images = 0

    def hear(
        self, samples: Float32, heard_ns: int, features: Features, n_most_ticks: int | None = None
    ) -> None:
        """See `Mode.hear`."""
        self._follow_beat(features)
        # The gate is meant for the level before the automatic gain.
        auto_db = features.gain_db - self._settings["audio.gain_db"]
        self._hearing.gate_db = self._settings["audio.gate_db"] + auto_db
        gain = np.float32(10.0 ** (features.gain_db / 20.0))
        mono = self._resampler.push(samples.mean(axis=1, dtype=np.float32) * gain)
        for heard in self._hearing.push(mono, n_most_ticks):
            step_s = (heard.sample - self._last_tick) / Hearing.RATE_HZ
            self._last_tick = heard.sample
            self.n_ticks += 1
            style = self._networks.w_mean + np.float32(heard.presence) * (
                self._networks.transfer(heard.embedding) - self._networks.w_mean
            )
            self._history.push(heard.sample / Hearing.RATE_HZ, step_s, style)
            self._words.push(heard.tags, step_s)
        self._heard_ns = heard_ns

    def _follow_beat(self, features: Features) -> None:
        if features.beat_phase < self._features.beat_phase - 0.5:
            self._n_beats += 1
        self._features = features

    def paint(self, now_ns: int) -> Image:
        """See `Mode.paint`."""
        if self._start_ns is None:
            self._start_ns = now_ns
        styles, ages_s = self.styles(clock.seconds(now_ns - self._start_ns), self._styles)
        gain, offset = self._bend()
        self._networks.paint(
            styles, self._settings["traumer.noise"], self._noises, gain, offset, self._pixels
        )
        self.n_images += 1
        return Image(self._pixels, self.n_images, self._heard_ns, clock.now_ns(), ages_s)

    def styles(self, time_s: float, out: Float32 | None = None) -> tuple[Float32, tuple[float, float, float]]:
        """One w a layer (n_layers, 512) float32, and the age in s of what each group of layers heard.

        `out` is filled instead of a new array.
        """
        settings, mean = self._settings, self._networks.w_mean
        w = np.empty((self._networks.n_layers, len(mean)), np.float32) if out is None else out
        ages_s = []
        for group, layers in zip(LAYER_GROUPS, self._groups, strict=True):
            window_s = settings[f"traumer.smoothing.{group}_s"]
            w[layers], age_s = self._history.average(window_s, settings["traumer.smoothing.kernel"])
            ages_s.append(age_s + self._hearing.window_s / 2.0)
        w += np.float32(settings["traumer.drift"]) * self._drift.at(
            time_s, settings["traumer.drift_period_s"]
        )
        w[self._groups[2]] += np.float32(self._push()) * self._drift.direction(self._n_beats)
        w -= mean
        w *= np.float32(settings["traumer.truncation"])
        w += mean
        return w, (ages_s[0], ages_s[1], ages_s[2])

    def _push(self) -> float:
        heard = self._features
        if heard.tempo_bpm == 0.0:
            return 0.0
        decay = float(np.exp(-_PUSH_DECAY * heard.beat_phase))
        return float(self._settings["traumer.beat"]) * heard.beat_confidence * decay * _PUSH_REACH

    def _bend(self) -> tuple[Float32, Float32]:
        n_layers = self._networks.n_layers
        bent = np.arange(n_layers) >= min(self._settings["traumer.bend.layer"], n_layers - 1)
        gain = np.where(bent, self._settings["traumer.bend.gain"], 1.0).astype(np.float32)
        return gain, np.where(bent, self._settings["traumer.bend.offset"], 0.0).astype(np.float32)

    def words(self) -> list[tuple[str, float]]:
        """See `Mode.words`."""
        return self._words.top()

    def signals(self) -> dict[str, float]:
        """See `Mode.signals`."""
        return {TAG + tag: probability for tag, probability in self._words.probabilities().items()}

    def state(self) -> dict[str, Any]:
        """See `Mode.state`."""
        return {
            "mode": self.name,
            "words": [[word, round(probability, 2)] for word, probability in self.words()],
            "n_images": self.n_images,
            "n_ticks": self.n_ticks,
            "n_skipped_ticks": self._hearing.n_skipped,
            "size_px": len(self._pixels),
            "runtime": self._networks.describe(),
            "runtime_reasons": self._networks.reasons(),
            "sentence": self._networks.problem,
        }

    def close(self) -> None:
        """See `Mode.close`."""
        self._networks.close()


def load(settings: Mapping[str, Any], threads: int, precision: Precision = "auto") -> Traumer:
    """The mode with the models that the settings name; UserError where one is missing or does not fit."""
    return Traumer(networks.load(threads, precision, settings), settings)
