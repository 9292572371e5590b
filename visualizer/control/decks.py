"""Which deck is on air, what the other one prepares, and the crossfade between them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from visualizer import clock
from visualizer.parameters import PARAMETERS, ParameterState

Slot = Literal["a", "b"]
Stage = Literal["idle", "loading", "ready", "fading"]
Place = Literal["here", "ready", "loading", "failed"]

N_WARM_IMAGES = 3
"""A deck is warm when it has painted so many images."""
LOADING_LIMIT_S = 60.0
FADE_GRACE_S = 5.0
"""A display that is closed to an icon, or starts again, may be so late to say that a fade is over."""
SAID_S = 12.0
"""How long a sentence about a switch that failed is shown."""
USUAL_LOADING_S = 8.0
"""Taken for the loading time of what was not loaded yet in this show."""

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

    def send_settings(self, changed: Mapping[str, Any], mends: bool = True) -> None:
        """Tells all workers of changed values; those that failed try again, unless it `mends` nothing."""

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

    What is only foreseen (`look_ahead`) is loaded in the same way while nothing is wanted, and waits hidden
    until it is wanted. Where it is due soon it comes before what is wanted, which must then wait.

    Beside the values all workers are told `on_air` ("a" or "b"), `deck_stage`, `deck_sentence` and, in s,
    `deck_fade_s`.
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
        self._foreseen: dict[str, Any] = {}
        """Values by which the other deck is loaded before they are wanted."""
        self._is_first = False
        """Whether that comes before what is wanted."""
        self._failed: list[tuple[dict[str, Any], str]] = []
        """What was foreseen and could not be loaded, each with its sentence."""
        self._loading_s: dict[tuple[Any, ...], float] = {}
        self._fade_s: float | None = None
        self._is_urgent = False
        self._since_ns = 0
        self._said_ns = 0
        self.may_take: Callable[[], bool] = lambda: True
        """Asked again and again when a wish is ready: whether its fade may begin."""

    @property
    def next(self) -> Slot:
        """The deck that is not on air."""
        return "b" if self.on_air == "a" else "a"

    @property
    def playing(self) -> dict[str, Any]:
        """The values by which the deck on air was loaded."""
        return dict(self._playing)

    @property
    def is_ahead(self) -> bool:
        """Whether the other deck holds what is only foreseen."""
        return self.stage in ("loading", "ready") and self._looks_ahead

    @property
    def is_put_off(self) -> bool:
        """Whether something is wanted that must wait for what is foreseen."""
        return self._is_first and self.stage != "fading" and self._wanted() != self._playing

    @property
    def _looks_ahead(self) -> bool:
        return self._is_first or self._wanted() == self._playing

    def look_ahead(self, values: Mapping[str, Any] | None, is_first: bool = False) -> None:
        """What will be wanted next, as far as it is known; None: nothing in particular.

        With `is_first` it is loaded before what is wanted now, whose loading is given up.
        """
        self._foreseen = dict(values or {})
        self._is_first = is_first and bool(values)

    def place_of(self, values: Mapping[str, Any]) -> Place:
        """Whether values play already, are ready in the other deck, or failed to load there."""
        matters = what_matters({**self._values.snapshot(), **values})
        if matters == self._playing:
            return "here"
        if self._sentence_of(matters):
            return "failed"
        return "ready" if self.stage == "ready" and matters == self._prepared else "loading"

    def problem_of(self, values: Mapping[str, Any]) -> str:
        """Why values could not be loaded ahead; "" where they could, or were not tried."""
        return self._sentence_of(what_matters({**self._values.snapshot(), **values}))

    def forget_failures(self) -> None:
        """What could not be loaded is tried again."""
        self._failed.clear()

    def loading_time_s(self, values: Mapping[str, Any]) -> float:
        """How long loading of this kind took at most in this show, or usually takes."""
        kind = _kind(what_matters({**self._values.snapshot(), **values}))
        return self._loading_s.get(kind, USUAL_LOADING_S)

    def take_now(self, fade_s: float | None, is_urgent: bool) -> None:
        """The wish of this moment fades in within `fade_s`, or what the performer has set.

        It begins at once if it is ready, and an urgent one also later, and whatever is held.
        """
        if self._processes is None or self._wanted() == self._playing or self.stage == "fading":
            return
        was_ready = self.stage == "ready" and self._prepared == self._wanted()
        if not was_ready:
            self.look_after()
        self._fade_s, self._is_urgent = fade_s, is_urgent
        if was_ready and (is_urgent or not self._values["show.hold_next"]):
            self.take()

    def _wanted(self) -> dict[str, Any]:
        return what_matters(self._values.snapshot())

    def _sentence_of(self, matters: Mapping[str, Any]) -> str:
        return next((sentence for failed, sentence in self._failed if failed == matters), "")

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
        """For the panel: `on_air`, `next` (None while idle), `stage`, `sentence`, `is_ahead`."""
        following = self.next if self.stage != "idle" else None
        told = {"on_air": self.on_air, "next": following, "stage": self.stage, "sentence": self.sentence}
        return told | {"is_ahead": self.is_ahead}

    def look_after(self) -> None:
        """Compares what is wanted with what plays, and takes the next step. To be called often."""
        if self._processes is None:
            return
        if self.sentence and clock.now_ns() - self._said_ns > clock.nanoseconds(SAID_S):
            self._say("")
        if self.stage == "fading":
            self._end_fade()
            return
        is_ahead = self._looks_ahead
        values = self._values.snapshot() | (self._foreseen if is_ahead else {})
        goal = what_matters(values)
        if goal == self._playing or (is_ahead and self._sentence_of(goal)):
            self._drop_next()
        elif self.stage == "idle" or goal != self._prepared:
            self._prepare(goal, values)
        else:
            self._watch_next(is_ahead)
            holds = self._values["show.hold_next"] and not self._is_urgent
            if self.stage == "ready" and not is_ahead and not holds and (self._is_urgent or self.may_take()):
                self.take()

    def take(self) -> None:
        """Begins the fade to what is prepared, if it is warm and wanted."""
        if self.stage == "ready" and self._processes is not None and not self.is_ahead:
            self.on_air = self.next
            self._processes.pin(f"deck_{self.on_air}", self._pinned | {"deck_forgives": True})
            self._playing, self._prepared = self._prepared, {}
            self._is_urgent = False
            self._enter("fading")
            self._rest_crossfader()

    def _prepare(self, wanted: dict[str, Any], values: Mapping[str, Any]) -> None:
        assert self._processes is not None
        if self.stage != "idle":
            self._processes.stop_worker(f"deck_{self.next}")
        self._fade_s, self._is_urgent = None, False
        self._prepared = wanted
        self._pinned = {id: values[id] for id in _PREPARED} | {"deck_forgives": False}
        self._processes.start_worker(f"deck_{self.next}", self._pinned)
        self._say("")
        self._enter("loading")

    def _watch_next(self, is_ahead: bool) -> None:
        assert self._processes is not None
        state, sentence, health = self._processes.look_at(f"deck_{self.next}")
        is_warm = state in ("running", "degraded") and health.get("n_images", 0) >= N_WARM_IMAGES
        if state == "failed":
            self._put_back(sentence, is_ahead)
        elif is_warm != (self.stage == "ready"):
            self._note_loading(is_warm)
            self._rest_crossfader()
            self._enter("ready" if is_warm else "loading")
        elif not is_warm and clock.now_ns() - self._since_ns > clock.nanoseconds(LOADING_LIMIT_S):
            self._put_back(sentence or "The other deck does not get ready: try again.", is_ahead)

    def _note_loading(self, is_warm: bool) -> None:
        if is_warm:
            kind, took_s = _kind(self._prepared), clock.seconds(clock.now_ns() - self._since_ns)
            self._loading_s[kind] = max(took_s, self._loading_s.get(kind, 0.0))
            _log.info("Deck %s is ready after %.1f s: %s", self.next.upper(), took_s, " ".join(kind))

    def _put_back(self, sentence: str, is_ahead: bool) -> None:
        """What was wanted cannot be had: the deck on air stays, and the values say so again."""
        assert self._processes is not None
        if is_ahead:
            self._failed.append((self._prepared, sentence or "it cannot be loaded"))
            self._drop_next()
            return
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
            self._fade_s, self._is_urgent = None, False
            self._enter("idle")

    def _rest_crossfader(self) -> None:
        """The performer's crossfader lies where nothing of the other deck is seen."""
        assert self._processes is not None
        changed = self._values.set("show.crossfader", 0.0, "deck")
        if changed:
            self._processes.send_settings(changed)

    def _end_fade(self) -> None:
        assert self._processes is not None
        _, _, display = self._processes.look_at("display")
        late_s = clock.seconds(clock.now_ns() - self._since_ns) - self.fade_s
        if display.get("on_air") == self.on_air or late_s > FADE_GRACE_S:
            self._processes.stop_worker(f"deck_{self.next}")
            self._fade_s = None
            self._enter("idle")

    @property
    def fade_s(self) -> float:
        """Length of the fade of this moment, in seconds."""
        return float(self._values["show.fade_s"]) if self._fade_s is None else self._fade_s

    def _enter(self, stage: Stage) -> None:
        self.stage, self._since_ns = stage, clock.now_ns()
        self._tell()

    def _say(self, sentence: str) -> None:
        if sentence != self.sentence:
            self.sentence, self._said_ns = sentence, clock.now_ns()
            self._tell()

    def _told(self) -> dict[str, Any]:
        told = {"on_air": self.on_air, "deck_stage": self.stage, "deck_sentence": self.sentence}
        return told | {"deck_fade_s": self._fade_s}

    def _tell(self) -> None:
        if self._processes is not None:
            self._processes.send_settings(self._told())


def _kind(matters: Mapping[str, Any]) -> tuple[str, ...]:
    """What loading takes its time for: mode and networks, whatever the content."""
    return tuple(str(value) for id, value in matters.items() if id != "era.content")
