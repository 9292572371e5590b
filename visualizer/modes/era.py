"""Era mode: MVNet sees a style in the music, and a style-transfer network carries it onto a picture.

Source: Lee et al., "Crossing You in Style: Cross-modal Style Transfer from Music to Visual Arts" (2020),
sections 4 and 5; the steadying of the style over time is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from visualizer import clock
from visualizer.audio.resampling import Resampler
from visualizer.content.content import Content, open_content
from visualizer.modes import era_networks, style_transfer, traumer
from visualizer.modes.era_content import TRAUMER, Canvas, Dreams
from visualizer.modes.era_hearing import EraHearing
from visualizer.modes.era_networks import EraNetworks
from visualizer.modes.era_painting import Painter
from visualizer.modes.eras import Guess
from visualizer.modes.steadying import Steady
from visualizer.modes.style_transfer import StyleTransfer
from visualizer.modes.wander import Wander
from visualizer.modulation.signals import year_share
from visualizer.runtime import Precision
from visualizer.types import Features, Float32, Image

CAPTURE_HZ = 48000
EVEN_S = 3.0
"""From this smoothing on, a third of the window, nothing is left in v of when something sounded in it."""


def lighter_px(size_px: int) -> int:
    """Two thirds of a content's size, a multiple of 16: less than half of the pixels."""
    return max(16 * round(size_px * 2 / 3 / 16), 16)


