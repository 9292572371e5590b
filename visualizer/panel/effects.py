"""The page of effects: the house look, the chain of filters with their inputs, generator and transition."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from visualizer.panel import theme
from visualizer.panel.controls import Control, Controls
from visualizer.panel.model import Model
from visualizer.panel.surfaces import Card, Press, text
from visualizer.parameters import PARAMETERS
from visualizer.shaders.ordering import arrange, move

ARROW_PX = 28
INDENT_PX = 12
PLACES = ("generator", "transition")


def find_filters() -> list[str]:
    """The names of all filters, as they are declared."""
    return [id.split(".")[1] for id in PARAMETERS if id.startswith("shader.") and is_switch(id, "on")]


def is_switch(id: str, name: str) -> bool:
    """Whether it is this switch of a filter, and no input of a shader."""
    return id.count(".") == 2 and id.endswith(f".{name}")


def inputs_of(shader: str) -> list[str]:
    """Ids of a shader's inputs; of a filter its mix comes first."""
    prefix = f"shader.{shader}."
    ids = [id for id in PARAMETERS if id.startswith(prefix)]
    return [id for id in ids if not (is_switch(id, "on") or is_switch(id, "solo"))]


def spoken(shader: str) -> str:
    """A shader's name for people."""
    words = shader.replace("_", " ")
    return words[:1].upper() + words[1:]


class FilterRow(QWidget):
    """One filter of the chain: its place, on or off, its name to choose it, solo."""

    def __init__(self, page: EffectsPage, controls: Controls, name: str) -> None:
        super().__init__()
        self.name = name
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for sign, step, tip in (("▲", -1, "Earlier in the chain"), ("▼", 1, "Later in the chain")):
            arrow = QToolButton()
            arrow.setText(sign)
            arrow.setObjectName("reset")
            arrow.setFixedWidth(ARROW_PX)
            arrow.setToolTip(f"{tip}: {spoken(name)}")
            arrow.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            arrow.setAccessibleName(f"{spoken(name)}: {tip.lower()}")
            arrow.clicked.connect(lambda _, step=step: page.move_filter(name, step))
            row.addWidget(arrow)
        self.switch = controls.make(f"shader.{name}.on")
        self.press = Press(spoken(name))
        self.press.setToolTip(PARAMETERS[f"shader.{name}.on"].help)
        self.press.clicked.connect(lambda: page.choose(name))
        self.solo = controls.make(f"shader.{name}.solo")
        row.addWidget(self.switch.widget)
        row.addWidget(self.press, 1)
        row.addWidget(text("Solo", "quiet"))
        row.addWidget(self.solo.widget)
        for control in self.controls:
            control.label.hide()
            control.back.hide()

    @property
    def controls(self) -> tuple[Control, Control]:
        """Of its two switches."""
        return self.switch, self.solo


class Inputs(QWidget):
    """The inputs of one shader as controls, built anew for another."""

    def __init__(self, controls: Controls) -> None:
        super().__init__()
        self._controls = controls
        self._made: list[Control] = []
        self._inside: QWidget | None = None
        self.shader = ""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def show_shader(self, shader: str) -> None:
        """Shows this shader's inputs."""
        self.clear()
        self.shader = shader
        ids = inputs_of(shader)
        self._inside = QWidget()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(0, 0, 0, 0)
        if ids:
            column.addLayout(self._controls.grid(ids))
            self._made = [self._controls.by_id[id][-1] for id in ids]
        else:
            column.addWidget(text("It has nothing to set.", "quiet"))
        self._column.addWidget(self._inside)

    def clear(self) -> None:
        """Lets go of what is shown."""
        self._controls.forget(self._made)
        self._made = []
        if self._inside is not None:
            self._column.removeWidget(self._inside)
            self._inside.hide()
            self._inside.deleteLater()
            self._inside = None


