"""From a parameter's declaration to its widgets; and pages of them, grouped as they are declared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QWidget,
)

from visualizer.control.midi_map import is_target
from visualizer.panel import control_menu, theme, wording
from visualizer.panel.badge import BADGE_PX, Badge
from visualizer.panel.midi_state import MidiState
from visualizer.panel.model import Model
from visualizer.panel.surfaces import Card, button
from visualizer.panel.widgets import NumberBox, Segments, Slider, Switch, takes_key
from visualizer.parameters import PARAMETERS, Parameter
from visualizer.types import UserError

MOST_SEGMENT_LETTERS = 18
"""Choices with more letters in all are a list to open."""
MOST_SEGMENTS = 6
MOST_STEPS = 2_000
"""A bare whole number with more of them, such as a seed or a port, has no slider."""


class Control:
    """The widgets of one parameter. They show what the model has, and tell it what the hand wants."""

    def __init__(
        self, parameter: Parameter, model: Model, open_menu: Callable[[Control, QPoint], None] | None = None
    ) -> None:
        """`open_menu` opens the menu of this control at a place of the screen."""
        self.parameter, self._model = parameter, model
        self._open_menu = open_menu
        self.label = _Name(wording.label(parameter), self._reset, self._ask)
        self.back = QToolButton()
        self.back.setText("↺")
        self.back.setObjectName("reset")
        self.back.setFixedWidth(26)
        self.back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.back.clicked.connect(self._reset)
        policy = self.back.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.back.setSizePolicy(policy)
        self.back.setToolTip(f"Back to {wording.written(parameter, parameter.default)}")
        self.back.setAccessibleName(f"{wording.label(parameter)}: back to the default")
        self.widget, self.number = self._build()
        for widget in (self.label, self.widget, self.number):
            if widget is not None:
                widget.setToolTip(wording.tooltip(parameter))
        for widget in (self.widget, self.number):
            if widget is not None:
                widget.setAccessibleName(wording.label(parameter))
        self.badge = self._build_badge()
        self.follow()

    def _build_badge(self) -> Badge | None:
        """The M at the end of the name; None where no knob reaches the parameter."""
        for part in (self.widget, self.number):
            if part is not None and not isinstance(part, Slider | Line):
                control_menu.on_request(part, self._ask)
        if not is_target(self.parameter.id):
            return None
        badge = Badge(self.parameter.id, wording.label(self.parameter), self._model)
        control_menu.on_request(badge, self._ask)
        badge.watch(self.label, self.widget, self.number)
        self.label.carry(badge)
        return badge

    def _build(self) -> tuple[QWidget, NumberBox | None]:
        parameter = self.parameter
        match parameter.kind:
            case "float" | "int":
                return self._build_number()
            case "bool":
                switch = Switch()
                switch.clicked.connect(self._choose)
                return switch, None
            case "choice":
                return self._build_choice(), None
            case "trigger":
                trigger = button(wording.label(parameter))
                trigger.clicked.connect(lambda: self._choose(True))
                return trigger, None
            case "text":
                line = Line()
                line.editingFinished.connect(lambda: self._choose(line.text()))
                return line, None

    def _build_number(self) -> tuple[QWidget, NumberBox | None]:
        p = self.parameter
        number = NumberBox(p.min, p.max, wording.n_decimals(p), wording.suffix(p))
        number.entered.connect(self._choose)
        if p.kind == "int" and not p.unit and p.max - p.min > MOST_STEPS:
            return number, None
        slider = Slider(p.min, p.max, p.curve, float(p.default), whole=p.kind == "int")
        slider.moved.connect(self._choose)
        slider.reset.connect(self._reset)
        slider.asked.connect(self._ask)
        slider.sliderReleased.connect(self.follow)
        return slider, number

    def _build_choice(self) -> QWidget:
        p = self.parameter
        choices = [(value, wording.choice(p, value)) for value in p.choices]
        n_letters = sum(len(words) for _, words in choices)
        if n_letters <= MOST_SEGMENT_LETTERS and len(choices) <= MOST_SEGMENTS:
            segments = Segments(choices)
            segments.picked.connect(self._choose)
            return segments
        combo = Combo()
        for value, words in choices:
            combo.addItem(words, value)
        combo.activated.connect(lambda place: self._choose(combo.itemData(place)))
        return combo

    def _choose(self, value: object) -> None:
        try:
            self._model.choose(self.parameter.id, value)
        except UserError as error:
            self.widget.setToolTip(str(error))
        self.follow()

    def _ask(self, place: QPoint) -> None:
        if self._open_menu is not None:
            self._open_menu(self, place)
        else:
            self._reset()

    def _reset(self) -> None:
        if self.parameter.kind != "trigger":
            self._model.reset(self.parameter.id)
        self.follow()

    def follow(self) -> None:
        """Shows the model's value; a widget under the hand stays."""
        value = self._model[self.parameter.id]
        widget = self.widget
        if isinstance(widget, Slider | NumberBox):
            widget.show_value(float(value))
        elif isinstance(widget, Switch):
            widget.setChecked(bool(value))
        elif isinstance(widget, Segments):
            widget.show_value(str(value))
        elif isinstance(widget, Combo):
            widget.setCurrentIndex(widget.findData(value))
        elif isinstance(widget, Line):
            widget.show_value(str(value))
        if self.number is not None:
            self.number.show_value(float(value))
        is_trigger = self.parameter.kind == "trigger"
        is_placed = self.back.parent() is not None  # without a place it would open a window of its own
        self.back.setVisible(is_placed and not is_trigger and not self._model.is_default(self.parameter))


