"""Which deck is on air, what the other one prepares, and the crossfade between them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from visualizer import clock
from visualizer.parameters import PARAMETERS, ParameterState

Slot = Literal["a", "b"]
Stage = Literal["idle", "loading", "ready", "fading"]

N_WARM_IMAGES = 3
"""A deck is warm when it has painted so many images."""
LOADING_LIMIT_S = 60.0
FADE_GRACE_S = 5.0
"""A display that is closed to an icon, or starts again, may be so late to say that a fade is over."""
SAID_S = 12.0
"""How long a sentence about a switch that failed is shown."""

_PREPARED = tuple(p.id for p in PARAMETERS.values() if p.in_next_deck)
_log = logging.getLogger("visualizer.decks")


class Processes(Protocol):
    """What decks need of the supervisor."""

    def start_worker(self, name: str, pinned: Mapping[str, Any] | None = None) -> None:
        """Starts one worker with settings that stay as they are."""

    def stop_worker(self, name: str) -> None:
        """Asks one worker to stop."""

    def pin(self, name: str, pinned: Mapping[str, Any]) -> None:
        """What a worker has when it is started again."""

    def send_settings(self, changed: Mapping[str, Any]) -> None:
        """Tells all workers of changed values."""

    def look_at(self, name: str) -> tuple[str, str, dict[str, Any]]:
        """State, sentence and health of one worker."""


def what_matters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of the values that need another deck, those that the chosen mode uses."""
    mode = values["show.mode"]
    uses = {"show", mode}
    if mode == "era" and values["era.content"] == "traumer":
        uses.add("traumer")
    return {id: values[id] for id in _PREPARED if id.partition(".")[0] in uses}


class Decks:
    """The state of the switch. Owned by the supervisor's thread; `look_after` drives it.

    A change of what needs another deck starts that deck with the new values, while the one on air keeps its
    old ones. When it is warm the display fades over, and the old deck ends: its memory is given back. The
    newest wish wins; a wish that cannot be fulfilled is put back, with its sentence.

    Beside the values all workers are told `on_air` ("a" or "b"), `deck_stage` and `deck_sentence`.
    """

    def __init__(self, values: ParameterState) -> None:
        self.on_air: Slot = "a"
        self.stage: Stage = "idle"
        self.sentence = ""
        self._values = values
        self._processes: Processes | None = None
        self._playing = what_matters(values.snapshot())
        self._prepared: dict[str, Any] = {}
        self._pinned: dict[str, Any] = {}
        self._since_ns = 0
        self._said_ns = 0

    @property
    def next(self) -> Slot:
        """The deck that is not on air."""
        return "b" if self.on_air == "a" else "a"

    @property
    def playing(self) -> dict[str, Any]:
        """The values by which the deck on air was loaded."""
        return dict(self._playing)

    def pinned(self, on_air: bool) -> dict[str, Any]:
        """What a deck that starts now keeps until it is replaced: all that needs another deck.

        A deck that is being prepared must have what is wanted; one on air that starts again, or starts the
        show, rather paints another content than none (`deck_forgives`).
        """
        return {id: self._values[id] for id in _PREPARED} | {"deck_forgives": on_air}

    def snapshot(self) -> dict[str, Any]:
        """All parameter values and the state of the decks: what a process needs that starts."""
        return self._values.snapshot() | self._told()

    def begin(self, processes: Processes) -> None:
        """From now on changes reach these processes."""
        self._processes = processes

    def state(self) -> dict[str, Any]:
        """For the panel: `on_air`, `next` (None while nothing is prepared), `stage`, `sentence`."""
        following = self.next if self.stage != "idle" else None
        return {"on_air": self.on_air, "next": following, "stage": self.stage, "sentence": self.sentence}

    def look_after(self) -> None:
        """Compares what is wanted with what plays, and takes the next step. To be called often."""
        if self._processes is None:
            return
        if self.sentence and clock.now_ns() - self._said_ns > clock.nanoseconds(SAID_S):
            self._say("")
        if self.stage == "fading":
            self._end_fade()
            return
        wanted = what_matters(self._values.snapshot())
        if wanted == self._playing:
            self._drop_next()
        elif self.stage == "idle" or wanted != self._prepared:
            self._prepare(wanted)
        else:
            self._watch_next()
            if not self._values["show.hold_next"]:
                self.take()

    def take(self) -> None:
        """Begins the fade to what is prepared, if it is warm."""
        if self.stage == "ready" and self._processes is not None:
            self.on_air = self.next
            self._processes.pin(f"deck_{self.on_air}", self._pinned | {"deck_forgives": True})
            self._playing, self._prepared = self._prepared, {}
            self._enter("fading")

    def _prepare(self, wanted: dict[str, Any]) -> None:
        assert self._processes is not None
        if self.stage != "idle":
            self._processes.stop_worker(f"deck_{self.next}")
        self._prepared = wanted
        self._pinned = self.pinned(on_air=False)
        self._processes.start_worker(f"deck_{self.next}", self._pinned)
        self._say("")
        self._enter("loading")

    def _watch_next(self) -> None:
        assert self._processes is not None
        state, sentence, health = self._processes.look_at(f"deck_{self.next}")
        is_warm = state in ("running", "degraded") and health.get("n_images", 0) >= N_WARM_IMAGES
        if state == "failed":
            self._put_back(sentence)
        elif is_warm != (self.stage == "ready"):
            self._enter("ready" if is_warm else "loading")
        elif not is_warm and clock.now_ns() - self._since_ns > clock.nanoseconds(LOADING_LIMIT_S):
            self._put_back(sentence or "The other deck does not get ready: try again.")

    def _put_back(self, sentence: str) -> None:
        """What was wanted cannot be had: the deck on air stays, and the values say so again."""
        assert self._processes is not None
        self._drop_next()
        changed: dict[str, Any] = {}
        for id, value in self._playing.items():
            changed |= self._values.set(id, value, "deck")
        self._processes.send_settings(changed)
        _log.warning("The switch is called off: %s", sentence)
        self._say(sentence)

    def _drop_next(self) -> None:
        if self.stage != "idle" and self._processes is not None:
            self._processes.stop_worker(f"deck_{self.next}")
            self._prepared = {}
            self._enter("idle")

    def _end_fade(self) -> None:
        assert self._processes is not None
        _, _, display = self._processes.look_at("display")
        late_s = clock.seconds(clock.now_ns() - self._since_ns) - float(self._values["show.fade_s"])
        if display.get("on_air") == self.on_air or late_s > FADE_GRACE_S:
            self._processes.stop_worker(f"deck_{self.next}")
            self._enter("idle")

    def _enter(self, stage: Stage) -> None:
        self.stage, self._since_ns = stage, clock.now_ns()
        self._tell()

    def _say(self, sentence: str) -> None:
        if sentence != self.sentence:
            self.sentence, self._said_ns = sentence, clock.now_ns()
            self._tell()

    def _told(self) -> dict[str, Any]:
        return {"on_air": self.on_air, "deck_stage": self.stage, "deck_sentence": self.sentence}

    def _tell(self) -> None:
        if self._processes is not None:
            self._processes.send_settings(self._told())
