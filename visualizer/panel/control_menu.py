"""What the menu of a control says of MIDI; a right click or the menu key opens it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QMenu, QWidget

from visualizer.control.midi_map import Binding, is_target, row
from visualizer.panel.model import Model
from visualizer.parameters import PARAMETERS


def on_request(widget: QWidget, ask: Callable[[QPoint], object]) -> None:
    """A right click or the menu key on a widget asks for a menu at a place of the screen."""
    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    widget.customContextMenuRequested.connect(lambda at: ask(widget.mapToGlobal(at)))


def attach(widget: QWidget, target: str, model: Model) -> None:
    """Gives a button outside the pages the MIDI menu of what it does, `do:NAME` or a parameter."""

    def popup(place: QPoint) -> None:
        menu = QMenu(widget)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_midi(menu, target, model)
        menu.popup(place)

    on_request(widget, popup)


def act(menu: QMenu, words: str, do: Callable[[], Any], is_checked: bool | None = None) -> None:
    """An entry; with `is_checked` one that is on or off."""
    action = menu.addAction(words)
    if action is None:
        return
    if is_checked is not None:
        action.setCheckable(True)
        action.setChecked(is_checked)
    action.triggered.connect(lambda: do())


def add_midi(menu: QMenu, target: str, model: Model) -> None:
    """Learning, and what may be said of the knobs that are bound."""
    if not is_target(target):
        return
    menu.addSeparator()
    if model.midi.learning == target:
        act(menu, "Stop learning", lambda: model.ask({"midi": {"learn": ""}}))
    else:
        act(menu, "Learn MIDI", lambda: model.ask({"midi": {"learn": target}}))
    for binding in model.midi.of(target):
        inner = menu.addMenu(f"MIDI: {binding.source.name}")
        if inner is not None:
            _fill(inner, binding, model)


def _fill(menu: QMenu, binding: Binding, model: Model) -> None:
    """What may be said of one binding."""

    def edit(**wanted: Any) -> None:
        ask_edit(model, binding, **wanted)

    if binding.target in PARAMETERS and PARAMETERS[binding.target].kind in ("float", "int"):
        here = PARAMETERS[binding.target].to_unit(model[binding.target])
        act(menu, "From the present value", lambda: edit(low=here, high=max(here, binding.high)))
        act(menu, "Up to the present value", lambda: edit(high=here, low=min(here, binding.low)))
        act(menu, "The whole range", lambda: edit(low=0.0, high=1.0))
        menu.addSeparator()
    act(menu, "Invert", lambda: edit(inverts=not binding.inverts), binding.inverts)
    if binding.does == "value":
        picks_up = bool(model["midi.pickup"] if binding.pickup is None else binding.pickup)
        act(menu, "Pick up", lambda: edit(pickup=not picks_up), picks_up)
    menu.addSeparator()
    act(menu, "Forget", lambda: ask_forget(model, binding))


def ask_edit(model: Model, binding: Binding, **wanted: Any) -> None:
    """Asks for a changed binding."""
    new = row(replace(binding, **wanted))
    model.ask({"midi": {"edit": _named(binding), "to": {name: new[name] for name in wanted}}})


def ask_forget(model: Model, binding: Binding) -> None:
    """Asks for the end of a binding."""
    model.ask({"midi": {"forget": _named(binding)}})


def _named(binding: Binding) -> dict[str, str]:
    return {"target": binding.target, "port": binding.source.port}