class Line(QLineEdit):
    """A line of text, confirmed with Enter or by leaving it; Escape leaves it as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(110)
        self._shown = ""

    def show_value(self, value: str) -> None:
        """Follows the show, unless it is being written."""
        self._shown = value
        if not self.hasFocus() and self.text() != value:
            self.setText(value)
            self.setCursorPosition(0)

    def event(self, event: QEvent | None) -> bool:
        return takes_key(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.setText(self._shown)
            self.clearFocus()
            return
        super().keyPressEvent(event)
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clearFocus()


class Combo(QComboBox):
    """A list to choose from that the wheel does not change in passing."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(9)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None:
            event.ignore()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        words, room = option.currentText or "", self.width() - 46
        option.currentText = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, room)
        x, y = self.width() - 18.0, self.height() / 2 - 2
        with QStylePainter(self) as painter:
            painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
            painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)  # the stylesheet takes Fusion's arrow away
            painter.setBrush(QColor(theme.QUIET))
            painter.drawPolygon(QPointF(x - 6, y), QPointF(x + 6, y), QPointF(x, y + 7))


class _Name(QLabel):
    """A parameter's name, with its badge at the end; a double click goes back to the default, a right click
    asks for more."""

    def __init__(self, words: str, reset: Callable[[], None], ask: Callable[[QPoint], None]) -> None:
        super().__init__(words)
        self._reset, self._ask = reset, ask
        self._badge: Badge | None = None

    def carry(self, badge: Badge) -> None:
        """Keeps room for a badge and puts it there."""
        self._badge = badge
        badge.setParent(self)
        self.setContentsMargins(0, 0, BADGE_PX, 0)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if self._badge is not None:
            self._badge.move(self.width() - BADGE_PX, (self.height() - BADGE_PX) // 2)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        self._reset()

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is not None:
            self._ask(event.globalPos())


class Controls:
    """All controls of the panel by id; they follow together."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.by_id: dict[str, list[Control]] = {}
        self.offers: list[Callable[[Control], list[tuple[str, Callable[[], object]]]]] = []
        """What pages offer in the menu of a control: words, and what is done then."""

    def make(self, id: str) -> Control:
        """The widgets of a parameter; one parameter may have several."""
        control = Control(PARAMETERS[id], self._model, self._open_menu)
        self.by_id.setdefault(id, []).append(control)
        return control

    def menu_of(self, control: Control) -> QMenu:
        """What a right click on a control, or the menu key, offers."""
        menu = QMenu(control.label)
        entries = [entry for offer in self.offers for entry in offer(control)]
        if control.parameter.kind != "trigger":
            back = f"Back to {wording.written(control.parameter, control.parameter.default)}"
            entries.append((back, lambda: self._model.reset(control.parameter.id)))
        for words, does in entries:
            action = menu.addAction(words)
            assert action is not None
            action.triggered.connect(lambda _, does=does: does())
        control_menu.add_midi(menu, control.parameter.id, self._model)
        return menu

    def _open_menu(self, control: Control, place: QPoint) -> None:
        menu = self.menu_of(control)
        menu.exec(place)
        menu.deleteLater()

    def forget(self, controls: Iterable[Control]) -> None:
        """These are to be deleted."""
        for control in controls:
            id = control.parameter.id
            self.by_id[id].remove(control)
            if not self.by_id[id]:
                del self.by_id[id]

    def follow(self, changed: Iterable[str]) -> None:
        """Shows new values."""
        for id in changed:
            for control in self.by_id.get(id, ()):
                control.follow()

    def follow_midi(self, state: MidiState, is_learning: bool, is_lit: bool) -> None:
        """Shows on all badges what is bound and what waits for a knob."""
        for controls in self.by_id.values():
            for control in controls:
                if control.badge is not None:
                    control.badge.follow(state, is_learning, is_lit)

    def card(self, group: str, without: Collection[str] = ()) -> Card:
        """A card with the parameters of one group, in the order of their declaration."""
        card = Card(wording.group(group))
        ids = [p.id for p in PARAMETERS.values() if p.group == group and p.id not in without]
        card.column.addLayout(self.grid(ids))
        return card

    def grid(self, ids: Iterable[str]) -> QGridLayout:
        """Rows of name, widget, number and the way back."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GAP_PX)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, id in enumerate(ids):
            control = self.make(id)
            grid.addWidget(control.label, row, 0)
            if control.number is not None:
                grid.addWidget(control.widget, row, 1)
                grid.addWidget(control.number, row, 2)
            elif isinstance(control.widget, NumberBox | Switch | QPushButton):
                grid.addWidget(control.widget, row, 1, 1, 2, Qt.AlignmentFlag.AlignLeft)
            else:
                grid.addWidget(control.widget, row, 1, 1, 2)
            grid.addWidget(control.back, row, 3)
        return grid


def groups_of(prefix: str) -> list[str]:
    """The groups that begin with a word, in the order of their declaration."""
    found = [p.group for p in PARAMETERS.values() if p.group.split(".")[0] == prefix]
    return list(dict.fromkeys(found))
