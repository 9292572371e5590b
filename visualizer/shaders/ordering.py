"""The order of the filters, as a text that names as few of them as will do."""

from __future__ import annotations

from collections.abc import Sequence


def arrange(wanted: str, filters: Sequence[str]) -> list[str]:
    """All filters: those that the text names, then the others as they come."""
    named = [name for name in dict.fromkeys(part.strip() for part in wanted.split(",")) if name in filters]
    return [*named, *(name for name in filters if name not in named)]


def written(order: Sequence[str], filters: Sequence[str]) -> str:
    """The shortest text that `arrange` makes this order of."""
    for n_named in range(len(order) + 1):
        text = ", ".join(order[:n_named])
        if arrange(text, filters) == list(order):
            return text
    return ", ".join(order)


def move(wanted: str, filters: Sequence[str], name: str, step: int) -> str:
    """The text after a filter went so many places down (up, where negative)."""
    order = arrange(wanted, filters)
    place = order.index(name)
    order.insert(min(max(place + step, 0), len(order) - 1), order.pop(place))
    return written(order, filters)
