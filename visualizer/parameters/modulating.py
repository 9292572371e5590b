"""What may move a knob, and which knobs may be moved: the words that routes are written in."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from visualizer.parameters.parameter import Parameter
from visualizer.types import UserError

N_ROUTES, N_LFOS, N_WALKS = 16, 4, 2
PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
TAG = "tag."
"""Before the name of a tag: the probability of what the deck on air hears."""

SOURCES = (
    "level",
    "loudness",
    "bass",
    "mid",
    "treble",
    "onset",
    "flux",
    "centroid",
    "brightness",
    "beat",
    "beat_phase",
    "bar_phase",
    "tempo",
    *(f"lfo.{n}" for n in range(1, N_LFOS + 1)),
    *(f"walk.{n}" for n in range(1, N_WALKS + 1)),
    "era.year",
    *(f"chroma.{pitch}" for pitch in PITCHES),
)
"""All sources but the tags, which are those of the tagger."""

_MOVED = {"effects", "traumer", "era", "shader"}
_ALSO = {"display.blend"}
_NOT_MOVED = {"era.size_px", "era.slide_s", "traumer.drift_period_s"}
"""Each new value of these makes the picture jump or is dear to follow."""
_LATER = "shader."
"""A shader may come into the folder while the show runs: its inputs are taken on trust."""


def is_target(parameter: Parameter) -> bool:
    """Whether a route may move it: a number that the picture follows at once."""
    is_moved = parameter.group.partition(".")[0] in _MOVED or parameter.id in _ALSO
    is_number = parameter.kind in ("float", "int") and not parameter.in_next_deck
    return is_moved and is_number and not parameter.id.endswith(".seed") and parameter.id not in _NOT_MOVED


def check_source(text: str) -> str:
    """A source, or "" for none; UserError with near ones for what is neither."""
    text = text.strip()
    if not text or text in SOURCES or (text.startswith(TAG) and len(text) > len(TAG)):
        return text
    raise UserError(f"There is no source {text[:60]!r}.{_near(text, SOURCES)} A tag is written tag.piano.")


def check_target(text: str) -> str:
    """The id of a parameter that routes may move, or ""; UserError with near ones for anything else."""
    from visualizer.parameters.registry import PARAMETERS  # made of declarations that need this module

    text = text.strip()
    parameter = PARAMETERS.get(text)
    if not text or (parameter is not None and is_target(parameter)):
        return text
    if parameter is not None:
        raise UserError(
            f"{text} is not moved by routes: they move numbers of the modes, effects and shaders."
        )
    if text.startswith(_LATER):
        return text
    targets = [p.id for p in PARAMETERS.values() if is_target(p)]
    raise UserError(f"There is no parameter {text[:60]!r} to move.{_near(text, targets)}")


def _near(text: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(text, known, n=3, cutoff=0.4)
    return f" Near: {', '.join(near)}." if near else ""
