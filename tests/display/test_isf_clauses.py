"""Every clause of ISF: each small shader of `isf_shaders/` draws green where the clause holds."""

from __future__ import annotations

from pathlib import Path

import moderngl
import numpy as np
import pytest

from visualizer.display import isf
from visualizer.display.isf.sound import SoundTextures
from visualizer.types import UserError

FOLDER = Path(__file__).parent / "isf_shaders"
W, H = 16, 8
PICTURE_PX = (8, 4)
RATE_HZ = 48000


def picture(context: moderngl.Context) -> moderngl.Texture:
    pixels = np.full((PICTURE_PX[1], PICTURE_PX[0], 4), 255, np.uint8)
    pixels[..., 0] = np.linspace(0, 255, PICTURE_PX[0])
    pixels[..., 1] = np.linspace(0, 255, PICTURE_PX[1])[:, None]
    texture = context.texture(PICTURE_PX, 4, pixels.tobytes())
    texture.repeat_x = texture.repeat_y = False
    return texture


def tone() -> np.ndarray:
    wave = np.sin(2 * np.pi * 3500 * np.arange(8192) / RATE_HZ)
    return np.stack([wave, 0.3 * wave], axis=1).astype(np.float32)


def play(context: moderngl.Context, shader: isf.Shader, n_frames: int = 3) -> np.ndarray:
    """The last of some frames, (H, W, 4) uint8, bottom row first."""
    effect, sound = isf.Effect(context, shader), SoundTextures(context)
    sound.hear(tone())
    images = {name: picture(context) for name in (*shader.images, "inputImage")} | dict(sound.of(shader))
    target = context.framebuffer([context.texture((W, H), 4)])
    for n in range(n_frames):
        values = {"TIME": n * 0.05, "TIMEDELTA": 0.05, "FRAMEINDEX": n, "u_bass": 0.5, "u_flow": 2.0}
        effect.draw(target, images, values)
    pixels = np.frombuffer(target.read(components=4), np.uint8).reshape(H, W, 4)
    effect.release()
    return pixels


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.fs")), ids=lambda file: file.stem)
def test_the_clause_holds(context: moderngl.Context, file: Path) -> None:
    pixels = play(context, isf.load_file(file, file.name))
    assert pixels[..., 0].max() <= 1 and pixels[..., 1].min() >= 253, pixels[H // 2, W // 2]


def test_roles_follow_from_the_inputs() -> None:
    roles = {name: isf.load_file(FOLDER / f"{name}.fs").header.role for name in ("filter", "transition")}
    assert roles == {"filter": "filter", "transition": "transition"}
    assert isf.load_file(FOLDER / "no_inputs.fs").header.role == "generator"


def test_errors_name_the_line_of_the_users_file(context: moderngl.Context) -> None:
    text = (
        '/*{\n"INPUTS": []\n}*/\n#version 120\nvarying vec2 a;\n/* 2\nlines */\nvoid main() {\n wrong;\n}\n'
    )
    with pytest.raises(UserError, match=r"line 9: .*wrong"):
        isf.Effect(context, isf.parse(text, "mine"))
    vertex = "void main() {\n    isf_vertShaderInit();\n    wrong;\n}\n"
    with pytest.raises(UserError, match=r"mine\.vs, line 3: .*wrong"):
        isf.Effect(context, isf.parse("/*{}*/ void main() { gl_FragColor = vec4(1.0); }", "mine", vertex))


@pytest.mark.parametrize(
    ("passes", "said"),
    [
        ('[{"TARGET": "a", "WIDTH": "16384", "HEIGHT": "4"}, {}]', "16384×4 px"),
        ('[{"TARGET": "a", "WIDTH": "8000", "HEIGHT": "8000", "FLOAT": true}, {}]', "512 MB"),
        ('[{"TARGET": "a", "WIDTH": "$WIDTH / ($HEIGHT - 8.0)"}, {}]', "pass 0: the size"),
    ],
)
def test_monstrous_buffers_are_refused(context: moderngl.Context, passes: str, said: str) -> None:
    shader = isf.parse(f'/*{{"PASSES": {passes}}}*/ void main() {{ gl_FragColor = vec4(1.0); }}', "big")
    with pytest.raises(UserError, match=said):
        play(context, shader, 1)


def test_a_buffer_keeps_its_picture_when_the_frame_changes_size(context: moderngl.Context) -> None:
    text = """/*{"PASSES": [{"TARGET": "m", "PERSISTENT": true}, {}]}*/
    void main() {
        gl_FragColor = PASSINDEX == 0 && FRAMEINDEX == 0 ? vec4(0.0, 1.0, 0.0, 1.0) : IMG_THIS_PIXEL(m);
    }"""
    effect = isf.Effect(context, isf.parse(text, "kept"))
    for n, size in enumerate([(8, 8), (5, 9), (20, 3)]):
        target = context.framebuffer([context.texture(size, 4)])
        effect.draw(target, {}, {"FRAMEINDEX": n})
        assert set(target.read(components=4)[1::4]) == {255}
