"""The order in which Tab leads through a page: as it is read, also where rows came later."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractSpinBox, QComboBox, QLabel, QLayout, QWidget


def order_tabs(before: QWidget, page: QWidget) -> None:
    """Puts all that Tab reaches on a page behind `before`, as its layouts have it."""
    for widget in reached(page):
        QWidget.setTabOrder(before, widget)
        before = widget


def reached(page: QWidget) -> Iterator[QWidget]:
    """What takes Tab on a page, in the order of its layouts; hidden ones too."""
    if page.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield page
    if isinstance(page, QAbstractSpinBox | QComboBox):
        return  # their insides follow them
    layout = page.layout()
    if layout is not None:
        yield from _of_layout(layout)
    elif isinstance(page, QLabel):
        for badge in page.findChildren(QWidget):
            yield from reached(badge)


def _of_layout(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        widget, inner = (item.widget(), item.layout()) if item is not None else (None, None)
        if widget is not None:
            yield from reached(widget)
        elif inner is not None:
            yield from _of_layout(inner)
