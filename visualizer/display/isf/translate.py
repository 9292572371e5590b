"""GLSL of any age as shaders for ISF are written in, turned into GLSL 3.30 core, token by token.

The lines stay where they are, so that an error names the line of the user's file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from visualizer.display.isf import prelude
from visualizer.display.isf.tokens import Token, directives, join, next_code, read_tokens

Stage = Literal["fragment", "vertex"]

_DROPPED_DIRECTIVES = ("version", "extension", "pragma", "line")

_RENAMED = {
    "texture2D": "isf_norm",
    "texture2DRect": "isf_px",
    "texture2DProj": "isf_proj",
    "texture2DLod": "isf_lod",
    "texture2DLodEXT": "isf_lod",
    "texture2DLodARB": "isf_lod",
    "texture2DGrad": "isf_grad",
    "texture2DGradEXT": "isf_grad",
    "texture2DGradARB": "isf_grad",
    "sampler2DRect": "sampler2D",
    "gl_FragColor": "isf_FragColor",
    "vv_FragNormCoord": prelude.COORDINATE,
    "vv_vertShaderInit": "isf_vertShaderInit",
    "gl_Vertex": "vec4(isf_position, 1.0)",
    "gl_MultiTexCoord0": "vec4(isf_corner(), 0.0, 1.0)",
}

_TAKEN = frozenset(
    [
        "common",
        "partition",
        "active",
        "asm",
        "class",
        "union",
        "enum",
        "typedef",
        "template",
        "this",
        "packed",
        "resource",
        "goto",
        "inline",
        "noinline",
        "public",
        "static",
        "extern",
        "external",
        "interface",
        "long",
        "short",
        "double",
        "half",
        "fixed",
        "unsigned",
        "superp",
        "input",
        "output",
        "hvec2",
        "hvec3",
        "hvec4",
        "dvec2",
        "dvec3",
        "dvec4",
        "fvec2",
        "fvec3",
        "fvec4",
        "sampler3DRect",
        "filter",
        "sizeof",
        "cast",
        "namespace",
        "using",
        "row_major",
        "coherent",
        "volatile",
        "restrict",
        "readonly",
        "writeonly",
        "atomic_uint",
        "patch",
        "sample",
        "subroutine",
        "precise",
        "shared",
        "buffer",
        "image1D",
        "image2D",
        "image3D",
        "imageCube",
        "centroid",
        "isampler2D",
        "usampler2D",
    ]
)
"""Words that GLSL has taken since the shader was written; as a name they get an underscore."""
_TAKEN_UNLESS_USED = {
    "flat": "word",
    "smooth": "word",
    "noperspective": "word",
    "layout": "(",
    "uint": "word(",
    "switch": "(",
    "case": "word number-",
    "default": ":",
}
"""Words that mean something in 3.30 where such a token follows, and are names elsewhere."""
_QUALIFIERS = ("highp", "mediump", "lowp", "flat", "smooth", "noperspective", "centroid", "invariant")
_IMAGE_FACTS = {"_imgRect": "vec4(0.0, 0.0, 1.0, 1.0)", "_flip": "false"}


def translate(
    source: str,
    stage: Stage,
    known: Collection[str],
    inputs: Collection[str],
    varyings: Collection[str] | None,
) -> str:
    """The source in 3.30 without a version line.

    `known` are names that the prelude declares; `inputs` those of them that the user chose; `varyings` what
    the shader's vertex shader hands over, or None where it has none and all are to be made up.
    """
    tokens = [token for token in read_tokens(source)]
    for token in tokens:
        if token.kind == "comment" or (token.kind == "other" or not token.text.isascii()):
            token.blank()
    _drop_directives(tokens)
    _rename_taken(tokens, inputs)
    _rename(tokens, stage, inputs)
    _declarations(tokens, stage, known, varyings)
    return join(tokens)


def words(source: str) -> set[str]:
    """All names in a source."""
    return {token.text for token in read_tokens(source) if token.kind == "word"}


def varyings_of(vertex: str) -> set[str]:
    """Names that a vertex shader hands over."""
    tokens = read_tokens(vertex)
    found: set[str] = set()
    for start, end in _global_statements(tokens):
        texts = [t for t in tokens[start:end] if t.is_code]
        if (
            texts
            and texts[0].text in ("varying", "out", *_QUALIFIERS)
            and _qualifier(texts) in ("varying", "out")
        ):
            found |= {tokens[place].text for place in _names(tokens, start, end)}
    return found


def has_own_output(source: str) -> bool:
    """Whether a fragment shader declares an output variable, as GLSL 3 does."""
    tokens = read_tokens(source)
    return any(
        _qualifier([t for t in tokens[start:end] if t.is_code]) == "out"
        for start, end in _global_statements(tokens)
    )


def renamed_input(name: str) -> str:
    """How the uniform of an input is called in GLSL."""
    return f"{name}_" if name in _TAKEN or name in _TAKEN_UNLESS_USED else name


def _drop_directives(tokens: list[Token]) -> None:
    for name, start, end in directives(tokens):
        if name in _DROPPED_DIRECTIVES:
            for token in tokens[start:end]:
                token.blank()


def _rename_taken(tokens: list[Token], inputs: Collection[str]) -> None:
    for place, token in enumerate(tokens):
        if token.kind != "word":
            continue
        if token.text in _TAKEN and not _is_centroid(tokens, place):
            token.text += "_"
        elif token.text in _TAKEN_UNLESS_USED:
            after = next_code(tokens, place + 1)
            follows = tokens[after] if after < len(tokens) else Token("sign", ";")
            used = _TAKEN_UNLESS_USED[token.text]
            if token.text in inputs or not (follows.kind in used or follows.text in used):
                token.text += "_"


def _is_centroid(tokens: list[Token], place: int) -> bool:
    after = next_code(tokens, place + 1)
    return tokens[place].text == "centroid" and after < len(tokens) and tokens[after].kind == "word"


def _rename(tokens: list[Token], stage: Stage, inputs: Collection[str]) -> None:
    for place, token in enumerate(tokens):
        if token.kind != "word" or token.text in inputs:
            continue
        if token.text == "gl_FragData":
            _drop_index(tokens, place)
            token.text = "isf_FragColor"
        elif token.text == "main" and stage == "vertex":
            token.text = "isf_main"
        elif token.text == "attribute":
            token.text = "in"
        elif token.text == "varying":
            token.text = "in" if stage == "fragment" else "out"
        elif token.text in _RENAMED:
            token.text = _RENAMED[token.text]
        elif token.text.startswith("_"):
            _image_fact(token)


def _image_fact(token: Token) -> None:
    """`_NAME_imgSize` and its like, which hosts declare beside an image."""
    for ending, value in _IMAGE_FACTS.items():
        if token.text.endswith(ending):
            token.text = value
    if token.text.endswith("_imgSize"):
        token.text = f"isf_size({token.text[1:-8]})"


def _drop_index(tokens: list[Token], place: int) -> None:
    start = next_code(tokens, place + 1)
    if start < len(tokens) and tokens[start].text == "[":
        while start < len(tokens) and tokens[start].text != "]":
            tokens[start].blank()
            start += 1
        if start < len(tokens):
            tokens[start].blank()


def _global_statements(tokens: list[Token]) -> Iterator[tuple[int, int]]:
    """The statements outside of functions that end in a semicolon: first token and the one after the last."""
    skipped = {p for _, start, end in directives(tokens) for p in range(start, end)}
    depth, start = 0, -1
    for place, token in enumerate(tokens):
        if place in skipped:
            start = -1
        elif token.is_code:
            if start < 0 and depth == 0:
                start = place
            if token.text in "{(":
                depth += 1
            elif token.text in "})":
                depth = max(depth - 1, 0)
                if token.text == "}" and depth == 0:
                    start = -1
            elif token.text == ";" and depth == 0:
                if start >= 0:
                    yield start, place + 1
                start = -1


def _qualifier(code: list[Token]) -> str:
    """`uniform`, `in`, `out` or `varying` of a declaration; "" for anything else."""
    for token in code[:4]:
        if token.text in ("uniform", "in", "out", "varying", "attribute"):
            return token.text
        if token.text not in _QUALIFIERS:
            return ""
    return ""


def _names(tokens: list[Token], start: int, end: int) -> Iterator[int]:
    """The places of the names that a declaration declares."""
    before = ""
    depth, is_value = 0, False
    for place in range(start, end):
        token = tokens[place]
        if not token.is_code:
            continue
        depth += (token.text in "([") - (token.text in ")]")
        if depth == 0 and token.text in (",", ";"):
            is_value = False
        after = tokens[next_code(tokens, place + 1)].text if place + 1 < end else ""
        if token.kind == "word" and depth == 0 and not is_value and before and after in (",", ";", "[", "="):
            yield place
        is_value = is_value or token.text == "="
        before = token.text


def _declarations(
    tokens: list[Token], stage: Stage, known: Collection[str], varyings: Collection[str] | None
) -> None:
    """Takes out what the prelude declares already, and gives a value to varyings that nobody hands over."""
    for start, end in list(_global_statements(tokens)):
        code = [token for token in tokens[start:end] if token.is_code]
        qualifier = _qualifier(code)
        if not qualifier:
            continue
        names = list(_names(tokens, start, end))
        if names and all(tokens[place].text in known for place in names):
            _blank(tokens[start:end])
        elif qualifier == "in" and stage == "vertex":
            for token in code[: next(i for i, t in enumerate(code) if t.text == "in") + 1]:
                token.blank()
        elif qualifier == "in":
            unfed = [p for p in names if varyings is None or tokens[p].text not in varyings]
            if len(unfed) == len(names):
                _make_up(tokens, start, end, unfed)


def _make_up(tokens: list[Token], start: int, end: int, names: Iterable[int]) -> None:
    """Turns `in vec2 a;` into a variable that holds the place in the frame: no vertex shader feeds it."""
    type_ = ""
    for token in tokens[start:end]:
        if token.text in ("in", *_QUALIFIERS):
            token.blank()
        elif token.kind == "word":
            type_ = token.text
            break
    for place in names:
        after = tokens[next_code(tokens, place + 1)].text
        if after in (",", ";") and type_ in ("vec2", "vec3", "vec4", "float"):
            rest = {"vec2": "", "vec3": ", 0.0", "vec4": ", 0.0, 1.0"}.get(type_)
            given = f"{type_}({prelude.COORDINATE}{rest})" if rest is not None else "0.0"
            tokens[place].text += f" = {given}"


def _blank(tokens: Iterable[Token]) -> None:
    for token in tokens:
        token.blank()
