"""Sizes of passes, such as `floor($WIDTH/2.0)`: parsed here, never evaluated as code.

Numbers, `$NAME`, + - * / % ^ **, comparisons, && || !, `a ? b : c` and the functions of `_FUNCTIONS`, in the
manner of the maths parsers that hosts of ISF use.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MAX_CHARACTERS = 500
_MAX_DEPTH = 60

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)f?"
    r"|(?P<name>\$?[A-Za-z_]\w*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|&&|\|\||[-+*/%^()<>!?:,]))"
)
_BINDING = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "^": 8, "**": 8,
}  # fmt: skip
_UNARY_BINDING = 7
_FUNCTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    "floor": (1, math.floor),
    "ceil": (1, math.ceil),
    "round": (1, lambda x: math.floor(x + 0.5)),
    "trunc": (1, math.trunc),
    "int": (1, math.trunc),
    "float": (1, float),
    "frac": (1, lambda x: x - math.floor(x)),
    "fract": (1, lambda x: x - math.floor(x)),
    "abs": (1, abs),
    "sign": (1, lambda x: (x > 0) - (x < 0)),
    "sqrt": (1, math.sqrt),
    "exp": (1, math.exp),
    "log": (1, math.log),
    "ln": (1, math.log),
    "log2": (1, math.log2),
    "log10": (1, math.log10),
    "sin": (1, math.sin),
    "cos": (1, math.cos),
    "tan": (1, math.tan),
    "pow": (2, math.pow),
    "mod": (2, lambda x, y: x - y * math.floor(x / y)),
    "min": (-1, min),
    "max": (-1, max),
    "clamp": (3, lambda x, low, high: min(max(x, low), high)),
    "if": (3, lambda x, yes, no: yes if x else no),
}
"""Name: how many values it takes (-1: one or more), and what it gives."""
_CONSTANTS = {"pi": math.pi, "e": math.e, "true": 1.0, "false": 0.0}

Node = tuple[str, tuple["Node", ...]] | float


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression."""

    text: str
    names: frozenset[str]
    """The variables it asks for, without `$`."""
    _root: Node

    def evaluate(self, values: Mapping[str, float]) -> float:
        """Its value; ValueError where a name is unknown or the result is no finite number."""
        try:
            result = float(_evaluate(self._root, values))
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ValueError(f"{self.text!r} has no value ({error})") from None
        if not math.isfinite(result):
            raise ValueError(f"{self.text!r} is no finite number")
        return result


def parse(text: str) -> Expression:
    """The expression in `text`; ValueError where it is none."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"an expression has at most {MAX_CHARACTERS} characters")
    reader = _Reader(text)
    root = reader.expression(0, 0)
    if reader.token:
        raise ValueError(f"{text!r} goes on after its end at {reader.token!r}")
    return Expression(text, frozenset(reader.names), root)


class _Reader:
    """Operator precedence: each call reads what binds at least as tightly as it was told."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self.token = ""
        self._kind = ""
        self.names: set[str] = set()
        self._advance()

    def _advance(self) -> None:
        if not self._text[self._place :].strip():
            self.token = self._kind = ""
            return
        found = _TOKEN.match(self._text, self._place)
        if found is None:
            raise ValueError(f"{self._text!r} has something strange at character {self._place + 1}")
        self._place = found.end()
        self._kind = str(found.lastgroup)
        self.token = found[self._kind]

    def _take(self, sign: str) -> None:
        if self.token != sign or self._kind != "sign":
            raise ValueError(f"{self._text!r} lacks {sign!r}")
        self._advance()

    def expression(self, least: int, depth: int) -> Node:
        """An expression whose operators bind at least so tightly."""
        if depth > _MAX_DEPTH:
            raise ValueError(f"{self._text[:40]!r} is nested too deeply")
        left = self._value(depth)
        while self._kind == "sign" and self.token in _BINDING and _BINDING[self.token] >= max(least, 1):
            sign = self.token
            self._advance()
            binding = _BINDING[sign] + (sign not in ("^", "**"))  # powers group to the right
            left = (sign, (left, self.expression(binding, depth + 1)))
        if least == 0 and self.token == "?":
            self._advance()
            yes = self.expression(0, depth + 1)
            self._take(":")
            left = ("if", (left, yes, self.expression(0, depth + 1)))
        return left

    def _value(self, depth: int) -> Node:
        kind, token = self._kind, self.token
        if not token:
            raise ValueError(f"{self._text!r} ends too early")
        self._advance()
        if kind == "number":
            return float(token)
        if kind == "name":
            return self._named(token, depth)
        if token in ("-", "+", "!"):
            return (f"unary {token}", (self.expression(_UNARY_BINDING, depth + 1),))
        if token == "(":
            inside = self.expression(0, depth + 1)
            self._take(")")
            return inside
        raise ValueError(f"{self._text!r} has {token!r} where a number should be")

    def _named(self, token: str, depth: int) -> Node:
        if self.token == "(" and not token.startswith("$"):
            return self._call(token.lower(), depth)
        name = token.removeprefix("$")
        if not token.startswith("$") and name.lower() in _CONSTANTS:
            return _CONSTANTS[name.lower()]
        self.names.add(name)
        return (f"${name}", ())

    def _call(self, name: str, depth: int) -> Node:
        if name not in _FUNCTIONS:
            raise ValueError(f"{self._text!r} calls {name}, which is not known")
        self._take("(")
        arguments: list[Node] = []
        while self.token != ")":
            arguments.append(self.expression(0, depth + 1))
            if self.token != ")":
                self._take(",")
        self._take(")")
        n_wanted = _FUNCTIONS[name][0]
        if not arguments or (n_wanted >= 0 and len(arguments) != n_wanted):
            raise ValueError(f"{self._text!r} gives {name} {len(arguments)} values")
        return (name, tuple(arguments))


def _evaluate(node: Node, values: Mapping[str, float]) -> float:
    if isinstance(node, float):
        return node
    sign, inner = node
    if sign.startswith("$"):
        if sign[1:] not in values:
            raise ValueError(f"{sign} is not known")
        return float(values[sign[1:]])
    parts = [_evaluate(part, values) for part in inner]
    if sign in _FUNCTIONS:
        return float(_FUNCTIONS[sign][1](*parts))
    return float(_OPERATORS[sign](*parts))


_OPERATORS: dict[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": math.fmod,
    "^": math.pow,
    "**": math.pow,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "&&": lambda a, b: bool(a) and bool(b),
    "||": lambda a, b: bool(a) or bool(b),
    "unary -": lambda a: -a,
    "unary +": lambda a: a,
    "unary !": lambda a: not a,
}
