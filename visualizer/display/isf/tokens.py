"""GLSL taken to pieces: every character is in exactly one token, so joining them gives the source back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["space", "line", "comment", "word", "number", "sign", "other"]

_TOKEN = re.compile(
    r"""(?P<line>\n)
    |(?P<space>(?:[^\S\n]|\\\n)+)
    |(?P<comment>//(?:\\\n|[^\n])*|/\*.*?(?:\*/|\Z))
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[a-zA-Z]*)
    |(?P<sign>\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\^\^|\+=|-=|\*=|/=|%=|&=|\|=|\^=|\#\#|[^\sA-Za-z0-9_"'])
    |(?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)


@dataclass(slots=True)
class Token:
    """One piece; `translate` changes texts and leaves the number of line ends as it is."""

    kind: Kind
    text: str

    @property
    def is_code(self) -> bool:
        """Whether it means something to the compiler."""
        return self.kind in ("word", "number", "sign", "other")

    def blank(self) -> None:
        """Takes its text away but for its line ends."""
        self.text = "\n" * self.text.count("\n") or " "
        self.kind = "line" if self.text.startswith("\n") else "space"


def read_tokens(source: str) -> list[Token]:
    """The tokens of any text; never fails."""
    return [Token(found.lastgroup, found[0]) for found in _TOKEN.finditer(source)]  # type: ignore[arg-type]


def join(tokens: Iterable[Token]) -> str:
    """The source again."""
    return "".join(token.text for token in tokens)


def directives(tokens: list[Token]) -> Iterator[tuple[str, int, int]]:
    """Each preprocessor line: its name, its first token and the one after its last."""
    is_start = True
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if is_start and token.text == "#":
            end = place
            while end < len(tokens) and tokens[end].kind != "line":
                end += 1
            words = [t.text for t in tokens[place:end] if t.kind == "word"]
            yield words[0] if words else "", place, end
            place = end
            continue
        if token.kind == "line":
            is_start = True
        elif token.is_code:
            is_start = False
        place += 1


def next_code(tokens: list[Token], place: int) -> int:
    """The place of the next meaningful token from `place` on; the number of tokens where there is none."""
    while place < len(tokens) and not tokens[place].is_code:
        place += 1
    return place
