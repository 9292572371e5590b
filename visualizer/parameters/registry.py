"""Every control, declared once: the tables beside this file, joined."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any

from visualizer.parameters import (
    declared_audio,
    declared_control,
    declared_cues,
    declared_display,
    declared_midi,
    declared_modes,
    declared_modulation,
    declared_output,
    declared_shaders,
    declared_tempo,
    declared_titles,
    declared_wall,
)
from visualizer.parameters.parameter import Parameter, Value
from visualizer.shaders import Library, scan
from visualizer.types import UserError

_DECLARED = (
    *declared_audio.DECLARED,
    *declared_modes.DECLARED,
    *declared_display.DECLARED,
    *declared_output.DECLARED,
    *declared_titles.DECLARED,
    *declared_wall.DECLARED,
    *declared_control.DECLARED,
    *declared_tempo.DECLARED,
    *declared_midi.DECLARED,
    *declared_cues.DECLARED,
    *declared_modulation.DECLARED,
)

PARAMETERS: dict[str, Parameter] = {p.id: p for p in _DECLARED}
"""By id, in the order of their declaration; the one registry of this process, which `declare` extends."""
PARAMETERS |= {p.id: p for p in declared_shaders.declare_all(scan())}

_followers: list[Callable[[], None]] = []

PANIC_GROUPS = ("effects", "traumer.bend")
"""What panic puts back, besides blackout and freeze."""
_PANIC_OFF = ("output.blackout", "output.freeze", "show.modulation")


def find(id: str) -> Parameter:
    """The parameter of that id; UserError with near ids where there is none."""
    if id in PARAMETERS:
        return PARAMETERS[id]
    near = difflib.get_close_matches(id, PARAMETERS, n=3, cutoff=0.4)
    hint = f" Near: {', '.join(near)}." if near else ""
    raise UserError(f"There is no parameter {id!r}.{hint} `klangbild parameters` lists all.")


def declare(declared: Iterable[Parameter], gone: Iterable[str] = ()) -> None:
    """Adds and replaces parameters while the show runs, and takes away those that are gone.

    What is declared comes last, in its order.
    """
    added = {p.id: p for p in declared}
    for id in (*gone, *added):
        PARAMETERS.pop(id, None)
    PARAMETERS.update(added)
    for follow in _followers:
        follow()


def on_declared(follow: Callable[[], None]) -> None:
    """From now on `follow` is called after every `declare`, by what keeps a table of parameters."""
    _followers.append(follow)


def changes_of_shaders(library: Library | None = None) -> tuple[list[Parameter], list[str]]:
    """What `declare` is to be told after files of shaders came, changed or went; empty where none did."""
    now = declared_shaders.declare_all(library or scan())
    ids = {p.id for p in now}
    gone = [id for id in PARAMETERS if id.startswith("shader.") and id not in ids]
    is_same = not gone and now == [PARAMETERS.get(p.id) for p in now]
    return ([], []) if is_same else (now, gone)


def parse_assignment(text: str) -> tuple[str, Value]:
    """`id=value` from a command line as a valid pair; UserError where it is none."""
    id, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"--set takes id=value, not {text!r}; for example --set traumer.truncation=0.7.")
    parameter = find(id.strip())
    return parameter.id, parameter.validate(value.strip())


def calm(is_preset: bool = False) -> dict[str, Value]:
    """What panic sets at once; with `is_preset` a preset says what the effects are."""
    groups = () if is_preset else PANIC_GROUPS
    neutral = {p.id: p.default for p in PARAMETERS.values() if p.group in groups}
    if not is_preset:
        neutral |= {id: False for id in PARAMETERS if id.startswith("shader.") and _is_switch(id)}
    return neutral | {id: False for id in _PANIC_OFF if id in PARAMETERS}


def _is_switch(id: str) -> bool:
    return id.count(".") == 2 and id.endswith((".on", ".solo"))


def defaults() -> dict[str, Any]:
    """All default values."""
    return {p.id: p.default for p in PARAMETERS.values()}
