"""The order of filters as a text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visualizer.shaders.ordering import arrange, move, written

FILTERS = ("a", "b", "c", "d")


def test_the_order_names_some_and_the_rest_follow() -> None:
    assert arrange("c, a ,x,c", FILTERS) == ["c", "a", "b", "d"]
    assert arrange("", FILTERS) == list(FILTERS)


def test_a_filter_moves_up_and_down_and_stops_at_the_ends() -> None:
    assert move("", FILTERS, "c", -1) == "a, c"
    assert move("a, c", FILTERS, "c", 1) == ""
    assert move("", FILTERS, "a", -1) == "" and arrange(move("", FILTERS, "a", 9), FILTERS) == [
        "b",
        "c",
        "d",
        "a",
    ]


@given(st.permutations(FILTERS))
def test_what_is_written_is_arranged_again(order: list[str]) -> None:
    assert arrange(written(order, FILTERS), FILTERS) == order