class EffectsPage(QWidget):
    """All that happens between the painted picture and the wall."""

    def __init__(self, model: Model, controls: Controls) -> None:
        super().__init__()
        self._model, self._controls = model, controls
        self.rows: dict[str, FilterRow] = {}
        self.chosen = ""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GAP_PX)
        self._column.addWidget(controls.card("effects"))
        self.chain = Card("Chain")
        self.none = text(
            "No filters yet: put ISF files (.fs) into the folder that `klangbild shaders list` names.",
            "quiet",
            wraps=True,
        )
        self.chain.column.addWidget(self.none)
        self._filters = QVBoxLayout()
        self._filters.setSpacing(2)
        self.chain.column.addLayout(self._filters)
        self._column.addWidget(self.chain)
        self.drawer = QWidget(self.chain)
        drawer = QVBoxLayout(self.drawer)
        drawer.setContentsMargins(INDENT_PX, 0, 0, theme.GAP_PX)
        self.about = text("", "quiet", wraps=True)
        self.inputs = Inputs(controls)
        drawer.addWidget(self.about)
        drawer.addWidget(self.inputs)
        self.places: dict[str, tuple[Card, Inputs]] = {}
        self._choices: list[Control] = []
        self.problems = text("", "warning", wraps=True)
        self.problems.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._problems_card = Card("Shaders that fail")
        self._problems_card.column.addWidget(self.problems)
        self._problems_card.hide()
        self._column.addWidget(self._problems_card)
        self._column.addStretch(1)
        self.rebuild()

    def rebuild(self) -> None:
        """Shaders came, changed or went."""
        self._build_rows()
        self._build_places()
        self.show_inputs(self.chosen if self.chosen in self.rows else "")

    def _build_rows(self) -> None:
        for row in self.rows.values():
            self._controls.forget(row.controls)
            self._filters.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = {name: FilterRow(self, self._controls, name) for name in find_filters()}
        self.none.setVisible(not self.rows)

    def _arrange(self) -> None:
        for row in self.rows.values():
            self._filters.removeWidget(row)
        self._filters.removeWidget(self.drawer)
        for name in arrange(str(self._model["chain.order"]), list(self.rows)):
            self._filters.addWidget(self.rows[name])
            if name == self.chosen:
                self._filters.addWidget(self.drawer)
        self.drawer.setVisible(bool(self.chosen))

    def _build_places(self) -> None:
        """Generator and transition, each with the inputs of the one that is chosen."""
        self._controls.forget(self._choices)
        for card, inputs in self.places.values():
            inputs.clear()
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.places, self._choices = {}, []
        for place, name in enumerate(PLACES):
            card, inputs = Card(name.capitalize()), Inputs(self._controls)
            card.column.addLayout(self._controls.grid([f"show.{name}"]))
            card.column.addWidget(inputs)
            self._choices.append(self._controls.by_id[f"show.{name}"][-1])
            self.places[name] = card, inputs
            self._column.insertWidget(self._column.indexOf(self.chain) + 1 + place, card)
            inputs.show_shader(str(self._model[f"show.{name}"]))

    def choose(self, name: str) -> None:
        """Opens the inputs of a filter below it, or closes them."""
        self.show_inputs("" if name == self.chosen else name)

    def show_inputs(self, name: str) -> None:
        """Shows the inputs of a filter; of none where the name is empty."""
        self.chosen = name
        for other, row in self.rows.items():
            row.press.setChecked(other == name)
        self._arrange()
        if name:
            self.about.setText(PARAMETERS[f"shader.{name}.on"].help)
            self.inputs.show_shader(name)
        else:
            self.inputs.clear()

    def move_filter(self, name: str, step: int) -> None:
        """The user wants it earlier or later."""
        self._model.choose("chain.order", move(str(self._model["chain.order"]), list(self.rows), name, step))
        self._arrange()

    def follow(self, changed: Iterable[str]) -> None:
        """Values changed, here or elsewhere; the controls follow by themselves."""
        changed = set(changed)
        if "chain.order" in changed:
            self._arrange()
        for name, (_, inputs) in self.places.items():
            chosen = str(self._model[f"show.{name}"])
            if f"show.{name}" in changed and inputs.shader != chosen:
                inputs.show_shader(chosen)

    def refresh(self) -> None:
        """Says which shaders fail, and why."""
        told = self._model.health("display").get("shaders", {})
        problems = told.get("problems", {}) if isinstance(told, dict) else {}
        sentences = "\n".join(str(reason) for reason in problems.values())
        self._problems_card.setVisible(bool(sentences))
        if self.problems.text() != sentences:
            self.problems.setText(sentences)
