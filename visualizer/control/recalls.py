"""Recalls and saves presets, morphs to them, undoes, and says what it did."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from visualizer import clock
from visualizer.control.morph import Apply, Morph
from visualizer.control.preset_files import SLOTS, Preset
from visualizer.control.presets import Before, Presets
from visualizer.parameters import PARAMETERS, ParameterState, Value
from visualizer.types import UserError

SAID_S = 6.0
"""How long a sentence is shown."""
MAX_UNDO = 32

_log = logging.getLogger("visualizer.presets")

Tell = Callable[[Mapping[str, Any]], None]
"""Tells all processes values beside the parameters."""


class Recalls:
    """The state of recalls. Owned by the supervisor's thread; `look_after` drives it.

    Beside the values all workers are told `preset`, the name of what was recalled or saved last, and
    `preset_sentence`, what there is to say of it for some seconds.
    """

    def __init__(self, values: ParameterState, presets: Presets, apply: Apply, tell: Tell) -> None:
        self.presets = presets
        self.last = ""
        self.sentence = ""
        self._values = values
        self._tell = tell
        self._said_ns = 0
        self._listed: tuple[object, list[dict[str, Any]]] | None = None
        self._morph = Morph(values, apply)
        self._done: deque[Callable[[str], str]] = deque(maxlen=MAX_UNDO)
        """What takes each deed back, newest last; takes the source, gives the sentence."""

    @property
    def wait_s(self) -> float | None:
        """When `look_after` wants to be called next, in seconds; None when that does not matter."""
        return self._morph.wait_s

    def told(self) -> dict[str, Any]:
        """What all workers are told beside the values."""
        return {"preset": self.last, "preset_sentence": self.sentence}

    def state(self) -> dict[str, Any]:
        """For the panel: `presets` (see `Presets.listing`), `preset` and `preset_sentence`."""
        stamp = self.presets.stamp()
        if self._listed is None or stamp != self._listed[0]:
            self._listed = stamp, self.presets.listing()
        return {"presets": self._listed[1], **self.told()}

    def look_after(self) -> None:
        """Moves knobs on, and forgets sentences."""
        self._morph.look_after()
        if self.sentence and clock.now_ns() - self._said_ns > clock.nanoseconds(SAID_S):
            self._say("")

    def obey(self, deed: Mapping[str, Any], source: str) -> None:
        """Does one of these, where WHICH is a key 1 to 9 or a name, and `slot` may be missing.

        {"recall": WHICH}, {"save": WHICH, "slot": N}, {"rename": WHICH, "to": NAME}, {"delete": WHICH}.
        UserError, which is also shown, where it cannot be done.
        """
        try:
            match dict(deed):
                case {"recall": int() | str() as which}:
                    self._recall(which, source)
                case {"save": int() as slot}:
                    self._save(None, slot)
                case {"save": str() as name}:
                    self._save(name, deed.get("slot"))
                case {"rename": int() | str() as which, "to": str() as name}:
                    preset, before = self.presets.rename(which, name)
                    self._did(before, preset.name, f"renamed to {preset.name!r}")
                case {"delete": int() | str() as which}:
                    preset, before = self.presets.delete(which)
                    self._did(before, "", f"deleted {preset.name!r}")
                case _:
                    raise UserError(
                        "A preset is recalled, saved, renamed or deleted; docs/presets.md tells how."
                    )
        except UserError as error:
            self._say(str(error))
            raise

    def undo(self, source: str) -> None:
        """Takes the newest recall, cue, saving, renaming or deleting back; UserError when there is none."""
        try:
            if not self._done:
                raise UserError("There is nothing to undo: no preset was recalled or saved, no cue begun.")
            self.say(self._done.pop()(source))
        except UserError as error:
            self._say(str(error))
            raise

    def find(self, which: int | str) -> Preset:
        """The preset of a key or a name; UserError, which is also shown, where there is none."""
        try:
            return self.presets.find(which)
        except UserError as error:
            self._say(str(error))
            raise

    def recall(self, preset: Preset, source: str, span_s: float | None = None) -> None:
        """Turns to a preset, within `span_s` or the performer's morph; can be undone."""
        self.turn_to(preset.values, source, f"preset {preset.name!r}", span_s, name=preset.name)
        self.say(". ".join((f"preset {_titled(preset)}", *preset.notes[:1])))

    def turn_to(
        self,
        wanted: Mapping[str, Value],
        source: str,
        title: str,
        span_s: float | None = None,
        name: str = "",
        on_undo: Callable[[], None] | None = None,
    ) -> None:
        """Turns to values; `title` is what undo names, `on_undo` is called when it takes this back."""
        wanted = {id: value for id, value in wanted.items() if id in PARAMETERS}  # a shader may have gone
        goals, last = {id: self._morph.goal(id) for id in wanted}, self.last
        self._go(wanted, source, span_s)
        before = {id: value for id, value in goals.items() if self._morph.goal(id) != value}

        def take_back(source: str) -> str:
            self._go(before, source, span_s)
            self.last = last
            if on_undo is not None:
                on_undo()
            return f"undone: {title}"

        if before or on_undo is not None:
            self._done.append(take_back)
        self.last = name or last

    def can_undo(self, take_back: Callable[[str], str]) -> None:
        """Undo takes this back: called with the source, it gives the sentence."""
        self._done.append(take_back)

    def _recall(self, which: int | str, source: str) -> None:
        self.recall(self.presets.find(which), source)

    def _save(self, name: str | None, slot: object) -> None:
        preset, before = self.presets.save(name, slot, self._values.snapshot())  # type: ignore[arg-type]
        self._did(before, preset.name, f"saved as preset {_titled(preset)}")

    def _did(self, before: Before, name: str, sentence: str) -> None:
        last, self.last = self.last, name

        def take_back(source: str) -> str:
            self.presets.restore(before)
            self.last = last
            self._listed = None
            return f"undone: {sentence}"

        self._listed = None
        self._done.append(take_back)
        self.say(sentence)

    def _go(self, values: Mapping[str, Value], source: str, span_s: float | None = None) -> None:
        span_s = float(self._values["show.morph_s"]) if span_s is None else span_s
        self._morph.begin(values, span_s, source)

    def say(self, sentence: str) -> None:
        """Shows a sentence for some seconds, and logs it."""
        sentence = sentence[:1].upper() + sentence[1:]
        _log.info("%s", sentence)
        self._say(sentence)

    def _say(self, sentence: str) -> None:
        self.sentence, self._said_ns = sentence, clock.now_ns()
        self._tell(self.told())


def _titled(preset: Preset) -> str:
    return f"{preset.slot}: {preset.name}" if preset.slot in SLOTS else preset.name
