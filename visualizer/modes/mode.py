"""What every mode is to a deck and to an offline render: it hears and paints, on a clock it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from visualizer.types import Features, Float32, Image


class Mode(Protocol):
    """One way to paint music. Owned by one thread; live and offline step the same object."""

    name: str

    @property
    def shape_px(self) -> tuple[int, int]:
        """Width and height of what it paints now."""

    def hear(
        self, samples: Float32, heard_ns: int, features: Features, n_most_ticks: int | None = None
    ) -> None:
        """`samples` (n, 2) float32 at 48 kHz, before the input gain; `heard_ns`: time of the newest.

        With `n_most_ticks` only so many of the newest ticks go through the networks, the others are counted;
        None hears all, as offline.
        """

    def paint(self, now_ns: int) -> Image:
        """The picture of that moment; its pixels are valid until the next call."""

    def apply(self, settings: Mapping[str, Any]) -> None:
        """All settings by parameter id; takes effect at the next call."""

    def lighten(self, is_light: bool) -> None:
        """Paint the same with fewer pixels, or with all of them again; takes effect as soon as may be."""

    def words(self) -> list[tuple[str, float]]:
        """What it hears as (word, probability), best first."""

    def signals(self) -> dict[str, float]:
        """What it hears for the routes, [0, 1] each: tag.NAME, and era.year while a year is known."""

    def state(self) -> dict[str, Any]:
        """Figures for health and HUD, JSON-able."""

    def reset(self) -> None:
        """As freshly made."""

    def close(self) -> None:
        """Gives back its networks."""
