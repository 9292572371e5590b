"""Shader files: headers, compile errors, and that all of ours compile."""

from __future__ import annotations

import moderngl
import pytest

from visualizer import paths
from visualizer.display import isf
from visualizer.types import UserError

OURS = sorted(p.stem for p in paths.SHADERS.glob("*.fs"))
SMALL = """/*{"INPUTS": [{"NAME": "amount", "TYPE": "float", "DEFAULT": 0.5}]}*/
void main() {
    gl_FragColor = vec4(amount, TIME, isf_FragNormCoord.x, 1.0);
}
"""


@pytest.mark.parametrize("name", OURS)
def test_our_shaders_say_what_they_are_and_compile(context: moderngl.Context, name: str) -> None:
    shader = isf.load(name)
    assert shader.description.endswith(".") and shader.categories and shader.inputs
    isf.Effect(context, shader).release()


def test_an_input_has_its_default_until_it_is_set(context: moderngl.Context) -> None:
    effect = isf.Effect(context, isf.parse(SMALL, "small"))
    target = context.framebuffer([context.texture((4, 2), 4)])
    effect.draw(target, {}, {"TIME": 1.0})
    assert list(target.read(components=4)[:2]) == [128, 255]
    effect.draw(target, {}, {"amount": 1.0})
    assert list(target.read(components=4)[:2]) == [255, 255]


def test_a_box_leaves_the_rest_alone(context: moderngl.Context) -> None:
    effect = isf.Effect(context, isf.parse(SMALL, "small"))
    target = context.framebuffer([context.texture((4, 2), 4)])
    target.clear()
    effect.draw(target, {}, {"amount": 1.0}, box=(2, 0, 2, 2))
    reds = list(target.read(components=4)[::4])
    assert reds == [0, 0, 255, 255] * 2


def test_a_compile_error_names_shader_and_line(context: moderngl.Context) -> None:
    broken = SMALL.replace("vec4(amount", "vec4(amuont")
    with pytest.raises(UserError, match=r"Shader small does not compile: .*\b3\b.*amuont"):
        isf.Effect(context, isf.parse(broken, "small"))


@pytest.mark.parametrize(
    "text",
    [
        "void main() {}",
        "/*{ not json }*/ void main() {}",
        '/*{"INPUTS": [{"TYPE": "float"}]}*/',
        '/*{"INPUTS": [{"NAME": "x", "TYPE": "matrix"}]}*/',
        "/*[1, 2]*/ void main() {}",
    ],
)
def test_a_wrong_header_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(UserError, match=r"[sS]hader bad"):
        isf.parse(text, "bad")


def test_a_missing_shader_is_told_in_a_sentence() -> None:
    with pytest.raises(UserError, match="nowhere"):
        isf.load("nowhere")
