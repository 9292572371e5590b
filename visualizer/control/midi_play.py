"""From moves to wishes: what a bound knob, key or wheel asks of the show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from visualizer.control.asking import Asking
from visualizer.control.midi_events import Event, Halves, Source
from visualizer.control.midi_learn import clicks
from visualizer.control.midi_map import Binding
from visualizer.parameters import PARAMETERS, Parameter

OWN_S = 0.5
"""So long after a knob asked for a value it counts as the one that stands: the answer is under way."""
NEAR = 1.5 / 127
"""A knob that stands so near to the value holds it, whether it has passed it or not."""
_CLICK = 1 / 127
_SLOT_KEYS = 9


@dataclass(slots=True)
class _Hand:
    """What is known of one binding's knob."""

    place: float | None = None
    """Where it stands, along the target's slider."""
    has_hold: bool = False
    is_down: bool = False
    asked: float = math.nan
    """Where it asked the target to be."""


class Player:
    """Plays the bindings. For one thread; a step asks for the newest value of each target only."""

    def __init__(
        self, settings: Mapping[str, Any], asking: Asking, presets: Callable[[], Sequence[str]]
    ) -> None:
        """`settings` are the worker's, always up to date; `presets` are the names of those without a key."""
        self._settings, self._asking, self._presets = settings, asking, presets
        self._asked: dict[str, tuple[float, float]] = {}
        self._bindings: tuple[Binding, ...] = ()
        self._by_source: dict[Source, list[int]] = {}
        self._hands: dict[Binding, _Hand] = {}
        self._halves = Halves()
        self.n_dropped = 0
        """Presses that came too often."""

    def bind(self, bindings: Sequence[Binding]) -> None:
        """From now on these are played; knobs whose binding stays keep what is known of them."""
        known = [binding for binding in bindings if binding.is_known]
        self._hands = {binding: self._hands.get(binding, _Hand()) for binding in known}
        self._bindings = tuple(known)
        self._by_source = {}
        for number, binding in enumerate(known):
            self._by_source.setdefault(binding.source, []).append(number)

    def take_hold(self, binding: Binding) -> None:
        """What was just learnt follows at once."""
        if binding in self._hands:
            self._hands[binding].has_hold = True

    def play(self, events: Iterable[Event], now_s: float) -> None:
        """Does what moves mean, in their order."""
        for event in events:
            bound = self._find(event.source)
            whole = self._halves.join(event)
            for each, numbers in ((event, bound), (whole, self._find(whole.source) if whole else ())):
                for number in numbers:
                    if each is not None:
                        self._play(self._bindings[number], each, now_s)
            if event.source.kind == "program" and not bound:
                self._recall(event.raw, now_s)

    def place_of(self, binding: Binding) -> float | None:
        """Where the show's value lies on the binding's knob, [0, 1]; None where it has none to show."""
        id = _shows(binding)
        if id not in PARAMETERS or PARAMETERS[id].kind in ("trigger", "text"):
            return None
        unit = PARAMETERS[id].to_unit(self._settings.get(id, PARAMETERS[id].default))
        span = binding.high - binding.low
        place = min(max((unit - binding.low) / span, 0.0), 1.0) if span > 0 else float(unit >= binding.low)
        return 1.0 - place if binding.inverts else place

    def last_place(self, binding: Binding) -> float | None:
        """Where the knob itself was seen last, [0, 1]."""
        hand = self._hands.get(binding)
        return hand.place if hand else None

    def _find(self, source: Source) -> list[int]:
        anywhere = replace(source, port="")
        found = self._by_source.get(source, [])
        return found if source == anywhere else found + self._by_source.get(anywhere, [])

    def _play(self, binding: Binding, event: Event, now_s: float) -> None:
        hand = self._hands[binding]
        if binding.counts != "absolute":
            self._turn(binding, hand, clicks(event.raw, binding.counts), now_s)
        elif binding.does == "value":
            self._move(binding, hand, event.place, now_s)
        else:
            was_down, hand.is_down = hand.is_down, event.place >= 0.5
            if event.source.kind == "program":
                was_down, hand.is_down = False, False
                self._press(binding, True, now_s)
            elif hand.is_down != was_down:
                self._press(binding, hand.is_down, now_s)

    def _move(self, binding: Binding, hand: _Hand, place: float, now_s: float) -> None:
        """A knob that stands for its value."""
        parameter = PARAMETERS[binding.target]
        share = 1.0 - place if binding.inverts else place
        unit = binding.low + (binding.high - binding.low) * share
        before, hand.place = hand.place, place
        if self._picks_up(binding) and not self._has_hold(binding, hand, before, now_s):
            return
        self._ask(parameter, hand, unit, now_s)

    def _picks_up(self, binding: Binding) -> bool:
        usual = self._settings.get("midi.pickup", PARAMETERS["midi.pickup"].default)
        return bool(usual if binding.pickup is None else binding.pickup)

    def _has_hold(self, binding: Binding, hand: _Hand, before: float | None, now_s: float) -> bool:
        """Whether the knob holds its value: it reached it, and nobody else has moved it away since."""
        parameter, place = PARAMETERS[binding.target], hand.place or 0.0
        stands = self._unit(parameter, now_s)
        if hand.has_hold and (math.isnan(hand.asked) or _is_same(parameter, stands, hand.asked)):
            return True
        there = (stands - binding.low) / (binding.high - binding.low or 1.0)
        there = 1.0 - there if binding.inverts else there
        passed = (place, place if before is None else before)
        hand.has_hold = min(passed) - NEAR <= there <= max(passed) + NEAR
        return hand.has_hold

    def _turn(self, binding: Binding, hand: _Hand, n_clicks: int, now_s: float) -> None:
        """An endless knob moves its target on from where it is."""
        parameter = PARAMETERS.get(binding.target)
        n_clicks = -n_clicks if binding.inverts else n_clicks
        if parameter is None or parameter.kind == "trigger":
            if n_clicks > 0:
                self._press(binding, True, now_s)
            return
        click = _CLICK
        if parameter.kind == "choice":
            click = 1 / max(1, len(parameter.choices) - 1)
        elif parameter.kind == "int":
            click = max(click, 1 / max(1.0, parameter.max - parameter.min))
        elif parameter.kind == "bool":
            click = 1.0
        unit = self._unit(parameter, now_s) + n_clicks * click
        self._ask(parameter, hand, min(max(unit, binding.low), binding.high), now_s)

    def _press(self, binding: Binding, is_down: bool, now_s: float) -> None:
        """A key or button went down, or up again."""
        if binding.does == "press":
            if is_down:
                self.n_dropped += not self._asking.act(binding.action or binding.target, now_s)
            return
        parameter, hand = PARAMETERS[binding.target], self._hands[binding]
        ends = (binding.high, binding.low) if binding.inverts else (binding.low, binding.high)
        if binding.does == "hold":
            self._ask(parameter, hand, ends[is_down], now_s)
        elif is_down:
            unit = self._unit(parameter, now_s)
            if binding.does == "step":
                place = parameter.choices.index(str(parameter.from_unit(unit)))
                step = -1 if binding.inverts else 1
                unit = (place + step) % len(parameter.choices) / max(1, len(parameter.choices) - 1)
            else:
                unit = ends[abs(unit - ends[1]) > abs(unit - ends[0])]
            self._ask(parameter, hand, unit, now_s)

    def _unit(self, parameter: Parameter, now_s: float) -> float:
        """Where the target is, along its slider; what a knob asked for a moment ago counts already."""
        asked, asked_s = self._asked.get(parameter.id, (0.0, -math.inf))
        if now_s - asked_s < OWN_S:
            return asked
        return parameter.to_unit(self._settings.get(parameter.id, parameter.default))

    def _ask(self, parameter: Parameter, hand: _Hand, unit: float, now_s: float) -> None:
        hand.asked, self._asked[parameter.id] = unit, (unit, now_s)
        self._asking.values[parameter.id] = parameter.from_unit(unit)

    def _recall(self, number: int, now_s: float) -> None:
        """A program change nobody is bound to: the keys 1 to 9, then the presets without a key in order."""
        if not self._settings.get("midi.program_change", True):
            return
        if number < _SLOT_KEYS:
            self._asking.recall(number + 1, now_s)
            return
        names = self._presets()
        if number - _SLOT_KEYS < len(names):
            self._asking.recall(names[number - _SLOT_KEYS], now_s)


_LIT_BY = {"blackout": "output.blackout", "freeze": "output.freeze", "lock": "show.lock"}


def _shows(binding: Binding) -> str:
    """The parameter whose value the knob's lamp shows."""
    return _LIT_BY.get(binding.action, "") if binding.action else binding.target


def _is_same(parameter: Parameter, unit: float, asked: float) -> bool:
    return abs(unit - asked) <= NEAR or parameter.from_unit(asked) == parameter.from_unit(unit)
