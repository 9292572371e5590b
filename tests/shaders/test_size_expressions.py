"""Sizes of passes: parsed, never evaluated as code."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer.shaders import expressions

SIZE = {"WIDTH": 640.0, "HEIGHT": 360.0, "blur": 3.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$WIDTH", 640),
        ("$WIDTH/2.0", 320),
        ("WIDTH / 2", 320),
        ("floor($WIDTH/3.0)", 213),
        ("max($WIDTH / 1000.0, 1.0)", 1),
        ("floor($WIDTH*min((0.2+($blur*0.8)),1.0))", 640),
        ("2 + 3 * 4 - 10 / 5", 12),
        ("-2 ^ 2", -4),
        ("2 ** 3 ** 2", 512),
        ("$blur > 2 ? 10 : 20", 10),
        ("if($blur < 2 || !0, 5, 6)", 5),
        ("(7 % 4) * pow(2, 3)", 24),
        (".5e1", 5),
        ("16f", 16),
    ],
)
def test_an_expression_has_its_value(text: str, value: float) -> None:
    assert expressions.parse(text).evaluate(SIZE) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "(1",
        "1)",
        "foo(1)",
        "max()",
        "floor(1, 2)",
        "__import__('os')",
        "1; 2",
        "a.b",
        "$",
        "1 2",
        "?",
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        expressions.parse(text)


@pytest.mark.parametrize("text", ["$nobody", "1 / 0", "sqrt(-1)", "10 ^ 400", "log(0)"])
def test_what_has_no_value_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"no (value|finite)"):
        expressions.parse(text).evaluate(SIZE)


def test_depth_and_length_are_bounded() -> None:
    for text in ("(" * 200 + "1" + ")" * 200, "-" * 300 + "1", "1+" * 400 + "1"):
        with pytest.raises(ValueError, match=r"nested|at most"):
            expressions.parse(text)


_NUMBERS = st.floats(0.1, 1000.0).map(lambda x: f"{x:.3f}")
_TREES = st.recursive(
    _NUMBERS | st.just("$WIDTH"),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=12,
)


@given(_TREES)
def test_arithmetic_agrees_with_python(text: str) -> None:
    import ast

    def walk(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            left, right = walk(node.left), walk(node.right)
            return {ast.Add: left + right, ast.Sub: left - right, ast.Mult: left * right}[type(node.op)]  # type: ignore[index]
        assert isinstance(node, ast.Constant)
        return float(node.value)

    wanted = walk(ast.parse(text.replace("$WIDTH", "640.0"), mode="eval").body)
    if math.isfinite(wanted):
        assert expressions.parse(text).evaluate(SIZE) == pytest.approx(wanted)


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        expressions.parse(text).evaluate(SIZE)
    except ValueError:
        return
