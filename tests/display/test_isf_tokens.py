"""The tokenizer and what is translated: pure text, no GPU."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visualizer.display.isf import translate
from visualizer.display.isf.tokens import directives, join, read_tokens

_WORDS = ["vec2", "float", "gl_FragColor", "varying", "sample", "uniform", "TIME", "1.5e-3f", ".5", "0xFFu"]
_SIGNS = ["(", ")", "{", "}", ";", "+=", "<<", " ", "\n", "\t", "é", '"']
_LONGER = ["// c\n", "/* c\nd */", "/*", "#define X(a) \\\n a\n"]
_PIECES = st.sampled_from([*_WORDS, *_SIGNS, *_LONGER])


@given(st.text(max_size=200) | st.lists(_PIECES, max_size=60).map("".join))
def test_the_tokens_of_any_text_are_that_text(source: str) -> None:
    assert join(read_tokens(source)) == source


@given(st.lists(_PIECES, max_size=60).map("".join), st.sampled_from(["fragment", "vertex"]))
def test_lines_stay_where_they_are(source: str, stage: translate.Stage) -> None:
    translated = translate.translate(source, stage, {"TIME"}, {"amount"}, set())
    assert translated.count("\n") == source.count("\n")


def test_numbers_and_words_are_whole() -> None:
    texts = [t.text for t in read_tokens("a_1=1.5e-3f+.5*0x1Fu;//x") if t.is_code]
    assert texts == ["a_1", "=", "1.5e-3f", "+", ".5", "*", "0x1Fu", ";"]


def test_directives_are_found_at_the_start_of_a_line_only() -> None:
    tokens = read_tokens("#version 120\n  # define X \\\n 2\nint a = 1; #if\n")
    assert [name for name, _, _ in directives(tokens)] == ["version", "define"]


def fragment(source: str, inputs: tuple[str, ...] = (), varyings: set[str] | None = None) -> str:
    known = {"TIME", "isf_FragNormCoord", *inputs}
    return " ".join(translate.translate(source, "fragment", known, inputs, varyings).split())


def test_what_the_prelude_declares_is_taken_out() -> None:
    assert fragment("uniform float TIME; uniform float mine;") == "uniform float mine;"
    assert fragment("varying vec2 isf_FragNormCoord; void f(in vec2 TIME);") == "void f(in vec2 TIME);"


def test_varyings_follow_the_vertex_shader() -> None:
    source = "varying highp vec2 a, b;"
    assert fragment(source, varyings={"a", "b"}) == "in highp vec2 a, b;"
    made = fragment(source)
    assert "in " not in made and made.count("= vec2(isf_FragNormCoord)") == 2
    assert translate.varyings_of(
        "flat varying int n; out vec2 a[2], b; uniform float c; void f(out vec2 d);"
    ) == {
        "n",
        "a",
        "b",
    }


def test_words_that_were_taken_are_renamed_where_they_are_names() -> None:
    assert fragment("float sample = 1.0, x = sample;") == "float sample_ = 1.0, x = sample_;"
    assert fragment("flat in int n; float flat = 1.0;", varyings={"n"}) == "flat in int n; float flat_ = 1.0;"
    assert (
        fragment("switch (n) { case 1: break; default: break; }")
        == "switch (n) { case 1: break; default: break; }"
    )
    assert fragment("float y = smooth;", inputs=("smooth",)) == "float y = smooth_;"
    assert translate.renamed_input("smooth") == "smooth_" and translate.renamed_input("amount") == "amount"


def test_comments_and_texts_of_other_languages_go() -> None:
    assert fragment("int a; // gl_FragColor → é\u00a0\n/* x */int b;") == "int a; int b;"
    assert fragment("gl_FragData[0] = texture2D(a, vec2(0.5));") == "isf_FragColor = isf_norm(a, vec2(0.5));"