class Era:
    """Paints a content in the style of the years it hears; a `Mode`."""

    name = "era"

    def __init__(
        self, networks: EraNetworks, transfer: StyleTransfer, canvas: Canvas, settings: Mapping[str, Any]
    ) -> None:
        """`settings`: all values by parameter id. All three are closed with the mode."""
        self._networks, self._transfer, self._canvas = networks, transfer, canvas
        self._eras = networks.eras
        self._hearing = EraHearing(networks.see)
        self._resampler = Resampler(CAPTURE_HZ, EraHearing.RATE_HZ)
        self._rest = self._eras.neutral, np.zeros(len(self._eras.labels), np.float32)
        """v and probabilities of the eras when nothing sounds."""
        self._steady_v, self._steady_years = (Steady(rest) for rest in self._rest)
        self._painter = Painter(networks.paint, transfer)
        self._seed: int | None = None
        self._is_light = False
        self.apply(settings)
        self._clear()

    def apply(self, settings: Mapping[str, Any]) -> None:
        """See `Mode.apply`. Content, networks and models stay as they were made with."""
        self._settings = dict(settings)
        size_px = settings["era.size_px"]
        self._canvas.apply({**settings, "era.size_px": lighter_px(size_px)} if self._is_light else settings)
        if settings["era.seed"] != self._seed:
            self._seed = settings["era.seed"]
            self._wander = Wander(self._networks.n_z, self._seed)

    def lighten(self, is_light: bool) -> None:
        """See `Mode.lighten`: a smaller content."""
        self._is_light = is_light
        self.apply(self._settings)

    def reset(self) -> None:
        """See `Mode.reset`."""
        self._hearing.reset()
        self._resampler.reset()
        self._steady_v.reset()
        self._steady_years.reset()
        self._canvas.reset()
        self._painter.reset()
        self._clear()

    def _clear(self) -> None:
        self._target = self._rest
        self._heard_ns = 0
        self._start_ns: int | None = None
        self._last_tick = 0
        self._piece = 0
        self._window_s = 0.0
        self.n_ticks = 0
        self.n_images = 0

    def hear(
        self, samples: Float32, heard_ns: int, features: Features, n_most_ticks: int | None = None
    ) -> None:
        """See `Mode.hear`. Windows are brought to one level: only the manual gain matters, for the gate."""
        self._canvas.hear(samples, heard_ns, features, n_most_ticks)
        self._hearing.gate_db = self._settings["audio.gate_db"]
        gain = np.float32(10.0 ** (self._settings["audio.gain_db"] / 20.0))
        mono = self._resampler.push(samples.mean(axis=1, dtype=np.float32) * gain)
        for heard in self._hearing.push(mono, n_most_ticks):
            step_s = (heard.sample - self._last_tick) / EraHearing.RATE_HZ
            self._last_tick = heard.sample
            self.n_ticks += 1
            if heard.v is not None:
                if heard.piece != self._piece:
                    self._piece = heard.piece
                    self._steady_v.quicken()
                    self._steady_years.quicken()
                even = min(self._settings["era.smoothing_s"] / EVEN_S, 1.0)
                self._target = self._networks.even(heard.v, even), self._eras.hear(heard.v)
                self._window_s = heard.window_s
            elif heard.presence == 0.0:
                self._target = self._rest
            v, years = self._target
            presence = np.float32(heard.presence)
            smoothing_s = self._settings["era.smoothing_s"]
            neutral, _ = self._rest
            self._steady_v.push(neutral + presence * (v - neutral), step_s, smoothing_s)
            self._steady_years.push(presence * years, step_s, smoothing_s)
        self._heard_ns = heard_ns

    def paint(self, now_ns: int) -> Image:
        """See `Mode.paint`."""
        if self._start_ns is None:
            self._start_ns = now_ns
        time_s = clock.seconds(now_ns - self._start_ns)
        settings = self._settings
        frame = self._canvas.frame(time_s)
        z = self._wander.at(time_s, settings["era.drift"])
        fades = self._canvas.is_still
        pixels = self._painter.paint(frame, self.style_vector(), z, settings["era.strength"], time_s, fades)
        self.n_images += 1
        age_s = self._steady_v.age_s + self._window_s / 2.0
        return Image(pixels, self.n_images, self._heard_ns, clock.now_ns(), (age_s, age_s, age_s))

    @property
    def shape_px(self) -> tuple[int, int]:
        """Width and height of what it paints at the beginning."""
        height, width = self._canvas.frame(0.0).pixels.shape[:2]
        return width, height

    def style_vector(self) -> Float32:
        """v (n_v,) float32 as it is painted: steadied, and leaning toward the year of the dial."""
        centre = self._eras.centres[self._eras.nearest(self._settings["era.year"])]
        v = self._steady_v.value
        return v + np.float32(self._settings["era.dial"]) * (centre - v)

    def guess(self) -> Guess | None:
        """When the music sounds to be from; None in silence."""
        return self._eras.guess(self._steady_years.value)

    def words(self) -> list[tuple[str, float]]:
        """See `Mode.words`: the eras it sounds like."""
        return self._eras.words(self._steady_years.value)

    @property
    def sentence(self) -> str:
        """What is wrong or missing now; "" when all is well."""
        missing = self._eras.missing(self._settings["era.year"]) if self._settings["era.dial"] > 0.0 else ""
        return " ".join(text for text in (self._canvas.sentence, missing) if text)

    def signals(self) -> dict[str, float]:
        """See `Mode.signals`."""
        guess = self.guess()
        return {"era.year": year_share(guess.year)} if guess else {}

    def state(self) -> dict[str, Any]:
        """See `Mode.state`."""
        guess = self.guess()
        return {
            "mode": self.name,
            "words": [[word, round(probability, 2)] for word, probability in self.words()],
            "era": {
                "year": guess.year if guess else None,
                "label": guess.label if guess else "",
                "spread": guess.spread if guess else 0,
            },
            "content": self._canvas.name,
            "network": self._transfer.name,
            "mvnet": self._networks.id,
            "n_images": self.n_images,
            "n_ticks": self.n_ticks,
            "n_skipped_ticks": self._hearing.n_skipped,
            "size_px": self._painter.size_px,
            "runtime": f"{self._transfer.describe()}, MVNet {self._networks.encoder.name}",
            "runtime_reasons": self._transfer.reasons(),
            "sentence": self.sentence,
        }

    def close(self) -> None:
        """See `Mode.close`."""
        self._canvas.close()
        self._transfer.close()
        self._networks.close()


def load(settings: Mapping[str, Any], threads: int, precision: Precision = "auto", live: bool = True) -> Era:
    """The mode with the models and the content that the settings name; UserError where one cannot be had.

    `live=False` makes contents a function of their time alone, for rendering.
    """

    def open_wanted(settings: Mapping[str, Any]) -> Content:
        wanted, size_px = str(settings["era.content"]), int(settings["era.size_px"])
        if wanted.strip() == TRAUMER:
            # What is carried over costs by its pixels: a wall's worth of them would take twice the time.
            square = {**settings, "traumer.shape": "square"}
            return Dreams(traumer.load(square, threads, precision), size_px)
        return open_content(wanted, size_px, slide_s=float(settings["era.slide_s"]), live=live)

    canvas = Canvas(open_wanted, settings)
    try:
        networks = era_networks.load(settings, threads, precision)
        transfer = style_transfer.load(str(settings["era.network"]), threads, precision)
    except Exception:
        canvas.close()
        raise
    return Era(networks, transfer, canvas, settings)
