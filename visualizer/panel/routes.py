"""The rows of the modulation matrix: one a route, from what moves to what is moved."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from visualizer.panel import theme
from visualizer.panel.controls import Controls
from visualizer.panel.model import Model
from visualizer.panel.picking import Pick, source_name, sources, target_name, targets
from visualizer.panel.surfaces import button, text
from visualizer.parameters import PARAMETERS
from visualizer.parameters.modulating import N_ROUTES
from visualizer.types import UserError

PARTS = ("on", "source", "target", "amount", "low", "high", "attack_s", "decay_s", "invert")
_MORE = ("attack_s", "decay_s", "low", "high")
NARROW_PX, WIDE_PX = 372, 640


class Meter(QWidget):
    """A thin bar for a signal in [0, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(4)
        self.share = 0.0

    def show_share(self, share: float) -> None:
        """The signal now."""
        if abs(share - self.share) > 0.004:
            self.share = share
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.RAISED))
            painter.fillRect(QRectF(0, 0, self.width() * self.share, self.height()), QColor(theme.BLUE))


class Route(QWidget):
    """One route: switch, source with its meter, amount, target; more of it on request."""

    def __init__(self, n: int, model: Model, controls: Controls) -> None:
        super().__init__()
        self.n, self._model = n, model
        self.source = Pick("What moves", sources, source_name, lambda value: self._choose("source", value))
        self.target = Pick("What is moved", targets, target_name, lambda value: self._choose("target", value))
        self.meter = Meter()
        self.more = button("⋯", checkable=True, tip="Attack, decay, range, invert")
        self.more.setAccessibleName(f"Route {n}: attack, decay, range, invert")
        self.remove = button("✕", tip="Empties this route")
        self.remove.setAccessibleName(f"Remove route {n}")
        self.remove.clicked.connect(self.clear)
        for small in (self.more, self.remove):
            small.setFixedWidth(44)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._build_row(controls))
        self.details = self._build_details(controls)
        self.details.hide()
        self.more.toggled.connect(self.details.setVisible)
        column.addWidget(self.details)
        self._is_wide: bool | None = None
        self._arrange()
        self.follow()

    def id(self, part: str) -> str:
        """Of one of its parameters."""
        return f"modulation.{self.n}.{part}"

    def _build_row(self, controls: Controls) -> QGridLayout:
        grid = self._grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        number = text(str(self.n), "quiet")
        number.setFixedWidth(20)
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        number.setToolTip(f"Its parameters begin with modulation.{self.n}")
        on, amount = controls.make(self.id("on")), controls.make(self.id("amount"))
        self.amount = QWidget()
        row = QHBoxLayout(self.amount)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(amount.widget, 1)
        if amount.number is not None:
            row.addWidget(amount.number)
        for place, widget in enumerate((number, on.widget, self.source)):
            grid.addWidget(widget, 0, place)
        grid.addWidget(self.meter, 1, 2)
        for place, stretch in ((2, 3), (4, 4)):
            grid.setColumnStretch(place, stretch)
        return grid

    def _build_details(self, controls: Controls) -> QWidget:
        details = QWidget()
        grid = self._details_grid = QGridLayout(details)
        grid.setContentsMargins(28, 0, 0, 6)
        grid.setSpacing(4)
        grid.setHorizontalSpacing(theme.GAP_PX)
        self._parts = [QWidget() for _ in range(3)]
        for part, names in zip(self._parts, (_MORE[:2], _MORE[2:], ("invert",)), strict=True):
            inner = controls.grid([self.id(name) for name in names])
            inner.setContentsMargins(0, 0, 0, 0)
            part.setLayout(inner)
        return details

    def _arrange(self) -> None:
        """In one line where there is room, else the amount below."""
        is_wide = self.width() >= WIDE_PX
        if is_wide != self._is_wide:
            self._is_wide = is_wide
            self._grid.addWidget(self.target, 0, 4, 1, 1 if is_wide else 3)
            self._grid.addWidget(self.amount, *((0, 3) if is_wide else (2, 2, 1, 3)))
            for place, small in enumerate((self.more, self.remove), 5):
                self._grid.addWidget(small, 0 if is_wide else 2, place)
            self._grid.setColumnStretch(3, 4 if is_wide else 0)
            for place, part in enumerate(self._parts):
                where = (place // 2, place % 2) if is_wide else (place, 0)
                self._details_grid.addWidget(part, *where)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """That of two lines, in which it is arranged when it must be."""
        return QSize(NARROW_PX, super().minimumSizeHint().height())

    @property
    def is_used(self) -> bool:
        """Whether it has a source or a target."""
        return bool(self._model[self.id("source")] or self._model[self.id("target")])

    def clear(self) -> None:
        """As declared."""
        for part in PARTS:
            self._model.reset(self.id(part))

    def _choose(self, part: str, value: str) -> None:
        try:
            self._model.choose(self.id(part), value)
        except UserError as error:
            (self.source if part == "source" else self.target).setToolTip(str(error))
        self.follow()

    def follow(self) -> None:
        """Shows what the model has."""
        self.source.show_value(str(self._model[self.id("source")]))
        self.target.show_value(str(self._model[self.id("target")]))


class Matrix(QWidget):
    """The routes in use, one below the other. Rows are built when they are needed first."""

    def __init__(self, model: Model, controls: Controls, on_change: Callable[[], None]) -> None:
        super().__init__()
        self._model, self._controls, self._on_change = model, controls, on_change
        self.rows: dict[int, Route] = {}
        self._opened: set[int] = set()
        """Rows that were added here and are still empty."""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    @property
    def n_used(self) -> int:
        """How many routes have a source or a target."""
        return sum(self._is_used(n) for n in range(1, N_ROUTES + 1))

    def _is_used(self, n: int) -> bool:
        return any(self._model[f"modulation.{n}.{part}"] for part in ("source", "target"))

    def add(self, target: str = "") -> Route | None:
        """A free route, with that target if it is given; None where there is none left."""
        free = (n for n in range(1, N_ROUTES + 1) if not self._is_used(n))
        n = next((n for n in free if target or n not in self._opened), None)
        if n is None:
            return None
        row = self._row(n)
        if target and target in PARAMETERS:
            row.clear()
            self._model.choose(row.id("target"), target)
        self._opened.add(n)
        self.follow()
        return row

    def follow(self) -> None:
        """Shows the rows in use, and those that were added."""
        for n in range(1, N_ROUTES + 1):
            is_used = self._is_used(n)
            if is_used:
                self._opened.discard(n)
            if is_used or n in self._opened or n in self.rows:
                row = self._row(n)
                row.setVisible(is_used or n in self._opened)
                row.follow()
        self._on_change()

    def _row(self, n: int) -> Route:
        if n not in self.rows:
            row = Route(n, self._model, self._controls)
            row.remove.clicked.connect(lambda: self._close(n))
            place = sum(other < n for other in self.rows)
            self.rows[n] = row
            self._column.insertWidget(place, row)
        return self.rows[n]

    def _close(self, n: int) -> None:
        self._opened.discard(n)
        self.follow()
