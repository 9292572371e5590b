"""JSON as people write it by hand: trailing or missing commas, comments, tabs in texts, `.5`, `True`."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"\\]|\\.)*")
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?f?)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>[{}\[\]:,])""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:(?P<known>[\"\\/bfnrt]|u[0-9a-fA-F]{4})|.)", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)
_WORDS = {"true": "true", "yes": "true", "false": "false", "no": "false", "null": "null", "nil": "null"}
_OPENERS, _CLOSERS = "{[", "}]"
_ENDS_VALUE, _STARTS_VALUE = {"text", "number", "word", "close"}, {"text", "number", "word", "open"}


def loads(text: str) -> Any:
    """The first value in `text`, what follows it is ignored; ValueError with the line where it is none."""
    try:
        return _DECODER.raw_decode(text.lstrip())[
            0
        ]  # most are well-formed, and this is a hundred times quicker
    except ValueError:
        return json.loads("".join(_tidy(text)), strict=False)


def _tidy(text: str) -> list[str]:
    """The same in strict JSON."""
    tidy: list[str] = []
    place, depth, before = 0, 0, ""
    while place < len(text):
        found = _TOKEN.match(text, place)
        line = text.count("\n", 0, place) + 1
        if found is None:
            raise ValueError(f"{text[place]!r} in line {line} is out of place")
        place = found.end()
        kind, token = str(found.lastgroup), found[0]
        if kind == "space":
            continue
        if kind == "sign":
            kind = {"{": "open", "[": "open", "}": "close", "]": "close"}.get(token, token)
        if kind == "," and (before in ("", ",", "open", ":")):
            continue
        if kind == "close" and tidy and before == ",":
            tidy.pop()
        if before in _ENDS_VALUE and kind in _STARTS_VALUE:
            tidy.append(",")
        tidy.append(_strict(kind, token, line))
        before = kind
        depth += (kind == "open") - (kind == "close")
        if depth <= 0:
            return tidy
    raise ValueError("a bracket is never closed" if depth else "it is empty")


def _strict(kind: str, token: str, line: int) -> str:
    if kind == "number":
        number = float(token.rstrip("f"))
        is_whole = number.is_integer() and abs(number) < 1e15 and not set(token.lower()) & set(".e")
        return str(int(number)) if is_whole else repr(number) if abs(number) < 1e300 else "0"
    if kind == "text":
        return _ESCAPE.sub(lambda found: found[0] if found["known"] else "\\" + found[0], token)
    if kind == "word":
        if token.lower() not in _WORDS:
            raise ValueError(f"{token} in line {line} wants quotation marks")
        return _WORDS[token.lower()]
    return token
