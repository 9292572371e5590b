"""All shared memory of a running show, by name, in one place; the parent makes and unlinks it."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from functools import cached_property
from typing import Self

from visualizer.ipc import memory
from visualizer.ipc.ring import AudioRing
from visualizer.ipc.slots import FeatureSlot, FrameSlot, JsonSlot
from visualizer.ipc.spec import WORKERS, make_prefix

DECK_PX = 1024
_HEALTH_BYTES = {"control": 1 << 19}
"""Of what tells more than others: the MIDI map and the last messages for the panel's monitors."""
RENDERED_PX = (1920, 1080)
"""Largest width and height of a rendered frame; others may have any shape with as many pixels."""


_N_BYTES = 64_000_000
"""What all regions take at most, with 16 s of sound."""
_MAPPED = ("audio", "features", "frames_a", "frames_b", "rendered")


class Regions:
    """The show's shared memory. The parent calls `create`; children and tests `attach` what they use.

    A region is mapped at its first use, so a process holds only what it reads or writes.
    """

    def __init__(self, prefix: str, workers: Sequence[str]) -> None:
        """Use `create` or `attach`."""
        self.prefix = prefix
        self.workers = tuple(workers)

    @classmethod
    def create(
        cls,
        workers: Sequence[str] = WORKERS,
        rate_hz: int = 48000,
        audio_s: float = 16,
        prefix: str | None = None,
    ) -> Self:
        """Makes all regions under a fresh prefix, after removing what dead parents left behind.

        `unlink` must follow; it also runs when the interpreter ends. After a kill -9 the children do it,
        and after them the resource tracker. Raises UserError when there is no room.
        """
        memory.sweep()
        memory.require(_N_BYTES)
        regions = cls(prefix or make_prefix(), workers)
        atexit.register(regions.unlink)
        try:
            regions._make_all(rate_hz, audio_s)
        except OSError:
            regions.unlink()
            raise
        return regions

    @classmethod
    def attach(cls, prefix: str, workers: Sequence[str] = WORKERS) -> Self:
        """The regions of the parent with this prefix; using one raises FileNotFoundError when it is gone."""
        return cls(prefix, workers)

    @cached_property
    def audio(self) -> AudioRing:
        """The heard sound; written by `capture`."""
        return AudioRing.attach(self.prefix + "audio")

    @cached_property
    def features(self) -> FeatureSlot:
        """The newest fast features; written by `capture`."""
        return FeatureSlot.attach(self.prefix + "features")

    @cached_property
    def frames_a(self) -> FrameSlot:
        """Painted images up to 1024²; written by `deck_a`."""
        return FrameSlot.attach(self.prefix + "frames-a")

    @cached_property
    def frames_b(self) -> FrameSlot:
        """Painted images up to 1024²; written by `deck_b`."""
        return FrameSlot.attach(self.prefix + "frames-b")

    @cached_property
    def rendered(self) -> FrameSlot:
        """Shown frames up to 1920×1080; written by `display`."""
        return FrameSlot.attach(self.prefix + "rendered")

    @cached_property
    def health(self) -> dict[str, JsonSlot]:
        """State and heartbeat of each process, written by that process."""
        return {name: JsonSlot.attach(f"{self.prefix}h-{name}") for name in self.workers}

    def frames(self, slot: str) -> FrameSlot:
        """The frames of deck `a` or `b`."""
        if slot not in ("a", "b"):
            raise ValueError(f"the decks are a and b, not {slot!r}")
        return self.frames_a if slot == "a" else self.frames_b

    def names(self) -> list[str]:
        """The names of all regions."""
        kinds = [kind.replace("_", "-") for kind in _MAPPED] + [f"h-{name}" for name in self.workers]
        return [self.prefix + kind for kind in kinds]

    def close(self) -> None:
        """Lets go of what is mapped here; the regions stay for the others."""
        mapped = [self.__dict__.pop(name) for name in _MAPPED if name in self.__dict__]
        for region in [*mapped, *self.__dict__.pop("health", {}).values()]:
            region.close()

    def unlink(self) -> None:
        """Removes all names; for the maker, and for children whose parent is gone. May run twice."""
        atexit.unregister(self.unlink)
        self.close()
        memory.remove(self.names())

    def _make_all(self, rate_hz: int, audio_s: float) -> None:
        self.audio = AudioRing.create(self.prefix + "audio", rate_hz, audio_s)
        self.features = FeatureSlot.create(self.prefix + "features")
        self.frames_a = FrameSlot.create(self.prefix + "frames-a", DECK_PX, DECK_PX)
        self.frames_b = FrameSlot.create(self.prefix + "frames-b", DECK_PX, DECK_PX)
        self.rendered = FrameSlot.create(self.prefix + "rendered", *RENDERED_PX)
        self.health = {
            name: JsonSlot.create(f"{self.prefix}h-{name}", _HEALTH_BYTES.get(name, 16384))
            for name in self.workers
        }
